"""The host's end of HID POS: reads out of reports, and a beep where the scanner knows that command. Pure.

Source of the command: github HenkVanAsselt/python_hon_usbhid, README (output report FD, length, SYN BEL CR). One
maker's and found by trial: nothing is sent unless asked for.
"""

from __future__ import annotations

from typing import Final

from scanners.hidpos.codec import JOIN_MS, Decoder
from scanners.hidpos.layouts import REPORT_BYTES, Layout
from scanners.line_protocol import LineEvent
from scanners.scan import Signal

BEEP: Final = bytes.fromhex("FD 03 16 07 0D").ljust(REPORT_BYTES, b"\0")
_REPORTS_OWED_MAX: Final = 8  # A till that signals faster than a scanner beeps.


class HidPosProtocol:
    """Implements `LineProtocol`."""

    def __init__(
        self,
        layout: Layout | None = None,
        *,
        join_ms: int = JOIN_MS,
        suffixes: tuple[bytes, ...] = (),
        beeps: frozenset[Signal] = frozenset(),
    ) -> None:
        """See `Decoder`. `beeps`: the signals the scanner is told by a beep."""
        self._decoder = Decoder(layout, join_ms=join_ms, suffixes=suffixes)
        self._beeps = beeps
        self._owed = 0

    @property
    def discarded_bytes(self) -> int:
        return self._decoder.discarded_bytes

    def opened(self, at_ns: int) -> None:
        self._decoder.reset()
        self._owed = 0

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        self._decoder.receive(data, at_ns, earliest_ns)

    def tick(self, at_ns: int) -> None:
        self._decoder.tick(at_ns)

    def close(self, at_ns: int) -> None:
        self._decoder.close(at_ns)

    def next_event(self) -> LineEvent | None:
        return self._decoder.next_event()

    def outgoing(self) -> bytes:
        owed, self._owed = self._owed, 0
        return BEEP * owed

    def signal(self, signal: Signal) -> None:
        if signal in self._beeps:
            self._owed = min(self._owed + 1, _REPORTS_OWED_MAX)
