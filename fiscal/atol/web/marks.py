"""What a check of a marking code by driver 10 says, and what becomes of the code. Pure.

While `ready` is not true nothing else may be trusted; `driverError` with a code is a failure of the check, not of the
goods; then four flags, all of which must be true.
Source: github AlexanderYekat/atolexamplesjson, myscripts_marks.js.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fiscal.https.fields import Fields

FLAGS = ("imcCheckFlag", "imcCheckResult", "imcStatusInfo", "imcEstimatedStatusCorrect", "ecrStandAloneFlag")
_MUST = FLAGS[:4]


class Verdict(StrEnum):
    WAIT = "wait"
    GOOD = "good"
    BAD = "bad"  # The code is not to be sold.
    FAILED = "failed"  # The check told nothing about it.


@dataclass(frozen=True, slots=True)
class Check:
    verdict: Verdict
    words: str = ""
    code: int = 0  # Of a failure.


def check(result: Mapping[str, Any] | None) -> Check:
    """An answer of getMarkingCodeValidationStatus."""
    told = Fields.of({} if result is None else dict(result), "result")
    error = told.optional_object("driverError")
    code = error.integer("code") or 0
    if code:
        words = error.optional_text("error") or error.optional_text("description")
        return Check(Verdict.FAILED, words or f"error {code}", code)
    if told.get("ready")[1] is not True:
        return Check(Verdict.WAIT)
    flags = flags_of(told.optional_object("onlineValidation").origin)
    if flags is None:
        return Check(Verdict.FAILED, "no answer of the server is told")
    wrong = [name for name in _MUST if not flags[name]]
    return Check(Verdict.BAD, f"not {', not '.join(wrong)}") if wrong else Check(Verdict.GOOD)


def flags_of(holder: Mapping[str, Any] | None) -> dict[str, bool] | None:
    """itemInfoCheckResult with all five flags; None when it is not whole."""
    told = Fields.of({} if holder is None else dict(holder), "result").optional_object("itemInfoCheckResult")
    flags = {name: told.get(name)[1] for name in FLAGS}
    return flags if all(isinstance(flag, bool) for flag in flags.values()) else None


def offending(result: Mapping[str, Any] | None) -> int | None:
    """Which code of a receipt did not pass the driver's own check (validateMarks); None when it is not told."""
    rows = None if result is None else result.get("validateMarks")
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        return None
    for index, row in enumerate(rows):
        if isinstance(row, Mapping) and check({"ready": True, **row}).verdict is not Verdict.GOOD:
            return index
    return None
