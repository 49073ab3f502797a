"""Routes that only look: health and the strip a till page shows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from pos_agent.api import told as forms
from pos_agent.api.calls import AgentOf
from pos_agent.api.documented import LOOKS_UP, told

router = APIRouter()


@router.get("/-/healthy", summary="The agent runs and its journal can be written", **told(forms.Healthy))
def healthy(agent: AgentOf) -> dict[str, Any]:
    return {"healthy": not agent.journal.is_broken}


@router.get("/v1/status", summary="Register, shift, queue, code list, clock: one look", **told(forms.Status, *LOOKS_UP))
def status(agent: AgentOf) -> dict[str, Any]:
    return agent.status()
