"""Commands of Shtrih-M registers: codes, time limits, and the operands of each as bytes. Pure.

A request is  code (1 byte, or FF xx) | password 4 | operands;  an answer is  code | error | fields, and holds only the
first two when the error is not zero. Numbers are little-endian. Money comes in here in the register's own unit
(1/100 or 1), quantity as it is sent.
Sources: vendor's "Протокол работы ККТ 2.0" rev. 11, "Команды работы с ФН" and "Схемы работы с драйвером JPOS v.2";
time limits: the driver of the same repository (github shtrih-m/javapos_shtrih); FF45 and FF46 in their present form:
captures in its issue 58.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TIMEOUT_S = 30.0

COMPUTE = (1 << 40) - 1  # In a sum of FF46: the register computes it.
MONEY_BYTES = 5
LINE_WIDTH = 40  # Of the text fields of 17h, 80h to 87h.
RECEIPT_ROLL = 0b10  # Flag of 17h: on the buyer's roll.


class Who(StrEnum):
    """Whose password a command carries."""

    OPERATOR = "operator"
    ADMIN = "admin"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Command:
    code: str  # Hexadecimal, as the documents write it.
    who: Who = Who.OPERATOR
    reads: bool = False  # Changes nothing: may be sent again whenever an answer is missing.
    timeout_s: float = DEFAULT_TIMEOUT_S

    @property
    def head(self) -> bytes:
        return bytes.fromhex(self.code)


def _table(*commands: Command) -> dict[str, Command]:
    return {command.code: command for command in commands}


_ADMIN, _NOBODY = Who.ADMIN, Who.NOBODY

COMMANDS = _table(
    Command("0F", reads=True),  # Long factory number and registration number.
    Command("10", reads=True, timeout_s=3.0),  # Short state.
    Command("11", reads=True, timeout_s=3.0),  # Full state.
    Command("17"),  # Print a line.
    Command("1A", reads=True),  # Money register.
    Command("1B", reads=True),  # Operational register.
    Command("1F", _ADMIN, reads=True),  # Field of a table.
    Command("28"),  # Open the drawer.
    Command("40", _ADMIN),  # X report.
    Command("41", _ADMIN, timeout_s=65.0),  # Z report.
    Command("50"),  # Cash in.
    Command("51"),  # Cash out.
    Command("80"),  # Item of a sale.
    Command("82"),  # Item of a sale return.
    Command("85"),  # Close the receipt.
    Command("86"),  # Discount.
    Command("87"),  # Surcharge.
    Command("88"),  # Cancel the receipt.
    Command("89", reads=True),  # Subtotal.
    Command("8C"),  # Print the last receipt again.
    Command("8D"),  # Open a receipt.
    Command("B0"),  # Go on printing.
    Command("E0", timeout_s=120.0),  # Open the shift.
    Command("F7", _NOBODY, reads=True),  # Parameters of the model.
    Command("FC", _NOBODY, reads=True),  # Type of the device.
    Command("FF01", _ADMIN, reads=True),  # State of the fiscal storage.
    Command("FF08", _ADMIN),  # Cancel the document in the fiscal storage.
    Command("FF0A", _ADMIN, reads=True),  # Find a document by its number.
    Command("FF0B", _ADMIN, timeout_s=120.0),  # Open the shift in the fiscal storage.
    Command("FF39", _ADMIN, reads=True),  # State of the exchange with the OFD.
    Command("FF3A", _ADMIN, reads=True),  # Begin to read a document.
    Command("FF3B", _ADMIN),  # Next block of it: each one comes once.
    Command("FF3F", _ADMIN, reads=True),  # How many documents the OFD has not confirmed.
    Command("FF40", _ADMIN, reads=True),  # Shift and receipt numbers.
    Command("FF45"),  # Close the receipt, version 2.
    Command("FF46"),  # Item, version 2.
    Command("FF61", timeout_s=40.0),  # Check a marking code.
    Command("FF67", timeout_s=40.0),  # Bind a marking code to the last item.
    Command("FF69"),  # Accept or reject the checked code; clear the buffer.
    Command("FF70", reads=True),  # State of the checks.
)


def request(command: Command, password: int, operands: bytes = b"") -> bytes:
    """The payload of a frame."""
    if command.who is Who.NOBODY:
        return command.head + operands
    return command.head + password.to_bytes(4, "little") + operands


def head_of(payload: bytes) -> bytes:
    """The code a payload begins with, or less when it is cut short."""
    return payload[:2] if payload[:1] == b"\xff" else payload[:1]


def money(value: int) -> bytes:
    return value.to_bytes(MONEY_BYTES, "little")


def padded(text: bytes, width: int = LINE_WIDTH) -> bytes:
    """A text field of fixed width: NUL ends the text. ValueError for a longer one."""
    if len(text) > width:
        raise ValueError(f"{len(text)} bytes do not fit {width}")
    return text.ljust(width, b"\0")


def open_receipt(kind: int) -> bytes:
    """8Dh. 0 sale, 1 purchase, 2 sale return, 3 purchase return."""
    return bytes((kind,))


def item(quantity: int, price: int, department: int, tax: int, text: bytes) -> bytes:
    """80h and 82h. Quantity in 1/1000; one tax group of 1 to 6, 0 for none."""
    head = quantity.to_bytes(5, "little") + money(price) + bytes((department, tax, 0, 0, 0))
    return head + padded(text)


def modifier(value: int, tax: int, text: bytes = b"") -> bytes:
    """86h and 87h: a discount or a surcharge."""
    return money(value) + bytes((tax, 0, 0, 0)) + padded(text)


def close(payments: Sequence[int], text: bytes = b"", taxes: Sequence[int] = (0, 0, 0, 0)) -> bytes:
    """85h. Four payments, cash first; no discount on the whole receipt."""
    sums = b"".join(map(money, _filled(payments, 4)))
    return sums + (0).to_bytes(2, "little", signed=True) + bytes(taxes) + padded(text)


def close_v2(payments: Sequence[int], tax_system: int, text: bytes = b"") -> bytes:
    """FF45 in its present form: no rounding, taxes for the register to compute."""
    return b"".join(map(money, _filled(payments, 16))) + bytes(1) + bytes(6 * MONEY_BYTES) + bytes((tax_system,)) + text


def close_v2_old(payments: Sequence[int], tax_system: int, text: bytes = b"") -> bytes:
    """FF45 in its first form: percent and four tax groups where the present one has rounding and six tax sums."""
    return b"".join(map(money, _filled(payments, 16))) + bytes(2) + bytes(4) + bytes((tax_system,)) + padded(text)


def _filled(payments: Sequence[int], count: int) -> list[int]:
    if len(payments) > count:
        raise ValueError(f"{len(payments)} kinds of payment do not fit {count}")
    return [*payments, *[0] * (count - len(payments))]


@dataclass(frozen=True, slots=True)
class ItemV2:
    """Operands of FF46. Quantity in 1/1000000; sum and tax sum may be COMPUTE."""

    operation: int  # 1 income, 2 return of income.
    quantity: int
    price: int
    sum: int
    tax: int
    department: int
    subject: int
    text: bytes
    method: int = 4  # Paid in full.
    tax_sum: int = COMPUTE

    def operands(self) -> bytes:
        sums = money(self.price) + money(self.sum) + money(self.tax_sum)
        tail = bytes((self.tax, self.department, self.method, self.subject))
        return bytes((self.operation,)) + self.quantity.to_bytes(6, "little") + sums + tail + self.text


def check_mark(planned: int, code: bytes) -> bytes:
    """FF61. Planned state: 1 piece sold, 3 piece returned."""
    return bytes((planned, 0, len(code), 0)) + code


def bind_mark(code: bytes) -> bytes:
    """FF67."""
    return bytes((len(code),)) + code


def print_line(text: bytes, width: int = LINE_WIDTH) -> bytes:
    """17h, on the buyer's roll. The field is at least 40 bytes; longer ones are for newer models."""
    return bytes((RECEIPT_ROLL,)) + padded(text, max(width, LINE_WIDTH))


def table_field(table: int, row: int, field: int) -> bytes:
    """1Fh."""
    return bytes((table,)) + row.to_bytes(2, "little") + bytes((field,))
