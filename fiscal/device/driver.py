"""The driver that families of receipt-building registers share: serves fiscal.register.Register.

    execute   check the register, run the steps; a "no" is decided by looking; silence is Unknown
    settle    look, decide, do the one next move, look again (fiscal/device/decide.py)

Execute never tries to find out what a lost answer meant: the caller journals the doubt first and then settles, so that
there is one way out of silence, the same in a running agent and after a crash.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from fiscal.device.decide import Decision, Move, decide
from fiscal.device.family import Accepted, Answered, Family, Rejected, Silence
from fiscal.device.looks import Look
from fiscal.device.steps import TOTAL, Step, steps_of
from fiscal.documents import Baseline, FiscalDocument, Paper, RegisterStatus, SeenDocument, ShiftReport, Waiting
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Order, Prepared
from fiscal.register import (
    Ability,
    Absent,
    Capabilities,
    Done,
    NotCapable,
    NotSent,
    Outcome,
    Refused,
    RegisterUnavailable,
    Settlement,
    Unknown,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the driver waits, in seconds, and how often it does one thing."""

    printing_s: float = 30.0  # For a register that is printing. Longer, and the caller asks again later.
    pause_s: float = 0.5
    cancels_max: int = 2
    go_ons_max: int = 3
    finishes_max: int = 2


_locks: dict[str, threading.RLock] = {}
_locks_guard = threading.Lock()


def line_lock(address: str) -> threading.RLock:
    """The lock of one line in this process: two driver instances on it must not talk at once."""
    with _locks_guard:
        return _locks.setdefault(address, threading.RLock())


class DeviceRegister:
    """One register. `address` names its line: instances on one line take turns."""

    def __init__(
        self,
        family: Family,
        address: str,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        patience: Patience | None = None,
    ) -> None:
        self._family = family
        self._monotonic = monotonic
        self._sleep = sleep
        self._patience = patience or Patience()
        self._lock = line_lock(address)
        self._connected = False

    @property
    def capabilities(self) -> Capabilities:
        return self._family.capabilities

    def close(self) -> None:
        self._family.close()

    def prepare(self, order: Order) -> Prepared:
        return self._family.prepare(order)

    def baseline(self) -> Baseline:
        with self._lock:
            look = self._reading(self._ready)
        # Counters of a document that is still printing may move later, and would be taken for ours.
        if look.waiting in (Waiting.PRINTING, Waiting.CONTINUE):
            raise RegisterUnavailable(Failure(FailureKind.UNAVAILABLE, "busy", f"the register is {look.waiting}"))
        return look.baseline()

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome:
        if (foreign := self._foreign(prepared)) is not None:
            return NotSent(foreign)
        with self._lock:
            try:
                standing = self._ready()
            except Silence as silence:
                return NotSent(_unavailable(silence.failure))
            refusal = self._refusal(prepared, baseline, standing)
            return NotSent(refusal) if refusal is not None else self._run(prepared, baseline)

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        if (foreign := self._foreign(prepared)) is not None:
            return Unknown(foreign)
        with self._lock:
            try:
                return self._decided(prepared, baseline)
            except Silence as silence:
                self._connected = False
                return Unknown(silence.failure)

    def x_report(self) -> ShiftReport:
        self._require(Ability.X_REPORT)
        with self._lock:
            return self._reading(self._family.x_report)

    def status(self) -> RegisterStatus:
        try:
            with self._lock:
                return self._reading(self._look).status()
        except RegisterUnavailable as trouble:
            return RegisterStatus(reachable=False, failure=trouble.failure)

    def last_document(self) -> SeenDocument | None:
        self._require(Ability.LAST_DOCUMENT)
        with self._lock:
            return self._reading(self._family.last_document)

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        raise NotCapable(self.capabilities.family, Ability.FIND_BY_KEY)

    def finish_printing(self) -> Paper:
        self._require(Ability.PRINTS)
        with self._lock:
            look = self._reading(self._ready)
        if look.waiting is Waiting.PAPER or look.paper is Paper.OUT:
            return Paper.OUT
        return Paper.UNKNOWN if look.waiting is not None else Paper.OK

    def reprint(self, document: FiscalDocument) -> Paper:
        if not self.capabilities.can & {Ability.REPRINT_LAST, Ability.REPRINT_ANY}:
            raise NotCapable(self.capabilities.family, Ability.REPRINT_LAST)
        with self._lock:
            return self._reading(lambda: self._family.reprint(document))

    def open_drawer(self) -> None:
        self._require(Ability.DRAWER)
        with self._lock:
            self._reading(self._family.open_drawer)

    def _require(self, ability: Ability) -> None:
        if ability not in self.capabilities.can:
            raise NotCapable(self.capabilities.family, ability)

    def _foreign(self, prepared: Prepared) -> Failure | None:
        """Why an order is not one of this register: the set-up changed under it, and nothing can be proven here."""
        if prepared.family != self.capabilities.family:
            return Failure(FailureKind.HUMAN, "identity", f"the order was made for {prepared.family}", "family")
        return None

    def _reading(self, work: Callable[[], T]) -> T:
        """Something that only looks. RegisterUnavailable when the register does not answer."""
        try:
            self._connect()
            return work()
        except Silence as silence:
            self._connected = False
            raise RegisterUnavailable(_unavailable(silence.failure)) from None

    def _connect(self) -> None:
        if not self._connected:
            self._family.connect()
            self._connected = True

    def _look(self) -> Look:
        self._connect()
        return self._family.look()

    def _ready(self) -> Look:
        """A look at a register that has finished what it was printing, or stands still for a reason."""
        until, go_ons = self._monotonic() + self._patience.printing_s, 0
        while True:
            look = self._look()
            if look.waiting is Waiting.CONTINUE and go_ons < self._patience.go_ons_max:
                go_ons += 1
                self._family.go_on()
            elif look.waiting is not Waiting.PRINTING or self._monotonic() >= until:
                return look
            else:
                self._sleep(self._patience.pause_s)

    def _refusal(self, prepared: Prepared, baseline: Baseline, look: Look) -> Failure | None:
        """Why this order cannot be begun now; nothing was sent."""
        if look.identity != baseline.identity:
            text = f"the counters were read from register {baseline.identity}, {look.identity} answers"
            return Failure(FailureKind.HUMAN, "identity", text)
        if look.waiting is Waiting.PAPER or look.paper is Paper.OUT or look.cover_open:
            text = "the cover is open" if look.cover_open else "out of paper"
            return Failure(FailureKind.PAPER, "paper", text)
        if look.waiting is Waiting.PERSON:
            return Failure(FailureKind.DEVICE, "blocked", look.person or "someone has to act at the register")
        if look.waiting is not None:
            return Failure(FailureKind.UNAVAILABLE, "busy", f"the register is {look.waiting}")
        if look.document is not None:
            text = "a document is open that this till did not begin"
            return Failure(FailureKind.OPEN_DOCUMENT, "open_document", text)
        if look.shift_expired and prepared.kind != "shift_close":
            return Failure(FailureKind.SHIFT_EXPIRED, "shift_expired", "the shift is over 24 hours")
        if prepared.kind == "shift_close" and not look.shift_open:
            return Failure(FailureKind.REFUSED, "no_shift", "no shift is open")
        if prepared.kind == "shift_open" and look.shift_open:
            return Failure(FailureKind.REFUSED, "shift_open", f"shift {look.shift} is open already")
        return None

    def _run(self, prepared: Prepared, baseline: Baseline) -> Outcome:
        """The steps, one after another."""
        done: list[Answered] = []
        begun = False
        try:
            for step in steps_of(prepared):
                reply = self._family.run(step, prepared, baseline, done)
                failure = _objection(step, reply, prepared)
                if failure is not None:
                    return self._after_no(prepared, baseline, failure)
                assert isinstance(reply, Accepted)  # noqa: S101 - for the type checker
                begun = True
                done.append(Answered(step, reply))
            document = self._family.document(prepared, baseline, None, done)
        except Silence as silence:
            self._connected = False
            if not begun and not silence.sent:
                return NotSent(_unavailable(silence.failure))
            return Unknown(silence.failure)
        if isinstance(document, FiscalDocument) and document.total_tiyn != prepared.total_tiyn:
            text = f"the register made {document.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
            return Unknown(Failure(FailureKind.HUMAN, "totals", text))
        return Done(document)

    def _after_no(self, prepared: Prepared, baseline: Baseline, failure: Failure) -> Outcome:
        """A step was rejected: what was begun is cancelled, and what is said to be refused is proven to be absent."""
        if failure.kind is FailureKind.OPEN_DOCUMENT:
            return Refused(
                failure
            )  # Somebody else's document came between: nothing of ours was begun, nothing to cancel.
        try:
            settlement = self._decided(prepared, baseline)
        except Silence as silence:
            self._connected = False
            text = f"{failure.text}; then: {silence.failure.text}"
            return Unknown(replace(silence.failure, text=text))
        if isinstance(settlement, Absent):
            return Refused(failure)
        if isinstance(settlement, Unknown):
            return Unknown(replace(settlement.failure, text=f"{failure.text}; then: {settlement.failure.text}"))
        return settlement

    def _decided(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        """Look, decide, do the one next move, look again. Raises Silence."""
        patience = self._patience
        until = self._monotonic() + patience.printing_s
        left = {Move.CANCEL: patience.cancels_max, Move.GO_ON: patience.go_ons_max, Move.FINISH: patience.finishes_max}
        while True:
            look = self._look()
            made = self._family.made(prepared, baseline, look)
            decision = decide(prepared, baseline, look, made)
            if decision.move is Move.WAIT:
                if self._monotonic() >= until:
                    return _unsettled(FailureKind.NO_ANSWER, "printing", "it has been printing for too long")
                self._sleep(patience.pause_s)
                continue
            if decision.move in left:
                left[decision.move] -= 1
                if left[decision.move] < 0:
                    return _unsettled(FailureKind.HUMAN, decision.move, f"{decision.why}; it does not obey")
                self._do(decision, prepared, baseline, look)
                continue
            if decision.move is Move.DONE:
                return Done(self._family.document(prepared, baseline, made.document, ()), recovered=True)
            if decision.move is Move.ABSENT:
                return Absent(decision.why)
            kind = FailureKind.PAPER if decision.move is Move.PAPER else FailureKind.HUMAN
            return _unsettled(kind, decision.move, decision.why)

    def _do(self, decision: Decision, prepared: Prepared, baseline: Baseline, look: Look) -> None:
        """One move. Whether it helped is seen at the next look; a "no" to it changes nothing by itself."""
        if decision.move is Move.CANCEL:
            self._family.cancel()
        elif decision.move is Move.GO_ON:
            self._family.go_on()
        else:
            self._family.finish(prepared, baseline, look)


def _objection(step: Step, reply: Accepted | Rejected, prepared: Prepared) -> Failure | None:
    """Why the order cannot go on after a step: rejected, or the register adds up to another sum."""
    if isinstance(reply, Rejected):
        told = reply.failure  # What a failure says of its place by itself is nearer than the step's.
        line, mark = (step.line, step.mark) if told.line is None else (told.line, told.mark)
        return replace(told, place=told.place or step.place(), line=line, mark=mark)
    if step.name == TOTAL and reply.total_tiyn != prepared.total_tiyn:
        text = f"the register adds up to {reply.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
        return Failure(FailureKind.TOTALS, "totals", text, step.name)
    return None


def _unavailable(failure: Failure) -> Failure:
    """In the words of a reading: nothing of an order was under way."""
    return replace(failure, kind=FailureKind.UNAVAILABLE) if failure.kind is FailureKind.NO_ANSWER else failure


def _unsettled(kind: FailureKind, code: str, text: str) -> Unknown:
    return Unknown(Failure(kind, code, text))
