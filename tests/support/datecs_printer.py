"""A Datecs printer in a few lines, played at the other end of a driver's line: what the tests of the driver talk to.

It speaks through the codec of the driver, which the golden frames have tried before; what it answers is written down
here from the vendor's papers. Time is virtual.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fiscal.datecs import open_datecs
from fiscal.datecs.codec import NAK, SYN, Decoder, Frame, P, X, encode
from fiscal.device.driver import DeviceRegister
from fiscal.options import split
from fiscal.orders import Line, Mark, Operation, Payment, PaymentKind, Receipt

START = dt.datetime(2026, 11, 30, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=5)))
SERIAL, MEMORY = "DT000600", "02000600"
IDENTITY = f"{SERIAL}/{MEMORY}"
GS = "\x1d"
FULL = f"0104870249811936215abCD!{GS}91KZF1{GS}92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
URLS = {"P": "datecs-p+tcp://printer", "X": "datecs-x+tcp://printer"}
KINDS = {"sale": ("0", "1"), "sale_return": ("2", "6"), "cancelled": ("4", "8"), "cash": (None, "5"), "z": (None, "2")}


class No(Exception):
    """The printer refuses; number of its own list for P, minus that of X."""

    def __init__(self, number: int, bits: str = "1.1") -> None:
        self.number = number
        self.bits = bits


@dataclass
class Open:
    kind: str
    total: int = 0  # Tiyn, as every sum here.
    paid: int = 0
    payments: list[tuple[str, int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    original: str = ""


@dataclass
class Made:
    number: int
    kind: str
    total: int
    at: dt.datetime
    receipt: Open | None = None


@dataclass
class Printer:
    """A line and the printer on it. `lose`: (command, "request" | "answer") that goes missing, once each."""

    protocol: str
    serial: str = SERIAL
    memory: str = MEMORY
    password: str = ""
    at_s: float = 0.0
    before: int = 1233  # Documents made earlier, of which the journal shows none.
    documents: list[Made] = field(default_factory=list)
    z: int = 41
    receipts: int = 0
    cash: int = 0
    put: int = 0
    taken: int = 0
    open_: Open | None = None
    last: Open = field(default_factory=lambda: Open("sale"))
    bits: set[str] = field(default_factory=lambda: {"4.2", "4.1", "5.4", "5.3", "5.1"})
    rates: tuple[str, ...] = ("0.00", "16.00", "10.00", "5.00", "0.00", "0.00", "0.00", "0.00")
    lines: int = 0
    forms: str = "WY"  # Classes of journal records it knows.
    journal_works: bool = True
    lose: list[tuple[int, str]] = field(default_factory=list)
    refuse: dict[int, No] = field(default_factory=dict)
    nak: int = 0  # So many frames are not understood.
    syn: int = 0  # So many SYN before each answer.
    stale: bool = False  # It takes the next frame for a repeat.
    commands: list[tuple[int, str]] = field(default_factory=list)
    writes: int = 0
    passwords_wrong: int = 0
    drawer: int = 0
    copies: int = 0
    copied: bool = False
    absent: bool = False
    _out: list[bytes] = field(default_factory=list)
    _answered: tuple[int, bytes] = (-1, b"")
    _error: tuple[int, int] = (0, 0)
    _reading: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dialect = {"P": P, "X": X}[self.protocol]
        self.password = self.password or {"P": "0000", "X": "1"}[self.protocol]
        self._decoder = Decoder(self.dialect, answers=False)

    # The line

    def open(self) -> None:
        if self.absent:
            raise ConnectionRefusedError("nobody there")
        self._out.clear()

    def close(self) -> None:
        """Nothing is held."""

    def write(self, data: bytes) -> None:
        if self.absent:
            raise ConnectionResetError("gone")
        self.writes += 1
        self._decoder.receive(data)
        while (event := self._decoder.next_event()) is not None:
            assert isinstance(event, Frame), event
            self._hear(event)

    def read(self, timeout_s: float) -> bytes:
        if self.absent:
            raise ConnectionResetError("gone")
        if self._out:
            return self._out.pop(0)
        self.at_s += timeout_s
        return b""

    def monotonic(self) -> float:
        return self.at_s

    def sleep(self, seconds: float) -> None:
        self.at_s += seconds

    @property
    def now(self) -> dt.datetime:
        return START + dt.timedelta(seconds=int(self.at_s))

    # Hearing and saying

    def _hear(self, frame: Frame) -> None:
        if self.nak:
            self.nak -= 1
            self._out.append(bytes((NAK,)))
            return
        if self._loses(frame, "request"):
            return
        if frame.seq != self._answered[0] and not self.stale:
            self._answered = frame.seq, self._answer(frame)
        elif self.stale:
            self.stale, body = False, b"0012,0010" if self.protocol == "P" else b"0\t12\t"
            self._answered = frame.seq, encode(self.dialect, frame.seq, 0x38, body, self._status(set()))
        if self._loses(frame, "answer"):
            return
        self._out += [bytes((SYN,))] * self.syn + [self._answered[1]]

    def _loses(self, frame: Frame, what: str) -> bool:
        if (frame.command, what) not in self.lose or (frame.command == 0x46 and frame.data in (b"", b"0\t0\t")):
            return False  # Reading the drawer is not the command that is meant.
        self.lose.remove((frame.command, what))
        return True

    def _answer(self, frame: Frame) -> bytes:
        data = frame.data.decode("cp1251")
        self.commands.append((frame.command, data))
        flags: set[str] = set()
        try:
            no = self.refuse.pop(frame.command, None)
            if no is not None:
                raise no
            fields = _HANDLERS[self.protocol][frame.command](self, data)
            body = ",".join(fields) if self.protocol == "P" else "".join(f"{one}\t" for one in ("0", *fields))
        except No as no:
            self._error = frame.command, no.number
            if self.protocol == "P":
                body, flags = "", {no.bits, "0.5"}
            else:
                body = f"-{no.number}\t"
        return encode(self.dialect, frame.seq, frame.command, body.encode("cp1251"), self._status(flags))

    def _status(self, flags: set[str]) -> bytes:
        bits = self.bits | flags
        if self.open_ is not None:
            bits = bits | {"2.3"} | ({"1.4"} if self.open_.kind == "sale_return" and self.protocol == "P" else set())
        raw = bytearray(b"\x80" * self.dialect.status_bytes)
        for bit in bits:
            raw[int(bit[0])] |= 1 << int(bit[2])
        return bytes(raw)

    # What it does

    @property
    def number(self) -> int:
        return self.before + len(self.documents)

    def make(self, kind: str, total: int, receipt: Open | None = None) -> None:
        self.documents.append(Made(self.number + 1, kind, total, self.now, receipt))
        self.receipts += kind in ("sale", "sale_return")

    def begin(self, kind: str, operator: str, password: str, original: str = "") -> None:
        assert operator == "1"
        if password != self.password:
            self.passwords_wrong += 1
            raise No({"P": 104, "X": 102002}[self.protocol])
        self._must(self.open_ is None, 200, 111015)
        self._paper()
        self.open_ = Open(kind, original=original)

    def add(self, name: str, total: int) -> None:
        receipt = self._receipt(0)
        self._paper()
        receipt.total += total
        receipt.names.append(name)

    def say(self, text: str) -> None:
        self._must(self.open_ is not None, 201, 111016)
        assert self.open_ is not None
        self._paper()
        self.open_.texts.append(text[:40])

    def tender(self, mode: str, amount: int) -> tuple[str, int]:
        self._must(self.open_ is not None, 201, 111016)
        assert self.open_ is not None
        self.open_.paid += amount
        self.open_.payments.append((mode, amount))
        rest = self.open_.total - self.open_.paid
        return ("R", -rest) if rest < 0 else ("D", rest)

    def finish(self) -> None:
        self._must(self.open_ is not None, 201, 111016)
        assert self.open_ is not None
        self._must(self.open_.paid >= self.open_.total > 0, 412, 111050)
        self._paper()
        done, self.open_ = self.open_, None
        self.make(done.kind, done.total, done)
        cash = sum(amount for mode, amount in done.payments if mode in "P0") - (done.paid - done.total)
        self.cash += cash if done.kind == "sale" else -cash
        self.last, self.copied = done, False

    def drop(self) -> None:
        receipt = self._receipt(0)
        self._paper()
        self.make("cancelled", receipt.total)
        self.last, self.open_ = receipt, None

    def move(self, amount: int) -> None:
        self._must(self.open_ is None and self.cash + amount >= 0, 413, 111017)
        self.cash += amount
        if amount > 0:
            self.put += amount
        else:
            self.taken -= amount
        if amount:
            self.make("cash", abs(amount))

    def close_shift(self) -> None:
        self._must(self.open_ is None, 200, 111015)
        self.z += 1
        self.make("z", 0)
        self.receipts = self.put = self.taken = 0

    def copy(self) -> None:
        self._must(not self.copied and self.last.total > 0, 428, 111003)
        self.copied = True
        self.copies += 1

    def sums(self, kind: str) -> list[int]:
        start = max((one.number for one in self.documents if one.kind == "z"), default=0)
        return [one.total for one in self.documents if one.kind == kind and one.number > start]

    def _receipt(self, paid_max: int) -> Open:
        self._must(self.open_ is not None, 201, 111016)
        assert self.open_ is not None
        self._must(self.open_.paid <= paid_max, 405, 111018)
        return self.open_

    def _paper(self) -> None:
        if self.bits & {"2.0", "0.6"}:
            raise No({"P": 101, "X": 112006}[self.protocol], "2.0")

    def _must(self, right: bool, p: int, x: int) -> None:
        if not right:
            raise No({"P": p, "X": x}[self.protocol])

    def bare(self, tiyn: int, width: int) -> str:
        """A sum as the P of the golden frames writes it in places: minor units."""
        return f"{tiyn:0{width}}"

    def document(self, number: int) -> Made | None:
        found = [one for one in self.documents if one.number == number]
        return found[0] if found and self.journal_works else None


def tenge(tiyn: int) -> str:
    return f"{tiyn // 100}.{tiyn % 100:02}"


def tiyn(text: str) -> int:
    whole, _, part = text.partition(".")
    assert len(part) == 2, text
    return int(whole) * 100 + int(part) if not whole.startswith("-") else -tiyn(text[1:])


def product(price: str, quantity: str) -> int:
    return (tiyn(price) * int(quantity.replace(".", "")) + 500) // 1000


def _p_item(printer: Printer, data: str) -> list[str]:
    name, sale = data.split("\t")
    assert sale[0] in "ABCDEFGH", data
    sale, _, change = sale[1:].partition(";")
    price, _, rest = sale.partition("*")
    quantity, _, _unit = rest.partition("#")
    printer.add(name, product(price, quantity) + (tiyn(change) if change else 0))
    return []


def _p_open(printer: Printer, data: str) -> list[str]:
    operator, password, _till = data.split(",")
    printer.begin("sale", operator, password)
    return ["0012", f"{printer.receipts + 1:04}"]


def _p_storno(printer: Printer, data: str) -> list[str]:
    operator, password, _till, original, unp, stamp, memory = data.split(",")
    assert original[0] == "R" and len(original) == 8 and unp == "" and len(stamp) == 12, data
    printer.begin("sale_return", operator, password, f"{original[1:]} {stamp} {memory}")
    return ["0012", f"{printer.receipts + 1:04}"]


def _p_pay(printer: Printer, data: str) -> list[str]:
    assert data[0] == "\t", data
    code, rest = printer.tender(data[1], tiyn(data[2:]))
    return [f"{code}{tenge(rest)}"]


def _p_close(printer: Printer, _data: str) -> list[str]:
    printer.finish()
    return ["0012", f"{printer.receipts:04}"]


def _p_cash(printer: Printer, data: str) -> list[str]:
    try:
        printer.move(tiyn(data) if data else 0)
    except No as no:
        printer._error = 0x46, no.number
        return ["F", "0", "0", "0"]
    return ["P", *(printer.bare(one, 9) for one in (printer.cash, printer.put, printer.taken))]


def _p_report(printer: Printer, data: str) -> list[str]:
    total = sum(printer.sums("sale"))
    number = printer.z + 1
    if data == "0":
        printer.close_shift()
    return [f"{number:04}", tenge(total), *[tenge(0)] * 8]


def _p_state(printer: Printer, _data: str) -> list[str]:
    shown = printer.open_ or printer.last
    opened = "1" if printer.open_ else "0"
    return [opened, f"{len(shown.names):04}", printer.bare(shown.total, 9), printer.bare(shown.paid, 9)]


def _p_status(printer: Printer, data: str) -> list[str]:
    return [str(printer.lines)] if data == "L" else ["status"]


def _p_journal(printer: Printer, data: str) -> list[str]:
    if data in ("w", "y"):
        return [printer._reading.pop(0)] if printer._reading else ["F"]
    form, number = data.split(",")
    if form not in printer.forms:
        raise No(1, "0.0")
    made = printer.document(int(number))
    kind = KINDS[made.kind][0] if made is not None else None
    if made is None or (kind is None and not (made.kind == "z" and form == "W")):
        return ["F"]
    if kind is None:
        return [f"Z,{printer.z},{made.number},1,30-11-2026 10:00:00,0.00,0.00,0.00"]
    total, at = tenge(made.total), f"{made.at:%d-%m-%Y %H:%M:%S}"
    if form == "Y":
        printer._reading = [f"r,2,16.00,{total},1.000,0.00,{total},Milk", f"t,{total},{total}", "i,0,0,0", "*,"]
        return [f"u,{printer.serial},{kind},{made.number},"]
    sums = f"T,0,0.00,0,0.00,0,0.00,1,{total},{total}"
    printer._reading = [
        "V,1,2,16.00",
        f"R,2,16.00,{total},1.000,0.00,{total},Milk",
        sums,
        "P,1.00",
        f"D,{at},{at}",
        "*,",
    ]
    return [f"U,,1,1,{kind},{made.number}"]


def _p_error(printer: Printer, _data: str) -> list[str]:
    command, number = printer._error
    return [str(command), str(number), "30-11-26 10:00:00", "in its own words"]


def _p_drawer(printer: Printer, _data: str) -> list[str]:
    printer.drawer += 1
    return []


def _did(work: Callable[[Printer], None]) -> Callable[[Printer, str], list[str]]:
    def handler(printer: Printer, _data: str) -> list[str]:
        work(printer)
        return []

    return handler


def _said(printer: Printer, data: str) -> list[str]:
    printer.say(data.partition("\t")[0])
    return []


def _x_item(printer: Printer, data: str) -> list[str]:
    name, tax, price, quantity, kind, change, department, *_unit = data.split("\t")[:-1]
    assert tax in "12345678" and department == "0", data
    change_tiyn = {"": 0, "3": 1, "4": -1}[kind] * (tiyn(change) if change else 0)
    printer.add(name, product(price, quantity) + change_tiyn)
    return ["12"]


def _x_open(printer: Printer, data: str) -> list[str]:
    operator, password, _till, invoice, end = data.split("\t")
    assert invoice == end == ""
    printer.begin("sale", operator, password)
    return ["12"]


def _x_storno(printer: Printer, data: str) -> list[str]:
    operator, password, _till, storno, number, date, memory, *rest = data.split("\t")
    assert storno == "1" and rest == [""] * 5, data
    printer.begin("sale_return", operator, password, f"{number} {date} {memory}")
    return ["12"]


def _x_pay(printer: Printer, data: str) -> list[str]:
    mode, amount, _type, _end = data.split("\t")
    code, rest = printer.tender(mode, tiyn(amount))
    return [code, tenge(rest)]


def _x_close(printer: Printer, _data: str) -> list[str]:
    printer.finish()
    return ["12"]


def _x_cash(printer: Printer, data: str) -> list[str]:
    kind, amount, _end = data.split("\t")
    printer.move((-1 if kind == "1" else 1) * (tiyn(amount) if amount != "0" else 0))
    return [tenge(printer.cash), tenge(printer.put), tenge(printer.taken)]


def _x_report(printer: Printer, data: str) -> list[str]:
    sold, returned = sum(printer.sums("sale")), sum(printer.sums("sale_return"))
    number = printer.z + 1
    if data == "Z\t":
        printer.close_shift()
    groups = ["0.00", tenge(sold), *["0.00"] * 6, "0.00", tenge(returned), *["0.00"] * 6]
    return [str(number), *groups]


def _x_state(printer: Printer, _data: str) -> list[str]:
    shown = printer.open_ or printer.last
    opened = "0" if printer.open_ is None else {"sale": "1", "sale_return": "3"}[printer.open_.kind]
    return [opened, "12", str(len(shown.names)), tenge(shown.total), tenge(shown.paid)]


def _x_info(printer: Printer, data: str) -> list[str]:
    if data == "1\t":
        return [printer.serial, printer.memory, "TOO Dukan", "Almaty", "123456789012", "", ""]
    return [str(printer.receipts), "30-11-2026 10:00:00", str(printer.z), "29-11-2026 22:00:00"]


def _x_variable(printer: Printer, data: str) -> list[str]:
    fiscal = [one.number for one in printer.documents if one.kind in ("sale", "sale_return")]
    values = {
        "nBon": printer.number,
        "nLastFiscalDoc": fiscal[-1] if fiscal else printer.before,
        "nFBonDailyCount": printer.receipts,
    }
    return [str(values[data.partition("\t")[0]])]


def _x_day(printer: Printer, data: str) -> list[str]:
    if data == "2\t":
        return [str(len(printer.sums("sale"))), tenge(sum(printer.sums("sale")))]
    return [tenge(sum(printer.sums("sale_return"))), *["0.00"] * 6]


def _x_journal(printer: Printer, data: str) -> list[str]:
    _option, number, _type, _end = data.split("\t")
    made = printer.document(int(number))
    if made is None:
        raise No(105000)
    return [number, "7", f"{made.at:%d-%m-%y %H:%M:%S}", str(KINDS[made.kind][1]), str(printer.z + 1)]


def _x_error(printer: Printer, data: str) -> list[str]:
    return [data.partition("\t")[0], "in its own words"]


def _clock(printer: Printer, _data: str) -> list[str]:
    return [f"{printer.now:%d-%m-%y %H:%M:%S}"]


Handler = Callable[[Printer, str], list[str]]
_HANDLERS: dict[str, dict[int, Handler]] = {
    "P": {
        0x20: _p_error, 0x2E: _p_storno, 0x30: _p_open, 0x31: _p_item, 0x35: _p_pay, 0x36: _said, 0x38: _p_close,
        0x33: lambda printer, _: [tenge(printer._receipt(0).total), *["0.00"] * 8],
        0x3C: _did(Printer.drop), 0x3E: _clock, 0x40: lambda printer, _: ["P", f"{printer.z:04}", *["0"] * 8, "291126"],
        0x45: _p_report, 0x46: _p_cash, 0x4A: _p_status, 0x4C: _p_state,
        0x5A: lambda printer, _: ["FP-800", "2.00BG 01Jan20 1200", "214A", "00000000", printer.serial, printer.memory],
        0x61: lambda printer, _: list(printer.rates), 0x6A: _p_drawer, 0x6D: _did(Printer.copy),
        0x6E: lambda printer, _: [*["0.00"] * 8, f"{printer.z:04}", f"{printer.receipts + 1:04}"],
        0x71: lambda printer, _: [f"{printer.number:07}"], 0x77: _p_journal,
    },
    "X": {
        0x2B: _x_storno, 0x30: _x_open, 0x31: _x_item, 0x35: _x_pay, 0x36: _said, 0x38: _x_close,
        0x32: lambda printer, _: ["1", *printer.rates, "01-01-26"],
        0x33: lambda printer, _: ["12", tenge(printer._receipt(0).total), *["0.00"] * 8],
        0x3C: _did(Printer.drop), 0x3E: _clock, 0x45: _x_report, 0x46: _x_cash, 0x4A: lambda _printer, _: ["status"],
        0x4C: _x_state, 0x64: _x_error, 0x6A: _p_drawer, 0x6D: _did(Printer.copy), 0x6E: _x_day, 0x7B: _x_info,
        0x7D: _x_journal, 0xFF: _x_variable,
    },
}  # fmt: skip


def driver_of(printer: Printer, options: str = "", secret: Callable[[str], str] = str) -> DeviceRegister:
    """A driver on that printer's line."""
    return open_datecs(
        split(URLS[printer.protocol] + ("?" + options if options else "")),
        secret=secret, link=lambda _address: printer, monotonic=printer.monotonic, sleep=printer.sleep,
        rng=random.Random(7),
    )  # fmt: skip


def sale(key: str = "till7-1", **changes: Any) -> Receipt:
    """A marked pack and half a kilogram of apples: 1 125.25 tenge, 1 200 handed over."""
    order: dict[str, Any] = {
        "key": key,
        "operation": Operation.SALE,
        "lines": (
            Line("Сигареты", 90_000, 1_000, 796, 1_600, marks=(Mark(FULL, "ki-1"),)),
            Line("Алма", 45_050, 500, 166, None),
        ),
        "payments": (Payment(PaymentKind.CASH, 120_000),),
        "cashier": "Айгүл",
    }
    return Receipt(**(order | changes))


TOTAL_TIYN = 112_525
