"""A scanner on any line (serial, TCP, HID reports, key events): opened, read, decoded, opened again after an unplug.

`poll` is one step that a test or the demo can call in virtual time; `run` is the same step in a thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from scanners import aim
from scanners.bursts import BurstWatch
from scanners.duplicates import EVIDENCE, DuplicateFilter
from scanners.line_protocol import Frame, LineProtocol, Notice
from scanners.polling import Reopening, run_polls
from scanners.ports import LINE_ERRORS, READ_BYTES_MAX, LineClosed, Port, PortUnavailable
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Signal


class LineScanner:
    """One scanner. `poll`, `close` and `run` belong to one thread; `signal` may come from any."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], Port],
        protocol: LineProtocol,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        duplicates: DuplicateFilter | None = None,
        bursts: BurstWatch | None = None,
    ) -> None:
        """`opener` raises PortUnavailable. `now` is UTC nanoseconds; `monotonic` seconds, which time silence and
        re-opening, so that setting the clock neither cuts a code nor holds up a scanner. `bursts` None: not watched."""
        self._name = name
        self._opener = opener
        self._protocol = protocol
        self._now = now
        self._monotonic = monotonic
        self._duplicates = duplicates or DuplicateFilter()
        self._bursts = bursts or BurstWatch(0)
        self._signals: SimpleQueue[Signal] = SimpleQueue()
        self._port: Port | None = None
        self._health: Health | None = None
        self._reason = ""
        self._reopening = Reopening(monotonic)
        self._looked_ns = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def health(self) -> Health | None:
        """None before the first attempt to open."""
        return self._health

    @property
    def is_open(self) -> bool:
        return self._port is not None

    @property
    def discarded_bytes(self) -> int:
        return self._protocol.discarded_bytes

    def poll(self) -> list[ScannerEvent]:
        """Open if closed and due, read once what is there, and return what came of it. Never raises for the line."""
        events: list[ScannerEvent] = []
        if self._port is None:
            if not self._reopening.is_due:
                return events
            self._open(events)
        if self._port is not None:
            self._read(self._port, events)
        if self._port is not None:
            self._answer(self._port, events)
        return events

    def signal(self, signal: Signal) -> None:
        """Have the device beep or blink at the next poll, where it can."""
        self._signals.put(signal)

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        """Poll until `stop` is set, then close. What `sink` raises ends the loop with the port closed."""
        run_polls(self, stop, sink, lambda: self._reopening.wait_s if self._port is None else 0.0)

    def close(self) -> list[ScannerEvent]:
        """Let go of the port; return what stood unfinished."""
        if self._port is None:
            return []
        port, self._port = self._port, None
        # A device that is gone may say so once more, and is closed all the same.
        with contextlib.suppress(*LINE_ERRORS):
            port.close()
        at_ns = self._monotonic_ns()
        self._protocol.close(at_ns)
        events = self._scans()
        if (text := self._bursts.close()) is not None:
            events.append(self._notice(text, at_ns + self._shift_ns()))
        return events

    def _open(self, events: list[ScannerEvent]) -> None:
        try:
            self._port = self._opener()
        except PortUnavailable as unavailable:
            self._reopening.failed()
            self._tell(unavailable.health, unavailable.text, events)
            return
        self._looked_ns = self._monotonic_ns()
        self._signals = SimpleQueue()  # A beep for a read of before the unplugging would puzzle.
        self._protocol.opened(self._looked_ns)
        self._tell(Health.ONLINE, "", events)

    def _read(self, port: Port, events: list[ScannerEvent]) -> None:
        try:
            data = port.read(READ_BYTES_MAX)
        except LINE_ERRORS as error:
            self._lose(error, events)
            return
        self._reopening.succeeded()
        at_ns = self._monotonic_ns()
        if data:
            self._protocol.receive(data, at_ns, earliest_ns=self._looked_ns)
        else:
            self._protocol.tick(at_ns)
        self._looked_ns = at_ns
        events.extend(self._scans())
        self._watch_burst(at_ns, at_ns + self._shift_ns(), events)

    def _answer(self, port: Port, events: list[ScannerEvent]) -> None:
        """Write what the protocol owes the device."""
        while True:
            try:
                self._protocol.signal(self._signals.get_nowait())
            except Empty:
                break
        if not (data := self._protocol.outgoing()):
            return
        try:
            port.write(data)
        except LINE_ERRORS as error:
            self._lose(error, events)

    def _lose(self, error: BaseException, events: list[ScannerEvent]) -> None:
        events.extend(self.close())
        self._reopening.failed()
        text = str(error) if isinstance(error, LineClosed) else f"unplugged: {error}"
        self._tell(Health.OFFLINE, text, events)

    def _scans(self) -> list[ScannerEvent]:
        events: list[ScannerEvent] = []
        shift_ns = self._shift_ns()
        while (event := self._protocol.next_event()) is not None:
            if isinstance(event, Notice):
                events.append(self._notice(event.text, event.at_ns + shift_ns))
                continue
            judged = self._judge(event, shift_ns)
            if isinstance(judged, Scan) and judged.terminator not in EVIDENCE:
                self._watch_burst(event.last_at_ns, judged.at_ns, events)
                self._bursts.read(event.last_at_ns)
            events.append(judged)
        return events

    def _watch_burst(self, at_ns: int, utc_ns: int, events: list[ScannerEvent]) -> None:
        if (text := self._bursts.tick(at_ns)) is not None:
            events.append(self._notice(text, utc_ns))

    def _notice(self, text: str, utc_ns: int) -> HealthChange:
        return HealthChange(self._name, Health.ONLINE, utc_ns, text)

    def _judge(self, frame: Frame, shift_ns: int) -> Scan | DroppedRead:
        identifier = aim.recognise((frame.symbology or "").encode("ascii") or frame.data)
        scan = Scan(
            data=frame.data,
            symbology=identifier.identifier if identifier else None,
            source=self._name,
            at_ns=frame.last_at_ns + shift_ns,
            terminator=frame.terminator,
            first_at_ns=frame.first_at_ns + shift_ns,
            repairs=frame.repairs,
        )
        if frame.dropped is not None:
            return DroppedRead(scan, frame.dropped, frame.text)
        whole = frame.terminator not in EVIDENCE
        if whole and identifier is not None and identifier.kind is aim.AimKind.COMMAND:
            return DroppedRead(scan, DropReason.COMMAND_ANSWER, f"{identifier.identifier} is a command answer")
        return self._duplicates.judge(scan)

    def _tell(self, health: Health, text: str, events: list[ScannerEvent]) -> None:
        """Report a change once, not every attempt. A new reason is one: it may ask for something else to be done."""
        if (health, text) != (self._health, self._reason):
            self._health, self._reason = health, text
            events.append(HealthChange(self._name, health, self._now(), text))

    def _shift_ns(self) -> int:
        """Frame times are monotonic; this makes them UTC."""
        return self._now() - self._monotonic_ns()

    def _monotonic_ns(self) -> int:
        return int(self._monotonic() * 1_000_000_000)
