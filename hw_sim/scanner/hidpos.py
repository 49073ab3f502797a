"""A scanner in HID POS mode: a read as 64-byte reports with their times. Pure: no clock, no node, no chance.

    honeywell   02 | length | AIM 3 bytes | data, 56 bytes | symbology | 00 | 01: more follow, 00: the last one
    newland     02 | length | data, 56 bytes | 0 0 0 0 | symbology | 00

Length is that of the data in this report; unused bytes are zero. A report is one USB transfer: it comes whole or not
at all.

Sources: USB HID Point of Sale Usage Tables 1.02, page 8C; github HenkVanAsselt/python_hon_usbhid (log of a Honeywell
scanner, its command answers and output reports); report table of a public node driver for the Newland FM430.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hw_sim.scanner.script import GS, USB_FRAME_S, Chunk, Gs

REPORT = 64
PER_REPORT = 56
COMMAND_ID = 0xFD
BEEP = b"\x16\x07\r"
TRIGGER = b"\x16T\r"


class Vendor(StrEnum):
    HONEYWELL = "honeywell"
    NEWLAND = "newland"


@dataclass(frozen=True, slots=True)
class Faults:
    """What happens to the reports of one read; they are counted from 0, as the scanner made them.

    Attributes:
        lose, double: these never come, or come twice.
        aim: these carry another AIM identifier (honeywell).
        length: these have another length byte.
        pause: so many seconds more before these.
        answer: a command answer comes before these.
        unplug_after: the cable comes out after so many.
    """

    lose: frozenset[int] = frozenset()
    double: frozenset[int] = frozenset()
    aim: Mapping[int, str] = field(default_factory=dict)
    length: Mapping[int, int] = field(default_factory=dict)
    pause: Mapping[int, float] = field(default_factory=dict)
    answer: frozenset[int] = frozenset()
    unplug_after: int | None = None


WELL = Faults()


class HidPosSim:
    """One scanner.

    Attributes:
        beeps, triggers: what the host has made it do.
        interval_s: between two reports; devices are polled every 1 to 8 ms.
    """

    def __init__(
        self,
        vendor: Vendor | str = Vendor.HONEYWELL,
        *,
        interval_s: float = USB_FRAME_S,
        suffix: bytes = b"",
        aim_in_data: bool = False,
    ) -> None:
        """`suffix`: added to every code inside the reports. `aim_in_data`: set to send the AIM identifier as text."""
        self.vendor = Vendor(vendor)
        self.interval_s = interval_s
        self.suffix = suffix
        self.aim_in_data = aim_in_data
        self.beeps = 0
        self.triggers = 0
        self._heard = bytearray()

    def reports(self, code: str | bytes, aim: str = "]d2", symbology: int = 0x77) -> list[bytes]:
        """The reports of one read as a faultless device sends them."""
        data = code.encode("latin-1") if isinstance(code, str) else code
        data = (aim.encode("ascii") if self.aim_in_data else b"") + data + self.suffix
        pieces = [data[at : at + PER_REPORT] for at in range(0, len(data), PER_REPORT)] or [b""]
        last = len(pieces) - 1
        return [self._report(piece, aim, symbology, more=at < last) for at, piece in enumerate(pieces)]

    def scan(
        self,
        code: str | bytes,
        aim: str = "]d2",
        *,
        gs: Gs | str = Gs.KEEP,
        gs_text: str = "{GS}",
        faults: Faults = WELL,
    ) -> Iterator[Chunk]:
        """Read one symbol. Every chunk is one report; the first delay counts from the trigger."""
        if isinstance(code, str):
            code = {Gs.KEEP: GS, Gs.DROP: "", Gs.TEXT: gs_text}[Gs(gs)].join(code.split(GS))
        for number, report in enumerate(self.reports(code, aim)):
            if faults.unplug_after == number:
                yield Chunk(self.interval_s, b"", unplug=True)
                return
            if number in faults.answer:
                yield from self.answer("REVINF.")
            if number in faults.lose:
                continue
            sent = self._harmed(report, number, faults)
            yield Chunk(self.interval_s + faults.pause.get(number, 0.0), sent)
            if number in faults.double:
                yield Chunk(self.interval_s, sent)
        if faults.unplug_after is not None:
            yield Chunk(0.0, b"", unplug=True)

    def answer(self, command: str, said: str = "", status: int = 0x06) -> Iterator[Chunk]:
        """What comes back after a menu command: its text, then the command with its status before the full stop."""
        if said:
            for report in self.reports(said.encode("ascii"), "]X0", 0x3F):
                yield Chunk(self.interval_s, report)
        echo = command.rstrip(".").encode("ascii") + bytes([status]) + b"."
        yield Chunk(self.interval_s, self._report(echo, "]Z6", 0x36, more=False))

    def receive(self, data: bytes) -> None:
        """Output reports of the host. Only whole ones count."""
        self._heard += data
        while len(self._heard) >= REPORT:
            report = bytes(self._heard[:REPORT])
            del self._heard[:REPORT]
            if report[0] == COMMAND_ID and self.vendor is Vendor.HONEYWELL:
                command = report[2 : 2 + report[1]]
                self.beeps += command == BEEP
                self.triggers += command == TRIGGER

    def _report(self, data: bytes, aim: str, symbology: int, *, more: bool) -> bytes:
        if self.vendor is Vendor.NEWLAND:
            head = bytes([2, len(data)]) + data
            return head + bytes(62 - len(head)) + bytes([symbology, 0])
        head = bytes([2, len(data)]) + aim.encode("ascii").ljust(3, b"\0") + data
        return head + bytes(61 - len(head)) + bytes([symbology, 0, more])

    def _harmed(self, report: bytes, number: int, faults: Faults) -> bytes:
        harmed = bytearray(report)
        if number in faults.aim:
            harmed[2:5] = faults.aim[number].encode("ascii")
        if number in faults.length:
            harmed[1] = faults.length[number]
        return bytes(harmed)
