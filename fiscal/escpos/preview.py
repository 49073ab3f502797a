"""A picture of a layout, for a look on a screen: what the lines say, drawn in the printer's cells.

Not what a given printer makes of the bytes: that is for a simulator that reads them.
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image

from . import datamatrix
from .job import DM_MODULE, DM_QUIET
from .lines import LINE_DOTS, Cut, DataMatrix, Feed, Paper, Picture, PrintLine, Qr, Rule, Text
from .pictures import image_of
from .raster import QUIET_ZONE, Typeface, qr_matrix, qr_size, symbol_image

MARGIN_DOTS = 16
QR_MODULE = 6


def preview(lines: Iterable[PrintLine], paper: Paper, typeface: Typeface) -> Image.Image:
    """Draw the lines one under the other on white paper with a margin."""
    strips = [strip for line in lines if (strip := _strip(line, paper, typeface)) is not None]
    height = sum(strip.height for strip in strips)
    whole = Image.new("1", (paper.dots + 2 * MARGIN_DOTS, height + 2 * MARGIN_DOTS), 1)
    top = MARGIN_DOTS
    for strip in strips:
        whole.paste(strip, (MARGIN_DOTS, top))
        top += strip.height
    return whole


def _strip(line: PrintLine, paper: Paper, typeface: Typeface) -> Image.Image | None:
    if isinstance(line, Rule):
        line = Text(line.char * paper.columns())
    if isinstance(line, Text):
        drawn = typeface.line(line, paper.dots, paper.cell(line.font))
        spaced = Image.new("1", (paper.dots, max(LINE_DOTS, drawn.height)), 1)
        spaced.paste(drawn, (0, 0))
        return spaced
    if isinstance(line, Qr) and qr_size(line.data) is not None:
        matrix = qr_matrix(line.data)
        module = max(1, min(QR_MODULE, paper.dots // (len(matrix) + 2 * QUIET_ZONE)))
        return symbol_image(matrix, module, paper.dots)
    if isinstance(line, DataMatrix):
        return symbol_image(datamatrix.matrix(line.code), DM_MODULE, paper.dots, DM_QUIET)
    if isinstance(line, Picture):
        return image_of(line, paper.dots)
    if isinstance(line, Feed | Cut):
        return Image.new("1", (paper.dots, LINE_DOTS), 1)
    return None
