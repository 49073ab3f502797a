"""Every projection as a table: journal kind -> what it changes. Run at each append, and again by `journal verify`.

A projector sees only the row; what it needs of the past it reads from the projections themselves, so replaying the
journal into an empty database gives the same tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pos_agent.journal.statements import (
    ADD_LINE,
    ADD_SALE,
    ANSWERED,
    CLOSE_SHIFT,
    DECIDE_DOCUMENT,
    DECIDE_SALE,
    DELIVERED,
    DOCUMENT,
    DROP_LINE,
    EXPECT_WITHDRAWAL,
    FREE,
    FREE_ALL,
    FREE_REINTRODUCED,
    HOLD,
    HOLDER,
    INTEND_DOCUMENT,
    INTEND_SALE,
    KNOW_SHIFT,
    LINE_KI,
    LINES_SEEN,
    MOVE_SALE,
    OPEN_SHIFT_AGAIN,
    PRINTED,
    RECHECKED,
    RELEASED,
    SALE_STATE,
    SET_ASIDE,
    SETTLE_UNIT,
    SETTLED_BEFORE,
    UNITS_OF_SALE,
)
from pos_agent.journal.text import utf8_of
from pos_agent.sale import DocumentState, SaleEvent, SaleState, TransitionError, after, document_after

Body = Mapping[str, Any]
Projector = Callable[[Any, int, int, Body], None]  # (connection, row number, at_ns, body)


class UnitTakenError(Exception):
    """The last guard of "one unit, one sale": no append can put a unit into two sales, whoever forgot to look."""

    def __init__(self, ki: str, state: str, sale_name: str) -> None:
        super().__init__(f"unit {ki} is {state} in sale {sale_name}")
        self.ki = ki
        self.state = state
        self.sale = sale_name


class SaleChangedError(Exception):
    """The receipt was computed from other lines than the sale has now: a scan came between. Nothing was sent."""

    def __init__(self, sale_name: str) -> None:
        super().__init__(f"the lines of sale {sale_name} changed while it was being paid")
        self.sale = sale_name


class KeyReusedError(Exception):
    """One idempotency key was to name two different documents. Nothing was sent."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key} already names a document with another content")
        self.key = key


def _sale_state(db: Any, name: str) -> tuple[SaleState | None, str]:
    found = db.execute(SALE_STATE, {"p_sale": name}).fetchone()
    return (SaleState(found[0]), found[1]) if found else (None, "")


def _move_sale(db: Any, name: str, event: SaleEvent) -> tuple[SaleState, str]:
    state, operation = _sale_state(db, name)
    return after(state, event), operation


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


def _line_added(db: Any, row: int, _at: int, body: Body) -> None:
    name = body["sale"]
    state, operation = _move_sale(db, name, SaleEvent.LINE_ADDED)
    db.execute(MOVE_SALE, {"p_sale": name, "state": str(state)})
    _add_lines(db, name, operation, row, [body["line"]])


def _add_lines(db: Any, name: str, operation: str, row: int, lines: Sequence[Body]) -> None:
    db.executemany(ADD_LINE, [(name, line["number"], line.get("ki"), row) for line in lines])
    kis = [ki for line in lines if (ki := line.get("ki")) is not None]
    if kis:
        _hold(db, name, operation, row, kis)


TAKEABLE = frozenset({("SOLD", "sale_return"), ("RETURNED", "sale")})  # (state, operation that may take it in hand)


def _hold(db: Any, name: str, operation: str, row: int, kis: Sequence[str]) -> None:
    """Take units in hand for a sale or return. Raises UnitTakenError."""
    if db.executemany(HOLD, [(ki, name) for ki in kis]).rowcount != len(kis):
        holders = [(ki, db.execute(HOLDER, {"p_ki": ki}).fetchone()[0]) for ki in kis]
        elsewhere = [(ki, holder) for ki, holder in holders if holder != name]
        twice = [(ki, name) for index, ki in enumerate(kis) if ki in kis[:index]]
        ki, holder = (elsewhere + twice or holders)[0]
        raise UnitTakenError(ki, "HELD", holder)
    for ki, state, settled_by in db.execute(SETTLED_BEFORE, {"p_sale": name, "p_row": row}).fetchall():
        if (state, operation) not in TAKEABLE:
            raise UnitTakenError(ki, state, settled_by)


def _line_removed(db: Any, _row: int, _at: int, body: Body) -> None:
    name = body["sale"]
    state, _ = _move_sale(db, name, SaleEvent.LINE_REMOVED)
    db.execute(MOVE_SALE, {"p_sale": name, "state": str(state)})
    where = {"p_sale": name, "p_number": body["number"]}
    found = db.execute(LINE_KI, where).fetchone()
    db.execute(DROP_LINE, where)
    if found and found[0] is not None:
        db.execute(FREE, {"p_ki": found[0], "p_sale": name})


def _sale_cancelled(db: Any, row: int, _at: int, body: Body) -> None:
    name = body["sale"]
    state, _ = _move_sale(db, name, SaleEvent.CANCELLED)
    db.execute(DECIDE_SALE, {"p_sale": name, "state": str(state), "row": row})
    db.execute(FREE_ALL, {"p_sale": name})


def content_hash(order: Body) -> bytes:
    """What a key stands for, the key itself apart: one key never names two contents."""
    content = {name: value for name, value in order.items() if name != "key"}
    return hashlib.sha256(utf8_of(content)).digest()


def _intended(db: Any, row: int, at: int, body: Body) -> None:
    name = body.get("sale")
    if name is not None:
        _intend_sale(db, name, row, body)
    _intend_document(db, name, row, body)
    request = body.get("request")
    if request is not None:
        pending = {"status": None, "body": None, "document": body["key"]}
        db.execute(ANSWERED, {**request, **pending})


def _intend_sale(db: Any, name: str, row: int, body: Body) -> None:
    total, lines = body["prepared"]["total_tiyn"], body.get("lines")
    known, _ = _sale_state(db, name)
    if (known is None) != (lines is not None):  # An intent with lines opens its sale, one without needs it open.
        raise TransitionError(known, SaleEvent.INTENDED)
    state = after(known, SaleEvent.INTENDED)
    if lines is not None:
        opened = _new_sale(body, body["kind"], state, row)
        db.execute(ADD_SALE, {**opened, "intent_row": row, "attempts": 1, "total_tiyn": total})
        _add_lines(db, name, body["kind"], row, lines)
        return
    seen = body.get("seen")
    if seen is not None and [list(line) for line in db.execute(LINES_SEEN, {"p_sale": name})] != [*map(list, seen)]:
        raise SaleChangedError(name)
    db.execute(INTEND_SALE, {"p_sale": name, "state": str(state), "row": row, "total": total})


def _intend_document(db: Any, name: str | None, row: int, body: Body) -> None:
    key = body["key"]
    intended = {
        "key": key,
        "kind": body["kind"],
        "state": str(DocumentState.INTENDED),
        "sale": name,
        "content": bytes.fromhex(body["content"]),
        "intent_row": row,
        "outcome_row": None,
        "printed": "",
    }
    if db.execute(INTEND_DOCUMENT, intended).rowcount == 0:
        # The key is known: either it may not be intended again, or it stands for something else.
        known, _content = db.execute(DOCUMENT, {"p_key": key}).fetchone()
        document_after(DocumentState(known), SaleEvent.INTENDED)
        raise KeyReusedError(key)


def _decided(event: SaleEvent) -> Projector:
    def project(db: Any, row: int, at: int, body: Body) -> None:
        found = db.execute(DOCUMENT, {"p_key": body["key"]}).fetchone()
        decided = document_after(DocumentState(found[0]) if found else None, event)
        db.execute(DECIDE_DOCUMENT, {"p_key": body["key"], "state": str(decided), "row": row})
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
    state = "SOLD" if operation == "sale" else "RETURNED"
    db.executemany(SETTLE_UNIT, [(ki, state, name) for ki in kis])
    db.execute(FREE_ALL, {"p_sale": name})
    expected = {"sale": name, "decided_ns": at, "purpose": operation, "checks": 0, "checked_ns": None, "due_ns": at}
    db.executemany(EXPECT_WITHDRAWAL, [{"ki": ki, **expected, "outcome": "pending"} for ki in kis])


def _rechecked(db: Any, _row: int, _at: int, body: Body) -> None:
    for result in body["units"]:
        ki, outcome = result["ki"], result["outcome"]
        asked = {"p_ki": ki, "p_purpose": result["purpose"], "p_decided_ns": result["decided_ns"]}
        learnt = {"at": body["at_ns"], "due": result["due_ns"], "outcome": outcome}
        changed = db.execute(RECHECKED, {**asked, **learnt}).rowcount
        if changed and outcome == "reintroduced":
            db.execute(FREE_REINTRODUCED, {"p_ki": ki})


def _shift_opened(db: Any, row: int, at: int, body: Body) -> None:
    number, opened = body["shift"], {"opened_ns": at, "opened_row": row}
    db.execute(OPEN_SHIFT_AGAIN, {"p_number": number, **opened})
    db.execute(KNOW_SHIFT, {"number": number, **opened, "closed_row": None})


def _shift_closed(db: Any, row: int, at: int, body: Body) -> None:
    # A shift first heard of at its closing still gets its row.
    db.execute(KNOW_SHIFT, {"number": body["shift"], "opened_ns": at, "opened_row": row, "closed_row": None})
    db.execute(CLOSE_SHIFT, {"p_number": body["shift"], "row": row})


def _answered(db: Any, _row: int, _at: int, body: Body) -> None:
    final = {"status": body["status"], "body": body["body"], "document": body.get("document")}
    db.execute(ANSWERED, {**body["request"], **final})


def _request_taken(db: Any, row: int, _at: int, body: Body) -> None:
    """A request that is carried out later: without an answer, and with the row that holds it in the answer's place."""
    db.execute(ANSWERED, {**body["request"], "status": None, "body": str(row), "document": None})


def _hook_set_aside(db: Any, row: int, _at: int, body: Body) -> None:
    """An event that a receiver never took, kept like an answer: under the hook's name and the event's own."""
    kept = json.dumps({"row": body["row"], "event": body["event"], "reason": body["reason"]}, ensure_ascii=False)
    name = {"client": f"\x1fhook {body['hook']}", "key": body["id"], "fingerprint": ""}
    db.execute(ANSWERED, {**name, "status": 410, "body": kept, "document": None})


def _nothing(_db: Any, _row: int, _at: int, _body: Body) -> None:
    """Recorded as proof; no projection depends on it."""


PROJECTORS: dict[str, Projector] = {
    "journal_created": _nothing,
    "agent_started": _nothing,
    "scan_judged": _nothing,
    "scan_dropped": _nothing,
    "scan_test_started": _nothing,
    "scan_test_ended": _nothing,
    "clock_jumped": _nothing,
    "sale_opened": _sale_opened,
    "line_added": _line_added,
    "line_removed": _line_removed,
    "sale_cancelled": _sale_cancelled,
    "document_intended": _intended,
    "document_made": _decided(SaleEvent.MADE),
    "document_refused": _decided(SaleEvent.REFUSED),
    "document_in_doubt": _decided(SaleEvent.DOUBTED),
    "document_absent": _decided(SaleEvent.ABSENT),
    "document_handed_over": _decided(SaleEvent.HANDED_OVER),
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
    "request_taken": _request_taken,
    "hook_set_aside": _hook_set_aside,
}
