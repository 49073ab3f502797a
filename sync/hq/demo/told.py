"""What the demo tells as it plays, in Russian and English beside each other: the catalogue `demo`."""

from __future__ import annotations

from marking.words import catalogue


def said(key: str, **values: object) -> tuple[str, str]:
    words = catalogue("sync.hq", "demo")
    return words.text(key, "ru", **values), words.text(key, "en", **values)


def both(key: str) -> str:
    return " · ".join(said(key))
