"""What the till knows right now: questions to the projections, answered as values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from fiscal.register import FiscalDocument, Operation, Order
from marking.verdict import UnitState
from pos_agent.journal import schema
from pos_agent.journal.journal import Journal
from pos_agent.journal.schema import answer, document, held, sale, shift, unit
from pos_agent.journal.statements import sql
from pos_agent.sale import DocumentState, SaleState
from pos_agent.stored import load_order

SALE = sql(select(sale).where(sale.c.sale == bindparam("sale")))
OPEN_SALES = sql(
    select(sale.c.sale)
    .where(sale.c.state.in_([bindparam("a"), bindparam("b"), bindparam("c")]))
    .order_by(sale.c.opened_row)
)
RETURNS = sql(select(sale.c.sale).where(sale.c.original == bindparam("original")).order_by(sale.c.opened_row))
# A line stands in the row that added it, or among the lines of a one-shot receipt's intent.
LINES = """
SELECT sale_line.number, sale_line.row, CASE journal.kind
    WHEN 'line_added' THEN journal.body ->> '$.line'
    ELSE (SELECT value FROM json_each(journal.body, '$.lines') WHERE value ->> 'number' = sale_line.number)
END
FROM sale_line JOIN journal ON journal.number = sale_line.row WHERE sale_line.sale = :sale ORDER BY sale_line.number
"""
HELD = sql(
    select(held.c.sale, sale.c.state)
    .select_from(held.join(sale, held.c.sale == sale.c.sale))
    .where(held.c.ki == bindparam("ki"))
)
UNIT = sql(select(unit.c.state).where(unit.c.ki == bindparam("ki")))
SETTLED = {"SOLD": UnitState.SOLD, "RETURNED": UnitState.RETURN_PENDING}
DOCUMENT = sql(select(document).where(document.c.key == bindparam("key")))
DOCUMENTS_OF_SALE = sql(
    select(document.c.key, document.c.content, document.c.state)
    .where(document.c.sale == bindparam("sale"))
    .order_by(document.c.intent_row)
)
UNDECIDED = sql(
    select(document.c.key, document.c.kind, document.c.state, document.c.sale, document.c.intent_row)
    .where(schema.UNDECIDED)
    .order_by(document.c.intent_row)
)
# Few rows follow the intent of an undecided document: the register takes nothing else before it is decided.
HANDED_OVER = """
SELECT number, at_ns, body FROM journal
WHERE number > :after AND kind = 'document_handed_over' AND body ->> '$.key' = :key ORDER BY number DESC LIMIT 1
"""
REGISTRATION = """
SELECT body ->> '$.document.registration_number' FROM journal
WHERE kind = 'document_made' AND body ->> '$.document.identity' = :identity
AND body ->> '$.document.registration_number' <> '' ORDER BY number DESC LIMIT 1
"""
KNOWN_AS = """
SELECT body ->> '$.key' FROM journal
WHERE kind = 'document_made' AND json_valid(body) AND body ->> '$.document.identity' = :identity
AND body ->> '$.document.fiscal_sign' = :sign AND body ->> '$.document.number' = :number
AND body ->> '$.document.shift' = :shift LIMIT 1
"""
# Of receipts alone, newest first: what a buyer brings back was mostly sold in the last days.
RECEIPTS_BY_SIGN = """
SELECT document.sale FROM journal JOIN document ON document.key = journal.body ->> '$.key'
WHERE journal.kind = 'document_made' AND json_valid(journal.body)
AND journal.body ->> '$.document.fiscal_sign' = :sign
AND document.kind = 'sale' ORDER BY journal.number DESC LIMIT :most
"""
RECEIPTS_BY_NUMBER = """
SELECT document.sale FROM document JOIN journal ON journal.number = document.outcome_row
WHERE document.kind = 'sale' AND document.state = 'MADE' AND journal.body ->> '$.document.number' = :number
ORDER BY document.outcome_row DESC LIMIT :most
"""
OPEN_SHIFT = sql(
    select(shift.c.number, shift.c.opened_ns).where(shift.c.closed_row.is_(None)).order_by(shift.c.number.desc())
)
ONE_SHIFT = sql(select(shift.c.number).where(shift.c.number == bindparam("number")))
# Before names under which answers of nobody are kept: no client of the configuration can be called so.
APART = "\x1f"
GIVEN_UP = sql(select(answer.c.key, answer.c.body).where(answer.c.client == bindparam("client")).order_by(answer.c.key))
ANSWER = sql(
    select(answer.c.fingerprint, answer.c.status, answer.c.body, answer.c.document).where(
        answer.c.client == bindparam("client"), answer.c.key == bindparam("key")
    )
)
# Read once, at the start: no index is kept for the few that were taken and not carried out yet.
TAKEN = """
SELECT client, key, CAST(body AS INTEGER) FROM answer
WHERE status IS NULL AND document IS NULL AND body IS NOT NULL ORDER BY CAST(body AS INTEGER)
"""
SETTLED_BY = sql(select(unit.c.sale).where(unit.c.ki == bindparam("ki"), unit.c.state == bindparam("state")))


class NoSuchSale(LookupError):
    """No sale of this name was ever opened here."""


@dataclass(frozen=True, slots=True)
class SaleView:
    """One sale with its lines as they stand."""

    sale: str
    operation: Operation
    original: str | None
    state: SaleState
    opened_row: int
    intent_row: int | None
    outcome_row: int | None
    total_tiyn: int  # Of the last intent; 0 before.
    lines: tuple[Mapping[str, Any], ...]
    seen: tuple[tuple[int, int], ...] = ()  # (number, journal row) of each line: names exactly these lines.


@dataclass(frozen=True, slots=True)
class Undecided:
    """A document whose outcome the journal does not hold."""

    key: str
    kind: str
    state: DocumentState  # INTENDED after a crash, IN_DOUBT after silence.
    sale: str | None
    intent_row: int


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What a person was given to decide a doubt: ours beside the register's."""

    row: int
    at_ns: int
    failure: Mapping[str, Any]
    ours: Mapping[str, Any]
    register: Mapping[str, Any] | None
    register_silent: str  # Why there is no document of the register to compare with.

    def comparison(self) -> dict[str, Any]:
        """JSON-ready, for a screen."""
        told = {"failure": dict(self.failure), "register_silent": self.register_silent}
        return {"ours": dict(self.ours), "register": None if self.register is None else dict(self.register), **told}


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document this till intended, and how far it got."""

    key: str
    kind: str
    state: DocumentState
    sale: str | None
    intent_row: int
    outcome_row: int | None
    printed: str


@dataclass(frozen=True, slots=True)
class OpenShift:
    number: int
    opened_ns: int


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    fingerprint: str
    status: int | None  # None: the call reached the register and has no final answer yet.
    body: Any
    document: str | None  # Key of the document it intended.


class Till:
    """Reads the projections of one journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def sale(self, name: str) -> SaleView:
        """Raises NoSuchSale."""
        found = self._journal.query(SALE, {"sale": name})
        if not found:
            raise NoSuchSale(name)
        _, operation, original, state, opened, intent, outcome, _attempts, total = found[0]
        held = self._journal.query(LINES, {"sale": name})
        return SaleView(
            sale=name,
            operation=Operation(operation),
            original=original,
            state=SaleState(state),
            opened_row=opened,
            intent_row=intent,
            outcome_row=outcome,
            total_tiyn=total,
            lines=tuple(json.loads(line) for _number, _row, line in held),
            seen=tuple((number, row) for number, row, _line in held),
        )

    def open_sales(self) -> tuple[str, ...]:
        states = {"a": SaleState.HELD, "b": SaleState.FISCALISING, "c": SaleState.IN_DOUBT}
        return tuple(name for (name,) in self._journal.query(OPEN_SALES, states))

    def returns_of(self, original: str) -> tuple[str, ...]:
        """Returns ever opened on a sale of this till."""
        return tuple(name for (name,) in self._journal.query(RETURNS, {"original": original}))

    def unit_states(self, kis: Iterable[str], sale_name: str | None) -> dict[str, UnitState]:
        """State of each unit as the sale in hand must see it."""
        return {ki: self._unit_state(ki, sale_name) for ki in kis}

    def _unit_state(self, ki: str, sale_name: str | None) -> UnitState:
        for holder, holder_state in self._journal.query(HELD, {"ki": ki}):
            if holder_state != SaleState.HELD:
                return UnitState.IN_DOUBT
            return UnitState.HELD_HERE if holder == sale_name else UnitState.HELD_ELSEWHERE
        for (state,) in self._journal.query(UNIT, {"ki": ki}):
            return SETTLED[state]
        return UnitState.FREE

    def undecided(self) -> tuple[Undecided, ...]:
        found = self._journal.query(UNDECIDED)
        return tuple(Undecided(key, kind, DocumentState(state), *rest) for key, kind, state, *rest in found)

    def intent(self, row: int) -> Mapping[str, Any]:
        """Body of an intent row."""
        body: Mapping[str, Any] = json.loads(self._journal.row(row).body)
        return body

    def outcome(self, row: int) -> Mapping[str, Any]:
        """Body of an outcome row."""
        return self.intent(row)

    def order(self, row: int) -> Order:
        """The order an intent row holds."""
        return load_order(dict(self.intent(row)["order"]))

    def printed(self, key: str) -> str:
        """ "ok", why a document is not on paper, or "" when printing was not tried yet."""
        known = self.document(key)
        return known.printed if known else ""

    def documents_of(self, sale_name: str) -> tuple[tuple[str, bytes, str], ...]:
        """(key, content hash, state) of each document ever intended for a sale, oldest first."""
        found = self._journal.query(DOCUMENTS_OF_SALE, {"sale": sale_name})
        return tuple((key, bytes(content), state) for key, content, state in found)

    def document(self, key: str) -> DocumentView | None:
        found = self._journal.query(DOCUMENT, {"key": key})
        if not found:
            return None
        _, kind, state, sale_name, _content, intent_row, outcome_row, printed = found[0]
        return DocumentView(key, kind, DocumentState(state), sale_name, intent_row, outcome_row, printed)

    def handed_over(self, key: str, intent_row: int) -> HandedOver | None:
        """The last hand-over of a document since its intent; None: it is still asked about."""
        found = self._journal.query(HANDED_OVER, {"after": intent_row, "key": key})
        if not found:
            return None
        row, at_ns, text = found[0]
        body = json.loads(text)
        return HandedOver(row, at_ns, body["failure"], body["ours"], body["register"], body["register_silent"])

    def registration_number(self, identity: str) -> str:
        """RNM that stood on the last receipt of a register; "" when this till has none of it."""
        found = self._journal.query(REGISTRATION, {"identity": identity})
        return str(found[0][0]) if found else ""

    def receipt_known_as(self, receipt: FiscalDocument) -> str | None:
        """Key under which this till has made that very receipt; None: it has not."""
        facts = {"identity": receipt.identity, "sign": receipt.fiscal_sign, "number": receipt.number}
        found = self._journal.query(KNOWN_AS, {**facts, "shift": receipt.shift})
        return str(found[0][0]) if found else None

    def sold_in(self, ki: str) -> str | None:
        """The sale whose receipt sold a unit, while no return has taken it back."""
        found = self._journal.query(SETTLED_BY, {"ki": ki, "state": "SOLD"})
        return str(found[0][0]) if found else None

    def taken_requests(self) -> tuple[tuple[str, str, int], ...]:
        """(client, key, journal row) of requests taken and not answered yet, oldest first."""
        return tuple((client, key, row) for client, key, row in self._journal.query(TAKEN))

    def given_up(self, hook: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """(id, facts) of each event that a webhook's receiver never took."""
        found = self._journal.query(GIVEN_UP, {"client": f"{APART}hook {hook}"})
        return tuple((event, json.loads(body)) for event, body in found)

    def receipts_signed(self, fiscal_sign: str, most: int) -> tuple[str, ...]:
        """Sales of this till whose fiscal receipt has that sign; newest first."""
        return tuple(name for (name,) in self._journal.query(RECEIPTS_BY_SIGN, {"sign": fiscal_sign, "most": most}))

    def receipts_numbered(self, number: int, most: int) -> tuple[str, ...]:
        """Sales of this till whose fiscal receipt has that number in its shift; newest first."""
        return tuple(name for (name,) in self._journal.query(RECEIPTS_BY_NUMBER, {"number": number, "most": most}))

    def open_shift(self) -> OpenShift | None:
        found = self._journal.query(OPEN_SHIFT)
        return OpenShift(*found[0]) if found else None

    def knows_shift(self, number: int) -> bool:
        """Whether the journal ever heard of a shift, open or closed."""
        return bool(self._journal.query(ONE_SHIFT, {"number": number}))

    def answer(self, client: str, key: str) -> StoredAnswer | None:
        found = self._journal.query(ANSWER, {"client": client, "key": key})
        if not found:
            return None
        fingerprint, status, body, key = found[0]
        return StoredAnswer(fingerprint, status, None if body is None else json.loads(body), key)
