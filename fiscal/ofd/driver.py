"""Driver of a register in software over protocol 2.0.3: serves fiscal.register.Register.

For testing and certified integrators: who runs it is the maker of a cash register, with a register's duties. Nothing
is ever unknown here for long: a document is with the operator, or it is made autonomously and waits in the queue, and
the store knows which by our key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fiscal import checks
from fiscal.checks import Limits
from fiscal.documents import Baseline, Document, FiscalDocument, Paper, RegisterStatus, SeenDocument
from fiscal.documents import ShiftReport as Report
from fiscal.failures import Failure, FailureKind
from fiscal.ofd import papers, requests, words
from fiscal.ofd.books import Counts, Wanted
from fiscal.ofd.counters import cash_tiyn_of, of_cash, of_receipt
from fiscal.ofd.kkm import SoftwareKkm
from fiscal.ofd.settings import FAMILY, Settings
from fiscal.ofd.state import Doc, Kkm, Stage
from fiscal.ofd.store import Store, StoreBroken
from fiscal.ofd.words import OPERATIONS, PLACEMENTS, Command
from fiscal.orders import CashMove, Order, OrderInvalid, Prepared, Receipt, ShiftClose
from fiscal.register import (
    Ability,
    Absent,
    Capabilities,
    Done,
    NotCapable,
    NotSent,
    Outcome,
    Recovery,
    Refused,
    RegisterUnavailable,
    Settlement,
    Unknown,
)

NS = 1_000_000_000
ABILITIES = frozenset(
    {
        Ability.MARKS, Ability.MARK_LIST, Ability.RETURNS, Ability.CASH_MOVES, Ability.X_REPORT, Ability.FIND_BY_KEY,
        Ability.LAST_DOCUMENT, Ability.TELLS_CLOCK, Ability.TELLS_SHIFT_AGE, Ability.TELLS_OFFLINE_AGE,
    }
)  # fmt: skip
QUANTITY_MILLI_MAX = 2**31 - 1
UNDECIDED = (Stage.SENDING, Stage.DOUBT)


CAPABILITIES = Capabilities(FAMILY, ABILITIES, (Recovery.KEY, Recovery.REPEAT), test_only=True)


class OfdRegister:
    """One register in software. Every call waits for its turn."""

    def __init__(self, settings: Settings, store: Store, kkm: SoftwareKkm, now: Callable[[], int]) -> None:
        self._settings = settings
        self._store = store
        self._kkm = kkm
        self._now = now
        self._limits = Limits(FAMILY, quantity_milli_max=QUANTITY_MILLI_MAX)
        self._lock = threading.RLock()

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def close(self) -> None:
        self._kkm.close()
        self._store.close()

    def prepare(self, order: Order) -> Prepared:
        settings = self._settings
        if isinstance(order, Receipt):
            sums = checks.receipt(order, self._limits)
            adds = of_receipt(order, sums.total_tiyn, sums.change_tiyn, settings.section, settings.percent_scale)
            payload = {
                "command": int(Command.TICKET),
                "body": requests.ticket(order, sums, settings),
                "adds": adds,
                "cash_tiyn": cash_tiyn_of(order, sums.total_tiyn, sums.change_tiyn),
                "offline_counter": f"ticket.{OPERATIONS[order.operation]}.offline",
            }
            return self._prepared(order.key, str(order.operation), sums.total_tiyn, payload)
        if isinstance(order, CashMove):
            checks.cash_move(order, self._limits)
            payload = {
                "command": int(Command.MONEY_PLACEMENT),
                "body": {**requests.money_placement(order), "operator": requests.operator("", settings)},
                "adds": of_cash(order),
                "cash_tiyn": cash_tiyn_of(order, order.sum_tiyn, 0),
                "offline_counter": f"place.{PLACEMENTS[order.direction]}.offline",
            }
            return self._prepared(order.key, f"cash_{order.direction}", order.sum_tiyn, payload)
        checks.shift(order)
        if not isinstance(order, ShiftClose):
            raise OrderInvalid("order", "a shift opens with its first document")
        body = {"operator": requests.operator("", settings)}
        payload = {"command": int(Command.CLOSE_SHIFT), "body": body, "shift": order.shift}
        return self._prepared(order.key, "shift_close", 0, payload)

    def _prepared(self, key: str, kind: str, total: int, payload: Mapping[str, Any]) -> Prepared:
        return Prepared(key, FAMILY, kind, total, {**payload, "serial": self._settings.serial})

    def baseline(self) -> Baseline:
        with self._turn():
            trouble = self._kkm.catch_up()
            kkm = self._kkm.state
        if trouble is not None and trouble.kind is FailureKind.UNAVAILABLE:
            raise RegisterUnavailable(trouble)
        return Baseline(
            identity=self._settings.serial,
            shift=kkm.shift or None,
            shift_open=kkm.opened_ns is not None,
            document_count=kkm.documents,
            extra={"reqnum": kkm.reqnum},
            clock_at=words.iso(self._now(), self._settings.utc_offset),
        )

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome:
        if (foreign := self._foreign(prepared)) is not None:
            return NotSent(foreign)
        with self._lock:
            try:
                known = self._store.by_key(prepared.key)
                if known is not None and known.stage is not Stage.REFUSED:
                    return self._known(known, prepared)
                refusal = self._kkm.catch_up() or self._refusal(prepared, self._kkm.state)
                if refusal is not None:
                    return NotSent(refusal)
                return self._outcome(self._kkm.make(_wanted(prepared)), prepared)
            except StoreBroken as broken:
                return Unknown(_broken(broken))

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        if (foreign := self._foreign(prepared)) is not None:
            return Unknown(foreign)
        with self._lock:
            try:
                known = self._store.by_key(prepared.key)
                if known is None or known.stage is Stage.REFUSED:
                    return Absent("the register's memory has nothing under this key")
                outcome = self._known(known, prepared)
            except StoreBroken as broken:
                return Unknown(_broken(broken))
        return Absent(outcome.failure.text) if isinstance(outcome, Refused | NotSent) else outcome

    def _known(self, doc: Doc, prepared: Prepared) -> Outcome:
        """A document our key has already: decided, or taken up where it was left."""
        if (doc.kind, doc.total_tiyn) != (prepared.kind, prepared.total_tiyn):
            text = f"key {doc.key} names a {doc.kind} of {doc.total_tiyn} tiyn, ours is {prepared.total_tiyn}"
            return Unknown(Failure(FailureKind.KEY_COLLISION, "key_collision", text))
        if doc.stage is Stage.SENDING:
            return self._outcome(self._kkm.finish(doc), prepared, recovered=True)
        if doc.stage is Stage.DOUBT:
            return Unknown(Failure(FailureKind.HUMAN, "ofd:doubt", doc.note))
        return Done(self._document(doc), recovered=True)

    def _outcome(self, made: Doc | Failure, prepared: Prepared, *, recovered: bool = False) -> Outcome:
        if isinstance(made, Doc):
            return Done(self._document(made), recovered=recovered)
        return Unknown(made) if made.kind in (FailureKind.HUMAN, FailureKind.NO_ANSWER) else Refused(made)

    def _foreign(self, prepared: Prepared) -> Failure | None:
        if prepared.family != FAMILY:
            return Failure(FailureKind.HUMAN, "identity", f"the order was made for {prepared.family}", "family")
        serial = prepared.payload.get("serial")
        if serial != self._settings.serial:
            text = f"the order is of register {serial}, this is {self._settings.serial}"
            return Failure(FailureKind.HUMAN, "identity", text, "serial")
        return None

    def _refusal(self, prepared: Prepared, kkm: Kkm) -> Failure | None:
        """What the register itself refuses, as a register does: before anything is sent."""
        if prepared.kind == "shift_close":
            if kkm.opened_ns is None or kkm.shift != prepared.payload["shift"]:
                return Failure(FailureKind.REFUSED, "no_shift", f"shift {prepared.payload['shift']} is not open")
            return None
        if kkm.opened_ns is not None and self._now() - kkm.opened_ns > self._settings.shift_h * 3600 * NS:
            return Failure(FailureKind.SHIFT_EXPIRED, "shift_expired", f"the shift is over {self._settings.shift_h} h")
        if kkm.cash_tiyn + prepared.payload["cash_tiyn"] < 0:
            return Failure(FailureKind.REFUSED, "no_cash", f"{kkm.cash_tiyn} tiyn are in the drawer")
        return None

    def _document(self, doc: Doc) -> Document:
        kkm, newest = self._kkm.state, self._store.newest()
        # What was in the drawer after an older one is not kept.
        balance = kkm.cash_tiyn if newest is not None and newest.number == doc.number else None
        return papers.document(doc, self._settings, kkm.facts, balance)

    def x_report(self) -> Report:
        with self._turn():
            kkm, at_ns = self._kkm.state, self._now()
            if kkm.opened_ns is None:
                raise RegisterUnavailable(Failure(FailureKind.REFUSED, "no_shift", "no shift is open"))
            report = self._kkm.report(kkm, at_ns)
        at = words.iso(at_ns, self._settings.utc_offset)
        return papers.report(report, None, at, closed=False, raw={}, offline=kkm.offline_since_ns is not None)

    def status(self) -> RegisterStatus:
        """Also the moment to hand over what waits, when its pause is over."""
        try:
            with self._lock:
                trouble = self._kkm.catch_up()
                kkm, waiting = self._kkm.state, len(self._store.queue())
        except StoreBroken as broken:
            return RegisterStatus(reachable=False, failure=_broken(broken))
        offset = self._settings.utc_offset
        return RegisterStatus(
            reachable=trouble is None,
            shift=kkm.shift or None,
            shift_open=kkm.opened_ns is not None,
            shift_opened_at=None if kkm.opened_ns is None else words.iso(kkm.opened_ns, offset),
            offline=kkm.offline_since_ns is not None,
            failure=trouble,
            offline_since=None if kkm.offline_since_ns is None else words.iso(kkm.offline_since_ns, offset),
            unsent=waiting,
            clock_at=words.iso(self._now(), offset),
        )

    def last_document(self) -> SeenDocument | None:
        with self._turn():
            newest = self._store.newest()
        return None if newest is None else papers.seen(newest, self._settings)

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        with self._turn():
            found = self._store.by_key(key)
        exists = found is not None and found.stage not in (Stage.REFUSED, *UNDECIDED)
        return papers.seen(found, self._settings) if found is not None and exists else None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A question in its turn. RegisterUnavailable when the fiscal memory fails."""
        with self._lock:
            try:
                yield
            except StoreBroken as broken:
                raise RegisterUnavailable(_broken(broken)) from broken

    def finish_printing(self) -> Paper:
        raise NotCapable(FAMILY, Ability.PRINTS)

    def reprint(self, document: FiscalDocument) -> Paper:
        raise NotCapable(FAMILY, Ability.REPRINT_ANY)

    def open_drawer(self) -> None:
        raise NotCapable(FAMILY, Ability.DRAWER)


def _wanted(prepared: Prepared) -> Wanted:
    payload = prepared.payload
    return Wanted(
        key=prepared.key,
        kind=prepared.kind,
        command=Command(payload["command"]),
        body=payload["body"],
        total_tiyn=prepared.total_tiyn,
        counts=Counts(payload.get("adds", {}), payload.get("cash_tiyn", 0), payload.get("offline_counter", "")),
    )


def _broken(broken: StoreBroken) -> Failure:
    return Failure(FailureKind.DEVICE, "ofd:store", str(broken))
