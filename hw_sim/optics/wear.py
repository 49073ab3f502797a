"""What happens to the finished label round its symbol: scratches, blots, a thumb, neighbours that stand too close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hw_sim.optics.ink import CELL

Print = NDArray[np.uint8]  # The label's gray values, CELL pixels a module.


@dataclass(frozen=True, slots=True)
class Box:
    """Where a symbol stands on the label, in modules, quiet zone not included."""

    x: float
    y: float
    columns: int
    rows: int

    def point(self, across: float, down: float) -> tuple[int, int]:
        """Pixels of a place given as shares of the box, 0 to 1."""
        return round((self.x + across * self.columns) * CELL), round((self.y + down * self.rows) * CELL)


WearFault = Callable[[Print, Box, np.random.Generator], None]  # Draws on the print.


def scratches(count: int, width: float, dark: bool) -> WearFault:
    """Lines of `width` modules across the symbol that take ink off, or that a pen left."""

    def fault(print_: Print, box: Box, rng: np.random.Generator) -> None:
        for _ in range(count):
            ends = rng.uniform(-0.15, 1.15, (2, 2))
            gray = int(rng.integers(10, 60) if dark else rng.integers(185, 245))
            thickness = max(1, round(width * CELL * rng.uniform(0.5, 1.3)))
            cv2.line(print_, box.point(*ends[0]), box.point(*ends[1]), gray, thickness, cv2.LINE_AA)

    return fault


def blots(count: int, size: float) -> WearFault:
    """Stains of about `size` of the symbol's side, dark or light, each an uneven ellipse."""

    def fault(print_: Print, box: Box, rng: np.random.Generator) -> None:
        side = min(box.rows, box.columns) * CELL
        for _ in range(count):
            centre = box.point(*rng.uniform(0.1, 0.95, 2))
            gray = int(rng.integers(15, 70) if rng.random() < 0.5 else rng.integers(180, 245))
            for _ in range(4):
                axes = tuple(int(max(2, side * size * share / 2)) for share in rng.uniform(0.4, 1, 2))
                place = tuple(int(value) for value in np.array(centre) + rng.normal(0, side * size / 6, 2))
                cv2.ellipse(print_, place, axes, float(rng.uniform(0, 180)), 0, 360, gray, -1, cv2.LINE_AA)

    return fault


def covered_edge(depth: float, share: float, edges: int) -> WearFault:
    """A sticker, a fold or a thumb over a `share` of the length of `edges` edges, `depth` modules into the symbol."""

    def fault(print_: Print, box: Box, rng: np.random.Generator) -> None:
        for edge in rng.choice(4, edges, replace=False):
            start = rng.uniform(0, 1 - share)
            gray = int(rng.integers(20, 200) if rng.random() < 0.4 else rng.integers(195, 245))
            out = rng.uniform(0.3, 5)
            span = box.columns if edge % 2 == 0 else box.rows
            across = (start, start + share * rng.uniform(0.7, 1))
            other = box.rows if edge % 2 == 0 else box.columns
            inward = (-out / other, depth / other) if edge < 2 else (1 - depth / other, 1 + out / other)
            corners = [(across[0], inward[0]), (across[1], inward[0]), (across[1], inward[1]), (across[0], inward[1])]
            lean = rng.normal(0, 0.4 / span, (4, 2))
            points = [
                box.point(*(np.array(corner if edge % 2 == 0 else corner[::-1]) + slip))
                for corner, slip in zip(corners, lean, strict=True)
            ]
            cv2.fillPoly(print_, [np.array(points, np.int32)], gray, cv2.LINE_AA)

    return fault


def crowded(gap: float, sides: int) -> WearFault:
    """Rules, bars or text `gap` modules from so many sides of the symbol, where the quiet zone should be."""

    def fault(print_: Print, box: Box, rng: np.random.Generator) -> None:
        ink = int(rng.integers(10, 70))
        left, top = box.x - gap, box.y - gap
        right, bottom = box.x + box.columns + gap, box.y + box.rows + gap
        for side in rng.choice(4, sides, replace=False):
            thick = float(rng.choice([0.4, 0.8, 1.5, 4.0]))
            broken = bool(rng.random() < 0.4)
            strips = (
                (left - thick, top - thick, left, bottom + thick),
                (left - thick, top - thick, right + thick, top),
                (right, top - thick, right + thick, bottom + thick),
                (left - thick, bottom, right + thick, bottom + thick),
            )
            _strip(print_, strips[side], ink, broken, rng)

    return fault


def _strip(
    print_: Print, strip: tuple[float, float, float, float], ink: int, broken: bool, rng: np.random.Generator
) -> None:
    """A bar of ink, whole or in pieces like a line of bold text."""
    left, top, right, bottom = (max(0, round(edge * CELL)) for edge in strip)
    area = print_[top:bottom, left:right]
    if not area.size:
        return
    if not broken:
        area[:] = ink
        return
    long = max(area.shape)
    pieces = np.repeat(rng.random(long // 6 + 1) < 0.65, 6)[:long]
    if area.shape[1] == long:
        area[:, pieces] = ink
    else:
        area[pieces, :] = ink
