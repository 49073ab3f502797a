"""Words for kinds and causes of exceptions, from sync.hq.kinds. A cause of a newer version is shown as it is."""

from __future__ import annotations

from sync.hq.kinds import Kind, texts


def title(language: str, kind: str) -> str:
    return next(told.kind for (one, _), told in texts(language).items() if one == kind)


def cause(language: str, kind: str, name: str) -> str:
    told = texts(language).get((Kind(kind), name))
    return told.title if told else name


def meaning(language: str, kind: str, name: str) -> str:
    told = texts(language).get((Kind(kind), name))
    return told.explanation if told else ""


def action(language: str, kind: str, name: str) -> str:
    told = texts(language).get((Kind(kind), name))
    return told.action if told else ""
