"""Reads a simulated strip of paper as a person does: printed letters, letters drawn as glyphs, lines drawn as pictures.

Drawn letters are compared with letters drawn here, from the same font file and by nothing of the product. Letters that
look alike to the dot (Latin A and Cyrillic А) are one letter to a reader, and so they are here.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import barcode
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fiscal.escpos.lines import Align, Paper, PrintLine, Qr, Rule, Text
from hw_sim.printer import Bitmap, Cell, ImageRow, Picture, Row, TextRow

FONT = Path(barcode.__file__).parent / "fonts" / "DejaVuSansMono.ttf"  # The same file on every machine.
ALPHABET = "".join([*map(chr, range(0x21, 0x7F)), *map(chr, range(0x410, 0x450)), "ЁёӘҒҚҢӨҰҮҺІәғқңөұүһі№«»—–"])
CELLS = {"A": (12, 24), "B": (9, 17)}
SHIFTS = range(-2, 3)  # Rows: where the line stands in its cell is the product's choice.
WRONG_DOTS_MAX = 25  # More dots than this wrong in a cell: no letter.
UNREADABLE = "□"

Dots = np.ndarray


def alike(text: str) -> str:
    """The text with each letter as the first of those that look the same."""
    return "".join(_classes().get(char, char) for char in text)


def lines_read(rows: Iterable[Row], lines: Iterable[PrintLine], paper: Paper) -> tuple[list[str], list[str]]:
    """(as read, as meant): the rows of the paper beside the lines they should be; QR and feeds are left out."""
    left = deque(rows)
    found, meant = [], []
    for line in lines:
        if isinstance(line, Qr):  # It stands between two feeds.
            _drop(left, bare=True)
            _drop(left, bare=False)
        wanted = Text(line.char * paper.columns()) if isinstance(line, Rule) else line
        if not isinstance(wanted, Text):
            continue
        _drop(left, bare=True)
        strips = [left.popleft() for _ in range(2 if wanted.tall and is_strip(left[0]) else 1)]
        text = line_read(strips, wanted, paper)
        # Where a printed line in the middle stands is not counted in blanks: half a cell makes no difference.
        found.append(text if wanted.align is Align.LEFT else text.strip())
        meant.append(alike(wanted.text.rstrip() if wanted.align is Align.LEFT else wanted.text.strip()))
    assert all(is_bare(row) for row in left), "more on the paper than was meant"
    return found, meant


def line_read(rows: Sequence[Row], line: Text, paper: Paper) -> str:
    """One line as text, blanks at its end removed. `rows` are one, or the two strips of a tall line sent in columns."""
    first, font = rows[0], line.font.value.upper()
    if isinstance(first, TextRow) and not is_strip(first):
        return alike(_printed(first, font))
    sent = np.concatenate([_dots(row) for row in rows])
    dots = np.pad(sent, ((0, 0), (0, max(0, paper.dots - sent.shape[1]))))  # White at the right need not be sent.
    (width, height), pitch = CELLS[font], paper.cell(line.font)
    free = paper.dots - len(line.text) * pitch * (1 + line.wide)
    left = {Align.LEFT: 0, Align.CENTER: free // 2, Align.RIGHT: free}[line.align]
    assert not dots[:, :left].any(), "dots left of the line"
    strip = dots[:: 1 + line.tall, left:][:, :: 1 + line.wide][:height]
    pieces = [strip[:, place : place + width] for place in range(0, strip.shape[1] - width + 1, pitch)]
    return "".join(_letter(piece, font, line.bold) for piece in pieces).rstrip()


def _drop(rows: deque[Row], *, bare: bool) -> None:
    while rows and is_bare(rows[0]) is bare:
        rows.popleft()


def is_bare(row: Row) -> bool:
    return isinstance(row, TextRow) and not row.items


def is_strip(row: Row) -> bool:
    return isinstance(row, TextRow) and isinstance(row.items[0], Picture)


def _printed(row: TextRow, font: str) -> str:
    line, edge = "", 0
    for item in row.items:
        assert isinstance(item, Cell)
        assert item.style.font == font
        line += " " * ((item.x - edge) // item.width) if line else ""
        line += item.char if item.glyph is None else _letter(_bitmap(item.glyph), font, bold=False)
        edge = item.x + item.width
    return line.rstrip()


def _dots(row: Row) -> Dots:
    if isinstance(row, ImageRow):
        assert row.x == 0
        return _bitmap(row.bitmap)
    assert isinstance(row, TextRow)
    (picture,) = row.items
    assert isinstance(picture, Picture)
    assert picture.x == 0
    return _bitmap(picture.bitmap)


def _bitmap(bitmap: Bitmap) -> Dots:
    packed = np.frombuffer(bitmap.rows, np.uint8).reshape(bitmap.height, -1)
    return np.unpackbits(packed, axis=1)[:, : bitmap.width].astype(bool)


def _letter(cell: Dots, font: str, bold: bool) -> str:
    chars, shapes = _shapes(font, bold)
    wrong = (shapes != cell.ravel()).sum(axis=1)
    best = int(wrong.argmin())
    return chars[best] if wrong[best] <= WRONG_DOTS_MAX else UNREADABLE


@cache
def _shapes(font: str, bold: bool) -> tuple[list[str], Dots]:
    """Every letter in every shift, as rows of dots; the blank too, for a bold neighbour may reach into it by a dot."""
    width, height = CELLS[font]
    chars, shapes = [" "], [np.zeros(width * height, bool)]
    for char in ALPHABET:
        drawn = _drawn(char, font, bold)
        for shift in SHIFTS:
            moved = np.zeros((height, width), bool)
            moved[max(0, shift) : height + min(0, shift)] = drawn[max(0, -shift) : height - max(0, shift)]
            chars.append(alike(char))
            shapes.append(moved.ravel())
    return chars, np.array(shapes)


@cache
def _classes() -> dict[str, str]:
    first: dict[bytes, str] = {}
    return {char: first.setdefault(_drawn(char, "A", False).tobytes(), char) for char in ALPHABET}


def _drawn(char: str, font: str, bold: bool) -> Dots:
    size, baseline = {"A": (20, 19), "B": (15, 13)}[font]
    face = ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)
    cell = Image.new("L", CELLS[font], 0)
    for shift in (0, 1) if bold else (0,):
        ImageDraw.Draw(cell).text((shift, baseline), char, 255, face, anchor="ls")
    return np.asarray(cell) > 111
