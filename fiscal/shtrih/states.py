"""Modes, submodes and sensors of a Shtrih-M register in the words of the driver. Pure.

Source: vendor's "Протокол работы ККТ 2.0" rev. 11, appendices 1 and 5 (github shtrih-m/javapos_shtrih, Doc/SHTRIH).
"""

from __future__ import annotations

from dataclasses import dataclass

from fiscal.device.looks import OpenDocument
from fiscal.documents import Paper, Waiting
from fiscal.shtrih.answers import FullState, State

MONEY_TWO_DECIMALS, OPTICAL_PAPER, COVER_OPEN = 1 << 4, 1 << 7, 1 << 10
ROLL_PRESENT = 1 << 1
MEMORY_SHIFT_OPEN, MEMORY_OVER_24_HOURS = 1 << 6, 1 << 7

OPEN_SHIFT, EXPIRED_SHIFT, CLOSED_SHIFT, DOCUMENT, ZEROED = 2, 3, 4, 8, 9
_SLIP_MODES = (13, 14, 15)
_REPORT_MODES = (11, 12)

READY, NO_PAPER, NO_PAPER_INSIDE, PAPER_BACK = 0, 1, 2, 3
_PRINTING = (4, 5)
LAST_PRINT_RUNS = 5

DOCUMENT_KINDS = {0: "sale", 1: "purchase", 2: "sale_return", 3: "purchase_return", 4: "non-fiscal"}

PERSON_MODES = {
    1: "it is giving out data: switch it off and on",
    5: "it is locked by a wrong password of the inspector",
    6: "it waits for its date to be confirmed",
    7: "it waits for the position of the decimal point",
    ZEROED: "its memory is damaged: a service case",
    10: "it makes a test run: stop it at the register",
}


@dataclass(frozen=True, slots=True)
class Sensors:
    """Which sensors there are: bits of the model parameters (F7h)."""

    optical: bool = True  # Of the receipt roll.
    roll: bool = False  # Weight of the roll: tells that it ends.
    cover: bool = True

    @classmethod
    def of_parameters(cls, bits: int) -> Sensors:
        return cls(optical=bool(bits & 1 << 3), roll=bool(bits & 1 << 1), cover=bool(bits & 1 << 4))


def mode(state: State) -> int:
    return state.mode & 0x0F


def document(state: State) -> OpenDocument | None:
    """The document that stands open. What it adds up to is not looked for: it is cancelled whatever that is."""
    if mode(state) == DOCUMENT:
        return OpenDocument(DOCUMENT_KINDS.get(state.mode >> 4, "unknown"))
    return OpenDocument("slip") if mode(state) in _SLIP_MODES else None


def waiting(state: State) -> Waiting | None:
    """What it stands still for."""
    if state.submode in _PRINTING or mode(state) in _REPORT_MODES:
        return Waiting.PRINTING
    if state.submode == READY and state.last_print == LAST_PRINT_RUNS:
        return Waiting.PRINTING
    if state.submode == PAPER_BACK:
        return Waiting.CONTINUE
    # Without paper outside an operation nothing waits, unless a document is open that cannot go on.
    if state.submode == NO_PAPER_INSIDE or (state.submode == NO_PAPER and document(state) is not None):
        return Waiting.PAPER
    return Waiting.PERSON if mode(state) in PERSON_MODES else None


def paper(state: State, sensors: Sensors) -> Paper:
    if state.submode in (NO_PAPER, NO_PAPER_INSIDE):
        return Paper.OUT
    if not sensors.optical:
        return Paper.UNKNOWN
    if not state.flags & OPTICAL_PAPER:
        return Paper.OUT
    return Paper.LOW if sensors.roll and not state.flags & ROLL_PRESENT else Paper.OK


def cover_open(state: State, sensors: Sensors) -> bool | None:
    return bool(state.flags & COVER_OPEN) if sensors.cover else None


def shift_open(full: FullState) -> bool:
    """By the mode; where that tells nothing, by the flag of the fiscal memory."""
    now = mode(full.state)
    if now in (OPEN_SHIFT, EXPIRED_SHIFT, DOCUMENT, *_SLIP_MODES):
        return True
    return now != CLOSED_SHIFT and bool(full.memory_flags & MEMORY_SHIFT_OPEN)


def shift_expired(full: FullState) -> bool:
    return mode(full.state) == EXPIRED_SHIFT or (
        mode(full.state) in (OPEN_SHIFT, DOCUMENT) and bool(full.memory_flags & MEMORY_OVER_24_HOURS)
    )
