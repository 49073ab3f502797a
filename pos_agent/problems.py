"""What the agent refuses, as a stable code with words in kk, ru and en (data/problems.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fiscal.register import Failure, FailureKind

LANGUAGES = ("kk", "ru", "en")


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
    table = tomllib.loads((files("pos_agent.data") / "problems.toml").read_text(encoding="utf-8"))
    return {
        code: ProblemKind(code, row["status"], {lang: row[lang] for lang in LANGUAGES}, row.get("retry", False))
        for code, row in table.items()
    }


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
