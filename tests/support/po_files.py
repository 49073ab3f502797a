"""Catalogues as a translator sees them: read with Babel from the .po files beside the code, not with our own reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("kk", "ru", "en")


def catalogues() -> Iterator[tuple[str, str]]:
    """(package with slashes, domain) of every catalogue of the product."""
    for path in sorted(ROOT.glob("*/**/locale/en/LC_MESSAGES/*.po")):
        folder = path.parents[3].relative_to(ROOT)
        if not folder.parts[0].startswith((".", "build", "dist")):
            yield folder.as_posix(), path.stem


@cache
def entries(package: str, domain: str, lang: str) -> Mapping[str, tuple[str, ...]]:
    """Key -> its words: one text, or one for each plural form."""
    path = ROOT / package / "locale" / lang / "LC_MESSAGES" / f"{domain}.po"
    with path.open("rb") as file:
        found = read_po(file, locale=lang)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in found
        if message.id
    }


def keys(package: str, domain: str) -> frozenset[str]:
    return frozenset(entries(package, domain, "en"))
