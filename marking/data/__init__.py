"""Tables that change without code: templates, element dictionary, product groups, rules, reasons."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> str:
    """Text of one data file of this folder, for example ``read("templates.toml")``."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
