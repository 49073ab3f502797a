"""What configurations are made of, at the till and at headquarters: sections that know their keys, faults in words.

A fault names its key and, where a key is not known, the nearest one that is. It never carries the value, which could be
the secret that must not stand there.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from sync.secret_reference import check_reference


class ConfigError(Exception):
    """The configuration cannot be used; one line for each mistake, with its key."""


SecretRef = Annotated[str, AfterValidator(check_reference)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_flag_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Python takes true for 1; who writes it means another key."""
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation in (int, float):
            raise ValueError("a number, not true or false")
        return value


def place_of(fault: Any) -> list[str]:
    """The key of a fault of pydantic's, part by part."""
    return [str(part) for part in fault["loc"]]


def explained(where: str, fault: Any, near: str | None) -> str:
    """A fault in one line. `near`: the known key nearest to an unknown one, as it is written there."""
    if fault["type"] == "tuple_type":  # A word of Python, not of the file.
        return f'{where}: must be a list, such as ["..."]'
    if fault["type"] != "extra_forbidden":
        return f"{where}: {fault['msg'].removeprefix('Value error, ')}"
    return f"{where}: there is no such key" + (f"; did you mean {near}?" if near else "")


def nearest_key(model: type[BaseModel], place: Sequence[str]) -> str | None:
    """The key of that section most like the last part of `place`."""
    near = difflib.get_close_matches(place[-1], _known_keys(model, place[:-1]), n=1) if place else []
    return near[0] if near else None


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The section a field holds, be it in a list or a table."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := model_in(inner))), None)


def _known_keys(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    for part in path:
        if part.isdigit():
            continue
        field = next((one for key, one in model.model_fields.items() if part in (key, one.alias)), None)
        found = model_in(field.annotation) if field is not None else None
        if found is None:
            return []
        model = found
    return [field.alias or key for key, field in model.model_fields.items()]
