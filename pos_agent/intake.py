"""From scanner events to the open sale: joins split reads, keeps what was dropped, never loses a scan."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from marking import join, parse
from marking.code import ReadContext, Source
from marking.errors import CodeError, ErrorKind
from pos_agent.checkout import SCAN_BYTES_MAX, Checkout, Scanned
from pos_agent.clock import NS_PER_S
from pos_agent.journal.journal import Event, Journal
from pos_agent.sale import SaleState
from pos_agent.till import Till
from scanners.scan import DroppedRead, Health, HealthChange, Scan, ScannerEvent, Terminator

log = logging.getLogger(__name__)

NS_PER_MS = 1_000_000
BROKEN = frozenset({Terminator.OVERFLOW, Terminator.UNPLUG})  # Evidence only, never judged.


@dataclass(frozen=True, slots=True)
class _Waiting:
    scan: Scan
    until_ns: int


class Intake:
    """One per till. `feed` what the scanners give; `tick` now and then, so that a waiting half is not kept for ever."""

    def __init__(
        self,
        journal: Journal,
        till: Till,
        checkout: Checkout,
        open_sale: Callable[[], str],
        context: ReadContext,
        join_ms: int,
    ) -> None:
        self._journal = journal
        self._till = till
        self._checkout = checkout
        self._open_sale = open_sale
        self._context = context
        self._join_ms = join_ms
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()
        self.health: dict[str, HealthChange] = {}

    def feed(self, event: ScannerEvent) -> list[Scanned]:
        """Take one event; the scans it led to, judged."""
        with self._lock:
            if isinstance(event, HealthChange):
                self.health[event.source] = event
                log.log(logging.INFO if event.health is Health.ONLINE else logging.WARNING, "%s", event)
                return []
            if isinstance(event, DroppedRead):
                self._keep_dropped(event.scan, str(event.reason), event.text)
                return []
            if event.terminator in BROKEN:
                self._keep_dropped(event, str(event.terminator), "not a whole frame")
                return self._flush(event.source)
            return self._take(event)

    def tick(self, now_ns: int) -> list[Scanned]:
        """Judge the halves whose other half did not come in time."""
        with self._lock:
            late = [name for name, waiting in self._waiting.items() if now_ns >= waiting.until_ns]
            return [scanned for name in late for scanned in self._flush(name)]

    def _take(self, scan: Scan) -> list[Scanned]:
        waiting = self._waiting.pop(scan.source, None)
        earlier: list[Scanned] = []
        if waiting is not None:
            whole = self._joined(waiting.scan, scan)
            if whole is not None:
                scan = replace(scan, data=whole, first_at_ns=waiting.scan.first_at_ns)
            else:
                earlier.append(self._sell(waiting.scan.data, scan.source))
        if self._may_be_head(scan.data):
            self._waiting[scan.source] = _Waiting(scan, scan.at_ns + self._join_ms * NS_PER_MS)
            return earlier
        return [*earlier, self._sell(scan.data, scan.source)]

    def _joined(self, head: Scan, tail: Scan) -> bytes | None:
        gap_ms = max(0, (tail.first_at_ns or tail.at_ns) - head.at_ns) // NS_PER_MS
        between = b"\r" if head.terminator is Terminator.SUFFIX else b""
        return join(
            head.data,
            tail.data,
            gap_ms=gap_ms,
            same_device=True,
            join_ms=self._join_ms,
            between=between,
            context=self._context,
        )

    def _may_be_head(self, data: bytes) -> bool:
        """A code whose tail is missing may be the first half of a read that Enter or a chunk cut in two (D5, D14)."""
        try:
            parse(data, self._context)
        except CodeError as error:
            return error.kind is ErrorKind.TAIL_MISSING
        return False

    def _flush(self, name: str) -> list[Scanned]:
        waiting = self._waiting.pop(name, None)
        return [] if waiting is None else [self._sell(waiting.scan.data, name)]

    def _sell(self, data: bytes, device: str) -> Scanned:
        return self._checkout.scan(self._current_sale(), data, Source.SCANNER, device)

    def _current_sale(self) -> str:
        """The newest sale that still takes lines; a first scan opens one."""
        for name in reversed(self._till.open_sales()):
            if self._till.sale(name).state is SaleState.HELD:
                return name
        return self._open_sale()

    def _keep_dropped(self, scan: Scan, reason: str, text: str) -> None:
        body = {
            "device": scan.source,
            "data": base64.b64encode(scan.data[:SCAN_BYTES_MAX]).decode(),
            "data_bytes": len(scan.data),
            "reason": reason,
            "text": text,
            "at_s": scan.at_ns // NS_PER_S,
        }
        self._journal.append(Event("scan_dropped", body))
