"""Words for kinds and causes of exceptions: titles, what a kind means, what to do. Data: sync/hq/data/kinds.toml."""

from __future__ import annotations

from sync.hq.pages.texts import text


def title(language: str, kind: str) -> str:
    return text(language, f"kind.{kind}")


def meaning(language: str, kind: str) -> str:
    return text(language, f"kind.{kind}")


def action(language: str, kind: str) -> str:
    return text(language, f"kind.{kind}")


def cause(language: str, name: str) -> str:
    return text(language, f"cause.{name}")
