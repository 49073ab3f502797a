"""Routes that only look: health, readiness, metrics, and the strip a till page shows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from pos_agent import __version__
from pos_agent.api import told as forms
from pos_agent.api.calls import AgentOf
from pos_agent.api.documented import LOOKS_UP, or_else, told
from pos_agent.metrics import CONTENT_TYPE, Metrics
from pos_agent.readiness import readiness

router = APIRouter()


@router.get("/-/healthy", summary="The agent runs and its journal can be written", **told(forms.Healthy))
def healthy(agent: AgentOf) -> dict[str, Any]:
    return {"healthy": not agent.journal.is_broken, "version": __version__}


@router.get(
    "/-/ready",
    summary="The till can sell now: journal, register, shift, no undecided document",
    **or_else(503, "It cannot; the part that is false says why", forms.Ready, told(forms.Ready)),
)
def ready(agent: AgentOf) -> Response:
    found = readiness(agent)
    return JSONResponse(found.facts(), status_code=200 if found.ready else 503)


@router.get("/-/metrics", summary="Metrics for Prometheus", **told(None, *LOOKS_UP, media="text/plain"))
def metrics(request: Request) -> Response:
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), media_type=CONTENT_TYPE)


@router.get("/v1/status", summary="Register, shift, queue, code list, clock: one look", **told(forms.Status, *LOOKS_UP))
def status(agent: AgentOf) -> dict[str, Any]:
    return agent.status()
