"""The task queue above ATOL's packets: what a host says to it, and what it says of a task. Pure.

    C1 flags, task, command   add a task        C2 task   its result is known, forget it
    C3 task                   how does it stand C4        forget all of them

    A1 pending  A2 in progress  A8 waits for data   the result comes as an event (packet F0)
    A3 result   A4 error        A5 task: stopped, an earlier one failed
    A6 task, result             A7 task, error      the events
    B1 overflow  B2 it exists already  B3 it is not known  B4 illegal value

Source: github Zzzzipper/projects, firmware-usbhost/common/fiscal_register/atol (AtolProtocol.h, AtolTaskLayer.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fiscal.atol.packets import ID_EVENT, Packet

TASK_LAST = 0xDE  # 01 follows.

NEED_RESULT = 0x01
IGNORE_ERROR = 0x02  # Run although an earlier task failed: each one of ours is answered before the next is sent.

_ADD, _ACKNOWLEDGE, _ASK, _ABORT = 0xC1, 0xC2, 0xC3, 0xC4


class State(IntEnum):
    PENDING = 0xA1
    IN_PROGRESS = 0xA2
    DONE = 0xA3
    FAILED = 0xA4
    STOPPED = 0xA5
    WAITING = 0xA8
    OVERFLOW = 0xB1
    EXISTS = 0xB2
    UNKNOWN = 0xB3
    ILLEGAL = 0xB4

    @property
    def is_running(self) -> bool:
        return self in _RUNNING

    @property
    def is_final(self) -> bool:
        """Its result, or its error, stands in the data."""
        return self in _FINAL


_RUNNING = frozenset({State.PENDING, State.IN_PROGRESS, State.WAITING})
_FINAL = frozenset({State.DONE, State.FAILED})
_STATES = {int(state): state for state in State}
_EVENTS = {0xA6: State.DONE, 0xA7: State.FAILED}


@dataclass(frozen=True, slots=True)
class Word:
    """What the register says of a task."""

    state: State
    data: bytes = b""
    task: int | None = None  # Of an event; an answer belongs to what was asked in its packet.


def add(task: int, command: bytes) -> bytes:
    return bytes((_ADD, NEED_RESULT | IGNORE_ERROR, task)) + command


def acknowledge(task: int) -> bytes:
    return bytes((_ACKNOWLEDGE, task))


def ask(task: int) -> bytes:
    return bytes((_ASK, task))


def abort() -> bytes:
    return bytes((_ABORT,))


def read(packet: Packet) -> Word | None:
    """What a packet says; None when it is nothing known."""
    data = packet.data
    if not data:
        return None
    if packet.id == ID_EVENT:
        state = _EVENTS.get(data[0])
        return None if state is None or len(data) < 2 else Word(state, data[2:], data[1])
    found = _STATES.get(data[0])
    if found is None:
        return None
    if found is State.STOPPED:
        return Word(found, data[2:], data[1] if len(data) > 1 else None)
    return Word(found, data[1:])
