"""Commands of ATOL's command layer: what they are called, how long they take, and their parameters as bytes. Pure.

    password, BCD 2 | command | parameters        numbers are BCD, most significant digit first, but for A4

Sources: github Zzzzipper/projects, firmware-usbhost/common/fiscal_register/atol/AtolProtocol.h; github kurbatov/atol4j,
package command (45h, 49h, 4Dh, 4Fh, 55h, 67h, 80h, 95h, 99h); for E8h a public decoder of the vendor's driver logs
(Python, `process(line, wholeCommandLine, command, answerLine)`): flags, number of blocks, block, tag, length, value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fiscal.atol import bcd, tlv

PASSWORD_BYTES, MODE_PASSWORD_BYTES = 2, 4
SUM_BYTES = 5  # Of a payment, a receipt's total, a cash move.
PRICE_BYTES, OLD_PRICE_BYTES = 7, 6  # Of EB; of E6.
QUANTITY_BYTES = 5
SUM_MAX = 10 ** (2 * SUM_BYTES) - 1
OLD_NAME_BYTES = 64
FULL_PAYMENT = 4  # Method of settlement, tag 1214.
ITEM_BY_PARTS = b"\x00\x01\x00"  # Of EA; a client that works sends it so.
DAILY_X = b"\x01"


class Mode(IntEnum):
    IDLE = 0
    REGISTRATION = 1
    X_REPORTS = 2
    Z_REPORTS = 3


@dataclass(frozen=True, slots=True)
class Command:
    code: str  # Hexadecimal; of A4h with its subcommand.
    reads: bool = False  # Changes nothing.
    timeout_s: float = 20.0  # To its result, from the moment it is added.

    @property
    def head(self) -> bytes:
        return bytes.fromhex(self.code)


def _table(*commands: Command) -> dict[str, Command]:
    return {command.code: command for command in commands}


COMMANDS = _table(
    Command("3F", reads=True),  # State.
    Command("45", reads=True),  # Short state: the printer.
    Command("48"),  # Leave the mode.
    Command("49", timeout_s=60.0),  # Cash in.
    Command("4A", timeout_s=90.0),  # Close the receipt.
    Command("4D", reads=True),  # Cash in the drawer.
    Command("4F", timeout_s=60.0),  # Cash out.
    Command("55", timeout_s=60.0),  # Finish an interrupted print.
    Command("56"),  # Enter a mode.
    Command("59", timeout_s=60.0),  # Cancel the receipt.
    Command("5A", timeout_s=180.0),  # Z-report.
    Command("67", timeout_s=90.0),  # X-report.
    Command("80"),  # Open the drawer.
    Command("91", reads=True),  # Read a register.
    Command("92", timeout_s=60.0),  # Open a receipt.
    Command("95", timeout_s=60.0),  # Print the last document again.
    Command("99", timeout_s=60.0),  # A payment that does not close.
    Command("9A", timeout_s=90.0),  # Open the shift.
    Command("A431", reads=True),  # Number of the fiscal storage.
    Command("A445", reads=True),  # Type and size of a stored document; begins to read it.
    Command("A446"),  # Its next block: each one comes once.
    Command("E6"),  # Item, format of fiscal data 1.0.
    Command("E8"),  # A tag of the item being formed.
    Command("EA"),  # Begin an item, format 1.05.
    Command("EB"),  # Finish it.
)


class Register(IntEnum):
    """Registers of 91h. Numbers of the shift's sums: clients of the vendor's driver 8, whose RegisterNumber they are (a
    public C++ class KKM_ATOL; github Unact/kkm has 33h as 51)."""

    SUMS = 0x01  # By receipt type.
    CASH_IN_SUM = 0x04
    CASH_OUT_SUM = 0x05
    RECEIPTS = 0x06  # By receipt type.
    CASH_INS = 0x08
    CASH_OUTS = 0x09
    LAST_DOCUMENT = 0x34


class ReceiptType(IntEnum):
    SALE = 1
    SALE_RETURN = 2
    PURCHASE = 4
    PURCHASE_RETURN = 5


def request(command: Command, password: int, operands: bytes = b"") -> bytes:
    """What a task carries."""
    return bcd.encode(password, PASSWORD_BYTES) + command.head + operands


def enter(mode: int, password: int) -> bytes:
    """56."""
    return bytes((mode,)) + bcd.encode(password, MODE_PASSWORD_BYTES)


def open_shift() -> bytes:
    """9A."""
    return b"\x00"


def open_receipt(kind: ReceiptType) -> bytes:
    """92."""
    return bytes((0, kind))


def payment(kind: int, tiyn: int) -> bytes:
    """4A and 99: what kind, how much was given."""
    return b"\x00" + bcd.encode(kind, 1) + bcd.encode(tiyn, SUM_BYTES)


def cash(tiyn: int) -> bytes:
    """49 and 4F."""
    return b"\x00" + bcd.encode(tiyn, SUM_BYTES)


def register(number: Register, first: int = 0, second: int = 0) -> bytes:
    """91."""
    return bytes((number, first, second))


def document_number(number: int) -> bytes:
    """A4 45: the one number that is not BCD."""
    return number.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a receipt. Money in tiyn, quantity in thousandths; the tax is the register's to compute."""

    price: int
    quantity: int
    sum: int
    tax: int
    section: int
    subject: int
    name: bytes

    def by_parts(self) -> bytes:
        """EB. No discount of its own: what it does to the sum is published nowhere."""
        return b"".join(
            (
                b"\x00",
                bcd.encode(self.price, PRICE_BYTES),
                bcd.encode(self.quantity, QUANTITY_BYTES),
                bcd.encode(self.sum, PRICE_BYTES),
                bytes((self.tax,)),
                bytes(PRICE_BYTES),  # Tax sum: zero, the register computes it.
                bcd.encode(self.section, 1),
                bcd.encode(self.subject, 1),
                bcd.encode(FULL_PAYMENT, 1),
                bytes(1 + PRICE_BYTES),  # Discount.
                bytes(2),
                self.name,
            )
        )

    def whole(self) -> bytes:
        """E6. ValueError for a name that does not fit."""
        if len(self.name) > OLD_NAME_BYTES:
            raise ValueError(f"a name of {len(self.name)} bytes does not fit {OLD_NAME_BYTES}")
        return b"".join(
            (
                b"\x00",
                self.name.ljust(OLD_NAME_BYTES, b"\0"),
                bcd.encode(self.price, OLD_PRICE_BYTES),
                bcd.encode(self.quantity, QUANTITY_BYTES),
                bytes(2 + OLD_PRICE_BYTES),  # Discount.
                bytes((self.tax,)),
                bcd.encode(self.section, 1),
                bytes(17),
            )
        )


def item_tag(flags: int, tag: int, value: bytes) -> bytes:
    """E8, in one block: a tag of the item that EA began."""
    return bytes((flags, 1, 0)) + tlv.encode(tag, value)
