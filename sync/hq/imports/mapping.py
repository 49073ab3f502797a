"""Which column of an operator's file means what, as configuration. Pure.

    [wofd]                              # one table an operator, any number of them
    rows = "line"                       # a row is a "receipt" or a "line" of one
    [wofd.columns]
    rnm = "РНМ"                         # text of the header, or the column's number from 1
    sign = ["ФП", "Фискальный признак"] # the first of them that is there
    ...
    [wofd.operations]
    "Продажа" = "sale"

An unknown key is an error that names the nearest known one.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sync.hq.imports.values import Trouble
from sync.hq.witness import Operation


class Rows(StrEnum):
    RECEIPT = "receipt"
    LINE = "line"


class Meaning(StrEnum):
    """What a column may hold."""

    REGISTER = "register"  # Factory number.
    RNM = "rnm"  # Registration number at the tax service; the factory number is looked up.
    SIGN = "sign"
    NUMBER = "number"
    SHIFT = "shift"
    DATE = "date"  # With the time, unless `time` is a column of its own.
    TIME = "time"
    ARRIVED = "arrived"  # When the operator had it.
    OPERATION = "operation"
    TOTAL = "total"
    OFFLINE = "offline"
    MARK = "mark"
    GTIN = "gtin"
    NAME = "name"
    QUANTITY = "quantity"
    SUM = "sum"  # Of the line.


NEEDED: tuple[tuple[Meaning, ...], ...] = (
    (Meaning.REGISTER, Meaning.RNM),
    (Meaning.SIGN,),
    (Meaning.DATE,),
)
"""Of each group at least one column must be there; a total or a line's sum comes on top."""

OPERATIONS: MappingType[str, Operation | None] = {
    "продажа": Operation.SALE,
    "приход": Operation.SALE,
    "сату": Operation.SALE,
    "sale": Operation.SALE,
    "sell": Operation.SALE,
    "возврат": Operation.RETURN,
    "возврат продажи": Operation.RETURN,
    "возврат прихода": Operation.RETURN,
    "сатуды қайтару": Operation.RETURN,
    "қайтару": Operation.RETURN,
    "return": Operation.RETURN,
    "sell return": Operation.RETURN,
    "sale return": Operation.RETURN,
    "покупка": None,
    "возврат покупки": None,
    "сатып алу": None,
    "сатып алуды қайтару": None,
    "внесение": None,
    "изъятие": None,
}
"""Words met on receipts and in vendors' answers; None: a document that sells nothing, refused as `operation-other`."""

_WORDS = {"sale": Operation.SALE, "return": Operation.RETURN, "other": None}
_KEYS = ("rows", "encoding", "delimiter", "sheet", "header_row", "operation", "mark_separator", "columns", "operations")
ENCODINGS = ("", "utf-8", "utf-16", "cp1251", "kz1048", "cp866")


class MappingError(ValueError):
    """The configuration of a mapping is wrong, or does not fit the file; the text says where."""


@dataclass(frozen=True, slots=True)
class Mapping:
    name: str
    rows: Rows
    columns: MappingType[Meaning, tuple[str | int, ...]]
    operations: MappingType[str, Operation | None] = field(default_factory=dict)
    operation: Operation | None = None  # Where no column tells.
    encoding: str = ""  # "" found out from the file.
    delimiter: str = ""
    sheet: str = ""  # Of a workbook; "" the first that is not empty.
    header_row: int = 0  # From 1; 0 the first row that has the named columns.
    mark_separator: str = ""  # Between marks in one cell; "" a line break alone.

    @property
    def digest(self) -> str:
        """The same for the same reading, whatever the order in the file."""
        text = json.dumps(_plain(self), sort_keys=True, ensure_ascii=False)
        return f"{self.name}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def operation_of(self, text: str, column: str) -> Operation:
        """Trouble for a word nobody has given a meaning, and for documents that sell nothing."""
        word = folded(text)
        known = self.operations if word in self.operations else OPERATIONS
        if word not in known:
            raise Trouble("operation-unknown", "no meaning is given to this word", column, text)
        meant = known[word]
        if meant is None:
            raise Trouble("operation-other", "neither a sale nor its return", column, text)
        return meant


@dataclass(frozen=True, slots=True)
class Placed:
    """The mapping laid on one header: where each meaning stands, from 0, and what the header calls it."""

    at: MappingType[Meaning, int]
    names: MappingType[Meaning, str]
    width: int


def folded(text: str) -> str:
    """Header and operation words are compared so: without case, doubled blanks and the dots of abbreviations."""
    return re.sub(r"[\s\u00a0]+", " ", text).strip(" .:*").casefold().replace("ё", "е")


def load_mappings(text: str) -> dict[str, Mapping]:
    """All mappings of a TOML text, by name. Raises MappingError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"the mapping file is not TOML: {error}") from error
    if not content:
        raise MappingError("the mapping file has no table")
    return {name: _mapping(name, table) for name, table in content.items()}


def place(mapping: Mapping, header: Sequence[str]) -> Placed:
    """Raises MappingError that names the columns the header has not, and those it has."""
    words = [folded(word) for word in header]
    at: dict[Meaning, int] = {}
    for meaning, names in mapping.columns.items():
        found = next((index for name in names if (index := _index(name, words)) is not None), None)
        if found is not None:
            at[meaning] = found
    lacking = [meaning for meaning in mapping.columns if meaning not in at and not _optional(meaning, at)]
    if lacking:
        wanted = ", ".join(f"{meaning} ({mapping.columns[meaning][0]})" for meaning in lacking)
        there = ", ".join(repr(word) for word in header if word)
        raise MappingError(f"{mapping.name}: the file has no column for {wanted}; it has {there}")
    _require(mapping.name, at)
    return Placed(at, {meaning: header[index] or f"column {index + 1}" for meaning, index in at.items()}, len(header))


def fits(mapping: Mapping, header: Sequence[str]) -> bool:
    try:
        place(mapping, header)
    except MappingError:
        return False
    return True


def to_toml(mapping: Mapping) -> str:
    """The mapping as a person would write it, to begin with."""
    lines = [f"[{_quoted(mapping.name)}]", f'rows = "{mapping.rows}"']
    texts = ("encoding", "delimiter", "sheet", "mark_separator")
    lines += [f"{key} = {_quoted(getattr(mapping, key))}" for key in texts if getattr(mapping, key)]
    if mapping.header_row:
        lines.append(f"header_row = {mapping.header_row}")
    if mapping.operation is not None:
        lines.append(f'operation = "{mapping.operation}"')
    lines.append(f"[{_quoted(mapping.name)}.columns]")
    for meaning, names in mapping.columns.items():
        values = [str(name) if isinstance(name, int) else _quoted(name) for name in names]
        lines.append(f"{meaning} = {values[0] if len(values) == 1 else '[' + ', '.join(values) + ']'}")
    if mapping.operations:
        lines.append(f"[{_quoted(mapping.name)}.operations]")
        lines += [f'{_quoted(word)} = "{meant or "other"}"' for word, meant in mapping.operations.items()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # Of printable text a JSON string is a TOML string.


def _index(name: str | int, words: Sequence[str]) -> int | None:
    if isinstance(name, int):
        return name - 1 if name <= len(words) else None
    return words.index(folded(name)) if folded(name) in words else None


def _optional(meaning: Meaning, at: MappingType[Meaning, int]) -> bool:
    """One of the two names of a register is enough; the rest is there or the mapping is another operator's."""
    pair = (Meaning.REGISTER, Meaning.RNM)
    return meaning in pair and any(other in at for other in pair)


def _require(name: str, columns: MappingType[Meaning, Any]) -> None:
    for group in NEEDED:
        if not any(meaning in columns for meaning in group):
            raise MappingError(f"{name}: a column is needed for {' or '.join(group)}")
    if Meaning.TOTAL not in columns and Meaning.SUM not in columns:
        raise MappingError(f"{name}: a column is needed for {Meaning.TOTAL} or {Meaning.SUM}")


def _mapping(name: str, table: Any) -> Mapping:
    if not isinstance(table, dict):
        raise MappingError(f"{name}: is a table, such as [{name}]")
    _known(name, table, _KEYS)
    columns = _columns(name, table.get("columns"))
    try:
        rows = Rows(table.get("rows", ""))
    except ValueError as error:
        raise MappingError(f'{name}.rows: is "receipt" or "line"') from error
    encoding = _text(name, table, "encoding")
    if encoding not in ENCODINGS:
        raise MappingError(f"{name}.encoding: is one of {', '.join(ENCODINGS[1:])}")
    header_row = table.get("header_row", 0)
    if type(header_row) is not int or header_row < 0:
        raise MappingError(f"{name}.header_row: is a number from 1")
    delimiter = _text(name, table, "delimiter")
    if len(delimiter) > 1:
        raise MappingError(f"{name}.delimiter: is one character")
    operation = table.get("operation")
    if operation is not None and operation not in (Operation.SALE, Operation.RETURN):
        raise MappingError(f'{name}.operation: is "sale" or "return"')
    if operation is None and Meaning.OPERATION not in columns:
        raise MappingError(f"{name}: a column is needed for {Meaning.OPERATION}, or `operation` for all rows")
    return Mapping(
        name=name,
        rows=rows,
        columns=columns,
        operations=_operations(name, table.get("operations", {})),
        operation=None if operation is None else Operation(operation),
        encoding=encoding,
        delimiter=delimiter,
        sheet=_text(name, table, "sheet"),
        header_row=header_row,
        mark_separator=_text(name, table, "mark_separator"),
    )


def _columns(name: str, table: Any) -> dict[Meaning, tuple[str | int, ...]]:
    if not isinstance(table, dict):
        raise MappingError(f"{name}.columns: is missing")
    _known(f"{name}.columns", table, tuple(Meaning))
    found: dict[Meaning, tuple[str | int, ...]] = {}
    for key, value in table.items():
        names = value if isinstance(value, list) else [value]
        for one in names:
            if not (isinstance(one, str) and folded(one)) and not (type(one) is int and 0 < one <= 16_384):
                raise MappingError(f"{name}.columns.{key}: is the header's text, or a column's number from 1")
        if not names:
            raise MappingError(f"{name}.columns.{key}: names no column")
        found[Meaning(key)] = tuple(names)
    _require(name, found)
    return found


def _operations(name: str, table: Any) -> dict[str, Operation | None]:
    if not isinstance(table, dict):
        raise MappingError(f"{name}.operations: is a table of words")
    for word, meant in table.items():
        if meant not in _WORDS:
            raise MappingError(f'{name}.operations.{word}: is "sale", "return" or "other"')
    return {folded(word): _WORDS[meant] for word, meant in table.items()}


def _text(name: str, table: MappingType[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise MappingError(f"{name}.{key}: is a text")
    return value


def _known(where: str, table: MappingType[str, Any], keys: Sequence[str]) -> None:
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(keys)}"
            raise MappingError(f"{where}.{key}: is unknown{hint}")


def _plain(mapping: Mapping) -> dict[str, Any]:
    return {
        "rows": mapping.rows,
        "columns": {meaning.value: list(names) for meaning, names in mapping.columns.items()},
        "operations": dict(mapping.operations),
        "operation": mapping.operation,
        "encoding": mapping.encoding,
        "delimiter": mapping.delimiter,
        "sheet": mapping.sheet,
        "header_row": mapping.header_row,
        "mark_separator": mapping.mark_separator,
    }
