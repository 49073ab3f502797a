"""Goods and codes for the lake of the benchmarks: everything of a unit follows from its number, a day at a time."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]

GTINS = 2_000
DAMAGED = 1 << 40  # Added to a unit's number: its code with one letter in the wrong case.
NO_MARK = -1
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_<", np.uint8)
_LETTERS = 26
_CASE_AT = 2  # This symbol is always a capital, so that a damaged code is never another unit's.
_MIXED = 7  # Symbols that follow from the number one to one; those after them only look random.
_CAPACITY = 64 ** (_MIXED - 1) * _LETTERS
_STEP = 99_999_989  # Odd and no multiple of 13, so that numbers map one to one.
# (application identifiers before GTIN and serial, symbols of the serial): KI of 21, 25, 31 and 33 characters.
_FORMS = ((b"", b"", 7), (b"01", b"21", 7), (b"01", b"21", 13), (b"01", b"21", 15))
_SHORT = 8  # GTINs of eight with a code of each longer form: real shelves hold more of the others.


def scrambled(numbers: Numbers, salt: int) -> Numbers:
    """Numbers that look random and are the same in every run, 0 to 2**31 - 1."""
    mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt * 0xBF58476D1CE4E5B9 % 2**64)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(33)).astype(np.int64)


@functools.cache
def gtins() -> tuple[str, ...]:
    """All goods, with valid check digits (GS1 General Specifications, 7.9)."""
    found = []
    for number in range(GTINS):
        body = f"0487{number * 37 % 10**9:09}"
        weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
        found.append(body + str(-weighted % 10))
    return tuple(found)


def gtin_of(units: Numbers) -> Numbers:
    """Place in `gtins()`."""
    return scrambled(units % DAMAGED, 1) % GTINS


def price_of(goods: Numbers) -> Numbers:
    """Tiyn."""
    return 15_000 + scrambled(goods, 2) % 2_000 * 1_000


def codes_of(units: Numbers) -> pa.Array:
    """KI of each unit; "" for NO_MARK."""
    goods = gtin_of(np.maximum(units, 0))
    form = goods % _SHORT
    form = np.where(form < len(_FORMS), form, 2)
    form[units == NO_MARK] = len(_FORMS)
    parts, places = [], []
    for index, (before, between, length) in enumerate(_FORMS):
        mine = np.flatnonzero(form == index)
        places.append(mine)
        parts.append(_strings(_symbols(units[mine], goods[mine], before, between, length)))
    without = np.flatnonzero(form == len(_FORMS))
    parts.append(pa.array([""] * len(without), pa.string()))
    places.append(without)
    order = np.argsort(np.concatenate(places), kind="stable")
    return pa.concat_arrays(parts).take(pa.array(order))


def signs_of(ordinals: Numbers) -> pa.Array:
    """Fiscal signs of ten digits, each once."""
    value = ordinals * 7_368_787 % 10**10
    digits = np.empty((len(ordinals), 10), np.uint8)
    for place in range(9, -1, -1):
        digits[:, place] = value % 10 + ord("0")
        value = value // 10
    return _strings(digits)


def _symbols(units: Numbers, goods: Numbers, before: bytes, between: bytes, length: int) -> npt.NDArray[np.uint8]:
    width = len(before) + 14 + len(between)
    symbols = np.empty((len(units), width + length), np.uint8)
    symbols[:, : len(before)] = np.frombuffer(before, np.uint8)
    table = np.frombuffer("".join(gtins()).encode(), np.uint8).reshape(GTINS, 14)
    symbols[:, len(before) : len(before) + 14] = table[goods]
    symbols[:, width - len(between) : width] = np.frombuffer(between, np.uint8)
    value = units % DAMAGED % _CAPACITY * _STEP % _CAPACITY
    for place in range(_MIXED):
        radix = _LETTERS if place == _CASE_AT else 64
        symbols[:, width + place] = _ALPHABET[value % radix]
        value = value // radix
    for place in range(_MIXED, length):
        symbols[:, width + place] = _ALPHABET[scrambled(units % DAMAGED, place) % 64]
    damaged = units >= DAMAGED
    symbols[damaged, width + _CASE_AT] += ord("a") - ord("A")
    return symbols


def _strings(symbols: npt.NDArray[np.uint8]) -> pa.Array:
    count, width = symbols.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32) if width else np.zeros(count + 1, np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(symbols.tobytes()))
