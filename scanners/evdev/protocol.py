"""The host's end of a keyboard wedge: records to keys, silence, and the Caps Lock lamp. Pure.

Some scanners watch the lamp and swap the case of letters while it is lit. Once the device is grabbed no desktop
compensates for that, so the lamp is put out at every opening, and again whenever another program lights it.

Source: Linux Documentation/input/event-codes.rst (EV_LED; SYN_DROPPED: everything up to the next SYN_REPORT is to be
ignored).
"""

from __future__ import annotations

from typing import Final

from scanners.evdev.decoder import SILENCE_MS, KeyDecoder, KeySettings
from scanners.evdev.records import (
    EV_KEY,
    EV_LED,
    EV_SYN,
    LED_CAPS,
    PRESSED,
    RECORD_BYTES,
    RELEASED,
    REPEATED,
    SYN_DROPPED,
    SYN_REPORT,
    Cutter,
    Record,
)
from scanners.line_protocol import LineEvent
from scanners.scan import Signal

_SLICE_BYTES: Final = 4096  # Long input is walked in slices, so that it is never held twice.


class EvdevProtocol:
    """Implements `LineProtocol`."""

    def __init__(
        self, settings: KeySettings | None = None, *, lamp_off: bool = True, record_bytes: int = RECORD_BYTES
    ) -> None:
        """`lamp_off`: keep the Caps Lock lamp dark, for a device that is ours alone. `record_bytes`: 24 or 16."""
        self._cutter = Cutter(record_bytes)
        self._keys = KeyDecoder(settings)
        self._lamp_off = lamp_off
        self._lamp_due = False
        self._skipping = False  # Up to the next SYN_REPORT.
        self._last_at_ns = 0
        self._discarded_bytes = 0

    @property
    def discarded_bytes(self) -> int:
        return self._discarded_bytes + self._keys.discarded_bytes

    def opened(self, at_ns: int) -> None:
        self._discarded_bytes += self._cutter.reset()
        self._keys.reset()
        self._skipping = False
        self._lamp_due = self._lamp_off

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        if not data:
            return
        self.tick(at_ns if earliest_ns is None else min(earliest_ns, at_ns))
        self._last_at_ns = at_ns
        for start in range(0, len(data), _SLICE_BYTES):
            for record in self._cutter.receive(data[start : start + _SLICE_BYTES]):
                self._take(record, at_ns)

    def tick(self, at_ns: int) -> None:
        if self._cutter.rest_bytes and at_ns - self._last_at_ns > SILENCE_MS * 1_000_000:
            self._discarded_bytes += self._cutter.reset()
        self._keys.tick(at_ns)

    def close(self, at_ns: int) -> None:
        self._keys.close(at_ns)

    def next_event(self) -> LineEvent | None:
        return self._keys.next_event()

    def outgoing(self) -> bytes:
        if not self._lamp_due:
            return b""
        self._lamp_due = False
        return self._cutter.encode(EV_LED, LED_CAPS, 0) + self._cutter.encode(EV_SYN, SYN_REPORT, 0)

    def signal(self, signal: Signal) -> None:
        """A keyboard has no sign for that."""

    def _take(self, record: Record, at_ns: int) -> None:
        if record.kind == EV_SYN:
            if record.code == SYN_DROPPED:
                self._skipping = True
                self._keys.lost(at_ns)
            elif record.code == SYN_REPORT:
                self._skipping = False
        elif self._skipping:
            return
        elif record.kind == EV_LED:
            self._lamp_due |= self._lamp_off and record.code == LED_CAPS and record.value != 0
        elif record.kind == EV_KEY:
            self._take_key(record, at_ns)

    def _take_key(self, record: Record, at_ns: int) -> None:
        if record.value == PRESSED:
            self._keys.press(record.code, record.at_ns, at_ns)
        elif record.value == RELEASED:
            self._keys.release(record.code, at_ns)
        elif record.value == REPEATED:
            self._keys.repeat(record.code, at_ns)
