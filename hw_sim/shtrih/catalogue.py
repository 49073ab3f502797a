"""Every command the simulator knows, as a table: name in words, parameters, when it may come, what it needs.

Sources: vendor's "Протокол работы ККТ 2.0" rev. 11 for the one-byte codes, "Команды работы с ФН" and "Схемы работы с
драйвером JPOS v.2" for FFxx (github shtrih-m/javapos_shtrih, Doc/SHTRIH). FF46 and the present form of FF45 are not in
those texts: their layouts are those of the vendor's own driver (same repository) and of captures published there. How
long a command takes is a choice of the simulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from hw_sim.shtrih.layout import Field, layout


class Gate(Enum):
    """When a command may come."""

    ANY = "at any time"
    NO_RECEIPT = "while no receipt is open"
    SELLS = "while a shift may sell: it works in a receipt, or begins one"
    RECEIPT = "while a receipt is open and may go on"
    ENDS = "while a receipt is open, whatever the age of the shift"


class Role(StrEnum):
    """Whose password a command takes."""

    NOBODY = "none"
    OPERATOR = "operator"  # 1 to 30.
    ADMIN = "admin"  # 29 and 30.
    SYSTEM = "system"  # 30.


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `prints`: it needs paper and a printer at rest. `seconds` pass before its answer."""

    code: str
    words: str
    fields: tuple[Field, ...]
    gate: Gate
    role: Role
    prints: bool
    tells_operator: bool
    seconds: float


_ITEM = "password:4 quantity:5k price:5m department:1 taxes:1*4 text:40b"
_CHANGE = "password:4 sum:5m taxes:1*4 text:40b"
_P = "password:4"

# Code, words, parameters, gate, marks, seconds. Marks: p prints; o the answer has the operator's number; a password of
# an administrator; s of the system administrator; n no password.
_ROWS: tuple[tuple[str, str, str, Gate, str, float], ...] = (
    ("0F", "long factory number and registration number", _P, Gate.ANY, "", 0.01),
    ("10", "short status", _P, Gate.ANY, "o", 0.01),
    ("11", "full status", _P, Gate.ANY, "o", 0.01),
    ("12", "print a bold line", "password:4 flags:1 text:20-40b", Gate.ANY, "po", 0.05),
    ("13", "beep", _P, Gate.ANY, "o", 0.1),
    ("14", "set the parameters of the line", "password:4 port:1 speed:1 timeout:1", Gate.ANY, "s", 0.05),
    ("15", "read the parameters of the line", "password:4 port:1", Gate.ANY, "s", 0.01),
    ("17", "print a line", "password:4 flags:1 text:40-200b", Gate.ANY, "po", 0.05),
    ("1A", "read a money register", "password:4 register:1", Gate.ANY, "o", 0.01),
    ("1B", "read an operation register", "password:4 register:1", Gate.ANY, "o", 0.01),
    ("1E", "write a field of a table", "password:4 table:1 row:2 field:1 value:1-246b", Gate.ANY, "s", 0.05),
    ("1F", "read a field of a table", "password:4 table:1 row:2 field:1", Gate.ANY, "s", 0.01),
    ("21", "set the time", "password:4 time:3b", Gate.NO_RECEIPT, "s", 0.05),
    ("22", "set the date", "password:4 date:3b", Gate.NO_RECEIPT, "s", 0.05),
    ("23", "confirm the date", "password:4 date:3b", Gate.NO_RECEIPT, "s", 0.05),
    ("24", "put the tables back", _P, Gate.NO_RECEIPT, "s", 0.5),
    ("25", "cut the paper", "password:4 kind:1", Gate.ANY, "po", 0.3),
    ("28", "open the drawer", "password:4 drawer:1", Gate.ANY, "o", 0.1),
    ("29", "feed the paper", "password:4 flags:1 lines:1", Gate.ANY, "po", 0.2),
    ("2D", "structure of a table", "password:4 table:1", Gate.ANY, "s", 0.01),
    ("2E", "structure of a field", "password:4 table:1 field:1", Gate.ANY, "s", 0.01),
    ("2F", "print a line in a font", "password:4 flags:1 font:1 text:40-200b", Gate.ANY, "po", 0.05),
    ("40", "X report", _P, Gate.NO_RECEIPT, "poa", 0.3),
    ("41", "Z report, close the shift", _P, Gate.NO_RECEIPT, "poa", 0.8),
    ("50", "put cash in", "password:4 sum:5m", Gate.NO_RECEIPT, "po", 0.2),
    ("51", "take cash out", "password:4 sum:5m", Gate.NO_RECEIPT, "po", 0.2),
    ("6B", "name of an error", "code:1", Gate.ANY, "n", 0.01),
    ("80", "sell an item", _ITEM, Gate.SELLS, "po", 0.05),
    ("81", "buy an item", _ITEM, Gate.SELLS, "po", 0.05),
    ("82", "return of a sold item", _ITEM, Gate.SELLS, "po", 0.05),
    ("83", "return of a bought item", _ITEM, Gate.SELLS, "po", 0.05),
    ("84", "storno of an item", _ITEM, Gate.RECEIPT, "po", 0.05),
    ("85", "close the receipt", "password:4 payments:5*4m percent:2s taxes:1*4 text:40b", Gate.RECEIPT, "po", 0.3),
    ("86", "discount", _CHANGE, Gate.RECEIPT, "po", 0.05),
    ("87", "surcharge", _CHANGE, Gate.RECEIPT, "po", 0.05),
    ("88", "cancel the receipt", _P, Gate.ENDS, "po", 0.2),
    ("89", "subtotal", _P, Gate.ENDS, "o", 0.01),
    ("8C", "repeat the last document", _P, Gate.NO_RECEIPT, "po", 0.2),
    ("8D", "open a receipt", "password:4 kind:1", Gate.SELLS, "po", 0.05),
    ("B0", "continue printing", _P, Gate.ANY, "o", 0.1),
    ("E0", "open the shift", _P, Gate.NO_RECEIPT, "po", 0.3),
    ("E1", "finish the document", _P, Gate.ANY, "o", 0.1),
    ("F7", "parameters of the model", "kind:1", Gate.ANY, "n", 0.01),
    ("FC", "type of the device", "", Gate.ANY, "n", 0.01),
    ("FF01", "status of the fiscal storage", _P, Gate.ANY, "s", 0.05),
    ("FF08", "cancel the document in the fiscal storage", _P, Gate.ANY, "s", 0.1),
    ("FF0A", "find a document", "password:4 fd:4", Gate.ANY, "s", 0.05),
    ("FF0B", "open the shift in the fiscal storage", _P, Gate.NO_RECEIPT, "ps", 0.3),
    ("FF0C", "data for the document", "password:4 tlv:0-1000b", Gate.ANY, "s", 0.05),
    ("FF39", "state of the exchange with the operator of fiscal data", _P, Gate.ANY, "s", 0.02),
    ("FF3A", "begin to read a document", "password:4 fd:4", Gate.ANY, "s", 0.05),
    ("FF3B", "next block of the document", _P, Gate.ANY, "s", 0.02),
    ("FF3F", "number of documents not confirmed", _P, Gate.ANY, "s", 0.02),
    ("FF40", "parameters of the shift", _P, Gate.ANY, "s", 0.02),
    ("FF41", "begin to open the shift", _P, Gate.NO_RECEIPT, "s", 0.05),
    ("FF42", "begin to close the shift", _P, Gate.NO_RECEIPT, "s", 0.05),
    ("FF43", "close the shift in the fiscal storage", _P, Gate.NO_RECEIPT, "ps", 0.5),
    (
        "FF45",
        "close the receipt",
        "password:4 payments:5*16m rounding:1m tax_sums:5*6m tax_system:1 text:0-64b",
        Gate.RECEIPT,
        "ps",
        0.5,
    ),
    (
        "FF45 old",
        "close the receipt",
        "password:4 payments:5*16m percent:2s taxes:1*4 tax_system:1 text:40b",
        Gate.RECEIPT,
        "ps",
        0.5,
    ),
    (
        "FF46",
        "item",
        "password:4 operation:1 quantity:6u price:5m sum:5m tax_sum:5m "
        "tax:1 department:1 method:1 subject:1 name:0-128b",
        Gate.SELLS,
        "ps",
        0.05,
    ),
    ("FF4D", "data for the item", "password:4 tlv:0-1000b", Gate.RECEIPT, "s", 0.05),
    ("FF61", "check a marking code", "password:4 planned:1 mode:1 km_size:1 tlv_size:1 rest:0-510b", Gate.ANY, "", 0.5),
    ("FF67", "bind a marking code to the item", "password:4 km_size:1 rest:0-256b", Gate.RECEIPT, "", 0.1),
    ("FF69", "decide on the marking code", "password:4 decision:1", Gate.ANY, "", 0.05),
    ("FF70", "state of the marking checks", _P, Gate.ANY, "", 0.02),
)


def _command(code: str, words: str, fields: str, gate: Gate, marks: str, seconds: float) -> Command:
    role = next((role for mark, role in _ROLES if mark in marks), Role.OPERATOR)
    return Command(code, words, layout(fields), gate, role, "p" in marks, "o" in marks, seconds)


_ROLES = (("n", Role.NOBODY), ("s", Role.SYSTEM), ("a", Role.ADMIN))
COMMANDS: Mapping[str, Command] = {row[0]: _command(*row) for row in _ROWS}


def code_of(data: bytes) -> str:
    """`85` or `FF45`; "" when the code is not whole."""
    size = 2 if data[:1] == b"\xff" else 1
    return data[:size].hex().upper() if len(data) >= size else ""
