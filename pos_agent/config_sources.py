"""Each value of the configuration with where it comes from: what `config show` tells. Secrets by reference."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from marking.settings import SETTINGS
from pos_agent.config import Config, from_mapping, overlaid, variable_at
from pos_agent.config_lines import Place, line_of, lines_of
from sync.configuration import model_in
from sync.secret_reference import SecretMissing, check_reference, read_secret


@dataclass(frozen=True, slots=True)
class Shown:
    """One value. `line` and `variable` both None: the default."""

    place: Place
    value: Any  # JSON-ready; of a secret its reference.
    line: int | None = None
    variable: str | None = None
    secret: bool = False
    missing: str = ""  # Of a secret: why it cannot be read from here.

    @property
    def key(self) -> str:
        return ".".join(self.place)

    def source(self, path: Path | None) -> str:
        if self.variable is not None:
            return self.variable
        return "default" if self.line is None else f"{path}:{self.line}"

    def facts(self, path: Path | None) -> dict[str, Any]:
        kind = "environment" if self.variable else "default" if self.line is None else "file"
        source = {"kind": kind, "file": str(path) if kind == "file" else None, "line": self.line,
                  "variable": self.variable}  # fmt: skip
        secret = {"secret": {"resolves": not self.missing, "problem": self.missing or None}} if self.secret else {}
        return {"key": self.key, "value": self.value, "source": source, **secret}


def shown(
    path: Path | None, environment: Mapping[str, str], secret: Callable[[str], str] = read_secret
) -> tuple[Config, tuple[Shown, ...]]:
    """The configuration and every value of it. Raises ConfigError as loading does, OSError for the file."""
    text = "" if path is None else path.read_text(encoding="utf-8-sig")
    config = from_mapping(tomllib.loads(text), str(path), environment)
    _, over = overlaid({}, environment)
    lines = lines_of(text)
    secrets = {place for place, _ in secret_references(config)}
    rows = []
    for place, value in _leaves(config.model_dump(mode="json", by_alias=True), ()):
        variable = variable_at(place, over)
        line = None if variable is not None else line_of(place, lines)
        if len(place) > 1 and line is not None and line == line_of(place[:1], lines):
            line = None  # Only its section stands in the file.
        is_secret = place in secrets
        rows.append(Shown(place, value, line, variable, is_secret, _missing(value, secret) if is_secret else ""))
    given = {row.key for row in rows}
    rows += [
        Shown(("policy", *setting.key.split(".")), _plain(setting.default))
        for setting in SETTINGS
        if f"policy.{setting.key}" not in given
    ]
    return config, tuple(rows)


def secret_references(config: Config) -> Iterator[tuple[Place, str]]:
    """(place, reference) of every secret that is named."""
    yield from _references(Config, config.model_dump(mode="json", by_alias=True), ())


def _references(model: Any, data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        value, here = data.get(key), (*place, key)
        inner = model_in(field.annotation)
        entries = list(enumerate(value)) if isinstance(value, list) else []
        if inner is not None and isinstance(value, dict):
            yield from _references(inner, value, here)
        elif inner is not None:
            for number, entry in entries:
                yield from _references(inner, entry, (*here, str(number)))
        elif value and (check_reference in _validators(field.annotation) or check_reference in _validators(field)):
            named = value.items() if isinstance(value, dict) else [("", value)]
            yield from (((*here, part) if part else here, reference) for part, reference in named)


def _validators(annotated: Any) -> list[Any]:
    """Functions that check a value, however deep in the annotation they stand."""
    found = [getattr(one, "func", None) for one in getattr(annotated, "metadata", ())]
    for inner in get_args(annotated):
        found += [getattr(inner, "func", None), *_validators(inner)]
    return found


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict) and (value or not place):
        for name, inner in value.items():
            yield from _leaves(inner, (*place, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*place, str(number)))
    elif value != {}:
        yield place, value


def _missing(reference: str, secret: Callable[[str], str]) -> str:
    try:
        secret(reference)
    except SecretMissing as error:
        return str(error)
    return ""


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
