"""The words of the commands for store IT: catalogue `ops`, and which language a terminal wants."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marking.words import catalogue


class Language(StrEnum):
    KK = "kk"
    RU = "ru"
    EN = "en"


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """The language of the terminal; Russian where it is none of ours."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return next((one for one in Language if locale.lower().startswith(one.value)), Language.RU)


@dataclass(frozen=True, slots=True)
class Words:
    """The catalogue in one language."""

    language: Language

    def __call__(self, key: str, /, **values: object) -> str:
        """Raises MissingWords; KeyError names a value not given. Values may have any name, `key` as well."""
        text = catalogue("pos_agent", "ops").text(key, self.language)
        return text.format_map(values) if values else text

    def count(self, key: str, number: int, /, **values: object) -> str:
        return catalogue("pos_agent", "ops").count(key, number, self.language, **values)


def words_for(language: Language | None) -> Words:
    return Words(language or language_of())
