"""Tables that change without code: what USB numbers say of a device."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> str:
    """Text of one data file of this folder, for example ``read("devices.toml")``."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
