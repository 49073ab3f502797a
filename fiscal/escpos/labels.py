"""Words of the receipt in Kazakh and Russian, and how one or both of them stand on a line.

The words are in the catalogue `labels`; which of them law or a vendor has set is in labels.toml.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from marking.words import catalogue


class Language(StrEnum):
    """Which languages a receipt carries. Tax offices recommend both; Kazakh comes first."""

    KK_RU = "kk+ru"
    KK = "kk"
    RU = "ru"


def pick(kk: str, ru: str, language: Language) -> tuple[str, ...]:
    """The texts to print, in order; one where both languages say the same."""
    texts = {Language.KK: (kk,), Language.RU: (ru,)}.get(language, (kk, ru))
    return tuple(dict.fromkeys(texts))


@dataclass(frozen=True, slots=True)
class Label:
    kk: str
    ru: str
    source: str

    def parts(self, language: Language, **values: str) -> tuple[str, ...]:
        """The wordings with their values set in."""
        return tuple(text.format(**values) for text in pick(self.kk, self.ru, language))


@cache
def labels() -> dict[str, Label]:
    sources = tomllib.loads(files(__package__).joinpath("labels.toml").read_text("utf-8"))["source"]
    words = catalogue("fiscal", "labels")
    return {key: Label(words.text(key, "kk"), words.text(key, "ru"), source) for key, source in sources.items()}
