"""Compares grey cells with the borders of every size of symbol, at every place and in all four turns at once. Pure.

A border is straight: dark lines, lines that alternate, light lines around. Sums along lines come from running sums, so
a size costs a few additions for each place, whatever its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from scanners.camera.grid.ecc200 import SIZES, Size, pattern
from scanners.camera.grid.geometry import Floats

# Smaller ones hold no mark, resemble anything in a picture, and have too few check words to tell.
LOOKED_FOR: Final = tuple(size for size in SIZES if size.data >= 12)
_QUIET: Final = 0.4  # Weight of the quiet zone: print comes too close more often than the border itself is spoiled.
_SPREAD: Final = 50.0  # Of evened grey.


@dataclass(frozen=True, slots=True)
class Match:
    score: float  # Likeness in standard errors: correlation times the root of how many modules speak.
    size: Size
    quarters: int  # Turns, clockwise, of the upright symbol.
    row: int  # Of the upper left cell; -1 where the first cell of the symbol is the first of the grid.
    column: int
    inverted: bool


def best(cells: Floats, most: int) -> list[Match]:
    """The likeliest places. `cells` is evened grey minus its middle, one value a module."""
    grey = np.pad(cells, 1, mode="edge")  # The quiet zone may lie outside of what was looked at.
    sums = _Sums(grey)
    rough: list[Match] = []
    for size in LOOKED_FOR:
        turned = ((size.rows, size.cols), (size.cols, size.rows))
        for rows, cols, turns in (
            [(*turned[0], (0, 1, 2, 3))] if size.rows == size.cols else [(*turned[0], (0, 2)), (*turned[1], (1, 3))]
        ):
            if rows + 2 > grey.shape[0] or cols + 2 > grey.shape[1]:
                continue
            amount = _template(size, 0)[2]
            for quarters, like in zip(turns, sums.likes(rows, cols, size, turns), strict=True):
                for inverted in (False, True):
                    at = int(like.argmin() if inverted else like.argmax())
                    row, column = divmod(at, like.shape[1])
                    value = abs(float(like.flat[at])) / (_SPREAD * amount**0.5)
                    rough.append(Match(value, size, quarters, row, column, inverted))
    rough.sort(key=lambda one: -one.score)
    exact = [_weighed(grey, one) for one in rough[: 4 * most]]
    return sorted(exact, key=lambda one: -one.score)[:most]


class _Sums:
    """Running sums of grey along columns and rows, plain and alternating."""

    def __init__(self, grey: Floats) -> None:
        rows, cols = np.indices(grey.shape)
        self._row_sign = 1 - 2 * (np.arange(grey.shape[0]) % 2)
        self._col_sign = 1 - 2 * (np.arange(grey.shape[1]) % 2)
        self._down, self._down_alternating = (
            np.concatenate((np.zeros((1, grey.shape[1])), one.cumsum(axis=0)))
            for one in (grey, grey * (1 - 2 * (rows % 2)))
        )
        self._right, self._right_alternating = (
            np.concatenate((np.zeros((grey.shape[0], 1)), one.cumsum(axis=1)), axis=1)
            for one in (grey, grey * (1 - 2 * (cols % 2)))
        )

    def likes(self, rows: int, cols: int, size: Size, turns: tuple[int, ...]) -> list[Floats]:
        """Brightness as expected minus brightness elsewhere, for the cell at each place being the upper left one."""
        high, wide = self._down.shape[0] - 1 - rows - 1, self._right.shape[1] - 1 - cols - 1

        def column(offset: int) -> Floats:  # Its sum, for a symbol whose upper left cell is (1, 1), (1, 2), ...
            at = slice(1 + offset, 1 + offset + wide)
            return np.asarray(self._down[1 + rows : 1 + rows + high, at] - self._down[1 : 1 + high, at])

        def column_from_light(offset: int) -> Floats:  # Alternating, light at the top.
            at = slice(1 + offset, 1 + offset + wide)
            sums = self._down_alternating[1 + rows : 1 + rows + high, at] - self._down_alternating[1 : 1 + high, at]
            return np.asarray(sums * self._row_sign[1 : 1 + high, None])

        def row(offset: int) -> Floats:
            at = slice(1 + offset, 1 + offset + high)
            return np.asarray(self._right[at, 1 + cols : 1 + cols + wide] - self._right[at, 1 : 1 + wide])

        def row_from_light(offset: int) -> Floats:  # Alternating, light at the left.
            at = slice(1 + offset, 1 + offset + high)
            sums = self._right_alternating[at, 1 + cols : 1 + cols + wide] - self._right_alternating[at, 1 : 1 + wide]
            return np.asarray(sums * self._col_sign[None, 1 : 1 + wide])

        quiet = _QUIET * (column(-1) + column(cols) + row(-1) + row(rows))
        left, right, top, bottom = column(0), column(cols - 1), row(0), row(rows - 1)
        alternating = column_from_light(0), column_from_light(cols - 1), row_from_light(0), row_from_light(rows - 1)
        left_a, right_a, top_a, bottom_a = alternating
        # By turn, from which corner the alternation starts light: upper right, lower right, lower left, upper left.
        outside = {
            0: quiet - left - bottom - top_a + right_a,
            1: quiet - top - left - right_a - bottom_a,
            2: quiet - right - top + bottom_a - left_a,
            3: quiet - bottom - right + left_a + top_a,
        }
        vertical, horizontal = (size.region_cols, size.region_rows) if rows == size.rows else (
            size.region_rows, size.region_cols
        )  # fmt: skip
        found = []
        for turn in turns:
            like = outside[turn]
            if vertical == 2:
                before, after = cols // 2 - 1, cols // 2
                solid, other = (after, before) if turn in (0, 1) else (before, after)
                like = like - column(solid) + (1 if turn in (0, 3) else -1) * column_from_light(other)
            if horizontal == 2:
                before, after = rows // 2 - 1, rows // 2
                solid, other = (before, after) if turn in (0, 3) else (after, before)
                like = like - row(solid) + (1 if turn in (2, 3) else -1) * row_from_light(other)
            found.append(like)
        return found


def _weighed(grey: Floats, one: Match) -> Match:
    """The same with the exact correlation."""
    wanted, weight, amount = _template(one.size, one.quarters)
    part = grey[one.row : one.row + wanted.shape[0], one.column : one.column + wanted.shape[1]]
    part = part - float((part * weight).sum()) / amount
    bright = wanted - float((wanted * weight).sum()) / amount
    spread = float((part * part * weight).sum()) * float((bright * bright * weight).sum())
    like = float((part * bright * weight).sum()) / max(spread**0.5, 1e-3)
    score = (-like if one.inverted else like) * amount**0.5
    return Match(score, one.size, one.quarters, one.row, one.column, one.inverted)


@cache
def _template(size: Size, quarters: int) -> tuple[Floats, Floats, float]:
    """Brightness expected, quiet zone included, the weight of each place (0: unknown) and all weights; turned."""
    dark = np.pad(pattern(size), 1, constant_values=-1).astype(np.float32)
    weight = np.pad((pattern(size) != 0).astype(np.float32), 1, constant_values=_QUIET)
    turned, weights = (np.ascontiguousarray(np.rot90(one, -quarters)) for one in (-dark, weight))
    return turned, weights, float(weights.sum())
