"""Receipts and lines into the lake, a chunk at a time, each receipt once whoever tells of it.

Two files that overlap, or a file and the vendor's history, tell the same receipt twice. Its key decides: a receipt that
the lake has and that says the same is repeated; one that says something else is refused, and the first stands. Lines
are written before their receipt, so that a receipt in the lake has all of its lines.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sync.hq.imports.receipts import Document
from sync.hq.lake.durable import make_folder
from sync.hq.lake.layout import OFD, OFD_RECEIPT, SCHEMAS, Lake, to_arrow
from sync.hq.lake.parts import alone_in
from sync.hq.witness import NO_MARKS_TOLD, Operation, fingerprint, receipt_key

KNOWN_MAX = 4_000_000  # Receipts of recent days kept in memory to compare with: 32 bytes each.
_FACTS = np.dtype([("rfp", "i8"), ("total", "i8"), ("at", "i8"), ("operation", "i1"), ("marks", "i4")])
_COLUMNS = ["rfp", "total_tiyn", "at", "operation", "marks", "source", "source_row"]
_SIGN = {Operation.SALE: 1, Operation.RETURN: -1}


class Verdict(Enum):
    NEW = "new"
    SAME = "same"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Landed:
    receipts: int
    lines: int


class Landing:
    """Of one import. Not safe for threads; several processes may land into one lake."""

    def __init__(self, lake: Lake, source: str) -> None:
        self._lake = lake
        self._source = source
        self._known: OrderedDict[dt.date, npt.NDArray[np.void]] = OrderedDict()
        self._seen: dict[dt.date, set[Path]] = {}
        make_folder(lake.root)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Between looking whether a receipt is known and writing it nobody else may write it."""
        with alone_in(self._lake.root):
            yield

    def forget_chunk(self, name: str) -> None:
        """Take away what a process that died left of a chunk: this time it may fall into other partitions."""
        for table in (OFD, OFD_RECEIPT):
            self._lake.remove(table, name)

    def verdicts(self, documents: Sequence[Document], first_row: int) -> list[Verdict]:
        """What the lake knows of each; rows of this import from `first_row` on do not count: they are written again."""
        by_day: dict[dt.date, list[int]] = {}
        for index, document in enumerate(documents):
            by_day.setdefault(document.receipt.day, []).append(index)
        found = [Verdict.NEW] * len(documents)
        for day, indexes in by_day.items():
            known = self._of_day(day, first_row)
            if not len(known):
                continue
            facts = _facts([documents[index] for index in indexes])
            places = np.searchsorted(known["rfp"], facts["rfp"])
            there = places < len(known)
            there[there] = known["rfp"][places[there]] == facts["rfp"][there]
            for index, place, fact, is_there in zip(indexes, places, facts, there, strict=True):
                if is_there:
                    found[index] = _verdict(known[place], fact)
        self._bound(frozenset(by_day))
        return found

    def land(self, documents: Sequence[Document], name: str) -> Landed:
        """Write them under this name; the same name again replaces. Raises sync.hq.lake.layout.LakeError, OSError."""
        lines = [line for document in documents for line in document.lines]
        if lines:
            self._lake.write(OFD, to_arrow(lines), name)
        if documents:
            self._lake.write(OFD_RECEIPT, to_arrow([document.receipt for document in documents]), name)
        for day in {document.receipt.day for document in documents}:
            mine = _facts([document for document in documents if document.receipt.day == day])
            if day in self._known:
                self._known[day] = _sorted(np.concatenate([self._known[day], mine]))
            self._seen.setdefault(day, set()).add(self._path(day, name))
        return Landed(len(documents), len(lines))

    def _path(self, day: dt.date, name: str) -> Path:
        return self._lake.root / OFD_RECEIPT / f"day={day}" / f"{name}.parquet"

    def _of_day(self, day: dt.date, first_row: int) -> npt.NDArray[np.void]:
        files = self._lake.files(OFD_RECEIPT, [day])
        if day not in self._known:
            self._seen[day] = set()
            self._known[day] = np.zeros(0, _FACTS)
        fresh = [path for path in files if path not in self._seen[day]]
        if fresh:
            read = [self._read(path, first_row) for path in fresh]
            self._known[day] = _sorted(np.concatenate([self._known[day], *read]))
            self._seen[day].update(fresh)
        self._known.move_to_end(day)
        return self._known[day]

    def _read(self, path: Path, first_row: int) -> npt.NDArray[np.void]:
        # The path alone would make pyarrow add its folders as columns.
        with path.open("rb") as file:
            table = pq.read_table(file, columns=_COLUMNS, schema=SCHEMAS[OFD_RECEIPT])
        found = np.zeros(table.num_rows, _FACTS)
        for name, column in (("rfp", "rfp"), ("total", "total_tiyn"), ("at", "at"), ("operation", "operation")):
            found[name] = np.asarray(table[column])
        found["marks"] = np.asarray(table["marks"])
        mine = np.asarray(pa.compute.equal(table["source"], self._source))
        return found[~(mine & (np.asarray(table["source_row"]) >= first_row))]

    def _bound(self, in_use: frozenset[dt.date]) -> None:
        """Forget days that were not asked about for longest."""
        total = sum(len(known) for known in self._known.values())
        for day in list(self._known):
            if total <= KNOWN_MAX:
                return
            if day not in in_use or len(in_use) > 1:
                total -= len(self._known.pop(day))


def _verdict(known: np.void, fact: np.void) -> Verdict:
    """A list without marks says nothing against one with them; and a list with marks adds to one without."""
    if known == fact:
        return Verdict.SAME
    if any(known[name] != fact[name] for name in ("total", "at", "operation")):
        return Verdict.DIFFERS
    if fact["marks"] == NO_MARKS_TOLD:
        return Verdict.SAME
    return Verdict.NEW if known["marks"] == NO_MARKS_TOLD else Verdict.DIFFERS


def _facts(documents: Sequence[Document]) -> npt.NDArray[np.void]:
    rows = [
        (
            fingerprint(receipt_key(one.receipt.register, one.receipt.sign)),
            one.receipt.total_tiyn,
            one.receipt.at,
            _SIGN[one.receipt.operation],
            one.receipt.marks,
        )
        for one in documents
    ]
    return np.array(rows, _FACTS)


def _sorted(facts: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """By receipt; of two lists of one receipt the one that tells its marks comes first."""
    return facts[np.lexsort((-facts["marks"], facts["rfp"]))]
