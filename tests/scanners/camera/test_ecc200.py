"""Sizes and placement against ISO/IEC 16022's own example and against symbols of another encoder (zxing-cpp's)."""

from __future__ import annotations

import random
import string

import numpy as np
import pytest
import zxingcpp

from scanners.camera.grid.ecc200 import BY_SHAPE, SIZES, Grid, codewords, painted, pattern, places

# The worked example of ISO/IEC 16022: "123456" in a 10 x 10 symbol.
ISO_EXAMPLE = [142, 164, 186, 114, 25, 5, 88, 102]


def symbol(text: str, *, square: bool) -> Grid:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=square)
    return np.array(made.to_image(scale=1, add_quiet_zones=False)) < 128


@pytest.fixture(scope="module")
def symbols() -> list[Grid]:
    rng = random.Random(5)
    letters = string.ascii_letters + string.digits
    texts = ["".join(rng.choices(letters, k=length)) for length in (*range(1, 60), *range(60, 200, 3))]
    made = [symbol(text, square=square) for text in texts for square in (True, False)]
    return [grid for grid in made if grid.shape in BY_SHAPE]


def test_the_example_of_the_standard_has_its_codewords() -> None:
    grid = symbol("123456", square=True)
    assert codewords(grid, BY_SHAPE[10, 10]).tolist() == ISO_EXAMPLE


def test_the_fixed_patterns_are_those_of_another_encoder(symbols: list[Grid]) -> None:
    assert {grid.shape for grid in symbols} >= {(size.rows, size.cols) for size in SIZES if size.rows == size.cols}
    for grid in symbols:
        known = pattern(BY_SHAPE[grid.shape])
        assert np.array_equal(grid[known != 0], (known > 0)[known != 0])


def test_codewords_painted_again_give_the_same_symbol(symbols: list[Grid]) -> None:
    for grid in symbols:
        size = BY_SHAPE[grid.shape]
        assert np.array_equal(painted(codewords(grid, size), size), grid)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.rows}x{size.cols}")
def test_every_bit_has_a_module_of_its_own(size: object) -> None:
    found = places(size)  # type: ignore[arg-type]
    assert len(set(found.ravel().tolist())) == found.size
    assert not pattern(size).ravel()[found.ravel()].any()  # type: ignore[arg-type]
