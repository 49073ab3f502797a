"""Correction against the standard's example and against codewords of another encoder (zxing-cpp's)."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp

from scanners.camera.grid.ecc200 import BY_SHAPE, codewords
from scanners.camera.grid.reed_solomon import Words, correct, syndromes

ISO_EXAMPLE = np.array([142, 164, 186, 114, 25, 5, 88, 102], np.uint8)  # The worked example of ISO/IEC 16022.


@pytest.fixture(scope="module")
def sent() -> tuple[Words, int]:
    text = "0104870000000104213kZ7q_W<2hT9m93abcd"
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    grid = np.array(made.to_image(scale=1, add_quiet_zones=False)) < 128
    size = BY_SHAPE[grid.shape]
    return codewords(grid, size), size.check


def test_the_example_of_the_standard_is_a_codeword() -> None:
    assert not syndromes(ISO_EXAMPLE, 5).any()


@pytest.mark.parametrize("place", range(8))
def test_two_errors_of_the_example_are_mended(place: int) -> None:
    damaged = ISO_EXAMPLE.copy()
    damaged[place] ^= 0x5A
    damaged[(place + 3) % 8] ^= 0xFF
    mended = correct(damaged, 5)
    assert mended is not None
    assert (mended[0].tolist(), mended[1]) == (ISO_EXAMPLE.tolist(), 2)


def test_every_mix_of_errors_and_erasures_in_reach_is_mended(sent: tuple[Words, int]) -> None:
    words, check = sent
    rng = np.random.default_rng(3)
    for erasures in range(check + 1):
        errors = (check - erasures) // 2
        at = rng.permutation(len(words))[: erasures + errors]
        damaged = words.copy()
        damaged[at[:erasures]] = rng.integers(0, 256, erasures)
        damaged[at[erasures:]] ^= rng.integers(1, 256, errors).astype(np.uint8)
        mended = correct(damaged, check, tuple(at[:erasures].tolist()))
        assert mended is not None
        assert mended[0].tolist() == words.tolist()
        assert mended[1] == errors


def test_beyond_reach_nothing_false_is_given(sent: tuple[Words, int]) -> None:
    words, check = sent
    rng = np.random.default_rng(4)
    for _ in range(200):
        damaged = rng.integers(0, 256, len(words)).astype(np.uint8)
        assert correct(damaged, check) is None


def test_more_erasures_than_check_words_are_refused(sent: tuple[Words, int]) -> None:
    words, check = sent
    assert correct(words, check, tuple(range(check + 1))) is None
