"""The numbered link layer on the side of the register: every command once, however often its frame comes.

    8F | LEN, 2 bytes | NUM, 2 bytes | command and parameters | CRC-16, 2 bytes       LEN counts NUM and what follows it

After the 8F every 8F is sent as 9F 81 and every 9F as 9F 83. LEN 0 (no NUM) asks for the last answer; LEN 2 is the
answer when nothing was executed since power-on. A command is executed when its NUM is one above that of the last; any
other NUM brings the last answer again. A damaged packet is not answered at all.
Source: vendor's "Протокол работы ККТ 2.0" rev. 11.
"""

from __future__ import annotations

from hw_sim.exchange import NS
from hw_sim.shtrih.catalogue import code_of
from hw_sim.shtrih.dispatch import Outcome
from hw_sim.shtrih.link import Link, Station

STX, ESC, STUFFED_STX, STUFFED_ESC = 0x8F, 0x9F, 0x81, 0x83
NUM_LIMIT = 0x10000
PING_BYTES, NUM_BYTES = 0, 2
_UNSTUFFED = {STUFFED_STX: STX, STUFFED_ESC: ESC}


def crc16(data: bytes) -> int:
    """CCITT, from FFFFh, a byte at a time."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8 | crc << 8) & 0xFFFF ^ byte
        crc ^= (crc & 0xFF) >> 4
        crc = (crc ^ crc << 12) & 0xFFFF
        crc ^= (crc & 0xFF) << 5
    return crc


def packed(num: int | None, payload: bytes) -> bytes:
    """A packet as it goes on the line."""
    body = b"" if num is None else num.to_bytes(2, "little") + payload
    plain = len(body).to_bytes(2, "little") + body
    plain += crc16(plain).to_bytes(2, "little")
    stuffed = plain.replace(bytes((ESC,)), bytes((ESC, STUFFED_ESC))).replace(bytes((STX,)), bytes((ESC, STUFFED_STX)))
    return bytes((STX,)) + stuffed


class NumberedLink(Link):
    """`num` is the number of the last command that was executed."""

    def __init__(self, station: Station, first_num: int, *, per_connection: bool = False) -> None:
        super().__init__(station)
        self._first_num = first_num
        self._per_connection = per_connection
        self.num = first_num
        self._last: tuple[str, bytes, str] | None = None  # Code, payload and words of the last answer.
        self._plain: bytearray | None = None  # What has come of a packet, without its first byte and stuffing.
        self._raw = bytearray()
        self._escaped = False
        self._heard_ns = 0
        self._done_ns = 0

    @property
    def at_rest(self) -> bool:
        return self._plain is None

    def received(self, byte: int) -> None:
        self._heard_ns = self._station.now()
        if byte == STX:
            if self._plain is not None:
                self._broken("broken off")
            self._plain, self._raw, self._escaped = bytearray(), bytearray((STX,)), False
        elif self._plain is not None:
            self._raw.append(byte)
            self._collect(self._plain, byte)

    def _collect(self, plain: bytearray, byte: int) -> None:
        if self._escaped:
            self._escaped = False
            if byte not in _UNSTUFFED:
                self._broken("bad stuffing")
                return
            plain.append(_UNSTUFFED[byte])
        elif byte == ESC:
            self._escaped = True
            return
        else:
            plain.append(byte)
        size = int.from_bytes(plain[:2], "little") if len(plain) >= 2 else 0
        if len(plain) >= size + 4:
            self._whole(bytes(plain), size)

    def _whole(self, plain: bytes, size: int) -> None:
        if size == 1 or crc16(plain[:-2]) != int.from_bytes(plain[-2:], "little"):
            self._broken("bad CRC")
            return
        raw = bytes(self._raw)
        self.forget_half()
        if size == PING_BYTES:
            self._station.note(">", "ping", raw)
            self._answer_again()
        elif self._station.now() < self._done_ns:
            self._station.note("!", "busy", raw, "still at work: not heard")
        elif size > NUM_BYTES:
            self._numbered(raw, int.from_bytes(plain[2:4], "little"), plain[4:-2])

    def _numbered(self, raw: bytes, num: int, data: bytes) -> None:
        if num == (self.num + 1) % NUM_LIMIT:
            self.obey(raw, data)
            return
        self._station.note(">", code_of(data) or "none", raw, f"number {num} is not next: the last answer again")
        self._answer_again()

    def _answer_again(self) -> None:
        if self._last is None:
            empty = packed(self.num, b"")
            self._station.note("<", "empty", empty, "nothing executed since power-on")
            self._station.say_plainly(empty)
        elif self._station.now() >= self._done_ns:
            code, payload, about = self._last
            self._station.say(code, packed(self.num, payload), about=about)

    def takes(self, code: str) -> bool:
        if (fault := self._station.fault("stale_answer", code)) is not None:
            self._station.note("!", "stale_answer")
            last = b"" if self._last is None else self._last[1]
            self._station.say_plainly(packed(self.num, self.stale(fault, last)))
        return True

    def keep(self, code: str, outcome: Outcome) -> bytes:
        self.num = (self.num + 1) % NUM_LIMIT
        self._last = (code, outcome.payload, outcome.about)
        self._done_ns = self._station.now() + int(outcome.seconds * NS)
        return packed(self.num, outcome.payload)

    def forget_half(self) -> None:
        self._plain, self._raw, self._escaped = None, bytearray(), False

    def lose_power(self) -> None:
        self.forget_half()
        self.num, self._last, self._done_ns = self._first_num, None, 0

    def line_opened(self) -> None:
        self.forget_half()
        if self._per_connection:
            self.lose_power()

    def time_passed(self) -> None:
        due = self.wakes_ns()
        if due is not None and self._station.now() >= due:
            self._broken("byte late")

    def wakes_ns(self) -> int | None:
        return self._heard_ns + self._station.byte_timeout_ns if self._plain is not None else None

    def _broken(self, why: str) -> None:
        self._station.note("!", why, bytes(self._raw))
        self.forget_half()
