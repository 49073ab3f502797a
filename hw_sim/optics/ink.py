"""What a print head, a marking pin and the road to the shelf do to a symbol before anybody looks at it.

A symbol here is ink coverage, 0 to 1, CELL pixels a module, with BLEED modules of paper around it for ink to run into.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from hw_sim.optics.placement import Modules

CELL = 8
BLEED = 1
Coverage = NDArray[np.float32]
InkFault = Callable[[Coverage, np.random.Generator], Coverage]


def printed(modules: Modules) -> Coverage:
    """The symbol as it should be: every dark module a full square."""
    squares = np.kron(modules.astype(np.float32), np.ones((CELL, CELL), np.float32))
    return np.pad(squares, BLEED * CELL)


def dotted(modules: Modules, rng: np.random.Generator, radius: float, jitter: float) -> Coverage:
    """Every dark module one dot of `radius` modules, give or take, off its centre by up to `jitter` modules."""
    rows, columns = modules.shape
    variants = 24
    axis = (np.arange(CELL, dtype=np.float32) + 0.5) / CELL - 0.5
    across = rng.uniform(-jitter, jitter, (2, variants, 1, 1)).astype(np.float32)
    size = radius * rng.uniform(0.88, 1.1, (variants, 1, 1)).astype(np.float32)
    away = np.hypot(axis[None, None, :] - across[0], axis[None, :, None] - across[1])
    dots = np.clip((size - away) * CELL + 0.5, 0, 1)
    chosen = dots[rng.integers(0, variants, (rows, columns))] * modules[:, :, None, None]
    return np.pad(chosen.transpose(0, 2, 1, 3).reshape(rows * CELL, columns * CELL), BLEED * CELL)


def grown(modules_by: float) -> InkFault:
    """Ink runs outward by so many modules (thermal print too hot), or, when negative, does not reach the edge."""

    def fault(coverage: Coverage, rng: np.random.Generator) -> Coverage:
        ink = (coverage > 0.5).astype(np.uint8)
        inside = cv2.distanceTransform(ink, cv2.DIST_L2, 3) - cv2.distanceTransform(1 - ink, cv2.DIST_L2, 3)
        return np.asarray(np.clip(inside + modules_by * CELL + 0.5, 0, 1), dtype=np.float32)

    return fault


def lost_lines(count: int, thickness: float, lengthwise: bool, faded: float) -> InkFault:
    """Lines a print head's dead dots leave without ink, straight across; `faded` is what ink is left in them."""

    def fault(coverage: Coverage, rng: np.random.Generator) -> Coverage:
        worn: Coverage = coverage.T.copy() if lengthwise else coverage.copy()
        for top in rng.integers(BLEED * CELL, max(BLEED * CELL + 1, len(worn) - BLEED * CELL), count):
            height = max(1, round(thickness * CELL * rng.uniform(0.6, 1.3)))
            worn[top : top + height] *= np.float32(faded)
        return np.ascontiguousarray(worn.T) if lengthwise else worn

    return fault
