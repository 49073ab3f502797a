"""Marking codes have the lengths, separators and characters of the published layouts."""

from __future__ import annotations

import numpy as np
import pytest

from hw_sim.optics.marks import SHAPES, any_mark, mark

GS = b"\x1d"
# Full length with separators, from the layouts of CRPT's structure of codes v1.2 and Webkassa 2.0.3 samples.
LENGTHS = {
    "full44": 85, "full44_20": 92, "full44_6": 78, "short13": 38, "short7": 32, "short6": 31, "short8": 33,
    "short6_weighed": 42, "block": 43, "pack29": 29,
}  # fmt: skip
FIELDS = {"full44": (b"91", b"92"), "short7": (b"93",), "short6_weighed": (b"93", b"3103"), "block": (b"8005", b"93")}
AI82 = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"%&'()*+,-./:;<=>?_")


def check_holds(gtin: bytes) -> bool:
    return sum((digit - 48) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(gtin)) % 10 == 0


def test_the_check_of_this_test_holds_for_a_published_number_and_not_for_a_wrong_one() -> None:
    assert check_holds(b"04870249811936")
    assert not check_holds(b"00000058644528")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_code_has_the_length_and_characters_of_its_shape(shape: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        made = mark(shape, rng)
        assert len(made.data) == LENGTHS[shape]
        assert set(made.data) <= AI82 | set(GS)
        assert made.gs1 == (shape != "pack29")
        gtin = made.data[2:16] if made.gs1 else made.data[:14]
        assert check_holds(gtin)


@pytest.mark.parametrize("shape", FIELDS)
def test_the_fields_after_the_serial_stand_in_their_order(shape: str) -> None:
    made = mark(shape, np.random.default_rng(2))
    head, *rest = made.data.split(GS)
    assert head.startswith(b"01")
    assert head[16:18] == b"21"
    assert len(rest) == len(FIELDS[shape])
    assert all(part.startswith(key) for part, key in zip(rest, FIELDS[shape], strict=True))


def test_all_shapes_occur_and_short_leaves_out_the_signed_ones() -> None:
    rng = np.random.default_rng(3)
    assert {len(any_mark(rng).data) for _ in range(400)} == set(LENGTHS.values())
    assert max(len(any_mark(rng, short=True).data) for _ in range(200)) == LENGTHS["block"]
