"""/it/queue: what has not left the till, why, and the sold units whose withdrawal was not seen yet."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Request
from sqlalchemy import bindparam, func, literal_column, select
from starlette.responses import Response

from pos_agent.agent import Agent
from pos_agent.api.calls import AgentOf
from pos_agent.clock import NS_PER_S
from pos_agent.journal.schema import journal, withdrawal
from pos_agent.journal.statements import sql
from pos_agent.pages.it.listing import COUNT, MOMENT, ROWS_MAX, Col, Listing, Query
from pos_agent.pages.it.shell import led, must_be_sure, shown
from pos_agent.problems import Problem
from pos_agent.queue import BOOKKEEPING
from sync.holding import is_held

router = APIRouter(prefix="/it/queue")

HERE: Final = "/it/queue"
DAY_S: Final = 86_400
AGES_DAYS: Final = (0, 1, 3, 7, 30)  # Units that have waited for so long are counted, and can be looked at.
UNSENT: Final = (Col("row", COUNT), Col("at", MOMENT), Col("kind", look="code"), Col("bytes", COUNT))
ASIDE: Final = (Col("row", COUNT), Col("at", MOMENT), Col("kind", look="code"), Col("why", look="badge"), Col("reason"))
ATTEMPTS: Final = (Col("at", MOMENT), Col("state", look="badge"), Col("text"))
WITHDRAWALS: Final = (
    Col("ki", look="code"),
    Col("purpose", look="word"),
    Col("sold_at", MOMENT),
    Col("age", COUNT, look="span"),
    Col("outcome", look="badge"),
    Col("checks", COUNT),
    Col("checked_at", MOMENT),
    Col("sale", look="code"),
)
WAITING: Final = sql(
    select(journal.c.number, journal.c.at_ns, journal.c.kind, func.length(journal.c.body))
    .where(
        journal.c.number > bindparam("after"),
        *(journal.c.kind != literal_column(f"'{kind}'") for kind in BOOKKEEPING),
    )
    .order_by(journal.c.number)
) + " LIMIT :rows"  # fmt: skip
OPEN: Final = (withdrawal.c.outcome == literal_column("'pending'")) | (
    withdrawal.c.outcome == literal_column("'on_balance'")
)
UNSEEN: Final = sql(
    select(
        withdrawal.c.ki, withdrawal.c.purpose, withdrawal.c.decided_ns, withdrawal.c.outcome, withdrawal.c.checks,
        withdrawal.c.checked_ns, withdrawal.c.sale,
    )
    .where(OPEN, withdrawal.c.decided_ns <= bindparam("before"))
    .order_by(withdrawal.c.decided_ns, withdrawal.c.ki)
) + " LIMIT :rows"  # fmt: skip
DECIDED: Final = sql(select(withdrawal.c.decided_ns).where(OPEN))


@router.get("")
def queue(request: Request, agent: AgentOf) -> Response:
    unsent, oldest_ns = agent.queue.unsent()
    through, _ = agent.queue.delivered_through()
    query = dict(request.query_params)
    return shown(
        request,
        agent,
        "queue",
        unsent=unsent,
        oldest_s=None if oldest_ns is None else (agent.clock.now_ns() - oldest_ns) // NS_PER_S,
        through=through,
        url=agent.config.sync.url,
        delivery=None if agent.delivery is None else agent.delivery.status(),
        heartbeat=agent.heartbeat,
        recheck=agent.recheck,
        waiting=unsent_list(agent, {}),
        aside=aside_list(agent, {}),
        attempts=attempt_list(agent, {}),
        ages=_ages(agent),
        withdrawals=withdrawal_list(agent, query),
        older=_days(query),
    )


@router.post("/{row}/release")
def release(
    agent: AgentOf,
    row: Annotated[int, Path(ge=0, le=2**53)],
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Send a row that was set aside once more. A second time: nothing is left to do, and nothing is written."""
    must_be_sure(sure)
    aside = {number for number, _ in agent.queue.set_aside_rows()}
    if row > agent.journal.head()[0] or row == 0:
        raise Problem("P-408", f"row {row}")
    if row not in aside:
        return led(HERE, "not_aside")
    agent.queue.release(row)
    return led(HERE, "released")


def unsent_list(agent: Agent, _query: Query) -> Listing:
    through, _ = agent.queue.delivered_through()
    return Listing("unsent", UNSENT, agent.journal.query(WAITING, {"after": through, "rows": ROWS_MAX}), shown_max=20)


def aside_list(agent: Agent, _query: Query) -> Listing:
    rows = []
    for number, reason in agent.queue.set_aside_rows():
        kept = agent.journal.row(number)
        why = "held_behind" if is_held(reason) else "headquarters"
        rows.append((number, kept.at_ns, kept.kind, why, reason))
    return Listing("set-aside", ASIDE, rows)


def attempt_list(agent: Agent, _query: Query) -> Listing:
    failures = () if agent.delivery is None else agent.delivery.status().failures
    return Listing("attempts", ATTEMPTS, [(one.at_ns, str(one.state), one.text) for one in failures])


def withdrawal_list(agent: Agent, query: Query) -> Listing:
    """Units sold or returned, whose status has not followed; `older` of the address: by days at least."""
    now_ns, days = agent.clock.now_ns(), _days(query)
    where = {"before": now_ns - days * DAY_S * NS_PER_S, "rows": ROWS_MAX}
    rows = [
        (ki, purpose, decided_ns, (now_ns - decided_ns) // NS_PER_S, outcome, checks, checked_ns, sale)
        for ki, purpose, decided_ns, outcome, checks, checked_ns, sale in agent.journal.query(UNSEEN, where)
    ]
    return Listing("withdrawals", WITHDRAWALS, rows, f"older={days}" if days else "")


def _days(query: Query) -> int:
    text = query.get("older", "")
    return min(int(text), 3_650) if text.isascii() and text.isdigit() and len(text) <= 4 else 0


def _ages(agent: Agent) -> list[tuple[int, int]]:
    """(days, units that have waited for at least so long)."""
    now_ns = agent.clock.now_ns()
    waited_s = [(now_ns - decided_ns) // NS_PER_S for (decided_ns,) in agent.journal.query(DECIDED)]
    return [(days, sum(one >= days * DAY_S for one in waited_s)) for days in AGES_DAYS]
