"""Where each bit of each codeword stands, and the finder and timing around every data region.

Source: ISO/IEC 16022, 5.8 and annex F (placement), 5.2 (finder pattern).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hw_sim.optics.symbol_sizes import SymbolSize

Modules = NDArray[np.bool_]
_Cell = tuple[int, int]

# The nominal codeword, most significant bit first, from its lower right module: two wide above, three, three.
_UTAH = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
# The four codewords bent round corners; a negative number counts from the far edge.
_CORNERS: tuple[tuple[_Cell, ...], ...] = (
    ((-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)),
    ((-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)),
    ((-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)),
)


class _Walk:
    """The diagonal walk over the mapping matrix, which hands every codeword its eight modules."""

    def __init__(self, rows: int, columns: int) -> None:
        self._rows, self._columns = rows, columns
        self._taken: set[_Cell] = set()
        self.codewords: list[tuple[_Cell, ...]] = []

    def run(self) -> None:
        row, column = 4, 0
        while row < self._rows or column < self._columns:
            self._corner(row, column)
            while True:
                if row < self._rows and column >= 0:
                    self._nominal(row, column)
                row, column = row - 2, column + 2
                if row < 0 or column >= self._columns:
                    break
            row, column = row + 1, column + 3
            while True:
                if row >= 0 and column < self._columns:
                    self._nominal(row, column)
                row, column = row + 2, column - 2
                if row >= self._rows or column < 0:
                    break
            row, column = row + 3, column + 1

    def _corner(self, row: int, column: int) -> None:
        rows, columns = self._rows, self._columns
        at_left = column == 0
        conditions = (
            at_left and row == rows,
            at_left and row == rows - 2 and columns % 4 != 0,
            at_left and row == rows - 2 and columns % 8 == 4,
            column == 2 and row == rows + 4 and columns % 8 == 0,
        )
        for holds, cells in zip(conditions, _CORNERS, strict=True):
            if holds:
                self._take(tuple((down % rows, across % columns) for down, across in cells))

    def _nominal(self, row: int, column: int) -> None:
        if (row, column) not in self._taken:
            self._take(tuple(self._wrapped(row + down, column + across) for down, across in _UTAH))

    def _wrapped(self, row: int, column: int) -> _Cell:
        """A module that leaves the matrix at the top or left comes back on the far side, shifted."""
        if row < 0:
            row, column = row + self._rows, column + 4 - (self._rows + 4) % 8
        if column < 0:
            row, column = row + 4 - (self._columns + 4) % 8, column + self._columns
        return row, column

    def _take(self, cells: tuple[_Cell, ...]) -> None:
        self._taken.update(cells)
        self.codewords.append(cells)


@cache
def _layout(size: SymbolSize) -> tuple[tuple[_Cell, ...], ...]:
    down, across = size.regions
    walk = _Walk(down * size.region_rows, across * size.region_columns)
    walk.run()
    return tuple(walk.codewords)


def place(codewords: Sequence[int], size: SymbolSize) -> Modules:
    """The whole symbol, True = dark, without quiet zone."""
    down, across = size.regions
    mapping = np.zeros((down * size.region_rows, across * size.region_columns), dtype=np.bool_)
    layout = _layout(size)
    for codeword, cells in zip(codewords, layout, strict=True):
        for bit, cell in enumerate(cells):
            mapping[cell] = codeword >> (7 - bit) & 1
    if (mapping.shape[0] * mapping.shape[1]) % 8:
        # The four modules no codeword reaches, in the lower right: dark on the main diagonal.
        mapping[-1, -1] = mapping[-2, -2] = True
    return _framed(mapping, size)


def _framed(mapping: Modules, size: SymbolSize) -> Modules:
    symbol = np.zeros((size.rows, size.columns), dtype=np.bool_)
    height, width = size.region_rows, size.region_columns
    for down in range(size.regions[0]):
        for across in range(size.regions[1]):
            top, left = down * (height + 2), across * (width + 2)
            region = symbol[top : top + height + 2, left : left + width + 2]
            region[0, ::2] = True
            region[1::2, -1] = True
            region[:, 0] = True
            region[-1, :] = True
            inside = mapping[down * height : (down + 1) * height, across * width : (across + 1) * width]
            region[1:-1, 1:-1] = inside
    return symbol
