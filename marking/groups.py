"""Product groups that must be marked: what they are, since when, and who says so.

The set is open: the list of Kazakhstan changes several times a year, and a shop may meet a group before this file does.
Rows are data (data/groups.toml, each with its source), their names words (catalogue `groups`). Fields nobody has
confirmed are named in `unverified` and can be overridden by configuration.
Source of the list: Order MTI № 330-НҚ of 22.11.2025.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from marking import data
from marking.words import MissingWords, catalogue

_FAR_FUTURE = date.max


class GroupError(ValueError):
    """A row or an override of the group table cannot be used; the text names group, field and reason."""


class UnknownGroup(LookupError):
    """A key no group has. `nearest` is the known key most like it, or None."""

    def __init__(self, key: str, nearest: str | None) -> None:
        hint = f"; the nearest known is {nearest!r}" if nearest else ""
        super().__init__(f"unknown product group {key!r}{hint}")
        self.key = key
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Group:
    """One product group. Dates are local days and inclusive."""

    key: str
    name_ru: str
    name_kk: str
    name_en: str
    hs: tuple[str, ...]  # Digit prefixes of HS (ТН ВЭД) codes.
    marked_from: date
    produced_from: date | None  # Only goods produced from this day are covered; None = all.
    scan_from: date | None  # The till must scan from this day; None = not published.
    legacy_until: date | None
    templates: tuple[str, ...]  # Layouts expected; empty = any.
    footnote: str
    source: str
    unverified: tuple[str, ...]

    def obliged(self, day: date) -> bool:
        """Must the till ask for the code on this day? An unpublished scan date counts as the marking date."""
        return day >= (self.scan_from or self.marked_from)

    @property
    def legacy_end(self) -> date | None:
        """Last day old stock may go without a code; None when the group knows no old stock.

        A group with a production cut-off and no published end: the exception lasts, since goods made before are not
        covered at all.
        """
        if self.legacy_until is not None:
            return self.legacy_until
        return _FAR_FUTURE if self.produced_from is not None else None


_DATES = ("marked_from", "produced_from", "scan_from", "legacy_until")
_LISTS = ("hs", "templates", "unverified")
_TEXTS = ("name_ru", "name_kk", "name_en", "footnote", "source")
FIELDS = (*_TEXTS, *_LISTS, *_DATES)


class Groups(Mapping[str, Group]):
    """Groups by key, in the order of the file."""

    def __init__(self, groups: Mapping[str, Group], utc_offset_minutes: int) -> None:
        self._groups = dict(groups)
        self.utc_offset_minutes = utc_offset_minutes  # Where the local day of all dates begins.

    def __getitem__(self, key: str) -> Group:
        return self._groups[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    def require(self, key: str) -> Group:
        """The group, or UnknownGroup with the nearest known key."""
        group = self._groups.get(key)
        if group is None:
            near = difflib.get_close_matches(key, self._groups, n=1, cutoff=0.5)
            raise UnknownGroup(key, near[0] if near else None)
        return group

    def by_hs(self, hs: str) -> tuple[Group, ...]:
        """Groups one of whose HS prefixes begins `hs`, longest prefix first: proposals, the goods' name decides."""
        digits = "".join(filter(str.isdigit, hs))
        found = [
            (-max(len(prefix) for prefix in group.hs if digits.startswith(prefix)), group)
            for group in self._groups.values()
            if any(digits.startswith(prefix) for prefix in group.hs)
        ]
        return tuple(group for _, group in sorted(found, key=lambda pair: pair[0]))

    def override(self, key: str, changes: Mapping[str, Any]) -> Groups:
        """A copy with some fields of one group replaced. An unknown key makes a new group if the row is complete."""
        known = self._groups.get(key)
        if known is None:
            row = _row(key, changes)
        else:
            row = replace(known, **{name: _value(key, name, value) for name, value in changes.items()})
        return Groups({**self._groups, key: row}, self.utc_offset_minutes)


def load_groups(text: str, named: Callable[[str], Mapping[str, Any]] = lambda _key: {}) -> Groups:
    """Read a group table (TOML). `named`: the fields of a group that do not stand in its row.

    Raises GroupError with the place, never another exception for bad text.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GroupError(f"groups: not TOML: {error}") from error
    offset = document.get("utc_offset_minutes")
    rows = document.get("group", {})
    if not isinstance(offset, int) or isinstance(offset, bool) or abs(offset) > 14 * 60:
        raise GroupError(f"groups: utc_offset_minutes: minutes from -840 to 840 wanted, got {offset!r}")
    unknown = set(document) - {"utc_offset_minutes", "group"}
    if unknown or not isinstance(rows, dict):
        raise GroupError(f"groups: unknown or malformed top-level keys {sorted(unknown) or 'group'}")
    return Groups({key: _row(key, row, named(key)) for key, row in rows.items()}, offset)


@cache
def standard() -> Groups:
    """The table that ships with the package."""
    return load_groups(data.read("groups.toml"), _names)


def _names(key: str) -> Mapping[str, str]:
    """Raises GroupError for a row whose name has no words yet."""
    try:
        return {f"name_{lang}": words for lang, words in catalogue("marking", "groups").texts(key).items()}
    except MissingWords as error:
        raise GroupError(f"group {key}: no name in marking/locale/*/LC_MESSAGES/groups.po") from error


def _row(key: str, row: object, named: Mapping[str, Any] = MappingProxyType({})) -> Group:
    if not isinstance(row, Mapping):
        raise GroupError(f"group {key}: a table wanted")
    row = {**named, **row}
    values = {name: _value(key, name, value) for name, value in row.items()}
    missing = [name for name in ("name_ru", "name_kk", "marked_from", "source") if not values.get(name)]
    if missing:
        raise GroupError(f"group {key}: {', '.join(missing)} missing")
    empty: dict[str, Any] = dict.fromkeys(_TEXTS, "") | dict.fromkeys(_LISTS, ()) | dict.fromkeys(_DATES)
    group = Group(key=key, **(empty | values))
    strange = set(group.unverified) - set(FIELDS)
    if strange:
        raise GroupError(f"group {key}: unverified names unknown fields {sorted(strange)}")
    return group


def _value(key: str, name: str, value: object) -> Any:
    """Check one field's type; ISO text is taken for a date, since configuration may come from the environment."""
    if name in _DATES:
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError as error:
                raise GroupError(f"group {key}: {name}: {error}") from error
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise GroupError(f"group {key}: {name}: a date like 2027-01-31 wanted, got {value!r}")
    if name in _LISTS:
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise GroupError(f"group {key}: {name}: a list of texts wanted, got {value!r}")
    if name in _TEXTS:
        if isinstance(value, str):
            return value
        raise GroupError(f"group {key}: {name}: text wanted, got {value!r}")
    near = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f"; the nearest known is {near[0]!r}" if near else ""
    raise GroupError(f"group {key}: unknown field {name!r}{hint}")
