"""What the agent refuses, as a stable code with words in kk, ru and en.

The table of codes is data/problems.toml; words stand in the catalogue `problems`, causes and remedies in `support`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fiscal.register import Failure, FailureKind
from marking.words import LANGUAGES, MissingWords, catalogue

__all__ = [
    "LANGUAGES", "OF_DOUBT", "OF_FAILURE", "Problem", "ProblemKind", "doubt_code", "kinds", "of_doubt", "of_failure",
    "read_kinds",
]  # fmt: skip

_FIELDS = {"status", "retry"}


@dataclass(frozen=True, slots=True)
class ProblemKind:
    code: str
    status: int  # HTTP.
    texts: Mapping[str, str]  # By language.
    retry: bool  # The same call may be repeated with the same idempotency key.


class Problem(Exception):
    """A refusal with its stable code. `detail` is for the support call, in English or the vendor's words."""

    def __init__(self, code: str, detail: str = "", **facts: Any) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.kind = kinds()[code]
        self.detail = detail
        self.facts = facts


@cache
def kinds() -> Mapping[str, ProblemKind]:
    return read_kinds((files("pos_agent.data") / "problems.toml").read_text(encoding="utf-8"))


def read_kinds(text: str) -> Mapping[str, ProblemKind]:
    """The table of codes with its words. Raises ValueError that says where words go."""
    return {code: _kind(code, row) for code, row in tomllib.loads(text).items()}


def _kind(code: str, row: Mapping[str, Any]) -> ProblemKind:
    where = "pos_agent/locale/{kk,ru,en}/LC_MESSAGES/problems.po, then script/compile_words.py (docs/translating.md)"
    if strange := sorted(set(row) - _FIELDS):
        raise ValueError(f"problems.toml: {code}: {', '.join(strange)}: words of a code go into {where}")
    try:
        return ProblemKind(code, row["status"], catalogue("pos_agent", "problems").texts(code), row.get("retry", False))
    except MissingWords as error:
        raise ValueError(f"problems.toml: {code} has no words: they go into {where}") from error


OF_FAILURE: dict[FailureKind, str] = {
    FailureKind.INVALID: "R-208",
    FailureKind.REFUSED: "R-201",
    FailureKind.MARK_REFUSED: "R-209",
    FailureKind.PAPER: "R-210",
    FailureKind.CLOCK: "R-211",
    FailureKind.TOTALS: "R-212",
    FailureKind.OPEN_DOCUMENT: "R-213",
    FailureKind.DEVICE: "R-214",
    FailureKind.CONFIGURATION: "R-205",
    FailureKind.UNAVAILABLE: "R-202",
    FailureKind.SHIFT_EXPIRED: "R-206",
    FailureKind.OFFLINE_LIMIT: "R-207",
    FailureKind.KEY_COLLISION: "R-215",
    FailureKind.NO_ANSWER: "R-202",
    FailureKind.HUMAN: "R-205",
}

# Of a document that is undecided, by what keeps it so; anything else is still being asked: R-203.
OF_DOUBT: dict[FailureKind, str] = {
    FailureKind.PAPER: "R-216",
    FailureKind.KEY_COLLISION: "R-215",
    FailureKind.HUMAN: "R-215",
}


def of_failure(failure: Failure, **facts: Any) -> Problem:
    """The problem a cashier sees for what the register said of an order it did not carry out."""
    return Problem(OF_FAILURE[failure.kind], _detail(failure), **facts)


def doubt_code(kind: FailureKind, *, handed_over: bool) -> str:
    """The problem of an undecided document."""
    return "R-215" if handed_over else OF_DOUBT.get(kind, "R-203")


def of_doubt(failure: Failure, *, handed_over: bool, **facts: Any) -> Problem:
    """The problem a cashier sees while it is not known whether a document was made."""
    return Problem(doubt_code(failure.kind, handed_over=handed_over), _detail(failure), **facts)


def _detail(failure: Failure) -> str:
    return f"{failure.code}: {failure.text}" + (f" ({failure.place})" if failure.place else "")
