"""Words of `pos-agent print-test` in three languages, from the catalogue `print_test`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from marking.words import catalogue


class Speech(StrEnum):
    """The language that a technician reads."""

    KK = "kk"
    RU = "ru"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    speech: Speech

    def text(self, kind: str, **values: object) -> tuple[str, str]:
        """(what was found, the next step or an empty text)."""
        words = catalogue("pos_agent", "print_test")
        return words.text(kind, self.speech, **values), words.optional(f"{kind}.next", self.speech, **values)

    def word(self, name: str) -> str:
        return catalogue("pos_agent", "print_test").text(f"word.{name}", self.speech)


def speech_of(environment: Mapping[str, str] = os.environ) -> Speech:
    """The language of the technician's terminal, English where it is none of ours."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return next((speech for speech in Speech if locale.lower().startswith(speech.value)), Speech.EN)
