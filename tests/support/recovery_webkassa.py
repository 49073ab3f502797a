"""The rig of Webkassa."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recovery_rigs import HttpRig

from hw_sim.exchange import NS, SimRequest
from hw_sim.ledger import FiscalDocument
from hw_sim.world import World
from pos_agent.clock import VirtualClock


class WebkassaRig(HttpRig):
    name = "webkassa"
    decisive = "/check"
    url = "webkassa+https://devkkm.webkassa.kz?cashbox=SWK00000001&login=till-1"
    secrets: Mapping[str, str] = {"webkassa_password": "till-1-password", "webkassa_api_key": "sim-api-key"}
    tells_apart = closes_shifts = True

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        self.world = World(clock.now_ns, random.Random(5), codes=10, mark_delay_s=(1.0, 2.0))
        super().__init__(clock, folder, self.world.webkassa)

    def registered(self) -> Sequence[FiscalDocument]:
        return [document for document in self.world.ledger() if document.operation.is_receipt]

    def _elsewhere(self, path: str, body: Mapping[str, Any]) -> None:
        """A second program with the same login: it ends our session too, as in the field."""
        headers = {"x-api-key": "sim-api-key"}
        login = SimRequest("POST", "/api/v4/Authorize", headers, b'{"Login":"till-1","Password":"till-1-password"}')
        token = self._answered(self.server.handle(login))["Data"]["Token"]
        whole = {"Token": token, "CashboxUniqueNumber": "SWK00000001", **body}
        self._answered(self.server.handle(SimRequest("POST", path, headers, json.dumps(whole).encode())))

    def ring_up_elsewhere(self) -> None:
        position = {"Count": 1, "Price": 1, "TaxType": 0, "Tax": 0, "PositionName": "Спички", "UnitCode": 796}
        body = {"OperationType": 2, "Positions": [position], "Payments": [{"Sum": 1, "PaymentType": 0}], "RoundType": 0,
                "ExternalCheckNumber": f"elsewhere-{self.clock.now_ns() // NS}"}  # fmt: skip
        self._elsewhere("/api/v4/check", body)

    def close_shift_elsewhere(self) -> None:
        self._elsewhere("/api/v4/ZReport", {})

    def closed_shifts(self) -> int:
        return sum(shift.closed_ns is not None for shift in self.world.webkassa.cashboxes["SWK00000001"].shifts)

    def cash_moves(self, kind: str) -> int:
        return sum(document.operation == kind for document in self.world.ledger())
