"""Linear codes: they name a kind of goods, not a unit.

Source: GS1 General Specifications, sections 1.4 and 5.2 (EAN/UPC, ITF-14, UPC-E zero suppression, restricted numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from marking.elements import wrong_check_digit
from marking.errors import ErrorKind
from marking.gs1 import check_digit_holds, gtin14
from marking.traced import Traced

IN_STORE_PREFIXES = ("02", *map(str, range(20, 30)))

# Last of the six digits of UPC-E -> how the eleven digits of UPC-A are put together from them (d1 to d6).
_UPCE: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys("012", lambda d: d[0:2] + d[5] + "0000" + d[2:5]),
    "3": lambda d: d[0:3] + "00000" + d[3:5],
    "4": lambda d: d[0:4] + "00000" + d[4],
    **dict.fromkeys("56789", lambda d: d[0:5] + "0000" + d[5]),
}


@dataclass(frozen=True, slots=True)
class Linear:
    template: str
    digits: str  # As printed; 13 for a shop's own label or an НТИН.
    gtin: str | None  # None where the digits are no GTIN.


def expand_upce(digits: str) -> str:
    """UPC-A number of a UPC-E symbol: 0, six digits, check digit. The check digit is the one of the UPC-A.

    >>> expand_upce("04252614")
    '042100005264'
    """
    six = digits[1:7]
    return digits[0] + _UPCE[six[5]](six) + digits[7]


def read_linear(body: Traced, *, ean8_only: bool = False) -> tuple[Linear, ...]:
    """All readings of 8, 12, 13 or 14 digits: two only where 8 digits hold both as EAN-8 and as UPC-E.

    A 13-digit number with an in-store prefix is taken with any check digit: the same prefixes carry НТИН numbers of the
    National Catalogue, and published НТИН samples fail the check. CodeError CHECK_DIGIT otherwise.
    """
    digits = body.text
    if len(digits) == 8:
        readings = _eight(digits, ean8_only)
    elif len(digits) == 13 and digits.startswith(IN_STORE_PREFIXES):
        return (Linear("IN_STORE", digits, None),)
    elif not check_digit_holds(digits):
        readings = ()
    elif ("0" * (13 - len(digits)) + digits).startswith(IN_STORE_PREFIXES) and len(digits) == 12:
        return (Linear("IN_STORE", "0" + digits, None),)
    else:
        template = {12: "UPCA", 13: "UPCA" if digits[0] == "0" else "EAN13", 14: "ITF14"}[len(digits)]
        readings = (Linear(template, digits, gtin14(digits)),)
    if not readings:
        raise wrong_check_digit(body, len(digits) - 1, "number")
    return readings


def _eight(digits: str, ean8_only: bool) -> tuple[Linear, ...]:
    readings = [Linear("EAN8", digits, gtin14(digits))] if check_digit_holds(digits) else []
    if digits[0] == "0" and not ean8_only and check_digit_holds(upca := expand_upce(digits)):
        readings.append(Linear("UPCE", digits, gtin14(upca)))
    return tuple(readings)


def require_digits(body: Traced, lengths: tuple[int, ...], symbol: str) -> None:
    """An EAN/UPC symbol holds digits only, of a known number. CodeError CHARSET or LENGTH."""
    bad = next((i for i, char in enumerate(body.text) if char not in "0123456789"), None)
    if bad is not None:
        raise body.error(ErrorKind.CHARSET, bad, f"{symbol} holds digits only, not {body.text[bad]!r}")
    if len(body.text) not in lengths:
        wanted = " or ".join(map(str, lengths))
        raise body.error(ErrorKind.LENGTH, len(body.text), f"{symbol} has {wanted} digits, not {len(body.text)}")
