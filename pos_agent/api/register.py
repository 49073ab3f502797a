"""Routes of the shift, the drawer and the register."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from fiscal.register import Document, SeenDocument
from pos_agent.agent import Agent
from pos_agent.api import models
from pos_agent.api import told as forms
from pos_agent.api.calls import AgentOf, CallOf
from pos_agent.api.documented import CHANGES, MAKES, READS_REGISTER, told
from pos_agent.api.idempotency import Reply
from pos_agent.clock import iso_utc
from pos_agent.problems import Problem
from pos_agent.register_watch import facts_of
from pos_agent.sale import UNDECIDED
from pos_agent.shifts import Made, asked
from pos_agent.stored import dump, dump_document, load_document
from pos_agent.till import OpenShift

router = APIRouter(prefix="/v1")


@router.get("/shift", summary="The open shift", **told(forms.Shift | forms.NoShift))
def see_shift(agent: AgentOf) -> dict[str, Any]:
    known = agent.till.open_shift()
    return {"open": known is not None, **({} if known is None else shift_json(known))}


@router.post("/shift/open", summary="Open the shift", **told(forms.ShiftOpened, *CHANGES, *MAKES, "T-112", status=201))
def open_shift(body: models.ShiftBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.shifts.open(body.cashier or agent.cashier, request=call.request, reply=reply),
        shift_json,
        status=201,
        resume=lambda document: resumed_shift(agent, document),
    )


@router.post(
    "/shift/close", summary="Z-report: close the shift", **told(forms.ShiftClosed, *CHANGES, *MAKES, "T-113", "T-114")
)
def close_shift(agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.shifts.close(request=call.request, reply=reply),
        made_json,
        resume=lambda document: resumed(agent, document),
    )


@router.get(
    "/shift/x-report", summary="X-report: counters of the open shift", **told(forms.ShiftReport, *READS_REGISTER)
)
def x_report(agent: AgentOf) -> dict[str, Any]:
    return _document_json(agent.shifts.x_report())


@router.post(
    "/cash", summary="Cash into or out of the drawer", **told(forms.CashMoved, *CHANGES, *MAKES, "T-115", status=201)
)
def cash(body: models.CashBody, agent: AgentOf, call: CallOf) -> Response:
    return agent.once.run(
        call,
        lambda reply: agent.shifts.cash(body.direction, body.sum_tiyn, request=call.request, reply=reply),
        made_json,
        status=201,
        resume=lambda document: resumed(agent, document),
    )


@router.post(
    "/register/settle", summary="Ask the register about every undecided document now", **told(forms.Undecided, "S-301")
)
def settle(agent: AgentOf) -> dict[str, Any]:
    agent.closing.settle()
    return {"undecided": [pending.key for pending in agent.till.undecided()]}


@router.get(
    "/register",
    summary="Ask the register how it is: shift, paper, clock, what it waits for, what it can do",
    **told(forms.Register),
)
def see_register(agent: AgentOf) -> dict[str, Any]:
    capabilities = agent.register.capabilities
    return {
        **facts_of(agent.register_watch.look()),
        "family": capabilities.family,
        "can": sorted(capabilities.can),
        "recovery": [str(way) for way in capabilities.recovery],
    }


@router.get("/register/last", summary="The newest document the register holds", **told(forms.Seen, *READS_REGISTER))
def last_document(agent: AgentOf) -> dict[str, Any]:
    return {"document": _seen_json(asked(agent.register.last_document))}


@router.get(
    "/register/documents/{key}", summary="A document at the register by our key", **told(forms.Seen, *READS_REGISTER)
)
def find_document(key: str, agent: AgentOf) -> dict[str, Any]:
    known = agent.till.document(key)
    shift = None if known is None else agent.till.intent(known.intent_row)["baseline"]["shift"]
    return {"document": _seen_json(asked(lambda: agent.register.find(key, shift)))}


@router.post("/register/drawer", summary="Open the drawer", **told(forms.DrawerOpened, *READS_REGISTER, "T-122"))
def open_drawer(agent: AgentOf) -> dict[str, Any]:
    agent.printing.open_drawer()
    return {"opened": True}


@router.get("/doubts", summary="Undecided documents, and what a person may compare", **told(forms.Doubts))
def see_doubts(agent: AgentOf) -> dict[str, Any]:
    return {"doubts": agent.doubts()}


@router.post(
    "/doubts/{key}/decision",
    summary="A person's word on a document the register cannot speak of",
    **told(forms.Decided, *CHANGES, "P-408", "T-119", "T-120"),
)
def decide(key: str, body: models.DecisionBody, agent: AgentOf, call: CallOf) -> Response:
    def decided(reply: Reply) -> dict[str, Any]:
        settlement = agent.desk.decide(key, body.verdict)
        if settlement is None and agent.till.document(key) is None:
            raise Problem("P-408", key)
        known = agent.till.document(key)
        result = {"document": key, "state": "" if known is None else str(known.state), "sale": known and known.sale}
        agent.journal.append(*reply(result))
        return result

    return agent.once.run(call, decided, lambda result: result)


def _seen_json(seen: SeenDocument | None) -> dict[str, Any] | None:
    return None if seen is None else dump(seen)


def resumed_shift(agent: Agent, key: str) -> OpenShift | None:
    made = _document_of(agent, key)
    return None if made is None else agent.shifts.opened(made.shift)


def shift_json(shift: OpenShift) -> dict[str, Any]:
    return {"shift": shift.number, "opened_at": iso_utc(shift.opened_ns)}


def _document_json(document: Document) -> dict[str, Any]:
    return {name: value for name, value in dump_document(document).items() if name != "raw"}


def made_json(made: Made) -> dict[str, Any]:
    return {"key": made.key, "document": _document_json(made.document)}


def resumed(agent: Agent, key: str) -> Made | None:
    document = _document_of(agent, key)
    return None if document is None else agent.shifts.made_again(key, document)


def _document_of(agent: Agent, key: str) -> Document | None:
    """What an interrupted call's document has become; None when the register proved that it has nothing."""
    known = agent.till.document(key)
    if known is not None and known.state in UNDECIDED:
        agent.desk.settle_unless_asked()
        known = agent.till.document(key)
    if known is not None and known.state in UNDECIDED:
        raise agent.desk.undecided(key)
    if known is None or known.state != "MADE" or known.outcome_row is None:
        return None
    return load_document(agent.till.outcome(known.outcome_row)["document"])
