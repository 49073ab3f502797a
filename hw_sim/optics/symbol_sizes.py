"""The thirty ECC 200 symbols and how each divides its codewords. Source: ISO/IEC 16022, table 7."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    SQUARE = "square"
    RECT = "rect"


@dataclass(frozen=True, slots=True)
class SymbolSize:
    """One symbol: its outer size in modules without the quiet zone, its data regions, its codewords."""

    rows: int
    columns: int
    region_rows: int  # Inside of one data region, without its finder and timing.
    region_columns: int
    data: int  # Codewords of data, padding included.
    check: int
    blocks: int  # Reed-Solomon blocks, interleaved codeword by codeword.

    @property
    def shape(self) -> Shape:
        return Shape.SQUARE if self.rows == self.columns else Shape.RECT

    @property
    def regions(self) -> tuple[int, int]:
        """Data regions down and across; every region has a frame of one module around it."""
        return self.rows // (self.region_rows + 2), self.columns // (self.region_columns + 2)


def _squares(rows: Iterable[tuple[int, int, int, int, int]]) -> Iterable[SymbolSize]:
    for side, region, data, check, blocks in rows:
        yield SymbolSize(side, side, region, region, data, check, blocks)


SQUARES: tuple[SymbolSize, ...] = tuple(
    _squares(
        (
            (10, 8, 3, 5, 1),
            (12, 10, 5, 7, 1),
            (14, 12, 8, 10, 1),
            (16, 14, 12, 12, 1),
            (18, 16, 18, 14, 1),
            (20, 18, 22, 18, 1),
            (22, 20, 30, 20, 1),
            (24, 22, 36, 24, 1),
            (26, 24, 44, 28, 1),
            (32, 14, 62, 36, 1),
            (36, 16, 86, 42, 1),
            (40, 18, 114, 48, 1),
            (44, 20, 144, 56, 1),
            (48, 22, 174, 68, 1),
            (52, 24, 204, 84, 2),
            (64, 14, 280, 112, 2),
            (72, 16, 368, 144, 4),
            (80, 18, 456, 192, 4),
            (88, 20, 576, 224, 4),
            (96, 22, 696, 272, 4),
            (104, 24, 816, 336, 6),
            (120, 18, 1050, 408, 6),
            (132, 20, 1304, 496, 8),
            (144, 22, 1558, 620, 10),
        )
    )
)
RECTANGLES: tuple[SymbolSize, ...] = (
    SymbolSize(8, 18, 6, 16, 5, 7, 1),
    SymbolSize(8, 32, 6, 14, 10, 11, 1),
    SymbolSize(12, 26, 10, 24, 16, 14, 1),
    SymbolSize(12, 36, 10, 16, 22, 18, 1),
    SymbolSize(16, 36, 14, 16, 32, 24, 1),
    SymbolSize(16, 48, 14, 22, 49, 28, 1),
)
BY_SHAPE = {Shape.SQUARE: SQUARES, Shape.RECT: RECTANGLES}


class DoesNotFit(ValueError):
    """More codewords than the largest symbol of the wanted shape, or than the one symbol asked for, holds."""


def smallest(codewords: int, shape: Shape) -> SymbolSize:
    """The smallest symbol of this shape that holds so many data codewords. Raises DoesNotFit."""
    for size in BY_SHAPE[shape]:
        if size.data >= codewords:
            return size
    raise DoesNotFit(f"{codewords} codewords: the largest {shape} symbol holds {BY_SHAPE[shape][-1].data}")


def exact(rows: int, columns: int) -> SymbolSize:
    """The symbol of this outer size in modules. Raises KeyError when ISO/IEC 16022 has none."""
    return _BY_OUTER[rows, columns]


_BY_OUTER = {(size.rows, size.columns): size for size in SQUARES + RECTANGLES}
