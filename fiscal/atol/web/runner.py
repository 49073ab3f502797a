"""The steps of an order at a register behind driver 10, one at a time. I/O through Channel and Reader alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fiscal.atol import errors
from fiscal.atol.web import attempts, marks
from fiscal.atol.web.answers import Entry, State
from fiscal.atol.web.channel import Channel, Refused, UuidKnown
from fiscal.atol.web.evidence import Evidence, is_new
from fiscal.atol.web.marks import Check, Verdict
from fiscal.atol.web.reader import Reader
from fiscal.atol.web.settings import MarkPolicy, Settings
from fiscal.device.family import Accepted, Answered, Rejected, Reply, Silence
from fiscal.device.steps import Step
from fiscal.documents import Baseline, SeenDocument
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import dump, load
from fiscal.orders import Prepared

CHECK_S = 60.0  # The limit of the vendor's own script.
CHECK_POLL_S = 0.3
CHECK_RUNS = 401
STATUS, ACCEPT, DECLINE, CANCEL = (
    "getMarkingCodeValidationStatus", "acceptMarkingCode", "declineMarkingCode", "cancelMarkingCodeValidation",
)  # fmt: skip


class Runner:
    def __init__(
        self,
        channel: Channel,
        reader: Reader,
        evidence: Evidence,
        settings: Settings,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._channel = channel
        self._reader = reader
        self._evidence = evidence
        self._settings = settings
        self._monotonic = monotonic
        self._sleep = sleep

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        if prepared.kind == "shift_close" and baseline.shift != prepared.payload["shift"]:
            text = f"shift {baseline.shift} is open, the order is to close {prepared.payload['shift']}"
            return Rejected(Failure(FailureKind.REFUSED, "other_shift", text))
        if step.decisive:
            return self._document(step, prepared, baseline, done)
        if step.name == "clear":
            return _reply(self.one({"type": step.command}))
        return self._checked(step)

    def one(self, task: dict[str, Any]) -> Entry:
        """A task that makes no document. Silence."""
        (entry,) = self._reader.run([task])
        return entry

    def _document(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        """The task that makes the document, under the first uuid of its key that is not used up."""
        tasks = f"[{_with_flags(step.data, prepared, done)}]"
        for attempt in range(attempts.ATTEMPTS_MAX):
            uuid = attempts.uuid_of(prepared.key, attempt)
            try:
                (entry, *_) = self._channel.run(uuid, tasks, self._settings.work_s)
                if entry.state is State.READY:
                    seen = self._told(entry, prepared)
                    if seen is None or not is_new(seen, baseline):
                        text = "the server calls it done and shows another document"
                        raise Silence(Failure(FailureKind.NO_ANSWER, "recovered", text), sent=True)
                return _outcome(entry, prepared)
            except UuidKnown:
                # Ours, of an attempt before: made, under way, or ended without a document.
                (entry, *_) = self._channel.ended(uuid, self._settings.work_s)
                if entry.state is State.READY and self._told(entry, prepared) is not None:
                    return _outcome(entry, prepared)
            except Refused as refused:
                return Rejected(refused.failure)
        text = f"{attempts.ATTEMPTS_MAX} attempts at this order have failed"
        return Rejected(Failure(FailureKind.REFUSED, "attempts", text))

    def _told(self, entry: Entry, prepared: Prepared) -> SeenDocument | None:
        """The document of a task the server has taken: silence about the document leaves that task open."""
        try:
            return self._evidence.told(entry, prepared)
        except Silence as silence:
            raise Silence(silence.failure, sent=True) from silence

    def _checked(self, step: Step) -> Reply:
        """A code from its check's beginning to its acceptance; its flags go into the receipt."""
        task = load(step.data.encode())
        begun = self.one(task)
        if begun.state is State.ERROR and begun.code == CHECK_RUNS:
            # Somebody else's, or one of ours whose end we did not see: broken off, once.
            self.one({"type": CANCEL})
            begun = self.one(task)
        if begun.state is not State.READY:
            return Rejected(_mark_failure(errors.driver_failure(begun.code, words=begun.words)))
        check = self._awaited()
        if check.verdict is not Verdict.GOOD and self._settings.mark_policy is MarkPolicy.STRICT:
            self.one({"type": DECLINE if check.verdict is Verdict.BAD else CANCEL})
            kind = FailureKind.MARK_REFUSED if check.verdict is Verdict.BAD else FailureKind.REFUSED
            return Rejected(Failure(kind, f"{errors.JSON_FAMILY}:check", f"the check of the code: {check.words}"))
        accepted = self.one({"type": ACCEPT})
        if accepted.state is not State.READY:
            return Rejected(_mark_failure(errors.driver_failure(accepted.code, words=accepted.words)))
        return Accepted({"check": check.words or str(check.verdict), "flags": marks.flags_of(accepted.result)})

    def _awaited(self) -> Check:
        until = self._monotonic() + CHECK_S
        while True:
            entry = self.one({"type": STATUS})
            if entry.state is not State.READY:
                return Check(Verdict.FAILED, entry.words or f"error {entry.code}", entry.code)
            check = marks.check(entry.result)
            if check.verdict is not Verdict.WAIT:
                return check
            if self._monotonic() >= until:
                return Check(Verdict.FAILED, f"not ready after {CHECK_S:g} s")
            self._sleep(CHECK_POLL_S)


def _reply(entry: Entry) -> Reply:
    if entry.state is State.READY:
        return Accepted()
    return Rejected(errors.driver_failure(entry.code, words=entry.words))


def _with_flags(task: str, prepared: Prepared, done: Sequence[Answered]) -> str:
    """The task with what the checks of its codes answered, where there were any."""
    flags = {(one.step.line, one.step.mark): one.accepted.data.get("flags") for one in done}
    if not any(flags.values()):
        return task
    body = load(task.encode())
    for item, place in zip(body["items"], prepared.payload["places"], strict=True):
        if (told := flags.get(tuple(place))) is not None:
            item["imcParams"]["itemInfoCheckResult"] = told
    return dump(body)


def _outcome(entry: Entry, prepared: Prepared) -> Reply:
    if entry.state is State.READY:
        return Accepted({"entry": entry})
    if entry.state is State.CANCELED:
        text = "the server did not come to it in time; it was cancelled before it began"
        return Rejected(Failure(FailureKind.UNAVAILABLE, f"{errors.JSON_FAMILY}:canceled", text))
    failure = errors.driver_failure(entry.code, words=entry.words)
    if failure.kind is FailureKind.OPEN_DOCUMENT:
        # The driver cancels what is open by itself: a "no" like any other, to be decided by looking.
        failure = replace(failure, kind=FailureKind.REFUSED)
    places = prepared.payload.get("places", ())
    marked = [place for place in places if place[1] is not None]
    index = marks.offending(entry.result)
    if index is not None and index < len(marked):
        line, number = marked[index]
        place = f"lines[{line}].marks[{number}]"
        failure = replace(failure, kind=FailureKind.MARK_REFUSED, place=place, line=line, mark=number)
    return Rejected(failure)


def _mark_failure(failure: Failure) -> Failure:
    """A "no" to a code itself, unless the driver says that something else is wrong."""
    wrong = failure.kind in (FailureKind.INVALID, FailureKind.MARK_REFUSED)
    return replace(failure, kind=FailureKind.MARK_REFUSED) if wrong else failure
