"""Every setting with its value and its origin; a secret only as the reference to it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pos_agent.config import Config, from_mapping
from pos_agent.settings_shown import Origin, Shown, shown

EXAMPLE = Path(__file__).parents[2] / "docs" / "agent.toml"


def rows(data: dict[str, Any], environment: dict[str, str]) -> dict[str, Shown]:
    config = from_mapping(data, "agent.toml", environment)
    assert shown(config, config.written.file, config.written.variables) == shown(config, data, environment)
    return {row.key: row for row in shown(config, data, environment)}


def test_each_setting_tells_whether_file_variable_or_default_gave_its_value() -> None:
    found = rows(
        {"till": {"name": "a"}, "sync": {"url": "https://x", "every_s": 9}},
        {"POS_AGENT__SYNC__URL": "https://hq.shop.kz", "PATH": "/bin", "POS_AGENT__CACHE_PATH": "/x"},
    )
    assert found["till.name"] == Shown("till.name", "a", Origin.FILE)
    assert found["sync.url"] == Shown("sync.url", "https://hq.shop.kz", Origin.ENVIRONMENT, "POS_AGENT__SYNC__URL")
    assert found["sync.every_s"].origin is Origin.FILE
    assert (found["api.port"].value, found["api.port"].origin) == (8765, Origin.DEFAULT)
    assert found["register.url"].section == "register"


def test_lists_and_tables_are_told_entry_by_entry() -> None:
    found = rows(
        {"scanners": [{"name": "left", "url": "serial:///dev/ttyS0"}], "policy": {"offline": {"max_age_h": 5}}},
        {"POS_AGENT__API__CLIENTS": '[{"name": "pos", "token": "env:POS"}]'},
    )
    assert found["scanners.0.url"] == Shown("scanners.0.url", "serial:///dev/ttyS0", Origin.FILE)
    assert found["policy.offline.max_age_h"].value == 5
    assert found["api.clients.0.name"].variable == "POS_AGENT__API__CLIENTS"
    assert found["api.origins"].text == "[]"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"register": {"secrets": {"webkassa_password": "file:/etc/w"}}}, "register.secrets.webkassa_password"),
        ({"sync": {"token": "env:HQ"}}, "sync.token"),
        ({"sync": {"key": "credential:hq"}}, "sync.key"),
        ({"ismpt": {"password": "env:I"}}, "ismpt.password"),
        ({"api": {"clients": [{"name": "pos", "token": "env:POS"}]}}, "api.clients.0.token"),
    ],
)
def test_of_a_secret_only_its_reference_is_shown_and_marked_so(data: dict[str, Any], key: str) -> None:
    found = rows(data, {})
    assert found[key].secret
    assert found[key].value.startswith(("env:", "file:", "credential:"))
    assert [row.key for row in found.values() if row.secret] == [key]


def test_every_key_of_the_documented_file_has_its_row() -> None:
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    found = rows(data, {})
    wanted = {f"{section}.{key}" for section, inner in data.items() if isinstance(inner, dict) for key in inner}
    assert {key for key in wanted if not any(row == key or row.startswith(f"{key}.") for row in found)} == set()
    from_file = {key for key, row in found.items() if row.origin is Origin.FILE}
    assert {"till.name", "register.url", "scanners.1.url", "api.clients.0.token"} <= from_file


def test_where_a_configuration_was_read_from_makes_it_no_other() -> None:
    assert from_mapping({}, "a", {}) == from_mapping({}, "b", {}) == Config()
    assert from_mapping({}, "a", {}).model_copy(update={"scanners": ()}).written.name == "a"
