"""Rows of an operator's file to receipts with their lines. Pure.

Rows of one receipt are gathered by register and fiscal sign inside one chunk, in whatever order they stand there. What
two rows for one receipt mean:

    one row a line      a further line, when both tell the same receipt; the second is refused as `receipt-differs`
                        when they do not; a marked row that is the same in every cell counts once
    one row a receipt   the same in every fact: counted once; else the second is refused as `receipt-twice`

A row whose receipt is not told at all (register, sign and date blank) belongs to the receipt above it: that is what is
left of merged cells in a CSV. A cell that cannot be read refuses its row, a mark that cannot be read does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sync.hq.imports.mapping import Meaning, Rows
from sync.hq.imports.marks import Mark
from sync.hq.imports.remarks import Remark
from sync.hq.imports.row_facts import Head, Item, RawRow, Reader, head_of, item_of
from sync.hq.imports.values import Cell, Trouble
from sync.hq.receipt_rows import shares
from sync.hq.witness import NO_MARKS_TOLD, Line, Receipt, day_of

_OF_RECEIPT = frozenset(Meaning) - {Meaning.MARK, Meaning.GTIN, Meaning.NAME, Meaning.QUANTITY, Meaning.SUM}


@dataclass(slots=True)
class Document:
    """One receipt with its lines, ready for the lake, and the rows it was read from."""

    receipt: Receipt
    lines: list[Line]
    rows: list[int]


@dataclass(slots=True)
class ReadChunk:
    documents: list[Document] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    repeated: int = 0  # Rows that say nothing new.
    refused: int = 0


def read_chunk(rows: Sequence[RawRow], reader: Reader) -> ReadChunk:
    """Whatever the rows hold, each of them is in a document, repeated or refused."""
    found = ReadChunk()
    groups: dict[tuple[str, str], list[tuple[RawRow, Head, Item]]] = {}
    above: Head | Trouble | None = None  # Trouble: a receipt that was refused, and so are its further lines.
    above_cells: list[Cell] | None = None
    indexes = [index for meaning, index in reader.placed.at.items() if meaning in _OF_RECEIPT]
    width = max(indexes)
    for row in rows:
        # Rows of one receipt repeat its cells: what was read from the same cells is not read again.
        cells = [row.cells[index] for index in indexes] if len(row.cells) > width and not row.spoilt else None
        head = above if isinstance(above, Head) and cells is not None and cells == above_cells else None
        try:
            head = head or head_of(row, reader, above)
            item = item_of(row, reader, head)
        except Trouble as trouble:
            _refuse(found, row, trouble)
            if trouble.reason != "totals":  # Stands between receipts and is none.
                above, above_cells = head or trouble, cells
            continue
        above, above_cells = head, cells
        groups.setdefault(head.key, []).append((row, head, item))
    for group in groups.values():
        _gather(group, reader, found)
    return found


def _gather(group: list[tuple[RawRow, Head, Item]], reader: Reader, found: ReadChunk) -> None:
    by_line = reader.mapping.rows is Rows.LINE
    first_row, first, first_item = group[0]
    kept: list[tuple[RawRow, Item]] = [(first_row, first_item)]
    same: set[tuple[Cell, ...]] = {tuple(first_row.cells)}
    for row, head, item in group[1:]:
        if head != first or (not by_line and item != first_item):
            reason = "receipt-differs" if by_line else "receipt-twice"
            where = f"row {first_row.number} tells the same receipt otherwise"
            _refuse(found, row, Trouble(reason, where, reader.column(Meaning.SIGN), first.sign))
        elif not by_line or (item.marks and tuple(row.cells) in same):
            found.repeated += 1
            where = f"says the same as row {first_row.number}"
            found.remarks.append(Remark(row.number, "row-repeated", where, text=row.text(), taken=True))
        else:
            kept.append((row, item))
            same.add(tuple(row.cells))
    for row, item in kept:
        found.remarks += [
            Remark(row.number, mark.remark, mark.ki, reader.column(Meaning.MARK), row.text(), taken=True)
            for mark in item.marks
            if mark.remark
        ]
    tells_marks = Meaning.MARK in reader.mapping.columns
    found.documents.append(document(first, kept, reader.source, tells_marks=tells_marks))


def document(head: Head, items: Sequence[tuple[RawRow, Item]], source: str, *, tells_marks: bool = True) -> Document:
    """A receipt of its rows. Its total is the told one, else the sum of its lines."""
    day = day_of(head.at)
    lines: list[Line] = []
    for place, (row, item) in enumerate(items, 1):
        marks = item.marks or ((Mark("", item.gtin),) if item.gtin else ())
        for mark, share in zip(marks, shares(item.sum_tiyn, len(marks)) if marks else (), strict=True):
            lines.append(
                Line(
                    day=day,
                    ki=mark.ki,
                    gtin=item.gtin or mark.gtin,
                    operation=head.operation,
                    at=head.at,
                    till="",
                    register=head.register,
                    shift=head.shift,
                    number=head.number,
                    sign=head.sign,
                    line=place,
                    sum_tiyn=share,
                    source=source,
                    source_row=row.number,
                )
            )
    total = head.total_tiyn if head.total_tiyn is not None else sum(item.sum_tiyn for _, item in items)
    receipt = Receipt(
        day=day,
        operation=head.operation,
        at=head.at,
        noted_at=head.noted_at,
        till="",
        register=head.register,
        shift=head.shift,
        number=head.number,
        sign=head.sign,
        total_tiyn=total,
        marks=sum(1 for line in lines if line.ki) if tells_marks else NO_MARKS_TOLD,
        offline=head.offline,
        source=source,
        source_row=items[0][0].number,
    )
    return Document(receipt, lines, [row.number for row, _ in items])


def _refuse(found: ReadChunk, row: RawRow, trouble: Trouble) -> None:
    found.refused += 1
    shown = f"{trouble.text}: {cleaned_value(trouble.value)}" if trouble.value not in ("", None) else trouble.text
    found.remarks.append(Remark(row.number, trouble.reason, shown, trouble.column, row.text()))


def cleaned_value(value: object) -> str:
    return repr(value)[:200]
