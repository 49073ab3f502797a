"""The encoder against the worked example of the standard and against a reader that shares no code with it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from hw_sim.optics.datamatrix import encode
from hw_sim.optics.encodation import Mode, encoded
from hw_sim.optics.placement import place
from hw_sim.optics.reed_solomon import protect
from hw_sim.optics.symbol_sizes import RECTANGLES, SQUARES, DoesNotFit, Shape, SymbolSize, exact

DATA_MATRIX = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix])
MODES = ("ascii", "c40", "text", "auto")
ALPHABETS = (
    bytes(range(33, 127)),
    b"0123456789",
    b"ABCDEF12 ",
    b"abc12XY!",
    bytes(range(128)),
    bytes(range(256)),
)


def drawn(modules: NDArray[np.bool_]) -> NDArray[np.uint8]:
    squares = np.kron(np.where(modules, 0, 255).astype(np.uint8), np.ones((4, 4), np.uint8))
    return np.pad(squares, 12, constant_values=255)


def read(modules: NDArray[np.bool_]) -> tuple[bytes, str] | None:
    """Bytes and AIM identifier by zxing-cpp; ]d2 is FNC1 in front."""
    code = zxingcpp.read_barcode(drawn(modules), formats=DATA_MATRIX)
    return (code.bytes, code.symbology_identifier) if code else None


def test_the_worked_example_of_the_standard_gives_its_codewords() -> None:
    # ISO/IEC 16022 annex O: "123456".
    data, size = encoded(list(b"123456"), Mode.ASCII, Shape.SQUARE)
    assert (data, (size.rows, size.columns)) == ([142, 164, 186], (10, 10))
    assert protect(data, size) == [142, 164, 186, 114, 25, 5, 88, 102]


def test_the_worked_example_of_the_standard_looks_like_its_figure() -> None:
    # ISO/IEC 16022 annex O, the final symbol; 10 x 10 modules.
    figure = [
        "1010101010",
        "1100101101",
        "1100000100",
        "1100011101",
        "1100001000",
        "1000001111",
        "1110110000",
        "1111011001",
        "1001110100",
        "1111111111",
    ]
    modules = place([142, 164, 186, 114, 25, 5, 88, 102], exact(10, 10))
    assert ["".join("01"[int(module)] for module in row) for row in modules] == figure


@pytest.mark.parametrize("size", SQUARES + RECTANGLES, ids=lambda size: f"{size.rows}x{size.columns}")
def test_every_size_holds_what_it_promises_and_reads_back_full_and_nearly_empty(size: SymbolSize) -> None:
    rng = random.Random(size.rows * 1000 + size.columns)
    full = bytes(rng.choices(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=size.data))
    for data in (full, b"12"):
        modules = encode(data, gs1=False, shape=size.shape.value, size=(size.rows, size.columns))
        assert modules.shape == (size.rows, size.columns)
        assert read(modules) == (data, "]d1")
    with pytest.raises(DoesNotFit):
        encode(full + b"A", gs1=False, shape=size.shape.value, size=(size.rows, size.columns))


@pytest.mark.parametrize("mode", MODES)
def test_any_bytes_in_any_mode_read_back_exactly(mode: str) -> None:
    rng = random.Random(7)
    for _ in range(120):
        data = bytes(rng.choices(rng.choice(ALPHABETS), k=rng.randint(1, 70)))
        assert read(encode(data, gs1=False, mode=mode)) == (data, "]d1")  # type: ignore[arg-type]


@pytest.mark.parametrize("separator", ["fnc1", "gs"])
@pytest.mark.parametrize("mode", MODES)
def test_a_gs1_code_reads_back_with_its_separators_in_any_mode(mode: str, separator: str) -> None:
    rng = random.Random(8)
    for _ in range(60):
        fields = [bytes(rng.choices(rng.choice(ALPHABETS[:4]), k=rng.randint(1, 30))) for _ in range(3)]
        data = b"\x1d".join(fields)
        modules = encode(data, gs1=True, mode=mode, separator=separator)  # type: ignore[arg-type]
        assert read(modules) == (data, "]d2")


def test_fnc1_stands_inside_c40_when_c40_is_asked_for() -> None:
    # ISO/IEC 16022 table C.1: shift 2 (value 1) then 27 is FNC1, so "A", FNC1 is 14, 1, 27: 1600*14 + 40*1 + 27 + 1.
    data, _ = encoded([ord("A"), 256], Mode.C40, Shape.SQUARE)
    assert data[:3] == [230, *divmod(1600 * 14 + 40 * 1 + 27 + 1, 256)]


def test_c40_that_fills_the_symbol_ends_without_an_unlatch() -> None:
    # 5 codewords of 12x12: the latch and two pairs.
    data, size = encoded(list(b"ABCDEF"), Mode.C40, Shape.SQUARE)
    assert (len(data), size.rows) == (5, 12)
    assert 254 not in data
    assert read(encode(b"ABCDEF", gs1=False, mode="c40")) == (b"ABCDEF", "]d1")


def test_one_character_left_over_takes_the_last_codeword_in_ascii_without_an_unlatch() -> None:
    # 8 codewords of 14x14: the latch, three pairs and the codeword of "J".
    data, size = encoded(list(b"ABCDEFGHIJ"), Mode.C40, Shape.SQUARE)
    assert (size.rows, data[-1]) == (14, ord("J") + 1)
    assert read(encode(b"ABCDEFGHIJ", gs1=False, mode="c40")) == (b"ABCDEFGHIJ", "]d1")


def test_two_values_left_over_are_filled_up_with_a_shift() -> None:
    # 5 codewords of 12x12: the latch, "ABC", and "DE" with shift 1 (value 0).
    data, size = encoded(list(b"ABCDE"), Mode.C40, Shape.SQUARE)
    assert (size.rows, data[3:]) == (12, list(divmod(1600 * 17 + 40 * 18 + 0 + 1, 256)))
    assert read(encode(b"ABCDE", gs1=False, mode="c40")) == (b"ABCDE", "]d1")


def test_base_256_longer_than_249_bytes_has_a_length_of_two_codewords() -> None:
    data = bytes(128 + place % 128 for place in range(300))
    assert read(encode(data, gs1=False, mode="auto")) == (data, "]d1")


def test_a_size_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        encode(b"1", gs1=False, size=(11, 11))
