"""Transport packs (КИТУ): SSCC, 18 digits with a check digit. Source: GS1 General Specifications, section 3.3.1."""

from __future__ import annotations

import re

from marking.charset import is_digits
from marking.elements import wrong_check_digit
from marking.gs1 import SSCC_LENGTH, check_digit_holds
from marking.traced import Traced

_BRACKETED = re.compile(r"\(00\)(?=[0-9]{18}\Z)")


def read_sscc(body: Traced) -> str | None:
    """The 18 digits of `00` + 18, `(00)` + 18 or bare 18 digits; None for another shape.

    CodeError CHECK_DIGIT for the right shape with a wrong check digit.
    """
    text = body.text
    head = 0
    if _BRACKETED.match(text):
        head = 4
    elif len(text) == SSCC_LENGTH + 2 and text.startswith("00"):
        head = 2
    number = text[head:]
    if len(number) != SSCC_LENGTH or not is_digits(number):
        return None
    if not check_digit_holds(number):
        raise wrong_check_digit(body, len(text) - 1, "SSCC")
    return number
