"""Sums and quantities of driver 10: JSON numbers in tenge and pieces, made integers or refused. Pure.

A program that adds 0.1 three times sends 0.30000000000000004: what is off by less than half a thousandth is a number in
binary, anything else is a sum that cannot be paid, and is not rounded behind the caller's back.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

NOISE = Decimal("0.0005")  # Of a tiyn, or of a thousandth.
TENGE_MAX = 10**11
PIECES_MAX = 10**6


def _is_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic turns a ValueError into a fault with its place
    return value


def _whole(value: Decimal, parts: int, what: str) -> int:
    exact = value * parts
    near = exact.to_integral_value(ROUND_HALF_UP)
    if abs(exact - near) > NOISE:
        raise ValueError(f"not a whole number of {what}")
    return int(near)


def _tiyn(value: Decimal) -> Decimal:
    return Decimal(_whole(value, 100, "tiyn")) / 100


def _milli(value: Decimal) -> Decimal:
    return Decimal(_whole(value, 1000, "thousandths")) / 1000


def tiyn(value: Decimal) -> int:
    """A checked sum in tiyn."""
    return int(value * 100)


def milli(value: Decimal) -> int:
    """A checked quantity in thousandths."""
    return int(value * 1000)


def tenge(tiyn: int) -> float:
    """A sum as driver 10 answers it."""
    return tiyn / 100


def _shown(most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": most})


Tenge = Annotated[
    Decimal, BeforeValidator(_is_number), Field(gt=0, le=TENGE_MAX), AfterValidator(_tiyn), _shown(TENGE_MAX)
]
Pieces = Annotated[
    Decimal, BeforeValidator(_is_number), Field(gt=0, le=PIECES_MAX), AfterValidator(_milli), _shown(PIECES_MAX)
]
