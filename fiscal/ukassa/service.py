"""One till of uKassa as the shared driver sees it (fiscal/cloud/service.py).

Sources: tests/vectors/ukassa.toml.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import httpx

from fiscal.cloud.matching import Search
from fiscal.cloud.seen import Seen, document_of
from fiscal.cloud.service import Closed, KeyUsed, Refusal, Registered, Sent, SentClose, ShiftState, Standing
from fiscal.cloud.session import Denied, Granted, Login, Session
from fiscal.documents import Baseline, Document, SeenDocument, ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed, Fields, dump, plain
from fiscal.https.reply import UNPROCESSED, Answer, Lost, Unsent, lost
from fiscal.orders import Order, Prepared
from fiscal.register import Ability, Capabilities, NotCapable, Recovery, RegisterUnavailable
from fiscal.ukassa import answers, request
from fiscal.ukassa.answers import ShiftRow
from fiscal.ukassa.reading import LOGIN, Reading, refused
from fiscal.ukassa.recovery import KINDS, cash_seen, search
from fiscal.ukassa.settings import FAMILY, Settings

ABILITIES = frozenset(
    {Ability.RETURNS, Ability.CASH_MOVES, Ability.X_REPORT, Ability.LAST_DOCUMENT, Ability.TELLS_SHIFT_AGE}
)
MARKS = frozenset({Ability.MARKS, Ability.MARK_LIST})
SHIFTS_BACK_MAX = 3  # A shift without a receipt is common, three in a row are a closed shop.


@dataclass(frozen=True, slots=True)
class Answered:
    """The service's answer to a fiscal request, when it is good."""

    value: Any


class UkassaService:
    family = FAMILY

    def __init__(
        self,
        settings: Settings,
        password: str,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self.identity = settings.hashline
        self.settings = settings.cloud
        facts = {"email": settings.email, "password": password, "hashline": settings.hashline}
        login = Login(LOGIN, dump(facts).encode())
        if settings.form_login:
            login = Login(LOGIN, urlencode(facts).encode(), "application/x-www-form-urlencoded")
        self._session = Session(
            settings.origin,
            settings.cloud,
            login,
            _read_login,
            scheme="Token",
            token_s=None,  # How long it lives is not published; its end is told with 401.
            secrets=(password,),
            transport=transport,
            monotonic=monotonic,
        )
        self._reading = Reading(self._session, settings)

    @property
    def capabilities(self) -> Capabilities:
        recovery = (Recovery.REPEAT, Recovery.COUNTERS) if self.settings.dedup else (Recovery.COUNTERS,)
        can = ABILITIES if self._settings.v1 else ABILITIES | MARKS
        return Capabilities(FAMILY, can, recovery, returns_need_basis=False)

    def close(self) -> None:
        self._session.close()

    def prepare(self, order: Order, now_ns: int) -> Prepared:
        return request.prepare(order, self._settings, now_ns)

    def standing(self, *, counters: bool) -> Standing:
        newest = _newest(self._reading.shifts())
        if newest is None or not newest.open or not counters:
            return Standing(
                identity=self.identity,
                shift=None if newest is None else newest.number,
                shift_open=newest is not None and newest.open,
                opened_at=newest.opened_at or None if newest is not None and newest.open else None,
                counters={},
            )
        report = self._reading.x_report()
        if report.shift.shift != newest.number:
            text = f"shift {newest.number} is open, the report is of {report.shift.shift}"
            raise RegisterUnavailable(Failure(FailureKind.NO_ANSWER, "answer", text, request.X_REPORT))
        counted = {kind: report.counted[kind].count for kind in KINDS}
        sums = {f"{kind}_tiyn": report.counted[kind].sum_tiyn for kind in KINDS}
        return Standing(
            identity=self.identity,
            shift=newest.number,
            shift_open=True,
            opened_at=newest.opened_at or report.shift.opened_at,
            counters={**counted, **sums},
            document_count=report.shift.document_count,
            clock_at=report.shift.at,
        )

    def send(self, prepared: Prepared, baseline: Baseline) -> Sent:
        sent = self._written(prepared)
        if isinstance(sent, Refusal):
            return replace(sent, failure=self._shift_expired(sent.failure) or sent.failure)
        if not isinstance(sent, Answered):
            return sent
        try:
            if prepared.kind.startswith("cash_"):
                return Registered(_cash(prepared, sent.value))
            return Registered(answers.receipt(answers.inside(sent.value), self._settings))
        except AnswerMalformed as malformed:
            return lost("answer", malformed.text, f"{prepared.payload['path']} {malformed.place}".strip())

    def _written(self, prepared: Prepared) -> Answered | Refusal | KeyUsed | Unsent | Lost:
        """One fiscal request: what it was answered with, or what else came of it."""
        path, body = prepared.payload["path"], prepared.payload["body"]
        headers = {self._settings.key_header: prepared.payload["key"]}
        reply = self._session.write(path, body.encode(), headers)
        if isinstance(reply, Denied):
            return Refusal(reply.failure)
        if not isinstance(reply, Answer):
            return reply
        value, wrong = _value_in(reply)
        if 200 <= reply.status < 300:
            return Answered(value) if wrong is None else lost("answer", wrong.text, path)
        failure = refused(reply.status, value, path)
        if reply.status == 409:
            return KeyUsed(replace(failure, kind=FailureKind.NO_ANSWER))
        if 400 <= reply.status < 500 and isinstance(value, Mapping):
            known = reply.status in UNPROCESSED or reply.status == 429
            kind = failure.kind if known else FailureKind.REFUSED
            return Refusal(replace(failure, kind=kind), sure=known)
        if reply.status in UNPROCESSED:
            # A box on the way may say so of a request that has passed it: looked for, not believed.
            return Refusal(failure, sure=False)
        return lost(f"http:{reply.status}", "the server or a box on the way failed", path)

    def _shift_expired(self, failure: Failure) -> Failure | None:
        """The service has no code for it, only a sentence: a refusal in a shift of more than a day is taken for it."""
        if failure.kind is not FailureKind.REFUSED:
            return None
        try:
            standing = self.standing(counters=True)
        except RegisterUnavailable:
            return None
        if not (standing.shift_open and standing.opened_at and standing.clock_at):
            return None
        age = dt.datetime.fromisoformat(standing.clock_at) - dt.datetime.fromisoformat(standing.opened_at)
        expired = age >= dt.timedelta(hours=self._settings.shift_h)
        return replace(failure, kind=FailureKind.SHIFT_EXPIRED) if expired else None

    def search(self, prepared: Prepared, baseline: Baseline, *, used: bool) -> Search:
        return search(self._reading, prepared, baseline)

    def document(self, seen: Seen, prepared: Prepared, baseline: Baseline) -> Document:
        known = seen
        if not (known.at and known.number and known.qr and known.shift_ref) and known.id is not None:
            known = self._read_besides(known)
        if known.shift is None:
            known = replace(known, shift=self._shift_of(known, baseline))
        known = replace(known, at=known.at or prepared.payload["at"])
        facts = self._reading.facts()
        return document_of(known if facts is None else known.filled_from(facts), prepared, self.identity)

    def _read_besides(self, seen: Seen) -> Seen:
        """What the answer left out. The document stands, whether more of it can be read or not."""
        try:
            more = self._reading.operation(seen.id or 0)
        except RegisterUnavailable:
            return seen
        return seen.filled_from(more) if more.fiscal_sign == seen.fiscal_sign else seen

    def _shift_of(self, seen: Seen, baseline: Baseline) -> int:
        """The number of a document's shift: as the list says, or the only one it can be."""
        if seen.shift_ref is None and baseline.shift_open and baseline.shift is not None:
            return baseline.shift
        number = None if seen.shift_ref is None else self._reading.number_of(seen.shift_ref)
        if number is not None:
            return number
        try:
            newest = _newest(self._reading.shifts())
        except RegisterUnavailable:
            newest = None
        if seen.shift_ref is not None and (number := self._reading.number_of(seen.shift_ref)) is not None:
            return number
        if newest is not None:
            return newest.number
        return (baseline.shift or 0) + (0 if baseline.shift_open else 1)

    def shift(self, number: int) -> ShiftState | None:
        row = next((row for row in self._reading.shifts() if row.number == number), None)
        if row is None:
            return None
        return ShiftState(number, None if row.open else self._reading.z_report(row).shift)

    def close_shift(self, prepared: Prepared) -> SentClose:
        sent = self._written(prepared)
        if not isinstance(sent, Answered):
            return sent
        path = prepared.payload["path"]
        try:
            number = answers.closed_shift(sent.value)
            state = None if number is None else self.shift(number)
        except AnswerMalformed as malformed:
            return lost("answer", malformed.text, f"{path} {malformed.place}".strip())
        except RegisterUnavailable as trouble:
            return Lost(trouble.failure)
        if state is None or state.report is None:
            return lost("answer", "the answer shows no closed shift", path)
        return Closed(state.report)

    def x_report(self) -> ShiftReport:
        newest = _newest(self._reading.shifts())
        if newest is None or not newest.open:
            raise RegisterUnavailable(Failure(FailureKind.REFUSED, "no_shift", "no shift is open"))
        return self._reading.x_report().shift

    def last_document(self) -> SeenDocument | None:
        """The newest receipt; cash moves stand in no list."""
        shifts = self._reading.shifts()
        for row in reversed(shifts[-SHIFTS_BACK_MAX:]):
            receipts = [seen for seen in self._reading.operations(row) if seen.fiscal_sign]
            if receipts:
                whole = self._reading.operation(receipts[0].id or 0).filled_from(receipts[0])
                return replace(whole, shift=row.number).shown()
        if len(shifts) > SHIFTS_BACK_MAX:
            text = f"no receipt in the last {SHIFTS_BACK_MAX} shifts"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "too_far_back", text))
        return None

    def find(self, key: str, shift: int | None) -> SeenDocument | None:
        raise NotCapable(FAMILY, Ability.FIND_BY_KEY)  # No answer tells a key.


def _newest(shifts: list[ShiftRow]) -> ShiftRow | None:
    """The open shift, or the last one."""
    return max(shifts, key=lambda row: (row.open, row.number), default=None)


def _cash(prepared: Prepared, value: Any) -> Seen:
    """A cash move that was registered; its answer has been seen to be a sentence and nothing more."""
    told = Fields.of(value, "")
    if not told.optional_text("message") and told.get("id", "data")[1] is None:
        raise AnswerMalformed("message", "is missing")
    return cash_seen(prepared, plain(value))


def _value_in(answer: Answer) -> tuple[Any, AnswerMalformed | None]:
    """The value an answer holds, or what is wrong with it."""
    try:
        return answers.loaded(answer.body), None
    except AnswerMalformed as malformed:
        return None, malformed


def _read_login(answer: Answer) -> Granted | Failure:
    value, wrong = _value_in(answer)
    if not 200 <= answer.status < 300:
        failure = refused(answer.status, value, LOGIN)
        denied = failure.kind in (FailureKind.REFUSED, FailureKind.INVALID)
        return replace(failure, kind=FailureKind.CONFIGURATION) if denied else failure
    if wrong is not None:
        raise wrong
    token = answers.token_in(value)
    return Granted(token, value if isinstance(value, dict) else {})
