"""The judge: an ordered rule table per jurisdiction, read from data and asked in a few microseconds.

A row holds when its columns (kind of code, purpose, what the till knows, registry status, group and so on), its dates
and its named conditions hold. All rows that hold are heard: REFUSE wins over ASK, ASK over ALLOW, and among
equals the first row of the file. The columns are an index: rows that cannot apply to a combination are never looked
at, and each combination is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

from marking import data, reasons
from marking.code import IdentificationCode
from marking.conditions import CONDITIONS, NO_REGISTRY, Case
from marking.errors import CodeError
from marking.policy import Policy
from marking.rulefile import COLUMNS, Rule, RuleError, RuleFile, read_rules
from marking.settings import OnlineCheck
from marking.statuses import Status
from marking.verdict import Decision, Evidence, EvidenceSource, Purpose, UnitState, Verdict

__all__ = ["RuleError", "RuleTable", "judge", "load_rules", "table", "wants_online"]

_OTHER = "OTHER"
_ALLOW, _ASK, _REFUSE = Decision.ALLOW, Decision.ASK, Decision.REFUSE
_LOCAL = {"structure": EvidenceSource.STRUCTURE, "till": EvidenceSource.TILL}


# A rule as the judge walks it: test, dates or None, decision, policy key, rule. A tuple, because this is the hot loop.
_Row = tuple[Callable[[Case], bool] | None, tuple[int, int] | None, Decision | None, str, Rule]
_Key = tuple[str, str, str, str, str, str | None, str, str, str]


class RuleTable:
    """Rules of one jurisdiction. Pure but for a memo of which rows each combination of columns can reach."""

    def __init__(self, file: RuleFile) -> None:
        self.jurisdiction = file.jurisdiction
        self.rules = rules = file.rules
        self.fallback = file.fallback
        self._extended = frozenset(word for rule in rules for word in rule.columns.get("extended", ()))
        # Every part of the key is from a closed set (an unknown extended status counts as OTHER), so it stays small.
        self._index: dict[_Key, tuple[_Row, ...]] = {}
        self._local_index: dict[_Key, tuple[_Row, ...]] = {}

    def reach(self, case: Case, local: bool = False) -> tuple[_Row, ...]:
        """Rows that can apply to a case; `local`: only those that speak for the code and the till."""
        status = case.status
        extended = "" if status is None or not status.extended else status.extended
        if extended and extended not in self._extended:
            extended = _OTHER
        evidence, group = case.evidence, case.group
        key = (
            case.subject,
            evidence.purpose,
            case.unit,
            case.word,
            extended,
            group.key,
            "unknown" if evidence.product is None else "known",
            "yes" if group.marked else "no",
            "one" if case.known == 1 else "several" if case.known else "none",
        )
        index = self._local_index if local else self._index
        rows = index.get(key)
        if rows is None:
            values = dict(zip(COLUMNS, key, strict=True))
            rows = index[key] = tuple(
                _row(rule)
                for rule in self.rules
                if (rule.source in _LOCAL or not local)
                and all(values[column] in accepted for column, accepted in rule.columns.items())
            )
        return rows

    def decide(self, case: Case, local: bool = False) -> tuple[Decision, Rule]:
        """The most severe decision and its first rule."""
        best = self.fallback
        decided: Decision | None = None
        actions = case.group.actions
        for test, days, decision, policy, rule in self.reach(case, local):
            if (test is not None and not test(case)) or (days is not None and not days[0] <= case.today <= days[1]):
                continue
            if decision is None:
                decision = actions[policy]
            if decision is _REFUSE:
                return _REFUSE, rule
            if decision is not None and (decided is None or (decided is _ALLOW and decision is _ASK)):
                decided, best = decision, rule
        return decided or self.fallback.decision or _ASK, best


def judge(evidence: Evidence, policy: Policy) -> Verdict:
    """May this unit be sold (or taken back)? Pure: the same evidence and policy give the same verdict."""
    case = Case(evidence, policy)
    decision, rule = table(policy.jurisdiction).decide(case)
    code = evidence.code
    if rule.source == "registry":
        source, age_s = case.source, case.age_s
    else:
        source, age_s = _LOCAL[rule.source], None
    return Verdict(
        decision,
        rule.reason,
        source,
        age_s,
        _actions()[rule.reason],
        case.ki,
        () if isinstance(code, CodeError) else code.repairs,
        rule.id if decision is _ALLOW else _detail(case, rule),
    )


def wants_online(evidence: Evidence, policy: Policy) -> bool:
    """Would an answer of the registry change or confirm the verdict, and does policy want it?

    False when it was asked already, when there is nothing to look up, and when the code or the till has refused.
    """
    code = evidence.code
    if evidence.online is not None or not isinstance(code, IdentificationCode):
        return False
    case = Case(evidence, policy)
    group = case.group
    if case.word == NO_REGISTRY or group.online is OnlineCheck.NEVER or case.today < group.obliged_from:
        return False
    rules = table(policy.jurisdiction)
    decision, rule = rules.decide(case, local=True)
    # CHECK: that refusal stands only on the registry's silence so far, and no other local rule refused before it.
    undecided = "check" in rule.columns
    if decision is _REFUSE and rule is not rules.fallback and not undecided:
        return False
    if evidence.purpose is Purpose.RETURN and case.unit is UnitState.SOLD:
        return False
    if group.online is OnlineCheck.ALWAYS or undecided or case.status is None:
        return True
    if case.status.status is Status.NOT_FOUND:
        return False  # The negative cache is young, or Case would not have used it.
    # A refusal on a cached word deserves a fresh one: the unit may have been re-introduced since.
    settled = Status.WITHDRAWN if evidence.purpose is Purpose.RETURN else Status.IN_CIRCULATION
    return case.status.status is not settled or (case.age_s or 0) > group.cache_max_age_s


def _detail(case: Case, rule: Rule) -> str:
    code = case.evidence.code
    parts = [rule.id]
    if isinstance(code, CodeError):
        parts.append(f"{code.kind} at {code.position}")
        return "; ".join(parts)
    parts.append(f"{code.kind}/{code.template} gtin={code.gtin} unit={case.unit}")
    status = case.status
    parts.append(
        f"status={case.word}" + (f" ({status.raw_status})" if status is not None and status.raw_status else "")
    )
    if status is not None and status.extended:
        parts.append(f"extended={status.extended}")
    if code.confirm:
        parts.append(f"candidates={len(code.candidates)} known={case.known}")
    if case.evidence.online is not None and case.evidence.online.unavailable is not None:
        parts.append(f"registry: {case.evidence.online.unavailable}")
    return "; ".join(parts)


@cache
def table(jurisdiction: str) -> RuleTable:
    """The rule table that ships for a jurisdiction. Raises RuleError when there is none."""
    try:
        text = data.read(f"rules_{jurisdiction}.toml")
    except FileNotFoundError as error:
        raise RuleError(f"no rule table for jurisdiction {jurisdiction!r}") from error
    return load_rules(text)


@cache
def _actions() -> Mapping[str, str]:
    """Reason code -> key of its next action."""
    return {code: reasons.action_key(code) for code in reasons.known()}


def load_rules(text: str) -> RuleTable:
    """Read a rule table (TOML). Raises RuleError with rule and field."""
    return RuleTable(read_rules(text))


def _row(rule: Rule) -> _Row:
    tests = [CONDITIONS[name] for name in rule.conditions]
    test: Callable[[Case], bool] | None = None
    if len(tests) == 1:
        test = tests[0]
    elif tests:

        def test(case: Case) -> bool:
            return all(one(case) for one in tests)

    always = rule.valid_from == date.min.toordinal() and rule.valid_to == date.max.toordinal()
    return test, None if always else (rule.valid_from, rule.valid_to), rule.decision, rule.policy or "", rule
