"""What a shop may configure, and how a mistake in it is told."""

from __future__ import annotations

from datetime import date

import pytest

from marking.groups import standard
from marking.policy import PolicyError, policy_from
from marking.settings import SETTINGS, OnlineCheck
from marking.verdict import Decision


def test_the_defaults_are_what_the_documents_name() -> None:
    policy = policy_from({}, standard())
    shoes = policy.of("shoes")
    assert policy.jurisdiction == "kz"
    assert shoes.actions["sale.aggregate_policy"] is Decision.REFUSE
    assert shoes.actions["offline.sale_policy"] is Decision.ASK
    assert shoes.actions["status.APPLIED"] is Decision.REFUSE
    assert shoes.offline_max_age_s == 72 * 3600
    assert shoes.not_found_max_age_s == 60


def test_every_setting_says_where_its_default_comes_from() -> None:
    assert all(setting.why for setting in SETTINGS)


def test_nested_and_dotted_keys_mean_the_same() -> None:
    nested = policy_from({"offline": {"sale_policy": "refuse"}}, standard())
    dotted = policy_from({"offline.sale_policy": "refuse"}, standard())
    assert nested.values == dotted.values


def test_a_group_may_differ_from_the_rest() -> None:
    policy = policy_from(
        {"group": {"beer": {"offline": {"sale_policy": "allow"}, "online": {"check": "never"}}}}, standard()
    )
    assert policy.of("beer").actions["offline.sale_policy"] is Decision.ALLOW
    assert policy.of("beer").online is OnlineCheck.NEVER
    assert policy.of("shoes").actions["offline.sale_policy"] is Decision.ASK


def test_a_field_of_the_group_table_can_be_overridden() -> None:
    policy = policy_from({"group": {"fluids": {"scan_from": date(2027, 6, 1)}}}, standard())
    assert policy.of("fluids").obliged_from == date(2027, 6, 1).toordinal()


def test_a_group_nobody_knows_counts_as_marked() -> None:
    assert policy_from({}, standard()).of("lamps").marked
    assert not policy_from({}, standard()).of(None).marked


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"ofline": {"sale_policy": "ask"}}, "'offline.sale_policy'"),
        ({"sale": {"expiry_polisy": "ask"}}, "'sale.expiry_policy'"),
        ({"status": {"APLIED": "ask"}}, "'status.APPLIED'"),
        ({"group": {"bear": {"legacy_until": date(2027, 1, 1)}}}, "'beer'"),
        ({"group": {"shoe": {"offline": {"sale_policy": "ask"}}}}, "'shoes'"),
        ({"group": {"beer": {"legacy_untill": date(2027, 1, 1)}}}, "'legacy_until'"),
        ({"group": {"beer": {"own_tins": ["1"]}}}, "cannot differ by group"),
        ({"group": {"beer": {"legacy_until": "tomorrow"}}}, "legacy_until"),
        ({"group": {"beer": 5}}, "unknown setting"),
        ({"sale": {"expiry_policy": "maybe"}}, "refuse, block, ask"),
        ({"sale": {"aggregate_policy": "ignore"}}, "sale.aggregate_policy"),
        ({"offline": {"max_age_h": -1}}, "a number"),
        ({"offline": {"max_age_h": float("inf")}}, "a number"),
        ({"offline": {"max_age_h": True}}, "a number"),
        ({"online": {"check": "sometimes"}}, "stale"),
        ({"own_tins": "123456789012"}, "a list of texts"),
        ({"codes": {"test_patterns": ["0460"]}}, "'gtin:'"),
        ({"jurisdiction": 7}, "text"),
    ],
)
def test_a_wrong_setting_is_named_with_the_nearest_known_one(mapping: dict[str, object], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        policy_from(mapping, standard())
