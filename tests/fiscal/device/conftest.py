"""A register with an invented protocol, and its family: the shared driver is tried on it without any real bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from fiscal.device.driver import DeviceRegister, Patience
from fiscal.device.family import Accepted, Answered, Rejected, Reply, Silence
from fiscal.device.looks import Look, Made, OpenDocument
from fiscal.device.steps import TOTAL, Step, payload
from fiscal.orders import Line, Mark, Operation
from fiscal.register import (
    Ability,
    Baseline,
    Capabilities,
    CashDocument,
    CashMove,
    Document,
    Failure,
    FailureKind,
    FiscalDocument,
    Order,
    Paper,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    Recovery,
    SeenDocument,
    ShiftClose,
    ShiftReport,
    Waiting,
)

AT = "2026-11-30T10:00:00+05:00"
SILENT = Failure(FailureKind.NO_ANSWER, "timeout", "no answer")


@dataclass
class Plain:
    """The register: counters, an open document, and what goes wrong at the next commands."""

    identity: str = "00012345"
    made: list[tuple[str, int, str]] = field(default_factory=list)  # (kind, tiyn, time).
    open: OpenDocument | None = None
    shift: int = 1
    shift_open: bool = True
    shift_expired: bool = False
    waiting: Waiting | None = None
    paper: Paper = Paper.OK
    clock_at: str = AT
    memory_lost: bool = False
    cancelled: int = 0
    went_on: int = 0
    reads_back: bool = True
    adds_up_wrong: int = 0
    lose: dict[str, str] = field(default_factory=dict)  # Step name -> "before" | "after": the next such command.
    reject: dict[str, Failure] = field(default_factory=dict)
    deaf: int = 0  # So many commands or looks get no answer.
    forget: int = 0  # Counters show so many documents less.
    obeys: bool = True


class PlainFamily:
    capabilities = Capabilities(
        "plain",
        frozenset(set(Ability) - {Ability.FIND_BY_KEY}),
        (Recovery.COUNTERS,),
    )

    def __init__(self, plain: Plain) -> None:
        self.plain = plain
        self.connects = 0
        self.commands: list[str] = []

    def prepare(self, order: Order) -> Prepared:
        if isinstance(order, Receipt):
            total = sum(line.price_tiyn for line in order.lines)
            steps = [Step("open", "O", str(order.operation))]
            for index, line in enumerate(order.lines):
                steps.append(Step("line", "L", str(line.price_tiyn), index))
                steps += [Step("mark", "M", mark.full, index, number) for number, mark in enumerate(line.marks)]
            steps += [Step(TOTAL, "T"), Step("pay", "P", str(total)), Step("close", "C", decisive=True)]
            return Prepared(order.key, "plain", str(order.operation), total, payload(steps))
        if isinstance(order, CashMove):
            kind = f"cash_{order.direction}"
            return Prepared(order.key, "plain", kind, order.sum_tiyn, payload([Step("cash", "K", decisive=True)]))
        kind = "shift_close" if isinstance(order, ShiftClose) else "shift_open"
        return Prepared(order.key, "plain", kind, 0, payload([Step("shift", kind, decisive=True)]))

    def connect(self) -> None:
        self.connects += 1
        self._answer()

    def _answer(self) -> None:
        if self.plain.deaf:
            self.plain.deaf -= 1
            raise Silence(SILENT, sent=False)

    def look(self) -> Look:
        self._answer()
        plain = self.plain
        counts = {kind: sum(one[0] == kind for one in plain.made) - plain.forget for kind in ("sale", "sale_return")}
        counts |= {kind: sum(one[0] == kind for one in plain.made) for kind in ("cash_in", "shift_close")}
        return Look(
            plain.identity, plain.shift, plain.shift_open, counts, plain.waiting, plain.open, plain.shift_expired,
            plain.memory_lost, plain.paper, clock_at=plain.clock_at,
        )  # fmt: skip

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        before = baseline.extra["counters"].get(prepared.kind, 0)
        now = look.counters.get(prepared.kind, 0)
        seen = None
        if now == before + 1 and self.plain.reads_back:
            kind, total, at = next(one for one in reversed(self.plain.made) if one[0] == prepared.kind)
            seen = SeenDocument(str(now), kind, total, at, self.plain.shift, f"sign-{now}")
        return Made(now - before, seen, f"{before} before, {now} now")

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        self.commands.append(step.name)
        if step.name in self.plain.reject:
            return Rejected(self.plain.reject.pop(step.name))
        when = self.plain.lose.pop(step.name, "")
        if when == "before":
            raise Silence(SILENT, sent=True)
        reply = self._carry_out(step, prepared)
        if when == "after":
            raise Silence(SILENT, sent=True)
        return reply

    def _carry_out(self, step: Step, prepared: Prepared) -> Reply:
        plain = self.plain
        if step.name == "open":
            if plain.open is not None:
                return Rejected(Failure(FailureKind.OPEN_DOCUMENT, "4A", "a receipt is open"))
            plain.open = OpenDocument(prepared.kind, 0)
        elif step.name == "line":
            assert plain.open is not None and plain.open.total_tiyn is not None
            plain.open = replace(plain.open, total_tiyn=plain.open.total_tiyn + int(step.data))
        elif step.name == TOTAL:
            assert plain.open is not None and plain.open.total_tiyn is not None
            return Accepted(total_tiyn=plain.open.total_tiyn + plain.adds_up_wrong)
        elif step.name == "pay":
            assert plain.open is not None
            plain.open = replace(plain.open, paid_tiyn=int(step.data))
        elif step.decisive:
            plain.made.append((prepared.kind, prepared.total_tiyn, plain.clock_at))
            plain.open = None
        return Accepted({"number": len(plain.made)})

    def finish(self, prepared: Prepared, baseline: Baseline, look: Look) -> Reply:
        self.commands.append("finish")
        if not self.plain.obeys:
            return Rejected(Failure(FailureKind.REFUSED, "73", "not now"))
        return self._carry_out(Step("close", "C", decisive=True), prepared)

    def cancel(self) -> Reply:
        self.commands.append("cancel")
        if not self.plain.obeys:
            return Rejected(Failure(FailureKind.REFUSED, "73", "not now"))
        self.plain.open = None
        self.plain.cancelled += 1
        return Accepted()

    def go_on(self) -> Reply:
        self.commands.append("go_on")
        if self.plain.obeys:
            self.plain.went_on += 1
            self.plain.waiting = None
        return Accepted()

    def document(
        self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None, done: Sequence[Answered]
    ) -> Document:
        self._answer()
        number = len(self.plain.made)
        _kind, total, at = self.plain.made[-1]
        if prepared.kind.startswith("cash"):
            return CashDocument(at, self.plain.shift, None, False)
        if prepared.kind.startswith("shift"):
            return ShiftReport(at, 1, self.plain.shift, True, 0, 0, 0, 0, 0, 0)
        return FiscalDocument(f"sign-{number}", at, number, self.plain.shift, False, total, "", "00012345", "0101")

    def x_report(self) -> ShiftReport:
        self._answer()
        return ShiftReport(AT, None, self.plain.shift, False, len(self.plain.made), 0, 0, 0, 0, 0)

    def last_document(self) -> SeenDocument | None:
        self._answer()
        if not self.plain.made:
            return None
        kind, total, at = self.plain.made[-1]
        return SeenDocument(str(len(self.plain.made)), kind, total, at)

    def reprint(self, document: FiscalDocument) -> Paper:
        self._answer()
        return Paper.OK

    def open_drawer(self) -> None:
        self._answer()

    def close(self) -> None:
        """Nothing is held."""


class Ticks:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def plain() -> Plain:
    return Plain()


@pytest.fixture
def family(plain: Plain) -> PlainFamily:
    return PlainFamily(plain)


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def driver(family: PlainFamily, ticks: Ticks) -> DeviceRegister:
    return DeviceRegister(family, "test", monotonic=ticks.monotonic, sleep=ticks.sleep, patience=Patience())


@pytest.fixture
def sale() -> Receipt:
    lines = (
        Line("Cigarettes", 90_000, 1_000, 796, 1_600, marks=(Mark("full-1", "ki-1"),)),
        Line("Water", 25_050, 1_000, 796, 1_600),
    )
    return Receipt("till7-1", Operation.SALE, lines, (Payment(PaymentKind.CASH, 115_050),))
