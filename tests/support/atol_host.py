"""A host of level 3 for tests of the simulated ATOL register: its own packets, its own arithmetic, no recovery."""

from __future__ import annotations

from dataclasses import dataclass, field

from hw_sim.atol.register import AtolRegister
from hw_sim.device.lines import InProcessLine
from hw_sim.device.memory import FiscalMemory

ADD, ACKNOWLEDGE, ASK, ABORT, ACKNOWLEDGE_AND_ADD = 0xC1, 0xC2, 0xC3, 0xC4, 0xC5
PENDING, IN_PROGRESS, RESULT, ERROR, STOPPED, WAITING = 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA8
OVERFLOW, ALREADY_EXISTS, NOT_FOUND, ILLEGAL_VALUE = b"\xb1", b"\xb2", b"\xb3", b"\xb4"
EVENT_RESULT, EVENT_ERROR = 0xA6, 0xA7
EVENT_ID = 0xF0
OK = b"\x55\x00\x00"
NS = 1_000_000_000
HALF_PAST_TEN_NS = 1_784_093_400 * NS  # 15.07.2026 10:30:00, UTC+5.


class Clock:
    """Virtual UTC nanoseconds; also a `sleep`."""

    def __init__(self, at_ns: int = HALF_PAST_TEN_NS) -> None:
        self.at_ns = at_ns

    def __call__(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


def crc8(data: bytes) -> int:
    """Remainder of the division by x8 + x5 + x4 + 1, the first byte inverted."""
    number = int.from_bytes(bytes((data[0] ^ 0xFF,)) + data[1:] + b"\0", "big")
    for bit in range(number.bit_length() - 1, 7, -1):
        if number >> bit & 1:
            number ^= 0x131 << (bit - 8)
    return number


def stuffed(data: bytes) -> bytes:
    return b"".join({0xFE: b"\xfd\xee", 0xFD: b"\xfd\xed"}.get(byte, bytes((byte,))) for byte in data)


def wrapped(packet_id: int, data: bytes) -> bytes:
    """One packet, the CRC over the stuffed data."""
    body = stuffed(data)
    head = bytes((0xFE, len(data) % 128, len(data) // 128, packet_id))
    return head + body + stuffed(bytes((crc8(bytes((packet_id,)) + body),)))


def unwrapped(data: bytes) -> list[tuple[int, bytes]]:
    """ID and data of every packet in these bytes; AssertionError when one is not whole."""
    packets = []
    for piece in data.split(b"\xfe")[1:]:
        plain = piece[3:].replace(b"\xfd\xee", b"\xfe").replace(b"\xfd\xed", b"\xfd")
        size = piece[0] + 128 * piece[1]
        assert len(plain) == size + 1, piece.hex(" ")
        assert plain[-1] == crc8(bytes((piece[2],)) + stuffed(plain[:-1])), piece.hex(" ")
        packets.append((piece[2], plain[:-1]))
    return packets


def bcd(value: int, size: int) -> bytes:
    return bytes.fromhex(str(value).zfill(2 * size))


def item(price: int, quantity: int = 1000, name: str = "Хлеб", amount: int | None = None) -> bytes:
    """Parameters of EBh; money in tiyn, quantity in thousandths."""
    total = price * quantity // 1000 if amount is None else amount
    sums = bcd(price, 7) + bcd(quantity, 5) + bcd(total, 7) + b"\0" + bcd(0, 7)
    return b"\0" + sums + b"\x01\x01\x04" + b"\0" + bcd(0, 7) + b"\0\0" + name.encode("cp866")


def old_item(price: int, quantity: int = 1000, name: str = "Хлеб") -> bytes:
    """Parameters of E6h."""
    named = name.encode("cp866").ljust(64, b"\0")
    return b"\0" + named + bcd(price, 6) + bcd(quantity, 5) + b"\0\0" + bcd(0, 6) + b"\0\0" + bytes(17)


@dataclass(slots=True)
class Host:
    """Talks on a line; keeps the events it has heard. Waits in virtual time."""

    line: InProcessLine
    packet_id: int = 0
    task: int = 0
    events: list[bytes] = field(default_factory=list)

    @property
    def register(self) -> AtolRegister:
        assert isinstance(self.line.machine, AtolRegister)
        return self.line.machine

    @property
    def memory(self) -> FiscalMemory:
        return self.register.kkm.memory

    def heard(self, timeout_s: float = 1.0) -> list[tuple[int, bytes]]:
        """What comes until it is quiet for so long."""
        came = b""
        while piece := self.line.read(timeout_s):
            came += piece
        return unwrapped(came)

    def say(self, data: bytes, timeout_s: float = 0.05) -> bytes | None:
        """One packet; the data of its answer, None after silence."""
        self.packet_id = self.packet_id % 0xDE + 1
        self.line.write(wrapped(self.packet_id, data))
        answer = None
        for packet_id, came in self.heard(timeout_s):
            if packet_id == EVENT_ID:
                self.events.append(came)
            elif packet_id == self.packet_id:
                answer = came
        return answer

    def next_task(self) -> int:
        self.task = self.task % 0xDE + 1
        return self.task

    def add(self, code: int, params: bytes = b"", *, flags: int = 1, word: int = ADD) -> bytes | None:
        """Add a command under the next task number; the first answer."""
        return self.say(bytes((word, flags, self.next_task(), 0, 0, code)) + params)

    def ask(self, task: int | None = None) -> bytes | None:
        return self.say(bytes((ASK, self.task if task is None else task)))

    def do(self, code: int, params: bytes = b"", timeout_s: float = 15.0) -> bytes:
        """A command to its end: the result, or the error as it stands in it; AssertionError when nothing comes.

        A failure is acknowledged, for it would stop whatever comes behind it.
        """
        answer = self.add(code, params)
        assert answer is not None, f"{code:02X}: silence"
        if answer[0] in (PENDING, IN_PROGRESS, WAITING):
            task = self.task
            until = self.register.now() + round(timeout_s * NS)
            while not any(event[1] == task for event in self.events) and self.register.now() < until:
                self.events += [came for packet_id, came in self.heard() if packet_id == EVENT_ID]
            answer = next(event[:1] + event[2:] for event in self.events if event[1] == task)
        assert answer[0] in (RESULT, ERROR, EVENT_RESULT, EVENT_ERROR), answer.hex(" ")
        if answer[0] in (ERROR, EVENT_ERROR):
            self.say(bytes((ACKNOWLEDGE, self.task)))
        return answer[1:]

    def enter(self, mode: int) -> None:
        assert self.do(0x48) == OK
        assert self.do(0x56, bytes((mode,)) + bcd(1 if mode == 1 else 30, 4)) == OK

    def sell(self, *prices: int, given: int | None = None, payment: int = 1) -> bytes:
        """A receipt in mode 1; the answer to its closing."""
        assert self.do(0x92, b"\0\x01") == OK
        for price in prices:
            assert self.do(0xEA, b"\0\x01\0") == OK
            assert self.do(0xEB, item(price)) == OK
        return self.do(0x4A, bytes((0, payment)) + bcd(sum(prices) if given is None else given, 5))

    def last_number(self) -> int:
        """Number of the last document (91 34)."""
        return int(self.do(0x91, b"\x34\0\0")[2:7].hex())
