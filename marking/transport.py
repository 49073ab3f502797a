"""From a scanner's bytes to the code's own text: encodings, invisible ends, AIM identifiers, leaked FNC1, GS as text.

Python's `str.strip()` is never used on a scan: it counts GS (1Dh) as white space.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from marking import data
from marking.charset import GS
from marking.errors import CodeError, ErrorKind
from marking.traced import Traced

MAX_BYTES = 512  # Longest frame taken: twice the longest code, even percent-encoded, stays below it.

_TABLE = tomllib.loads(data.read("transport.toml"))
_EDGE = "\ufeff\u200b\u200c\u200d\r\n\t \0"  # Editors and terminators leave these at either end.
_HEAD = re.compile(f"[{_EDGE}]+")
_TAIL = re.compile(f"[{_EDGE}]+\\Z")
_TAIL_GS = re.compile(f"[{_EDGE}{GS}]+\\Z")
_FNC1 = re.compile(f"[{GS}{_EDGE}\u00e8]+")  # U+00E8 = codeword 232 leaked as a Latin-1 letter.
_LEAKED_E8 = re.compile(rb"((?:\][A-Za-z][0-9A-Za-z])?\x1d*)\xe8(?![\x80-\xbf])")
_SAFE_GS = re.compile("|".join(map(re.escape, _TABLE["gs_text"]["safe"])), re.IGNORECASE)
_GUARDED_GS = re.compile("|".join(map(re.escape, _TABLE["gs_text"]["guarded"])))


@dataclass(frozen=True, slots=True)
class Aim:
    """What an AIM symbology identifier promises about the data after it."""

    id: str
    content: str  # "gs1", "plain" or "digits".
    lengths: tuple[int, ...]  # Of the digits, where content is "digits".
    linear: bool  # A linear GS1 symbol: elements without a serial number are no damage.


AIMS = {
    name: Aim(name, row["content"], tuple(row.get("lengths", ())), row.get("linear", False))
    for row in _TABLE["aim"]
    for name in row["id"]
}


@dataclass(frozen=True, slots=True)
class Received:
    """One frame without its wrapping."""

    body: Traced
    aim: Aim | None
    caps: bool  # The AIM identifier came with its case swapped, which only Caps Lock does.


def decode(raw: bytes) -> tuple[Traced, str]:
    """Text of a frame and its encoding: "ascii", "utf-8" or "cp1251".

    UTF-8 goes first and no code is read twice: text of a Cyrillic layout in cp1251 is never legal UTF-8, because the
    pairs that would be need letters (`ё`, `№`) no identification code produces.
    """
    if not raw:
        raise CodeError(ErrorKind.EMPTY, 0, "nothing was read")
    if len(raw) > MAX_BYTES:
        raise CodeError(ErrorKind.TOO_LONG, MAX_BYTES, f"{len(raw)} bytes; no code has more than {MAX_BYTES}")
    leaked = _LEAKED_E8.match(raw)
    gap = len(leaked[1]) if leaked else len(raw)  # From here on the text stands one place later in `raw`.
    rest = raw[:gap] + raw[gap + 1 :]
    for encoding in ("ascii", "utf-8", "cp1251"):
        try:
            text = rest.decode(encoding)
        except UnicodeDecodeError as error:
            fault = error.start + (error.start >= gap)
        else:
            at = [*range(gap), *range(gap + 1, len(text) + 1)] if leaked else range(len(text))
            return Traced(text, at, len(text) + (leaked is not None)), encoding
    raise CodeError(ErrorKind.ENCODING, fault, f"byte {raw[fault]:02X}h is no text in UTF-8 or cp1251")


def strip_ends(text: Traced) -> Traced:
    """Drop terminators and invisible characters at both ends; GS stays."""
    head, tail = _HEAD.match(text.text), _TAIL.search(text.text)
    start = head.end() if head else 0
    stop = tail.start() if tail else len(text.text)
    return text.cut(start, max(start, stop))


def unwrap(text: Traced) -> Received:
    """Take the transport form off: the body begins with the first character of the code."""
    body = text.substitute(_SAFE_GS, GS)
    aim: Aim | None = None
    caps = False
    body = _without_fnc1(body)
    mark = body.text[:3]
    if mark in AIMS:
        aim = AIMS[mark]
    elif mark.swapcase() in AIMS:
        aim, caps = AIMS[mark.swapcase()], True
    if aim:
        body = _without_fnc1(body.cut(3))
    tail = _TAIL_GS.search(body.text)
    return Received(body.cut(0, tail.start()) if tail else body, aim, caps)


def _without_fnc1(text: Traced) -> Traced:
    found = _FNC1.match(text.text)
    return text.cut(found.end()) if found else text


def guarded_gs(text: Traced, ais: frozenset[str]) -> Traced | None:
    """Turn `<GS>`, `%1D` and the like into GS where one of `ais` follows directly, and drop them in front of AI 01.

    None where there is nothing to turn. The caller must see the result fit a template: the same letters are legal data.
    """
    if not _GUARDED_GS.search(text.text):
        return None
    follows = "|".join(sorted(ais))
    lead = re.match(f"(?:(?:{_GUARDED_GS.pattern}))+(?=01[0-9]{{14}})", text.text)
    body = text.cut(lead.end()) if lead else text
    body = body.substitute(re.compile(f"(?:{_GUARDED_GS.pattern})(?={follows})"), GS)
    tail = re.search(f"(?:{_GUARDED_GS.pattern})+\\Z", body.text)
    return body.cut(0, tail.start()) if tail else body
