"""A Shtrih-M register: what one answers to each command. Payload in, payload out.

Written for the tests of the driver alone; shares nothing with it but the golden frames its sums were checked against.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

STORAGE_NUMBER = b"9999078900000001"
KINDS = {0: "sale", 2: "sale_return"}
DATE, TIME = bytes((15, 7, 26)), bytes((10, 30, 5))
FN_TIME = bytes((26, 7, 15, 10, 30))


@dataclass
class Machine:
    """The register itself: payload in, payload out."""

    storage: bool = True
    has: Callable[[str], bool] = lambda code: True
    serial: int = 34423
    flags: int = 0x0292
    parameters: int = 0x1A
    shift_open: bool = True
    expired: bool = False
    last_shift: int = 6
    submode: int = 0
    mode: int | None = None  # Forced.
    document_no: int = 40
    numbers: dict[str, int] = field(default_factory=lambda: {"sale": 12, "sale_return": 1, "cash_in": 2, "cash_out": 0})
    counts: dict[str, int] = field(default_factory=lambda: {"sale": 3, "sale_return": 0})
    drawer: int = 500_000
    put: int = 0
    taken: int = 0
    paid: dict[tuple[str, int], int] = field(default_factory=dict)
    fds: list[dict[str, Any]] = field(default_factory=list)
    first_fd: int = 1231
    receipt_no: int = 3
    open: dict[str, Any] | None = None
    checked: list[bytes] = field(default_factory=list)
    pending_check: bytes | None = None
    mark_result: dict[bytes, tuple[int, int, int | None, int | None]] = field(default_factory=dict)
    errors: dict[str, deque[int]] = field(default_factory=dict)  # Code -> errors the next such commands get.
    after: dict[str, Callable[[], None]] = field(default_factory=dict)  # Code -> what happens once it was carried out.
    seen: list[str] = field(default_factory=list)
    operands: list[tuple[str, bytes]] = field(default_factory=list)
    password: int = 30
    resets_numbers: bool = False  # A Z-report sets the receipt numbers back.
    queue: int = 0
    prints: int = 0  # States that tell "printing" after each document.
    printing: int = 0
    drawer_opened: int = 0
    lines: list[bytes] = field(default_factory=list)
    close_old: bool = False
    adds_up_wrong: int = 0
    e0_short: bool = False

    def __post_init__(self) -> None:
        if self.storage and not self.fds:
            self.fds = [self._fd(2, None, 0), *(self._fd(3, 1, 100) for _ in range(3))]
            for offset, one in enumerate(self.fds):
                one["fd"] = self.first_fd + offset

    def _fd(self, kind: int, operation: int | None, total: int) -> dict[str, Any]:
        number = self.fds[-1]["fd"] + 1 if self.fds else self.first_fd
        return {
            "fd": number, "type": kind, "operation": operation, "sum": total, "sign": 0x11223344 + number,
            "shift": self.last_shift + 1, "receipt": self.receipt_no,
        }  # fmt: skip

    @property
    def last_fd(self) -> int:
        return int(self.fds[-1]["fd"]) if self.fds else 0

    def code_of(self, payload: bytes) -> str:
        return payload[:2].hex().upper() if payload[:1] == b"\xff" else payload[:1].hex().upper()

    def execute(self, payload: bytes) -> bytes:
        code = self.code_of(payload)
        head = bytes.fromhex(code)
        self.seen.append(code)
        rest = payload[len(head) :]
        if code not in ("FC", "F7"):
            if int.from_bytes(rest[:4], "little") != self.password:
                return head + b"\x4f"
            rest = rest[4:]
        self.operands.append((code, rest))
        if self.errors.get(code):
            return head + bytes((self.errors[code].popleft(),))
        handler = getattr(self, f"_{code.lower()}", None)
        if (
            handler is None
            or not self.has(code)
            or (code.startswith("FF") and not self.storage and code not in ("FF67", "FF70", "FF61", "FF69"))
        ):
            return head + b"\x37"
        answer = handler(rest)
        answer = bytes((answer,)) if isinstance(answer, int) else b"\0" + answer
        if answer[:1] == b"\0" and code in self.after:
            self.after.pop(code)()
        return head + answer

    # State.

    def mode_byte(self) -> int:
        if self.mode is not None:
            return self.mode
        if self.open is not None:
            return 8 | {"sale": 0, "sale_return": 2}[self.open["kind"]] << 4
        return (3 if self.expired else 2) if self.shift_open else 4

    def submode_byte(self) -> int:
        if self.printing:
            self.printing -= 1
            return 5
        return self.submode

    def _10(self, rest: bytes) -> bytes:
        return (
            bytes((30,)) + self.flags.to_bytes(2, "little") + bytes((self.mode_byte(), self.submode_byte())) + bytes(9)
        )

    def _11(self, rest: bytes) -> bytes:
        return (
            bytes((30,)) + b"C1" + (19018).to_bytes(2, "little") + bytes((13, 2, 20, 1))
            + self.document_no.to_bytes(2, "little") + self.flags.to_bytes(2, "little")
            + bytes((self.mode_byte(), self.submode_byte(), 0)) + bytes(7) + DATE + TIME + b"\0"
            + self.serial.to_bytes(4, "little") + self.last_shift.to_bytes(2, "little") + bytes(10)
        )  # fmt: skip

    def _0f(self, rest: bytes) -> bytes:
        return self.serial.to_bytes(7, "little") + (600301234567).to_bytes(7, "little")

    def _f7(self, rest: bytes) -> bytes:
        return self.parameters.to_bytes(8, "little") + bytes(20)

    def _fc(self, rest: bytes) -> bytes:
        version = (1, 16) if not self.storage else (2, 0)
        return bytes((0, 0, *version, 25, 3)) + "ШТРИХ-ON-LINE".encode("cp1251")

    def _1b(self, rest: bytes) -> bytes:
        names = {148: "sale", 150: "sale_return", 155: "cash_in", 156: "cash_out"}
        shift = {144: "sale", 146: "sale_return"}
        value = self.numbers[names[rest[0]]] if rest[0] in names else self.counts[shift[rest[0]]]
        return b"\x1e" + value.to_bytes(2, "little")

    def _1a(self, rest: bytes) -> bytes:
        plain = {241: self.drawer, 242: self.put, 243: self.taken}
        value = plain.get(rest[0], 0)
        if 193 <= rest[0] <= 208:
            kind = {0: "sale", 2: "sale_return"}.get((rest[0] - 193) % 4, "")
            value = self.paid.get((kind, (rest[0] - 193) // 4 + 1), 0)
        return b"\x1e" + value.to_bytes(6, "little")

    def _1f(self, rest: bytes) -> bytes:
        fields = {3: "010100000001", 7: "ТОО Ромашка", 2: "131240010479", 9: "Алматы", 10: "ОФД", 11: "ofd.kz"}
        return fields.get(rest[3], "").encode("cp1251").ljust(40, b"\0")

    # Receipts.

    def _8d(self, rest: bytes) -> bytes | int:
        if self.open is not None:
            return 0x4A
        self.open = {"kind": KINDS[rest[0]], "items": [], "marks": [], "total": 0}
        return b"\x1e"

    def _item(self, quantity: int, price: int, name: bytes) -> bytes | int:
        if self.open is None:
            return 0x55
        amount = (2 * quantity * price + 1000) // 2000
        self.open["items"].append((name.split(b"\0")[0].decode("cp1251"), quantity, price))
        self.open["total"] += amount
        return b"\x1e"

    def _80(self, rest: bytes) -> bytes | int:
        return self._item(int.from_bytes(rest[:5], "little"), int.from_bytes(rest[5:10], "little"), rest[15:])

    _82 = _80

    def _86(self, rest: bytes) -> bytes:
        assert self.open is not None
        self.open["total"] -= int.from_bytes(rest[:5], "little")
        return b"\x1e"

    def _87(self, rest: bytes) -> bytes:
        assert self.open is not None
        self.open["total"] += int.from_bytes(rest[:5], "little")
        return b"\x1e"

    def _ff46(self, rest: bytes) -> bytes | int:
        quantity, price = int.from_bytes(rest[1:7], "little") // 1000, int.from_bytes(rest[7:12], "little")
        given = int.from_bytes(rest[12:17], "little")
        if given not in ((1 << 40) - 1, (2 * quantity * price + 1000) // 2000):
            return 0x33
        made = self._item(quantity, price, rest[26:])
        return made if isinstance(made, int) else b""

    def _ff67(self, rest: bytes) -> bytes | int:
        assert self.open is not None
        code = rest[1 : 1 + rest[0]]
        self.open["marks"].append(code)
        if code in self.checked:
            self.checked.remove(code)
        return b"\x05\x00\x02"

    def _17(self, rest: bytes) -> bytes:
        self.lines.append(rest[1:].rstrip(b"\0"))
        return b"\x1e"

    def _89(self, rest: bytes) -> bytes | int:
        if self.open is None:
            return 0x55
        return b"\x1e" + (self.open["total"] + self.adds_up_wrong).to_bytes(5, "little")

    def _88(self, rest: bytes) -> bytes | int:
        if self.open is None:
            return 0x55
        self.open = None
        return b"\x1e"

    def _pay(self, sums: list[int]) -> int | None:
        """Close the open receipt; the change, or None where too little was paid."""
        assert self.open is not None
        kind, total = self.open["kind"], self.open["total"]
        change = sum(sums) - total
        if change < 0:
            return None
        net = [sums[0] - change, *sums[1:]]
        for number, value in enumerate(net, 1):
            self.paid[kind, number] = self.paid.get((kind, number), 0) + value
        self.drawer += net[0] if kind == "sale" else -net[0]
        self.make(kind, total)
        self.open = None
        return change

    def make(self, kind: str, total: int, marks: tuple[bytes, ...] = ()) -> None:
        """A receipt in the memory of the register."""
        self.numbers[kind] += 1
        self.counts[kind] += 1
        self.document_no += 1
        self.receipt_no += 1
        self.shift_open = True
        self.printing = self.prints
        if self.storage:
            document = self._fd(3, {"sale": 1, "sale_return": 2}[kind], total)
            document["marks"] = list(self.open["marks"]) if self.open is not None else list(marks)
            self.fds.append(document)

    def _85(self, rest: bytes) -> bytes | int:
        if self.open is None:
            return 0x55
        change = self._pay([int.from_bytes(rest[i : i + 5], "little") for i in range(0, 20, 5)])
        return 0x45 if change is None else b"\x1e" + change.to_bytes(5, "little")

    def _ff45(self, rest: bytes) -> bytes | int:
        if self.open is None:
            return 0x55
        assert len(rest) == (127 if self.close_old else 112)
        change = self._pay([int.from_bytes(rest[i : i + 5], "little") for i in range(0, 80, 5)])
        if change is None:
            return 0x45
        if self.close_old:
            return change.to_bytes(5, "little")
        sign = int(self.fds[-1]["sign"]).to_bytes(4, "little")
        return change.to_bytes(5, "little") + self.last_fd.to_bytes(4, "little") + sign + FN_TIME

    def _8c(self, rest: bytes) -> bytes:
        return b"\x1e"

    def _b0(self, rest: bytes) -> bytes:
        self.submode = 0
        return b"\x1e"

    # Marking codes.

    def _ff61(self, rest: bytes) -> bytes:
        self.pending_check = rest[4 : 4 + rest[2]]
        local, reason, storage, result = self.mark_result.get(self.pending_check, (3, 0, 0, 15))
        extra = b"" if storage is None else bytes((storage, *(() if result is None else (result,))))
        return bytes((local, reason, 1, len(extra))) + extra

    def _ff69(self, rest: bytes) -> bytes | int:
        if rest == b"\x02":
            self.checked.clear()
            return b"\0"
        if rest == b"\x01" and self.pending_check is not None:
            self.checked.append(self.pending_check)
        self.pending_check = None
        return b"\x0f"

    def _ff70(self, rest: bytes) -> bytes:
        return bytes((1 if self.pending_check is None else 4, 0, 1, len(self.checked), 0, 0, 0, 0))

    # Storage.

    def _ff01(self, rest: bytes) -> bytes:
        current = 4 if self.open is not None else 0
        head = bytes((3, current, 0, int(self.shift_open), 0)) + FN_TIME
        return head + STORAGE_NUMBER + self.last_fd.to_bytes(4, "little")

    def _ff08(self, rest: bytes) -> bytes:
        self.open = None
        return b""

    def _ff0a(self, rest: bytes) -> bytes | int:
        number = int.from_bytes(rest, "little")
        found = next((one for one in self.fds if one["fd"] == number), None)
        if found is None:
            return 0x08
        head = bytes((found["type"], 0)) + FN_TIME + number.to_bytes(4, "little") + found["sign"].to_bytes(4, "little")
        if found["operation"] is None:
            return head + b"\x07\x00"
        return head + bytes((found["operation"],)) + found["sum"].to_bytes(5, "little")

    def _ff3a(self, rest: bytes) -> bytes | int:
        number = int.from_bytes(rest, "little")
        self.reading = next((one for one in self.fds if one["fd"] == number), None)
        self.blocks = deque([(1012, bytes(4)), (1042, None), (1038, None)])
        return 0x08 if self.reading is None else b"\x03\x00\x40\x00"

    def _ff3b(self, rest: bytes) -> bytes | int:
        if not self.blocks or self.reading is None:
            return 0x08
        tag, value = self.blocks.popleft()
        value = value or self.reading["receipt" if tag == 1042 else "shift"].to_bytes(4, "little")
        return tag.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value

    def _ff39(self, rest: bytes) -> bytes:
        first = FN_TIME if self.queue else bytes(5)
        return b"\0\0" + self.queue.to_bytes(2, "little") + bytes(4) + first

    def _ff3f(self, rest: bytes) -> bytes:
        return self.queue.to_bytes(2, "little")

    def _ff40(self, rest: bytes) -> bytes:
        shift = self.last_shift + (1 if self.shift_open else 0)
        return bytes((int(self.shift_open),)) + shift.to_bytes(2, "little") + self.receipt_no.to_bytes(2, "little")

    # Shifts and cash.

    def _e0(self, rest: bytes) -> bytes | int:
        if self.shift_open:
            return 0x15
        self.shift_open, self.receipt_no = True, 0
        if self.storage:
            self.fds.append(self._fd(2, None, 0))
        self.document_no += 1
        return 0x1E if self.e0_short else b"\x1e"

    _ff0b = _e0

    def _40(self, rest: bytes) -> bytes:
        self.document_no += 1
        return b"\x1e"

    def _41(self, rest: bytes) -> bytes | int:
        if not self.shift_open:
            return 0x2C
        self.last_shift += 1
        self.shift_open, self.expired = False, False
        self.document_no += 1
        self.put = self.taken = 0
        self.paid.clear()
        self.counts = dict.fromkeys(self.counts, 0)
        if self.resets_numbers:
            self.numbers = dict.fromkeys(self.numbers, 0)
        if self.storage:
            self.fds.append(self._fd(5, None, 0))
        return b"\x1e"

    def _50(self, rest: bytes) -> bytes:
        value = int.from_bytes(rest, "little")
        self.drawer += value
        self.put += value
        self.numbers["cash_in"] += 1
        self.document_no += 1
        return b"\x1e" + self.document_no.to_bytes(2, "little")

    def _51(self, rest: bytes) -> bytes | int:
        value = int.from_bytes(rest, "little")
        if value > self.drawer:
            return 0x46
        self.drawer -= value
        self.taken += value
        self.numbers["cash_out"] += 1
        self.document_no += 1
        return b"\x1e" + self.document_no.to_bytes(2, "little")

    def _28(self, rest: bytes) -> bytes:
        self.drawer_opened += 1
        return b"\x1e"
