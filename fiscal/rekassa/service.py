"""One till of reKassa as the shared driver sees it (fiscal/cloud/service.py).

Sources: tests/vectors/rekassa.toml.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

from fiscal.cloud.matching import Found, Missing, Search, Window, ours_among, person
from fiscal.cloud.seen import Seen, document_of
from fiscal.cloud.service import Closed, KeyUsed, Refusal, Registered, Sent, SentClose, ShiftState, Standing
from fiscal.cloud.session import Denied, Granted, Login, Session
from fiscal.documents import Baseline, Document, SeenDocument, ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed, Fields, dump
from fiscal.https.reply import UNPROCESSED, Answer, Lost, Unsent, lost
from fiscal.orders import Order, Prepared
from fiscal.register import Ability, Capabilities, Recovery, RegisterUnavailable
from fiscal.rekassa import answers, codes, request
from fiscal.rekassa.codes import Reaction
from fiscal.rekassa.reading import LOGIN, Reading, error_of
from fiscal.rekassa.settings import FAMILY, Settings

ABILITIES = frozenset(
    {
        Ability.MARKS, Ability.MARK_LIST, Ability.RETURNS, Ability.CASH_MOVES, Ability.X_REPORT, Ability.FIND_BY_KEY,
        Ability.LAST_DOCUMENT, Ability.TELLS_CLOCK, Ability.TELLS_SHIFT_AGE, Ability.TELLS_OFFLINE_AGE,
    }
)  # fmt: skip
SHIFTS_MAX = 10  # Searched for one document; more shifts than this since the order is a case for a person.
SHIFTS_BACK_MAX = 3  # A shift without a document is common, three in a row are a closed shop.
LAST_ID = "last_id"  # Highest number of a document before the order; its name among the counters.


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    password: str
    api_key: str
    pin: str


class RekassaService:
    family = FAMILY

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._pin = secrets.pin
        self.identity = settings.number
        self.settings = settings.cloud
        query = {"apiKey": secrets.api_key, **({"format": "json"} if settings.json_login else {})}
        target = f"{LOGIN}?{urlencode(query, quote_via=quote, safe='')}"
        body = dump({"number": settings.number, "password": secrets.password}).encode()
        self._session = Session(
            settings.base,
            settings.cloud,
            Login(target, body),
            self._read_login,
            scheme="Bearer",
            token_s=settings.token_m * 60.0,
            secrets=(secrets.password, secrets.api_key, secrets.pin),
            transport=transport,
            monotonic=monotonic,
        )
        self._reading = Reading(self._session, settings)

    @property
    def capabilities(self) -> Capabilities:
        repeat = (Recovery.REPEAT,) if self.settings.dedup else ()
        if self._settings.keys_told:
            return Capabilities(FAMILY, ABILITIES, (Recovery.KEY, *repeat))
        return Capabilities(FAMILY, ABILITIES - {Ability.FIND_BY_KEY}, (*repeat, Recovery.COUNTERS))

    def close(self) -> None:
        self._session.close()

    def _read_login(self, answer: Answer) -> Granted | Failure:
        _, told = error_of(answer)
        if told is not None:
            return codes.failure(told.code, told.text, LOGIN)
        if not 200 <= answer.status < 300:
            kind = UNPROCESSED.get(answer.status, FailureKind.UNAVAILABLE)
            return Failure(kind, f"http:{answer.status}", "the login was refused without a code", LOGIN)
        token, facts = answers.token_in(answer.body)
        serial = Fields.of(facts, "").text("serialNumber")
        if serial and serial.upper() != self.identity.upper():
            text = f"the login is of till {serial}, not of {self.identity}"
            return Failure(FailureKind.CONFIGURATION, "identity", text, LOGIN)
        return Granted(token, facts)

    def prepare(self, order: Order, now_ns: int) -> Prepared:
        return request.prepare(order, self._settings, now_ns)

    def standing(self, *, counters: bool) -> Standing:
        state = self._reading.till()
        newest = self._reading.newest(state.shift) if counters and state.shift is not None else None
        return Standing(
            identity=self.identity,
            shift=state.shift,
            shift_open=state.shift_open,
            opened_at=state.opened_at or None,
            counters={LAST_ID: 0 if newest is None else newest.id or 0},
            document_count=state.documents,
            clock_at=self._clock(),
            offline=state.offline,
            offline_since=state.offline_since or None,
            blocked=state.blocked,
        )

    def _clock(self) -> str | None:
        """The service's clock: as the login told it, and what has passed since."""
        granted = self._session.granted()
        return (
            None
            if isinstance(granted, Failure)
            else answers.clock(granted.facts, self._session.age_s(), self._settings)
        )

    def send(self, prepared: Prepared, baseline: Baseline) -> Sent:
        geo = self._settings.geo if prepared.payload["path"] == request.TICKETS else None
        top = self._written(prepared, {} if geo is None else {"X-Geo-Latitude": geo[0], "X-Geo-Longitude": geo[1]})
        if not isinstance(top, Fields):
            return top
        try:
            return Registered(answers.document(top, self._settings))
        except AnswerMalformed as malformed:
            return _rubbish(malformed, prepared)

    def close_shift(self, prepared: Prepared) -> SentClose:
        top = self._written(prepared, {"cash-register-password": self._pin})
        if not isinstance(top, Fields):
            return top
        try:
            report = answers.shift_state(top, self._settings).report
        except AnswerMalformed as malformed:
            return _rubbish(malformed, prepared)
        if report is None:
            return lost("answer", "the answer shows the shift still open", f"/{prepared.payload['path']}")
        return Closed(report)

    def _written(self, prepared: Prepared, headers: Mapping[str, str]) -> Fields | Refusal | KeyUsed | Unsent | Lost:
        """One fiscal request: the object it was answered with, or what else came of it."""
        try:
            path = self._reading.path(prepared.payload["path"])
        except RegisterUnavailable as trouble:
            return Unsent(trouble.failure)
        content: str = prepared.payload["body"]
        reply = self._session.write(path, content.encode(), {"X-Request-ID": prepared.key, **headers})
        if isinstance(reply, Denied):
            return Refusal(reply.failure)
        if not isinstance(reply, Answer):
            return reply
        top, told = error_of(reply)
        if told is not None and (told.code in codes.CODES or reply.status < 500):
            failure, reaction = codes.failure(told.code, told.text, path), codes.row_for(told.code).reaction
            return KeyUsed(failure) if reaction is Reaction.DUPLICATE else Refusal(failure, reaction is Reaction.REFUSE)
        if reply.status in UNPROCESSED:
            # A box on the way may say so of a request that has passed it: looked for, not believed.
            failure = Failure(UNPROCESSED[reply.status], f"http:{reply.status}", "refused without a code", path)
            return Refusal(failure, sure=False)
        if not 200 <= reply.status < 300:
            return lost(f"http:{reply.status}", "the server or a box on the way failed", path)
        return top if isinstance(top, Fields) else _rubbish(top, prepared)

    def search(self, prepared: Prepared, baseline: Baseline, *, used: bool) -> Search:
        top = self._reading.till().shift
        if top is None:
            return Missing("the till has had no shift")
        shifts = range(baseline.shift or 1, top + 1)
        if len(shifts) > SHIFTS_MAX:
            return person("too_many_shifts", f"more than {SHIFTS_MAX} shifts since the order")
        last_id = baseline.extra["counters"][LAST_ID]
        rows = [seen for shift in reversed(shifts) for seen in self._reading.documents(shift, above=last_id)]
        if not self._settings.keys_told:
            at = prepared.payload["at"]  # The document repeats the moment that we sent.
            window = Window(at, at, slack=dt.timedelta(0))
            return ours_among(rows, prepared, prepared.payload.get("marks", ()), window)
        found = self._by_key(rows, prepared, shifts)
        return self._older(prepared, top) if used and isinstance(found, Missing) else found

    def _older(self, prepared: Prepared, top: int) -> Search:
        """Our key has a document, and none since the order: it is older."""
        shifts = range(max(1, top - SHIFTS_MAX + 1), top + 1)
        for shift in reversed(shifts):
            found = self._by_key(list(self._reading.documents(shift)), prepared, shifts)
            if not isinstance(found, Missing):
                return found
        return found

    def _by_key(self, rows: Sequence[Seen], prepared: Prepared, shifts: range) -> Search:
        told = [self._with_key(seen) if _fits(seen, prepared) else seen for seen in rows]
        ours = [seen for seen in told if seen.key == prepared.key]
        if len(ours) > 1:
            return person("several", f"{len(ours)} documents have our key")
        if ours:
            return Found(ours[0])
        keyless = next((seen for seen in told if not seen.key and _fits(seen, prepared)), None)
        if keyless is not None:
            return person("keyless", f"document {keyless.fiscal_sign or keyless.id} has no key and may be ours")
        where = ", ".join(map(str, shifts)) or "none"
        return Missing(f"no document with key {prepared.key} in shifts {where}")

    def _with_key(self, seen: Seen) -> Seen:
        """A row of a list may leave out what the document by its number tells."""
        if seen.key or seen.id is None:
            return seen
        return seen.filled_from(self._reading.document(seen.id))

    def document(self, seen: Seen, prepared: Prepared, baseline: Baseline) -> Document:
        facts = self._reading.facts
        return document_of(seen if facts is None else seen.filled_from(facts), prepared, self.identity)

    def shift(self, number: int) -> ShiftState | None:
        top = self._reading.till().shift
        return None if top is None or number > top else self._reading.shift(number)

    def x_report(self) -> ShiftReport:
        state = self._reading.till()
        if state.shift is None or not state.shift_open:
            raise RegisterUnavailable(Failure(FailureKind.REFUSED, "no_shift", "no shift is open"))
        return self._reading.x_report(state.shift)

    def last_document(self) -> SeenDocument | None:
        top = self._reading.till().shift or 0
        for shift in range(top, max(0, top - SHIFTS_BACK_MAX), -1):
            if (newest := self._reading.newest(shift)) is not None:
                return newest.shown()
        if top > SHIFTS_BACK_MAX:
            raise _too_far_back("document", SHIFTS_BACK_MAX)
        return None

    def find(self, key: str, shift: int | None) -> SeenDocument | None:
        top = self._reading.till().shift or 0
        least = max(1, top - SHIFTS_MAX + 1) if shift is None else max(1, shift)
        for number in range(top, least - 1, -1):
            for seen in self._reading.documents(number):
                if seen.key == key or (not seen.key and self._with_key(seen).key == key):
                    return seen.shown()
        if shift is None and least > 1:
            raise _too_far_back("document with this key", SHIFTS_MAX)
        return None


def _fits(seen: Seen, prepared: Prepared) -> bool:
    return (seen.kind, seen.total_tiyn) == (prepared.kind, prepared.total_tiyn)


def _rubbish(malformed: AnswerMalformed, prepared: Prepared) -> Lost:
    return lost("answer", malformed.text, f"/{prepared.payload['path']} {malformed.place}".strip())


def _too_far_back(what: str, shifts: int) -> RegisterUnavailable:
    text = f"no {what} in the last {shifts} shifts"
    return RegisterUnavailable(Failure(FailureKind.HUMAN, "too_far_back", text))
