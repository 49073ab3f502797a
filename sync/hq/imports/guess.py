"""A mapping guessed from a header and a few rows: a beginning for a person, never used without one. Pure.

The words are those of receipts, of vendors' answers and of cabinets, Russian, Kazakh and English; no operator has
published its columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from collections.abc import Sequence

from sync.hq.imports.mapping import Mapping, Meaning, Rows, folded
from sync.hq.imports.marks import read_mark
from sync.hq.imports.values import Cell, cleaned
from sync.hq.witness import Operation

# Tried in this order: a "номер чека" must not be taken for the register's, nor "сумма позиции" for the receipt's.
_PATTERNS: tuple[tuple[Meaning, str], ...] = (
    (Meaning.MARK, r"марк|таңба|идентификац|код маркировки|\bkm\b|\bки\b|excise|mark"),
    (Meaning.GTIN, r"gtin|ntin|штрих.?код|barcode|код товара ntin"),
    (Meaning.RNM, r"рнм|\bктн\b|регистрационн\w* номер|код ккм кгд|тіркеу нөмірі|\brnm\b|registration"),
    (Meaning.REGISTER, r"знм|знк|зав\w*\.? ?№|заводск\w* номер|зауыттық|\bкзн\b|серийн\w* номер|factory|serial|касса$"),
    (Meaning.SIGN, r"фискальн\w* признак|\bфп\b|фискалдық белгі|fiscal sign|checknumber"),
    (Meaning.SHIFT, r"смен|ауысым|shift"),
    (Meaning.ARRIVED, r"(?:дата|время)\w* (?:получен|поступлен|регистрац|офд)|received|қабылдан"),
    (Meaning.OPERATION, r"операц|тип чека|вид чека|тип документа|operation"),
    (Meaning.OFFLINE, r"автоном|оффлайн|офлайн|offline|дербес"),
    (Meaning.SUM, r"(?:сумма|стоимость)\w* (?:позиц|товар|строк)|(?:позиц|тауар)\w* (?:сомасы|құны)|line sum"),
    (Meaning.TOTAL, r"итог|сумма чека|сумма$|барлығы|чек сомасы|total|всего"),
    (Meaning.QUANTITY, r"кол-?во|количеств|саны|мөлшер|quantity|count"),
    (Meaning.NAME, r"наименован|товар|атауы|тауар|name"),
    (Meaning.NUMBER, r"(?:номер|№) (?:чека|документа)|порядков|чек\w* нөмірі|реттік|order|receipt no|^№$|^номер$"),
    (Meaning.TIME, r"^(?:время|уақыт|time)"),
    (Meaning.DATE, r"дата|күн|date|время|уақыт"),
)
_PRICE = re.compile(r"цена|баға|price")


def guessed(name: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Mapping:
    """The likeliest mapping; columns nobody recognises are left out, needed ones may be missing from it."""
    words = [folded(word) for word in header]
    columns: dict[Meaning, tuple[str | int, ...]] = {}
    taken: set[int] = set()
    for meaning, pattern in _PATTERNS:
        for index, word in enumerate(words):
            if index not in taken and word and not _PRICE.search(word) and re.search(pattern, word):
                columns[meaning] = (header[index].strip(),)
                taken.add(index)
                break
    if Meaning.MARK not in columns and (found := _looks_marked(rows, taken)) is not None:
        columns[Meaning.MARK] = (header[found].strip() or found + 1,)
    kind = Rows.LINE if _is_by_line(columns, words, rows) else Rows.RECEIPT
    if kind is Rows.LINE and Meaning.SUM not in columns and Meaning.TOTAL in columns:
        # A table of lines with one sum tells that of the line.
        columns[Meaning.SUM] = columns.pop(Meaning.TOTAL)
    ordered = {meaning: columns[meaning] for meaning in Meaning if meaning in columns}
    return Mapping(
        name=name,
        rows=kind,
        columns=ordered,
        operation=None if Meaning.OPERATION in columns else Operation.SALE,
    )


def score(header: Sequence[str]) -> int:
    """How many columns of a row look like a header's."""
    words = [folded(word) for word in header]
    return sum(1 for word in words if word and len(word) < 80 and any(re.search(form, word) for _, form in _PATTERNS))


def missing(mapping: Mapping) -> list[str]:
    """What a mapping still needs before it can be used."""
    there = mapping.columns
    lacks = [] if Meaning.REGISTER in there or Meaning.RNM in there else ["register or rnm"]
    lacks += [meaning.value for meaning in (Meaning.SIGN, Meaning.DATE) if meaning not in there]
    lacks += [] if Meaning.TOTAL in there or Meaning.SUM in there else ["total or sum"]
    return lacks


def _looks_marked(rows: Sequence[Sequence[Cell]], taken: set[int]) -> int | None:
    """A column whose cells are marks, whatever its header says."""
    width = max((len(row) for row in rows), default=0)
    for index in range(width):
        if index in taken:
            continue
        texts = [cleaned(row[index]) for row in rows if index < len(row) and cleaned(row[index])]
        read = [read_mark(text) for text in texts]
        if texts and sum(1 for mark in read if mark is not None and not mark.remark) * 2 > len(texts):
            return index
    return None


def _is_by_line(
    columns: MappingType[Meaning, tuple[str | int, ...]], words: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> bool:
    """A row is a line where goods are named, or where a sign comes twice."""
    if Meaning.NAME in columns or Meaning.QUANTITY in columns:
        return True
    if Meaning.SIGN not in columns:
        return False
    at = words.index(folded(str(columns[Meaning.SIGN][0])))
    signs = [cleaned(row[at]) for row in rows if at < len(row) and cleaned(row[at])]
    return len(set(signs)) < len(signs)
