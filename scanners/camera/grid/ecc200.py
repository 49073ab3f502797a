"""Data Matrix ECC 200 as a grid: sizes, which module carries which bit, what is known before reading. Pure.

A grid is rows from the top, columns from the left, True for dark; the solid edges are the left column and the bottom
row. The quiet zone is not part of it.

Source: ISO/IEC 16022:2006, table 7 (sizes), annex F (module placement), figure F.3 to F.6 (the four corner cases).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.bool_]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Size:
    rows: int
    cols: int
    region_rows: int  # How many regions lie above each other, each with its own finder and timing pattern.
    region_cols: int
    data: int  # Codewords.
    check: int  # Codewords.
    blocks: int  # Interleaved Reed-Solomon blocks.

    @property
    def codewords(self) -> int:
        return self.data + self.check


_SQUARE: Final = (
    (10, 1, 3, 5, 1), (12, 1, 5, 7, 1), (14, 1, 8, 10, 1), (16, 1, 12, 12, 1), (18, 1, 18, 14, 1), (20, 1, 22, 18, 1),
    (22, 1, 30, 20, 1), (24, 1, 36, 24, 1), (26, 1, 44, 28, 1), (32, 2, 62, 36, 1), (36, 2, 86, 42, 1),
    (40, 2, 114, 48, 1), (44, 2, 144, 56, 1), (48, 2, 174, 68, 1), (52, 2, 204, 84, 2),
)  # fmt: skip
_RECTANGULAR: Final = (
    (8, 18, 1, 5, 7), (8, 32, 2, 10, 11), (12, 26, 1, 16, 14), (12, 36, 2, 22, 18), (16, 36, 2, 32, 24),
    (16, 48, 2, 49, 28),
)  # fmt: skip

# Larger squares hold over 200 bytes; no mark is so long.
SIZES: Final = (
    *(Size(side, side, regions, regions, data, check, blocks) for side, regions, data, check, blocks in _SQUARE),
    *(Size(rows, cols, 1, regions, data, check, 1) for rows, cols, regions, data, check in _RECTANGULAR),
)
BY_SHAPE: Final = {(size.rows, size.cols): size for size in SIZES}


@cache
def pattern(size: Size) -> NDArray[np.int8]:
    """What every symbol of this size shows: 1 dark, -1 light, 0 for data."""
    known = np.zeros((size.rows, size.cols), np.int8)
    high, wide = size.rows // size.region_rows, size.cols // size.region_cols
    for top in range(0, size.rows, high):
        for left in range(0, size.cols, wide):
            region = known[top : top + high, left : left + wide]
            region[0, 0::2], region[0, 1::2] = 1, -1
            region[1::2, -1], region[0::2, -1] = 1, -1
            region[:, 0] = 1
            region[-1, :] = 1
    return known


@cache
def places(size: Size) -> Places:
    """Where the bits of each codeword lie, high bit first: flat index into the grid, shape (codewords, 8)."""
    order = _placement(size.rows - 2 * size.region_rows, size.cols - 2 * size.region_cols)
    data_at = np.flatnonzero(pattern(size).ravel() == 0)
    found = np.empty((size.codewords, 8), np.intp)
    for at, bit in zip(data_at, order.ravel(), strict=True):
        if bit >= 0:
            found[bit // 8, bit % 8] = at
    return found


def codewords(grid: Grid, size: Size) -> NDArray[np.uint8]:
    return np.packbits(grid.ravel()[places(size)], axis=1)[:, 0]


def painted(words: NDArray[np.uint8], size: Size) -> Grid:
    """The clean symbol of these codewords."""
    grid = (pattern(size) > 0).ravel()
    grid[places(size).ravel()] = np.unpackbits(words[:, None], axis=1).ravel().astype(bool)
    data_rows, data_cols = size.rows - 2 * size.region_rows, size.cols - 2 * size.region_cols
    if data_rows * data_cols % 8 == 4:  # Four modules at the lower right carry no bit: dark on the diagonal.
        last = np.flatnonzero(pattern(size).ravel() == 0).reshape(data_rows, data_cols)
        grid[last[-1, -1]] = grid[last[-2, -2]] = True
        grid[last[-1, -2]] = grid[last[-2, -1]] = False
    return grid.reshape(size.rows, size.cols)


# Offsets of the eight bits of one codeword from its lower right module, and those of the four corner cases from the
# corners of the data area (negative: from the far side).
_UTAH: Final = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
_CORNERS: Final = (
    ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)),
)


def _placement(rows: int, cols: int) -> Places:
    """Bit number (codeword * 8 + bit) of every module of the data area; -1 where none lies."""
    bits = np.full((rows, cols), -1, np.intp)
    word = 0

    def put(offsets: tuple[tuple[int, int], ...], base: tuple[int, int] | None) -> None:
        nonlocal word
        for bit, (down, right) in enumerate(offsets):
            row, col = (down, right) if base is None else (base[0] + down, base[1] + right)
            if base is None:
                row, col = row % rows, col % cols
            else:
                if row < 0:
                    row, col = row + rows, col + 4 - (rows + 4) % 8
                if col < 0:
                    row, col = row + 4 - (cols + 4) % 8, col + cols
            bits[row, col] = word * 8 + bit
        word += 1

    row, col = 4, 0
    while row < rows or col < cols:
        corner = _corner_case(row, col, rows, cols)
        if corner is not None:
            put(_CORNERS[corner], None)
        while row >= 0 and col < cols:  # Up and to the right.
            if row < rows and col >= 0 and bits[row, col] < 0:
                put(_UTAH, (row, col))
            row, col = row - 2, col + 2
        row, col = row + 1, col + 3
        while row < rows and col >= 0:  # Down and to the left.
            if row >= 0 and col < cols and bits[row, col] < 0:
                put(_UTAH, (row, col))
            row, col = row + 2, col - 2
        row, col = row + 3, col + 1
    return bits


def _corner_case(row: int, col: int, rows: int, cols: int) -> int | None:
    if row == rows and col == 0:
        return 0
    if row == rows - 2 and col == 0 and cols % 4:
        return 1
    if row == rows - 2 and col == 0 and cols % 8 == 4:
        return 2
    if row == rows + 4 and col == 2 and cols % 8 == 0:
        return 3
    return None
