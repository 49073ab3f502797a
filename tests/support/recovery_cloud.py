"""The rigs of reKassa and uKassa, each also at a service that protects nothing by its key."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recovery_rigs import HttpRig

from hw_sim.cloud_service import CloudService
from hw_sim.exchange import NS, SimReply, SimRequest
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.rekassa import Repeats as RekassaRepeats
from hw_sim.rekassa import make as make_rekassa
from pos_agent.clock import VirtualClock


class CloudRig(HttpRig):
    """A service with one till, whose fiscal memory is the judge."""

    server: CloudService

    def registered(self) -> Sequence[FiscalDocument]:
        return [document for document in self.server.memory.documents if document.operation.is_receipt]

    def closed_shifts(self) -> int:
        return len(self.server.memory.closed)

    def cash_moves(self, kind: str) -> int:
        return self.server.memory.counts[Operation(kind)]

    def _sent_elsewhere(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """What a second program with the same login sends, and is answered."""
        reply = self.server.handle(SimRequest("POST", path, headers, json.dumps(body).encode()))
        assert reply.status == 200, reply
        return reply.json()

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
    asked_by_key = True

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make_rekassa(clock.now_ns, random.Random(5)))

    def _elsewhere(self, path: str, body: Mapping[str, Any], **headers: str) -> None:
        login = {"number": "RK00000001", "password": "integration"}
        granted = self._sent_elsewhere("/api/auth/login?apiKey=sim-partner-key&format=json", login, {})
        given = {"authorization": f"Bearer {granted['token']}", **headers}
        self._sent_elsewhere(f"/api/crs/1042/{path}", body, given)

    def ring_up_elsewhere(self) -> None:
        one = {"bills": "1", "coins": 0}
        commodity = {"name": "Спички", "sectionCode": "1", "quantity": 1000, "price": one, "sum": one, "measureUnitCode": "796"}
        body = {
            "operation": "OPERATION_SELL",
            "dateTime": {"date": {"year": 2026, "month": 7, "day": 15}, "time": {"hour": 9, "minute": 0, "second": 1}},
            "domain": {"type": "DOMAIN_TRADING"},
            "items": [{"type": "ITEM_TYPE_COMMODITY", "commodity": commodity}],
            "payments": [{"type": "PAYMENT_CASH", "sum": one}],
            "amounts": {"total": one, "taken": one, "change": {"bills": "0", "coins": 0}},
        }
        self._elsewhere("tickets", body, **{"x-request-id": f"elsewhere-{self._now_s()}"})

    def close_shift_elsewhere(self) -> None:
        shift = self.server.memory.shift
        assert shift is not None
        self._elsewhere(f"shifts/{shift.number}/close", {}, **{"cash-register-password": "1234"})
