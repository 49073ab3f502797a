"""The rule file: complete, and every mistake in it told with its place."""

from __future__ import annotations

from itertools import product

import pytest

from marking import data
from marking.code import CodeKind
from marking.conditions import CONDITIONS
from marking.errors import ErrorKind
from marking.rules import RuleError, load_rules, table
from marking.settings import ACTION_KEYS
from marking.statuses import Status

FALLBACK = 'jurisdiction = "xx"\n[fallback]\ndecision = "ask"\nreason = "M-499"\n'
ROW = '[[rule]]\nid = "a"\ndecision = "allow"\nreason = "M-001"\nsource = "till"\n'


def test_every_kind_of_error_has_a_reason_of_its_own() -> None:
    reasons = {}
    for rule in table("kz").rules:
        for subject in rule.columns.get("code", ()):
            if subject.startswith("error."):
                reasons[subject.removeprefix("error.")] = rule.reason
    assert set(reasons) == set(ErrorKind)
    assert len(set(reasons.values())) == len(reasons)


def test_every_rule_names_where_it_comes_from() -> None:
    assert all(rule.basis for rule in table("kz").rules)


def test_no_condition_and_no_setting_is_left_unused() -> None:
    rules = table("kz").rules
    assert {name for rule in rules for name in rule.conditions} == set(CONDITIONS)
    assert {rule.policy for rule in rules if rule.policy} == set(ACTION_KEYS)


@pytest.mark.parametrize(("kind", "status"), list(product((CodeKind.UNIT, CodeKind.BLOCK), Status)))
def test_every_status_of_a_sale_is_spoken_of(kind: CodeKind, status: Status) -> None:
    assert any(
        status in rule.columns.get("status", ()) and kind in rule.columns.get("code", {kind})
        for rule in table("kz").rules
        if "sale" in rule.columns.get("purpose", ("sale",))
    )


def test_the_shipped_table_and_an_empty_one_load() -> None:
    assert load_rules(data.read("rules_kz.toml")).jurisdiction == "kz"
    assert load_rules(FALLBACK + ROW).rules[0].id == "a"


def test_a_jurisdiction_without_a_table_is_said_so() -> None:
    with pytest.raises(RuleError, match="'zz'"):
        table("zz")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jurisdiction = ", "not TOML"),
        (ROW, "jurisdiction"),
        (FALLBACK.replace('"ask"', '"allow"') + ROW, "fallback"),
        (FALLBACK + ROW + ROW, "used twice"),
        (FALLBACK + ROW.replace('"allow"', '"alow"'), "'allow'"),
        (FALLBACK + ROW + 'policy = "sale.expiry_policy"', "either decision or policy"),
        (FALLBACK + ROW.replace('decision = "allow"', 'policy = "sale.expire_policy"'), "'sale.expiry_policy'"),
        (FALLBACK + ROW + 'condition = "expird"', "'expired'"),
        (FALLBACK + ROW + 'status = ["WITHDRAWEN"]', "'WITHDRAWN'"),
        (FALLBACK + ROW + 'unit = "sold"', "a list of texts"),
        (FALLBACK + ROW + 'uint = ["sold"]', "'unit'"),
        (FALLBACK + ROW.replace('"till"', '"cache"'), "source"),
        (FALLBACK + ROW.replace('reason = "M-001"\n', ""), "reason missing"),
        (FALLBACK + ROW + 'valid_from = "2027-01-01"', "valid_from"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        load_rules(text)
