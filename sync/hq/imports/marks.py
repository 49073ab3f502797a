"""A mark as an operator or a vendor shows it, brought to the identification code (KI) the till files it under. Pure.

A full code or a KI, with its separators kept, lost or replaced by a visible character, gives the same KI. What cannot
be read stays as it was told: beside the till's code the comparison then shows what became of it on the way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from marking import CodeError, CodeKind, ReadContext, Source, parse

GS = "\x1d"
KI_LENGTH_MAX = 200
NO_MARK = frozenset({"", "0", "-", "—", "нет", "жоқ", "n/a", "null", "none"})
_CONTEXT = ReadContext(source=Source.API)
# Separators a cell may keep instead of GS, beside those `marking` repairs: what an XML writer makes of a control
# character (ECMA-376 part 1, 22.9.2.19), its picture (U+241D), and the name of it.
_WRITTEN_GS = re.compile(r"_x001[dD]_|\u241d|\\x1d|\\u001d|<GS>|\{GS\}|\[GS\]|&#29;|&#x1[dD];|\^\]")


@dataclass(frozen=True, slots=True)
class Mark:
    ki: str
    gtin: str  # 14 digits; "" when the text does not say.
    remark: str = ""  # Why the reading is not sure: "mark-damaged", "mark-two-readings", "mark-no-unit".


def read_mark(text: str) -> Mark | None:
    """None: there is no mark. Never an exception, whatever the text."""
    if text.strip(" \t\r\n").lower() in NO_MARK:
        return None
    return _read(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Mark:
    known = _WRITTEN_GS.sub(GS, text.strip(" \t\r\n"))
    try:
        code = parse(known.encode("utf-8", "surrogateescape"), _CONTEXT)
    except (CodeError, UnicodeEncodeError):
        return _damaged(known)
    if code.kind is CodeKind.OPAQUE:
        return _damaged(known)
    if code.ki is None:  # A shelf code of goods stands where a unit's should.
        return Mark(_kept(known), code.gtin or "", "mark-no-unit")
    return Mark(code.ki, code.gtin or "", "mark-two-readings" if code.confirm else "")


def _damaged(text: str) -> Mark:
    return Mark(_kept(text), "", "mark-damaged")


def _kept(text: str) -> str:
    """The text as a key: without its check part where a separator shows it, and nothing that is no text."""
    head = text.lstrip(GS).partition(GS)[0] or text
    return head.encode("utf-8", "backslashreplace").decode()[:KI_LENGTH_MAX]
