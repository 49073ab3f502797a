"""The filter of the exceptions list, all of it in the URL and back. Pure.

Whoever mistypes an address sees the list without the part that could not be read, and which part that was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from sync.hq.finding import CAUSES
from sync.hq.kinds import Kind, Severity

STATES = ("open", "healed", "resolved")
ANY_STATE = "any"
NOBODY = "-"
SORTS = ("newest", "oldest", "due", "sum")
PAGE_ROWS = 50
PAGES_MAX = 200
TEXT_MAX = 200
_ALL_CAUSES = frozenset(cause for causes in CAUSES.values() for cause in causes)


@dataclass(frozen=True, slots=True)
class Filter:
    """An empty field filters nothing. Several kinds or severities: any of them."""

    state: str = "open"
    kind: tuple[str, ...] = ()
    cause: str = ""
    severity: tuple[str, ...] = ()
    region: str = ""
    shop: str = ""
    till: str = ""
    shift: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    owner: str = ""  # NOBODY: without an owner.
    text: str = ""  # Part of the code, its GTIN, or a fiscal sign.
    sort: str = "newest"
    page: int = 1

    def query(self, **changes: object) -> str:
        """As a query string, without what is as usual. A change of the filter leads back to its first page."""
        changed = replace(self, **({} if "page" in changes else {"page": 1}), **changes)  # type: ignore[arg-type]  # Names are fields; callers are ours.
        pairs: list[tuple[str, str]] = []
        for field in fields(changed):
            value = getattr(changed, field.name)
            if value == field.default:
                continue
            pairs += [(field.name, str(one)) for one in (value if isinstance(value, tuple) else (value,))]
        return urlencode(pairs)

    def toggled(self, kind: str) -> str:
        """The query with this kind added, or taken away."""
        kinds = tuple(one for one in self.kind if one != kind)
        return self.query(kind=kinds if kind in self.kind else (*kinds, str(kind)), cause="")

    @property
    def narrowed(self) -> bool:
        return replace(self, page=1, sort="newest") != Filter()


def read(pairs: Iterable[tuple[str, str]]) -> tuple[Filter, tuple[str, ...]]:
    """The filter, and the names of parameters that could not be read."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if value.strip():
            given.setdefault(name, []).append(value.strip())
    values: dict[str, object] = {}
    unread: list[str] = []
    for name in given.keys() & {field.name for field in fields(Filter)}:
        understood = _value(name, given[name])
        if understood is None:
            unread.append(name)
        else:
            values[name] = understood
    found = Filter(**values)  # type: ignore[arg-type]  # Each was read by its field's reader.
    if found.first and found.last and found.first > found.last:
        found = replace(found, first=found.last, last=found.first)
    return found, tuple(sorted(unread))


_WORDS: Mapping[str, frozenset[str]] = {
    "state": frozenset({*STATES, ANY_STATE}),
    "kind": frozenset(Kind),
    "severity": frozenset(Severity),
    "cause": _ALL_CAUSES,
    "sort": frozenset(SORTS),
}


def _value(name: str, texts: Sequence[str]) -> object:
    """None: cannot be read."""
    if name in ("kind", "severity"):
        return tuple(dict.fromkeys(texts)) if set(texts) <= _WORDS[name] else None
    text = texts[-1]
    if name in _WORDS:
        return text if text in _WORDS[name] else None
    if name in ("first", "last"):
        return _date(text)
    if name == "page":
        return min(max(int(text), 1), PAGES_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else None
    if name == "shift":
        return text if text.isascii() and text.isdigit() and len(text) < 10 else None
    return text if len(text) <= TEXT_MAX and "\0" not in text else None


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def days(first: str, last: str, usual: tuple[dt.date, dt.date]) -> tuple[dt.date, dt.date]:
    """A range of days from two parameters, in order; what cannot be read is as usual."""
    pair = (_date(first) or usual[0], _date(last) or usual[1])
    return (min(pair), max(pair))
