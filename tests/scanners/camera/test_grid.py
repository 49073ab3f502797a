"""Finding and reading a module grid, on symbols of another encoder drawn plainly, so that the truth is known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp

from scanners.camera.grid import border
from scanners.camera.grid.ecc200 import BY_SHAPE, Grid
from scanners.camera.grid.fit import evened, fit, locate
from scanners.camera.grid.geometry import homographies, is_sound, mapped, sampled
from scanners.camera.grid.lattice import SCORE_SURE, placed
from scanners.camera.grid.mesh import bent
from scanners.camera.grid.modules import content, grey_of, read_grid
from scanners.camera.grid.regions import regions

MARK = "0104870000000104213kZ7q_W<2hT9m93abcd"
LONG = MARK + "Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="


def symbol(text: str = MARK, *, square: bool = True) -> Grid:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=square)
    return np.array(made.to_image(scale=1, add_quiet_zones=False)) < 128


def drawn(grid: Grid, module_px: float, angle: float = 0.0, side: int = 400) -> tuple[Any, Any]:
    """The symbol in the middle of a light picture, and its four corners."""
    big = np.kron(np.where(np.pad(grid, 2), 20, 230).astype(np.uint8), np.ones((16, 16), np.uint8))
    rows, cols = grid.shape
    scale = module_px / 16
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    middle = np.array([(cols + 4) * 8 - 0.5, (rows + 4) * 8 - 0.5])
    matrix = np.column_stack((turn, np.array([side / 2, side / 2]) - turn @ middle))
    area = cv2.warpAffine(big, matrix, (side, side), flags=cv2.INTER_AREA, borderValue=230)
    corners = np.array([[2, 2], [cols + 2, 2], [cols + 2, rows + 2], [2, rows + 2]]) * 16 - 0.5
    return np.asarray(cv2.GaussianBlur(area, (0, 0), 0.6)), (corners @ turn.T + matrix[:, 2]).astype(np.float32)


def off(quad: Any, corners: Any) -> float:
    return float(np.abs(quad - corners).max())


def test_a_map_of_the_unit_square_meets_the_corners() -> None:
    quad = np.array([[10, 20], [110, 25], [120, 130], [5, 110]], np.float32)
    x, y = mapped(quad[None], np.array([0, 1, 1, 0], np.float32), np.array([0, 0, 1, 1], np.float32))
    assert off(np.stack((x[0], y[0]), axis=1), quad) < 1e-3
    assert homographies(np.repeat(quad[None], 3, axis=0)).shape == (3, 8)


def test_a_long_row_of_places_is_looked_up_like_a_short_one() -> None:
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16)
    x, y = np.meshgrid(np.arange(16, dtype=np.float32), np.arange(16, dtype=np.float32))
    wide = np.tile(np.stack((x.ravel(), y.ravel())), 40)  # More than one row of cv2.remap.
    assert np.array_equal(sampled(picture, wide[0], wide[1]).reshape(40, 16, 16), np.tile(picture, (40, 1, 1)))


@pytest.mark.parametrize("crossed", [[[0, 0], [50, 50], [50, 0], [0, 50]], [[0, 0], [5, 0], [5, 5], [0, 5]]])
def test_a_crossed_or_tiny_quadrilateral_is_not_sound(crossed: list[list[int]]) -> None:
    assert not is_sound(np.array(crossed, np.float32))


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize(("text", "square"), [(MARK, True), (LONG, True), (MARK, False)])
def test_a_border_is_found_among_random_cells_in_every_turn(
    text: str, square: bool, quarters: int, inverted: bool
) -> None:
    grid = symbol(text, square=square)
    turned = np.rot90(np.pad(grid, 1), -quarters)
    cells = np.where(np.random.default_rng(7).random((60, 60)) < 0.5, -50.0, 50.0)
    cells[9 : 9 + turned.shape[0], 13 : 13 + turned.shape[1]] = np.where(turned, -50.0, 50.0)
    found = border.best(-cells if inverted else cells, 1)[0]
    assert (found.size, found.quarters, found.inverted) == (BY_SHAPE[grid.shape], quarters, inverted)
    assert (found.row, found.column) == (10, 14)
    assert found.score > SCORE_SURE


def test_random_cells_hold_no_symbol_beyond_doubt() -> None:
    rng = np.random.default_rng(1)
    scores = [border.best(np.where(rng.random((70, 70)) < 0.5, -50.0, 50.0), 1)[0].score for _ in range(20)]
    assert max(scores) < SCORE_SURE


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.78, 1.9, 4.0])
def test_a_lattice_gives_size_and_corners_at_any_angle(angle: float) -> None:
    grid = symbol()
    picture, corners = drawn(grid, 5.0, angle)
    found = placed(evened(picture, 16.0))[0]
    assert found.size == BY_SHAPE[grid.shape]
    assert off(found.quad, corners) < 2.5  # Half a module.


def test_corners_that_are_a_module_off_are_mended() -> None:
    picture, corners = drawn(symbol(), 5.0, 0.4)
    pushed = corners + np.array([[4, -3], [-4, 4], [3, 4], [-4, -4]], np.float32)
    found = locate(evened(picture, 16.0), pushed)[0]
    assert found.size == BY_SHAPE[symbol().shape]
    assert off(found.quad, corners) < 2.5  # Half a module.


def test_a_symbol_light_on_dark_is_found_and_read() -> None:
    picture, corners = drawn(symbol(), 5.0, 0.2)
    picture = 255 - picture
    even = evened(picture, 16.0)
    found = locate(even, corners)[0]
    read = read_grid(picture, even, found)
    assert found.inverted
    assert read is not None
    assert read.data == MARK.encode()


def test_blur_that_no_threshold_survives_is_undone() -> None:
    picture, corners = drawn(symbol(), 4.0, 0.1)
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.4))
    even = evened(blurred, 16.0)
    found = fit(even, corners, BY_SHAPE[symbol().shape])
    middle = grey_of(blurred, corners, found.size)[2:-2, 2:-2]
    assert all(content(middle < level) is None for level in range(40, 220, 5))
    read = read_grid(blurred, even, found)
    assert read is not None
    assert read.data == MARK.encode()


def test_a_label_on_a_round_bottle_is_bent_flat() -> None:
    picture, corners = drawn(symbol(LONG), 6.0)
    rows, cols = np.indices(picture.shape, dtype=np.float32)
    waved = cv2.remap(picture, cols + 4 * np.sin(rows / 45), rows + 4 * np.sin(cols / 50), cv2.INTER_LINEAR)
    even = evened(np.asarray(waved), 16.0)
    size = BY_SHAPE[symbol(LONG).shape]
    found = fit(even, corners, size)
    moved = bent(even, found.quad, size)
    assert np.abs(moved).max() > 1.0
    read = read_grid(np.asarray(waved), even, found)
    assert read is not None
    assert read.data == LONG.encode()


def test_a_region_lies_around_the_symbol_and_an_empty_picture_has_none() -> None:
    picture, corners = drawn(symbol(), 5.0, 0.5)
    first = regions(picture)[0]
    centre = first.quad.mean(axis=0)
    assert off(centre, corners.mean(axis=0)) < 15
    assert regions(np.full((400, 400), 200, np.uint8)) == []


def test_a_clean_grid_says_what_it_says() -> None:
    read = content(symbol())
    assert read is not None
    assert (read.data, read.symbology) == (MARK.encode(), "]d1")
