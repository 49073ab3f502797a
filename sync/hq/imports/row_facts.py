"""One row of an operator's file: what it says of its receipt, and of goods. Pure; the rest is a Trouble."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass

from sync.hq.imports.mapping import Mapping, Meaning, Placed, Rows, folded
from sync.hq.imports.marks import Mark, read_mark
from sync.hq.imports.values import SURROGATES, Cell, Trouble, cleaned, count, moment, money, thousandths
from sync.hq.witness import Operation

TOTAL_WORDS = ("итог", "всего", "барлығы", "жиыны", "жалпы", "total", "grand total", "сумма по")
_YES = frozenset({"да", "иә", "true", "1", "yes", "+", "автономный", "автономно", "offline", "истина"})
_NO = frozenset({"", "нет", "жоқ", "false", "0", "no", "-", "онлайн", "online", "ложь"})
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE][+]?\d{1,2}")
_FORMULA_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # How some exports keep a spreadsheet from eating zeros.
_ID_LENGTH_MAX = 64
MARKS_MAX = 1000  # In one cell.


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it stands in the file."""

    number: int  # From 1, title rows counted.
    cells: Sequence[Cell]
    start: int = 0  # Where the reader goes on to get this row again; its own measure.
    trouble: str = ""  # Why it is no row at all.
    spoilt: bool = False  # Some of its bytes were no text.

    def text(self) -> str:
        return " | ".join(cleaned(cell) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Head:
    """What a row says of its receipt."""

    register: str
    sign: str
    operation: Operation
    at: int
    noted_at: int
    shift: int
    number: int
    total_tiyn: int | None
    offline: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.register, self.sign


@dataclass(frozen=True, slots=True)
class Item:
    """What a row says of goods."""

    marks: tuple[Mark, ...]
    gtin: str
    sum_tiyn: int


@dataclass(frozen=True, slots=True)
class Reader:
    """How rows of one file are read. `registers`: registration number, and factory number in capitals -> identity."""

    mapping: Mapping
    placed: Placed
    registers: MappingType[str, str]
    date1904: bool = False
    source: str = ""

    def column(self, meaning: Meaning) -> str:
        return self.placed.names.get(meaning, meaning.value)

    def cell(self, row: RawRow, meaning: Meaning) -> Cell:
        index = self.placed.at.get(meaning)
        return row.cells[index] if index is not None and index < len(row.cells) else None

    def blank(self, row: RawRow, *meanings: Meaning) -> bool:
        return all(cleaned(self.cell(row, meaning)) == "" for meaning in meanings)


def is_blank(row: RawRow) -> bool:
    return not row.trouble and all(cell is None or cleaned(cell) == "" for cell in row.cells)


def receipt_of(row: RawRow, reader: Reader) -> str:
    """What tells where a receipt begins, cheaply: chunks are cut where it changes. "" belongs to the row above."""
    return cleaned(reader.cell(row, Meaning.SIGN))


def head_of(row: RawRow, reader: Reader, above: Head | Trouble | None) -> Head:
    """`above`: the receipt that the rows above belong to, or why that one was refused."""
    if row.trouble:
        raise Trouble("row", row.trouble)
    if row.spoilt:
        _check_text(row, reader)
    if _is_totals(row, reader):
        raise Trouble("totals", "is a row of totals, not of a receipt")
    told = (Meaning.REGISTER, Meaning.RNM, Meaning.SIGN, Meaning.DATE)
    if above is not None and reader.mapping.rows is Rows.LINE and reader.blank(row, *told):
        if isinstance(above, Trouble):
            raise Trouble(above.reason, above.text, above.column, above.value)
        return above
    operation = reader.mapping.operation
    if Meaning.OPERATION in reader.placed.at:
        text = cleaned(reader.cell(row, Meaning.OPERATION))
        operation = reader.mapping.operation_of(text, reader.column(Meaning.OPERATION))
    if operation is None:
        raise Trouble("operation-unknown", "neither a column nor the mapping tells the operation")
    at = _moment(row, reader, Meaning.DATE)
    arrived = not reader.blank(row, Meaning.ARRIVED)
    return Head(
        register=_register(row, reader),
        sign=_identity(row, reader, Meaning.SIGN),
        operation=operation,
        at=at,
        noted_at=_moment(row, reader, Meaning.ARRIVED) if arrived else at,
        shift=_count(row, reader, Meaning.SHIFT),
        number=_count(row, reader, Meaning.NUMBER),
        total_tiyn=_sum(row, reader, Meaning.TOTAL, operation),
        offline=_flag(row, reader),
    )


def _check_text(row: RawRow, reader: Reader) -> None:
    for meaning, index in reader.placed.at.items():
        cell = row.cells[index] if index < len(row.cells) else None
        if isinstance(cell, str) and not cell.isascii() and SURROGATES.search(cell):
            text = "has bytes of another encoding: set `encoding` in the mapping"
            raise Trouble("encoding", text, reader.column(meaning), cell)


def _is_totals(row: RawRow, reader: Reader) -> bool:
    sign = folded(cleaned(reader.cell(row, Meaning.SIGN)))
    if sign and not sign.startswith(TOTAL_WORDS):
        return False
    if not reader.blank(row, Meaning.MARK, Meaning.GTIN):  # Goods whose name begins so, as "Total 0%" does.
        return False
    return any(isinstance(cell, str) and folded(cell).startswith(TOTAL_WORDS) for cell in row.cells)


def _identity(row: RawRow, reader: Reader, meaning: Meaning) -> str:
    column, cell = reader.column(meaning), reader.cell(row, meaning)
    text = _unwrapped(cell)
    if not text:
        raise Trouble("missing", "is empty", column)
    if _SHORTENED.fullmatch(text) or (isinstance(cell, float) and not cell.is_integer()):
        raise Trouble("number-shortened", "a spreadsheet has rounded it: keep the column as text", column, cell)
    if isinstance(cell, bool) or len(text) > _ID_LENGTH_MAX or not text.isprintable():
        raise Trouble("identity", "is no number of a register or receipt", column, cell)
    return text


def _unwrapped(cell: Cell) -> str:
    text = cleaned(cell)
    if found := _FORMULA_TEXT.fullmatch(text):
        return cleaned(found[1])
    return text.removeprefix("'")


def _register(row: RawRow, reader: Reader) -> str:
    """The factory number; through the registration number where the file has only that; else that number itself."""
    if not reader.blank(row, Meaning.REGISTER):
        text = _identity(row, reader, Meaning.REGISTER)
        return reader.registers.get(text.upper(), text)
    if Meaning.RNM not in reader.placed.at:
        raise Trouble("missing", "is empty", reader.column(Meaning.REGISTER))
    text = _identity(row, reader, Meaning.RNM)
    return reader.registers.get(text, text)


def _moment(row: RawRow, reader: Reader, meaning: Meaning) -> int:
    cell = reader.cell(row, meaning)
    clock = reader.cell(row, Meaning.TIME) if meaning is Meaning.DATE else None
    if cell is None or cleaned(cell) == "":
        raise Trouble("missing", "is empty", reader.column(meaning))
    return moment(cell, clock, reader.column(meaning), date1904=reader.date1904)


def _count(row: RawRow, reader: Reader, meaning: Meaning) -> int:
    if reader.blank(row, meaning):
        return 0
    return count(reader.cell(row, meaning), reader.column(meaning))


def _sum(row: RawRow, reader: Reader, meaning: Meaning, operation: Operation) -> int | None:
    """Tiyn. Some cabinets write a return below zero; a sale below zero is refused."""
    if reader.blank(row, meaning):
        return None
    cell = reader.cell(row, meaning)
    found = money(cell, reader.column(meaning))
    if found < 0 and operation is not Operation.RETURN:
        raise Trouble("money-below-zero", "a sale is not below zero", reader.column(meaning), cell)
    return abs(found)


def _flag(row: RawRow, reader: Reader) -> bool:
    word = folded(cleaned(reader.cell(row, Meaning.OFFLINE)))
    if word in _YES or word in _NO:
        return word in _YES
    raise Trouble("yes-or-no", "is neither yes nor no", reader.column(Meaning.OFFLINE), word)


def item_of(row: RawRow, reader: Reader, head: Head) -> Item:
    marks = _marks(row, reader)
    if not reader.blank(row, Meaning.QUANTITY):
        column = reader.column(Meaning.QUANTITY)
        is_return = head.operation is Operation.RETURN
        quantity = thousandths(reader.cell(row, Meaning.QUANTITY), column, below_zero=is_return)
        if len(marks) > 1 and quantity != len(marks) * 1000:
            raise Trouble("quantity-of-marks", f"{len(marks)} marks stand in the row", column, quantity / 1000)
    meaning = Meaning.SUM if Meaning.SUM in reader.placed.at else Meaning.TOTAL
    return Item(marks, _gtin(row, reader), _sum(row, reader, meaning, head.operation) or 0)


def _marks(row: RawRow, reader: Reader) -> tuple[Mark, ...]:
    column, cell = reader.column(Meaning.MARK), reader.cell(row, Meaning.MARK)
    text = _unwrapped(cell)
    if not text:
        return ()
    if isinstance(cell, float) or _SHORTENED.fullmatch(text):
        raise Trouble("number-shortened", "a spreadsheet has rounded it: keep the column as text", column, cell)
    separator = reader.mapping.mark_separator
    parts = re.split(r"[\r\n]+", text) if not separator else text.replace("\n", separator).split(separator)
    if len(parts) > MARKS_MAX:
        raise Trouble("marks-too-many", f"more than {MARKS_MAX} marks in one cell", column)
    read = [read_mark(part) for part in parts]
    return tuple(mark for mark in read if mark is not None)


def _gtin(row: RawRow, reader: Reader) -> str:
    text = _unwrapped(reader.cell(row, Meaning.GTIN))
    if not text:
        return ""
    if not (text.isascii() and text.isdigit()) or not 8 <= len(text) <= 14:
        if _SHORTENED.fullmatch(text):
            text_ = "a spreadsheet has rounded it: keep the column as text"
            raise Trouble("number-shortened", text_, reader.column(Meaning.GTIN), text)
        return ""  # Shops put their own article numbers here; they name no goods to anybody else.
    return text.zfill(14)
