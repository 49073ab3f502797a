"""Command groups imported when they are wanted: `parse` must not wait for the database that `journal` reads."""

from __future__ import annotations

from collections import UserDict
from functools import cached_property
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group


class _Commands(UserDict[str, Any]):
    """The commands of a module's `app`, by name. The first look imports the module."""

    def __init__(self, module: str) -> None:
        self._module = module  # Not UserDict's own start: it fills `data`.

    @cached_property
    def data(self) -> dict[str, Any]:  # type: ignore[override]
        return dict(get_group(import_module(self._module).app).commands)


def group(module: str, *, help: str) -> typer.Typer:  # noqa: A002 - Typer's word
    """A group with the commands of `module`; its help is needed before the module is."""

    class Group(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = _Commands(module)

    return typer.Typer(cls=Group, help=help, no_args_is_help=True)
