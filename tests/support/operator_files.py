"""Operators' exports made by hand: rows, files in every form, and what lies in a lake afterwards."""

from __future__ import annotations

import csv
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq

from sync.hq.engine import open_engine
from sync.hq.imports.files import import_file
from sync.hq.imports.mapping import load_mappings
from sync.hq.lake.layout import OFD, OFD_RECEIPT, Lake

NOW_NS = 1_796_014_800_000_000_000
TITLE = ["Отчёт по чекам", "за 30.11.2026"]
HEADER = [
    "РНМ", "ФП", "Номер чека", "Смена", "Дата и время", "Операция", "Сумма чека", "Наименование", "Кол-во",
    "Сумма позиции", "Код маркировки",
]  # fmt: skip
GTIN = "04870249811936"
KI_A, KI_B, PACK = f"01{GTIN}213abcdefghijkA", f"01{GTIN}213abcdefghijkB", f"{GTIN}t1Xrb-x"
TAIL = "\x1d91KZF1\x1d92" + "A" * 43 + "="

MAPPINGS = """
[lines]
rows = "line"
[lines.columns]
rnm = "РНМ"
sign = ["Фискальный признак", "ФП"]
number = "Номер чека"
shift = "Смена"
date = "Дата и время"
operation = "Операция"
total = "Сумма чека"
name = "Наименование"
quantity = "Кол-во"
sum = "Сумма позиции"
mark = "Код маркировки"
[receipts]
rows = "receipt"
mark_separator = ","
[receipts.columns]
rnm = "РНМ"
sign = "ФП"
number = "Номер чека"
shift = "Смена"
date = "Дата и время"
operation = "Операция"
total = "Сумма чека"
mark = "Код маркировки"
"""
LINES = load_mappings(MAPPINGS)["lines"]
RECEIPTS = load_mappings(MAPPINGS)["receipts"]


def row(sign: str, mark: str = KI_A, **other: Any) -> list[Any]:
    """One line of 900 tenge of receipt `sign`; other cells by the words of `CELLS`."""
    cells = dict(zip(CELLS, ["010100000001", sign, "1", "7", "30.11.2026 10:00:00", "Продажа", "900,00", "Сигареты",
                             "1", "900,00", mark], strict=True))  # fmt: skip
    cells.update(other)
    return [cells[name] for name in CELLS]


CELLS = ("rnm", "sign", "number", "shift", "date", "operation", "total", "name", "quantity", "sum", "mark")


def many(receipts: int, lines: int = 2) -> list[list[Any]]:
    """Receipts over three days, each line with its own mark."""
    found = []
    for index in range(receipts):
        date = f"{28 + index * 3 // receipts}.11.2026 10:{index % 60:02}:00"
        for line in range(lines):
            mark = f"01{GTIN}213{index:08}{line:04}"
            found.append(row(f"S{index}", mark, date=date, number=str(index + 1), total=f"{900 * lines},00"))
    return found


def written(path: Path, rows: list[list[Any]], *, encoding: str = "utf-8", delimiter: str = ";") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def workbook(path: Path, rows: list[list[Any]], merged: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for cells in rows:
        sheet.append(cells)
    for area in merged:
        sheet.merge_cells(area)
    book.save(path)
    return path


def in_lake(lake: Lake, table: str, *columns: str) -> list[Any]:
    """Rows of a table, in order; one column alone as plain values."""
    found: list[Any] = []
    for path in lake.files(table):
        part = pq.read_table(path, columns=list(columns), partitioning=None).to_pylist()
        found += [tuple(one[name] for name in columns) for one in part]
    return sorted(one[0] for one in found) if len(columns) == 1 else sorted(found)


def everything(lake: Lake) -> tuple[list[Any], list[Any]]:
    lines = in_lake(lake, OFD, "fp", "rfp", "ki", "at", "sign", "line", "sum_tiyn", "source", "source_row")
    return lines, in_lake(lake, OFD_RECEIPT, "rfp", "sign", "at", "total_tiyn", "marks", "source", "source_row")


def die_while_importing(folder: Path, syncs: int) -> None:
    """Run in a process of its own: import, and be killed at the given fsync."""
    left, real = [syncs], os.fsync

    def fsync(handle: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)

    os.fsync = fsync
    run_import(folder)


def run_import(folder: Path) -> Any:
    engine = open_engine(f"sqlite:///{folder / 'hq.sqlite'}")
    found = import_file(
        folder / "export.csv", LINES, engine=engine, lake=Lake(folder / "lake"), now=lambda: NOW_NS, chunk_rows=40
    )
    engine.dispose()
    return found


if __name__ == "__main__":
    die_while_importing(Path(sys.argv[1]), int(sys.argv[2]))
