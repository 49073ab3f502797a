"""Answers of Shtrih-M registers as values. Pure; every parser takes what follows the error byte of a good answer.

AnswerShort for an answer that is too short for what it must hold: one more way of getting no answer.
Sources: vendor's "Протокол работы ККТ 2.0" rev. 11, "Команды работы с ФН", "Схемы работы с драйвером JPOS v.2" (github
shtrih-m/javapos_shtrih, Doc/SHTRIH). The two bytes behind the length in FF61 stand in the order of the text, storage
code and then result: the driver of the same repository reads them the other way round, the capture in github
shtrih-m/fr_drv_ng issue 145 fits the text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

NO_NUMBER = 0xFFFFFFFF  # A factory number that was never entered.


class AnswerShort(ValueError):
    """An answer without the fields of its command."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of any answer."""

    error: int
    body: bytes


def answer(payload: bytes, head: bytes) -> Answer:
    """Take an answer to the command `head` apart. AnswerShort when it holds no error byte or another code."""
    at = len(head)
    if payload[:at] != head or len(payload) <= at:
        raise AnswerShort(f"{payload[: at + 1].hex(' ')} answers {head.hex()}")
    return Answer(payload[at], payload[at + 1 :])


def _need(body: bytes, size: int, what: str) -> None:
    if len(body) < size:
        raise AnswerShort(f"{what} wants {size} bytes, there are {len(body)}")


def _int(body: bytes, at: int, size: int) -> int:
    return int.from_bytes(body[at : at + size], "little")


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> dt.datetime | None:
    """None for zeros and other times that never were."""
    try:
        return dt.datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is a setting
    except ValueError:
        return None


def _storage_moment(body: bytes, at: int) -> dt.datetime | None:
    """YY MM DD HH mm of the fiscal storage."""
    return _moment(*body[at : at + 5]) if len(body) >= at + 5 else None


@dataclass(frozen=True, slots=True)
class State:
    """Answer to 10h: what the register is doing."""

    flags: int
    mode: int  # Low nibble the mode, high nibble its status.
    submode: int
    last_print: int | None = None  # 0 done, 1 paper, 2 printer, 5 printing; newer models.


def short_state(body: bytes) -> State:
    _need(body, 14, "10h")
    return State(_int(body, 1, 2), body[3], body[4], body[14] if len(body) > 14 else None)


@dataclass(frozen=True, slots=True)
class FullState:
    """Answer to 11h."""

    state: State
    document: int  # Running number of the last document, 0 to 9999.
    clock: dt.datetime | None
    memory_flags: int  # Of the fiscal memory: 6 shift open, 7 over 24 hours.
    serial: int | None
    last_shift: int  # Last closed one.
    firmware: str = ""  # "A.3 build 4711".


def full_state(body: bytes) -> FullState:
    _need(body, 46, "11h")
    day, month, year, hour, minute, second = body[23:29]
    serial = _int(body, 30, 4)
    return FullState(
        State(_int(body, 11, 2), body[13], body[14]),
        _int(body, 9, 2),
        _moment(year, month, day, hour, minute, second),
        body[29],
        None if serial == NO_NUMBER else serial,
        _int(body, 34, 2),
        _firmware(body),
    )


def _firmware(body: bytes) -> str:
    """Two letters of the version and the build; the date of the build tells a technician nothing more."""
    version = body[1:3].decode("cp1251", "replace")
    return f"{version[0]}.{version[1]} build {_int(body, 3, 2)}" if version.isprintable() else ""


def register_value(body: bytes, size: int) -> int:
    """1Ah (6 bytes) and 1Bh (2 bytes): behind the operator."""
    _need(body, 1 + size, "a register")
    return _int(body, 1, size)


def subtotal(body: bytes) -> int:
    """89h."""
    _need(body, 6, "89h")
    return _int(body, 1, 5)


def change(body: bytes) -> int:
    """85h: money to hand back."""
    _need(body, 6, "85h")
    return _int(body, 1, 5)


def document_number(body: bytes) -> int | None:
    """50h and 51h."""
    return _int(body, 1, 2) if len(body) >= 3 else None


@dataclass(frozen=True, slots=True)
class LongNumbers:
    """Answer to 0Fh: numbers of the CIS models."""

    serial: int | None
    registration: int | None


def long_numbers(body: bytes) -> LongNumbers:
    _need(body, 14, "0Fh")
    serial, registration = _int(body, 0, 7), _int(body, 7, 7)
    empty = (0, (1 << 56) - 1)
    return LongNumbers(None if serial in empty else serial, None if registration in empty else registration)


@dataclass(frozen=True, slots=True)
class DeviceType:
    """Answer to FCh."""

    type: int  # 0: cash register.
    major: int  # Of the protocol.
    minor: int
    model: int
    language: int  # 3: Kazakh.
    name: str


def device_type(body: bytes) -> DeviceType:
    _need(body, 6, "FCh")
    name = body[6:].split(b"\0")[0].decode("cp1251", "replace")
    return DeviceType(body[0], body[2], body[3], body[4], body[5], name)


def parameter_bits(body: bytes) -> int:
    """F7h of type 1: bits 1 weight sensor of the receipt roll, 3 its optical sensor, 4 cover sensor."""
    _need(body, 8, "F7h")
    return _int(body, 0, 8)


@dataclass(frozen=True, slots=True)
class Storage:
    """Answer to FF01."""

    document: int  # 0 none open, 4 receipt.
    shift_open: bool
    warnings: int
    number: str  # Sixteen digits.
    last_fd: int


def storage(body: bytes) -> Storage:
    _need(body, 30, "FF01")
    number = body[10:26].decode("ascii", "replace").strip("\0 ")
    return Storage(body[1], body[3] != 0, body[4], number, _int(body, 26, 4))


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """Answer to FF0A. `operation` and `sum` of receipts only."""

    type: int  # 2 shift opened, 3 receipt, 4 form, 5 shift closed, 20 correction.
    fd: int
    sign: int
    at: dt.datetime | None
    confirmed: bool  # By the OFD.
    operation: int | None = None  # 1 income, 2 return of income.
    sum: int | None = None


def stored_document(body: bytes) -> StoredDocument:
    _need(body, 15, "FF0A")
    receipt = len(body) >= 21
    return StoredDocument(
        body[0],
        _int(body, 7, 4),
        _int(body, 11, 4),
        _storage_moment(body, 2),
        body[1] != 0,
        body[15] if receipt else None,
        _int(body, 16, 5) if receipt else None,
    )


@dataclass(frozen=True, slots=True)
class OfdQueue:
    """Answer to FF39."""

    waiting: int
    first_fd: int
    first_at: dt.datetime | None


def ofd_queue(body: bytes) -> OfdQueue:
    _need(body, 13, "FF39")
    return OfdQueue(_int(body, 2, 2), _int(body, 4, 4), _storage_moment(body, 8))


@dataclass(frozen=True, slots=True)
class ShiftNumbers:
    """Answer to FF40."""

    open: bool
    shift: int
    receipt: int


def shift_numbers(body: bytes) -> ShiftNumbers:
    _need(body, 5, "FF40")
    return ShiftNumbers(body[0] != 0, _int(body, 1, 2), _int(body, 3, 2))


def unconfirmed(body: bytes) -> int:
    """FF3F."""
    _need(body, 2, "FF3F")
    return _int(body, 0, 2)


@dataclass(frozen=True, slots=True)
class ClosedReceipt:
    """Answer to FF45. The first form of the command tells the change alone."""

    change: int
    fd: int | None
    sign: int | None
    at: dt.datetime | None


def closed_receipt(body: bytes) -> ClosedReceipt:
    _need(body, 5, "FF45")
    if len(body) < 13:
        return ClosedReceipt(_int(body, 0, 5), None, None, None)
    return ClosedReceipt(_int(body, 0, 5), _int(body, 5, 4), _int(body, 9, 4), _storage_moment(body, 13))


@dataclass(frozen=True, slots=True)
class MarkCheck:
    """Answer to FF61."""

    local: int  # Bits of the check with the key in the storage.
    reason: int  # Why that was not made: 0 it was.
    type: int
    storage_code: int | None  # Of the question to the server; FFh: no answer in time. None: works alone.
    result: int | None  # Bits of the whole check.


def mark_check(body: bytes) -> MarkCheck:
    _need(body, 4, "FF61")
    extra = body[4:] if body[3] else b""
    return MarkCheck(body[0], body[1], body[2], extra[0] if extra else None, extra[1] if len(extra) > 1 else None)


@dataclass(frozen=True, slots=True)
class MarkBuffer:
    """Answer to FF70."""

    state: int  # 0 blocked or full, 1 nothing under way, 2 to 4 a check under way.
    saved: int  # Codes accepted and not yet in a receipt.


def mark_buffer(body: bytes) -> MarkBuffer:
    _need(body, 4, "FF70")
    return MarkBuffer(body[0], body[3])
