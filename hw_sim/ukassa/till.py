"""One till of the service: what was registered under which id and key, and what may be registered now."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hw_sim.cloud_till import CloudTill, Hindrance, local
from hw_sim.exchange import NS
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.ukassa.errors import refused
from hw_sim.ukassa.profile import Profile

_HINDRANCES: Mapping[Hindrance, str] = {
    Hindrance.SHIFT_PERIOD: "Смена открыта более 24 часов",
    Hindrance.OFFLINE_PERIOD: "Касса работает автономно более 72 часов",
}
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """A registered operation, the key and the body that made it."""

    id: int
    document: FiscalDocument
    key: str
    body: Body
    made_ns: int


@dataclass(slots=True)
class Till(CloudTill):
    """The till of one hashline."""

    profile: Profile = field(default_factory=Profile)
    rng: random.Random = field(default_factory=random.Random)
    records: list[Record] = field(default_factory=list)
    reports: dict[int, dict[str, Any]] = field(default_factory=dict)  # Z reports by shift number.

    def local(self, at_ns: int) -> datetime:
        """A moment as the service's clock shows it."""
        return local(at_ns, self.profile.utc_offset_h, self.profile.clock_offset_s)

    def stamp(self, at_ns: int) -> str:
        """`dd.MM.yyyy HH:mm`, local: the form github madiyarb/pawnshop reads."""
        return self.local(at_ns).strftime("%d.%m.%Y %H:%M")

    def require_writable(self, operation: Operation, cash_tiyn: int) -> None:
        """Refuse what the state of the till forbids."""
        hindrance = self.hindrance()
        if hindrance is not None:
            raise refused(_HINDRANCES[hindrance])
        if self.lacks_tiyn(operation, cash_tiyn):
            raise refused("Недостаточно наличных в кассе")

    def with_key(self, key: str) -> Record | None:
        """The operation registered under this key, as long as keys are remembered."""
        window_ns = self.profile.repeat_window_s * NS
        for record in self.records if key else ():
            if record.key == key and not (window_ns and self.now() - record.made_ns > window_ns):
                return record
        return None

    def with_id(self, number: int) -> Record | None:
        return next((record for record in self.records if record.id == number), None)

    def register(self, operation: Operation, total_tiyn: int, key: str, body: Body, **more: Any) -> Record:
        """Keep an operation for ever. `more` goes to the fiscal memory."""
        sign = ""
        if operation.is_receipt:
            sign = self._own_sign() if more.get("offline") else self.ofd.next_sign()
        document = self.memory.register(
            operation, total_tiyn, self.now(), sign=sign, key=key, employee="Cashier", **more
        )
        record = Record(self.profile.first_operation_id + len(self.records), document, key, body, self.now())
        self.records.append(record)
        self.ofd.submit(document)
        return record

    def _own_sign(self) -> str:
        return str(self.rng.randrange(100_000_000_000, 1_000_000_000_000))
