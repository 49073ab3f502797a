"""Models as data (models.toml): which commands a register has, what it calls itself, how it answers."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any


class Ffxx(StrEnum):
    """How much of the FFxx set a firmware has. Of Kazakh ones nothing is published."""

    NONE = "none"
    MARKING = "marking"  # FF61, FF67, FF69, FF70 beside the old receipt commands.
    ALL = "all"  # And those of the fiscal storage.


class CloseForm(StrEnum):
    """Parameters of FF45."""

    NONE = "none"
    OLD = "old"  # Percent and four tax bytes; the answer has the change only.
    CURRENT = "current"  # Rounding and six tax sums; the answer has number and sign of the document.


MARKING_COMMANDS = frozenset(("FF61", "FF67", "FF69", "FF70"))
STORAGE_COMMANDS = frozenset(
    "FF01 FF08 FF0A FF0B FF0C FF39 FF3A FF3B FF3F FF40 FF41 FF42 FF43 FF45 FF46 FF4D".split()  # noqa: SIM905 (a table)
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One model. The error codes are those it answers where documents of the vendor leave a choice."""

    name: str
    device: str
    protocol: tuple[int, int]
    model: int
    language: int
    code_page: str
    flags: int
    commands: frozenset[str]
    ffxx: Ffxx
    close_form: CloseForm
    version: str
    build: int
    software_date: tuple[int, int, int]
    status_size: int  # Of the 11h answer with its code: 48, 50 or 52.
    payments: int
    taxes: int
    closed_receipt_error: int  # To a command that needs an open receipt.
    closed_shift_error: int  # To a Z when the shift is closed.
    no_cash_error: int  # To 51h above the drawer.
    numbered_layer: bool
    model_bits: tuple[int, ...]
    clears_checks: bool = False

    @property
    def storage(self) -> bool:
        """It has a fiscal storage that can be asked."""
        return self.ffxx is Ffxx.ALL

    @property
    def two_decimals(self) -> bool:
        return bool(self.flags & 1 << 4)

    def has(self, code: str) -> bool:
        """Whether it knows a command, `85` or `FF45`."""
        if code in MARKING_COMMANDS:
            return self.ffxx is not Ffxx.NONE
        if code in STORAGE_COMMANDS:
            return self.ffxx is Ffxx.ALL
        return code == "FC" or code in self.commands


def _profile(name: str, row: Mapping[str, Any]) -> Profile:
    plain = {**row, "ffxx": Ffxx(row["ffxx"]), "close_form": CloseForm(row["close_form"])}
    for key in ("protocol", "software_date", "model_bits"):
        plain[key] = tuple(row[key])
    return Profile(name=name, **{**plain, "commands": frozenset(row["commands"].split())})


MODELS: Mapping[str, Profile] = {
    name: _profile(name, row)
    for name, row in tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8")).items()
}


def profile(name: str, *, ffxx: str | None = None, flags: int | None = None) -> Profile:
    """A model, with its FFxx set or the fixed bits of its flags changed.

    Raises:
        ValueError: there is no such model, or no such FFxx set.
    """
    if name not in MODELS:
        near = difflib.get_close_matches(name, MODELS, 1)
        raise ValueError(f"no model {name!r}" + (f", did you mean {near[0]!r}?" if near else f": {', '.join(MODELS)}"))
    chosen = MODELS[name]
    if ffxx is not None:
        form = chosen.close_form if chosen.close_form is not CloseForm.NONE else CloseForm.CURRENT
        chosen = replace(chosen, ffxx=Ffxx(ffxx), close_form=form if Ffxx(ffxx) is Ffxx.ALL else CloseForm.NONE)
    return chosen if flags is None else replace(chosen, flags=flags)
