"""The steps of an order, one at a time. I/O through Talk and Reader alone.

A command is given again only after an answer that says it was not begun: 76, an interrupted print has to be finished
first.
"""

from __future__ import annotations

from dataclasses import replace

from fiscal.atol import errors
from fiscal.atol.answers import Answer
from fiscal.atol.commands import Mode
from fiscal.atol.evidence import counters_of
from fiscal.atol.reader import Reader
from fiscal.atol.talk import Refused, Talk
from fiscal.device.family import Accepted, Rejected, Reply
from fiscal.device.steps import TOTAL, Step
from fiscal.documents import Baseline
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Prepared

# What is no fault of the code itself when E8 fails with it.
_NOT_THE_MARK = frozenset(FailureKind) - {FailureKind.REFUSED, FailureKind.INVALID}
_BEGINNINGS = ("mode", "open", "cash", "shift")  # Steps before which no document of ours can be open.


class Runner:
    def __init__(self, talk: Talk, reader: Reader) -> None:
        self._talk = talk
        self._reader = reader

    def run(self, step: Step, prepared: Prepared, baseline: Baseline) -> Reply:
        if prepared.kind == "shift_close" and baseline.shift != prepared.payload["shift"]:
            text = f"shift {baseline.shift} is open, the order is to close {prepared.payload['shift']}"
            return Rejected(Failure(FailureKind.REFUSED, "other_shift", text))
        try:
            if step.name == "mode":
                return self.enter(Mode(int(step.data, 16)))
            if step.name == TOTAL:
                return Accepted(total_tiyn=self._reader.status().receipt_sum)
            task = counters_of(baseline).get("task") if step.decisive else None
            answer = self.command(step.command, bytes.fromhex(step.data), task=task)
        except Refused as refused:
            return Rejected(refused.failure)
        if answer.error != errors.OK:
            return Rejected(_failure(step, answer.error))
        return Accepted({"answer": answer.body.hex()} if step.decisive else {})

    def command(self, code: str, operands: bytes = b"", *, task: int | None = None) -> Answer:
        """One command; once more when a print had to be finished first. Refused."""
        answer = self._talk.ask(code, operands, task=task)
        if answer.error == errors.UNFINISHED and self._talk.ask("55").error == errors.OK:
            if task is not None:
                self._talk.wire.forget(task)
            answer = self._talk.ask(code, operands, task=task)
        return answer

    def enter(self, mode: Mode) -> Reply:
        """Into a mode, out of any other. Refused."""
        status = self._reader.status()
        if status.mode == mode and not status.submode:
            return Accepted()
        if status.mode != Mode.IDLE and (left := self._talk.ask("48")).error != errors.OK:
            return Rejected(errors.failure(left.error, "48"))
        entered = self._talk.enter(mode)
        return Accepted() if entered.error == errors.OK else Rejected(errors.failure(entered.error, "56"))

    def cancel(self) -> Reply:
        return self._plain("59")

    def go_on(self) -> Reply:
        return self._plain("55")

    def _plain(self, code: str) -> Reply:
        try:
            if code == "59" and isinstance(entered := self.enter(Mode.REGISTRATION), Rejected):
                return entered
            answer = self.command(code)
        except Refused as refused:
            return Rejected(refused.failure)
        return Accepted() if answer.error == errors.OK else Rejected(errors.failure(answer.error, code))


def _failure(step: Step, error: int) -> Failure:
    found = errors.failure(error)
    if step.name == "mark" and found.kind not in _NOT_THE_MARK:
        return replace(found, kind=FailureKind.MARK_REFUSED)
    if found.kind is FailureKind.OPEN_DOCUMENT and step.name not in _BEGINNINGS:
        # The open document is ours by now: it is to be cancelled like after any other "no".
        return replace(found, kind=FailureKind.REFUSED)
    return found
