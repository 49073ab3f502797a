"""How much each scanner read since the agent started, told by the journal's own rows."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync.wire import Row

DEVICES_MAX: Final = 256  # Scanners that call come from ever new addresses.


@dataclass(frozen=True, slots=True)
class DeviceCount:
    judged: int = 0
    dropped: int = 0
    last_ns: int = 0  # Of the newest row, UTC.


class DeviceCounts:
    """A listener of the journal."""

    def __init__(self) -> None:
        self._counts: dict[str, DeviceCount] = {}
        self._lock = threading.Lock()

    def take(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.kind in ("scan_judged", "scan_dropped"):
                body = json.loads(row.body)
                self._count(str(body.get("device", "")), row, int(body.get("count", 1)))

    def _count(self, device: str, row: Row, count: int) -> None:
        with self._lock:
            known = self._counts.get(device)
            if known is None and len(self._counts) >= DEVICES_MAX:
                return
            known = replace(known or DeviceCount(), last_ns=row.at_ns)
            if row.kind == "scan_judged":
                self._counts[device] = replace(known, judged=known.judged + count)
            else:
                self._counts[device] = replace(known, dropped=known.dropped + count)

    def all(self) -> Mapping[str, DeviceCount]:
        with self._lock:
            return dict(self._counts)
