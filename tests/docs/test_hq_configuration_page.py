"""The commented configuration of docs/hq.toml loads, is complete, and tells the true defaults."""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commented_toml import in_full, leaves
from pydantic import BaseModel

from sync.hq.config import Config, from_mapping, load
from sync.hq.exports.webhook_events import NAMES

PAGE = Path(__file__).parents[2] / "docs" / "hq.toml"
TEXT = PAGE.read_text(encoding="utf-8")


def fields(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = section_in(field.annotation)
        if section is None:
            yield f"{path}{name}"
        else:
            yield from fields(section, f"{path}{name}.")


def section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in typing.get_args(annotation) if (found := section_in(inner))), None)


def test_the_file_loads_as_it_is_delivered() -> None:
    config = load(PAGE)
    assert [place.shop for place in config.places] == ["almaty-03", "astana-01"]
    assert config.listen.client_ca is not None


def test_the_file_loads_with_every_default_written_out() -> None:
    assert from_mapping(in_full(TEXT)) == load(PAGE)


def test_every_key_of_the_configuration_stands_in_the_file() -> None:
    written = dict(leaves(in_full(TEXT)))
    assert [key for key in fields(Config) if key not in written] == []


def test_a_key_that_is_said_to_stand_at_its_default_does() -> None:
    given = dict(leaves(tomllib.loads(TEXT)))
    truth = dict(leaves(Config().model_dump(mode="json")))
    commented = {key: value for key, value in leaves(in_full(TEXT)) if key not in given}
    assert len(commented) > 15
    assert {key: value for key, value in commented.items() if value != truth[key]} == {}


def test_the_webhook_names_events_that_exist() -> None:
    assert {event for hook in load(PAGE).webhooks for event in hook.events} <= set(NAMES)


def test_every_page_the_file_names_exists() -> None:
    named = set(re.findall(r"docs/[\w/.-]+\.md", TEXT))
    assert named
    assert [name for name in sorted(named) if not (PAGE.parents[1] / name).is_file()] == []
