"""The commented configuration of docs/agent.toml loads, is complete, and tells the true defaults."""

from __future__ import annotations

import re
import time
import tomllib
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commented_toml import in_full, leaves
from pydantic import BaseModel

from fiscal.atol import settings as atol
from fiscal.datecs import settings as datecs
from fiscal.escpos.labels import Language
from fiscal.escpos.printer import open_printer
from fiscal.escpos.profiles import papers
from fiscal.ofd import settings as ofd
from fiscal.registry import open_register
from fiscal.rekassa import settings as rekassa
from fiscal.shtrih import settings as shtrih
from fiscal.ukassa import settings as ukassa
from fiscal.webkassa import settings as webkassa
from marking.groups import FIELDS as GROUP_FIELDS
from marking.groups import standard
from marking.policy import policy_from
from marking.settings import SETTINGS
from pos_agent.config import Config, ConfigError, WebhookSection, from_mapping, load
from scanners.registry import OPTIONS as SCANNER_OPTIONS
from scanners.registry import Surroundings, open_scanner

PAGE = Path(__file__).parents[2] / "docs" / "agent.toml"
REGISTERS = (atol, datecs, ofd, rekassa, shtrih, ukassa, webkassa)
REGISTER_OPTIONS = {name for family in REGISTERS for name in family.OPTIONS}
SOURCES = PAGE.with_name("sources.md")
TEXT = PAGE.read_text(encoding="utf-8")


def as_delivered() -> dict[str, Any]:
    return tomllib.loads(TEXT)


def fields(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every key the configuration knows, dotted; a free mapping by its own name."""
    for name, field in model.model_fields.items():
        place = f"{path}{field.alias or name}"
        section = section_in(field.annotation)
        if section is None:
            yield place
        else:
            yield from fields(section, f"{place}.")


def section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for inner in typing.get_args(annotation) if (found := section_in(inner))), None)


def test_the_file_loads_as_it_is_delivered() -> None:
    config = load(PAGE)
    assert config.till.name == "almaty-03-till-2"
    assert [scanner.name for scanner in config.scanners] == ["counter", "hand"]


def test_the_file_loads_with_every_default_written_out() -> None:
    assert from_mapping(in_full(TEXT)) == load(PAGE).model_copy(update={"policy": in_full(TEXT)["policy"]})


def test_every_key_of_the_configuration_stands_in_the_file() -> None:
    written = dict(leaves(in_full(TEXT)))
    missing = [
        key for key in fields(Config) if key not in written and not any(k.startswith(f"{key}.") for k in written)
    ]
    assert missing == []


def test_every_policy_setting_stands_in_the_file() -> None:
    written = dict(leaves(in_full(TEXT)["policy"]))
    assert {setting.key for setting in SETTINGS} == set(written)


def test_a_key_that_is_said_to_stand_at_its_default_does() -> None:
    given = dict(leaves(as_delivered()))
    truth = dict(leaves(Config().model_dump(mode="json", by_alias=True)))
    truth |= {f"policy.{setting.key}": setting.default for setting in SETTINGS}
    optional = {name: field for name, field in WebhookSection.model_fields.items() if not field.is_required()}
    truth |= {f"webhooks.{name}": field.default for name, field in optional.items()}
    commented = {key: value for key, value in leaves(in_full(TEXT)) if key not in given}
    assert len(commented) > 40
    assert {key: value for key, value in commented.items() if plain(value) != plain(truth[key])} == {}


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value


def test_every_page_the_file_names_exists() -> None:
    named = set(re.findall(r"docs/[\w/.-]+\.md", TEXT))
    assert len(named) >= 3
    assert [name for name in sorted(named) if not (PAGE.parents[1] / name).is_file()] == []


def test_the_policy_is_accepted_by_the_rules() -> None:
    assert policy_from(in_full(TEXT)["policy"], standard()).values == policy_from({}, standard()).values


def test_the_addresses_name_drivers_that_exist() -> None:
    config = load(PAGE)
    asked: list[str] = []

    def secret(name: str) -> str:
        asked.append(name)
        return "secret"

    register = open_register(
        config.register_.url,
        secret=secret,
        transport=None,
        now=time.time_ns,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )
    register.close()
    assert set(asked) == set(config.register_.secrets)
    around = Surroundings(now=time.time_ns, monotonic=time.monotonic, discovery=list)
    for scanner in config.scanners:
        assert open_scanner(scanner.name, scanner.url, around).name == scanner.name
    open_printer(config.printer.url, monotonic=time.monotonic, sleep=time.sleep)


def test_the_words_for_paper_and_language_are_complete() -> None:
    remarks = {line.split(" = ")[0].lstrip("#"): line.partition("# ")[2] for line in TEXT.splitlines() if " = " in line}
    assert remarks["paper"].split(": ")[1] == ", ".join(papers())
    assert remarks["language"] == ", ".join(Language)


def test_the_keys_of_unconfirmed_facts_exist() -> None:
    text = SOURCES.read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text[text.index("## Not confirmed") :].splitlines() if line.startswith("|")]
    named = [key for cells in rows[2:] for key in re.findall(r"`([^`]+)`", cells[-1])]
    known = {*fields(Config), *(f"policy.{setting.key}" for setting in SETTINGS)}
    known |= {f"policy.group.GROUP.{name}" for name in GROUP_FIELDS} | {f"{name}=" for name in REGISTER_OPTIONS}
    known |= {"page=", "page_number=", "utf8=", "confirm=", "drawer_open="} | {
        f"{name}=" for options in SCANNER_OPTIONS.values() for name in options
    }
    assert len(named) > 20
    assert [key for key in named if key not in known] == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace("[sync]", "[sinc]"), "did you mean sync?"),
        (lambda text: text.replace("#settle_every_s", "setle_every_s"), "did you mean settle_every_s?"),
        (lambda text: text.replace("file:/etc/pos-agent/hq-token", "swordfish"), "never as its value"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_key(tmp_path: Path, damage: Callable[[str], str], said: str) -> None:
    broken = tmp_path / "agent.toml"
    broken.write_text(damage(TEXT), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(broken)
