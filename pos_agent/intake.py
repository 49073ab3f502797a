"""From scanner events to the open sale: joins split reads, keeps what was dropped, never loses a scan."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from weakref import WeakValueDictionary

from marking import join, parse
from marking.code import ReadContext, Source
from marking.errors import CodeError, ErrorKind
from marking.join import is_head
from marking.verdict import Decision, UnitState
from pos_agent.cache.store import CacheError
from pos_agent.checkout import Checkout, Scanned
from pos_agent.clock import NS_PER_S
from pos_agent.halves import Waiting, whole_of
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.judging import SCAN_BYTES_MAX, device_facts, unit_keys
from pos_agent.problems import Problem
from pos_agent.repeats import Broken, Repeated, Repeats
from pos_agent.sale import SaleState
from pos_agent.scan_test import REASON, ScanTest
from pos_agent.till import Till
from pos_agent.two_scanners import NS_PER_MS, TwoScanners
from scanners.duplicates import EVIDENCE
from scanners.scan import DroppedRead, Health, HealthChange, Scan, ScannerEvent, Signal, Terminator

log = logging.getLogger(__name__)

CLOCK_SLACK_NS = NS_PER_S  # A clock that steps back by more does not keep a half waiting.
SALES_MAX = 3  # Sales that may be paid under one scan's hands before it is kept as a read without a sale.
NO_SALE = frozenset({"T-101", "T-102"})
OTHER_DEVICE = "other_device"
SIGNALS = {Decision.ALLOW: Signal.ACCEPTED, Decision.REFUSE: Signal.REFUSED, Decision.ASK: Signal.ASK}

Answer = Callable[[str, Signal], None]  # Device, and what to tell there.


def no_answer(_device: str, _signal: Signal) -> None:
    """For scanners that cannot be told anything."""


class Intake:
    """One per till. `feed` what the scanners give; `tick` now and then, so that a waiting half is not kept for ever.

    What becomes of a read is told at its device by `answer`, once: a refusal must be heard where the cashier scans.
    Devices do not wait for each other: while one scan asks the registry, the next counter's is judged.
    """

    def __init__(
        self,
        journal: Journal,
        till: Till,
        checkout: Checkout,
        open_sale: Callable[[], str],
        context: ReadContext,
        join_ms: int,
        other_device_ms: int,
        scan_test: ScanTest,
        answer: Answer = no_answer,
    ) -> None:
        """`other_device_ms`: a unit that another scanner read for the same sale within this time is one; 0: two."""
        self._journal = journal
        self._till = till
        self._checkout = checkout
        self._open_sale = open_sale
        self._context = context
        self._join_ms = join_ms
        self._two_scanners = TwoScanners(other_device_ms, self._holds)
        self._answer = answer
        self._scan_test = scan_test
        self._repeats = Repeats(self._keep_repeated)
        self._waiting: dict[str, Waiting] = {}
        # A lane lives as long as somebody is in it: scanners that call may come from ever new addresses.
        self._lanes: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()
        self._lock = threading.Lock()  # Of the two tables above.
        self._opening = threading.Lock()
        self.health: dict[str, HealthChange] = {}

    def feed(self, event: ScannerEvent) -> list[Scanned]:
        """Take one event; the scans it led to, judged."""
        if isinstance(event, HealthChange):
            self.health[event.source] = event
            level = logging.INFO if event.health is Health.ONLINE else logging.WARNING
            log.log(level, "scanner %s is %s %s", event.source, event.health, event.text)
            return []
        scan = event.scan if isinstance(event, DroppedRead) else event
        with self._lane(scan.source):
            if isinstance(event, DroppedRead):
                self._scan_test.see(event)
                self._repeats.take(event)
                return []
            if event.terminator in EVIDENCE:
                self._scan_test.see(event)
                self._repeats.take(Broken(scan, event.terminator, "not a whole frame"))
                self._answer(scan.source, Signal.REFUSED)
                return self._flush(scan.source)
            return self._take(scan)

    def tick(self, now_ns: int) -> list[Scanned]:
        """Judge the halves whose other half did not come in time; keep the counts of repeated reads that are due."""
        self._two_scanners.tick(now_ns)
        self._repeats.tick(now_ns)
        self._scan_test.tick()
        return [scanned for name in self._names() for scanned in self._overdue(name, now_ns)]

    def finish(self) -> list[Scanned]:
        """Judge every waiting half and keep every count: nothing more will come."""
        results: list[Scanned] = []
        for name in self._names():
            with self._lane(name):
                results += self._flush(name)
        self._repeats.finish()
        return results

    def _names(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._waiting)

    def _lane(self, name: str) -> threading.RLock:
        with self._lock:
            return self._lanes.setdefault(name, threading.RLock())

    def _overdue(self, name: str, now_ns: int) -> list[Scanned]:
        lane = self._lane(name)
        if not lane.acquire(blocking=False):
            return []  # Its next read is being judged, and looks at the half itself.
        try:
            waiting = self._waiting.get(name)
            if waiting is None or waiting.scan.at_ns - CLOCK_SLACK_NS <= now_ns < waiting.until_ns:
                return []
            return self._flush(name)
        finally:
            lane.release()

    def _take(self, scan: Scan) -> list[Scanned]:
        waiting = self._taken(scan.source)
        earlier: list[Scan] = []
        if waiting is not None:
            whole = self._joined(waiting.scan, scan)
            if whole is not None:
                scan = whole_of(waiting.scan, scan, whole)
            else:
                earlier.append(waiting.scan)
        if self._may_be_head(scan):
            with self._lock:
                self._waiting[scan.source] = Waiting(scan, scan.at_ns + self._join_ms * NS_PER_MS)
            return self._sell_all(earlier)
        return self._sell_all([*earlier, scan])

    def _taken(self, name: str) -> Waiting | None:
        with self._lock:
            return self._waiting.pop(name, None)

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

    def _may_be_head(self, scan: Scan) -> bool:
        """May this be the first half of a read that Enter (D5) or a pause of the line (D14) cut in two?"""
        try:
            code = parse(scan.identified, self._context)
        except CodeError as error:
            return error.kind is ErrorKind.TAIL_MISSING or (self._paused(scan) and is_head(scan.data))
        # Digits alone may be a whole number and the beginning of a code; only after a pause is it worth the wait.
        return self._paused(scan) and (code.ki is None or code.confirm) and is_head(scan.data)

    def _paused(self, scan: Scan) -> bool:
        return scan.terminator is Terminator.GAP

    def _flush(self, name: str) -> list[Scanned]:
        waiting = self._taken(name)
        return [] if waiting is None else self._sell_all([waiting.scan])

    def _sell_all(self, scans: Sequence[Scan]) -> list[Scanned]:
        """Every one is tried, whatever becomes of the one before it."""
        results: list[Scanned] = []
        failures: list[JournalUnusable] = []
        for scan in scans:
            try:
                results += self._sell(scan)
            except JournalUnusable as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return results

    def _sell(self, scan: Scan) -> list[Scanned]:
        if self._scan_test.takes(scan):
            self._keep_dropped(scan, REASON, "a test of the scanners: not for a sale")
            return []
        for _ in range(SALES_MAX):
            try:
                scanned = self._judged(scan)
            except Problem as problem:
                log.warning("%s: %s", scan.source, problem)
                if problem.kind.code not in NO_SALE:
                    self._answer(scan.source, Signal.REFUSED)
                    return []  # Its judgement is in the journal.
            except CacheError as error:
                self._give_up(scan, "not_judged", str(error))
                return []
            except JournalUnusable:
                self._two_scanners.forget(scan)
                self._answer(scan.source, Signal.REFUSED)
                raise
            else:
                return [] if scanned is None else [scanned]
        self._give_up(scan, "no_sale", "every open sale was paid or dropped in the very moment")
        return []

    def _judged(self, scan: Scan) -> Scanned | None:
        """The verdict for the sale in hand, or None for a unit that another scanner has just read for it."""
        units, sale = self._units(scan), self._current_sale()
        before = self._two_scanners.repeated(sale, units, scan)
        if before is not None:
            apart_ms = abs(scan.at_ns - before.at_ns) // NS_PER_MS
            self._keep_dropped(scan, OTHER_DEVICE, f"{before.device} read the same unit, {apart_ms} ms apart")
            return None
        scanned = self._checkout.scan(
            sale,
            scan.data,
            Source.SCANNER,
            scan.source,
            symbology=scan.symbology,
            repairs=scan.repairs,
            step=scan.step,
        )
        if scanned.line is not None:
            self._two_scanners.became_line(sale, scan)
        self._answer(scan.source, SIGNALS[scanned.judged.verdict.decision])
        return scanned

    def _give_up(self, scan: Scan, reason: str, text: str) -> None:
        self._two_scanners.forget(scan)
        self._answer(scan.source, Signal.REFUSED)
        self._keep_dropped(scan, reason, text)

    def _units(self, scan: Scan) -> tuple[str, ...]:
        try:
            return unit_keys(parse(scan.identified, self._context))
        except CodeError:
            return ()

    def _holds(self, sale: str, units: Sequence[str]) -> bool:
        return UnitState.HELD_HERE in self._till.unit_states(units, sale).values()

    def _current_sale(self) -> str:
        """The newest sale of the counter that still takes lines; a first scan opens one."""
        with self._opening:
            for name in reversed(self._till.open_sales()):
                if self._till.sale(name).state is SaleState.HELD and not self._checkout.is_one_shot(name):
                    return name
            return self._open_sale()

    def _keep_repeated(self, repeated: Repeated) -> None:
        drop = repeated.drop
        several = {"count": repeated.count, "first_at_s": repeated.first_at_ns // NS_PER_S}
        self._keep_dropped(drop.scan, str(drop.reason), drop.text, several if repeated.count > 1 else {})

    def _keep_dropped(self, scan: Scan, reason: str, text: str, more: Mapping[str, Any] = MappingProxyType({})) -> None:
        body = {
            "device": scan.source,
            "data": base64.b64encode(scan.data[:SCAN_BYTES_MAX]).decode(),
            "data_bytes": len(scan.data),
            "symbology": scan.symbology,
            "reason": reason,
            "text": text,
            "at_s": scan.at_ns // NS_PER_S,
            **device_facts(scan.repairs, scan.step),
            **more,
        }
        self._journal.append(Event("scan_dropped", body))
