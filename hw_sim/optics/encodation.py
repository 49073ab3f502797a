"""Bytes to data codewords: ASCII with digit pairs, C40 and Text, Base 256, FNC1, latches, padding.

A message is a list of tokens: bytes 0 to 255 and FNC1. Source: ISO/IEC 16022, 5.2 (ASCII, C40, Text, Base 256) and
annex B (randomising of padding and Base 256).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hw_sim.optics.symbol_sizes import DoesNotFit, Shape, SymbolSize, smallest

FNC1 = 256  # A token that is no byte.

_PAD, _LATCH_C40, _LATCH_BASE256, _FNC1_CODEWORD, _LATCH_TEXT, _UNLATCH = 129, 230, 231, 232, 239, 254
_SEGMENT_MAX = 60  # Longer segments gain nothing that two of them do not.


class Mode(StrEnum):
    ASCII = "ascii"
    C40 = "c40"  # C40 wherever it can stand, wise or not.
    TEXT = "text"
    AUTO = "auto"  # The fewest codewords.


def _c40_table(text: bool) -> dict[int, tuple[int, ...]]:
    """Token -> its C40 (or Text) values: one in the basic set, two with a shift before it."""
    shift1 = {byte: (0, byte) for byte in range(32)}
    second = [*range(33, 48), *range(58, 65), *range(91, 96), FNC1]
    shift2 = {token: (1, value) for value, token in enumerate(second)}
    capitals, smalls = range(65, 91), range(97, 123)
    main, other = (smalls, capitals) if text else (capitals, smalls)
    third = [96, *other, *range(123, 128)]
    shift3 = {byte: (2, value) for value, byte in enumerate(third)}
    basic = {byte: (value,) for value, byte in enumerate([32, *range(48, 58), *main], start=3)}
    return shift1 | shift2 | shift3 | basic


_TABLES = {Mode.C40: _c40_table(text=False), Mode.TEXT: _c40_table(text=True)}
_LATCHES = {Mode.C40: _LATCH_C40, Mode.TEXT: _LATCH_TEXT}


@dataclass(frozen=True, slots=True)
class _Segment:
    mode: Mode | None  # None: Base 256.
    tokens: tuple[int, ...]


def _ascii(tokens: Sequence[int]) -> list[int]:
    codewords: list[int] = []
    place = 0
    while place < len(tokens):
        pair = tokens[place : place + 2]
        if len(pair) == 2 and all(48 <= token <= 57 for token in pair):
            codewords.append(130 + (pair[0] - 48) * 10 + pair[1] - 48)
            place += 2
            continue
        codewords.append(_FNC1_CODEWORD if pair[0] == FNC1 else pair[0] + 1)
        place += 1
    return codewords


def _packed(values: Sequence[int]) -> list[int]:
    """Three C40 values in two codewords."""
    codewords: list[int] = []
    for first, second, third in zip(values[::3], values[1::3], values[2::3], strict=True):
        codewords += divmod(1600 * first + 40 * second + third + 1, 256)
    return codewords


def _base256(content: Sequence[int], before: int) -> list[int]:
    """A Base 256 segment after `before` codewords: its length and bytes are randomised by their place in the symbol."""
    length = [len(content)] if len(content) < 250 else [len(content) // 250 + 249, len(content) % 250]
    first = before + 2
    return [_LATCH_BASE256] + [
        (byte + 149 * place % 255 + 1) % 256 for place, byte in enumerate([*length, *content], start=first)
    ]


def _values(tokens: Iterable[int], mode: Mode) -> list[int]:
    table = _TABLES[mode]
    return [value for token in tokens for value in table[token]]


def _forced(tokens: Sequence[int], mode: Mode) -> list[_Segment]:
    """One mode for everything it can carry; bytes above 127 in Base 256; what is left of a triple in ASCII."""
    segments: list[_Segment] = []
    place = 0
    while place < len(tokens):
        high = 127 < tokens[place] < FNC1
        end = place
        while end < len(tokens) and (127 < tokens[end] < FNC1) == high:
            end += 1
        run = tuple(tokens[place:end])
        if high:
            segments.append(_Segment(None, run))
        elif mode is Mode.ASCII:
            segments.append(_Segment(mode, run))
        else:
            cut = _last_whole_triple(run, mode)
            segments += [_Segment(mode, run[:cut])] if cut else []
            segments += [_Segment(Mode.ASCII, run[cut:])] if run[cut:] else []
        place = end
    return segments


def _last_whole_triple(run: Sequence[int], mode: Mode) -> int:
    """How many tokens from the start make whole triples of values."""
    count, cut = 0, 0
    for place, token in enumerate(run, start=1):
        count += len(_TABLES[mode][token])
        if count % 3 == 0:
            cut = place
    return cut


def _cheapest(tokens: Sequence[int]) -> list[_Segment]:
    """The shortest way from start to end, where a segment is an edge that costs its codewords."""
    best: list[tuple[float, int, Mode | None]] = [(0, 0, Mode.ASCII)] + [(float("inf"), 0, None)] * len(tokens)

    def offer(start: int, end: int, cost: float, mode: Mode | None) -> None:
        if best[start][0] + cost < best[end][0]:
            best[end] = (best[start][0] + cost, start, mode)

    for start, token in enumerate(tokens):
        if token < 128 or token == FNC1:
            offer(start, start + 1, 1, Mode.ASCII)
        if all(48 <= digit <= 57 for digit in tokens[start : start + 2]) and start + 2 <= len(tokens):
            offer(start, start + 2, 1, Mode.ASCII)
        for end in range(start + 1, min(start + _SEGMENT_MAX, len(tokens)) + 1):
            if tokens[end - 1] == FNC1:
                break
            offer(start, end, end - start + 2, None)
        for mode, table in _TABLES.items():
            count = 0
            for end in range(start + 1, min(start + _SEGMENT_MAX, len(tokens)) + 1):
                if tokens[end - 1] not in table:
                    break
                count += len(table[tokens[end - 1]])
                if count % 3 == 0:
                    offer(start, end, count // 3 * 2 + 2, mode)
    return _retraced(tokens, best)


def _retraced(tokens: Sequence[int], best: Sequence[tuple[float, int, Mode | None]]) -> list[_Segment]:
    segments: list[_Segment] = []
    end = len(tokens)
    while end:
        _, start, mode = best[end]
        segments.insert(0, _Segment(mode, tuple(tokens[start:end])))
        end = start
    return segments


def _emitted(segments: Sequence[_Segment]) -> list[int]:
    """Codewords of segments, every C40 and Text segment closed by an unlatch."""
    codewords: list[int] = []
    for segment in segments:
        if segment.mode is None:
            codewords += _base256(segment.tokens, len(codewords))
        elif segment.mode is Mode.ASCII:
            codewords += _ascii(segment.tokens)
        else:
            codewords += [_LATCHES[segment.mode], *_packed(_values(segment.tokens, segment.mode)), _UNLATCH]
    return codewords


def _shorter_endings(segments: Sequence[_Segment]) -> Iterable[list[int]]:
    """Endings the standard allows only where they fill the symbol to its last codeword."""
    last = segments[-1]
    if last.mode in _TABLES:
        yield _emitted(segments)[:-1]  # Nothing follows, so no unlatch.
    before = segments[-2] if len(segments) > 1 else None
    if last.mode is not Mode.ASCII or before is None or before.mode not in _TABLES:
        return
    head = _emitted(segments[:-1])[:-1]
    rest = _ascii(last.tokens)
    if len(rest) == 1 and rest[0] != _FNC1_CODEWORD:
        yield [*head, *rest]  # One codeword left: ASCII without an unlatch.
    if all(token in _TABLES[before.mode] for token in last.tokens):
        values = _values(last.tokens, before.mode)
        if len(values) == 2:
            yield [*head, *_packed([*values, 0])]  # Two values left: filled up with a shift that shifts nothing.


def _padded(codewords: Sequence[int], size: SymbolSize) -> list[int]:
    filled = list(codewords)
    if len(filled) < size.data:
        filled.append(_PAD)
    while len(filled) < size.data:
        value = _PAD + 149 * (len(filled) + 1) % 253 + 1
        filled.append(value if value <= 254 else value - 254)
    return filled


def encoded(
    tokens: list[int], mode: Mode, shape: Shape, size: SymbolSize | None = None
) -> tuple[list[int], SymbolSize]:
    """Padded data codewords and the symbol they fill: `size`, or the smallest of the shape. Raises DoesNotFit."""
    lead = [_Segment(Mode.ASCII, (FNC1,))] if tokens[:1] == [FNC1] else []  # Only as codeword 232 does it mean GS1.
    rest = tokens[len(lead) :]
    segments = lead + (_cheapest(rest) if mode is Mode.AUTO else _forced(rest, mode))
    plain = _emitted(segments)
    candidates = [(plain, size or _smallest_or_none(plain, shape))]
    if segments:
        for ending in _shorter_endings(segments):
            full = size or _smallest_or_none(ending, shape)
            if full is not None and full.data == len(ending):
                candidates.append((ending, full))
    fitting = [(codewords, chosen) for codewords, chosen in candidates if chosen and len(codewords) <= chosen.data]
    if not fitting:
        raise DoesNotFit(f"{len(plain)} codewords do not fit into {size or shape}")
    codewords, chosen = min(fitting, key=lambda candidate: candidate[1].data)
    return _padded(codewords, chosen), chosen


def _smallest_or_none(codewords: Sequence[int], shape: Shape) -> SymbolSize | None:
    try:
        return smallest(len(codewords), shape)
    except DoesNotFit:
        return None
