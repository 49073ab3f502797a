"""Real-time status of an ESC/POS printer (DLE EOT n): answer bytes to a verdict. Pure.

Every answer has bit 0 = 0, bit 1 = 1, bit 4 = 1, bit 7 = 0; anything else is noise or another reply. Silence is not
an answer: it is UNKNOWN, neither "fine" nor "no paper" (python-escpos reads it as "offline" and as "enough paper").
Source: Epson ESC/POS command reference, DLE EOT; behaviour of python-escpos 3.1 compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Query(IntEnum):
    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


class PrintState(StrEnum):
    OK = "ok"
    PAPER_OUT = "paper_out"
    OFFLINE = "offline"
    COVER_OPEN = "cover_open"
    UNKNOWN = "unknown"  # The channel gives no answer. Never blocks fiscal work by itself.
    ERROR = "error"


class PaperState(StrEnum):
    OK = "ok"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


class DrawerState(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"  # No answer, or set-up has not learnt which level means what.


CLEAR_BUFFER = b"\x10\x05\x02"  # DLE ENQ 2: recover from an error and drop what was received.


def query(number: Query) -> bytes:
    return bytes([0x10, 0x04, number])


def valid(answer: int) -> bool:
    return answer & 0x93 == 0x12


def drawer_state(pin_high: bool | None, open_is_high: bool | None) -> DrawerState:
    """What the level of the sense pin means, once set-up has learnt it."""
    if pin_high is None or open_is_high is None:
        return DrawerState.UNKNOWN
    return DrawerState.OPEN if pin_high is open_is_high else DrawerState.SHUT


def paper_state(answer: int | None) -> PaperState:
    """Verdict on an answer to query 4; either bit of a pair counts."""
    if answer is None or not valid(answer):
        return PaperState.UNKNOWN
    if answer & 0x60:
        return PaperState.OUT
    return PaperState.LOW if answer & 0x0C else PaperState.OK


@dataclass(frozen=True, slots=True)
class Reading:
    """Answers to the four queries; None where the printer was silent or was not asked."""

    printer: int | None = None
    offline_cause: int | None = None
    error_cause: int | None = None
    paper: int | None = None

    @property
    def offline(self) -> bool:
        return self.printer is not None and bool(self.printer & 0x08)

    @property
    def drawer_pin_high(self) -> bool | None:
        """Level of the drawer's sense pin; what it means is learnt at set-up."""
        return None if self.printer is None else bool(self.printer & 0x04)

    @property
    def silent(self) -> bool:
        return self.printer is None and self.paper is None and self.offline_cause is None


UNASKED = Reading()


@dataclass(frozen=True, slots=True)
class Verdict:
    state: PrintState
    cause: str  # One of outcome.CAUSES.


def verdict(reading: Reading) -> Verdict:
    """What the answers together mean; the most useful cause for the person at the printer first."""
    cause = reading.offline_cause or 0
    error = reading.error_cause or 0
    if cause & 0x04:
        return Verdict(PrintState.COVER_OPEN, "cover_open")
    if paper_state(reading.paper) is PaperState.OUT or cause & 0x20:
        return Verdict(PrintState.PAPER_OUT, "paper_out")
    if error & 0x08:
        return Verdict(PrintState.ERROR, "cutter")
    if error & 0x20:
        return Verdict(PrintState.ERROR, "unrecoverable")
    if error & 0x40:
        return Verdict(PrintState.ERROR, "head_hot")
    if cause & 0x40:
        return Verdict(PrintState.ERROR, "error")
    if reading.offline:
        return Verdict(PrintState.OFFLINE, "feeding" if cause & 0x08 else "offline")
    if reading.silent:
        return Verdict(PrintState.UNKNOWN, "unknown")
    return Verdict(PrintState.OK, "ok")
