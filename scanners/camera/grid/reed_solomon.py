"""Reed-Solomon over GF(256) as Data Matrix uses it, with errors and erasures. Pure.

Field polynomial x^8 + x^5 + x^3 + x^2 + 1 (12Dh), generator roots 2^1 ... 2^check, highest power first.

Sources: ISO/IEC 16022:2006, annex E; S. Lin, D. Costello, "Error Control Coding", chapter 7 (Berlekamp-Massey, Forney).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint8]

_POLYNOMIAL: Final = 0x12D


def _tables() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    exp, log = np.zeros(512, np.intp), np.zeros(256, np.intp)
    value = 1
    for power in range(255):
        exp[power] = exp[power + 255] = value
        log[value] = power
        value <<= 1
        if value & 0x100:
            value ^= _POLYNOMIAL
    exp[510], exp[511] = exp[0], exp[1]
    return exp, log


_EXP, _LOG = _tables()
_EXP_LIST: Final[list[int]] = _EXP.tolist()  # Plain lists: single look-ups in numpy cost ten times as much.
_LOG_LIST: Final[list[int]] = _LOG.tolist()


def syndromes(words: Words, check: int) -> NDArray[np.intp]:
    """All zero where `words` is a codeword."""
    powers = np.arange(len(words) - 1, -1, -1)
    roots = np.arange(1, check + 1)
    terms = _EXP[(_LOG[words][None, :] + roots[:, None] * powers[None, :]) % 255]
    return np.asarray(np.bitwise_xor.reduce(np.where(words[None, :] == 0, 0, terms), axis=1))


def correct(words: Words, check: int, erased: tuple[int, ...] = ()) -> tuple[Words, int] | None:
    """Return the nearest codeword and how many words outside `erased` it changes; None where there is none in reach.

    In reach is 2 * errors + erasures <= check. `erased` are places in `words` whose value is not to be trusted.
    """
    if len(erased) > check:
        return None
    found = syndromes(words, check)
    if not found.any():
        return words.copy(), 0
    length = len(words)
    locator = _errata_locator(found.tolist(), [length - 1 - place for place in erased], check)
    degree = len(locator) - 1
    if 2 * (degree - len(erased)) + len(erased) > check:
        return None
    powers = np.arange(length)
    at = [int(power) for power in powers[_values(locator, -powers) == 0]]
    if len(at) != degree:
        return None
    fixed = words.copy()
    for power, value in zip(at, _magnitudes(found.tolist(), locator, at, check), strict=True):
        fixed[length - 1 - power] ^= value
    if syndromes(fixed, check).any():
        return None
    places = np.flatnonzero(fixed != words)
    return fixed, len(set(places.tolist()) - set(erased))


def _multiply(a: int, b: int) -> int:
    return _EXP_LIST[_LOG_LIST[a] + _LOG_LIST[b]] if a and b else 0


def _divide(a: int, b: int) -> int:
    return _EXP_LIST[_LOG_LIST[a] - _LOG_LIST[b] + 255] if a else 0


def _errata_locator(found: list[int], erased_powers: list[int], check: int) -> list[int]:
    """Berlekamp-Massey that starts from the erasures; coefficients from the constant term on."""
    locator = [1]
    for power in erased_powers:
        root = _EXP_LIST[power]
        locator = [
            (locator[i] if i < len(locator) else 0) ^ (_multiply(locator[i - 1], root) if i else 0)
            for i in range(len(locator) + 1)
        ]
    erasures = len(erased_powers)
    previous, length = list(locator), erasures
    for step in range(erasures, check):
        discrepancy = 0
        for i, coefficient in enumerate(locator):
            if coefficient and i <= step:
                discrepancy ^= _multiply(coefficient, found[step - i])
        previous.insert(0, 0)
        if not discrepancy:
            continue
        changed = locator + [0] * (len(previous) - len(locator))
        for i, coefficient in enumerate(previous):
            if coefficient:
                changed[i] ^= _multiply(discrepancy, coefficient)
        if 2 * length <= step + erasures:
            previous = [_divide(coefficient, discrepancy) for coefficient in locator]
            length = step + 1 + erasures - length
        locator = changed
    while len(locator) > 1 and not locator[-1]:
        locator.pop()
    return locator


def _values(polynomial: list[int], powers: NDArray[np.intp]) -> NDArray[np.intp]:
    """The polynomial at 2^power, for every power."""
    total = np.zeros(len(powers), np.intp)
    for degree, coefficient in enumerate(polynomial):
        if coefficient:
            total ^= _EXP[(_LOG_LIST[coefficient] + degree * powers) % 255]
    return total


def _magnitudes(found: list[int], locator: list[int], powers: list[int], check: int) -> list[int]:
    """Forney's formula; the first root is 2^1, so no extra factor."""
    evaluator = [0] * check
    for i, coefficient in enumerate(locator[:check]):
        if coefficient:
            for j in range(check - i):
                evaluator[i + j] ^= _multiply(coefficient, found[j])
    derivative = [coefficient if i % 2 == 0 else 0 for i, coefficient in enumerate(locator[1:])]
    inverses = -np.asarray(powers, np.intp)
    above, below = _values(evaluator, inverses).tolist(), _values(derivative, inverses).tolist()
    return [_divide(a, b) if b else 0 for a, b in zip(above, below, strict=True)]
