"""A till that can be killed and started again, on a real journal, before the driver and simulator of one family.

What the harness asks of a family stands in `Rig`. Everything runs in virtual time.
"""

from __future__ import annotations

import itertools
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recovery_steps import Track

from fiscal.orders import (
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    Order,
    Payment,
    PaymentKind,
    Receipt,
    ReturnBasis,
)
from fiscal.register import FiscalDocument, Outcome
from fiscal.registry import OpenRegister
from hw_sim.ledger import FiscalDocument as Registered
from hw_sim.ledger import tiyn
from pos_agent.basket import BasketLine
from pos_agent.clock import VirtualClock
from pos_agent.desk import Case, DeskRules, RegisterDesk
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.verify import verify
from pos_agent.sale import SaleState
from pos_agent.stored import load_document
from pos_agent.till import Till

DOUBT_WAIT_S = 600.0  # Above every time-out of a driver: what is handed over earlier is a person asked too soon.
START_NS = 1_784_088_000 * 1_000_000_000  # 15.07.2026 09:00:00 in Almaty.
PACK = "04870249811936{:07d}MD&5GhG"  # The layout of the published 29-character pack codes.
UNIT = "0104870000000104215{:012d}\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="


class Killed(BaseException):
    """The agent's process is gone. No `except Exception` of ours may survive it."""


class NotApplicable(Exception):
    """This family has no such fault: why, in words for the matrix."""


class NotLet(Exception):
    """Other people at the register are refused what they want: the shift is too old, a fault met them."""


@dataclass(frozen=True)
class Ending:
    """How one walk over the steps of a receipt ended."""

    family: str
    fault: str
    steps: int
    decided: int
    person: int
    note: str = ""


class Rig(ABC):
    """One family: its simulator, the address of its driver, and its faults in the words of the matrix."""

    name: str
    # Faults after which a person has to decide at some step, and why: the declared exceptions.
    exceptions: Mapping[str, str] = {}
    tells_apart = False  # X1 is decided all the same: by our key, or by reading every document since.
    can_be_swapped = False  # Its address names a line, and another register may stand at its end.
    has_clock = False  # A clock of its own that may be wrong.
    never_in_doubt = False  # It decides every lost answer by itself, at once.
    absent_faults: Mapping[str, str] = {}  # Faults this family has not, and why.
    opens_by_command = False  # A shift is opened by a command, before its first sale.
    counts_from_z = ""  # Why a person decides on a document that was not made before somebody made a Z.
    marks_a_sale = 2  # Of the basket's two; 0 for a model that takes none.
    reads: frozenset[str] = frozenset()  # Commands that change nothing, where a receipt takes hundreds: recovery_steps.
    pause_s = 5.0  # Between two looks of the till at what is undecided.
    lags = False  # What it makes without its operator stands in the ledger only when it has been handed over.
    closes_shifts = False  # It makes the Z-report of an expired shift by itself; a killed agent may not know of it.
    refusals: tuple[type[Exception], ...] = (NotLet,)  # What the simulator raises when other people are not let.

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        self.clock = clock
        self.folder = folder
        self.chance = random.Random(3)  # Of the driver.

    @abstractmethod
    def open(self) -> OpenRegister:
        """A fresh driver, as after a start of the agent."""

    @abstractmethod
    def registered(self) -> Sequence[Registered]:
        """Every receipt in the simulator's fiscal memory, oldest first."""

    @abstractmethod
    def plant(self, fault: str, step: int) -> None:
        """Let `fault` happen at the command number `step` from now on. Raises NotApplicable."""

    def tracked(self, work: Callable[[], object]) -> Track:
        """Do something under a fault planted far ahead: each command with the step it would have been met at."""
        raise NotImplementedError

    @abstractmethod
    def go_silent_at_decisive(self, *, made: bool) -> None:
        """The decisive command is carried out (or not) and not answered, and nobody is there until `mend`."""

    @abstractmethod
    def was_met(self) -> bool:
        """Whether the planted fault has happened."""

    @abstractmethod
    def mend(self) -> None:
        """What people do: paper in, power and cable in. Planted faults are forgotten."""

    def catch_up(self, register: OpenRegister) -> None:  # noqa: B027 (optional hook)
        """Let the register hand over what it made without its operator."""

    def is_same(self, registered: Registered, document: FiscalDocument) -> bool:
        """The register's own record and what the journal calls the document of a sale are one and the same."""
        signs = not (registered.sign and document.fiscal_sign) or registered.sign == document.fiscal_sign
        return signs and tiyn(registered.total) == document.total_tiyn

    def vary(self, rng: random.Random) -> None:  # noqa: B027 (optional hook)
        """Choose what the vendor's papers leave open, for a random day."""

    def wild(self, _rng: random.Random) -> str:
        """One more thing goes wrong that only this family's simulator knows; its name, "" for none."""
        return ""

    def others(self, deed: Callable[[], None]) -> bool:
        """Other people do something at the register; False when they are not let."""
        try:
            deed()
        except self.refusals:
            return False
        return True

    def clear(self) -> None:  # noqa: B027 (optional hook)
        """A person at the register cancels what stands open there, or finishes it where it is paid."""

    def service(self) -> None:  # noqa: B027 (optional hook)
        """A technician sets right what nobody at the till can: a counter that shows too little."""

    @abstractmethod
    def ring_up_elsewhere(self) -> None:
        """Another program registers a sale of one tenge at this register."""

    @abstractmethod
    def close_shift_elsewhere(self) -> None:
        """Somebody makes a Z-report at the register."""

    @abstractmethod
    def closed_shifts(self) -> int:
        """How many Z-reports the simulator has made."""

    @abstractmethod
    def cash_moves(self, kind: str) -> int:
        """How many cash moves of a kind ("cash_in", "cash_out") it has registered."""

    def swap(self) -> None:
        """Another register of the same kind stands there now."""
        raise AssertionError(f"{self.name} cannot be swapped")

    def set_clock_off(self, seconds: float) -> None:
        raise AssertionError(f"{self.name} has no clock of its own")


class Shop:
    """The till."""

    def __init__(self, folder: Path, rig: Rig) -> None:
        self.rig = rig
        self.path = folder / "journal.sqlite"
        self._serials = itertools.count(1)
        self._names = itertools.count(1)
        self.start()

    def start(self) -> None:
        self.journal = Journal(self.path, till_name="till-7", now=self.rig.clock.now_ns, new_epoch=lambda: "k3x9aw")
        self.till = Till(self.journal)
        self.register = self.rig.open()
        self.desk = RegisterDesk(self.journal, self.till, self.register, DeskRules(doubt_wait_s=DOUBT_WAIT_S))

    def kill(self) -> None:
        """The process is gone: nothing is flushed, nothing is told."""
        self.journal.close()
        self.register.close()

    def restart(self) -> None:
        self.kill()
        self.start()

    def close(self) -> None:
        self.kill()
        verdict = verify(self.path)
        assert verdict.good, verdict

    def basket(self) -> list[BasketLine]:
        """Two marked units of two layouts and half a kilogram of apples: 1 875.75 tenge."""
        one, two = next(self._serials), next(self._serials)
        pack, unit = PACK.format(one), UNIT.format(two)
        return [
            BasketLine(1, "Сигареты", 90_000, 1_000, 796, 1_600, gtin="04870249811936", ki=pack[:25], full=pack),
            BasketLine(
                2, "Аяқ киім / Обувь", 75_050, 1_000, 796, 1_600, gtin="04870000000104", ki=unit[:34], full=unit
            ),
            BasketLine(3, "Алма", 45_050, 500, 166, None, ntin="2000000000015"),
        ]

    def open_sale(self, lines: Sequence[BasketLine] | None = None, original: str | None = None) -> tuple[str, Receipt]:
        """An open sale (a return of `original`) and the receipt it would become."""
        name = f"S{next(self._names)}"
        basket = list(self.basket() if lines is None else lines)
        operation = Operation.SALE if original is None else Operation.SALE_RETURN
        opening = {"sale": name, "operation": str(operation), "cashier": "Айгүл"}
        self.journal.append(Event("sale_opened", opening if original is None else {**opening, "original": original}))
        for line in basket:
            self.journal.append(Event("line_added", {"sale": name, "line": line.as_body()}))
        total = sum(line.amount_tiyn for line in basket)
        paid = total if original else -(-total // 100_000) * 100_000
        positions = tuple(
            Line(
                line.name, line.price_tiyn, line.quantity_milli, line.unit_code, line.vat_bp, gtin=line.gtin,
                ntin=line.ntin, marks=(Mark(line.full, line.ki),) if line.full and line.ki else (),
            )
            for line in basket
        )  # fmt: skip
        payments = (Payment(PaymentKind.CASH, paid),)
        basis = None if original is None else self.basis(original)
        return name, Receipt(f"till7-{name}", operation, positions, payments, "Айгүл", basis)

    def basis(self, sale: str) -> ReturnBasis:
        document = self.document(sale)
        number = document.registration_number or "010100000001"
        return ReturnBasis(document.fiscal_sign or "0", document.at, number, document.total_tiyn, document.offline)

    def pay(self, sale: str, order: Receipt) -> Outcome:
        return self.desk.submit(Case(order=order, sale=sale))

    def put_cash(self, sum_tiyn: int = 1_000_000) -> None:
        """Something to give back from."""
        key = f"till7-cash-{next(self._names)}"
        self.submit(CashMove(key, CashDirection.IN, sum_tiyn))

    def submit(self, order: Order) -> Outcome:
        return self.desk.submit(Case(order=order))

    def state(self, sale: str) -> SaleState:
        return self.till.sale(sale).state

    def document(self, sale: str) -> FiscalDocument:
        row = self.till.sale(sale).outcome_row
        assert row is not None
        document = load_document(dict(self.till.outcome(row)["document"]))
        assert isinstance(document, FiscalDocument)
        return document

    def handed_over(self) -> int:
        (row,) = self.journal.query("SELECT count(*) FROM journal WHERE kind = 'document_handed_over'")
        return int(row[0])
