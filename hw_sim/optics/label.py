"""The printed label: symbols in a row with paper round them, text, bars and a frame, as one gray raster."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from hw_sim.optics import backdrop
from hw_sim.optics.ink import BLEED, CELL, Coverage
from hw_sim.optics.linear import ean13
from hw_sim.optics.marks import gtin14
from hw_sim.optics.wear import Box, Print

_PAD_MODULES = (3.0, 26.0)  # Paper beyond the quiet zone, to each side.


def laid_out(
    symbols: Sequence[Coverage],
    rng: np.random.Generator,
    *,
    tones: tuple[int, int],
    quiet: float,
    lines: int,
    bars: int,
    others: int,
) -> tuple[Print, tuple[Box, ...]]:
    """The label and where each symbol stands on it.

    `tones` are ink and paper; `quiet` modules round each symbol stay clear of text, `bars` linear codes and `others`
    patterns, all of which are drawn first and wiped there.
    """
    ink, paper = tones
    boxes, size = _places(symbols, rng, quiet)
    print_ = np.full((round(size[1] * CELL), round(size[0] * CELL)), paper, np.uint8)
    for _ in range(lines):
        _text(print_, rng, ink)
    for _ in range(bars):
        _bars(print_, rng, ink)
    for _ in range(others):
        _pattern(print_, rng, ink)
    if rng.random() < 0.3:
        cv2.rectangle(print_, (4, 4), (print_.shape[1] - 5, print_.shape[0] - 5), ink, int(rng.integers(2, 7)))
    for box, symbol in zip(boxes, symbols, strict=True):
        _stamp(print_, box, symbol, quiet, tones)
    return print_, boxes


def _places(
    symbols: Sequence[Coverage], rng: np.random.Generator, quiet: float
) -> tuple[tuple[Box, ...], tuple[float, float]]:
    """Symbols side by side, two in a row, each in a cell of its own."""
    sizes = [(len(symbol[0]) // CELL - 2 * BLEED, len(symbol) // CELL - 2 * BLEED) for symbol in symbols]
    margin = max(quiet, 1.0)
    left, right, above, below = margin + rng.uniform(*_PAD_MODULES, 4)
    gap = 2 * margin + rng.uniform(0, 12)
    width = max(size[0] for size in sizes) + gap
    height = max(size[1] for size in sizes) + gap
    across = min(2, len(sizes))
    boxes = tuple(Box(left + place % 2 * width, above + place // 2 * height, *size) for place, size in enumerate(sizes))
    down = -(-len(sizes) // 2)
    return boxes, (left + across * width - gap + right, above + down * height - gap + below)


def _text(print_: Print, rng: np.random.Generator, ink: int) -> None:
    height, width = print_.shape
    scale = float(rng.uniform(0.6, 2.6))
    place = (int(rng.integers(-30, max(1, width // 2))), int(rng.integers(20, height)))
    line = backdrop.words(rng, int(rng.integers(4, 26)))
    cv2.putText(print_, line, place, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, max(1, round(scale * 2)), cv2.LINE_AA)


def _bars(print_: Print, rng: np.random.Generator, ink: int) -> None:
    height, width = print_.shape
    module = int(rng.integers(2, 6))
    row = np.repeat(ean13(gtin14(rng)[1:]), module)
    top, left = int(rng.integers(0, max(1, height - 60))), int(rng.integers(0, max(1, width // 3)))
    tall = int(rng.integers(60, 180))
    area = print_[top : top + tall, left : left + len(row)]
    area[:, row[: area.shape[1]]] = ink


def _pattern(print_: Print, rng: np.random.Generator, ink: int) -> None:
    """A square of random cells, a grid of dots or a hatched patch: things that half look like a code."""
    height, width = print_.shape
    cell, count = int(rng.integers(4, 10)), int(rng.integers(8, 30))
    if rng.random() < 0.5:
        cells = rng.random((count, count)) < rng.uniform(0.3, 0.7)
    else:
        cells = np.indices((count, count)).sum(axis=0) % int(rng.integers(2, 5)) == 0
    patch = np.kron(cells, np.ones((cell, cell), np.bool_))
    top, left = int(rng.integers(0, max(1, height - 40))), int(rng.integers(0, max(1, width - 40)))
    area = print_[top : top + len(patch), left : left + len(patch)]
    area[patch[: area.shape[0], : area.shape[1]]] = ink


def _stamp(print_: Print, box: Box, symbol: Coverage, quiet: float, tones: tuple[int, int]) -> None:
    """Wipe the quiet zone, then print the symbol at a place that need not fall on the raster of whole modules."""
    ink, paper = tones
    left, top = round(box.x * CELL), round(box.y * CELL)
    clear = round(quiet * CELL)
    print_[
        max(0, top - clear) : top + box.rows * CELL + clear, max(0, left - clear) : left + box.columns * CELL + clear
    ] = paper
    bleed = BLEED * CELL
    height, width = symbol.shape
    area = print_[top - bleed : top - bleed + height, left - bleed : left - bleed + width]
    area[:] = (area + (ink - area.astype(np.float32)) * symbol + 0.5).astype(np.uint8)
