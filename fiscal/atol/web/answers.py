"""What the web server of ATOL's driver 10 answers, as values. Pure.

    a request   {"results": [{"status", "error": {"code", "description"}, "result"}, ...]}, a row for each task
    the queue   {"isBlocked", "blockedUUID", "blockReason", ...}

Sources: github AlexanderYekat/atolexamplesjson (results), github avb56/kktsite-agent, src/server.js (the envelope).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fiscal.https.fields import AnswerMalformed, Fields, load

GONE = 505  # The server's own refusals: an unknown uuid, one that is known already, a request it cannot read.


class State(StrEnum):
    WAIT = "wait"
    IN_PROGRESS = "inProgress"
    BLOCKED = "blocked"  # Its link broke on the way; the server finds out what became of it.
    READY = "ready"
    ERROR = "error"
    INTERRUPTED = "interrupted"  # Not begun: a task before it failed.
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({State.READY, State.ERROR, State.INTERRUPTED, State.CANCELED})


@dataclass(frozen=True, slots=True)
class Entry:
    """One task of a request."""

    state: State
    code: int
    words: str
    result: Mapping[str, Any] | None

    def fields(self, name: str) -> Fields:
        """A part of the result. AnswerMalformed when it is not there."""
        part = None if self.result is None else Fields.of(self.result, "result").object(name)
        if part is None:
            raise AnswerMalformed(f"result.{name}", "is missing")
        return part


def entries(body: bytes) -> list[Entry]:
    """At least one. AnswerMalformed for anything that is no list of results."""
    found = [_entry(row) for row in Fields.of(load(body), "").objects("results")]
    if not found:
        raise AnswerMalformed("results", "is missing")
    return found


def _entry(row: Fields) -> Entry:
    word = row.text("status")
    try:
        state = State(word)
    except ValueError:
        raise AnswerMalformed(f"{row.place}.status", "is no status of a task") from None
    error = row.optional_object("error")
    _, result = row.get("result")
    return Entry(
        state,
        error.integer("code") or 0,
        error.optional_text("description"),
        result if isinstance(result, dict) else None,
    )


def server_error(body: bytes) -> int | None:
    """The number of the server's own refusal; None when the answer is of somebody else on the way."""
    try:
        return Fields.of(load(body), "").optional_object("error").integer("code")
    except AnswerMalformed:
        return None


@dataclass(frozen=True, slots=True)
class QueueState:
    blocked: bool
    uuid: str
    reason: str  # connectionError, fnError, paperError.


def queue_state(body: bytes) -> QueueState:
    fields = Fields.of(load(body), "")
    blocked = fields.flag("isBlocked")
    if blocked is None:
        raise AnswerMalformed("isBlocked", "is missing")
    return QueueState(blocked, fields.optional_text("blockedUUID"), fields.optional_text("blockReason"))


@dataclass(frozen=True, slots=True)
class Made:
    """fiscalParams of a document; None and "" for what is not told: a recovered one may be its number alone."""

    number: int
    sign: str
    at: str
    shift: int | None
    receipt: int | None
    total_tiyn: int | None
    registration: str
    storage: str
    printed: bool


def made(entry: Entry) -> Made:
    params = entry.fields("fiscalParams")
    number = params.integer("fiscalDocumentNumber")
    if number is None:
        raise AnswerMalformed("fiscalParams.fiscalDocumentNumber", "is missing")
    warnings = Fields.of(entry.result, "result").optional_object("warnings")
    return Made(
        number=number,
        sign=params.text("fiscalDocumentSign"),
        at=params.optional_text("fiscalDocumentDateTime"),
        shift=params.integer("shiftNumber"),
        receipt=params.integer("fiscalReceiptNumber"),
        total_tiyn=params.money("total"),
        registration=params.optional_text("registrationNumber").strip(),
        storage=params.optional_text("fnNumber"),
        printed=warnings.flag("notPrinted") is not True,
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """A document of the storage by its tags (getFnDocument)."""

    number: int
    kind: str  # A kind of `Prepared`, the driver's own word for others.
    at: str
    sign: str
    shift: int | None
    receipt: int | None
    total_tiyn: int | None
    registration: str


_KINDS = {"openShift": "shift_open", "closeShift": "shift_close"}
_OPERATIONS = {1: "sale", 2: "sale_return", 3: "purchase", 4: "purchase_return"}  # Tag 1054.
_SIGN_DIGITS = 8  # Hexadecimal, behind two bytes of something else.


def stored(entry: Entry, number: int) -> Stored:
    tags = entry.fields("documentTLV")
    form = tags.text("fiscalDocumentType")
    kind = _OPERATIONS.get(tags.integer("1054") or 0, form) if form == "receipt" else _KINDS.get(form, form)
    return Stored(
        number, kind, tags.optional_text("1012"), _sign(tags.optional_text("1077")), tags.integer("1038"),
        tags.integer("1042"), tags.money("1020"), tags.optional_text("1037").strip(),
    )  # fmt: skip


def _sign(text: str) -> str:
    try:
        return str(int(text[-_SIGN_DIGITS:], 16))
    except ValueError:
        return ""


def unsent(entry: Entry) -> tuple[int | None, str]:
    """How many documents the OFD has not, and of when the oldest one is (ofdExchangeStatus)."""
    status = entry.fields("status")
    return status.integer("notSentCount"), status.optional_text("notSentFirstDocDateTime")


def totals(entry: Entry) -> dict[str, int]:
    """Counts and sums of the shift by the names of the journal (getShiftTotals)."""
    told = entry.fields("shiftTotals")
    receipts = told.optional_object("receipts")
    sell, back = receipts.optional_object("sell"), receipts.optional_object("sellReturn")
    income, outcome = told.optional_object("income"), told.optional_object("outcome")
    return {
        "sales": sell.integer("count") or 0,
        "sold": sell.counter("sum"),
        "returns": back.integer("count") or 0,
        "returned": back.counter("sum"),
        "cash_in": income.integer("count") or 0,
        "put": income.counter("sum"),
        "cash_out": outcome.integer("count") or 0,
        "taken": outcome.counter("sum"),
        "cash": told.optional_object("cashDrawer").counter("sum"),
    }
