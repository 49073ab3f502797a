"""Every setting with its value and where that comes from: file, variable of the environment, or default. Pure.

`pos-agent config show` and the settings page show the same rows. A secret is shown as its reference, which is all that
a configuration holds of it.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from pos_agent.config import Config, path_of_variable
from sync.secret_reference import check_reference

_MISSING: Final = object()
Place = tuple[str, ...]


class Origin(StrEnum):
    FILE = "file"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Shown:
    """One row. Parts of `key` that are numbers count entries of a list: "scanners.0.url"."""

    key: str
    value: Any  # JSON-ready.
    origin: Origin
    variable: str = ""  # Of the environment, where the value came from one.
    secret: bool = False  # The value is a reference that says where the secret lies.

    @property
    def section(self) -> str:
        return self.key.partition(".")[0]

    @property
    def text(self) -> str:
        """The value as it may be written into the file: TOML and JSON agree on all that settings hold."""
        return json.dumps(self.value, ensure_ascii=False)


def shown(
    config: Config, file: Mapping[str, Any], environment: Iterable[str] = (), policy: Mapping[str, Any] | None = None
) -> tuple[Shown, ...]:
    """Rows in the order of the sections. `file`: what the TOML file held; `environment`: names of variables, of which
    only the configuration's own count (pos_agent.config); `policy`: its settings in force (marking.policy.Policy)."""
    variables = {path: name for name in sorted(environment) if (path := path_of_variable(name)) is not None}
    rows = {
        ".".join(place): Shown(".".join(place), value, *_origin(place, file, variables), secret=secret)
        for place, value, secret in _leaves(config, ())
        if place != ("policy",)
    }
    for key, value in (policy or {}).items():
        rows.setdefault(f"policy.{key}", Shown(f"policy.{key}", _plain(value), Origin.DEFAULT))
    return tuple(rows.values())


def _origin(place: Place, file: Mapping[str, Any], variables: Mapping[Place, str]) -> tuple[Origin, str]:
    for path, name in variables.items():
        if place[: len(path)] == path or path[: len(place)] == place:
            return Origin.ENVIRONMENT, name
    return (Origin.FILE if _stands_in(file, place) else Origin.DEFAULT), ""


def _stands_in(data: Any, place: Place) -> bool:
    for part in place:
        if isinstance(data, list | tuple):
            data = data[int(part)] if part.isdigit() and int(part) < len(data) else _MISSING
        elif isinstance(data, Mapping):
            data = data.get(part, _MISSING)
        else:
            return False
        if data is _MISSING:
            return False
    return True


def _leaves(section: BaseModel, place: Place) -> Iterator[tuple[Place, Any, bool]]:
    """(place, value, whether it is a reference to a secret) of everything that can be set."""
    for name, info in type(section).model_fields.items():
        here = (*place, info.alias or name)
        yield from _inside(getattr(section, name), here, secret=_is_secret(info.metadata, info.annotation))


def _inside(value: Any, place: Place, *, secret: bool) -> Iterator[tuple[Place, Any, bool]]:
    if isinstance(value, BaseModel):
        yield from _leaves(value, place)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for number, entry in enumerate(value):
            yield from _leaves(entry, (*place, str(number)))
    elif isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _inside(inner, (*place, str(name)), secret=secret)
    else:
        yield place, _plain(value), secret and bool(value)


def _is_secret(metadata: Iterable[Any], annotation: Any) -> bool:
    """Whether a field holds a reference (sync.configuration.SecretRef), alone, beside None or in a table."""
    if any(getattr(mark, "func", None) is check_reference for mark in metadata):
        return True
    if typing.get_origin(annotation) in (dict, typing.Union, types.UnionType):
        return any(_is_secret((), inner) for inner in typing.get_args(annotation))
    return any(getattr(mark, "func", None) is check_reference for mark in getattr(annotation, "__metadata__", ()))


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return value
