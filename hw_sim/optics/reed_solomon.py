"""Check codewords of ECC 200: GF(256) over x^8+x^5+x^3+x^2+1 (12Dh), generator roots 2^1..2^n, interleaved blocks.

Source: ISO/IEC 16022, 5.7 and annex E.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from hw_sim.optics.symbol_sizes import SymbolSize

_POLYNOMIAL = 0x12D


def _tables() -> tuple[list[int], list[int]]:
    powers, logs, value = [0] * 510, [0] * 256, 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        value <<= 1
        if value & 0x100:
            value ^= _POLYNOMIAL
    return powers, logs


_POWER, _LOG = _tables()


def _times(left: int, right: int) -> int:
    return _POWER[_LOG[left] + _LOG[right]] if left and right else 0


@cache
def generator(count: int) -> tuple[int, ...]:
    """Coefficients below the leading one of the generator of degree `count`, highest power first."""
    product = [1]
    for exponent in range(1, count + 1):
        root = _POWER[exponent]
        shifted = [*product, 0]
        for place, coefficient in enumerate(product):
            shifted[place + 1] ^= _times(coefficient, root)
        product = shifted
    return tuple(product[1:])


def remainder(data: Sequence[int], count: int) -> list[int]:
    """The `count` check codewords of one block."""
    polynomial, left = generator(count), [0] * count
    for codeword in data:
        factor = codeword ^ left[0]
        left = [after ^ _times(factor, step) for after, step in zip([*left[1:], 0], polynomial, strict=True)]
    return left


def protect(data: Sequence[int], size: SymbolSize) -> list[int]:
    """Data codewords followed by check codewords, in the order they are placed.

    Codeword k of the whole stream belongs to block k mod blocks. For 144x144, whose blocks are not equally long, this
    makes the first check codeword that of block 8, as ISO/IEC 16022 draws it.
    """
    stream = [*data, *([0] * size.check)]
    for block in range(size.blocks):
        places = range(block, len(stream), size.blocks)
        of_data = [place for place in places if place < size.data]
        checks = remainder([data[place] for place in of_data], size.check // size.blocks)
        for place, check in zip(places[len(of_data) :], checks, strict=True):
            stream[place] = check
    return stream
