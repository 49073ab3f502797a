"""The steps of an order, one at a time, through whatever the register is doing. I/O through Talk and Reader alone.

A command is given again only after an answer that says it was not carried out: 50 still printing, 58 waits to be told
to go on, 72 not in this submode.
Source: vendor's "Протокол работы ККТ 2.0" rev. 11, errors and submodes (github shtrih-m/javapos_shtrih, Doc/SHTRIH).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fiscal.device.family import Accepted, Rejected, Reply
from fiscal.device.steps import TOTAL, Step
from fiscal.documents import Baseline, Waiting
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Prepared
from fiscal.shtrih import answers, errors, marks, states
from fiscal.shtrih.answers import Answer
from fiscal.shtrih.commands import Who
from fiscal.shtrih.reader import RECEIPT_FORMING, Reader
from fiscal.shtrih.settings import Settings
from fiscal.shtrih.talk import Talk, parsed

PAUSE_S = 0.5
GO_ONS_MAX = 3
REJECT, ACCEPT, CLEAR = b"\x00", b"\x01", b"\x02"  # Of FF69.
NOTHING_UNDER_WAY = 1  # State of FF70.

# What is no fault of the code itself when FF61 or FF67 fails with it.
_NOT_THE_MARK = frozenset(FailureKind) - {FailureKind.REFUSED, FailureKind.INVALID, FailureKind.MARK_REFUSED}
_BEGINNINGS = ("open", "cash", "shift")  # Steps before which no document of ours can be open.


class Runner:
    def __init__(
        self,
        talk: Talk,
        reader: Reader,
        settings: Settings,
        *,
        storage: bool,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._talk = talk
        self._reader = reader
        self._settings = settings
        self._storage = storage
        self._monotonic = monotonic
        self._sleep = sleep

    def run(self, step: Step, prepared: Prepared, baseline: Baseline) -> Reply:
        if prepared.kind == "shift_close" and baseline.shift != prepared.payload["shift"]:
            text = f"shift {baseline.shift} is open, the order is to close {prepared.payload['shift']}"
            return Rejected(Failure(FailureKind.REFUSED, "other_shift", text))
        if step.name == "clear":
            return self._clear()
        answer = self.command(step.command, bytes.fromhex(step.data))
        if step.command == "E0" and not answer.body and self._shift_opened(answer):
            return Accepted()
        if answer.error != errors.OK:
            return Rejected(self._failure(step, answer.error))
        if step.name == "check":
            return self._checked(answer)
        if step.name == TOTAL:
            return Accepted(total_tiyn=parsed(answers.subtotal, answer.body) * self._settings.unit)
        return Accepted(_facts(step, answer))

    def command(self, code: str, operands: bytes = b"", *, who: Who | None = None) -> Answer:
        """One command, given again while the register says that it could not begin."""
        until, go_ons = self._monotonic() + self._settings.device.printing_s, 0
        while True:
            answer = self._talk.ask(code, operands, who=who)
            waiting = self._hindrance(answer.error)
            if waiting is Waiting.CONTINUE and go_ons < GO_ONS_MAX:
                go_ons += 1
                self._talk.ask("B0")
            elif waiting is Waiting.PRINTING and self._monotonic() < until:
                self._sleep(PAUSE_S)
            else:
                return answer

    def wait_for_paper(self) -> None:
        """Until it has printed, or stands still for a reason."""
        until = self._monotonic() + self._settings.device.printing_s
        while states.waiting(self._reader.state()) is Waiting.PRINTING and self._monotonic() < until:
            self._sleep(PAUSE_S)

    def cancel(self) -> Reply:
        """88, with the administrator's password where another operator began; what the storage keeps of it by FF08."""
        answer = self.command("88")
        if answer.error == errors.OTHER_OPERATOR:
            answer = self.command("88", who=Who.ADMIN)
        if answer.error != errors.OK and self._storage and self._forgotten():
            answer = self.command("FF08")
        return Accepted() if answer.error == errors.OK else Rejected(self.failure(answer.error, "88"))

    def go_on(self) -> Reply:
        answer = self._talk.ask("B0")
        return Accepted() if answer.error == errors.OK else Rejected(self.failure(answer.error, "B0"))

    def failure(self, error: int, place: str = "") -> Failure:
        """An error code as a failure, with what the state adds where the code alone says "not now"."""
        found = errors.failure(error, self._storage, place)
        if error == errors.WRONG_SUBMODE and states.waiting(state := self._reader.state()) is not Waiting.PRINTING:
            if state.submode in (states.NO_PAPER, states.NO_PAPER_INSIDE, states.PAPER_BACK):
                return replace(found, kind=FailureKind.PAPER, text=f"{found.text}: no paper")
        elif error == errors.WRONG_MODE and states.mode(self._reader.state()) == states.EXPIRED_SHIFT:
            return replace(found, kind=FailureKind.SHIFT_EXPIRED, text=f"{found.text}: the shift is over 24 hours")
        return found

    def _failure(self, step: Step, error: int) -> Failure:
        found = self.failure(error)
        if step.mark is not None and step.command in ("FF61", "FF67") and found.kind not in _NOT_THE_MARK:
            return replace(found, kind=FailureKind.MARK_REFUSED)
        if found.kind is FailureKind.OPEN_DOCUMENT and step.name not in _BEGINNINGS:
            # The open document is ours by now: it is to be cancelled like after any other "no".
            return replace(found, kind=FailureKind.REFUSED)
        return found

    def _hindrance(self, error: int) -> Waiting | None:
        """What has to pass before the command can be given again; None when it would be no use."""
        if error == errors.STILL_PRINTING:
            return Waiting.PRINTING
        if error == errors.WAITS_TO_GO_ON:
            return Waiting.CONTINUE
        return states.waiting(self._reader.state()) if error == errors.WRONG_SUBMODE else None

    def _clear(self) -> Reply:
        """Take out what an order that came to nothing left in the buffer of checked codes."""
        answer = self.command("FF70")
        if answer.error != errors.OK:
            return Rejected(self.failure(answer.error))
        buffer = parsed(answers.mark_buffer, answer.body)
        done: dict[str, Any] = {}
        if buffer.state > NOTHING_UNDER_WAY:
            done["rejected"] = self.command("FF69", REJECT).error
        if buffer.saved:
            # Older programs cannot clear; then the codes stay there unused.
            done["cleared"] = self.command("FF69", CLEAR).error
        return Accepted(done)

    def _checked(self, answer: Answer) -> Reply:
        check = parsed(answers.mark_check, answer.body)
        refusal = marks.refusal(check, self._settings.mark_policy)
        if refusal is None:
            return Accepted({"check": marks.words(check)})
        # Each check wants its decision, also that of a code we do not sell.
        self.command("FF69", REJECT)
        return Rejected(refusal)

    def _shift_opened(self, answer: Answer) -> bool:
        """E0 answers, by its document, with the operator alone: the number stands where others have the error."""
        return answer.error in (errors.OK, self._settings.operator) and states.shift_open(self._reader.full())

    def _forgotten(self) -> bool:
        """A document stands open in the storage that the register itself no longer has."""
        open_ = states.mode(self._reader.state()) == states.DOCUMENT
        return not open_ and self._talk.read("FF01", answers.storage).document == RECEIPT_FORMING


def _facts(step: Step, answer: Answer) -> Mapping[str, Any]:
    """What of an answer is kept as evidence and used for the document."""
    if step.command == "FF45":
        closed = parsed(answers.closed_receipt, answer.body)
        return {"answer": answer.body.hex(), "change": closed.change, "fd": closed.fd, "sign": closed.sign}
    if step.command == "85":
        return {"answer": answer.body.hex(), "change": parsed(answers.change, answer.body)}
    if step.decisive:
        return {"answer": answer.body.hex()}
    return {}
