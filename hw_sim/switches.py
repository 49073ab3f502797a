"""The fields of a service's profile as switches of its /sim/ control path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Switch = Callable[[Any], None]


def profile_switches(profile: DataclassInstance) -> dict[str, Switch]:
    """A setter for every field that holds one plain value. A value of another type is a ValueError."""
    plain = (bool, int, float, str)
    return {
        field.name: _setter(profile, field.name)
        for field in fields(profile)
        if isinstance(getattr(profile, field.name), plain)
    }


def _setter(profile: DataclassInstance, name: str) -> Switch:
    kind = type(getattr(profile, name))

    def set_value(value: Any) -> None:
        if issubclass(kind, StrEnum):
            setattr(profile, name, kind(value))
        elif kind is float and type(value) is int:
            setattr(profile, name, float(value))
        elif type(value) is kind:
            setattr(profile, name, value)
        else:
            raise ValueError(f"{name}: {kind.__name__} is wanted, {value!r} given")

    return set_value
