"""The words of the pages: TOML files beside this one, each text in ru, kk and en.

An unknown key is a mistake of ours.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("ru", "kk", "en")
REVIEWED = {"ru": True, "kk": False, "en": True}  # Kazakh waits for a native reader; the pages say so.


class TextMissing(LookupError):
    """No text of this key."""


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """`area.key` -> language -> text."""
    found: dict[str, Mapping[str, str]] = {}
    for file in resources.files(__package__).iterdir():
        if file.name.endswith(".toml"):
            rows = tomllib.loads(file.read_text(encoding="utf-8"))
            area = file.name.removesuffix(".toml")
            found |= {f"{area}.{key}": row for key, row in rows.items()}
    return found


def text(language: str, key: str, **values: object) -> str:
    """Raises TextMissing."""
    row = catalogue().get(key)
    if row is None:
        raise TextMissing(key)
    return row[language].format(**values) if values else row[language]


def counted(language: str, key: str, number: int, shown: str) -> str:
    """A text with a number: forms are separated by `|`. Russian: 1, 2-4, 5-20; English: 1, others; Kazakh: one form."""
    forms = text(language, key).split("|")
    return forms[min(_form(language, number), len(forms) - 1)].format(n=shown)


def _form(language: str, number: int) -> int:
    number = abs(number)
    if language == "kk":
        return 0
    if language == "en":
        return 0 if number == 1 else 1
    tens, ones = number % 100, number % 10
    if ones == 1 and tens != 11:
        return 0
    return 1 if 2 <= ones <= 4 and not 12 <= tens <= 14 else 2
