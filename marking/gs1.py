"""Check digit and number forms of GS1 keys. Source: GS1 General Specifications, check digit calculation."""

from __future__ import annotations

from marking.charset import is_digits

GTIN_LENGTH = 14
SSCC_LENGTH = 18


def check_digit(body: str) -> str:
    """Modulo-10 check digit of the digits before it; the same rule for GTIN-8 to GTIN-14 and SSCC.

    >>> check_digit("487024981193")
    '6'
    """
    odd = sum(map(int, body[-1::-2]))
    even = sum(map(int, body[-2::-2]))
    return str(-(3 * odd + even) % 10)


def check_digit_holds(number: str) -> bool:
    """Is `number` (ASCII digits, check digit last) consistent? Anything but digits is not.

    >>> check_digit_holds("04870249811936"), check_digit_holds("00000058644528")
    (True, False)
    """
    return len(number) > 1 and is_digits(number) and check_digit(number[:-1]) == number[-1]


def gtin14(number: str) -> str:
    """Bring a GTIN-8, -12, -13 or -14, or a 13-digit НТИН, to the 14 digits the registries take.

    The check digit is not looked at: National Catalogue numbers (НТИН) fail it in published samples.
    ValueError for anything but 8, 12, 13 or 14 digits.

    >>> gtin14("036000291452"), gtin14("0200000000001")
    ('00036000291452', '00200000000001')
    """
    if len(number) not in (8, 12, 13, 14) or not is_digits(number):
        raise ValueError(f"not a GTIN of 8, 12, 13 or 14 digits: {number!r}")
    return number.rjust(GTIN_LENGTH, "0")
