"""What a column may hold, and what its text means. The columns are documented in docs/cache-files.md.

A check raises ValueError with words for the person who made the file: what is wanted, and what stands there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from fiscal.vat import VatClass
from marking.charset import GS, first_bad, is_digits
from marking.groups import Groups, UnknownGroup
from marking.gs1 import check_digit_holds, gtin14
from marking.statuses import Status, neutral
from marking.templates import TEMPLATES
from pos_agent.cache.lines import unknown_column

_NAME_MAX = 500
_TEXT_MAX = 100
_PRICE = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_WANTED_INSTANT = "a time with offset wanted (2026-11-23T14:05:00+05:00), got {!r}"
_AI_FORM = re.compile(r"01([0-9]{14})21(.*)", re.DOTALL)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_NS = 10**9
_AHEAD_NS = 24 * 3600 * _SECOND_NS  # More than a day ahead of the clock is a mistake, not a clock that is a bit off.
_KI_MIN, _KI_MAX = 8, 90
_SERIAL_MAX = 20
PACKAGES = ("UNIT", "GROUP", "SET", "BOX_LV_1", "BOX_LV_2", "ACC")
_BOOLEANS = {"0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}


@dataclass(frozen=True, slots=True)
class Context:
    """What the checks need beside the text."""

    groups: Groups
    now_ns: int
    default_at_ns: int | None = None  # For status files without a time in each row.


Check = Callable[[str, Context], Any]


def gtin(text: str, _context: Context) -> str:
    if _SCIENTIFIC.fullmatch(text):
        raise ValueError(f"{text!r}: a spreadsheet turned the digits into a number; format the column as text")
    try:
        number = gtin14(text)
    except ValueError:
        raise ValueError(f"8, 12, 13 or 14 digits wanted, got {text[:40]!r}") from None
    if not check_digit_holds(number):
        raise ValueError(f"check digit of {text} is wrong")
    return number


def ntin(text: str, _context: Context) -> str:
    # Published samples of the National Catalogue fail the check digit, so it is not looked at.
    if not (is_digits(text) and 8 <= len(text) <= 14):
        raise ValueError(f"8 to 14 digits wanted, got {text[:40]!r}")
    return text


def name(text: str, _context: Context) -> str:
    if len(text) > _NAME_MAX:
        raise ValueError(f"longer than {_NAME_MAX} characters")
    return text


def unit(text: str, _context: Context) -> int:
    if not (is_digits(text) and len(text) <= 4):
        raise ValueError(f"a unit code such as 796 (piece) wanted, got {text[:40]!r}")
    return int(text)


def vat(text: str, _context: Context) -> str:
    if text not in tuple(VatClass):
        raise ValueError(f"one of {', '.join(VatClass)} wanted, got {text[:40]!r}")
    return text


def group(text: str, context: Context) -> str:
    try:
        return context.groups.require(text).key
    except UnknownGroup as error:
        raise ValueError(str(error)) from error


def price(text: str, _context: Context) -> int:
    found = _PRICE.fullmatch(text)
    if found is None:
        raise ValueError(f"tenge with at most two decimals wanted (1250 or 1250.50), got {text[:40]!r}")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def templates(text: str, _context: Context) -> str:
    words = text.split()
    for word in words:
        if word not in TEMPLATES.by_id:
            raise ValueError(f"unknown layout {word[:40]!r}{_near(word, TEMPLATES.by_id)}")
    return " ".join(dict.fromkeys(words))


def ki(text: str, _context: Context) -> str:
    """A registry key: never with the check part, because the registry does not find a code that carries it."""
    if GS in text:
        raise ValueError("a GS separator: only the identification code is wanted, without 91, 92 or 93")
    bad = first_bad("ai82", text)
    if bad is not None:
        raise ValueError(f"character {bad + 1} ({text[bad]!r}) cannot stand in a code")
    if not _KI_MIN <= len(text) <= _KI_MAX:
        raise ValueError(f"{_KI_MIN} to {_KI_MAX} characters wanted, got {len(text)}")
    found = _AI_FORM.fullmatch(text)
    if found is not None and check_digit_holds(found[1]) and not 1 <= len(found[2]) <= _SERIAL_MAX:
        raise ValueError(f"serial of {len(found[2])} characters, at most {_SERIAL_MAX}: is the check part still there?")
    return text


def status(text: str, _context: Context) -> Status:
    return neutral(text)


def at(text: str, context: Context) -> int:
    moment = instant_ns(text)
    if moment > context.now_ns + _AHEAD_NS:
        raise ValueError(f"{text} is in the future")
    return moment


def day(text: str, _context: Context) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise ValueError(f"a date like 2027-01-31 wanted, got {text[:40]!r}") from None


def word(text: str, _context: Context) -> str:
    if len(text) > _TEXT_MAX:
        raise ValueError(f"longer than {_TEXT_MAX} characters")
    return text


def package(text: str, _context: Context) -> str:
    if text not in PACKAGES:
        raise ValueError(f"one of {', '.join(PACKAGES)} wanted, got {text[:40]!r}")
    return text


def xin(text: str, _context: Context) -> str:
    if not (is_digits(text) and len(text) == 12):
        raise ValueError(f"12 digits (IIN or BIN) wanted, got {text[:40]!r}")
    return text


def rest(text: str, _context: Context) -> int:
    if not (is_digits(text) and len(text) <= 15):
        raise ValueError(f"a whole number wanted, got {text[:40]!r}")
    return int(text)


def boolean(text: str, _context: Context) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError(f"true or false wanted, got {text[:40]!r}") from None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one kind of file."""

    checks: dict[str, Check]
    needed: tuple[str, ...]
    empty: dict[str, Any]  # What an optional column means when it is left out or empty.


PRODUCT = Columns(
    checks={
        "gtin": gtin,
        "ntin": ntin,
        "name_ru": name,
        "name_kk": name,
        "unit": unit,
        "vat": vat,
        "group": group,
        "price": price,
        "templates": templates,
    },
    needed=("name_ru", "unit", "vat", "price"),
    empty={"gtin": None, "ntin": None, "name_kk": "", "group": None, "templates": ""},
)

STATUS = Columns(
    checks={
        "ki": ki,
        "status": status,
        "at": at,
        "raw_status": word,
        "extended": word,
        "package_type": package,
        "gtin": gtin,
        "expires_on": day,
        "owner_tin": xin,
        "template": word,
        "partial_left": rest,
        "blocked": boolean,
    },
    needed=("ki", "status"),
    empty={
        "raw_status": "",
        "extended": None,
        "package_type": None,
        "gtin": None,
        "expires_on": None,
        "owner_tin": None,
        "template": None,
        "partial_left": None,
        "blocked": False,
    },
)


def check(values: dict[str, str], columns: Columns, context: Context) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Typed values, and every mistake of the row as (column, reason)."""
    typed = columns.empty.copy()
    mistakes = [(column, "missing") for column in columns.needed if not values.get(column)]
    for column, text in values.items():
        convert = columns.checks.get(column)
        if convert is None:
            mistakes.append((column, unknown_column(column, tuple(columns.checks))))
        elif text and not text.isprintable() and convert is not ki:
            mistakes.append((column, f"{_unprintable(text)} cannot stand here"))
        elif text:
            try:
                typed[column] = convert(text, context)
            except ValueError as error:
                mistakes.append((column, str(error)))
    if "at" in columns.checks and not values.get("at"):
        if context.default_at_ns is None:
            mistakes.append(("at", "missing: when did the registry say so? (or name one time for the file with --at)"))
        typed["at"] = context.default_at_ns
    return typed, mistakes


@lru_cache(maxsize=4096)  # A file names the same moments again and again.
def instant_ns(text: str) -> int:
    """ISO 8601 with offset to UTC nanoseconds. ValueError says what is wanted."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError(_WANTED_INSTANT.format(text[:40]))
    try:
        moment = datetime.fromisoformat(found[1] + found[3])
    except ValueError:
        raise ValueError(_WANTED_INSTANT.format(text[:40])) from None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    return seconds * _SECOND_NS + int((found[2] or "").ljust(9, "0"))


def instant_text(ns: int) -> str:
    """UTC nanoseconds as ISO 8601, nothing lost."""
    seconds, fraction = divmod(ns, _SECOND_NS)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:09d}Z" if fraction else f"{text}Z"


def _unprintable(text: str) -> str:
    return f"character U+{next(ord(char) for char in text if not char.isprintable()):04X}"


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.4)
    return f"; the nearest known is {near[0]!r}" if near else ""
