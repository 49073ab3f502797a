"""Status bytes of Datecs printers as tables, and what a bit means for an order. Pure.

Every answer carries them: 6 bytes on protocol P, 8 on X, bit 7 of each always set. `2.3` is bit 3 of byte 2. On X a
refusal sets none of them: there the error field decides, and these tables only tell how the printer is.
Sources: Datecs "Fiscal printer programming interface 1.00BG", "Programmer's manual 2.02" (github erpnet/ErpNet.FP).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fiscal.failures import FailureKind

COVER_OPEN = "0.6"
GENERAL_ERROR = "0.5"  # Any of the bits marked # in the vendor's table.
CLOCK_NOT_SET = "0.2"
RAM_RESET = "1.2"
STORNO_OPEN = "1.4"
SERVICE_OPEN = "2.5"
FISCAL_OPEN = "2.3"
JOURNAL_FULL = "2.2"
PAPER_LOW = "2.1"
PAPER_OUT = "2.0"
MEMORY_ERROR = "4.5"  # Any of the bits marked * in the vendor's table.
FISCAL_MODE = "5.3"

# The command was not carried out, whatever else is said.
NOT_DONE = ("0.0", "0.1", "1.0", "1.1")


@dataclass(frozen=True, slots=True)
class Bit:
    kind: FailureKind | None  # Of a command that fails while it is set; None: it explains no failure.
    text: str
    blocks: bool = False  # Neither a receipt nor a Z-report can be made until someone has acted.


_D, _P = FailureKind.DEVICE, FailureKind.PAPER

# In the order in which they explain a failure: what a person can mend first, the plain refusals last.
_BOTH: Mapping[str, Bit] = {
    "2.0": Bit(_P, "out of paper"),
    "0.6": Bit(_P, "the cover is open"),
    "0.4": Bit(_D, "fault of the printing unit", blocks=True),
    "2.2": Bit(_D, "the electronic journal is full"),
    "4.4": Bit(_D, "the fiscal memory is full", blocks=True),
    "4.0": Bit(_D, "the fiscal memory cannot be written or read", blocks=True),
    "0.1": Bit(FailureKind.CONFIGURATION, "this model does not know the command"),
    "0.0": Bit(FailureKind.INVALID, "syntax error"),
    "1.0": Bit(FailureKind.INVALID, "a sum is too large"),
    "1.1": Bit(FailureKind.REFUSED, "not permitted in this state"),
    "4.5": Bit(_D, "an error of the fiscal memory", blocks=True),
    "0.5": Bit(FailureKind.REFUSED, "general error"),
    "2.1": Bit(None, "the roll is near its end"),
    "2.3": Bit(None, "a fiscal receipt is open"),
    "2.5": Bit(None, "a service receipt is open"),
    "2.4": Bit(None, "the electronic journal is nearly full"),
    "4.3": Bit(None, "the fiscal memory is nearly full"),
    "4.2": Bit(None, "factory and memory numbers are set"),
    "4.1": Bit(None, "the tax number is set"),
    "5.4": Bit(None, "tax rates are set"),
    "5.3": Bit(None, "fiscal mode"),
    "5.1": Bit(None, "the fiscal memory is formatted"),
}
P_BITS: Mapping[str, Bit] = {
    "1.2": Bit(_D, "the memory of the printer was reset", blocks=True),
    "0.2": Bit(FailureKind.CLOCK, "the clock is not set", blocks=True),
    "1.3": Bit(_D, "the battery of the clock is empty", blocks=True),
    "1.6": Bit(_D, "the tax terminal does not answer"),
    "5.0": Bit(_D, "the fiscal memory is locked", blocks=True),
    "5.2": Bit(_D, "the last record could not be stored", blocks=True),
    "5.5": Bit(_D, "the fiscal memory cannot be read"),
    **_BOTH,
    "4.6": Bit(None, "the printing head is too hot"),
    "0.3": Bit(None, "no customer display"),
    "1.5": Bit(None, "a rotated service receipt is open"),
    "1.4": Bit(None, "a storno receipt is open"),
    "2.6": Bit(None, "the electronic journal is very nearly full"),
}
X_BITS: Mapping[str, Bit] = {
    "4.6": Bit(_D, "the fiscal memory is absent or damaged", blocks=True),
    **_BOTH,
    # Not synchronised with a server is no reason to stop: the time itself is read and compared.
    "0.2": Bit(None, "the clock is not synchronised"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """The status bytes of one answer."""

    raw: bytes
    bits: Mapping[str, Bit]

    def has(self, name: str) -> bool:
        byte, bit = int(name[0]), int(name[2])
        return byte < len(self.raw) and bool(self.raw[byte] >> bit & 1)

    def any(self, *names: str) -> bool:
        return any(map(self.has, names))

    def set_bits(self) -> list[str]:
        """Names of the bits of the table that are set."""
        return [name for name in self.bits if self.has(name)]

    def reason(self) -> tuple[str, Bit] | None:
        """The bit that explains a failure best; None when none does."""
        return next(((name, bit) for name, bit in self.bits.items() if bit.kind and self.has(name)), None)

    def blocked(self) -> str:
        """Why nothing can be made before someone acts; "" when nothing stands in the way."""
        if not self.has(FISCAL_MODE):
            return "the printer is not in fiscal mode: its receipts would not be fiscal"
        return next((bit.text for name, bit in self.bits.items() if bit.blocks and self.has(name)), "")
