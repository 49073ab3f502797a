"""/it/register: how the register is, its newest documents, an X-report, a test page; doubts and what to compare."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from fiscal.register import Ability, NotCapable, RegisterUnavailable, SeenDocument
from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.clock import NS_PER_S
from pos_agent.pages.it.listing import MOMENT, MONEY, Col, Listing, Query
from pos_agent.pages.it.shell import Tickets, formats_of, led, must_be_sure, shown
from pos_agent.problems import Problem

router = APIRouter(prefix="/it/register")

HERE: Final = "/it/register"
DOCUMENTS: Final = 50
ROWS_LOOKED_AT: Final = 200_000  # Of the journal, backwards: a filter that fits nothing must not read years.
KINDS: Final = ("sale", "sale_return", "cash_in", "cash_out", "shift_open", "shift_close")
STATES: Final = ("MADE", "REFUSED", "ABSENT", "IN_DOUBT", "INTENDED")
NEWEST: Final = """
SELECT journal.at_ns, document.key, document.kind, document.state, document.printed,
    journal.body ->> '$.prepared.total_tiyn', outcome.body ->> '$.document.number',
    outcome.body ->> '$.document.fiscal_sign', outcome.body ->> '$.document.at', outcome.body ->> '$.recovered',
    outcome.body ->> '$.failure.text'
FROM journal JOIN document ON document.key = journal.body ->> '$.key' AND document.intent_row = journal.number
LEFT JOIN journal AS outcome ON outcome.number = document.outcome_row
WHERE journal.kind = 'document_intended' AND journal.number > :from
AND (:kind = '' OR document.kind = :kind) AND (:state = '' OR document.state = :state)
ORDER BY journal.number DESC LIMIT :rows
"""
IDENTITY: Final = """
SELECT body ->> '$.document.identity', body ->> '$.document.registration_number' FROM journal
WHERE kind = 'document_made' AND number > :from AND body ->> '$.document.identity' <> '' ORDER BY number DESC LIMIT 1
"""
COLUMNS: Final = (
    Col("number"),
    Col("kind", look="word"),
    Col("state", look="badge"),
    Col("sum", MONEY),
    Col("at", MOMENT),
    Col("sign", look="code"),
    Col("recovered", look="word"),
    Col("printed", look="word"),
    Col("note"),
    Col("key", look="code"),
)
X_ROWS: Final = (
    ("shift", "count"), ("document_count", "count"), ("sales_count", "count"), ("sales_tiyn", "money"),
    ("returns_count", "count"), ("returns_tiyn", "money"), ("put_tiyn", "money"), ("taken_tiyn", "money"),
    ("cash_tiyn", "money"),
)  # fmt: skip


@router.get("")
def register(request: Request, agent: AgentOf) -> Response:
    return _page(request, agent)


@router.post("/look")
def look(request: Request, agent: AgentOf) -> Response:
    """Ask the register now. Changes nothing, so it may be repeated."""
    agent.register_watch.look()
    return _page(request, agent, asked=_asked(agent))


@router.post("/x-report")
def x_report(request: Request, agent: AgentOf, sure: Annotated[str, Form(max_length=8)] = "") -> Response:
    """Counters of the open shift. Registers that print put it on paper, so it wants a tick."""
    must_be_sure(sure)
    report = agent.shifts.x_report()
    rows = [(name, kind, getattr(report, name)) for name, kind in X_ROWS]
    return _page(request, agent, report=rows, report_at=report.at)


@router.post("/test-print")
def test_print(
    request: Request,
    agent: AgentOf,
    ticket: Annotated[str, Form(max_length=64)] = "",
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    must_be_sure(sure)
    tickets: Tickets = request.app.state.tickets
    if not ticket or not tickets.take(ticket):
        return led(HERE, "already")
    formats = formats_of(request, agent)
    title = f"{agent.config.till.name}, {formats.time(agent.clock.now_ns())}"
    outcome = agent.printing.test(title)
    if outcome is None:
        raise Problem("T-121", "no printer of the agent is configured")
    return _page(request, agent, printed=outcome)


def _page(request: Request, agent: Agent, **values: Any) -> Response:
    seen = agent.register_watch.last
    query = dict(request.query_params)
    defaults: dict[str, Any] = {"asked": None, "report": None, "report_at": "", "printed": None}
    return shown(
        request,
        agent,
        "register",
        seen=agent.register_watch.facts(),
        seen_ns=None if seen is None else seen.at_ns,
        capabilities=agent.register.capabilities,
        identity=_identity(agent),
        documents=document_list(agent, query),
        doubts=agent.doubts(),
        shift=agent.till.open_shift(),
        url=agent.config.register_.url,
        can_test=agent.printing.can_test,
        can_x=Ability.X_REPORT in agent.register.capabilities.can,
        prints=Ability.PRINTS in agent.register.capabilities.can,
        kinds=KINDS,
        states=STATES,
        query=query,
        **{**defaults, **values},
    )


def _asked(agent: Agent) -> dict[str, Any]:
    """The register's newest document, or why it shows none. Only what looks: a baseline may go on with a print."""
    said: dict[str, Any] = {"last": None, "text": ""}
    try:
        last: SeenDocument | None = agent.register.last_document()
    except RegisterUnavailable as error:
        said["text"] = f"{error.failure.code}: {error.failure.text}"
    except NotCapable:
        pass  # The abilities beside it say so.
    else:
        said["last"] = last
    return said


def _identity(agent: Agent) -> tuple[str, str]:
    """Factory and registration number as the newest receipt has them; empty before the first."""
    head, _ = agent.journal.head()
    found = agent.journal.query(IDENTITY, {"from": max(0, head - ROWS_LOOKED_AT)})
    return (found[0][0], found[0][1] or "") if found else ("", "")


def document_list(agent: Agent, query: Query) -> Listing:
    """The newest documents this till ordered; `kind` and `state` of the address choose."""
    kind = query.get("kind", "") if query.get("kind", "") in KINDS else ""
    state = query.get("state", "") if query.get("state", "") in STATES else ""
    head, _ = agent.journal.head()
    found = agent.journal.query(
        NEWEST, {"from": max(0, head - ROWS_LOOKED_AT), "kind": kind, "state": state, "rows": DOCUMENTS}
    )
    rows = [
        (
            None if number is None else str(number),
            a_kind,
            a_state,
            total,
            _moment_ns(at) or at_ns,
            sign or None,
            None if recovered is None else bool(recovered),
            printed or None,
            text or None,
            key,
        )
        for at_ns, key, a_kind, a_state, printed, total, number, sign, at, recovered, text in found
    ]
    chosen = "&".join(f"{name}={value}" for name, value in (("kind", kind), ("state", state)) if value)
    return Listing("documents", COLUMNS, rows, chosen)


def _moment_ns(text: str | None) -> int | None:
    """The register's own time; None where it gives none that can be read."""
    try:
        moment = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return None if moment.tzinfo is None else round(moment.timestamp()) * NS_PER_S
