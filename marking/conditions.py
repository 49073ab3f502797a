"""The facts of one case, and the named conditions the rule table may ask of them.

A condition is a pure predicate over a Case. The rule files name conditions by their key in CONDITIONS; a new rule in
known words needs no code, a new word needs one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from marking.code import CodeKind, IdentificationCode
from marking.errors import CodeError
from marking.policy import GroupPolicy, Policy
from marking.statuses import CodeStatus, Status
from marking.verdict import Evidence, EvidenceSource, UnitState

_NS_PER_DAY = 86_400 * 10**9
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_AGGREGATES = frozenset({"GROUP", "SET", "BOX_LV_1", "BOX_LV_2", "ACC"})
_WITHOUT_KEY = frozenset({CodeKind.LINEAR, CodeKind.IN_STORE, CodeKind.OPAQUE})
_LAYOUTLESS = frozenset({"KI", "OPAQUE"})

# Bound once: reading a member off its enum class costs more than a whole condition on Python 3.11.
_FREE = UnitState.FREE
_CACHE = EvidenceSource.CACHE
_ONLINE = EvidenceSource.ONLINE
_NOT_FOUND = Status.NOT_FOUND
_OPAQUE = CodeKind.OPAQUE

NO_REGISTRY = "NONE"  # Nothing to look up: no registry key, or goods that are not marked.
UNCHECKED = "UNCHECKED"  # Something to look up, and nobody knows it.


class Case:
    """One scan with its facts worked out: which key, which status, from whom, how old."""

    __slots__ = (
        "age_s", "code", "evidence", "group", "key", "ki", "known", "policy", "source", "status", "subject", "today",
        "unit", "word",
    )  # fmt: skip

    code: IdentificationCode  # Meaningless where `subject` names an error: no rule of that subject asks for it.

    def __init__(self, evidence: Evidence, policy: Policy) -> None:
        code = evidence.code
        product = evidence.product
        self.evidence = evidence
        self.policy = policy
        self.group: GroupPolicy = policy.unlisted if product is None else policy.of(product.group)
        self.today: int = (evidence.now_ns + policy.utc_offset_ns) // _NS_PER_DAY + _EPOCH_ORDINAL
        self.status: CodeStatus | None = None
        self.word: str = NO_REGISTRY
        self.source: EvidenceSource = _CACHE
        self.age_s: int | None = None
        self.unit: UnitState = _FREE
        self.known = 1  # Candidates somebody knows; other than 1 only matters to a CHECK repair.
        self.ki: str | None = None
        if isinstance(code, CodeError):
            self.subject: str = "error." + code.kind
            return
        self.code = code
        self.subject = code.kind
        self.ki = code.ki
        if code.kind in _WITHOUT_KEY:
            if code.kind is _OPAQUE:
                self.unit = evidence.units.get(code.text, _FREE)
            return
        if code.confirm:
            self._choose(code)
        ki = self.ki
        if ki is not None:
            self.unit = evidence.units.get(ki, _FREE)
        if self.group.marked:
            self._look_up(ki)

    def _choose(self, code: IdentificationCode) -> None:
        """CHECK: the key is the one candidate the registry (now or in the cache) or this till's own records know."""
        known = [ki for ki in code.candidates if self._is_known(ki)]
        self.known = len(known)
        self.ki = known[0] if len(known) == 1 else None
        chosen = next((other for other in code.alternatives if other.ki == self.ki), None)
        if chosen is not None:
            self.code, self.subject = chosen, chosen.kind

    def _is_known(self, ki: str) -> bool:
        evidence = self.evidence
        if evidence.units.get(ki, _FREE) is not _FREE:
            return True
        online = evidence.online
        status = evidence.cached.get(ki) if online is None or online.unavailable else online.statuses.get(ki)
        return status is not None and status.status is not _NOT_FOUND

    def _look_up(self, ki: str | None) -> None:
        evidence = self.evidence
        online = evidence.online
        self.word = UNCHECKED
        if ki is None:
            return
        if online is not None and online.unavailable is None:
            self.source = _ONLINE
            self.status = online.statuses.get(ki)
            self.word = _NOT_FOUND if self.status is None else self.status.status
            self.age_s = 0
            return
        status = evidence.cached.get(ki)
        if status is None:
            return
        # A clock that was set back must not make evidence younger than now.
        age_s = max(0, (evidence.now_ns - status.at_ns) // 10**9)
        if status.status is _NOT_FOUND and age_s > self.group.not_found_max_age_s:
            return
        self.status = status
        self.word = status.status
        self.age_s = age_s


def _test_code(case: Case) -> bool:
    code = case.code
    for what, prefix in case.policy.test_patterns:
        if what == "gtin":
            value = code.gtin
        elif what == "ki":
            value = code.ki
        else:
            value = next((text for ai, text in code.elements if ai == "91"), None)
        if value is not None and value.startswith(prefix):
            return True
    return False


def _opaque_expected(case: Case) -> bool:
    product = case.evidence.product
    return product is not None and ("OPAQUE" in case.group.templates or "OPAQUE" in product.templates)


def _template_foreign(case: Case) -> bool:
    product = case.evidence.product
    template = case.code.template
    if product is None or template in product.templates or template in _LAYOUTLESS:
        return False
    # With neither list there is nothing to compare with: most layouts of Kazakhstan are not published.
    return bool(product.templates or case.group.templates) and template not in case.group.templates


def _gtin_differs(case: Case) -> bool:
    status = case.status
    return status is not None and status.gtin is not None and case.code.gtin not in (None, status.gtin)


def _expired(case: Case) -> bool:
    status = case.status
    if status is None or status.expires_on is None:
        return False
    try:
        # The last day is still good. The registry sends a day with a time of day; the day is what the pack says.
        return date.fromisoformat(status.expires_on[:10]).toordinal() < case.today
    except ValueError:
        return False  # A date nobody can read is no proof of expiry; the raw answer is in the journal.


def _foreign_owner(case: Case) -> bool:
    own, status = case.policy.own_tins, case.status
    return bool(own) and status is not None and status.owner_tin is not None and status.owner_tin not in own


def _offline(case: Case) -> bool:
    online = case.evidence.online
    return online is not None and online.unavailable is not None


def _stale(case: Case) -> bool:
    return case.source is _CACHE and case.age_s is not None and case.age_s > case.group.offline_max_age_s


def _returned_word(case: Case) -> bool:
    return case.status is not None and case.status.raw_status.strip().upper() == "RETURNED"


CONDITIONS: dict[str, Callable[[Case], bool]] = {
    "aggregate_package": lambda case: case.status is not None and case.status.package_type in _AGGREGATES,
    "bare_ki": lambda case: case.code.template == "KI",
    "blocked": lambda case: case.status is not None and case.status.blocked,
    "expired": _expired,
    "foreign_owner": _foreign_owner,
    "gtin_differs": _gtin_differs,
    "legacy_stock": lambda case: case.group.obliged_from <= case.today <= case.group.legacy_end,
    "not_obliged_yet": lambda case: case.group.marked and case.today < case.group.obliged_from,
    "obliged": lambda case: case.today >= case.group.obliged_from,
    "obliged_no_legacy": lambda case: case.today >= case.group.obliged_from and case.today > case.group.legacy_end,
    "offline": _offline,
    "opaque_expected": _opaque_expected,
    "opaque_unexpected": lambda case: not _opaque_expected(case),
    "partial_empty": lambda case: case.status is not None and case.status.partial_left == 0,
    "returned_word": _returned_word,
    "stale": _stale,
    "template_foreign": _template_foreign,
    "test_code": _test_code,
}
