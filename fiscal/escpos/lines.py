"""What a receipt is made of, before any printer is known: text lines, rules, symbols, cuts, drawer pulses, feeds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LINE_DOTS = 30  # Line spacing of ESC/POS printers after a reset, 203 dpi.


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Font(StrEnum):
    """The two fonts of every ESC/POS printer: A is 12 dots a cell, B is 9."""

    A = "a"
    B = "b"


@dataclass(frozen=True, slots=True)
class Paper:
    """Width of a roll and its head. One letter is one cell; a double-width line has half the cells."""

    name: str  # "58", "80", ...
    dots: int  # Printable width, dots of a 203 dpi head.
    columns_a: int
    columns_b: int
    cell_a: int = 12  # Dots of a letter in font A, and in font B: what a drawn line keeps to.
    cell_b: int = 9

    def cell(self, font: Font) -> int:
        return self.cell_a if font is Font.A else self.cell_b

    def columns(self, font: Font = Font.A, *, wide: bool = False) -> int:
        cells = self.columns_a if font is Font.A else self.columns_b
        return cells // 2 if wide else cells


PAPER_58 = Paper("58", 384, 32, 42)
PAPER_80 = Paper("80", 576, 48, 64)
PAPER_80_42 = Paper("80-42", 504, 42, 56)  # 80 mm roll, 63 mm head.


@dataclass(frozen=True, slots=True)
class Text:
    """One printed line: at most `paper.columns(font, wide=wide)` characters, no control characters."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    wide: bool = False  # Double width.
    tall: bool = False  # Double height.
    font: Font = Font.A


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of one character across the paper."""

    char: str = "-"


@dataclass(frozen=True, slots=True)
class Qr:
    data: str  # Exactly as the register gave it.


@dataclass(frozen=True, slots=True)
class DataMatrix:
    """A marking code as GS1 Data Matrix, drawn by us. `datamatrix.fits` says whether there is a symbol for it."""

    code: str  # Elements in order, GS (U+001D) after those of open length.


@dataclass(frozen=True, slots=True)
class Feed:
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Cut:
    """End of a document: feed to the cutter and cut, or only feed where there is no cutter."""


@dataclass(frozen=True, slots=True)
class Drawer:
    """Opens the cash drawer. On which pin and for how long belongs to the printer it hangs on (`profiles.Drawer`)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Black dots, printed in the middle of the paper. `pictures.picture` makes one of a file."""

    width: int  # At most `paper.dots`.
    height: int
    dots: bytes  # Rows from the top, each (width + 7) // 8 bytes, the left dot in the highest bit, 1 is black.


PrintLine = Text | Rule | Qr | DataMatrix | Picture | Feed | Cut | Drawer
