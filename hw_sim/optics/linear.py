"""Linear codes as one row of bars: EAN-13 and Code 128, the latter also as GS1-128.

They stand beside a Data Matrix on real packs, and a reader must not mistake them for one.
Sources: GS1 General Specifications 5.2 (EAN/UPC) and 5.4 (GS1-128); ISO/IEC 15417 (Code 128).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bars = NDArray[np.bool_]  # One element a module, True = dark, without quiet zones.

_EAN_LEFT = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
# Which of digits 2 to 7 are in set B, by the first digit, which is not drawn.
_EAN_SET_B = ("", "245", "235", "234", "145", "125", "123", "135", "134", "124")

# Widths bar, space, bar, space, bar, space of values 0 to 105, six digits a value.
_CODE128 = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221"
    "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321"
    "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131"
    "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114"
    "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"
)
_STOP = "2331112"
_CODE_C, _CODE_B, _FNC1, _START_B, _START_C = 99, 100, 102, 104, 105
_GS = "\x1d"


def check_digit(digits: str) -> str:
    """The mod-10 check digit of GTIN and SSCC: weights 3, 1, 3, ... from the right."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def ean13(digits: str) -> Bars:
    """95 modules of an EAN-13; 12 digits get their check digit, 13 are drawn as given. Raises ValueError."""
    if len(digits) not in (12, 13) or not digits.isdecimal():
        raise ValueError(f"EAN-13 takes 12 or 13 digits: {digits!r}")
    full = digits if len(digits) == 13 else digits + check_digit(digits)
    in_set_b = _EAN_SET_B[int(full[0])]
    left = "".join(_ean_left(digit, str(place) in in_set_b) for place, digit in enumerate(full[1:7]))
    right = "".join(_inverted(_EAN_LEFT[int(digit)]) for digit in full[7:])
    return np.array([module == "1" for module in f"101{left}01010{right}101"], dtype=np.bool_)


def _ean_left(digit: str, set_b: bool) -> str:
    pattern = _EAN_LEFT[int(digit)]
    return _inverted(pattern)[::-1] if set_b else pattern


def _inverted(pattern: str) -> str:
    return pattern.translate(str.maketrans("01", "10"))


def code128(text: str, *, gs1: bool = False) -> Bars:
    """Code 128 in sets B and C of printable ASCII; with `gs1` FNC1 leads and 1Dh is FNC1. Raises ValueError."""
    values = _code128_values(text, gs1)
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], start=1))) % 103
    widths = "".join(_CODE128[6 * value : 6 * value + 6] for value in [*values, check]) + _STOP
    modules = [place % 2 == 0 for place, width in enumerate(widths) for _ in range(int(width))]
    return np.array(modules, dtype=np.bool_)


def _code128_values(text: str, gs1: bool) -> Sequence[int]:
    allowed = _GS if gs1 else ""
    if not text or any(not (" " <= char <= "~" or char in allowed) for char in text):
        raise ValueError(f"Code 128 here takes printable ASCII: {text!r}")
    in_c = _digits_ahead(text) >= 2
    values = [_START_C if in_c else _START_B] + ([_FNC1] if gs1 else [])
    place = 0
    while place < len(text):
        ahead = _digits_ahead(text[place:])
        if text[place] == _GS:
            values.append(_FNC1)
            place += 1
        elif in_c and ahead >= 2:
            values.append(int(text[place : place + 2]))
            place += 2
        elif in_c:
            values.append(_CODE_B)
            in_c = False
        elif ahead >= 4 and ahead % 2 == 0:
            values.append(_CODE_C)
            in_c = True
        else:
            values.append(ord(text[place]) - 32)
            place += 1
    return values


def _digits_ahead(text: str) -> int:
    return next((place for place, char in enumerate(text) if not char.isdecimal()), len(text))
