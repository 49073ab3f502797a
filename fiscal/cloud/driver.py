"""The driver that cloud registers share: serves fiscal.register.Register.

    answered with a document    compared with the order, then done
    answered with a no          refused; a no that leaves doubt is decided by looking
    "the key is used"           look for the document; not found is a doubt, never a refusal
    silence, rubbish            unknown; only settle may follow

Settle asks what the service holds, three times, a second apart, and never sends the order again.
"""

from __future__ import annotations

from collections.abc import Callable

from fiscal.cloud.matching import Found, Missing, Search, Unclear
from fiscal.cloud.seen import Seen, contradiction
from fiscal.cloud.service import Closed, KeyUsed, Refusal, Registered, Service, ShiftState
from fiscal.documents import Baseline, FiscalDocument, Paper, RegisterStatus, SeenDocument, ShiftReport, Waiting
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed
from fiscal.https.reply import Unsent
from fiscal.https.turns import lock_of
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

ROUNDS = 3
ROUND_PAUSE_S = 1.0
NS = 1_000_000_000
READ_NS = "read_ns"  # When a baseline was read, by the till's clock; its name in `Baseline.extra`.
_NOT_REACHED = (FailureKind.UNAVAILABLE, FailureKind.NO_ANSWER)


class CloudRegister:
    """One till of a service. Every call waits for its turn at the till, also across instances in this process."""

    def __init__(self, service: Service, *, now: Callable[[], int], sleep: Callable[[float], None]) -> None:
        self._service = service
        self._now, self._sleep = now, sleep
        self._lock = lock_of(service.family, service.identity)
        self._used: dict[str, Failure] = {}  # Keys the service knows, whose documents could not be told.

    @property
    def capabilities(self) -> Capabilities:
        return self._service.capabilities

    def close(self) -> None:
        """Close the connections, and the injected transport with them."""
        self._service.close()

    def prepare(self, order: Order) -> Prepared:
        return self._service.prepare(order, self._now())

    def baseline(self) -> Baseline:
        with self._lock:
            standing = self._service.standing(counters=True)
        return Baseline(
            identity=standing.identity,
            shift=standing.shift,
            shift_open=standing.shift_open,
            document_count=standing.document_count,
            extra={
                "counters": dict(standing.counters),
                "opened_at": standing.opened_at,
                READ_NS: self._now(),
            },
            clock_at=standing.clock_at,
        )

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome:
        if (foreign := self._foreign(prepared, baseline)) is not None:
            return NotSent(foreign)
        with self._lock:
            if prepared.kind == "shift_close":
                return self._close_shift(prepared)
            sent = self._service.send(prepared, baseline)
            if isinstance(sent, Registered):
                return self._accept(sent.seen, prepared, baseline, recovered=_is_older(sent.seen, baseline))
            if isinstance(sent, Unsent):
                return NotSent(sent.failure)
            if isinstance(sent, Refusal):
                return Refused(sent.failure) if sent.sure else self._after_no(sent.failure, prepared, baseline)
            if isinstance(sent, KeyUsed):
                return self._after_used(sent.failure, prepared, baseline)
            return Unknown(sent.failure)

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        if (foreign := self._foreign(prepared, baseline)) is not None:
            return Unknown(foreign)
        with self._lock:
            if prepared.kind == "shift_close":
                return self._rounds(lambda: self._settle_shift(prepared.payload["shift"]))
            return self._rounds(lambda: self._settle(prepared, baseline))

    def _foreign(self, prepared: Prepared, baseline: Baseline) -> Failure | None:
        """Why an order is not one of this till: the set-up changed under it, and nothing can be proven here."""
        family, ours = self._service.family, self._service.identity
        if prepared.family != family:
            return Failure(FailureKind.HUMAN, "identity", f"the order was made for {prepared.family}", "family")
        if prepared.payload.get("register") != ours or baseline.identity != ours:
            text = f"the order is of register {prepared.payload.get('register')}, this is {ours}"
            return Failure(FailureKind.HUMAN, "identity", text, "register")
        return None

    def _accept(self, seen: Seen, prepared: Prepared, baseline: Baseline, *, recovered: bool) -> Done | Unknown:
        if (against := contradiction(seen, prepared, self._service.identity)) is not None:
            return Unknown(against)
        try:
            return Done(self._service.document(seen, prepared, baseline), recovered=recovered)
        except AnswerMalformed as malformed:
            return Unknown(Failure(FailureKind.NO_ANSWER, "answer", malformed.text, malformed.place))

    def _after_no(self, failure: Failure, prepared: Prepared, baseline: Baseline) -> Outcome:
        found = self._looked_for(prepared, baseline, used=False)
        if isinstance(found, Missing):
            return Refused(failure)
        return self._found(found, prepared, baseline)

    def _after_used(self, failure: Failure, prepared: Prepared, baseline: Baseline) -> Outcome:
        found = self._looked_for(prepared, baseline, used=True)
        if not isinstance(found, Missing):
            return self._found(found, prepared, baseline)
        self._used[prepared.key] = failure
        return Unknown(_used_but_not_shown(failure, found))

    def _settle(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        used = self._used.get(prepared.key)
        found = self._search(prepared, baseline, used=used is not None)
        if not isinstance(found, Missing):
            return self._found(found, prepared, baseline)
        if used is not None:
            return Unknown(_used_but_not_shown(used, found))
        settings = self._service.settings
        if not settings.dedup and self._now() - baseline.extra[READ_NS] < settings.late_s * NS:
            text = f"{found.evidence}; a request may be carried out until {settings.late_s:g} s after the order"
            return Unknown(Failure(FailureKind.NO_ANSWER, "late", text))
        return Absent(found.evidence)

    def _looked_for(self, prepared: Prepared, baseline: Baseline, *, used: bool) -> Search:
        """A list may lag behind: what is missing is missing three times."""
        found = self._search(prepared, baseline, used=used)
        for _ in range(ROUNDS - 1):
            if not isinstance(found, Missing):
                return found
            self._sleep(ROUND_PAUSE_S)
            found = self._search(prepared, baseline, used=used)
        return found

    def _search(self, prepared: Prepared, baseline: Baseline, *, used: bool) -> Search:
        try:
            return self._service.search(prepared, baseline, used=used)
        except RegisterUnavailable as trouble:
            return Unclear(trouble.failure)

    def _found(self, found: Found | Unclear, prepared: Prepared, baseline: Baseline) -> Done | Unknown:
        if isinstance(found, Unclear):
            return Unknown(found.failure)
        self._used.pop(prepared.key, None)
        if prepared.total_tiyn and found.seen.total_tiyn is None:
            text = f"document {found.seen.fiscal_sign or found.seen.id} does not tell its sum"
            return Unknown(Failure(FailureKind.NO_ANSWER, "no_total", text))
        return self._accept(found.seen, prepared, baseline, recovered=True)

    def _rounds(self, ask: Callable[[], Settlement]) -> Settlement:
        """What is missing is missing three times; a document that is there decides at once."""
        settlement = ask()
        for _ in range(ROUNDS - 1):
            if isinstance(settlement, Done) or _is_final(settlement):
                return settlement
            self._sleep(ROUND_PAUSE_S)
            settlement = ask()
        return settlement

    def _close_shift(self, prepared: Prepared) -> Outcome:
        """A Z-report of this shift and of no other: a repeat must not close the next one."""
        number: int = prepared.payload["shift"]
        try:
            state = self._service.shift(number)
        except RegisterUnavailable as trouble:
            return NotSent(trouble.failure)
        if state is None:
            return Refused(Failure(FailureKind.REFUSED, "no_shift", f"shift {number} is not open"))
        if state.report is not None:
            return Done(state.report, recovered=True)
        sent = self._service.close_shift(prepared)
        if isinstance(sent, Closed):
            if sent.report.shift == number:
                return Done(sent.report)
            text = f"shift {sent.report.shift} was closed, ours is {number}"
            return Unknown(Failure(FailureKind.HUMAN, "other_shift", text))
        if isinstance(sent, Unsent):
            return NotSent(sent.failure)
        if isinstance(sent, Refusal | KeyUsed):
            # Somebody may have closed it meanwhile, which is all that was wanted.
            settled = self._settle_shift(number)
            return Refused(sent.failure) if isinstance(settled, Absent) else settled
        return Unknown(sent.failure)

    def _settle_shift(self, number: int) -> Settlement:
        state: ShiftState | None
        try:
            state = self._service.shift(number)
        except RegisterUnavailable as trouble:
            return Unknown(trouble.failure)
        if state is None:
            return Unknown(Failure(FailureKind.HUMAN, "no_shift", f"the till does not know shift {number}"))
        return Absent(f"shift {number} is open") if state.report is None else Done(state.report, recovered=True)

    def x_report(self) -> ShiftReport:
        with self._lock:
            return self._service.x_report()

    def status(self) -> RegisterStatus:
        try:
            with self._lock:
                standing = self._service.standing(counters=False)
        except RegisterUnavailable as trouble:
            return RegisterStatus(reachable=trouble.failure.kind not in _NOT_REACHED, failure=trouble.failure)
        return RegisterStatus(
            reachable=True,
            shift=standing.shift,
            shift_open=standing.shift_open,
            shift_opened_at=standing.opened_at,
            offline=standing.offline,
            failure=standing.blocked,
            offline_since=standing.offline_since,
            clock_at=standing.clock_at,
            waits_for=None if standing.blocked is None else Waiting.PERSON,
        )

    def last_document(self) -> SeenDocument | None:
        with self._lock:
            return self._service.last_document()

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        if Ability.FIND_BY_KEY not in self.capabilities.can:
            raise NotCapable(self._service.family, Ability.FIND_BY_KEY)
        with self._lock:
            return self._service.find(key, shift)

    def finish_printing(self) -> Paper:
        raise NotCapable(self._service.family, Ability.PRINTS)

    def reprint(self, document: FiscalDocument) -> Paper:
        raise NotCapable(self._service.family, Ability.REPRINT_ANY)

    def open_drawer(self) -> None:
        raise NotCapable(self._service.family, Ability.DRAWER)


def _is_older(seen: Seen, baseline: Baseline) -> bool:
    """Whether the answer is a document of before the order: the key was used, and the service says for what."""
    last = baseline.extra.get("counters", {}).get("last_id")
    return seen.id is not None and last is not None and seen.id <= last


def _used_but_not_shown(failure: Failure, missing: Missing) -> Failure:
    """The service may still be at work on the first request, so asking goes on."""
    text = f"the service knows our key, yet there is {missing.evidence}"
    return Failure(FailureKind.NO_ANSWER, failure.code, text, failure.place)


def _is_final(settlement: Settlement) -> bool:
    """What no further question can change, or only after a longer while."""
    if not isinstance(settlement, Unknown):
        return False
    failure = settlement.failure
    return failure.kind in (FailureKind.KEY_COLLISION, FailureKind.HUMAN) or failure.code == "late"
