"""In which line of a TOML file each key stands: tomllib reads values, and does not tell. Pure.

A place is the way to a value, lists counted from 0: ("api", "clients", "0", "token").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Final

Place = tuple[str, ...]

_KEY: Final = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED: Final = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER: Final = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?")
_SETTING: Final = re.compile(rf"\s*({_DOTTED})\s*=")


def lines_of(text: str) -> dict[Place, int]:
    """Line, counted from 1, of every key and header. Of a broken file as far as it can be read."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    section: Place = ()
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        header, setting = _HEADER.fullmatch(line), _SETTING.match(line)
        if header is not None:
            section = _section(_parts(header[2]), counts, is_list=header[1] == "[[")
            found.setdefault(section, number)
        elif setting is not None:
            place = (*section, *_parts(setting[1]))
            for length in range(len(section) + 1, len(place) + 1):
                found.setdefault(place[:length], number)
            number += _more(lines[number - 1 :], setting.end())
    return found


def line_of(place: Sequence[str], lines: Mapping[Place, int]) -> int | None:
    """Line of a value, or of the nearest thing around it; None: nothing of it stands in the file."""
    for length in range(len(place), 0, -1):
        if (found := lines.get(tuple(place[:length]))) is not None:
            return found
    return None


def _section(parts: Place, counts: dict[Place, int], *, is_list: bool) -> Place:
    """The place of a header; a table below a list belongs to the newest entry of that list."""
    place: Place = ()
    for number, part in enumerate(parts, 1):
        place = (*place, part)
        if is_list and number == len(parts):
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, str(counts[place]))
    return place


def _parts(dotted: str) -> Place:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_KEY, dotted))


def _more(lines: Sequence[str], start: int) -> int:
    """How many further lines the value of the first one takes: until it is a value."""
    value = lines[0][start:]
    for count, line in enumerate((*lines[1:], None)):
        try:
            tomllib.loads(f"x = {value}")
        except tomllib.TOMLDecodeError:
            if line is None:
                return 0
            value += f"\n{line}"
        else:
            return count
    return 0
