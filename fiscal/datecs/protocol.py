"""What protocols P and X have in common: calls, what is read from answers, and the questions a family asks. Pure.

A protocol says the same things with different commands (protocol_p.py, protocol_x.py); everything above speaks in these
words. A conversation of several exchanges is a generator that yields calls and is sent the answers, so it does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from fiscal.datecs.codec import Dialect
from fiscal.datecs.errors import ErrorTable
from fiscal.datecs.settings import Settings
from fiscal.datecs.status import Bit, Status
from fiscal.orders import CashDirection, Line, PaymentKind, ReturnBasis

# Stand in the data of a step for what no journal may hold or nobody knows yet; a frame never carries them bare.
PASSWORD = "\x01"  # noqa: S105 - a place holder
MEMORY = "\x02"  # Fiscal memory number of the printer that made the original receipt.

SALE, RETURN, CANCELLED, Z_REPORT = "sale", "sale_return", "cancelled", "z_report"  # Kinds of documents in a journal.
RECEIPTS = (SALE, RETURN)


class Kind(Enum):
    """How a command may be repeated and how long it is waited for."""

    READ = (6, 10.0)  # May go out again and again.
    ACT = (3, 60.0)  # Only while the printer cannot have restarted.
    REPORT = (3, 300.0)  # The same; prints for minutes.

    def __init__(self, writes_max: int, total_s: float) -> None:
        self.writes_max = writes_max
        self.total_s = total_s


@dataclass(frozen=True, slots=True)
class Call:
    command: int
    data: str = ""
    kind: Kind = Kind.READ


@dataclass(frozen=True, slots=True)
class Answer:
    data: str
    status: Status
    writes: int = 1  # How often the command went out before it was answered.


class SaidNo(Exception):
    """The printer refused a command. `number`: its own error number, 0 when it gave none."""

    def __init__(self, number: int = 0, text: str = "") -> None:
        super().__init__(f"error {number}: {text}")
        self.number = number
        self.text = text


Facts = Mapping[str, Any]


class Need(Enum):
    """What a reading that is refused means."""

    ALWAYS = "always"  # Nothing can be done without it.
    IDLE = "idle"  # The printer may refuse it while a receipt is open.
    NEVER = "never"  # Not every model has it.


@dataclass(frozen=True, slots=True)
class Reading:
    """A call and what its answer tells, as fields of `Shown`."""

    call: Call
    read: Callable[[str, Settings], Facts]  # Raises SaidNo or AnswerBroken.
    need: Need = Need.ALWAYS


@dataclass(frozen=True, slots=True)
class Shown:
    """What a printer shows of itself. Sums in tiyn."""

    serial: str = ""
    memory: str = ""  # Number of the fiscal memory.
    document: int = 0  # Number of the last document of any kind, since the beginning.
    receipts: int | None = None  # Fiscal receipts since the last Z-report.
    z: int = 0  # Number of the last Z-report; 0 before the first.
    cash: int | None = None
    put: int | None = None  # Since the last Z-report.
    taken: int | None = None
    opened: str = ""  # Kind of the open receipt where the answer tells it.
    amount: int = 0  # Of the open or the last receipt.
    paid: int = 0
    clock: str | None = None
    lines: int | None = None  # Still to be printed.
    last_fiscal: int | None = None  # Document number of the last fiscal receipt.
    sold: int | None = None  # Number of sales since the last Z-report.
    sold_tiyn: int | None = None
    returned_tiyn: int | None = None
    taxpayer: str = ""
    address: str = ""
    tax_number: str = ""
    model: str = ""
    firmware: str = ""

    @property
    def identity(self) -> str:
        return f"{self.serial}/{self.memory}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One document in the electronic journal."""

    number: int
    kind: str  # One of those above, or a word for others.
    total_tiyn: int | None = None
    at: str = ""


Talking = Generator[Call, str | None, Entry | None]  # Sent: data of the answer; None: the printer refused.


@dataclass(frozen=True, slots=True)
class Said:
    """What the answer to a step tells."""

    facts: Facts
    total_tiyn: int | None = None


class Language(Protocol):
    """Protocol P or X."""

    name: str  # "P" or "X".
    dialect: Dialect
    bits: Mapping[str, Bit]
    errors: ErrorTable
    name_width: int  # Of the first line of a name, characters.
    name_lines: int  # How many lines of a name go into a position; the rest follows as text.
    journal_names_all: bool  # Every document, with its time; otherwise receipts only.
    look: tuple[Reading, ...]
    after: tuple[Reading, ...]  # When a receipt has been closed.
    clock: Reading
    rates: Reading  # -> {"rates": [hundredths of a percent, or None for a disabled group]}.

    # Steps of an order, each as its command and data.
    def open(self, settings: Settings) -> tuple[int, str]: ...

    def open_return(self, basis: ReturnBasis, settings: Settings) -> tuple[int, str]: ...

    def item(self, names: list[str], line: Line, unit: str, settings: Settings) -> tuple[int, str]: ...

    def text(self, text: str) -> tuple[int, str]: ...

    def total(self) -> tuple[int, str]: ...

    def pay(self, kind: PaymentKind, amount_tiyn: int, settings: Settings) -> tuple[int, str]: ...

    def close(self) -> tuple[int, str]: ...

    def cancel(self) -> tuple[int, str]: ...

    def cash(self, direction: CashDirection, amount_tiyn: int) -> tuple[int, str]: ...

    def report(self, *, closing: bool) -> tuple[int, str]: ...

    def duplicate(self) -> tuple[int, str]: ...

    def drawer(self) -> tuple[int, str]: ...

    # Answers.
    def refusal(self, call: Call, answer: Answer) -> SaidNo | None:
        """Why a command was not carried out; None: nothing says so, and its answer can be read. Raises AnswerBroken."""

    def said(self, name: str, data: str, settings: Settings) -> Said:
        """The answer to a step of that name. Raises SaidNo or AnswerBroken."""

    def explain(self, call: Call, number: int) -> Call | None:
        """Asks for number or words of the last refusal; None: the printer has no more to say."""

    def explained(self, call: Call, number: int, data: str) -> tuple[int, str]:
        """The answer to that: error number and words; the number is 0 when it speaks of another command."""

    def entry(self, number: int, settings: Settings, *, dated: bool) -> Talking:
        """A conversation that reads one document of the journal. `dated`: its time is wanted too."""
