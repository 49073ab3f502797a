"""Driver of a Webkassa cashbox: serves fiscal.register.Register.

What may happen to one order, as the answers steer it:

    sending --data--> done                         --4..10, 17, 18, 255 basis, ...--> refused
            --2, 3--> login --> sending            --11--> Z-report --> sending
            --12, 13--> look --> sending once      --9 "sequential"--> look up --> done, or sending again
            --14--> done after comparing           --silence, rubbish, unknown codes--> unknown

After `Unknown` only `settle` may follow. It asks in every shift the document can be in, three times, a second apart.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

from fiscal.https.turns import lock_of
from fiscal.register import (
    Ability,
    Baseline,
    Capabilities,
    Failure,
    FailureKind,
    FiscalDocument,
    NotCapable,
    NotSent,
    Order,
    Outcome,
    Paper,
    Prepared,
    Recovery,
    RegisterStatus,
    RegisterUnavailable,
    SeenDocument,
    Settlement,
    ShiftReport,
    Unknown,
)
from fiscal.webkassa import request
from fiscal.webkassa.attempt import Attempt
from fiscal.webkassa.channel import Channel
from fiscal.webkassa.looking import Looking
from fiscal.webkassa.reading import Reading
from fiscal.webkassa.search import Search
from fiscal.webkassa.session import Session
from fiscal.webkassa.settings import FAMILY, Settings
from fiscal.webkassa.settle import Settling
from fiscal.webkassa.shifts import Shifts

ABILITIES = frozenset(
    {
        Ability.MARKS, Ability.RETURNS, Ability.CASH_MOVES, Ability.X_REPORT, Ability.FIND_BY_KEY,
        Ability.LAST_DOCUMENT, Ability.TELLS_SHIFT_AGE,
    }
)  # fmt: skip
_NOT_REACHED = (FailureKind.UNAVAILABLE, FailureKind.NO_ANSWER)


class WebkassaRegister:
    """One cashbox. Every call waits for its turn on the cashbox, also across instances in this process."""

    def __init__(
        self,
        settings: Settings,
        *,
        password: str,
        api_key: str,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._channel = Channel(settings, api_key, transport, monotonic)
        self._session = Session(settings, self._channel, password, monotonic, sleep)
        self._shifts = Shifts(self._session)
        self._search = Search(self._session, self._shifts)
        self._looking = Looking(self._shifts, self._search)
        self._lock = lock_of(FAMILY, settings.cashbox)  # Requests that overlap would be code 9.
        self.reading = Reading(self._session, self._shifts, self._lock)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            FAMILY, ABILITIES | ({Ability.MARK_LIST} if self._settings.mark_list else frozenset()), (Recovery.KEY,)
        )

    def close(self) -> None:
        """Close the connections, and the injected transport with them."""
        self._channel.close()

    def prepare(self, order: Order) -> Prepared:
        return request.prepare(order, self._settings)

    def baseline(self) -> Baseline:
        with self._lock:
            state = self._shifts.state()
        extra = {"cash_tiyn": state.cash_tiyn, "protocol": state.protocol}
        return Baseline(
            identity=self._settings.cashbox,
            shift=state.shift,
            shift_open=state.shift_open,
            document_count=state.document_count,
            extra={name: value for name, value in extra.items() if value is not None},
        )

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome:
        if (foreign := self._foreign(prepared, baseline)) is not None:
            return NotSent(foreign)
        with self._lock:
            if prepared.kind == "shift_close":
                return self._shifts.close(prepared.payload["shift"])
            return Attempt(self._session, self._shifts, self._search, prepared, baseline).run()

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        if (foreign := self._foreign(prepared, baseline)) is not None:
            return Unknown(foreign)
        with self._lock:
            return Settling(self._session, self._shifts, self._search, prepared, baseline).run()

    def _foreign(self, prepared: Prepared, baseline: Baseline) -> Failure | None:
        """Why an order is not one of this cashbox: the set-up changed under it, and nothing can be proven here."""
        ours = self._settings.cashbox
        if prepared.family != FAMILY:
            return Failure(FailureKind.HUMAN, "identity", f"the order was made for {prepared.family}", "family")
        if prepared.payload.get("cashbox") != ours or baseline.identity != ours:
            text = f"the order is of cashbox {prepared.payload.get('cashbox')}, this is {ours}"
            return Failure(FailureKind.HUMAN, "identity", text, "cashbox")
        return None

    def x_report(self) -> ShiftReport:
        with self._lock:
            return self._shifts.x_report()

    def status(self) -> RegisterStatus:
        """What cashbox/state tells. Since when the cashbox is offline, what it owes the OFD, its clock: not in it."""
        try:
            with self._lock:
                state = self._shifts.state()
        except RegisterUnavailable as trouble:
            return RegisterStatus(reachable=trouble.failure.kind not in _NOT_REACHED, failure=trouble.failure)
        return RegisterStatus(True, state.shift, state.shift_open, state.shift_opened_at, state.offline)

    def last_document(self) -> SeenDocument | None:
        with self._lock:
            return self._looking.last_document()

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        with self._lock:
            return self._looking.find(key, shift)

    def finish_printing(self) -> Paper:
        raise NotCapable(FAMILY, Ability.PRINTS)

    def reprint(self, document: FiscalDocument) -> Paper:
        raise NotCapable(FAMILY, Ability.REPRINT_ANY)

    def open_drawer(self) -> None:
        raise NotCapable(FAMILY, Ability.DRAWER)
