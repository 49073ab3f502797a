"""What a register behind driver 10 shows when it is asked. Changes nothing. Every call may raise Silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fiscal.atol import errors
from fiscal.atol.web import answers
from fiscal.atol.web.answers import Entry, State, Stored
from fiscal.atol.web.channel import Channel, Refused, UuidKnown
from fiscal.atol.web.settings import Settings
from fiscal.device.family import Silence
from fiscal.device.looks import Look
from fiscal.documents import Paper, Waiting
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed, dump

T = TypeVar("T")

SHIFT_LENGTH = dt.timedelta(hours=24)
READ_S = 20.0
UUIDS_MAX = 5  # A read takes another one when its own is known.
NOT_IN_STORAGE = frozenset({30, 123})  # The driver's two words for it.


@dataclass(frozen=True, slots=True)
class Identity:
    serial: str
    storage: str
    model: str = ""
    firmware: str = ""

    @property
    def name(self) -> str:
        return f"{self.serial}/{self.storage}" if self.storage else self.serial


def _device(entry: Entry) -> tuple[str, str, str]:
    """Factory number, model, firmware."""
    info = entry.fields("deviceInfo")
    return info.text("serial"), info.optional_text("modelName"), info.optional_text("firmwareVersion")


class Reader:
    """`new_uuid` gives one that no request has had."""

    def __init__(self, channel: Channel, settings: Settings, new_uuid: Callable[[], str]) -> None:
        self._channel = channel
        self._settings = settings
        self._new_uuid = new_uuid

    def run(self, tasks: Sequence[dict[str, Any]], timeout_s: float = READ_S) -> list[Entry]:
        """Tasks that make no document. Silence."""
        for _ in range(UUIDS_MAX):
            try:
                found = self._channel.run(self._new_uuid(), dump(list(tasks)), timeout_s)
            except UuidKnown:
                continue
            except Refused as refused:
                raise Silence(refused.failure, sent=False) from None
            if len(found) != len(tasks):
                text = f"{len(found)} results of {len(tasks)} tasks"
                raise Silence(Failure(FailureKind.NO_ANSWER, "answer", text), sent=True)
            return found
        text = "every uuid is known: the clock or the chance of this machine repeats itself"
        raise Silence(Failure(FailureKind.CONFIGURATION, "uuid", text), sent=False)

    def identity(self) -> Identity:
        """Who is there. Silence(CONFIGURATION) when it is not the register the set-up names."""
        self._nothing_blocks()
        device, storage = self.run([{"type": "getDeviceInfo"}, {"type": "getFnInfo"}])
        serial, model, firmware = self._part(device, _device)
        wanted = self._settings.identity
        if wanted is not None and wanted.lstrip("0") != serial.lstrip("0"):
            text = f"register {serial} answers, the set-up names {wanted}"
            raise Silence(Failure(FailureKind.CONFIGURATION, "identity", text), sent=False)
        number = self._part(storage, lambda entry: entry.fields("fnInfo").text("serial"))
        return Identity(serial, number, model, firmware)

    def look(self, identity: Identity) -> Look:
        self._nothing_blocks()
        # What older drivers may lack comes last: an error ends a request.
        asked = ("getDeviceStatus", "getShiftStatus", "getFnStatus", "getShiftTotals", "ofdExchangeStatus")
        device, shift, storage, sums, exchange = self.run([{"type": name} for name in asked])
        status = self._part(device, lambda entry: entry.fields("deviceStatus"))
        state = self._part(shift, lambda entry: entry.fields("shiftStatus"))
        fd = self._part(storage, lambda entry: entry.fields("fnStatus").integer("fiscalDocumentNumber")) or 0
        word, number = state.text("state"), state.integer("number")
        blocked = status.flag("blocked") is True
        unsent, since = self._unsent(exchange)
        return Look(
            identity=identity.name,
            shift=number,
            shift_open=word != "closed",
            counters={"fd": fd, "shift": number or 0, **self._sums(sums)},
            waiting=Waiting.PERSON if blocked else None,
            shift_expired=word == "expired",
            paper={True: Paper.OK, False: Paper.OUT, None: Paper.UNKNOWN}[status.flag("paperPresent")],
            cover_open=status.flag("coverOpened"),
            clock_at=self.moment(status.optional_text("currentDateTime")),
            shift_opened_at=self._opened(state.optional_text("expiredTime")) if word != "closed" else None,
            unsent=unsent,
            offline=None if unsent is None else unsent > 0,
            offline_since=since,
            person="the register is blocked" if blocked else "",
            model=identity.model,
            firmware=identity.firmware,
        )

    def document(self, number: int) -> Stored | None:
        """A document of the storage; None when it has none of this number."""
        (entry,) = self.run([{"type": "getFnDocument", "fiscalDocumentNumber": number}])
        if entry.state is State.ERROR and entry.code in NOT_IN_STORAGE:
            return None
        return self._part(entry, lambda entry: answers.stored(entry, number))

    def last_number(self) -> int:
        (entry,) = self.run([{"type": "getFnStatus"}])
        return self._part(entry, lambda entry: entry.fields("fnStatus").integer("fiscalDocumentNumber")) or 0

    def moment(self, text: str) -> str | None:
        """ISO 8601 with offset; the set-up's where the driver names none. None for what is no moment."""
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=dt.timezone(self._settings.utc_offset))).isoformat()

    def _opened(self, expires: str) -> str | None:
        """A shift is opened a day before it expires."""
        moment = self.moment(expires)
        return None if moment is None else (dt.datetime.fromisoformat(moment) - SHIFT_LENGTH).isoformat()

    def _unsent(self, entry: Entry) -> tuple[int | None, str | None]:
        """How many documents the OFD has not, and since when."""
        if entry.state is not State.READY:
            return None, None
        count, since = self._part(entry, answers.unsent)
        return count, self.moment(since) if count else None

    def _sums(self, entry: Entry) -> dict[str, int]:
        return self._part(entry, answers.totals) if entry.state is State.READY else {}

    def _nothing_blocks(self) -> None:
        """Behind a blocked request nothing is carried out. Silence."""
        queue = self._channel.queue()
        if queue.blocked:
            kind = FailureKind.PAPER if queue.reason == "paperError" else FailureKind.UNAVAILABLE
            text = f"the server's queue is blocked: {queue.reason or 'no reason told'}, request {queue.uuid}"
            raise Silence(Failure(kind, "blocked", text), sent=False)

    def _part(self, entry: Entry, parse: Callable[[Entry], T]) -> T:
        """A part of a good answer. An error is told as Silence: the register did not answer the question."""
        if entry.state is State.CANCELED:
            text = "the server is busy with something else"
            raise Silence(Failure(FailureKind.NO_ANSWER, "busy", text), sent=False)
        if entry.state is not State.READY:
            raise Silence(errors.driver_failure(entry.code, words=entry.words), sent=False)
        try:
            return parse(entry)
        except AnswerMalformed as malformed:
            raise Silence(Failure(FailureKind.NO_ANSWER, "answer", str(malformed)), sent=True) from malformed
