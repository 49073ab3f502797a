"""Which symbols of a frame are scans. Pure.

A reader that repairs damaged symbols can, rarely, repair nothing into something. GS1 data carries its own check digit;
for the rest two frames in a row must agree.

Source: GS1 General Specifications, 3.3.2 (AI 00 and 01, check digit). Rate of false reads: libdmtx gave 2 on 267 real
pictures without a code, zxing-cpp none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from marking.gs1 import GTIN_LENGTH, SSCC_LENGTH, check_digit_holds
from scanners import aim
from scanners.camera.reading import Symbol

_CHECKED: Final = {b"01": GTIN_LENGTH, b"00": SSCC_LENGTH}  # Application identifier: digits, check digit last.


class Judgement(StrEnum):
    ACCEPTED = "accepted"
    UNCONFIRMED = "unconfirmed"  # Seen once; the next frame decides.
    CHECK_DIGIT = "check_digit"  # GS1 data whose number is wrong: misread or misprinted.


@dataclass(frozen=True, slots=True)
class Judged:
    symbol: Symbol
    judgement: Judgement


class Acceptance:
    """Remembers the symbols of the frame before."""

    def __init__(self, sightings: int = 2) -> None:
        """`sightings`: frames in a row that must show a symbol without a check digit of GS1; 1 for single pictures."""
        self._sightings = sightings
        self._seen: dict[tuple[str, bytes], int] = {}

    def judge(self, symbols: Iterable[Symbol]) -> list[Judged]:
        """Judge all symbols of one frame that was read."""
        judged: list[Judged] = []
        seen: dict[tuple[str, bytes], int] = {}
        for symbol in symbols:
            key = (symbol.symbology, symbol.data)
            seen[key] = self._seen.get(key, 0) + 1
            judged.append(Judged(symbol, self._of(symbol, seen[key])))
        self._seen = seen
        return judged

    def _of(self, symbol: Symbol, times: int) -> Judgement:
        holds = number_holds(symbol.data, symbol.symbology)
        if holds is None:
            return Judgement.ACCEPTED if times >= self._sightings else Judgement.UNCONFIRMED
        return Judgement.ACCEPTED if holds else Judgement.CHECK_DIGIT


def number_holds(data: bytes, symbology: str) -> bool | None:
    """Whether the check digit of the number that GS1 data begin with is right; None where they begin with none."""
    known = aim.KNOWN.get(symbology)
    length = _CHECKED.get(data[:2]) if known is not None and known.kind is aim.AimKind.GS1 else None
    if length is None:
        return None
    number = data[2 : 2 + length]
    return len(number) == length and check_digit_holds(number.decode("latin-1"))
