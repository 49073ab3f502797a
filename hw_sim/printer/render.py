"""A strip of paper as a picture: one dot of the head is one pixel, blades are dashed lines."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from hw_sim.printer.bitmap import to_image
from hw_sim.printer.fonts import find_font, fitted
from hw_sim.printer.paper import FONTS, Cell, ImageRow, Paper, Picture, SymbolRow, TextRow

MARGIN_DOTS = 32  # The paper is wider than the head; QR readers also need this quiet zone.
_INK, _WHITE = 0, 255
_DASH_DOTS = 8


def render(paper: Paper) -> Image.Image:
    """Draw the paper from its `start` to its `length`, black on white, mode "L".

    Raises:
        FontMissing: there is text and no font to draw it with.
    """
    end = max([paper.length, *(row.top + row.height for row in paper.rows)])
    size = (paper.width + 2 * MARGIN_DOTS, max(1, end - paper.start) + 2 * MARGIN_DOTS)
    picture = Image.new("L", size, _WHITE)
    for row in paper.rows:
        top = row.top - paper.start + MARGIN_DOTS
        if isinstance(row, TextRow):
            _text_row(picture, row, top)
        elif isinstance(row, ImageRow):
            _stamp(picture, to_image(row.bitmap), row.x + MARGIN_DOTS, top)
        else:
            _symbol_row(picture, row, top)
    pen = ImageDraw.Draw(picture)
    for cut in paper.cuts:
        y = cut.at - paper.start + MARGIN_DOTS
        for x in range(0, size[0], 3 * _DASH_DOTS if cut.partial else 2 * _DASH_DOTS):
            pen.line((x, y, x + _DASH_DOTS - 1, y), fill=_INK)
    return picture


def render_png(paper: Paper) -> bytes:
    """The picture of `render` as a PNG file."""
    buffer = io.BytesIO()
    render(paper).convert("1", dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _stamp(picture: Image.Image, ink: Image.Image, x: int, y: int) -> None:
    picture.paste(_INK, (x, y), ink)


def _text_row(picture: Image.Image, row: TextRow, top: int) -> None:
    for item in row.items:
        y = top + row.print_height - item.height
        ink = to_image(item.bitmap) if isinstance(item, Picture) else _cell(item)
        _stamp(picture, ink, item.x + MARGIN_DOTS, y)


def _cell(cell: Cell) -> Image.Image:
    style = cell.style
    if cell.glyph is not None:
        ink = Image.new("1", FONTS[style.font])
        drawn = to_image(cell.glyph)
        for shift in (0, 1) if style.bold else (0,):  # Emphasis strikes letters of the host twice as well.
            ink.paste(1, (shift, 0), drawn)
    elif cell.hieroglyph:
        ink = _hieroglyph(cell.raw)
    else:
        ink = _letter(find_font(), cell.char, style.font, style.bold)
    ink = ink.resize((cell.width, cell.height), Image.Resampling.NEAREST)
    if style.underline:
        ImageDraw.Draw(ink).rectangle((0, cell.height - style.underline, cell.width, cell.height), fill=1)
    if style.inverse:
        ink = ink.point(lambda dot: not dot)
    return ink.transpose(Image.Transpose.ROTATE_180) if style.upside_down else ink


@lru_cache(maxsize=1024)
def _letter(font_path: Path, char: str, font: str, bold: bool) -> Image.Image:
    width, height = FONTS[font]
    shape = fitted(font_path, width)
    ascent, descent = shape.getmetrics()
    shade = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(shade)
    base = height - max(1, round(descent * height / (ascent + descent)))
    for shift in (0, 1) if bold else (0,):
        pen.text((shift, base), char, fill=255, font=shape, anchor="ls")
    return shade.point(lambda level: 255 if level > 110 else 0).convert("1")


@lru_cache(maxsize=256)
def _hieroglyph(raw: bytes) -> Image.Image:
    """A box that no reader takes for a letter, with the dots of its two codes inside."""
    ink = Image.new("1", (24, 24))
    pen = ImageDraw.Draw(ink)
    pen.rectangle((1, 1, 22, 22), outline=1)
    for place in range(16):
        if int.from_bytes(raw, "big") >> (15 - place) & 1:
            x, y = 4 + place % 4 * 4, 4 + place // 4 * 4
            pen.rectangle((x, y, x + 2, y + 2), fill=1)
    return ink


def _symbol_row(picture: Image.Image, row: SymbolRow, top: int) -> None:
    if row.caption_above:
        top += _caption(picture, row, row.caption_above, top)
    _stamp(picture, to_image(row.bitmap), row.x + MARGIN_DOTS, top)
    if row.caption_below:
        _caption(picture, row, row.caption_below, top + row.bitmap.height)


def _caption(picture: Image.Image, row: SymbolRow, text: str, top: int) -> int:
    width, height = FONTS[row.caption_font]
    x = row.x + (row.bitmap.width - len(text) * width) // 2 + MARGIN_DOTS
    for place, char in enumerate(text):
        ink = _letter(find_font(), char if char.isprintable() else " ", row.caption_font, False)
        _stamp(picture, ink, x + place * width, top)
    return height
