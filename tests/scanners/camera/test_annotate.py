"""What the picture for the IT page shows, told by its pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from scanners.camera.annotate import Mark, Shape, annotated, jpeg, printable

SQUARE = ((200.0, 150.0), (300.0, 150.0), (300.0, 250.0), (200.0, 250.0))
BLUE, VERMILION, YELLOW = (178, 114, 0), (0, 94, 213), (66, 228, 240)


def blank(width: int = 640, height: int = 480) -> Any:
    return np.full((height, width), 128, np.uint8)


def has(picture: Any, colour: tuple[int, int, int]) -> Any:
    return (np.abs(picture.astype(int) - colour) < 12).all(axis=2)


def along_top(picture: Any, colour: tuple[int, int, int]) -> float:
    """Which part of the upper side has the colour in or beside it; the number's disc at the corner left out."""
    return float(has(picture, colour)[147:154, 218:300].any(axis=0).mean())


def test_each_shape_has_its_colour_and_its_line() -> None:
    read = annotated(blank(), [Mark(SQUARE, Shape.READ)])
    refused = annotated(blank(), [Mark(SQUARE, Shape.REFUSED)])
    seen = annotated(blank(), [Mark(SQUARE, Shape.SEEN)])
    assert along_top(read, BLUE) == 1.0
    assert 0.4 < along_top(refused, VERMILION) < 0.95  # Dashed.
    assert 0.05 < along_top(seen, YELLOW) < 0.5  # Corners only.


def test_the_picture_given_is_left_alone_and_the_rest_of_it_shows() -> None:
    gray = np.random.default_rng(1).integers(0, 255, (480, 640), dtype=np.uint8)
    before = gray.copy()
    drawn = annotated(gray, [Mark(SQUARE, Shape.READ, "]d2 01")])
    assert np.array_equal(gray, before)
    assert np.array_equal(drawn[400:, :, 1], gray[400:])
    colour: Any = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
    kept = colour.copy()
    annotated(colour, [Mark(SQUARE, Shape.READ)])
    assert np.array_equal(colour, kept)


def test_what_lies_outside_the_region_is_darker() -> None:
    drawn = annotated(blank(), [], region=(100, 100, 200, 150))
    assert drawn[50, 50].tolist() == [64, 64, 64]
    assert drawn[150, 150].tolist() == [128, 128, 128]


def test_labels_do_not_cover_each_other() -> None:
    """Two symbols side by side with long texts: each label's bar of colour is seen whole."""
    right = tuple((x + 150, y) for x, y in SQUARE)
    text = "]d2 0104870249811936" * 3
    one = annotated(blank(), [Mark(SQUARE, Shape.READ, text)])
    two = annotated(blank(), [Mark(SQUARE, Shape.READ, text), Mark(right, Shape.READ, text)])
    letters = (255, 255, 255)
    assert has(two, letters).sum() > 1.8 * has(one, letters).sum()


@pytest.mark.parametrize("shape", list(Shape))
def test_the_line_runs_around_the_symbol_and_covers_nothing_of_it(shape: Shape) -> None:
    gray = blank()
    gray[150:251, 200:301] = 77
    drawn = annotated(gray, [Mark(SQUARE, shape, "]d2 01")])
    assert (drawn[150:251, 200:301] == 77).all()


def test_one_place_that_several_steps_looked_at_is_drawn_once_and_not_where_a_code_was_read() -> None:
    nearly = tuple((x + 6, y - 4) for x, y in SQUARE)
    elsewhere = tuple((x + 200, y) for x, y in SQUARE)
    once = annotated(blank(), [Mark(SQUARE, Shape.SEEN)])
    assert np.array_equal(annotated(blank(), [Mark(SQUARE, Shape.SEEN), Mark(nearly, Shape.SEEN)]), once)
    marks = [Mark(nearly, Shape.SEEN), Mark(elsewhere, Shape.SEEN), Mark(SQUARE, Shape.READ)]
    drawn = has(annotated(blank(), marks), YELLOW)
    assert drawn[:, 380:].any()
    assert not drawn[:, :330].any()


def test_a_label_does_not_hide_the_number_of_its_symbol() -> None:
    """A tray of symbols at the lower edge: labels have to go up, where the numbers are."""
    squares = [tuple((x + dx, y + 120) for x, y in SQUARE) for dx in (-190, -70, 50, 170)]
    drawn = annotated(blank(), [Mark(square, Shape.READ, "]d2 0104870249811936") for square in squares])
    bare = annotated(blank(), [Mark(square, Shape.READ) for square in squares])
    for square in squares:
        x, y = (round(place) for place in square[0])
        assert np.array_equal(drawn[y - 20 : y, x - 20 : x], bare[y - 20 : y, x - 20 : x])


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (160, 120), (40, 30), (9, 9), (1, 1), (5000, 20)])
@pytest.mark.parametrize("shape", list(Shape))
def test_any_size_and_any_place_is_drawn(size: tuple[int, int], shape: Shape) -> None:
    far = ((-5000.0, -9.5), (1e5, 3.0), (20.0, 1e5), (-3.0, 80.0))
    marks = [Mark(SQUARE, shape, "x" * 300), Mark(far, shape, ""), Mark(((0.0, 0.0),) * 4, shape, "y")]
    drawn = annotated(blank(*size), marks, footer="z" * 200)
    assert drawn.shape == (size[1], size[0], 3)
    assert drawn.dtype == np.uint8


def test_the_jpeg_is_that_picture() -> None:
    back: Any = cv2.imdecode(np.frombuffer(jpeg(annotated(blank(), [])), np.uint8), cv2.IMREAD_COLOR)
    assert back.shape == (480, 640, 3)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"01\x1d21", "]d2 01<GS>21"),
        (b"\x00\xff~", "]d2 <00><FF>~"),
        (b"a" * 500, "]d2 " + "a" * 200 + "..."),
    ],
)
def test_data_are_shown_with_their_control_characters_named(data: bytes, expected: str) -> None:
    assert printable(data, "]d2") == expected
