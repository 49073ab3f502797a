"""Words of `pos-agent print-test` in three languages. Data: pos_agent/data/print_test.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


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
        row = table()["text"][kind]
        return row[self.speech].format(**values), row.get(f"next_{self.speech}", "").format(**values)

    def word(self, name: str) -> str:
        found: str = table()["word"][name][self.speech]
        return found


@cache
def table() -> Mapping[str, Any]:
    return tomllib.loads((files("pos_agent.data") / "print_test.toml").read_text(encoding="utf-8"))


def speech_of(environment: Mapping[str, str] = os.environ) -> Speech:
    """The language of the technician's terminal, English where it is none of ours."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return next((speech for speech in Speech if locale.lower().startswith(speech.value)), Speech.EN)
