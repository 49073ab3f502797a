"""Reading a list of the service piece by piece: bounded, resumable, and sure about its end.

A short page is no end: the service may hand out fewer rows than were asked for. The end is the told length, or an empty
page. The order is not promised; a row that comes again because new ones moved the list is left out of the later page.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fiscal.https.fields import Json
from fiscal.https.readable import readable
from fiscal.register import Failure, FailureKind, RegisterUnavailable
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.rows import Place, Raw, RawPage
from fiscal.webkassa.session import Session, failure_of, reaction_of
from fiscal.webkassa.wire import Envelope, evidence

TAKE = 50  # What the service gives at most of a shift's history.
PAGES_MAX = 200


class NotThere(RegisterUnavailable):
    """The service answered, and does not know the shift or the receipt it was asked about."""


def ask(session: Session, path: str, fields: Json, headers: Mapping[str, str] | None = None) -> Envelope:
    """One answer without errors. RegisterUnavailable with the service's own code where it says no; NotThere."""
    envelope = session.read(path, fields, headers)
    if envelope.errors:
        absent = reaction_of(envelope) is Reaction.ABSENT
        raise (NotThere if absent else RegisterUnavailable)(failure_of(envelope, path))
    return envelope


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a list is found, and how its page is wrapped: these names have been met, or a bare array."""

    path: str
    containers: tuple[str, ...]


SHIFTS = Listed("/api/v4/Cashbox/ShiftHistory", ("Shifts", "Items", "Rows"))
HISTORY = Listed("/api/v4/Check/History", ("Items", "Rows"))
Z_HISTORY = Listed("/api/v4/ZReport/History", ("Reports", "Items", "Rows"))
CONTROL_TAPE = Listed("/api/v4/Reports/ControlTape", ("Items", "Rows", "Operations"))
UNITS = Listed("/api/v4/references/RefUnits", ("Items", "Rows", "List"))


class Lists:
    """The caller holds the cashbox's lock while it takes a page."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def page(self, of: Listed, asked: Json, skip: int) -> RawPage:
        """One page. RegisterUnavailable, NotThere."""
        return self._ask(of, {"Skip": skip, "Take": TAKE, **asked})

    def whole(self, of: Listed, asked: Json) -> RawPage:
        """A list that comes in one piece."""
        page = self._ask(of, asked)
        return replace(page, total=len(page.items), ended=True)

    def pages(self, of: Listed, asked: Json, skip: int = 0) -> Iterator[RawPage]:
        """All pages from row `skip` on. RegisterUnavailable also for a list that does not end."""
        known: set[str] = set()
        for _ in range(PAGES_MAX):
            page = self.page(of, asked, skip)
            names = [json.dumps(evidence(item.value), sort_keys=True) for item in page.items]
            fresh = tuple(item for item, name in zip(page.items, names, strict=True) if name not in known)
            if page.items and not fresh:
                break  # It does not turn the page: what is on the others stays unknown.
            known.update(names)
            yield RawPage(fresh, page.total, page.next_skip, page.ended)
            if page.ended:
                return
            skip = page.next_skip
        raise RegisterUnavailable(Failure(FailureKind.NO_ANSWER, "answer", "the list does not end", of.path))

    def of_shift(self, of: Listed, shift: int) -> Iterator[RawPage]:
        """All pages of one shift; none when the service does not know the shift."""
        pages = self.pages(of, {"ShiftNumber": shift})
        try:
            yield next(pages)
        except NotThere:
            return
        yield from pages

    def _ask(self, of: Listed, asked: Json) -> RawPage:
        envelope = ask(self._session, of.path, asked)
        with readable(of.path):
            _, values = envelope.listed(*of.containers)
            total = envelope.fields().integer("Total") if isinstance(envelope.data, dict) else None
        skip, shift = asked.get("Skip", 0), asked.get("ShiftNumber")
        items = tuple(Raw(Place(of.path, skip + index, shift), value) for index, value in enumerate(values))
        next_skip = skip + len(items)
        return RawPage(items, total, next_skip, not items or (bool(total) and next_skip >= (total or 0)))
