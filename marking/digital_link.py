"""GS1 Digital Link: `https://host/…/01/{gtin}/21/{serial}?91=…&92=…` to an element string.

Paths and values are percent-decoded once; `+` stays `+`, since a link is no form. The host says nothing.
Source: GS1 Digital Link Standard: URI Syntax 1.2.
"""

from __future__ import annotations

import re

from marking.charset import GS, is_digits
from marking.elements import DICTIONARY
from marking.errors import ErrorKind
from marking.gs1 import GTIN_LENGTH
from marking.traced import Traced

_LINK = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_PRODUCT = re.compile(r"/(?:01|gtin)/")
_SEGMENT = re.compile(r"[^/]+")
_PAIR = re.compile(r"([^=&]+)=([^&]*)")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_OLD_NAMES = {"gtin": "01", "ser": "21", "lot": "10"}
_GTIN_LENGTHS = range(8, GTIN_LENGTH + 1)


def from_link(body: Traced) -> Traced | None:
    """The element string of a link that names a GTIN; None for any other text.

    CodeError STRUCTURE for a GTIN that is no number of 8 to 14 digits, UNKNOWN_AI for a path of another key.
    """
    link = _LINK.match(body.text)
    fragment = body.text.find("#")
    stop = fragment if fragment >= 0 else len(body.text)
    query = body.text.find("?", 0, stop)
    path_stop = query if query >= 0 else stop
    product = _PRODUCT.search(body.text, link.end(), path_stop) if link else None
    if product is None:
        return None
    pairs = _path(body, product.start() + 1, path_stop)
    if query >= 0:
        pairs += [
            (pair[1], _decoded(body.cut(*pair.span(2))))
            for pair in _PAIR.finditer(body.text, query + 1, stop)
            if pair[1] in DICTIONARY
        ]
    return _assemble(body, pairs)


def _path(body: Traced, start: int, stop: int) -> list[tuple[str, Traced]]:
    segments = list(_SEGMENT.finditer(body.text, start, stop))
    pairs: list[tuple[str, Traced]] = []
    for name, value in zip(segments[::2], segments[1::2], strict=False):
        ai = _OLD_NAMES.get(name[0], name[0])
        if ai not in DICTIONARY:
            raise body.error(ErrorKind.UNKNOWN_AI, name.start(), f"the link names the unknown key {name[0]!r}")
        pairs.append((ai, _decoded(body.cut(*value.span()))))
    return pairs


def _decoded(value: Traced) -> Traced:
    text: list[str] = []
    at: list[int] = []
    last = 0
    for found in _ESCAPE.finditer(value.text):
        text += (value.text[last : found.start()], chr(int(found[1], 16)))
        at += (*value.at[last : found.start()], value.place(found.start()))
        last = found.end()
    return Traced("".join(text) + value.text[last:], [*at, *value.at[last:]], value.end)


def _assemble(body: Traced, pairs: list[tuple[str, Traced]]) -> Traced:
    text, gap = "", ""
    at: list[int] = []
    for ai, value in pairs:
        literal, digits = gap + ai, value.text
        if ai == "01":
            if len(digits) not in _GTIN_LENGTHS or not is_digits(digits):
                raise value.error(
                    ErrorKind.STRUCTURE, 0, f"the link's GTIN {digits[:20]!r} is no number of 8 to 14 digits"
                )
            literal += "0" * (GTIN_LENGTH - len(digits))
        text += literal + digits
        at += [value.place(0)] * len(literal)
        at += value.at
        gap = "" if DICTIONARY[ai].fixed else GS
    return Traced(text, at, body.end)
