"""JSON objects of a vendor who does not keep to one spelling. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Fields(Mapping[str, Any]):
    """An object whose names are matched without case: the vendor's own samples mix them."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._value = {name.lower(): item for name, item in value.items()}

    def __getitem__(self, name: str) -> Any:
        return self._value[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._value

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)
