"""Text for Shtrih-M registers: WIN1251, with the Kazakh letters in the bytes of KZ-1048 or as Russian ones. Pure.

The vendor documents WIN1251 alone and a device language "Kazakh" without its bytes, so letters are replaced unless the
set-up says otherwise, and every replacement is reported. That KZ-1048 is meant is likely: the public table dump of a
ШТРИХ-ON-LINE holds "ТӨЛЕМАҚЫ КАРТАМЕН" with A5 for Ө and 8D for Қ (github VitalyKravtsov2016/OposWebkassa,
doc/Webkassa/2.0.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from fiscal.escpos.text import Method, TextEncoder, page


class Kazakh(StrEnum):
    KZ1048 = "kz1048"
    SUBSTITUTE = "substitute"


@dataclass(frozen=True, slots=True)
class Text:
    data: bytes
    changed: tuple[tuple[str, str], ...] = ()  # (wanted, sent) letters.


@cache
def _encoder(kazakh: Kazakh) -> TextEncoder:
    return TextEncoder(page("kz1048" if kazakh is Kazakh.KZ1048 else "cp1251"), {Method.PAGE, Method.SUBSTITUTE})


def text(value: str, kazakh: Kazakh, most: int) -> Text:
    """The bytes of a text, cut at `most`. Control characters become blanks: 01 to 09 would choose a font."""
    encoded = _encoder(kazakh).encode(value)
    changed = (*encoded.substituted, *((letter, "?") for letter in encoded.missing))
    return Text(encoded.data[:most].rstrip(), changed)


def code_bytes(code: str) -> bytes | None:
    """A marking code exactly as scanned, GS included; None for one that is no ASCII."""
    return code.encode("ascii") if code.isascii() else None
