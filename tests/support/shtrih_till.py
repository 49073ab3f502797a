"""A till's end of the line to a simulated Shtrih-M register: frames put together by hand, nothing of ours asked."""

from __future__ import annotations

import random
import tomllib
from functools import reduce
from operator import xor
from pathlib import Path

from hw_sim.device.lines import InProcessLine
from hw_sim.shtrih import make

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty, UTC+5.
ENQ, ACK, NAK = b"\x05", b"\x06", b"\x15"
NOTHING = b""
SYSTEM = 30
COMPUTE = 0xFFFFFFFFFF
FRAMES = tomllib.loads((Path(__file__).parents[1] / "vectors" / "shtrih.toml").read_text(encoding="utf-8"))["frame"]
GOLDEN = {case["name"]: bytes.fromhex(case["bytes"]) for case in FRAMES}
SHORT_KM = b"0487024981193" + b"6t1Xrb-xQWhpeGhG"
LONG_KM = b"0104603276002586215Qbag!\x1d93Zjqw"


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little", signed=value < 0)


def framed(data: bytes) -> bytes:
    body = bytes([len(data)]) + data
    return b"\x02" + body + bytes([reduce(xor, body)])


def crc16(data: bytes) -> int:
    """CCITT, polynomial 1021h, from FFFFh, bit by bit."""
    rest = 0xFFFF
    for bit in (byte >> shift & 1 for byte in data for shift in range(7, -1, -1)):
        rest = (rest << 1 & 0xFFFF) ^ (0x1021 if rest >> 15 ^ bit else 0)
    return rest


def packet(num: int | None, data: bytes = b"") -> bytes:
    body = b"" if num is None else number(num, 2) + data
    plain = number(len(body), 2) + body
    plain += number(crc16(plain), 2)
    return b"\x8f" + plain.replace(b"\x9f", b"\x9f\x83").replace(b"\x8f", b"\x9f\x81")


def unpacked(raw: bytes) -> tuple[int, bytes]:
    """Number and data of one packet of the register."""
    assert raw[:1] == b"\x8f", raw
    plain = raw[1:].replace(b"\x9f\x81", b"\x8f").replace(b"\x9f\x83", b"\x9f")
    assert crc16(plain[:-2]) == int.from_bytes(plain[-2:], "little")
    assert int.from_bytes(plain[:2], "little") == len(plain) - 4
    return int.from_bytes(plain[2:4], "little"), plain[4:-2]


def close_old(cash: int, *others: int, percent: int = 0, taxes: bytes = bytes(4)) -> bytes:
    """Parameters of 85h after the password."""
    payments = (cash, *others, *(0,) * (3 - len(others)))
    return b"".join(number(amount, 5) for amount in payments) + number(percent, 2) + taxes + bytes(40)


def close_storage(*payments: int, rounding: int = 0, taxes: tuple[int, ...] = (0,) * 6, text: bytes = b"") -> bytes:
    """Parameters of the present FF45h after the password."""
    sums = payments + (0,) * (16 - len(payments))
    return (
        b"".join(number(amount, 5) for amount in sums)
        + bytes([rounding])
        + b"".join(number(amount, 5) for amount in taxes)
        + b"\x01"
        + text
    )


def item_old(price: int, quantity: int = 1000, department: int = 1, tax: int = 1, name: str = "Сүт") -> bytes:
    """Parameters of 80h to 84h after the password."""
    text = name.encode("kz1048").ljust(40, b"\0")
    return number(quantity, 5) + number(price, 5) + bytes([department, tax, 0, 0, 0]) + text


def item_storage(
    price: int,
    quantity: int = 1_000_000,
    operation: int = 1,
    total: int = COMPUTE,
    tax_sum: int = COMPUTE,
    tax: int = 1,
) -> bytes:
    """Parameters of FF46h after the password."""
    head = bytes([operation]) + number(quantity, 6) + number(price, 5) + number(total, 5) + number(tax_sum, 5)
    return head + bytes([tax, 1, 4, 1]) + "Сүт".encode("kz1048")


class Clock:
    """Virtual UTC nanoseconds, and a sleep."""

    def __init__(self, at_ns: int = NINE_OCLOCK_NS) -> None:
        self.at_ns = at_ns

    def now(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


class Till:
    """One register and a till that asks it. `ask` gives what follows the code: the error byte and so on."""

    def __init__(self, rng: random.Random | None = None, at_ns: int = NINE_OCLOCK_NS, **options: object) -> None:
        self.clock = Clock(at_ns)
        self.sim = make(self.clock.now, rng or random.Random(7), **options)
        self.machine = self.sim.machine
        self.register = self.machine.register
        self.memory = self.sim.memory
        self.numbered = options.get("layer") == "numbered"
        self.num = self.register.options.first_num
        self.line = InProcessLine(self.machine, self.clock.sleep, drops=False)
        self.line.open()
        self.console = self.sim.console()

    def request(self, code: str, data: bytes = b"", password: int | None = SYSTEM) -> bytes:
        return bytes.fromhex(code) + (b"" if password is None else number(password, 4)) + data

    def say(self, data: bytes, wait_s: float = 0.0) -> bytes:
        """Send bytes and read one piece."""
        self.line.write(data)
        return self.line.read(wait_s)

    def ask(self, code: str, data: bytes = b"", password: int | None = SYSTEM, wait_s: float = 60.0) -> bytes:
        whole = self.request(code, data, password)
        head = bytes.fromhex(code)
        answer = self._numbered(whole, wait_s) if self.numbered else self._standard(whole, wait_s)
        assert answer[: len(head)] == head, answer.hex(" ")
        return answer[len(head) :]

    def error(self, code: str, data: bytes = b"", password: int | None = SYSTEM) -> int:
        """The error byte of an answer; an answer with one has nothing else."""
        answer = self.ask(code, data, password)
        assert not answer[0] or len(answer) == 1
        return answer[0]

    def good(self, code: str, data: bytes = b"", password: int | None = SYSTEM) -> bytes:
        """What follows the zero error byte (and the operator, where there is one)."""
        answer = self.ask(code, data, password)
        assert answer[:1] == b"\0", f"{code}: error {answer.hex(' ')}"
        return answer[1:]

    def _standard(self, whole: bytes, wait_s: float) -> bytes:
        assert self.say(ENQ) == NAK
        assert self.say(framed(whole)) == ACK
        answer = self.line.read(wait_s)
        assert answer and framed(answer[2:-1]) == answer, answer.hex(" ")
        self.line.write(ACK)
        return answer[2:-1]

    def _numbered(self, whole: bytes, wait_s: float) -> bytes:
        self.num = (self.num + 1) % 0x10000
        self.line.write(packet(self.num, whole))
        num, answer = unpacked(self.line.read(wait_s))
        assert num == self.num
        return answer

    # What a till does

    def at_rest(self) -> None:
        """Wait until nothing prints."""
        for _ in range(300):
            if self.submode() not in (4, 5):
                return
            self.clock.sleep(0.5)
        raise AssertionError("it prints for ever")

    def state(self) -> tuple[int, int]:
        """Mode and submode."""
        answer = self.good("10")
        return answer[3], answer[4]

    def submode(self) -> int:
        return self.state()[1]

    def counter(self, register: int) -> int:
        return int.from_bytes(self.good("1B", bytes([register]))[1:], "little")

    def counter_of_sales(self) -> int:
        """What 148 holds, without asking: the line may be dead."""
        return self.register.counters.receipts[0]

    def money(self, register: int) -> int:
        return int.from_bytes(self.good("1A", bytes([register]))[1:], "little")

    def document(self) -> int:
        return int.from_bytes(self.good("11")[9:11], "little")

    def last_fd(self) -> int:
        return int.from_bytes(self.good("FF01")[26:], "little")

    def sell(self, *prices: int, kind: int = 0, cash: int | None = None) -> None:
        """A receipt of the old command set, as far as the last command before closing."""
        self.good("8D", bytes([kind]))
        for price in prices:
            self.good(f"{0x80 + kind:02X}", item_old(price))
        if cash is not None:
            self.good("85", close_old(cash))

    def sold(self, *prices: int, kind: int = 0) -> None:
        """A whole receipt, paid exactly in cash, printed to its end."""
        self.sell(*prices, kind=kind, cash=sum(prices))
        self.at_rest()
