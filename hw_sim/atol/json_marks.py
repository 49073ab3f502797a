"""Checks of marks through driver 10: one at a time, begun, polled, then accepted or declined.

Source: github AlexanderYekat/atolexamplesjson, myscripts_marks.js, myscripts_utils.js.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.atol import json_fields as fields
from hw_sim.atol.problems import DriverProblem, Refused
from hw_sim.exchange import NS
from hw_sim.faults import Fault

FLAGS = ("imcCheckFlag", "imcCheckResult", "imcStatusInfo", "imcEstimatedStatusCorrect", "ecrStandAloneFlag")
GOOD, NOT_TO_BE_SOLD, STANDALONE = 0b01111, 0b00111, 0b10000
NEVER_NS = 1 << 80
ERROR_NAMES: Mapping[int, str] = {
    401: "imcCheckIsRun",
    403: "imcCheckBreak",
    410: "imcCheckWrongState",
    411: "serverNoConnect",
    421: "responseTimeout",
    422: "noImcInTable",
}


@dataclass(slots=True)
class Check:
    """One check. Ready at a moment and not before so many polls; `problem` says why it told nothing about the mark."""

    mark: str
    ready_ns: int
    flags: int = GOOD
    polls_left: int = 0
    problem: DriverProblem | None = None

    @property
    def passed(self) -> bool:
        return self.problem is None and self.flags & GOOD == GOOD


class Marks:
    """The check at work and what became of the others. It lives in the register's RAM.

    Args:
        draw: takes a fault of this name that waits for this task.
        check_s: how long a check takes, in seconds.
    """

    def __init__(self, clock: Callable[[], int], draw: Callable[[str, str], Fault | None], check_s: float) -> None:
        self.bad: set[str] = set()  # Marks that may not be sold.
        self.table: dict[str, int] = {}  # Accepted marks and their flags.
        self.check: Check | None = None
        self._clock = clock
        self._draw = draw
        self._check_s = check_s

    def forget(self) -> None:
        """The power is gone."""
        self.check = None
        self.table.clear()

    def begin(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Start a check. Raises Refused: one runs already, the task is misshapen."""
        params = fields.optional_object(task, "params")
        mark = fields.mark(fields.text(params, "imc", "params."))
        if self._draw("mark_check_runs", "beginMarkingCodeValidation") is not None:
            self.check = self.check or Check("", NEVER_NS)
        if self.check is not None:
            raise Refused(DriverProblem.CHECK_RUNS)
        self.check = self.started(mark, "beginMarkingCodeValidation")
        return {"offlineValidation": {"fmCheck": False, "fmCheckResult": False, "fmCheckErrorReason": "noKeys"}}

    def started(self, mark: str, task: str) -> Check:
        """A check as it will end, with every fault that waits for this task."""
        check = Check(mark, self._clock() + round(self._check_s * NS))
        if mark in self.bad:
            check.flags = NOT_TO_BE_SOLD
        if (fault := self._draw("mark_flags", task)) is not None:
            check.flags = int(fault.params.get("flags", NOT_TO_BE_SOLD)) & 0b11111
        if self._draw("mark_server_down", task) is not None:
            check.flags, check.problem = STANDALONE, DriverProblem.NO_MARK_SERVER
        if self._draw("mark_check_broken", task) is not None:
            check.flags, check.problem = 0, DriverProblem.CHECK_BROKEN
        if (fault := self._draw("mark_check_slow", task)) is not None:
            check.polls_left = int(fault.params.get("polls", 3)) - 1
        if self._draw("mark_check_endless", task) is not None:
            check.ready_ns = NEVER_NS
        return check

    def outlasts(self, check: Check, seconds: float) -> bool:
        """Whether a check takes longer than that from now."""
        return check.ready_ns - self._clock() > round(seconds * NS)

    def status(self) -> dict[str, Any]:
        """What a poll is told."""
        failed = self._draw("mark_status_fails", "getMarkingCodeValidationStatus") is not None
        if failed or self.check is None:
            return {"driverError": driver_error(DriverProblem.WRONG_STATE)}
        if self._clock() < self.check.ready_ns:
            return {"ready": False}
        if self.check.polls_left > 0:
            self.check.polls_left -= 1
            return {"ready": False}
        return {"ready": True, **ended(self.check)}

    def accept(self) -> dict[str, Any]:
        """Take the mark, whatever its check said. Raises Refused: no check is at its end."""
        check = self._at_its_end()
        self.table[check.mark] = check.flags
        return {"itemInfoCheckResult": flags(check.flags)}

    def decline(self) -> dict[str, Any]:
        """Leave the mark. Raises Refused: no check is at its end."""
        return {"itemInfoCheckResult": flags(self._at_its_end().flags)}

    def cancel(self) -> None:
        """Stop the check. Raises Refused: none runs."""
        if self.check is None:
            raise Refused(DriverProblem.WRONG_STATE)
        self.check = None

    def clear(self) -> None:
        """Empty the table."""
        self.table.clear()

    def _at_its_end(self) -> Check:
        check = self.check
        if check is None or self._clock() < check.ready_ns or check.polls_left > 0:
            raise Refused(DriverProblem.WRONG_STATE)
        self.check = None
        return check


def ended(check: Check) -> dict[str, Any]:
    """What a check that has ended says; about the mark only when nothing went wrong."""
    if check.problem is not None:
        return {"driverError": driver_error(check.problem), "sentImcRequest": False}
    return {
        "driverError": driver_error(None),
        "sentImcRequest": True,
        "onlineValidation": {
            "itemInfoCheckResult": flags(check.flags),
            "markOperatorResponse": {
                "responseStatus": bool(check.flags & 0b00100),
                "itemStatusCheck": bool(check.flags & 0b01000),
            },
            "markOperatorItemStatus": "itemEstimatedStatusCorrect" if check.flags & 0b01000 else "itemSaleStopped",
            "markOperatorResponseResult": "correct",
            "imcType": "imcVerifyCode44",
            "imcModeProcessing": 0,
        },
    }


def flags(bits: int) -> dict[str, bool]:
    """itemInfoCheckResult."""
    return {name: bool(bits >> bit & 1) for bit, name in enumerate(FLAGS)}


def driver_error(problem: DriverProblem | None) -> dict[str, Any]:
    """driverError; code 0 when nothing went wrong."""
    if problem is None:
        return {"code": 0, "description": "Ошибок нет"}
    named = {"error": ERROR_NAMES[problem.driver_code]} if problem.driver_code in ERROR_NAMES else {}
    return {"code": problem.driver_code, "description": problem.text, **named}
