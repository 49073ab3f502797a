"""Answers of ATOL's command layer as values. Pure.

    55 | error | ...        most of them; 3F answers 44 ..., 4D answers 4D ... when they succeed

Sources: github Zzzzipper/projects, firmware-usbhost/common/fiscal_register/atol/AtolProtocol.h; github kurbatov/atol4j
(flags of 3Fh, answers of 4Dh and 99h).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from fiscal.atol import bcd, tlv

_WORD = 0x55
_HEADS = {"3F": 0x44, "4D": 0x4D}
_CENTURY = 2000

SHIFT_OPEN, PAPER, COVER_OPEN = 0x02, 0x08, 0x20  # Flags of 3F.
_PRINTING = frozenset({(3, 2), (7, 1)})  # Mode and submode: a report is on its way.

OPENING, RECEIPT_FORM, CLOSING = 2, 3, 5  # Types of stored documents: a shift's opening, a receipt, a shift's closing.

# Tags of a document.
AT, NUMBER, SIGN, SHIFT, RECEIPT, OPERATION, TOTAL, REGISTRATION = 1012, 1040, 1077, 1038, 1042, 1054, 1020, 1037


class AnswerMalformed(ValueError):
    """Not what this command answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    error: int
    body: bytes


def answer(code: str, data: bytes) -> Answer:
    """Take the result of a task apart. AnswerMalformed for one that cannot be this command's."""
    head = _HEADS.get(code)
    if head is not None and data[:1] == bytes((head,)):
        return Answer(0, data[1:])
    if len(data) < 2 or data[0] != _WORD:
        raise AnswerMalformed(f"{data.hex()} is no answer to {code}")
    if head is not None and not data[1]:
        raise AnswerMalformed(f"{data.hex()} holds no answer to {code}")
    return Answer(data[1], data[2:])


@dataclass(frozen=True, slots=True)
class Status:
    """3F."""

    at: dt.datetime | None  # Wall clock; None when it shows no date.
    flags: int
    serial: str
    mode: int
    submode: int
    receipt_number: int
    shift: int  # The open one; the next while none is.
    receipt_type: int  # 0: none is open.
    receipt_sum: int

    @property
    def shift_open(self) -> bool:
        return bool(self.flags & SHIFT_OPEN)

    @property
    def paper(self) -> bool:
        return bool(self.flags & PAPER)

    @property
    def cover_open(self) -> bool:
        return bool(self.flags & COVER_OPEN)

    @property
    def printing(self) -> bool:
        return (self.mode, self.submode) in _PRINTING


def status(body: bytes) -> Status:
    if len(body) < 29:
        raise AnswerMalformed(f"a state of {len(body)} bytes")
    mode = body[16]
    return Status(
        at=_moment(body[2:8]),
        flags=body[8],
        serial=f"{_number(body[9:13]):08}",
        mode=mode & 0x0F,
        submode=mode >> 4,
        receipt_number=_number(body[17:19]),
        shift=_number(body[19:21]),
        receipt_type=body[21],
        receipt_sum=_number(body[22:27]),
    )


@dataclass(frozen=True, slots=True)
class LastDocument:
    """91 34: number, of a receipt its type and total; zero for other documents."""

    number: int
    type: int
    total: int
    at: dt.datetime | None
    sign: int


def last_document(body: bytes) -> LastDocument:
    if len(body) < 23:
        raise AnswerMalformed(f"a document of {len(body)} bytes")
    day, month, year, hour, minute = body[13:18]
    return LastDocument(
        number=_number(body[:5]),
        type=body[5],
        total=_number(body[6:13]),
        at=_moment(bytes((year, month, day, hour, minute, 0))),
        sign=_number(body[18:23]),
    )


def number(body: bytes) -> int:
    """A register of any width, the drawer."""
    return _number(body)


def text(body: bytes) -> str:
    """Number of the fiscal storage."""
    try:
        return body.decode("ascii").strip(" \0")
    except UnicodeDecodeError:
        raise AnswerMalformed(f"{body.hex()} is no number of a storage") from None


def document_type(body: bytes) -> int:
    """A4 45: 2 opening of a shift, 3 receipt, 5 closing of a shift, others; its size follows."""
    if len(body) < 4:
        raise AnswerMalformed(f"the size of a document in {len(body)} bytes")
    return int.from_bytes(body[:2], "big")


@dataclass(frozen=True, slots=True)
class Document:
    """What tags of a stored document say; None and "" for what is not there."""

    number: int
    type: int
    at: dt.datetime | None
    sign: str
    shift: int | None
    receipt: int | None
    operation: int | None  # Tag 1054: 1 sale, 2 sale return.
    total: int | None
    registration: str


def document(number: int, kind: int, tags: Mapping[int, bytes]) -> Document:
    return Document(
        number=number,
        type=kind,
        at=_unix(tags.get(AT)),
        sign="" if SIGN not in tags else str(int.from_bytes(tags[SIGN][-4:], "big")),
        shift=_little(tags.get(SHIFT)),
        receipt=_little(tags.get(RECEIPT)),
        operation=_little(tags.get(OPERATION)),
        total=_little(tags.get(TOTAL)),
        registration=tags.get(REGISTRATION, b"").decode("cp866").strip(),
    )


def tags(data: bytes) -> dict[int, bytes]:
    return dict(tlv.decode(data))


def _number(data: bytes) -> int:
    try:
        return bcd.decode(data)
    except ValueError as wrong:
        raise AnswerMalformed(str(wrong)) from None


def _moment(six: bytes) -> dt.datetime | None:
    """Year, month, day, hour, minute, second in BCD; None for what is no moment."""
    try:
        year, month, day, hour, minute, second = (bcd.decode(bytes((part,))) for part in six)
        return dt.datetime(_CENTURY + year, month, day, hour, minute, second)  # noqa: DTZ001 - the register's wall clock
    except ValueError:
        return None


def _unix(value: bytes | None) -> dt.datetime | None:
    """Seconds since 1970 by the wall clock."""
    if value is None or len(value) != 4:
        return None
    return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=int.from_bytes(value, "little"))  # noqa: DTZ001 - as above


def _little(value: bytes | None) -> int | None:
    return None if value is None or not value else int.from_bytes(value, "little")
