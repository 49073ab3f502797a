"""What the operators of fiscal data export: three cabinets, three forms of a file, and the mappings that read them.

    0  CSV in Windows-1251, semicolons, decimal commas, factory numbers
    1  XLSX, registration numbers, marks in full, a title above the header
    2  CSV in UTF-8, tabs, registration numbers, a row said twice

Nobody wrote these forms down: a cabinet's export is what its mapping says it is (docs/headquarters.md).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import openpyxl

from sync.hq.demo.numbering import Registry
from sync.hq.demo.story import OPERATORS, Document, Story
from sync.hq.witness import Operation
from sync.zone import ZONE

MAPPINGS = """\
# Mappings of the demo's three operators: docs/headquarters.md says what they mean.

[alpha]
rows = "line"
encoding = "cp1251"
delimiter = ";"
[alpha.columns]
register = "Заводской номер"
shift = "Смена"
number = "Номер чека"
sign = ["ФП", "Фискальный признак"]
date = "Дата"
time = "Время"
operation = "Операция"
gtin = "GTIN"
mark = "Код маркировки"
sum = "Сумма"

[beta]
rows = "line"
[beta.columns]
rnm = "РНМ"
shift = "Смена №"
number = "Чек №"
sign = "Фискальный признак"
date = "Дата и время"
operation = "Вид операции"
gtin = "Код товара"
mark = "Марка"
sum = "Стоимость"

[gamma]
rows = "line"
delimiter = "\\t"
[gamma.columns]
rnm = "РНМ"
shift = "Ауысым"
number = "Чек"
sign = "ФБ"
date = "Күні"
operation = "Операция"
gtin = "GTIN"
mark = "Таңба"
sum = "Сома"
[gamma.operations]
"Сату" = "sale"
"Қайтару" = "return"
"""
NAMES = ("alpha", "beta", "gamma")
_RUSSIAN = {Operation.SALE: "Продажа", Operation.RETURN: "Возврат продажи"}
_KAZAKH = {Operation.SALE: "Сату", Operation.RETURN: "Қайтару"}
Line = tuple[Document, str, str, int]  # Receipt, mark, GTIN, sum in tiyn.


def write_files(story: Story, registry: Registry, folder: Path, at: int, name: str) -> list[tuple[str, Path]]:
    """One file of each operator with everything it has at a moment: (mapping, file)."""
    written = []
    for operator in range(OPERATORS):
        lines = list(_lines(story, operator, at))
        path = folder / f"{NAMES[operator]}-{name}.{_SUFFIX[operator]}"
        _WRITERS[operator](lines, registry, path)
        written.append((NAMES[operator], path))
    return written


def _lines(story: Story, operator: int, at: int) -> Iterator[Line]:
    for document in sorted(story.everything(), key=lambda one: (one.till.register, one.at)):
        if document.till.operator != operator or document.till is story.of_vendor or document.told is None:
            continue
        if max(document.at, document.told_from) > at:
            continue
        for line in document.told:
            yield document, line.mark, line.gtin, line.sum_tiyn


def _alpha(lines: Sequence[Line], _registry: Registry, path: Path) -> None:
    rows: list[Sequence[object]] = [
        ("Заводской номер", "Смена", "Номер чека", "ФП", "Дата", "Время", "Операция", "GTIN", "Код маркировки", "Сумма")
    ]
    for one, mark, gtin, sum_tiyn in lines:
        local = _local(one.at)
        tenge = f"{sum_tiyn // 100},{sum_tiyn % 100:02}"
        rows.append(
            (one.till.register, one.shift, one.number, one.sign, local.strftime("%d.%m.%Y"), local.strftime("%H:%M:%S"),
             _RUSSIAN[one.operation], gtin, mark, tenge)
        )  # fmt: skip
    path.write_bytes(_csv(rows, ";").encode("cp1251"))


def _beta(lines: Sequence[Line], registry: Registry, path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    # The same seed gives the same file, to the byte but for the archive's own times.
    sheet = book.create_sheet("Чеки")
    sheet.append(["Реестр чеков"])
    sheet.append(["РНМ", "Смена №", "Чек №", "Фискальный признак", "Дата и время", "Вид операции", "Код товара",
                  "Марка", "Стоимость"])  # fmt: skip
    for one, mark, gtin, sum_tiyn in lines:
        known = registry.units.get(mark)
        # A spreadsheet keeps no control character: the separator is written as ECMA-376 has it.
        full = mark if known is None else known.full.replace("\x1d", "_x001d_")
        sheet.append([one.till.rnm, one.shift, one.number, one.sign, _local(one.at).replace(tzinfo=None),
                      _RUSSIAN[one.operation], gtin, full, sum_tiyn / 100])  # fmt: skip
    book.save(path)


def _gamma(lines: Sequence[Line], _registry: Registry, path: Path) -> None:
    rows: list[Sequence[object]] = [("РНМ", "Ауысым", "Чек", "ФБ", "Күні", "Операция", "GTIN", "Таңба", "Сома")]
    for one, mark, gtin, sum_tiyn in lines:
        moment = _local(one.at).strftime("%Y-%m-%d %H:%M:%S")
        rows.append((one.till.rnm, one.shift, one.number, one.sign, moment, _KAZAKH[one.operation], gtin, mark,
                     f"{sum_tiyn / 100:.2f}"))  # fmt: skip
        if mark and one.number % 10 == 0:
            rows.append(rows[-1])  # Exports of cabinets say a row twice now and then.
    path.write_bytes(_csv(rows, "\t").encode())


def _csv(rows: Sequence[Sequence[object]], delimiter: str) -> str:
    kept = io.StringIO(newline="")
    csv.writer(kept, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return kept.getvalue()


def _local(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, ZONE)


_WRITERS: Sequence[Callable[[Sequence[Line], Registry, Path], None]] = (_alpha, _beta, _gamma)
_SUFFIX = ("csv", "xlsx", "txt")
