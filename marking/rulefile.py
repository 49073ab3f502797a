"""Rule tables as files: read, checked, and every mistake told with rule, field and the nearest known word."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from marking.code import CodeKind
from marking.conditions import CONDITIONS, NO_REGISTRY, UNCHECKED
from marking.errors import ErrorKind
from marking.settings import ACTION_KEYS
from marking.statuses import Status
from marking.verdict import Decision, Purpose, UnitState

COLUMNS: dict[str, frozenset[str] | None] = {  # None = an open set: words of registries, groups of the catalogue.
    "code": frozenset({*CodeKind, *(f"error.{kind}" for kind in ErrorKind)}),
    "purpose": frozenset(Purpose),
    "unit": frozenset(UnitState),
    "status": frozenset({*Status, UNCHECKED, NO_REGISTRY}),
    "extended": None,
    "groups": None,
    "product": frozenset({"known", "unknown"}),
    "marked": frozenset({"yes", "no"}),
    "check": frozenset({"one", "none", "several"}),
}
_SOURCES = ("structure", "till", "registry")
_FIELDS = (*COLUMNS, "id", "condition", "decision", "policy", "reason", "source", "valid_from", "valid_to", "basis")


class RuleError(ValueError):
    """A rule file cannot be used: the text names the rule, the field and the nearest known word."""


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    columns: Mapping[str, frozenset[str]]  # Column -> values it accepts; a column left out accepts all.
    conditions: tuple[str, ...]
    decision: Decision | None  # None: `policy` decides.
    policy: str | None
    reason: str
    source: str  # "structure", "till" or "registry".
    valid_from: int  # Local days as proleptic ordinals, inclusive.
    valid_to: int
    basis: str


@dataclass(frozen=True, slots=True)
class RuleFile:
    jurisdiction: str
    rules: tuple[Rule, ...]
    fallback: Rule  # What holds when no rule speaks.


def read_rules(text: str) -> RuleFile:
    """Read a rule table (TOML). Raises RuleError with rule and field."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"rules: not TOML: {error}") from error
    strange = set(document) - {"jurisdiction", "fallback", "rule"}
    if strange or not isinstance(document.get("jurisdiction"), str) or not isinstance(document.get("rule"), list):
        raise RuleError(f"rules: jurisdiction, fallback and rule wanted, got {sorted(document)}")
    rules = tuple(_read_rule(row, number) for number, row in enumerate(document["rule"], 1))
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise RuleError(f"rule {rule.id}: the id is used twice")
        seen.add(rule.id)
    fallback = _read_rule({"id": "fallback", "source": "till", **document.get("fallback", {})}, 0)
    if fallback.decision in (None, Decision.ALLOW) or fallback.columns or fallback.conditions:
        raise RuleError("fallback: decision ask or refuse wanted, and nothing to depend on")
    return RuleFile(document["jurisdiction"], rules, fallback)


def _read_rule(row: Mapping[str, Any], number: int) -> Rule:
    place = f"rule {row.get('id') or number}"
    for name in row:
        if name not in _FIELDS:
            raise RuleError(f"{place}: unknown field {name!r}{_near(name, _FIELDS)}")
    for name in ("id", "reason", "source"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise RuleError(f"{place}: {name} missing")
    if row["source"] not in _SOURCES:
        raise RuleError(f"{place}: source {row['source']!r}{_near(row['source'], _SOURCES)}")
    if ("decision" in row) == ("policy" in row):
        raise RuleError(f"{place}: either decision or policy wanted")
    if "decision" in row and row["decision"] not in tuple(Decision):
        raise RuleError(f"{place}: decision {row['decision']!r}{_near(str(row['decision']), Decision)}")
    if "policy" in row and row["policy"] not in ACTION_KEYS:
        raise RuleError(f"{place}: policy {row['policy']!r}{_near(str(row['policy']), ACTION_KEYS)}")
    condition = row.get("condition", [])
    conditions = tuple([condition] if isinstance(condition, str) else condition)
    for name in conditions:
        if name not in CONDITIONS:
            raise RuleError(f"{place}: unknown condition {name!r}{_near(str(name), CONDITIONS)}")
    return Rule(
        id=row["id"],
        columns={name: _accepted(place, name, row[name]) for name in COLUMNS if name in row},
        conditions=conditions,
        decision=Decision(row["decision"]) if "decision" in row else None,
        policy=row.get("policy"),
        reason=row["reason"],
        source=row["source"],
        valid_from=_day(place, "valid_from", row.get("valid_from", date.min)),
        valid_to=_day(place, "valid_to", row.get("valid_to", date.max)),
        basis=str(row.get("basis", "")),
    )


def _accepted(place: str, column: str, values: object) -> frozenset[str]:
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise RuleError(f"{place}: {column}: a list of texts wanted, got {values!r}")
    known = COLUMNS[column]
    for value in values:
        if known is not None and value not in known:
            raise RuleError(f"{place}: {column}: unknown value {value!r}{_near(value, known)}")
    return frozenset(values)


def _day(place: str, name: str, value: object) -> int:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise RuleError(f"{place}: {name}: a date like 2027-01-31 wanted, got {value!r}")
    return value.toordinal()


def _near(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.4)
    return f"; the nearest known is {near[0]!r}" if near else ""
