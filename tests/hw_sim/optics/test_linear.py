"""Linear codes read back by a reader of other make; one known symbol bar by bar."""

from __future__ import annotations

import random
import string

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from hw_sim.optics.linear import check_digit, code128, ean13

FORMATS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.Code128])


def read(bars: NDArray[np.bool_]) -> tuple[bytes, str] | None:
    row = np.repeat(np.pad(np.where(bars, 0, 255).astype(np.uint8), 15, constant_values=255), 3)
    code = zxingcpp.read_barcode(np.tile(row, (80, 1)), formats=FORMATS)
    return (code.bytes, code.symbology_identifier) if code else None


@pytest.mark.parametrize("number", ["4870249811936", "0360002914522", "4012345678901", "9780201379624"])
def test_ean_13_reads_back(number: str) -> None:
    bars = ean13(number)
    assert len(bars) == 95
    assert read(bars) == (number.encode(), "]E0")


def test_every_first_digit_of_an_ean_13_has_its_own_parity() -> None:
    for first in string.digits:
        body = f"{first}12345678901"
        assert read(ean13(body)) == ((body + check_digit(body)).encode(), "]E0")


def test_the_check_digit_is_that_of_published_numbers() -> None:
    # GS1 check digit calculator's example 629104150021 -> 3; an SSCC of GS1 General Specifications shape.
    assert check_digit("629104150021") == "3"
    assert check_digit("0487024981193") == "6"


def test_code_128_reads_back_any_printable_text() -> None:
    rng = random.Random(5)
    for _ in range(60):
        text = "".join(
            rng.choices(rng.choice([string.digits, string.printable[:95], "AB12345678"]), k=rng.randint(1, 24))
        )
        assert read(code128(text)) == (text.encode(), "]C0")


def test_gs1_128_leads_with_fnc1_and_keeps_separators() -> None:
    assert read(code128("00004870000000000429", gs1=True)) == (b"00004870000000000429", "]C1")
    assert read(code128("10ABC\x1d2112345", gs1=True)) == (b"10ABC\x1d2112345", "]C1")


@pytest.mark.parametrize("text", ["", "\x1d12", "é"])
def test_code_128_refuses_what_it_cannot_carry(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        code128(text)


def test_ean_13_refuses_what_is_no_number_of_12_or_13_digits() -> None:
    with pytest.raises(ValueError, match="12 or 13 digits"):
        ean13("12345")
