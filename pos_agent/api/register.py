"""Routes of the shift, the drawer and the register."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from fiscal.register import Document
from pos_agent.agent import Agent
from pos_agent.api import models
from pos_agent.api.calls import AgentOf, CallOf
from pos_agent.clock import iso_utc
from pos_agent.problems import Problem
from pos_agent.shifts import Made
from pos_agent.stored import dump_document, load_document
from pos_agent.till import OpenShift

router = APIRouter(prefix="/v1")


@router.get("/shift", summary="The open shift")
def see_shift(agent: AgentOf) -> dict[str, Any]:
    known = agent.till.open_shift()
    return {"open": known is not None, **({} if known is None else _shift_json(known))}


@router.post("/shift/open", status_code=201, summary="Open the shift")
def open_shift(body: models.ShiftBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call, lambda reply: agent.shifts.open(body.cashier or agent.cashier, reply), _shift_json, status=201
    )


@router.post("/shift/close", summary="Z-report: close the shift")
def close_shift(agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.shifts.close(request=call.request, reply=reply),
        _made_json,
        resume=lambda document: _resumed(agent, document),
    )


@router.get("/shift/x-report", summary="X-report: counters of the open shift")
def x_report(agent: AgentOf) -> dict[str, Any]:
    return _document_json(agent.shifts.x_report())


@router.post("/cash", status_code=201, summary="Cash into or out of the drawer")
def cash(body: models.CashBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.shifts.cash(body.direction, body.sum_tiyn, request=call.request, reply=reply),
        _made_json,
        status=201,
        resume=lambda document: _resumed(agent, document),
    )


@router.post("/register/settle", summary="Ask the register about every undecided document now")
def settle(agent: AgentOf) -> dict[str, Any]:
    agent.closing.settle()
    return {"undecided": [pending.key for pending in agent.till.undecided()]}


def _shift_json(shift: OpenShift) -> dict[str, Any]:
    return {"shift": shift.number, "opened_at": iso_utc(shift.opened_ns)}


def _document_json(document: Document) -> dict[str, Any]:
    return {name: value for name, value in dump_document(document).items() if name != "raw"}


def _made_json(made: Made) -> dict[str, Any]:
    return {"key": made.key, "document": _document_json(made.document)}


def _resumed(agent: Agent, key: str) -> Made | None:
    known = agent.till.document(key)
    if known is not None and known.state in ("INTENDED", "IN_DOUBT"):
        agent.desk.settle_all()
        known = agent.till.document(key)
    if known is None or known.state in ("REFUSED", "ABSENT") or known.outcome_row is None:
        return None
    if known.state == "IN_DOUBT":
        raise Problem("R-203", f"document {key}", document=key)
    document = load_document(agent.till.outcome(known.outcome_row)["document"])
    return agent.shifts.made_again(key, document)
