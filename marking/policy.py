"""What a shop decides where the law leaves room, resolved per product group.

Configuration is a mapping, nested as in TOML or with dotted keys:

    [policy]
    own_tins = ["123456789012"]
    offline.sale_policy = "ask"
    [policy.group.beer]
    legacy_until = 2027-01-31
    offline.sale_policy = "allow"

Under `group.KEY` stand the fields of the group table (marking.groups) and every setting marked per group.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marking.groups import FIELDS, GroupError, Groups, UnknownGroup
from marking.settings import ACTION_KEYS, ACTIONS, BY_KEY, PER_GROUP, SETTINGS, OnlineCheck, Setting
from marking.verdict import Decision

_NS_PER_MINUTE = 60 * 10**9
_NUMBER_MAX = 1_000_000
_NEVER = 10**9  # As a day number: later than any date.


class PolicyError(ValueError):
    """A setting cannot be used: `key` names it, the text says why and names the nearest known one."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key


@dataclass(frozen=True, slots=True)
class GroupPolicy:
    """Everything the rules ask of one product group, resolved once. Days are proleptic ordinals of local dates."""

    key: str | None  # None: goods that are not marked.
    marked: bool
    obliged_from: int  # First day the till must have the code.
    legacy_end: int  # Last day old stock goes without one; 0 = no exception.
    templates: frozenset[str]
    actions: Mapping[str, Decision | None]
    offline_max_age_s: int
    cache_max_age_s: int
    not_found_max_age_s: int
    online: OnlineCheck


@dataclass(frozen=True, slots=True)
class Policy:
    jurisdiction: str
    groups: Groups  # With the overrides of configuration.
    by_group: Mapping[str | None, GroupPolicy]
    unlisted: GroupPolicy  # Product unknown, or a group this table does not have: taken as marked.
    own_tins: frozenset[str]
    test_patterns: tuple[tuple[str, str], ...]  # (what, prefix)
    utc_offset_ns: int
    values: Mapping[str, Any]  # Every general setting in force, for `config show`.

    def of(self, group: str | None) -> GroupPolicy:
        return self.by_group.get(group, self.unlisted)


def policy_from(mapping: Mapping[str, Any], groups: Groups) -> Policy:
    """Read a policy. Raises PolicyError for an unknown key (naming the nearest), a wrong value, an unknown group."""
    general = {setting.key: setting.default for setting in SETTINGS}
    own: dict[str, dict[str, Any]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for key, value in _flat(mapping, ""):
        if not key.startswith("group."):
            general[key] = _checked(key, key, value, BY_KEY)
            continue
        _, name, field = (*key.split(".", 2), "")[:3]
        if field in FIELDS:
            rows.setdefault(name, {})[field] = value
        else:
            own.setdefault(name, {})[field] = _checked(key, field, value, {**BY_KEY, **dict.fromkeys(FIELDS)}, True)
    for name, changes in rows.items():
        try:
            if "marked_from" not in changes:
                groups.require(name)
            groups = groups.override(name, changes)
        except (GroupError, UnknownGroup) as error:
            raise PolicyError(f"group.{name}", str(error)) from error
    for name in own:
        try:
            groups.require(name)
        except UnknownGroup as error:
            raise PolicyError(f"group.{name}", str(error)) from error
    by_group: dict[str | None, GroupPolicy] = {
        name: _resolve(name, groups, general | own.get(name, {})) for name in groups
    }
    by_group[None] = _resolve(None, groups, general)
    return Policy(
        jurisdiction=general["jurisdiction"],
        groups=groups,
        by_group=by_group,
        unlisted=_resolve("", groups, general),
        own_tins=frozenset(general["own_tins"]),
        test_patterns=tuple(_pattern(text) for text in general["codes.test_patterns"]),
        utc_offset_ns=groups.utc_offset_minutes * _NS_PER_MINUTE,
        values=general,
    )


def _flat(mapping: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _checked(place: str, key: str, value: Any, known: Mapping[str, Setting | None], group: bool = False) -> Any:
    setting = known.get(key)
    if setting is None:
        usable = [name for name in known if not group or name in PER_GROUP or name in FIELDS]
        near = difflib.get_close_matches(key, usable, n=1, cutoff=0.4)
        raise PolicyError(place, "unknown setting" + (f"; the nearest known is {near[0]!r}" if near else ""))
    if group and not setting.per_group:
        raise PolicyError(place, "this setting cannot differ by group")
    if setting.kind == "action" and (not isinstance(value, str) or value not in setting.choices):
        raise PolicyError(place, f"one of {', '.join(setting.choices)} wanted, got {value!r}")
    if setting.kind == "number" and not _is_number(value):
        raise PolicyError(place, f"a number from 0 to {_NUMBER_MAX} wanted, got {value!r}")
    if setting.kind == "text" and not isinstance(value, str):
        raise PolicyError(place, f"text wanted, got {value!r}")
    if setting.kind == "texts":
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
            raise PolicyError(place, f"a list of texts wanted, got {value!r}")
        return tuple(value)
    if setting.kind == "online":
        if value not in tuple(OnlineCheck):
            raise PolicyError(place, f"one of {', '.join(OnlineCheck)} wanted, got {value!r}")
        return OnlineCheck(value)
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _NUMBER_MAX


def _pattern(text: str) -> tuple[str, str]:
    what, colon, prefix = text.partition(":")
    if what not in ("gtin", "key", "ki") or not colon or not prefix:
        raise PolicyError("codes.test_patterns", f"'gtin:', 'key:' or 'ki:' and a prefix wanted, got {text!r}")
    return what, prefix


def _resolve(name: str | None, groups: Groups, values: Mapping[str, Any]) -> GroupPolicy:
    group = groups.get(name) if name else None
    obliged, legacy = (0 if name is not None else _NEVER), 0
    if group is not None:
        obliged = (group.scan_from or group.marked_from).toordinal()
        legacy = group.legacy_end.toordinal() if group.legacy_end else 0
    return GroupPolicy(
        key=name,
        marked=name is not None,
        obliged_from=obliged,
        legacy_end=legacy,
        templates=frozenset(group.templates) if group else frozenset(),
        actions={key: ACTIONS[values[key]] for key in ACTION_KEYS},
        offline_max_age_s=int(values["offline.max_age_h"] * 3600),
        cache_max_age_s=int(values["cache.max_age_h"] * 3600),
        not_found_max_age_s=int(values["cache.not_found_max_age_s"]),
        online=values["online.check"],
    )
