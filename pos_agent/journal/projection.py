"""Every projection as a table: journal kind -> what it changes. Run at each append, and again by `journal verify`.

A projector sees only the row; what it needs of the past it reads from the projections themselves, so replaying the
journal into an empty database gives the same tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, literal_column, null, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from pos_agent.journal.schema import answer, delivery, document, sale, sale_line, set_aside, shift, unit, withdrawal
from pos_agent.sale import SaleEvent, SaleState, after
from sync.wire import canonical_json

Body = Mapping[str, Any]
Projector = Callable[[Any, int, int, Body], None]  # (connection, row number, at_ns, body)

_DIALECT = sqlite.dialect(paramstyle="named")


def sql(statement: ClauseElement) -> str:
    """Core statement -> text with :named parameters, compiled once at import."""
    return str(statement.compile(dialect=_DIALECT))


class UnitTakenError(Exception):
    """The last guard of "one unit, one sale": no append can put a unit into two sales, whoever forgot to look."""

    def __init__(self, ki: str, state: str, sale_name: str) -> None:
        super().__init__(f"unit {ki} is {state} in sale {sale_name}")
        self.ki = ki
        self.state = state
        self.sale = sale_name


def _by(column: Any, name: str | None = None) -> Any:
    return column == bindparam(f"p_{name or column.name}")


# Constants are written into the statement itself, so that every :name left is the caller's.
ONE: Any = literal_column("1")
HELD: Any = literal_column("'HELD'")
RETURNED: Any = literal_column("'RETURNED'")

SALE_STATE = sql(select(sale.c.state, sale.c.operation).where(_by(sale.c.sale)))
ADD_SALE = sql(insert(sale))
MOVE_SALE = sql(update(sale).where(_by(sale.c.sale)).values(state=bindparam("state")))
INTEND_SALE = sql(
    update(sale)
    .where(_by(sale.c.sale))
    .values(
        state=bindparam("state"),
        intent_row=bindparam("row"),
        attempts=sale.c.attempts + ONE,
        total_tiyn=bindparam("total"),
    )
)
DECIDE_SALE = sql(update(sale).where(_by(sale.c.sale)).values(state=bindparam("state"), outcome_row=bindparam("row")))
ADD_LINE = sql(insert(sale_line))
DROP_LINE = sql(delete(sale_line).where(_by(sale_line.c.sale), _by(sale_line.c.number)))
LINE_KI = sql(select(sale_line.c.ki).where(_by(sale_line.c.sale), _by(sale_line.c.number)))
UNIT = sql(select(unit.c.state, unit.c.sale).where(_by(unit.c.ki)))
HOLD = sql(insert(unit).values(ki=bindparam("ki"), state=HELD, sale=bindparam("sale"), was=null(), was_sale=null()))
TAKE = sql(
    update(unit).where(_by(unit.c.ki)).values(was=unit.c.state, was_sale=unit.c.sale, state=HELD, sale=bindparam("s"))
)
FREE_NEW = sql(delete(unit).where(_by(unit.c.ki), _by(unit.c.sale), unit.c.state == HELD, unit.c.was.is_(None)))
FREE_TAKEN = sql(
    update(unit)
    .where(_by(unit.c.ki), _by(unit.c.sale), unit.c.state == HELD, unit.c.was.is_not(None))
    .values(state=unit.c.was, sale=unit.c.was_sale, was=null(), was_sale=null())
)
UNITS_OF_SALE = sql(select(unit.c.ki).where(_by(unit.c.sale), unit.c.state == HELD).order_by(unit.c.ki))
SETTLE_UNITS = sql(
    update(unit)
    .where(_by(unit.c.sale), unit.c.state == HELD)
    .values(state=bindparam("state"), was=null(), was_sale=null())
)
FORGET_WITHDRAWAL = sql(delete(withdrawal).where(_by(withdrawal.c.ki)))
EXPECT_WITHDRAWAL = sql(insert(withdrawal))
RECHECKED = sql(
    update(withdrawal)
    .where(_by(withdrawal.c.ki))
    .values(
        checks=withdrawal.c.checks + ONE,
        checked_ns=bindparam("at"),
        due_ns=bindparam("due"),
        outcome=bindparam("outcome"),
    )
)
FREE_REINTRODUCED = sql(delete(unit).where(_by(unit.c.ki), unit.c.state == RETURNED))
INTEND_DOCUMENT = sql(insert(document).prefix_with("OR REPLACE"))
DECIDE_DOCUMENT = sql(
    update(document).where(_by(document.c.key)).values(state=bindparam("state"), outcome_row=bindparam("row"))
)
PRINTED = sql(update(document).where(_by(document.c.key)).values(printed=bindparam("printed")))
OPEN_SHIFT = sql(insert(shift).prefix_with("OR IGNORE"))
CLOSE_SHIFT = sql(update(shift).where(_by(shift.c.number)).values(closed_row=bindparam("row")))
DELIVERED = sql(insert(delivery).prefix_with("OR REPLACE"))
SET_ASIDE = sql(insert(set_aside).prefix_with("OR REPLACE"))
RELEASED = sql(delete(set_aside).where(_by(set_aside.c.number)))
ANSWERED = sql(insert(answer).prefix_with("OR REPLACE"))


def _move_sale(db: Any, name: str, event: SaleEvent) -> tuple[SaleState, str]:
    found = db.execute(SALE_STATE, {"p_sale": name}).fetchone()
    state = after(SaleState(found[0]) if found else None, event)
    return state, (found[1] if found else "")


def _sale_opened(db: Any, row: int, _at: int, body: Body) -> None:
    state, _ = _move_sale(db, body["sale"], SaleEvent.OPENED)
    db.execute(ADD_SALE, _new_sale(body, body["operation"], state, row))


def _new_sale(body: Body, operation: str, state: str, row: int) -> dict[str, Any]:
    return {
        "sale": body["sale"],
        "operation": operation,
        "original": body.get("original"),
        "state": str(state),
        "opened_row": row,
        "intent_row": None,
        "outcome_row": None,
        "attempts": 0,
        "total_tiyn": 0,
    }


def _line_added(db: Any, _row: int, _at: int, body: Body) -> None:
    name, line = body["sale"], body["line"]
    state, operation = _move_sale(db, name, SaleEvent.LINE_ADDED)
    db.execute(MOVE_SALE, {"p_sale": name, "state": str(state)})
    _add_line(db, name, operation, line)


def _add_line(db: Any, name: str, operation: str, line: Body) -> None:
    ki = line.get("ki")
    db.execute(ADD_LINE, {"sale": name, "number": line["number"], "ki": ki, "body": canonical_json(line)})
    if ki is None:
        return
    found = db.execute(UNIT, {"p_ki": ki}).fetchone()
    if found is None:
        db.execute(HOLD, {"ki": ki, "sale": name})
        return
    state, holder = found
    if state == "HELD" or (state == "SOLD" and operation == "sale"):
        raise UnitTakenError(ki, state, holder)
    db.execute(TAKE, {"p_ki": ki, "s": name})


def _line_removed(db: Any, _row: int, _at: int, body: Body) -> None:
    name = body["sale"]
    state, _ = _move_sale(db, name, SaleEvent.LINE_REMOVED)
    db.execute(MOVE_SALE, {"p_sale": name, "state": str(state)})
    where = {"p_sale": name, "p_number": body["number"]}
    found = db.execute(LINE_KI, where).fetchone()
    db.execute(DROP_LINE, where)
    if found and found[0] is not None:
        _free(db, found[0], name)


def _free(db: Any, ki: str, name: str) -> None:
    where = {"p_ki": ki, "p_sale": name}
    db.execute(FREE_NEW, where)
    db.execute(FREE_TAKEN, where)


def _sale_cancelled(db: Any, row: int, _at: int, body: Body) -> None:
    name = body["sale"]
    state, _ = _move_sale(db, name, SaleEvent.CANCELLED)
    db.execute(DECIDE_SALE, {"p_sale": name, "state": str(state), "row": row})
    for (ki,) in db.execute(UNITS_OF_SALE, {"p_sale": name}).fetchall():
        _free(db, ki, name)


def content_hash(order: Body) -> bytes:
    """What a key stands for, the key itself apart: one key never names two contents."""
    content = {name: value for name, value in order.items() if name != "key"}
    return hashlib.sha256(canonical_json(content).encode()).digest()


def _intended(db: Any, row: int, at: int, body: Body) -> None:
    name = body.get("sale")
    if name is not None:
        state, _ = _move_sale(db, name, SaleEvent.INTENDED)
        if "lines" in body:  # One-shot: the intent is also the opening.
            db.execute(ADD_SALE, _new_sale(body, body["kind"], state, row))
            for line in body["lines"]:
                _add_line(db, name, body["kind"], line)
        changes = {"p_sale": name, "state": str(state), "row": row, "total": body["prepared"]["total_tiyn"]}
        db.execute(INTEND_SALE, changes)
    db.execute(
        INTEND_DOCUMENT,
        {
            "key": body["key"],
            "kind": body["kind"],
            "state": "INTENDED",
            "sale": name,
            "content": content_hash(body["order"]),
            "intent_row": row,
            "outcome_row": None,
            "printed": "",
        },
    )
    request = body.get("request")
    if request is not None:
        pending = {"status": None, "body": None, "document": body["key"]}
        db.execute(ANSWERED, {**request, **pending})


def _decided(state_word: str, event: SaleEvent) -> Projector:
    def project(db: Any, row: int, at: int, body: Body) -> None:
        db.execute(DECIDE_DOCUMENT, {"p_key": body["key"], "state": state_word, "row": row})
        name = body.get("sale")
        if name is None:
            return
        state, operation = _move_sale(db, name, event)
        db.execute(DECIDE_SALE, {"p_sale": name, "state": str(state), "row": row})
        if event is SaleEvent.MADE:
            _units_settled(db, name, operation, at)

    return project


def _units_settled(db: Any, name: str, operation: str, at: int) -> None:
    kis = [ki for (ki,) in db.execute(UNITS_OF_SALE, {"p_sale": name}).fetchall()]
    if not kis:
        return
    db.execute(SETTLE_UNITS, {"p_sale": name, "state": "SOLD" if operation == "sale" else "RETURNED"})
    db.executemany(FORGET_WITHDRAWAL, [{"p_ki": ki} for ki in kis])
    expected = {"sale": name, "decided_ns": at, "purpose": operation, "checks": 0, "checked_ns": None, "due_ns": at}
    db.executemany(EXPECT_WITHDRAWAL, [{"ki": ki, **expected, "outcome": "pending"} for ki in kis])


def _rechecked(db: Any, _row: int, _at: int, body: Body) -> None:
    for result in body["units"]:
        ki, outcome = result["ki"], result["outcome"]
        db.execute(RECHECKED, {"p_ki": ki, "at": body["at_ns"], "due": result["due_ns"], "outcome": outcome})
        if outcome == "reintroduced":
            db.execute(FREE_REINTRODUCED, {"p_ki": ki})


def _shift_opened(db: Any, row: int, at: int, body: Body) -> None:
    db.execute(OPEN_SHIFT, {"number": body["shift"], "opened_ns": at, "opened_row": row, "closed_row": None})


def _shift_closed(db: Any, row: int, at: int, body: Body) -> None:
    _shift_opened(db, row, at, body)  # A shift first heard of at its closing still gets its row.
    db.execute(CLOSE_SHIFT, {"p_number": body["shift"], "row": row})


def _answered(db: Any, _row: int, _at: int, body: Body) -> None:
    final = {"status": body["status"], "body": body["body"], "document": body.get("document")}
    db.execute(ANSWERED, {**body["request"], **final})


def _nothing(_db: Any, _row: int, _at: int, _body: Body) -> None:
    """Recorded as proof; no projection depends on it."""


PROJECTORS: dict[str, Projector] = {
    "journal_created": _nothing,
    "agent_started": _nothing,
    "scan_judged": _nothing,
    "scan_dropped": _nothing,
    "clock_jumped": _nothing,
    "sale_opened": _sale_opened,
    "line_added": _line_added,
    "line_removed": _line_removed,
    "sale_cancelled": _sale_cancelled,
    "document_intended": _intended,
    "document_made": _decided("MADE", SaleEvent.MADE),
    "document_refused": _decided("REFUSED", SaleEvent.REFUSED),
    "document_in_doubt": _decided("IN_DOUBT", SaleEvent.DOUBTED),
    "document_absent": _decided("ABSENT", SaleEvent.ABSENT),
    "shift_opened": _shift_opened,
    "shift_closed": _shift_closed,
    "printed": lambda db, _row, _at, body: db.execute(PRINTED, {"p_key": body["key"], "printed": body["outcome"]}),
    "units_rechecked": _rechecked,
    "delivered": lambda db, _row, _at, body: db.execute(
        DELIVERED,
        {"destination": body["destination"], "through": body["through"], "hash": bytes.fromhex(body["hash"])},
    ),
    "set_aside": lambda db, _row, _at, body: db.execute(
        SET_ASIDE, {"number": body["number"], "reason": body["reason"]}
    ),
    "released": lambda db, _row, _at, body: db.execute(RELEASED, {"p_number": body["number"]}),
    "answered": _answered,
}
