"""Rows of the service's lists: where each stands, what it leaves out, and those that cannot be read. Pure.

Nothing is dropped: a row is either read, or told as bad with its place. Who needs every row asks for `whole`, who can
go on without some takes `rows` and `bad`.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.register import RegisterUnavailable
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import evidence


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: counted from 0 in the whole list, in the order the service gives."""

    path: str
    index: int
    shift: int | None = None  # The one that was asked for, where the list is of one shift.

    def __str__(self) -> str:
        return f"{self.path}{'' if self.shift is None else f' shift {self.shift}'} row {self.index}"


@dataclass(frozen=True, slots=True)
class Raw:
    """One item of a list as it came."""

    place: Place
    value: Any


@dataclass(frozen=True, slots=True)
class RawPage:
    items: tuple[Raw, ...]
    total: int | None  # Length of the whole list, where the service tells it.
    next_skip: int
    ended: bool


@dataclass(frozen=True, slots=True)
class BadRow:
    place: Place
    field: str  # "Positions[1].Sum"; "" when the row as a whole is not one.
    text: str
    raw: Any  # Plain JSON.

    @property
    def failure(self) -> Failure:
        return Failure(FailureKind.NO_ANSWER, "answer", self.text, f"{self.place} {self.field}".strip())


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A piece of a list. To go on later, ask again with `next_skip`."""

    rows: tuple[T, ...]
    bad: tuple[BadRow, ...]
    total: int | None  # Length of the whole list, where the service tells it.
    next_skip: int
    ended: bool  # The service has no more.

    def whole(self) -> tuple[T, ...]:
        """The rows when all of them are good. RegisterUnavailable names the first that is not."""
        if self.bad:
            raise RegisterUnavailable(self.bad[0].failure)
        return self.rows


def gathered(pages: Iterable[Page[T]]) -> Page[T]:
    """All pages as one. ValueError for none."""
    rows: list[T] = []
    bad: list[BadRow] = []
    page: Page[T] | None = None
    for page in pages:
        rows += page.rows
        bad += page.bad
    if page is None:
        raise ValueError("no page at all")
    return Page(tuple(rows), tuple(bad), page.total, page.next_skip, page.ended)


Parse = Callable[[Fields, Place, Settings], T]  # AnswerMalformed with the field's place inside the row.


def read_page(page: RawPage, parse: Parse[T], settings: Settings) -> Page[T]:
    rows: list[T] = []
    bad: list[BadRow] = []
    for item in page.items:
        try:
            rows.append(parse(Fields.of(item.value, ""), item.place, settings))
        except AnswerMalformed as malformed:
            bad.append(BadRow(item.place, malformed.place, malformed.text, evidence(item.value)))
    return Page(tuple(rows), tuple(bad), page.total, page.next_skip, page.ended)


def untold(**facts: object) -> tuple[str, ...]:
    """Names of the vendor's fields that an answer left out: those whose value is None, "" or ()."""
    return tuple(name for name, value in facts.items() if value in (None, "", ()))


def require_own(cashbox: str, field: str, settings: Settings) -> None:
    """AnswerMalformed for a row of another cashbox than the one that was asked about."""
    if cashbox and cashbox.upper() != settings.cashbox.upper():
        raise AnswerMalformed(field, f"is of cashbox {cashbox}")


def require_shift(shift: int | None, place: Place) -> None:
    """AnswerMalformed for a row of another shift than the one that was asked about."""
    if shift is not None and place.shift not in (None, shift):
        raise AnswerMalformed("ShiftNumber", f"is {shift}, asked was shift {place.shift}")
