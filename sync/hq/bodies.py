"""The body of a journal row, believed only as far as it is looked at. Pure.

Bodies come from many tills and versions. What is asked for and is not there, or is of another kind, is `NotUnderstood`
with the place; nothing else is ever raised.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sync.hq.witness import US_PER_S, day_of
from sync.zone import ZONE

NAME_LENGTH_MAX = 200
INTEGER_MAX = 2**63 - 1  # Of a column in the lake and in the database.


class NotUnderstood(Exception):
    """A row says something that cannot be taken; the text names the place in its body."""


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON object with the place it was found at."""

    facts: dict[str, Any]
    place: str = ""

    def text(self, name: str, default: str | None = None) -> str:
        """A string; `default` where it is missing or null. Raises NotUnderstood."""
        value = self.facts.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise NotUnderstood(f"{self.place}{name}: no text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotUnderstood(f"{self.place}{name}: half a surrogate pair") from None
        if "\0" in value:
            raise NotUnderstood(f"{self.place}{name}: a NUL, which no database keeps in a text")
        return value

    def name(self, name: str, default: str | None = None) -> str:
        """A text that becomes a key of a table, and is no longer than an index takes. Raises NotUnderstood."""
        value = self.text(name, default)
        if len(value) > NAME_LENGTH_MAX:
            raise NotUnderstood(f"{self.place}{name}: longer than {NAME_LENGTH_MAX}")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; `default` where it is missing or null. Raises NotUnderstood."""
        value = self.facts.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > INTEGER_MAX:
            raise NotUnderstood(f"{self.place}{name}: no whole number")
        return value

    def flag(self, name: str) -> bool:
        """False where it is missing. Raises NotUnderstood."""
        value = self.facts.get(name, False)
        if not isinstance(value, bool):
            raise NotUnderstood(f"{self.place}{name}: neither true nor false")
        return value

    def inner(self, name: str) -> Body:
        """Raises NotUnderstood."""
        value = self.facts.get(name)
        if not isinstance(value, dict):
            raise NotUnderstood(f"{self.place}{name}: no object")
        return Body(value, f"{self.place}{name}.")

    def has(self, name: str) -> bool:
        return self.facts.get(name) is not None

    def each(self, name: str) -> Iterator[Body]:
        """The objects of a list; none where it is missing. Raises NotUnderstood."""
        value = self.facts.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise NotUnderstood(f"{self.place}{name}: no list")
        for index, one in enumerate(value):
            if not isinstance(one, dict):
                raise NotUnderstood(f"{self.place}{name}[{index}]: no object")
            yield Body(one, f"{self.place}{name}[{index}].")

    def moment(self, name: str) -> int:
        """ISO 8601 as UTC microseconds; without an offset it is Kazakhstan's time. Raises NotUnderstood."""
        text = self.text(name)
        try:
            moment = dt.datetime.fromisoformat(text)
            whole = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZONE)
            return round(whole.timestamp() * US_PER_S)
        except (ValueError, OverflowError):
            raise NotUnderstood(f"{self.place}{name}: no moment: {text[:40]!r}") from None


def body_of(text: str) -> Body:
    """Raises NotUnderstood."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise NotUnderstood("no JSON object")
    return Body(found)


def day_at(at: int) -> dt.date:
    """`day_of`; raises NotUnderstood for a time outside of the calendar."""
    try:
        return day_of(at)
    except (ValueError, OverflowError, OSError):
        raise NotUnderstood(f"a time outside of the calendar: {at} microseconds") from None
