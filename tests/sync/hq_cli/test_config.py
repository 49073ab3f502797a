"""The configuration of headquarters: what it takes, and what it says of mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.hq.config import ConfigError, from_mapping, load
from sync.hq.reconcile.facts import Thresholds
from sync.hq.secrets import SecretMissing, read_secret


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
