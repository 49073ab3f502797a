"""The configuration of headquarters: what it takes, and what it says of mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.hq.actions.documents import Terms
from sync.hq.config import ConfigError, from_mapping, load
from sync.hq.reconcile.facts import HOUR_US, Thresholds
from sync.secret_reference import SecretMissing, read_secret


def mistake(content: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        from_mapping(content, "hq.toml")
    return str(caught.value)


def test_without_a_file_everything_has_a_default() -> None:
    config = load(None)
    assert config.reconcile.thresholds == Thresholds()
    assert config.lake == Path("/var/lib/pos-hq/lake")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"reconcil": {}}, "hq.toml: reconcil: there is no such key; did you mean reconcile?"),
        ({"listen": {"prot": 1}}, "hq.toml: listen.prot: there is no such key; did you mean port?"),
        ({"places": [{"til": "a"}]}, "places.0.til: there is no such key; did you mean till?"),
        ({"hq": {"zzz": 1}}, "hq.toml: hq.zzz: there is no such key"),
        ({"webkassa": {"cashboxes": "SWK1"}}, 'webkassa.cashboxes: must be a list, such as ["..."]'),
        ({"listen": {"port": True}}, "listen.port: a number, not true or false"),
        ({"listen": {"certificate": "a.pem"}}, "certificate and key belong together"),
        ({"database": {"url": "sqlite:///a", "dsn": "env:A"}}, "give one"),
        ({"database": {"url": "postgresql://me:word@db/hq"}}, "a password does not belong into an address"),
        ({"reconcile": {"daily_at": "25:00"}}, "reconcile.daily_at: a time of day such as 05:30"),
        ({"reconcile": {"engine": "chdb"}}, "reconcile.engine"),
        ({"documents": {"groups": [{"group": "a", "gtins": ["48x"]}]}}, "groups.0.gtins.0: up to 14 digits"),
        ({"documents": {"groups": [{"group": g, "gtins": ["48"]} for g in "ab"]}}, "48 stands in two groups"),
        ({"documents": {"codes_max": 0}}, "documents.codes_max"),
        ({"webhook_guard": {"internal_networks": ["10.0.0.1/8"]}}, "internal_networks.0: 10.0.0.1/8 has host bits set"),
        ({"ismpt": {"password": "hunter2"}}, "ismpt.password: a secret is given as env:NAME, file:PATH"),
    ],
)
def test_a_mistake_is_named_with_its_key(content: dict[str, Any], said: str) -> None:
    assert said in mistake(content)


def test_a_secret_that_stands_in_the_file_is_not_repeated() -> None:
    assert "hunter2" not in mistake({"ismpt": {"password": "hunter2"}, "database": {"dsn": "hunter2"}})


def test_every_mistake_has_a_line_of_its_own() -> None:
    assert len(mistake({"a": 1, "b": 2, "c": 3}).splitlines()) == 3


def test_a_till_stands_in_one_place() -> None:
    place = {"till": "a-1", "shop": "a", "shop_name": "A", "region": "R"}
    assert "till a-1 stands in two places" in mistake({"places": [place, {**place, "shop": "b"}]})


def test_a_file_that_is_not_there_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hq\.toml: No such file"):
        load(tmp_path / "hq.toml")
    (tmp_path / "bad.toml").write_text("[hq", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        load(tmp_path / "bad.toml")


def test_a_secret_is_read_from_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "word"
    file.write_text("wrd\n", encoding="utf-8")
    monkeypatch.setenv("HQ_WORD", "other")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = [read_secret(one) for one in (f"file:{file}", "env:HQ_WORD", "credential:word")]
    assert found == ["wrd", "other", "wrd"]
    monkeypatch.delenv("HQ_WORD")
    with pytest.raises(SecretMissing, match="HQ_WORD is not set"):
        read_secret("env:HQ_WORD")


def test_documents_say_what_the_configuration_says_and_without_it_the_defaults() -> None:
    assert load(None).documents.terms == Terms()
    said = from_mapping({"documents": {"codes_max": 20, "act_prefix": "A-", "withdrawal_type": "WRITE_OFF"}})
    assert said.documents.terms == Terms(codes_max=20, act_prefix="A-", withdrawal_type="WRITE_OFF")


def test_a_group_is_the_listed_one_then_that_of_the_longest_beginning_then_the_default(tmp_path: Path) -> None:
    listed = tmp_path / "groups.csv"
    listed.write_text("\ufeff# goods\n4870000000104;milk\n\n04870000000111;milk\n", encoding="utf-8")
    groups = [{"group": "shoes", "gtins": ["0487"]}, {"group": "tobacco", "gtins": ["048700001", "0460"]}]
    content = {"documents": {"groups": groups, "groups_file": str(listed), "default_group": "other"}}
    of = from_mapping(content).documents.read_groups().of
    told = {
        "04870000000104": "milk",
        "4870000000104": "milk",
        "04870000000999": "shoes",
        "04870000100005": "tobacco",
        "04601234567893": "tobacco",
        "00000000000017": "other",
        "": "other",
    }
    assert {gtin: of(gtin) for gtin in told} == told


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("4870000000104", "line 1"),
        ("04870000000104;milk\n04870000000105;milk", "line 2: a GTIN"),  # The check digit is wrong.
        ("04870000000104;milk\n4870000000104;shoes", "line 2: 4870000000104 is in milk already"),
    ],
)
def test_a_line_of_the_list_that_cannot_be_used_is_named(tmp_path: Path, lines: str, said: str) -> None:
    listed = tmp_path / "groups.csv"
    listed.write_text(lines, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        from_mapping({"documents": {"groups_file": str(listed)}}).documents.read_groups()


def test_a_list_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"documents\.groups_file: .*: No such file"):
        from_mapping({"documents": {"groups_file": "/nowhere/groups.csv"}}).documents.read_groups()


def test_networks_of_the_house_are_open_to_webhooks_only_when_named() -> None:
    content = {"webhook_guard": {"internal_networks": ["10.20.0.0/16"], "plain_hosts": ["erp"]}}
    guard = from_mapping(content).webhook_guard.guard
    assert [guard.admits(one) for one in ("10.20.3.4", "10.21.3.4")] == [True, False]
    assert [guard.trouble(f"http://{host}/") for host in ("erp", "other")] == ["", "only https"]
    assert not load(None).webhook_guard.guard.admits("10.20.3.4")


def test_exports_are_whole_only_when_the_configuration_says_so() -> None:
    assert load(None).ismpt.export_age_us is None
    assert from_mapping({"ismpt": {"exports_are_whole": True}}).ismpt.export_age_us == 24 * HOUR_US
