"""The judge: one case a row, from what is known to what the cashier is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from marking.code import CodeKind, IdentificationCode
from marking.conditions import Case
from marking.errors import CodeError, ErrorKind
from marking.groups import standard
from marking.policy import Policy, policy_from
from marking.rules import RuleTable, judge, load_rules, wants_online
from marking.settings import SETTINGS
from marking.statuses import CodeStatus, Status
from marking.verdict import Decision, Evidence, EvidenceSource, OnlineAnswer, Product, Purpose, UnitState

ALLOW, ASK, REFUSE = Decision.ALLOW, Decision.ASK, Decision.REFUSE
HOUR_NS = 3600 * 10**9
NOW = int(datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()) * 10**9

# Constructed codes: well formed, never issued.
KI = "0104870000000104213kZ7q_W<2hT9m"
OTHER_KI = "0104870000000104213Kz7Q_w<2Ht9M"
GTIN = "04870000000104"
UNIT = IdentificationCode(
    raw=b"", text=KI + "\x1d91KZF1", kind=CodeKind.UNIT, template="FULL44", ki=KI, gtin=GTIN, serial="3kZ7q_W<2hT9m",
    elements=(("01", GTIN), ("21", "3kZ7q_W<2hT9m"), ("91", "KZF1")),
)  # fmt: skip
LINEAR = replace(UNIT, kind=CodeKind.LINEAR, template="EAN13", ki=None, serial=None, elements=(), text="4870000000104")
OPAQUE = replace(LINEAR, kind=CodeKind.OPAQUE, template="OPAQUE", gtin=None, text="ZU604DSWYG6A")
CHECK = replace(UNIT, confirm=True, candidates=(KI, OTHER_KI), repairs=("D6",))
SHOES = Product(GTIN, None, "Кеды", "Кеды", 796, "base", "shoes", 1_500_000)
PLAIN = replace(SHOES, group=None)
BEER = replace(SHOES, group="beer")
IN = CodeStatus(KI, Status.IN_CIRCULATION, NOW - HOUR_NS, "INTRODUCED", package_type="UNIT", gtin=GTIN)

DEFAULT = policy_from({"own_tins": ["111111111111"]}, standard())


def policy(**settings: Any) -> Policy:
    return policy_from({"own_tins": ["111111111111"], **settings}, standard())


def cached(**changes: Any) -> dict[str, CodeStatus]:
    return {KI: replace(IN, **changes)}


def sale(code: IdentificationCode | CodeError = UNIT, **known: Any) -> Evidence:
    return Evidence(**{"code": code, "purpose": Purpose.SALE, "product": SHOES, "now_ns": NOW, **known})


def back(code: IdentificationCode = UNIT, **known: Any) -> Evidence:
    return replace(sale(code, **known), purpose=Purpose.RETURN)


def told(evidence: Evidence, by: Policy = DEFAULT) -> tuple[Decision, str]:
    verdict = judge(evidence, by)
    return verdict.decision, verdict.reason


def test_a_unit_in_circulation_is_sold_and_the_age_of_the_word_is_told() -> None:
    verdict = judge(sale(cached=cached()), DEFAULT)
    assert (verdict.decision, verdict.reason, verdict.action) == (ALLOW, "M-001", "sell")
    assert (verdict.source, verdict.age_s, verdict.ki) == (EvidenceSource.CACHE, 3600, KI)


def test_the_word_of_the_registry_now_stands_above_the_cache() -> None:
    online = OnlineAnswer({KI: replace(IN, status=Status.WITHDRAWN, raw_status="WITHDRAWN", at_ns=NOW)})
    verdict = judge(sale(cached=cached(), online=online), DEFAULT)
    assert (verdict.decision, verdict.reason) == (REFUSE, "M-303")
    assert (verdict.source, verdict.age_s) == (EvidenceSource.ONLINE, 0)


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_code_that_cannot_be_read_is_refused_before_anything_is_asked(kind: ErrorKind) -> None:
    verdict = judge(sale(CodeError(kind, 7, "what"), product=None), DEFAULT)
    assert (verdict.decision, verdict.source, verdict.ki, verdict.age_s) == (
        REFUSE, EvidenceSource.STRUCTURE, None, None,
    )  # fmt: skip
    assert verdict.reason.startswith("M-1")
    assert f"{kind} at 7" in verdict.detail
    assert not wants_online(sale(CodeError(kind, 7, "what")), DEFAULT)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (sale(LINEAR), (REFUSE, "M-130")),
        (sale(LINEAR, product=BEER), (ASK, "M-131")),
        (sale(LINEAR, product=PLAIN), (ALLOW, "M-002")),
        (sale(LINEAR, product=replace(SHOES, group="clothing_1")), (ALLOW, "M-003")),
        (sale(LINEAR, product=None), (REFUSE, "M-206")),
        (back(LINEAR, product=PLAIN), (ALLOW, "M-002")),
        (sale(replace(UNIT, kind=CodeKind.BLOCK, template="BLOCK"), cached=cached()), (REFUSE, "M-123")),
        (sale(replace(UNIT, kind=CodeKind.TRANSPORT, template="SSCC")), (REFUSE, "M-124")),
        (sale(OPAQUE, product=None), (REFUSE, "M-122")),
        (sale(OPAQUE, product=replace(SHOES, templates=("OPAQUE",))), (ALLOW, "M-004")),
        (sale(product=None, cached=cached()), (REFUSE, "M-206")),
        (sale(product=PLAIN), (ALLOW, "M-002")),
        (sale(product=replace(SHOES, group="clothing_1")), (ALLOW, "M-003")),
        (sale(replace(UNIT, template="KI"), cached=cached()), (ASK, "M-125")),
        (sale(product=replace(SHOES, templates=("SHORT-7",)), cached=cached()), (ALLOW, "M-127")),
        (sale(product=replace(SHOES, templates=("FULL44",)), cached=cached()), (ALLOW, "M-001")),
    ],
)
def test_what_the_kind_of_code_decides(evidence: Evidence, expected: tuple[Decision, str]) -> None:
    assert told(evidence) == expected


@pytest.mark.parametrize(
    ("state", "selling", "returning"),
    [
        (UnitState.HELD_HERE, (REFUSE, "M-201"), (REFUSE, "M-201")),
        (UnitState.HELD_ELSEWHERE, (REFUSE, "M-202"), (REFUSE, "M-202")),
        (UnitState.IN_DOUBT, (REFUSE, "M-203"), (REFUSE, "M-203")),
        (UnitState.SOLD, (REFUSE, "M-204"), (ALLOW, "M-006")),
        (UnitState.RETURN_PENDING, (REFUSE, "M-205"), (REFUSE, "M-207")),
    ],
)
def test_what_the_till_itself_knows_stands_above_the_registry(
    state: UnitState, selling: tuple[Decision, str], returning: tuple[Decision, str]
) -> None:
    known: dict[str, Any] = {"units": {KI: state}, "cached": cached()}
    assert told(sale(**known)) == selling
    assert told(back(**known)) == returning
    assert judge(sale(**known), DEFAULT).source is EvidenceSource.TILL
    assert not wants_online(replace(sale(units={KI: state}), cached={}), DEFAULT)


def test_a_shop_that_resells_returned_goods_at_once_is_not_stopped_by_the_old_withdrawal() -> None:
    evidence = sale(units={KI: UnitState.RETURN_PENDING}, cached=cached(status=Status.WITHDRAWN))
    assert told(evidence, policy(**{"return.resell_policy": "allow"})) == (ALLOW, "M-205")
    assert told(evidence, policy(**{"return.resell_policy": "ask"})) == (ASK, "M-205")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": Status.ISSUED}, (REFUSE, "M-301")),
        ({"status": Status.APPLIED}, (REFUSE, "M-302")),
        ({"status": Status.WITHDRAWN}, (REFUSE, "M-303")),
        ({"status": Status.WRITTEN_OFF}, (REFUSE, "M-304")),
        ({"status": Status.DISAGGREGATED}, (REFUSE, "M-305")),
        ({"status": Status.NOT_FOUND, "at_ns": NOW}, (REFUSE, "M-306")),
        ({"status": Status.UNKNOWN, "raw_status": "FROZEN"}, (ASK, "M-307")),
        ({"status": Status.UNKNOWN, "raw_status": "RETURNED"}, (REFUSE, "M-308")),
        ({"blocked": True}, (REFUSE, "M-310")),
        ({"expires_on": "2026-11-22"}, (REFUSE, "M-311")),
        ({"expires_on": "2026-11-22T23:59:59Z"}, (REFUSE, "M-311")),
        ({"expires_on": "2026-11-23"}, (ALLOW, "M-001")),
        ({"expires_on": "soon"}, (ALLOW, "M-001")),
        ({"partial_left": 0}, (REFUSE, "M-312")),
        ({"partial_left": 3}, (ALLOW, "M-001")),
        ({"owner_tin": "222222222222"}, (ALLOW, "M-313")),
        ({"owner_tin": "111111111111"}, (ALLOW, "M-001")),
        ({"gtin": "04870000000111"}, (REFUSE, "M-314")),
        ({"package_type": "GROUP"}, (REFUSE, "M-315")),
        ({"package_type": "BOX_LV_1"}, (REFUSE, "M-315")),
        ({"extended": "WAIT_SHIPMENT"}, (ALLOW, "M-316")),
        ({"extended": "CUSTOMS_ISSUED"}, (REFUSE, "M-317")),
        ({"extended": "CUSTOMS_CONTROL"}, (REFUSE, "M-317")),
        ({"extended": "CUSTOMS_ACCEPTED"}, (ALLOW, "M-001")),
        ({"extended": "INSERT_INTO_ACC"}, (ALLOW, "M-318")),
        ({"extended": "AC_AGGREGATED"}, (ALLOW, "M-318")),
        ({"extended": "AC_DISAGGREGATED"}, (ALLOW, "M-001")),
        ({"extended": "CONNECTED"}, (ALLOW, "M-001")),
        ({"extended": "SOMETHING_NEW"}, (ALLOW, "M-319")),
    ],
)
def test_what_the_registry_says_of_a_unit_on_sale(change: dict[str, Any], expected: tuple[Decision, str]) -> None:
    assert told(sale(cached=cached(**change))) == expected


@pytest.mark.parametrize(
    ("settings", "change", "expected"),
    [
        ({"sale.require_owner_match": "block"}, {"owner_tin": "222222222222"}, (REFUSE, "M-313")),
        ({"sale.require_owner_match": "ignore"}, {"owner_tin": "222222222222"}, (ALLOW, "M-001")),
        ({"sale.require_owner_match": "block"}, {"extended": "WAIT_SHIPMENT"}, (REFUSE, "M-316")),
        ({"sale.expiry_policy": "warn"}, {"expires_on": "2026-11-01"}, (ALLOW, "M-311")),
        ({"sale.expiry_policy": "ask"}, {"expires_on": "2026-11-01"}, (ASK, "M-311")),
        ({"status.APPLIED": "allow"}, {"status": Status.APPLIED}, (ALLOW, "M-302")),
        ({"sale.aggregate_policy": "ask"}, {"package_type": "SET"}, (ASK, "M-315")),
        ({"codes.test_patterns": [f"gtin:{GTIN}"]}, {}, (REFUSE, "M-126")),
        ({"codes.test_patterns": ["key:KZF"]}, {}, (REFUSE, "M-126")),
        ({"codes.test_patterns": ["key:TEST"]}, {}, (ALLOW, "M-001")),
        ({"group.shoes.status.APPLIED": "ask"}, {"status": Status.APPLIED}, (ASK, "M-302")),
    ],
)
def test_what_the_shop_decides(
    settings: dict[str, Any], change: dict[str, Any], expected: tuple[Decision, str]
) -> None:
    assert told(sale(cached=cached(**change)), policy(**settings)) == expected


def test_a_warning_never_hides_a_refusal_that_stands_later_in_the_table() -> None:
    asks_about_owner = policy(**{"sale.require_owner_match": "ask"})
    both = cached(owner_tin="222222222222", status=Status.WRITTEN_OFF)
    assert told(sale(cached=both), asks_about_owner) == (REFUSE, "M-304")
    assert told(sale(replace(UNIT, template="KI"), cached=cached(blocked=True))) == (REFUSE, "M-310")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, (REFUSE, "M-120", None)),
        ({"cached": cached()}, (ALLOW, "M-001", KI)),
        ({"cached": {OTHER_KI: replace(IN, ki=OTHER_KI)}}, (ALLOW, "M-001", OTHER_KI)),
        ({"cached": {KI: IN, OTHER_KI: replace(IN, ki=OTHER_KI)}}, (REFUSE, "M-121", None)),
        ({"cached": cached(status=Status.NOT_FOUND)}, (REFUSE, "M-120", None)),
        ({"online": OnlineAnswer({OTHER_KI: replace(IN, ki=OTHER_KI, at_ns=NOW)})}, (ALLOW, "M-001", OTHER_KI)),
        ({"online": OnlineAnswer({})}, (REFUSE, "M-120", None)),
        ({"online": OnlineAnswer({}, "timeout"), "cached": cached()}, (ALLOW, "M-005", KI)),
        ({"units": {OTHER_KI: UnitState.SOLD}}, (REFUSE, "M-204", OTHER_KI)),
        ({"units": {OTHER_KI: UnitState.SOLD}, "cached": cached()}, (REFUSE, "M-121", None)),
    ],
)
def test_a_repair_to_be_confirmed_needs_exactly_one_known_candidate(
    known: dict[str, Any], expected: tuple[Decision, str, str | None]
) -> None:
    verdict = judge(sale(CHECK, **known), DEFAULT)
    assert (verdict.decision, verdict.reason, verdict.ki) == expected
    assert verdict.repairs == ("D6",)


def test_the_reading_that_proved_known_is_the_one_that_is_judged() -> None:
    bare = replace(UNIT, template="KI", ki=OTHER_KI)
    either = replace(CHECK, alternatives=(UNIT, bare))
    assert told(sale(either, cached=cached())) == (ALLOW, "M-001")
    assert told(sale(either, cached={OTHER_KI: replace(IN, ki=OTHER_KI)})) == (ASK, "M-125")


@pytest.mark.parametrize(
    ("settings", "known", "expected"),
    [
        ({}, {}, (ASK, "M-401")),
        ({"offline.sale_policy": "refuse"}, {}, (REFUSE, "M-401")),
        ({"offline.sale_policy": "allow"}, {}, (ALLOW, "M-401")),
        ({"group.shoes.offline.sale_policy": "allow"}, {}, (ALLOW, "M-401")),
        ({"group.beer.offline.sale_policy": "allow"}, {}, (ASK, "M-401")),
        ({}, {"online": OnlineAnswer({}, "timeout")}, (ASK, "M-401")),
        ({}, {"online": OnlineAnswer({}, "timeout"), "cached": cached()}, (ALLOW, "M-005")),
        ({}, {"cached": cached(at_ns=NOW - 72 * HOUR_NS)}, (ALLOW, "M-001")),
        ({}, {"cached": cached(at_ns=NOW - 73 * HOUR_NS)}, (ASK, "M-402")),
        ({"offline.max_age_h": 96}, {"cached": cached(at_ns=NOW - 73 * HOUR_NS)}, (ALLOW, "M-001")),
        ({}, {"cached": cached(at_ns=NOW - 999 * HOUR_NS, status=Status.WITHDRAWN)}, (REFUSE, "M-303")),
        ({}, {"cached": cached(at_ns=NOW - 61 * 10**9, status=Status.NOT_FOUND)}, (ASK, "M-401")),
    ],
)
def test_what_happens_when_nobody_can_be_asked(
    settings: dict[str, Any], known: dict[str, Any], expected: tuple[Decision, str]
) -> None:
    assert told(sale(**known), policy(**settings)) == expected


def test_a_code_missing_from_the_registrys_answer_is_not_in_the_registry() -> None:
    assert told(sale(online=OnlineAnswer({}))) == (REFUSE, "M-306")


def test_a_clock_that_was_set_back_does_not_make_the_cache_younger_than_now() -> None:
    assert judge(sale(cached=cached(at_ns=NOW + HOUR_NS)), DEFAULT).age_s == 0


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"cached": cached(status=Status.WITHDRAWN)}, (ALLOW, "M-007")),
        ({"cached": cached()}, (ASK, "M-320")),
        ({"cached": cached(status=Status.WRITTEN_OFF)}, (ASK, "M-321")),
        ({"online": OnlineAnswer({})}, (ASK, "M-321")),
        ({}, (ASK, "M-403")),
        ({"product": None, "cached": cached(status=Status.WITHDRAWN)}, (ASK, "M-208")),
        ({"cached": cached(status=Status.WITHDRAWN, expires_on="2026-01-01")}, (ALLOW, "M-007")),
        ({"cached": cached(status=Status.WITHDRAWN, gtin="04870000000111")}, (REFUSE, "M-314")),
    ],
)
def test_what_the_registry_says_of_a_unit_brought_back(known: dict[str, Any], expected: tuple[Decision, str]) -> None:
    assert told(back(**known)) == expected


@pytest.mark.parametrize(
    ("evidence", "settings", "expected"),
    [
        (sale(), {}, True),
        (sale(cached=cached()), {}, False),
        (sale(cached=cached(at_ns=NOW - 25 * HOUR_NS)), {}, True),
        (sale(cached=cached(at_ns=NOW - 25 * HOUR_NS)), {"cache.max_age_h": 48}, False),
        (sale(cached=cached()), {"online.check": "always"}, True),
        (sale(), {"online.check": "never"}, False),
        (sale(), {"group.shoes.online.check": "never"}, False),
        (sale(cached=cached(status=Status.WITHDRAWN)), {}, True),
        (sale(cached=cached(status=Status.NOT_FOUND, at_ns=NOW)), {}, False),
        (sale(cached=cached(status=Status.NOT_FOUND)), {}, True),
        (sale(online=OnlineAnswer({}, "timeout")), {}, False),
        (sale(CHECK), {}, True),
        (sale(CHECK, product=None), {}, False),
        (sale(LINEAR), {}, False),
        (sale(OPAQUE), {}, False),
        (sale(product=PLAIN), {}, False),
        (sale(product=replace(SHOES, group="clothing_1")), {}, False),
        (sale(product=None), {}, False),
        (sale(replace(UNIT, kind=CodeKind.BLOCK)), {}, False),
        (back(units={KI: UnitState.SOLD}), {}, False),
        (back(cached=cached(status=Status.WITHDRAWN)), {}, False),
        (back(cached=cached()), {}, True),
    ],
)
def test_the_registry_is_asked_only_where_its_word_can_matter(
    evidence: Evidence, settings: dict[str, Any], expected: bool
) -> None:
    assert wants_online(evidence, policy(**settings)) is expected


def test_an_obligation_begins_at_local_midnight() -> None:
    # Wave 1 of clothing: 01.12.2026 in Kazakhstan begins at 19:00 UTC of 30.11.2026.
    midnight = int(datetime(2026, 11, 30, 19, 0, tzinfo=UTC).timestamp()) * 10**9
    coat = sale(LINEAR, product=replace(SHOES, group="clothing_1"))
    assert told(replace(coat, now_ns=midnight - 1)) == (ALLOW, "M-003")
    assert told(replace(coat, now_ns=midnight)) == (REFUSE, "M-130")


def test_the_exception_for_old_stock_ends_with_its_last_day() -> None:
    end = int(datetime(2027, 1, 31, 19, 0, tzinfo=UTC).timestamp()) * 10**9
    assert told(sale(LINEAR, product=BEER, now_ns=end - 1)) == (ASK, "M-131")
    assert told(sale(LINEAR, product=BEER, now_ns=end)) == (REFUSE, "M-130")


def test_the_detail_for_support_holds_no_check_part() -> None:
    verdict = judge(sale(cached=cached(status=Status.WITHDRAWN, raw_status="RETIRED")), DEFAULT)
    assert "RETIRED" in verdict.detail
    assert "KZF1" not in verdict.detail


def rules(*rows: str) -> RuleTable:
    return load_rules('jurisdiction = "xx"\n[fallback]\ndecision = "ask"\nreason = "M-499"\n' + "\n".join(rows))


def decided(table: RuleTable, evidence: Evidence) -> tuple[Decision, str]:
    decision, rule = table.decide(Case(evidence, DEFAULT))
    return decision, rule.id


def test_a_rule_acts_only_between_its_dates_and_for_its_groups() -> None:
    table = rules(
        '[[rule]]\nid = "winter"\ndecision = "refuse"\nreason = "M-310"\nsource = "till"\ngroups = ["shoes"]\n'
        "valid_from = 2026-11-23\nvalid_to = 2026-11-23",
        '[[rule]]\nid = "rest"\ndecision = "allow"\nreason = "M-001"\nsource = "till"',
    )
    assert decided(table, sale()) == (REFUSE, "winter")
    assert decided(table, sale(product=BEER)) == (ALLOW, "rest")
    assert decided(table, sale(now_ns=NOW + 24 * HOUR_NS)) == (ALLOW, "rest")
    assert decided(table, sale(now_ns=NOW - 24 * HOUR_NS)) == (ALLOW, "rest")


def test_several_conditions_of_a_rule_must_all_hold() -> None:
    table = rules(
        '[[rule]]\nid = "both"\ndecision = "refuse"\nreason = "M-310"\nsource = "registry"\n'
        'condition = ["blocked", "expired"]'
    )
    assert decided(table, sale(cached=cached(blocked=True))) == (ASK, "fallback")
    assert decided(table, sale(cached=cached(blocked=True, expires_on="2026-01-01"))) == (REFUSE, "both")


def every_case() -> list[Evidence]:
    kinds = [replace(UNIT, kind=kind) for kind in (CodeKind.UNIT, CodeKind.BLOCK, CodeKind.TRANSPORT)]
    statuses: list[dict[str, CodeStatus]] = [{}, *(cached(status=status, at_ns=NOW) for status in Status)]
    return [
        Evidence(code, purpose, goods, {KI: state, OPAQUE.text: state}, known, online, NOW)
        for code in (*kinds, CHECK, LINEAR, replace(LINEAR, kind=CodeKind.IN_STORE), OPAQUE)
        for purpose in Purpose
        for goods in (None, PLAIN, SHOES, BEER, replace(SHOES, group="clothing_1"))
        for state in UnitState
        for known in statuses
        for online in (None, OnlineAnswer({}, "timeout"), OnlineAnswer(known))
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sale.aggregate_policy": "ask", "return.resell_policy": "allow", "offline.sale_policy": "allow"},
        {"sale.bare_ki_policy": "ignore", "sale.template_policy": "ignore", "sale.require_owner_match": "ignore"},
    ],
)
def test_no_combination_is_left_without_a_rule(settings: dict[str, Any]) -> None:
    by = policy(**settings)
    holes = [evidence for evidence in every_case() if judge(evidence, by).reason == "M-499"]
    assert holes == []


def test_a_unit_this_till_holds_or_sold_is_never_sold_again() -> None:
    taken = (UnitState.HELD_HERE, UnitState.HELD_ELSEWHERE, UnitState.IN_DOUBT, UnitState.SOLD)
    lenient = policy(
        **{setting.key: setting.choices[-1] for setting in SETTINGS if setting.choices}, **{"online.check": "always"}
    )
    for evidence in every_case():
        if evidence.units[KI] in taken and evidence.purpose is Purpose.SALE and evidence.code.ki is not None:  # type: ignore[union-attr]
            assert judge(evidence, lenient).decision is REFUSE
