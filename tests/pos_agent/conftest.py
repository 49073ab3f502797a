"""A till on disk with a register that does what its script says. The real drivers have tests of their own."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fiscal.register import (
    Ability,
    Absent,
    Baseline,
    Capabilities,
    CashDirection,
    CashDocument,
    CashMove,
    Done,
    Failure,
    FailureKind,
    FiscalDocument,
    Line,
    Mark,
    NotCapable,
    NotSent,
    Operation,
    Order,
    OrderInvalid,
    Outcome,
    Paper,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    Recovery,
    Refused,
    RegisterStatus,
    RegisterUnavailable,
    SeenDocument,
    Settlement,
    ShiftClose,
    ShiftOpen,
    ShiftOpened,
    ShiftReport,
    Unknown,
)
from pos_agent.basket import BasketLine
from pos_agent.desk import Case, DeskRules, RegisterDesk
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.verify import Verdict, verify
from pos_agent.till import Till

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty.
AT = "2026-07-15T09:00:02+05:00"

SILENCE = Unknown(Failure(FailureKind.NO_ANSWER, "timeout", "no answer in 5 s", "/check"))
NOTHING_THERE = Absent("looked up in shifts 1 and 2")
NO = Refused(Failure(FailureKind.REFUSED, "scripted:9", "no"))
NO_LINK = NotSent(Failure(FailureKind.UNAVAILABLE, "connect", "connection refused"))


def fiscal(number: int, shift: int = 1, total_tiyn: int = 50_000) -> FiscalDocument:
    return FiscalDocument(
        fiscal_sign=f"40538218{number:02d}",
        at=AT,
        number=number,
        shift=shift,
        offline=False,
        total_tiyn=total_tiyn,
        qr=f"https://consumer.oofd.kz?i={number}",
        identity="SWK00000001",
        registration_number="010100000001",
        raw={"CheckNumber": number, "nested": {"list": [1, None, "қ"]}},
    )


def z_report(shift: int) -> ShiftReport:
    return ShiftReport(AT, shift, shift, True, 3, 150_000, 3, 0, 0, 150_000)


class Scripted:
    """A register. Without a script it makes every document; `ledger` holds what it made, by key."""

    def __init__(self) -> None:
        self.outcomes: deque[Outcome] = deque()
        self.settlements: deque[Settlement] = deque()
        self.calls: list[tuple[str, str]] = []
        self.ledger: dict[str, Any] = {}
        self.shift = 1
        self.shift_open = True
        self.unavailable: Failure | None = None
        self.invalid: OrderInvalid | None = None
        self.clock_at: str | None = None
        self.shown: SeenDocument | None = None
        self.silent_about_last: Failure | None = None
        self.paper = Paper.OK
        self.abilities = frozenset({Ability.MARKS, Ability.MARK_LIST, Ability.RETURNS, Ability.CASH_MOVES})
        self.during: Callable[[], None] = lambda: None  # Runs inside `execute`, after the register worked.

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities("scripted", self.abilities, (Recovery.KEY,))

    def prepare(self, order: Order) -> Prepared:
        if self.invalid is not None:
            raise self.invalid
        kinds = {Receipt: "sale", CashMove: "cash_in", ShiftOpen: "shift_open", ShiftClose: "shift_close"}
        kind = kinds[type(order)]
        if isinstance(order, Receipt):
            kind = str(order.operation)
        return Prepared(order.key, "scripted", kind, 50_000, {"request": order.key, "more": [1, {"a": None}]})

    def baseline(self) -> Baseline:
        if self.unavailable is not None:
            raise RegisterUnavailable(self.unavailable)
        self.calls.append(("baseline", ""))
        return Baseline(
            "SWK00000001", self.shift, self.shift_open, len(self.ledger), extra={"calls": len(self.calls)},
            clock_at=self.clock_at,
        )  # fmt: skip

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome:
        self.calls.append(("execute", prepared.key))
        outcome = self.outcomes.popleft() if self.outcomes else Done(self._document(prepared.kind))
        if isinstance(outcome, Done):
            assert prepared.key not in self.ledger, "a second document under one key"
            self.ledger[prepared.key] = outcome.document
        self.during()
        return outcome

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        self.calls.append(("settle", prepared.key))
        if self.settlements:
            return self.settlements.popleft()
        made = self.ledger.get(prepared.key)
        return NOTHING_THERE if made is None else Done(made, recovered=True)

    def _document(self, kind: str) -> Any:
        if kind == "shift_close":
            return z_report(self.shift)
        if kind == "shift_open":
            return ShiftOpened(AT, self.shift)
        if kind.startswith("cash"):
            return CashDocument(AT, self.shift, 100_000, False)
        return fiscal(len(self.ledger) + 1, self.shift)

    def x_report(self) -> ShiftReport:
        if self.unavailable is not None:
            raise RegisterUnavailable(self.unavailable)
        return z_report(self.shift)

    def status(self) -> RegisterStatus:
        if self.unavailable is not None:
            return RegisterStatus(False, failure=self.unavailable)
        return RegisterStatus(True, self.shift, self.shift_open)

    def last_document(self) -> SeenDocument | None:
        if self.silent_about_last is not None:
            raise RegisterUnavailable(self.silent_about_last)
        return self.shown

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        self.calls.append(("find", key))
        if Ability.FIND_BY_KEY not in self.abilities:
            raise NotCapable("scripted", Ability.FIND_BY_KEY)
        return self.shown

    def finish_printing(self) -> Paper:
        self.calls.append(("finish_printing", ""))
        if self.unavailable is not None:
            raise RegisterUnavailable(self.unavailable)
        return self.paper

    def reprint(self, document: FiscalDocument) -> Paper:
        self.calls.append(("reprint", document.fiscal_sign))
        return self.paper

    def open_drawer(self) -> None:
        self.calls.append(("open_drawer", ""))


class Bench:
    """A till that can be switched off and on; the register beside it never forgets."""

    def __init__(self, folder: Path, register: Scripted) -> None:
        self.folder = folder
        self.register = register
        self.at_ns = NINE_OCLOCK_NS
        self.rules = DeskRules(doubt_wait_s=60)
        self.journal, self.till, self.desk = self._start()

    def _start(self) -> tuple[Journal, Till, RegisterDesk]:
        path = self.folder / "journal.sqlite"
        journal = Journal(path, till_name="till-1", now=lambda: self.at_ns, new_epoch=lambda: "k3x9aw")
        till = Till(journal)
        return journal, till, RegisterDesk(journal, till, self.register, self.rules)

    def restart(self) -> None:
        self.journal.close()
        self.journal, self.till, self.desk = self._start()

    def verify(self) -> Verdict:
        return verify(self.folder / "journal.sqlite")

    def kinds(self, after: int = 1) -> list[str]:
        """Kinds of the rows, the journal's own birth left out."""
        return [row.kind for row in self.journal.rows_after(after, 1_000)]

    def body(self, kind: str) -> dict[str, Any]:
        """Body of the newest row of a kind."""
        found = [row for row in self.journal.rows_after(0, 1_000) if row.kind == kind]
        return dict(json.loads(found[-1].body))

    def sale(self, name: str, *kis: str, operation: Operation = Operation.SALE, original: str | None = None) -> None:
        body = {"sale": name, "operation": str(operation), "cashier": "Айгүл"}
        self.journal.append(Event("sale_opened", body if original is None else {**body, "original": original}))
        for number, ki in enumerate(kis, 1):
            self.journal.append(Event("line_added", {"sale": name, "line": line(number, ki).as_body()}))

    def case(self, name: str, key: str | None = None, operation: Operation = Operation.SALE) -> Case:
        """The payment of an open sale."""
        return Case(order=receipt(key or f"{name}-key", operation), sale=name)

    def state(self, name: str) -> str:
        return str(self.till.sale(name).state)


def line(number: int, ki: str | None) -> BasketLine:
    full = None if ki is None else f"{ki}\x1d91EE11"
    return BasketLine(number, "Шоколад", 50_000, 1_000, 796, 1_600, gtin="04870249811936", ki=ki, full=full)


def receipt(key: str, operation: Operation = Operation.SALE) -> Receipt:
    lines = (Line("Шоколад", 50_000, 1_000, 796, 1_600, marks=(Mark("full", "ki"),)),)
    return Receipt(key, operation, lines, (Payment(PaymentKind.CARD, 50_000),))


def cash(key: str, sum_tiyn: int = 100_000) -> CashMove:
    return CashMove(key, CashDirection.IN, sum_tiyn)


@pytest.fixture
def register() -> Scripted:
    return Scripted()


@pytest.fixture
def bench(tmp_path: Path, register: Scripted) -> Iterator[Bench]:
    built = Bench(tmp_path / "till", register)
    yield built
    built.journal.close()


class Words:
    """What a register can answer, and what it can be asked: fixtures cannot be imported, so they travel together."""

    SILENCE, NOTHING_THERE, NO, NO_LINK = SILENCE, NOTHING_THERE, NO, NO_LINK
    fiscal, z_report = staticmethod(fiscal), staticmethod(z_report)
    receipt, cash, line = staticmethod(receipt), staticmethod(cash), staticmethod(line)


@pytest.fixture
def words() -> type[Words]:
    return Words
