"""An export of the registry, however long, record by record; a record to what the registry says of a code. Pure.

The export is one JSON: `{"results": [record, ...]}`, or the bare array. Only one record is ever held.
Source: description of the IS MPT API, role "user", xTrace 1.0 of 31.10.2025 (MarkSolutions), full look-up and exports.
"""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marking.statuses import CodeStatus, Status
from sync.hq.imports.marks import read_mark
from sync.hq.imports.values import SURROGATES, Trouble
from sync.hq.witness import US_PER_S, Standing, UnitStatus
from sync.zone import ZONE

RECORD_CHARS_MAX = 16 * 1024 * 1024  # A pallet lists its children.
HEAD_CHARS_MAX = 64 * 1024
_LIST = re.compile(r'\s*(?:\[|\{.*?"(?:results|codes)"\s*:\s*\[)', re.IGNORECASE | re.DOTALL)
_BETWEEN = re.compile(r"[\s,]*")
_BLOCKS = ("codeData", "productData", "packageData", "markingData", "turnoverData")
_RANK: Mapping[UnitStatus, int] = {
    UnitStatus.NOT_FOUND: 0,
    UnitStatus.ISSUED: 1,
    UnitStatus.APPLIED: 2,
    UnitStatus.IN_CIRCULATION: 3,
    UnitStatus.WITHDRAWN: 4,
    UnitStatus.WRITTEN_OFF: 4,
    UnitStatus.DISAGGREGATED: 4,
}


@dataclass(frozen=True, slots=True)
class Record:
    value: Any


@dataclass(frozen=True, slots=True)
class Ended:
    """The list is over."""


@dataclass(frozen=True, slots=True)
class Broken:
    """No further record can be told apart."""

    text: str


Event = Record | Ended | Broken


class Records:
    """Accepts any chunking; any bytes give events and never an exception."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._inside = False
        self._over: Event | None = None
        self._more = True
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()

    def receive(self, data: bytes) -> None:
        """`b""` says that there is no more."""
        self._text, self._at = self._text[self._at :], 0
        self._more = bool(data)
        try:
            self._text += self._decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            self._over = self._over or Broken("the export is not UTF-8")

    def next_event(self) -> Event | None:
        """None: need more."""
        if self._over is not None:
            return self._over
        if not self._inside and not self._enter():
            return self._short(HEAD_CHARS_MAX, "no list of codes in it")
        self._at = self._after_blanks()
        if self._text.startswith("]", self._at):
            self._over = Ended()
            return self._over
        if not self._text.startswith("{", self._at):
            return self._short(0 if self._at < len(self._text) else 1, "something else than a record in the list")
        try:
            value, self._at = self._json.raw_decode(self._text, self._at)
        except ValueError:
            return self._short(RECORD_CHARS_MAX, "a record that is not JSON, or does not end")
        except RecursionError:
            return self._broken("a record is nested without end")
        return Record(value)

    def _enter(self) -> bool:
        found = _LIST.match(self._text[:HEAD_CHARS_MAX])
        if found is None:
            return False
        self._at, self._inside = found.end(), True
        return True

    def _after_blanks(self) -> int:
        found = _BETWEEN.match(self._text, self._at)
        return self._at if found is None else found.end()

    def _short(self, most: int, text: str) -> Event | None:
        """Wait for more, unless there is none or it would be beyond measure."""
        if self._more and len(self._text) - self._at < most:
            return None
        return self._broken(text if self._more else f"the export ends early: {text}")

    def _broken(self, text: str) -> Event:
        self._over = Broken(text)
        return self._over


def standing_of(
    value: Any, *, observed_at: int, source: str, row: int, neutral: Callable[[str], Status]
) -> tuple[Standing, str]:
    """What the record says, on the day of the observation, and a doubt about its code ("" none). Raises Trouble."""
    if not isinstance(value, dict):
        raise Trouble("row", "is no object")
    blocks = {name: value[name] for name in _BLOCKS if isinstance(value.get(name), dict)}
    code = _text(blocks.get("codeData", value), "code")
    word = _text(blocks.get("codeData", value), "status")
    if not code or not word:
        raise Trouble("missing", "a record has no code or no status", "codeData", value.get("codeData"))
    if SURROGATES.search(code + word):
        raise Trouble("encoding", "half a character stands in it", "codeData")
    mark = read_mark(code)
    if mark is None:
        raise Trouble("missing", "is no code", "codeData.code", code)
    product, turnover = blocks.get("productData", value), blocks.get("turnoverData", {})
    withdrawn = _moment(blocks.get("markingData", {}), "receiptDate") or _moment(turnover, "withdrawalDate")
    standing = Standing(
        day=_day(observed_at),
        ki=mark.ki,
        gtin=_text(product, "gtin") or mark.gtin,
        status=UnitStatus(neutral(word).value),
        raw_status=word,
        status_at=withdrawn,
        expires_at=_moment(product, "expirationDate"),
        observed_at=observed_at,
        source=source,
        source_row=row,
    )
    return standing, mark.remark


def standing_of_status(status: CodeStatus, *, observed_at: int, source: str, row: int) -> Standing:
    """The same of a short answer."""
    expires = 0 if status.expires_on is None else _moment({"at": status.expires_on}, "at")
    return Standing(
        day=_day(observed_at),
        ki=status.ki,
        gtin=status.gtin or "",
        status=UnitStatus(status.status.value),
        raw_status=status.raw_status,
        status_at=0,
        expires_at=expires,
        observed_at=observed_at,
        source=source,
        source_row=row,
    )


def went_back(before: UnitStatus, after: UnitStatus) -> bool:
    """Did a code move against the course of its life? After a return that is right; otherwise somebody must look."""
    return before in _RANK and after in _RANK and _RANK[after] < _RANK[before]


def _text(block: Mapping[str, Any], name: str) -> str:
    value = block.get(name)
    return value.strip(" ") if isinstance(value, str) else ""  # Not strip(): it would eat a separator of a code.


def _moment(block: Mapping[str, Any], name: str) -> int:
    """UTC microseconds; 0 for none and for what is no moment."""
    value = block.get(name)
    if not isinstance(value, str):
        return 0
    try:
        at = dt.datetime.fromisoformat(value)
        return round((at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp()) * US_PER_S
    except (ValueError, OverflowError):
        return 0


def _day(at: int) -> dt.date:
    return dt.datetime.fromtimestamp(at // US_PER_S, ZONE).date()
