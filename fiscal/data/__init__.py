"""Tables of the fiscal package as data files: VAT rates by date, unit codes. Each row names its source."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> str:
    """Text of one data file of this package, by its file name ("units.toml")."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")
