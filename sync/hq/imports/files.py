"""import_file: an operator's export into the lake, resumable after a kill at any point.

A chunk is cut where a receipt begins, so that none is torn, and lands under a name made of the import and its first
row. Then position and counts move in one transaction. What a killed process leaves is one chunk that is not noted: it
is taken away and written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from sync.hq.imports.csv_rows import FileRefused
from sync.hq.imports.landing import Landing, Verdict
from sync.hq.imports.ledger import (
    REFUSED_MAX,
    Counts,
    Imported,
    Kind,
    Ledger,
    ProgressTold,
    State,
    progress_of,
    source_of,
)
from sync.hq.imports.mapping import Mapping, MappingError
from sync.hq.imports.receipts import ReadChunk, read_chunk
from sync.hq.imports.remarks import Remark
from sync.hq.imports.row_facts import RawRow, Reader, is_blank, receipt_of
from sync.hq.imports.sheet import Sheet, look, open_sheet, placed
from sync.hq.lake.layout import Lake
from sync.hq.tables import register

CHUNK_ROWS = 50_000
RECEIPT_ROWS_MAX = 20_000  # Rows that may follow a full chunk without a new receipt before it is cut all the same.


@dataclass(frozen=True, slots=True)
class _Chunk:
    rows: list[RawRow]  # Without blank ones.
    next_start: int
    next_number: int
    ended: bool

    @property
    def first(self) -> int:
        return self.rows[0].number if self.rows else self.next_number


def import_file(
    path: Path,
    mapping: Mapping,
    *,
    engine: Engine,
    lake: Lake,
    now: Callable[[], int],
    progress: ProgressTold | None = None,
    again: bool = False,
    chunk_rows: int = CHUNK_ROWS,
) -> Imported:
    """Import a file, or go on with it, or find that it was done (`known`).

    A file that cannot be read and a mapping that does not fit give state STOPPED with the reason in `trouble`; nothing
    else is changed. `again`: a file that was done is gone through once more, and takes what was refused before and can
    be taken now. `now`: UTC nanoseconds. Raises ImportBusy, OSError.
    """
    ledger = Ledger(engine, now)
    looked = look(path)
    at = ledger.begin(Kind.FILE, path.name, looked.sha256, mapping.digest, anew=again)
    if at.known:
        return at
    try:
        sheet = open_sheet(path, mapping, utf8=looked.utf8)
        reader = Reader(mapping, placed(sheet, mapping), registers(engine), sheet.date1904, source_of(at.id))
        return _Run(ledger, lake, sheet, reader, progress).through(at, chunk_rows)
    except (FileRefused, MappingError) as error:
        # The import may have moved since: the newest state is what is stopped.
        at = ledger.begin(Kind.FILE, path.name, looked.sha256, mapping.digest)
        return ledger.advance(at, at.position, Counts(), state=State.STOPPED, trouble=str(error))


def registers(engine: Engine) -> dict[str, str]:
    """Registration numbers, and factory numbers in capitals, to the identity that tills use."""
    found: dict[str, str] = {}
    with engine.connect() as db:
        for row in db.execute(select(register.c.identity, register.c.rnm).order_by(register.c.last_ns)):
            found[row.identity.upper()] = row.identity
            if row.rnm:
                found[row.rnm] = row.identity
    return found


class _Run:
    """One process at one file."""

    def __init__(self, ledger: Ledger, lake: Lake, sheet: Sheet, reader: Reader, progress: ProgressTold | None) -> None:
        self._ledger = ledger
        self._sheet = sheet
        self._reader = reader
        self._progress = progress
        self._landing = Landing(lake, reader.source)

    def through(self, at: Imported, chunk_rows: int) -> Imported:
        """Raises FileRefused, ImportBusy, OSError."""
        start = int(at.position.get("start", self._sheet.data_start))
        number = int(at.position.get("number", self._sheet.header_row + 1))
        size = int(at.position.get("chunk_rows", chunk_rows))  # The name of a chunk says where it began, not how long.
        resumed = bool(at.position) or at.state is not State.RUNNING
        if not resumed:
            at = self._ledger.advance(at, {"start": start, "number": number, "chunk_rows": size}, Counts())
        else:
            self._landing.forget_chunk(self._name(number))
        for chunk in self._chunks(start, number, size):
            at = self._do(at, chunk, size)
            if self._progress is not None:
                self._progress(progress_of(at, 1.0 if at.state is State.DONE else self._share(chunk)))
            if at.state is not State.RUNNING:
                break
        return at

    def _do(self, at: Imported, chunk: _Chunk, size: int) -> Imported:
        read = read_chunk(chunk.rows, self._reader)
        with self._landing.alone():
            taken = self._land(read, chunk)
        counts = Counts(len(chunk.rows), taken, read.repeated, read.refused)
        state, trouble = (State.DONE, "") if chunk.ended else (State.RUNNING, "")
        if at.refused + read.refused > REFUSED_MAX and not chunk.ended:
            state = State.STOPPED
            trouble = f"more than {REFUSED_MAX} rows were refused: look at the preview, the mapping is wrong"
        position = {"start": chunk.next_start, "number": chunk.next_number, "chunk_rows": size, "ended": chunk.ended}
        return self._ledger.advance(
            at,
            position,
            counts,
            sorted(read.remarks, key=lambda one: one.row),
            state=state,
            share=self._share(chunk),
            trouble=trouble,
        )

    def _land(self, read: ReadChunk, chunk: _Chunk) -> int:
        """Write what is new; how many rows that are. The rest is counted and told in `read`."""
        by_number = {row.number: row for row in chunk.rows}
        fresh, taken = [], 0
        verdicts = self._landing.verdicts(read.documents, chunk.first)
        for document, verdict in zip(read.documents, verdicts, strict=True):
            if verdict is Verdict.NEW:
                fresh.append(document)
                taken += len(document.rows)
            elif verdict is Verdict.SAME:
                read.repeated += len(document.rows)
            else:
                read.refused += len(document.rows)
                receipt = document.receipt
                where = f"register {receipt.register}, sign {receipt.sign}: this receipt is known with other content"
                read.remarks = [one for one in read.remarks if one.row not in document.rows]
                read.remarks += [
                    Remark(number, "receipt-known-otherwise", where, text=by_number[number].text())
                    for number in document.rows
                ]
        self._landing.land(fresh, self._name(chunk.first))
        return taken

    def _chunks(self, start: int, number: int, size: int) -> Iterator[_Chunk]:
        rows: list[RawRow] = []
        last_sign = ""
        first = number
        for row in self._sheet.rows(start, number):
            sign = "" if row.trouble else receipt_of(row, self._reader)
            is_new = sign not in ("", last_sign)
            if len(rows) >= size and (is_new or len(rows) >= size + RECEIPT_ROWS_MAX):
                yield _Chunk(rows, row.start, row.number, ended=False)
                rows, last_sign = [], ""
            if not is_blank(row):
                rows.append(row)
            last_sign = sign or last_sign
            first = row.number + 1
        yield _Chunk(rows, self._sheet.size, first, ended=True)

    def _share(self, chunk: _Chunk) -> float:
        return chunk.next_start / self._sheet.size if self._sheet.size else 0.0

    def _name(self, number: int) -> str:
        return f"{self._reader.source}-{number:012}"
