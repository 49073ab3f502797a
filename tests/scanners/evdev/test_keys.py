from __future__ import annotations

from typing import Any

import pytest

from scanners.evdev.keys import FUNCTION_KEYS, character_of, control_of, name_of
from scanners.evdev.records import Cutter, Record


def test_every_printable_key_gives_its_character_of_the_us_keyboard(vectors: dict[str, Any]) -> None:
    us = vectors["us"]
    for code, plain, shifted in zip(us["codes"], us["plain"], us["shifted"], strict=True):
        assert character_of(code, shift=False) == ord(plain)
        assert character_of(code, shift=True) == ord(shifted)


@pytest.mark.parametrize(
    ("code", "shift", "control"),
    [(27, False, 0x1D), (50, False, 0x0D), (36, False, 0x0A), (23, False, 0x09), (7, True, 0x1E), (12, True, 0x1F)],
)
def test_a_key_with_ctrl_gives_its_control_character(code: int, shift: bool, control: int) -> None:
    assert control_of(code, shift=shift) == control


def test_keys_without_a_character_say_so() -> None:
    assert character_of(FUNCTION_KEYS["f8"], shift=False) is None
    assert control_of(2, shift=False) is None
    assert (FUNCTION_KEYS["f1"], FUNCTION_KEYS["f10"], FUNCTION_KEYS["f12"]) == (59, 68, 88)
    assert name_of(42) == "Shift"


@pytest.mark.parametrize("bits", [64, 32])
def test_a_record_is_read_as_the_kernel_writes_it_in_any_pieces(bits: int, vectors: dict[str, Any]) -> None:
    vector = vectors["record"]
    raw = bytes.fromhex(vector[f"bytes_{bits}"])
    expected = Record(vector["at_us"] * 1000, vector["kind"], vector["code"], vector["value"])
    for size in range(1, len(raw) * 3):
        cutter = Cutter(len(raw))
        stream = raw * 3
        found = [record for at in range(0, len(stream), size) for record in cutter.receive(stream[at : at + size])]
        assert found == [expected] * 3
        assert cutter.rest_bytes == 0


def test_records_of_no_known_size_are_refused() -> None:
    with pytest.raises(ValueError, match="24 or 16"):
        Cutter(20)
