"""Marking codes of the shapes printed on goods: random, well-formed, never issued.

Sources: Kazakhstan Energy Ministry order 44-н/қ of 30.01.2026 (AI 01, 21, 91, 92; serial set); CRPT structure of
codes v1.2 (short forms with 93, blocks with 8005); Webkassa 2.0.3 samples (29-character pack); GS1 General
Specifications (AI-82 character set, check digit).
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from hw_sim.optics.linear import check_digit

_GS = "\x1d"
_AI82 = string.ascii_letters + string.digits + "!\"%&'()*+,-./:;<=>?_"
_SERIAL = _AI82.replace("(", "").replace(")", "")  # The set of the order: AI-82 without brackets.
_BASE64 = string.ascii_letters + string.digits + "+/"
_PREFIXES = ("0487", "0460", "0478", "0869", "0400")  # Kazakhstan first; imported goods carry any prefix.


@dataclass(frozen=True, slots=True)
class Mark:
    """What a symbol holds: bytes with separators as 1Dh, and whether FNC1 leads."""

    data: bytes
    gs1: bool


def _pick(rng: np.random.Generator, alphabet: str, count: int) -> str:
    return "".join(alphabet[place] for place in rng.integers(0, len(alphabet), count))


def gtin14(rng: np.random.Generator) -> str:
    """14 digits with a valid check digit."""
    prefix = _PREFIXES[int(rng.integers(0, len(_PREFIXES)))]
    body = prefix + _pick(rng, string.digits, 13 - len(prefix))
    return body + check_digit(body)


def _serial(rng: np.random.Generator, count: int) -> str:
    return "3" + _pick(rng, _SERIAL, count - 1)  # 3: issued for Kazakhstan.


def _key(rng: np.random.Generator) -> str:
    return "KZF" + _pick(rng, string.digits, 1)


def _head(rng: np.random.Generator, serial: int) -> str:
    return f"01{gtin14(rng)}21{_serial(rng, serial)}{_GS}"


def _full(serial: int) -> Callable[[np.random.Generator], str]:
    return lambda rng: f"{_head(rng, serial)}91{_key(rng)}{_GS}92{_pick(rng, _BASE64, 43)}="


def _short(serial: int) -> Callable[[np.random.Generator], str]:
    return lambda rng: f"{_head(rng, serial)}93{_pick(rng, _BASE64, 4)}"


def _weighed(rng: np.random.Generator) -> str:
    return f"{_short(6)(rng)}{_GS}3103{int(rng.integers(50, 5000)):06d}"


def _block(rng: np.random.Generator) -> str:
    price = int(rng.integers(500, 2000)) * 100
    return f"{_head(rng, 7)}8005{price:06d}{_GS}93{_pick(rng, _BASE64, 4)}"


def _pack(rng: np.random.Generator) -> str:
    return gtin14(rng) + _pick(rng, _SERIAL, 15)


_SHAPES: dict[str, Callable[[np.random.Generator], str]] = {
    "full44": _full(13),
    "full44_20": _full(20),
    "full44_6": _full(6),
    "short13": _short(13),
    "short7": _short(7),
    "short6": _short(6),
    "short8": _short(8),
    "short6_weighed": _weighed,
    "block": _block,
    "pack29": _pack,
}
SHAPES = MappingProxyType(_SHAPES)
_NOT_GS1 = frozenset({"pack29"})
# The full form is what most marked goods carry, so it is drawn as often as all the others together.
_WEIGHTS = {"full44": 9}


def mark(shape: str, rng: np.random.Generator) -> Mark:
    """A code of one of SHAPES. Raises KeyError for an unknown shape."""
    return Mark(_SHAPES[shape](rng).encode("ascii"), shape not in _NOT_GS1)


def any_mark(rng: np.random.Generator, *, short: bool = False) -> Mark:
    """A code of a shape drawn by weight; `short` leaves out the ones with a signature."""
    names = [name for name in _SHAPES if not (short and name.startswith("full"))]
    weights = np.array([_WEIGHTS.get(name, 1) for name in names], dtype=float)
    return mark(names[int(rng.choice(len(names), p=weights / weights.sum()))], rng)
