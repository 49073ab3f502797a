"""The rigs of reKassa and uKassa, each also at a service that protects nothing by its key."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recovery_rigs import HttpRig
from recovery_shop import NotLet

from hw_sim.cloud_service import CloudService
from hw_sim.exchange import NS, SimRequest
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.rekassa import Repeats as RekassaRepeats
from hw_sim.rekassa import make as make_rekassa
from hw_sim.ukassa import Repeats as UkassaRepeats
from hw_sim.ukassa import make as make_ukassa
from pos_agent.clock import VirtualClock

ALMATY = dt.timezone(dt.timedelta(hours=5))


class CloudRig(HttpRig):
    """A service with one till, whose fiscal memory is the judge."""

    server: CloudService
    has_clock = True

    def registered(self) -> Sequence[FiscalDocument]:
        return [document for document in self.server.memory.documents if document.operation.is_receipt]

    def closed_shifts(self) -> int:
        return len(self.server.memory.closed)

    def cash_moves(self, kind: str) -> int:
        return self.server.memory.counts[Operation(kind)]

    def set_clock_off(self, seconds: float) -> None:
        self.server.switches["clock_offset_s"](seconds)

    def _sent_elsewhere(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """What a second program with the same login sends, and is answered."""
        reply = self.server.handle(SimRequest("POST", path, headers, json.dumps(body).encode()))
        return self._answered(reply)

    def _now_s(self) -> int:
        return self.clock.now_ns() // NS


class RekassaRig(CloudRig):
    name = "rekassa"
    decisive = "/crs/1042/tickets"
    url = "rekassa+https://app.rekassa.kz?number=RK00000001"
    secrets: Mapping[str, str] = {
        "rekassa_password": "integration",
        "rekassa_api_key": "sim-partner-key",
        "rekassa_pin": "1234",
    }
    tells_apart = True
    profile: Mapping[str, Any] = {}

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make_rekassa(clock.now_ns, random.Random(5), **self.profile))

    def _elsewhere(self, path: str, body: Mapping[str, Any], **headers: str) -> None:
        login = {"number": "RK00000001", "password": "integration"}
        granted = self._sent_elsewhere("/api/auth/login?apiKey=sim-partner-key&format=json", login, {})
        given = {"authorization": f"Bearer {granted['token']}", **headers}
        self._sent_elsewhere(f"/api/crs/1042/{path}", body, given)

    def ring_up_elsewhere(self) -> None:
        one, at = {"bills": "1", "coins": 0}, dt.datetime.fromtimestamp(self._now_s(), ALMATY)
        commodity = {
            "name": "Спички",
            "sectionCode": "1",
            "quantity": 1000,
            "price": one,
            "sum": one,
            "measureUnitCode": "796",
        }
        body = {
            "operation": "OPERATION_SELL",
            "dateTime": {
                "date": {"year": at.year, "month": at.month, "day": at.day},
                "time": {"hour": at.hour, "minute": at.minute, "second": at.second},
            },
            "domain": {"type": "DOMAIN_TRADING"},
            "items": [{"type": "ITEM_TYPE_COMMODITY", "commodity": commodity}],
            "payments": [{"type": "PAYMENT_CASH", "sum": one}],
            "amounts": {"total": one, "taken": one, "change": {"bills": "0", "coins": 0}},
        }
        self._elsewhere("tickets", body, **{"x-request-id": f"elsewhere-{self._now_s()}"})

    def close_shift_elsewhere(self) -> None:
        shift = self.server.memory.shift
        if shift is None:
            raise NotLet("no shift is open")
        self._elsewhere(f"shifts/{shift.number}/close", {}, **{"cash-register-password": "1234"})


class RekassaBareRig(RekassaRig):
    """A service that registers a key again, and a till that is told not to trust in keys at all."""

    name = "rekassa-bare"
    url = f"{RekassaRig.url}&dedup=no&keys=none"
    profile: Mapping[str, Any] = {"repeats": RekassaRepeats.REGISTER}
    pause_s = 60.0  # Nothing is called absent before the 300 s are over in which a request may still be carried out.


class UkassaRig(CloudRig):
    name = "ukassa"
    decisive = "/v2/operation/ticket/"
    url = "ukassa+https://ukassa.kz?hashline=UK00000001&kassa=3868&section=5&email=till@example.kz"
    secrets: Mapping[str, str] = {"ukassa_password": "integration"}
    tells_apart = True  # By its marks.
    profile: Mapping[str, Any] = {}

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make_ukassa(clock.now_ns, random.Random(5), **self.profile))

    def _elsewhere(self, path: str, body: Mapping[str, Any], **headers: str) -> None:
        login = {"email": "till@example.kz", "password": "integration", "hashline": "UK00000001"}
        granted = self._sent_elsewhere("/api/auth/login/", login, {})
        given = {"authorization": f"Token {granted['auth_token']}", **headers}
        self._sent_elsewhere(f"/api/{path}", body, given)

    def ring_up_elsewhere(self) -> None:
        item = {
            "name": "Спички",
            "price": 1,
            "quantity": 1,
            "total_amount": 1,
            "quantity_type": 796,
            "is_nds": False,
            "section": 5,
        }
        payment = {"payment_type": 0, "total": 1, "amount": 1}
        body = {"operation": 2, "kassa": 3868, "payments": [payment], "items": [item], "total_amount": 1}
        self._elsewhere("v2/operation/ticket/", {**body, "as_html": False})

    def close_shift_elsewhere(self) -> None:
        self._elsewhere("kassa/close_z_shift/", {"kassa": 3868, "html_code": False})


class UkassaBareRig(UkassaRig):
    """A service that registers a key again."""

    name = "ukassa-bare"
    url = f"{UkassaRig.url}&dedup=no"
    profile: Mapping[str, Any] = {"repeats": UkassaRepeats.REGISTER}
    pause_s = 60.0
