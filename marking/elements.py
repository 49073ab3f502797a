"""GS1 element strings: application identifiers by dictionary, in any order after the first.

A field whose length is not predefined ends at GS; a GS after a predefined one, at the end, or doubled is legal noise.
Source: GS1 General Specifications, section 7.8; the dictionary rows name theirs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from marking import data
from marking.charset import GS, first_bad
from marking.errors import CodeError, ErrorKind
from marking.gs1 import check_digit_holds
from marking.traced import Traced

_AI_LENGTHS = (2, 3, 4)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class AiRow:
    ai: str
    name: str
    low: int
    high: int
    fixed: bool  # Predefined length: no separator is needed after the value.
    charset: str
    rule: str | None  # "mod10" or "date".
    needs: tuple[str, ...]
    excludes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Element:
    ai: str
    value: str
    start: int  # Index of the first character of the AI in the text that was split.

    @property
    def value_start(self) -> int:
        return self.start + len(self.ai)


def _load(text: str) -> Mapping[str, AiRow]:
    return {
        ai: AiRow(
            ai,
            row["name"],
            row["min"],
            row["max"],
            row["fixed"],
            row["set"],
            row.get("rule"),
            tuple(row.get("needs", ())),
            tuple(row.get("excludes", ())),
        )
        for row in tomllib.loads(text)["element"]
        for ai in row["ai"]
    }


DICTIONARY: Mapping[str, AiRow] = _load(data.read("elements.toml"))


def ai_at(text: str, index: int) -> AiRow | None:
    """The dictionary row whose identifier stands at `index`; no identifier is the beginning of another."""
    for length in _AI_LENGTHS:
        row = DICTIONARY.get(text[index : index + length])
        if row is not None:
            return row
    return None


def split(body: Traced) -> tuple[Element, ...]:
    """Split an element string. CodeError names the first place that does not fit the dictionary."""
    text, index = body.text, 0
    found: list[Element] = []
    while index < len(text):
        if text[index] == GS:
            index += 1
            continue
        row = ai_at(text, index)
        if row is None:
            raise body.error(ErrorKind.UNKNOWN_AI, index, f"no application identifier begins with {text[index:][:4]!r}")
        start = index + len(row.ai)
        separator = text.find(GS, start)
        stop = separator if separator >= 0 else len(text)
        if row.fixed:
            stop = min(stop, start + row.high)
        element = Element(row.ai, text[start:stop], index)
        _check_value(body, row, element)
        found.append(element)
        index = stop
    _check_company(body, found)
    return tuple(found)


def _check_value(body: Traced, row: AiRow, element: Element) -> None:
    value, start = element.value, element.value_start
    if not row.low <= len(value) <= row.high:
        span = str(row.low) if row.low == row.high else f"{row.low} to {row.high}"
        raise body.error(ErrorKind.LENGTH, start, f"AI {row.ai} ({row.name}) has {len(value)} characters, not {span}")
    bad = first_bad(row.charset, value)
    if bad is not None:
        raise body.error(ErrorKind.CHARSET, start + bad, f"AI {row.ai} ({row.name}) may not hold {value[bad]!r}")
    if row.rule == "mod10" and not check_digit_holds(value):
        raise wrong_check_digit(body, start + len(value) - 1, row.name)
    if row.rule == "date" and not _is_date(value):
        raise body.error(ErrorKind.STRUCTURE, start, f"AI {row.ai} ({row.name}) is no date YYMMDD")


def wrong_check_digit(body: Traced, index: int, name: str) -> CodeError:
    return body.error(ErrorKind.CHECK_DIGIT, index, f"the check digit of the {name} is wrong")


def _is_date(value: str) -> bool:
    month, day = int(value[2:4]), int(value[4:])
    if not 1 <= month <= 12 or day > _DAYS[month - 1]:
        return False
    return not (month == 2 and day == 29 and int(value[:2]) % 4)


def _check_company(body: Traced, found: list[Element]) -> None:
    present: set[str] = set()
    for element in found:
        if element.ai in present:
            raise body.error(ErrorKind.STRUCTURE, element.start, f"AI {element.ai} stands twice")
        present.add(element.ai)
    for element in found:
        row = DICTIONARY[element.ai]
        lacking = [ai for ai in row.needs if ai not in present]
        if lacking:
            raise body.error(ErrorKind.STRUCTURE, element.start, f"AI {row.ai} needs AI {lacking[0]}")
        clash = [ai for ai in row.excludes if ai in present]
        if clash:
            raise body.error(ErrorKind.STRUCTURE, element.start, f"AI {row.ai} does not stand with AI {clash[0]}")


def joined(elements: tuple[tuple[str, str], ...]) -> str:
    """The element string in its shortest legal form: GS only where a field needs one.

    >>> joined((("01", "04870000000128"), ("21", "3mK8pL"), ("3103", "000750"), ("93", "Ab1c")))
    '0104870000000128213mK8pL\\x1d310300075093Ab1c'
    """
    last = len(elements) - 1
    return "".join(
        ai + value + (GS if index < last and not DICTIONARY[ai].fixed else "")
        for index, (ai, value) in enumerate(elements)
    )
