"""Text for ATOL registers: CP866 in the vendor's form, Kazakh letters as Russian ones, every replacement told. Pure.

`№` stands where ASCII has the dollar, the dollar at FCh (github kurbatov/atol4j, ExternalCharset; a public client of
the older link layer in Pascal, unit dant_AtolFRDevice, swaps the two as well). No source shows Kazakh letters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fiscal.escpos.text import Method, Page, TextEncoder, page

_NUMERO, _DOLLAR = 0x24, 0xFC


@dataclass(frozen=True, slots=True)
class Text:
    data: bytes
    changed: tuple[tuple[str, str], ...] = ()  # (wanted, sent) letters.


@cache
def _encoder() -> TextEncoder:
    base = page("cp866")
    table = {**base.table, "№": _NUMERO, "$": _DOLLAR}
    return TextEncoder(Page("atol", MappingProxyType(table), base.alias), {Method.PAGE, Method.SUBSTITUTE})


def text(value: str, most: int) -> Text:
    """The bytes of a text, cut at `most`. Control characters become blanks."""
    encoded = _encoder().encode(value)
    changed = (*encoded.substituted, *((letter, "?") for letter in encoded.missing))
    return Text(encoded.data[:most].rstrip(), changed)
