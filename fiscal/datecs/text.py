"""Text on a Datecs printer: code page, lines of limited width, marking codes cut so that nothing is lost. Pure.

Free text is cut silently at two columns less than the paper has (V1 and V2, command 54), so a marking code goes as
several lines: `M:` begins one, `M+` goes on. That form is ours, not the vendor's; no Datecs document has a field for
marking codes. GS (1Dh) cannot travel in text.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from enum import StrEnum

GS = "\x1d"
MARK_BEGINS, MARK_GOES_ON = "M:", "M+"

# Letters of Kazakh that code page 1251 lacks, by the nearest it has, and digits in the names of units. The page of
# Kazakhstan, KZ-1048, has the letters.
_NEAREST = str.maketrans("ӘәҒғҚқҢңӨөҰұҮүҺһ²³₂", "АаГгКкНнОоУуУуХх232")


class GsForm(StrEnum):
    """What stands for GS in a printed code."""

    STRIP = "strip"
    BLANK = "blank"
    BAR = "bar"


_GS = {GsForm.STRIP: "", GsForm.BLANK: " ", GsForm.BAR: "|"}


def encode(text: str, codepage: str) -> bytes:
    """Text in the printer's code page; what it lacks by the nearest letter, or a question mark."""
    try:
        return text.encode(codepage)
    except UnicodeEncodeError:
        return text.translate(_NEAREST).encode(codepage, "replace")


def decode(raw: bytes, codepage: str) -> str:
    return raw.decode(codepage, "replace")


def mark_lines(code: str, width: int, gs: GsForm) -> Iterator[str]:
    """A marking code as lines of at most `width` characters that hold all of it, in order."""
    shown = code.replace(GS, _GS[gs])
    room = width - len(MARK_BEGINS)
    for at in range(0, len(shown), room):
        yield (MARK_GOES_ON if at else MARK_BEGINS) + shown[at : at + room]


def name_lines(name: str, first: int, width: int) -> list[str]:
    """A name as a line of at most `first` characters and further ones of at most `width`, cut between words."""
    name = " ".join(name.split())
    if len(name) <= first:
        return [name]
    head = textwrap.wrap(name, first, break_on_hyphens=False)[0]
    return [head, *textwrap.wrap(name[len(head) :].strip(), width, break_on_hyphens=False)]
