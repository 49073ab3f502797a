"""What came out of the printer, as data: rows on a strip of paper, where the blade fell, when the drawer was kicked.

All measures are dots; `top` counts from the beginning of the roll to the upper edge of a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

FONTS = {"A": (12, 24), "B": (9, 17)}  # Width and height of a character cell.


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Black dots, one bit each, rows packed to whole bytes, most significant bit left, 1 is black."""

    width: int
    height: int
    rows: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell is drawn. `width` and `height` are multipliers 1 to 8, `underline` is a thickness in dots."""

    font: str = "A"
    bold: bool = False
    underline: int = 0
    inverse: bool = False
    upside_down: bool = False
    width: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed character: what a reader sees, and the bytes and page that made it so.

    `glyph` is a character the host drew itself (ESC &), `hieroglyph` one of two bytes in Chinese mode.
    """

    char: str
    x: int
    width: int
    height: int
    style: Style
    raw: bytes
    page: str
    glyph: Bitmap | None = None
    hieroglyph: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A bit image within a line (ESC *)."""

    x: int
    bitmap: Bitmap

    @property
    def width(self) -> int:
        return self.bitmap.width

    @property
    def height(self) -> int:
        return self.bitmap.height


@dataclass(frozen=True, slots=True)
class TextRow:
    """One line as printed; empty `items` is a bare feed. Items stand on the common lower edge of `print_height`."""

    top: int
    height: int
    print_height: int
    items: tuple[Cell | Picture, ...] = ()

    @property
    def text(self) -> str:
        """The line as read from the left edge: a blank for every whole character of empty paper before a character."""
        line, edge = "", 0
        for item in sorted(self.items, key=lambda item: item.x):
            if isinstance(item, Cell):
                step = FONTS[item.style.font][0]
                line += " " * max(0, (item.x - edge) // step) + item.char
            edge = item.x + item.width
        return line


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A raster picture (GS v 0, GS ( L, GS /)."""

    top: int
    x: int
    bitmap: Bitmap

    @property
    def height(self) -> int:
        return self.bitmap.height


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """A QR symbol or linear barcode: its data as sent, and the dots it became. `caption` is the human-readable line."""

    top: int
    x: int
    kind: str
    data: bytes
    bitmap: Bitmap
    caption_above: str = ""
    caption_below: str = ""
    caption_font: str = "A"

    @property
    def height(self) -> int:
        lines = bool(self.caption_above) + bool(self.caption_below)
        return self.bitmap.height + lines * FONTS[self.caption_font][1]


Row = TextRow | ImageRow | SymbolRow


@dataclass(frozen=True, slots=True)
class Cut:
    """The blade fell at `at`: rows above went with the receipt, rows below stayed in the printer."""

    at: int
    partial: bool


@dataclass(frozen=True, slots=True)
class Kick:
    """A pulse to the cash drawer: connector pin 2 or 5, milliseconds on and off."""

    pin: int
    on_ms: int
    off_ms: int


@dataclass(slots=True)
class Paper:
    """The strip so far: from `start` to `length`, which is how far the paper has come out past the print line."""

    width: int
    start: int = 0
    rows: list[Row] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    kicks: list[Kick] = field(default_factory=list)
    length: int = 0

    @property
    def lines(self) -> list[str]:
        """Every line of text, blank feeds included as empty strings, trailing blanks removed."""
        return [row.text.rstrip() for row in self.rows if isinstance(row, TextRow)]

    @property
    def text(self) -> str:
        """All text, one printed line a line."""
        return "\n".join(self.lines)

    @property
    def symbols(self) -> list[SymbolRow]:
        return [row for row in self.rows if isinstance(row, SymbolRow)]

    @property
    def images(self) -> list[ImageRow]:
        return [row for row in self.rows if isinstance(row, ImageRow)]

    def pieces(self) -> list[Paper]:
        """The strip as the cashier holds it: one paper per cut, and what still hangs in the printer last.

        A row goes to the piece in which its upper edge lies: a receipt cut without feeding leaves its last rows behind.
        Positions stay those of the strip. Kicks belong to no piece.
        """
        edges = [0, *(cut.at for cut in self.cuts), self.length + 1]
        found = []
        for upper, lower in pairwise(edges):
            rows = [row for row in self.rows if upper <= row.top < lower]
            found.append(Paper(self.width, upper, rows, [cut for cut in self.cuts if cut.at == lower], [], lower))
        return found if found[-1].rows else found[:-1]
