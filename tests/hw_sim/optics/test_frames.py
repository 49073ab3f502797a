"""Frames are the same for the same seed, and what they say about their codes is what a ruler would find."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from hw_sim.optics.frames import CODE_KINDS, EMPTY_KINDS, KINDS, Code, Frame, frame, frames, noise_frame, one
from hw_sim.optics.surface import Surface, camera, crumple, cylinder
from hw_sim.optics.wear import Box

DATA_MATRIX = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix])
NAMED = {
    "clean", "small", "rotated", "perspective", "curved", "crumpled", "blur", "motion", "glare", "low_contrast",
    "uneven_light", "noise", "jpeg", "print_growth", "dots", "missing_module_rows", "damaged", "occluded_edge",
    "no_quiet_zone", "inverted", "mirrored", "rectangular", "clutter", "several", "big_frame", "textured_background",
    "shelf", "empty_gradient", "noise_only", "text_page", "ean_only", "hatch", "brickwork", "packaging", "dark",
    "overexposed",
}  # fmt: skip
# Printed whole and photographed flat, so that a module's middle must have the module's tone.
STRAIGHT = ("clean", "small", "rotated", "perspective", "mirrored", "rectangular", "clutter", "several", "big_frame")


def fingerprint(made: Frame) -> str:
    digest = hashlib.sha256(made.image.tobytes())
    for code in made.codes:
        digest.update(code.data + code.corners.tobytes())
    return digest.hexdigest()


def read(image: NDArray[np.uint8]) -> list[bytes]:
    return [code.bytes for code in zxingcpp.read_barcodes(image, formats=DATA_MATRIX)]


def dark_middles(image: NDArray[np.uint8], code: Code) -> NDArray[np.bool_]:
    """The modules as a ruler laid between the corners finds them: pixels under their middles, split at half range."""
    rows, columns = code.modules.shape
    flat = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    to_image = cv2.getPerspectiveTransform(flat, code.corners.astype(np.float32))
    x, y = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    middles = cv2.perspectiveTransform(np.stack([x, y], axis=-1).reshape(-1, 1, 2).astype(np.float32), to_image)
    at_x, at_y = (np.ascontiguousarray(middles[:, 0, axis].reshape(rows, columns)) for axis in (0, 1))
    tones = cv2.remap(image.astype(np.float32), at_x, at_y, cv2.INTER_LINEAR)
    return np.asarray(tones < (tones.min() + tones.max()) / 2)


def test_the_table_names_every_kind() -> None:
    assert set(KINDS) == NAMED
    assert {kind for kind, has_codes in KINDS.items() if has_codes} == set(CODE_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_can_be_made_again_alone_and_another_seed_or_index_makes_another(kind: str) -> None:
    first, again = one(1, kind, 0), one(1, kind, 0)
    assert fingerprint(first) == fingerprint(again)
    assert len({fingerprint(first), fingerprint(one(2, kind, 0)), fingerprint(one(1, kind, 1))}) == 3


def test_a_series_holds_the_frames_that_are_made_alone() -> None:
    series = list(frames(3, 2, ["glare", "dark"]))
    assert [made.kind for made in series] == ["glare", "glare", "dark", "dark"]
    alone = [one(3, kind, index) for kind in ("glare", "dark") for index in range(2)]
    assert [fingerprint(made) for made in series] == [fingerprint(made) for made in alone]


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_is_a_gray_camera_image_with_the_codes_of_its_kind_inside(kind: str) -> None:
    made = one(4, kind, 0)
    assert made.kind == kind
    assert made.image.dtype == np.uint8
    assert made.image.shape == ((720, 1280) if kind == "big_frame" else (480, 640))
    if kind == "several":
        assert 2 <= len(made.codes) <= 4
        assert len({code.data for code in made.codes}) == len(made.codes)
    else:
        assert len(made.codes) == int(KINDS[kind])
    height, width = made.image.shape
    for code in made.codes:
        assert code.corners.shape == (4, 2)
        assert (code.corners >= 0).all()
        assert (code.corners <= (width - 1, height - 1)).all()


@pytest.mark.parametrize("kind", STRAIGHT)
def test_modules_found_between_the_corners_are_those_of_the_encoder(kind: str) -> None:
    for index in range(3):
        made = one(5, kind, index)
        for code in made.codes:
            assert (dark_middles(made.image, code) == code.modules).all()


def test_on_an_inverted_print_the_dark_modules_are_light() -> None:
    made = one(5, "inverted", 0)
    assert (dark_middles(made.image, made.codes[0]) != made.codes[0].modules).all()


def test_corners_run_clockwise_but_on_a_mirrored_symbol_the_other_way() -> None:
    def turning(code: Code) -> float:
        (ax, ay), (bx, by), (cx, cy), _ = code.corners
        return float((bx - ax) * (cy - by) - (by - ay) * (cx - bx))

    assert all(turning(one(6, "rotated", index).codes[0]) > 0 for index in range(3))
    assert all(turning(one(6, "mirrored", index).codes[0]) < 0 for index in range(3))


@pytest.mark.parametrize("kind", ["clean", "rotated", "mirrored", "inverted", "rectangular", "several", "big_frame"])
def test_a_reader_of_other_make_reads_the_easy_kinds(kind: str) -> None:
    for index in range(3):
        made = one(7, kind, index)
        assert sorted(read(made.image)) == sorted(code.data for code in made.codes)


def test_a_reader_of_other_make_reads_some_and_misses_some_of_the_hard_kinds() -> None:
    found = [bool(read(made.image)) for made in frames(7, 8, ["blur", "glare", "noise", "print_growth", "damaged"])]
    assert 8 <= sum(found) <= 32


@pytest.mark.parametrize("kind", EMPTY_KINDS)
def test_frames_without_codes_read_as_nothing(kind: str) -> None:
    assert [read(one(8, kind, index).image) for index in range(3)] == [[], [], []]


def test_noise_frames_are_many_small_cheap_kinds_and_hold_no_symbol() -> None:
    rng = np.random.default_rng(9)
    made = [noise_frame(rng) for _ in range(150)]
    assert {(image.shape, image.dtype) for image in made} == {((240, 320), np.dtype(np.uint8))}
    assert len({image.tobytes() for image in made}) == len(made)
    assert [read(image) for image in made] == [[]] * len(made)


def test_noise_frames_of_one_seed_are_the_same() -> None:
    first, second = np.random.default_rng(10), np.random.default_rng(10)
    for _ in range(30):
        assert noise_frame(first).tobytes() == noise_frame(second).tobytes()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        frame("sharp", np.random.default_rng(1))


@pytest.mark.parametrize("bent", ["flat", "cylinder", "crumpled"])
def test_a_point_of_the_print_is_seen_where_the_image_shows_it(bent: str) -> None:
    box = Box(10.0, 8.0, 36, 36)
    bends = {
        "flat": [],
        "cylinder": [cylinder(28.0, 24.0, True, 0.3)],
        "crumpled": [crumple(np.random.default_rng(3), box, 6, 0.18)],
    }[bent]
    surface = Surface(camera((28.0, 26.0), 4.0, 0.7, (0.3, -0.2), (480, 640)), bends)
    points = np.array([(10, 8), (46, 8), (46, 44), (10, 44), (28, 26), (13.5, 30.25)], dtype=float)
    assert np.abs(surface.to_print(surface.to_image(points)) - points).max() < 0.01


def test_the_camera_shows_the_centre_in_mid_image_at_the_asked_size() -> None:
    surface = Surface(camera((5.0, 5.0), 4.0, 0.0, (0.0, 0.0), (480, 640)))
    seen = surface.to_image(np.array([(5.0, 5.0), (6.0, 5.0), (5.0, 6.0)]))
    assert np.abs(seen - [(319.5, 239.5), (323.5, 239.5), (319.5, 243.5)]).max() < 1e-3
