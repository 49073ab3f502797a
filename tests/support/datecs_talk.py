"""A host that speaks to a simulated Datecs printer in virtual time. Its frames are put together and taken apart here,
by the rules of the vendor's papers and by no code of ours."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from hw_sim.datecs import Datecs, make
from hw_sim.device.lines import InProcessLine

NS = 1_000_000_000
HALF_PAST_TEN_NS = 1_784_093_400 * NS  # 15.07.2026 10:30:00 in Almaty, UTC+5.
WAIT_S = 0.5  # The host's limit for the first byte.
STATUS_BYTES = {"p": 6, "x": 8}
NAK, SYN = b"\x15", b"\x16"


class Clock:
    def __init__(self, at_ns: int = HALF_PAST_TEN_NS) -> None:
        self.at_ns = at_ns

    def __call__(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


def digits(number: int) -> bytes:
    return bytes(0x30 + int(digit, 16) for digit in f"{number:04x}")


def request(protocol: str, seq: int, command: int, data: bytes) -> bytes:
    """A frame of the host."""
    wide = protocol == "x"
    rest = bytes((seq,)) + (digits(command) if wide else bytes((command,))) + data + b"\x05"
    size = 0x20 + len(rest) + (4 if wide else 1)
    inside = (digits(size) if wide else bytes((size,))) + rest
    return b"\x01" + inside + digits(sum(inside)) + b"\x03"


@dataclass(frozen=True)
class Answer:
    """A frame of the printer, or silence (empty `raw`)."""

    raw: bytes
    seq: int = -1
    command: int = -1
    data: str = ""
    bits: frozenset[str] = frozenset()

    @property
    def error(self) -> int:
        """The first field of X."""
        return int(self.data.split("\t")[0])

    @property
    def fields(self) -> list[str]:
        """Fields: after the error code on X, all of them on P."""
        return self.data.split("\t")[1:-1] if "\t" in self.data else self.data.split(",")


def answer(protocol: str, raw: bytes) -> Answer:
    """Take a frame apart; every part of it is checked."""
    wide, status = (4 if protocol == "x" else 1), STATUS_BYTES[protocol]
    inside = raw[1:-5]
    assert (raw[0], raw[-1], inside[-1], inside[-2 - status]) == (1, 3, 5, 4)
    assert raw[-5:-1] == digits(sum(inside))
    size = 0x20 + len(inside)
    assert inside[:wide] == (digits(size) if wide == 4 else bytes((size,)))
    command = inside[wide + 1 : 2 * wide + 1]
    number = int("".join(f"{byte - 0x30:x}" for byte in command), 16) if wide == 4 else command[0]
    bits = frozenset(
        f"{place}.{bit}" for place, byte in enumerate(inside[-1 - status : -1]) for bit in range(7) if byte >> bit & 1
    )
    assert all(byte >= 0x80 for byte in inside[-1 - status : -1])
    data = inside[2 * wide + 1 : -2 - status].decode("cp1251", "replace")
    return Answer(raw, inside[wide], number, data, bits)


class Talk:
    """One printer and a host at it. SEQ counts up by itself."""

    def __init__(
        self, protocol: str = "p", *, drops: bool = False, chunk_max: int | None = None, **options: Any
    ) -> None:
        self.protocol = protocol
        self.clock = Clock()
        self.simulated = make(self.clock, random.Random(3), protocol=protocol, **options)
        assert isinstance(self.simulated.machine, Datecs)
        self.machine = self.simulated.machine
        self.memory = self.simulated.memory
        self.line = InProcessLine(self.machine, self.clock.sleep, drops=drops, chunk_max=chunk_max)
        self.line.open()
        self.seq = 0x20
        self.syns = 0

    def send(self, raw: bytes, wait_s: float = WAIT_S) -> bytes:
        """Write bytes; the frame or NAK that comes back, b"" after silence. SYN keeps the line alive."""
        self.line.write(raw)
        return self.hear(wait_s)

    def hear(self, wait_s: float = WAIT_S) -> bytes:
        heard = b""
        while piece := self.line.read(wait_s):
            if not heard:
                without = piece.lstrip(SYN)
                self.syns += len(piece) - len(without)
                piece = without
            heard += piece
            if heard == NAK or heard.endswith(b"\x03"):
                break
        return heard

    def ask(self, command: int, data: str = "", *, seq: int | None = None) -> Answer:
        """Send a command under the next SEQ, or under the one given; its answer."""
        if seq is None:
            self.seq = 0x20 + (self.seq - 0x1F) % 0x50
            seq = self.seq
        raw = self.send(request(self.protocol, seq, command, data.encode("cp1251")))
        return answer(self.protocol, raw) if raw else Answer(b"")

    def do(self, command: int, data: str = "") -> Answer:
        """The same, for a step that must be carried out."""
        got = self.ask(command, data)
        assert self.taken(got), got
        return got

    def refused(self, command: int, data: str = "") -> Answer:
        """The same, for a step that must not be."""
        got = self.ask(command, data)
        assert got.raw and not self.taken(got), got
        return got

    def taken(self, got: Answer) -> bool:
        if self.protocol == "x":
            return got.raw != b"" and got.error == 0
        return (
            got.raw != b""
            and not got.bits & {"0.1", "0.0", "1.1", "1.0"}
            and not (got.bits >= {"2.0"} and not got.data)
        )

    # Steps in either protocol

    def open(self) -> Answer:
        return self.do(0x30, "1,0000,1" if self.protocol == "p" else "1\t1\t1\t\t")

    def item(self, name: str = "Milk", price: str = "900.00", quantity: str = "1.000", group: int = 2) -> Answer:
        return self.do(0x31, self.item_data(name, price, quantity, group))

    def item_data(self, name: str = "Milk", price: str = "900.00", quantity: str = "1.000", group: int = 2) -> str:
        if self.protocol == "p":
            return f"{name}\t{'ABCDEFGH'[group - 1]}{price}*{quantity}"
        return f"{name}\t{group}\t{price}\t{quantity}\t\t\t0\t"

    def text(self, text: str) -> Answer:
        return self.do(0x36, text if self.protocol == "p" else f"{text}\t\t\t\t\t\t")

    def pay(self, amount: str = "1000.00", *, card: bool = False) -> Answer:
        return self.do(0x35, self.pay_data(amount, card=card))

    def pay_data(self, amount: str = "1000.00", *, card: bool = False) -> str:
        if self.protocol == "p":
            return f"\t{'D' if card else 'P'}{amount}"
        return f"{2 if card else 0}\t{amount}\t\t"

    def close(self) -> Answer:
        return self.do(0x38)

    def sale(self, price: str = "900.00", paid: str = "1000.00") -> Answer:
        self.open()
        self.item(price=price)
        self.pay(paid)
        return self.close()

    def document(self) -> int:
        """Number of the last document, as the printer tells it."""
        if self.protocol == "p":
            return int(self.do(0x71).data)
        return int(self.do(0xFF, "nBon\t\t\t").fields[0])

    def z(self) -> Answer:
        return self.do(0x45, "0" if self.protocol == "p" else "Z\t")

    def state(self) -> list[str]:
        """4Ch."""
        return self.do(0x4C, "T" if self.protocol == "p" else "").fields
