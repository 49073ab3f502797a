"""A scanner on a serial line (RS-232, USB-CDC): opened, read, framed, and opened again after every unplug.

`poll` is one step that a test or the demo can call in virtual time; `run` is the same step in a thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from scanners import aim
from scanners.duplicates import DuplicateFilter
from scanners.framing import Frame, Framer, Framing
from scanners.ports import LINE_ERRORS, READ_BYTES_MAX, Port, PortUnavailable
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Terminator

REOPEN_AFTER_S: Final = (0.5, 1.0, 2.0, 5.0)  # Then every 5 s.
PARITY_BYTES_MIN: Final = 8  # Fewer bytes have the right parity by chance too often to say anything.
_CLOSED_WAIT_S: Final = 0.2  # How long the thread sleeps between looks at a closed port.

PARITY_HINT: Final = (
    "the scanner sends 7 data bits with {parity} parity but the port reads 8: "
    "set the scanner to 8N1, or add bits=7&parity={letter} (or mask_parity=1) to its address"
)


class SerialScanner:
    """One scanner. Not thread-safe: `poll`, `close` and `run` belong to one thread."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], Port],
        framing: Framing,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        duplicates: DuplicateFilter | None = None,
        mask_parity: bool = False,
    ) -> None:
        """`opener` raises PortUnavailable. `now` is UTC nanoseconds; `monotonic` seconds, which time silence and
        re-opening, so that setting the clock neither cuts a code nor holds up a scanner."""
        self._name = name
        self._opener = opener
        self._framer = Framer(framing)
        self._now = now
        self._monotonic = monotonic
        self._duplicates = duplicates or DuplicateFilter()
        self._mask_parity = mask_parity
        self._port: Port | None = None
        self._health: Health | None = None
        self._failures = 0
        self._due_s = float("-inf")
        self._looked_ns = 0
        self._parity_told = False

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
        return self._framer.discarded_bytes

    def poll(self) -> list[ScannerEvent]:
        """Open if closed and due, read once what is there, and return what came of it. Never raises for the line."""
        events: list[ScannerEvent] = []
        if self._port is None:
            if self._monotonic() < self._due_s:
                return events
            self._open(events)
        if self._port is not None:
            self._read(self._port, events)
        return events

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        """Poll until `stop` is set, then close. What `sink` raises ends the loop with the port closed."""
        try:
            while not stop.is_set():
                for event in self.poll():
                    sink(event)
                if self._port is None:
                    stop.wait(min(max(self._due_s - self._monotonic(), 0.0), _CLOSED_WAIT_S))
        finally:
            rest = self.close()
        for event in rest:
            sink(event)

    def close(self) -> list[ScannerEvent]:
        """Let go of the port; return what stood unfinished."""
        if self._port is None:
            return []
        self._port.close()
        self._port = None
        self._framer.close(self._monotonic_ns())
        return self._scans()

    def _open(self, events: list[ScannerEvent]) -> None:
        try:
            self._port = self._opener()
        except PortUnavailable as unavailable:
            self._postpone()
            self._tell(unavailable.health, unavailable.text, events)
            return
        self._looked_ns = self._monotonic_ns()
        self._parity_told = False
        self._tell(Health.ONLINE, "", events)

    def _read(self, port: Port, events: list[ScannerEvent]) -> None:
        try:
            data = port.read(READ_BYTES_MAX)
        except LINE_ERRORS as error:
            events.extend(self.close())
            self._postpone()
            self._tell(Health.OFFLINE, f"unplugged: {error}", events)
            return
        self._failures = 0
        at_ns = self._monotonic_ns()
        if data:
            self._framer.receive(data, at_ns, earliest_ns=self._looked_ns)
        else:
            self._framer.tick(at_ns)
        self._looked_ns = at_ns
        events.extend(self._scans())

    def _scans(self) -> list[ScannerEvent]:
        events: list[ScannerEvent] = []
        # Frame times are monotonic; this shift makes them UTC.
        shift_ns = self._now() - self._monotonic_ns()
        while (frame := self._framer.next_event()) is not None:
            parity = parity_of(frame.data)
            if parity and not self._mask_parity and not self._parity_told:
                self._parity_told = True
                hint = PARITY_HINT.format(parity=parity, letter=parity[0])
                events.append(HealthChange(self._name, Health.ONLINE, frame.last_at_ns + shift_ns, hint))
            events.append(self._judge(frame, shift_ns))
        return events

    def _judge(self, frame: Frame, shift_ns: int) -> Scan | DroppedRead:
        data = bytes(byte & 0x7F for byte in frame.data) if self._mask_parity else frame.data
        identifier = aim.recognise(data)
        scan = Scan(
            data=data,
            symbology=identifier.identifier if identifier else None,
            source=self._name,
            at_ns=frame.last_at_ns + shift_ns,
            terminator=frame.terminator,
            first_at_ns=frame.first_at_ns + shift_ns,
        )
        whole = frame.terminator not in (Terminator.OVERFLOW, Terminator.UNPLUG)
        if whole and identifier is not None and identifier.kind is aim.AimKind.COMMAND:
            return DroppedRead(scan, DropReason.COMMAND_ANSWER, f"{identifier.identifier} is a command answer")
        return self._duplicates.judge(scan)

    def _tell(self, health: Health, text: str, events: list[ScannerEvent]) -> None:
        """Report a change once, not every attempt."""
        if health is not self._health:
            self._health = health
            events.append(HealthChange(self._name, health, self._now(), text))

    def _postpone(self) -> None:
        wait_s = REOPEN_AFTER_S[min(self._failures, len(REOPEN_AFTER_S) - 1)]
        self._failures += 1
        self._due_s = self._monotonic() + wait_s

    def _monotonic_ns(self) -> int:
        return int(self._monotonic() * 1_000_000_000)


def parity_of(data: bytes) -> str | None:
    """Return "even" or "odd" when the top bits are the parity of the rest, None when they are not.

    A device on 7E1 read as 8N1 shows `1` as B1h; on 7O1 GS becomes 9Dh. Text with a few high bytes fits neither.
    """
    if len(data) < PARITY_BYTES_MIN or data.isascii():
        return None
    ones = {byte.bit_count() % 2 for byte in data}
    if len(ones) > 1:
        return None
    return "odd" if ones == {1} else "even"
