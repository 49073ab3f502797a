"""Every import of headquarters: what it is of, how far it came, and each row that was not taken.

An import is named by its kind, the digest of what it reads and the digest of how it reads it. Begun again it goes on
where its last chunk ended; begun again when done it does nothing and says so. Position and counts move in one
transaction, after the rows are safe in the lake: a process that dies in between does that chunk once more, under the
same names. Always: rows_read = taken + repeated + refused.

Times are UTC nanoseconds of headquarters' clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Identity,
    Index,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from sync.hq.engine import writing
from sync.hq.imports.remarks import Remark
from sync.hq.schema import metadata
from sync.hq.tables import Number

ROW_TEXT_MAX = 2000
REFUSED_MAX = 100_000  # Of one import: beyond it the mapping is wrong, not the rows.


class Kind(StrEnum):
    FILE = "file"
    WEBKASSA = "webkassa"
    REGISTRY_CHECK = "registry-check"
    REGISTRY_EXPORT = "registry-export"
    RECEIPT_PAGE = "receipt-page"


class State(StrEnum):
    RUNNING = "running"  # Or broken off without a word: begin it again.
    STOPPED = "stopped"  # `trouble` says why; begin it again.
    OPEN = "open"  # All there is was taken, and more will come: a shift that is still open.
    DONE = "done"


imports = Table(
    "hq_import",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),  # For people: the file's name, "SWK00000001 shift 7".
    Column("digest", Text, nullable=False),  # SHA-256 of the file, or of what else names the thing.
    Column("mapping", Text, nullable=False),  # Its name and digest, "" where there is none.
    Column("attempt", BigInteger, nullable=False),  # 0; counted up where the same thing is asked about anew.
    Column("state", Text, nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("taken", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),  # Known already, from here or from another import.
    Column("refused", BigInteger, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger),
    Column("position", Text, nullable=False),  # JSON, the importer's own.
    Column("done_share", BigInteger, nullable=False),  # Thousandths, for a bar.
    Column("trouble", Text, nullable=False),
    UniqueConstraint("kind", "digest", "mapping", "attempt"),
)

refused = Table(
    "hq_import_refused",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("import", BigInteger, ForeignKey(imports.c.id), nullable=False),
    Column("row", BigInteger, nullable=False),  # From 1, as a spreadsheet shows it.
    Column("column", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("taken", Boolean, nullable=False),  # True: a remark on a row that was taken all the same.
    Column("text", Text, nullable=False),  # The row as it came.
)
Index("hq_import_refused_of", refused.c["import"], refused.c.row)


class ImportBusy(RuntimeError):
    """Another process is at this very import."""


class ImportStopped(RuntimeError):
    """The import ended before its end; the text says what to do. Begun again it goes on."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is, for whoever shows it."""

    rows_read: int
    taken: int
    repeated: int
    refused: int
    share: float  # 0 to 1.


@dataclass(frozen=True, slots=True)
class Imported:
    """An import as it stands."""

    id: int
    kind: Kind
    name: str
    state: State
    rows_read: int
    taken: int
    repeated: int
    refused: int
    position: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""
    known: bool = False  # It was done before: nothing was changed now.


@dataclass(frozen=True, slots=True)
class Counts:
    rows_read: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0


ProgressTold = Callable[[Progress], None]


class Ledger:
    """`now` gives UTC nanoseconds."""

    def __init__(self, engine: Engine, now: Callable[[], int]) -> None:
        self._engine = engine
        self._now = now

    def create(self) -> None:
        """Make the tables where they are missing."""
        metadata.create_all(self._engine, tables=[imports, refused])

    def begin(self, kind: Kind, name: str, digest: str, mapping: str = "", *, anew: bool = False) -> Imported:
        """The import of this thing: new, to go on with, or (state DONE, `known`) nothing to do.

        `anew`: where the last one is done, begin another. Raises ImportBusy when another process begins it now.
        """
        try:
            with writing(self._engine) as db:
                last = db.execute(_newest(kind, digest, mapping)).first()
                if last is not None and not (anew and last.state == State.DONE):
                    return _imported(last, known=last.state == State.DONE)
                attempt = 0 if last is None else last.attempt + 1
                fresh = {
                    "kind": kind.value,
                    "name": kept_text(name),
                    "digest": digest,
                    "mapping": kept_text(mapping),
                    "attempt": attempt,
                    "state": State.RUNNING.value,
                    **dict.fromkeys(("rows_read", "taken", "repeated", "refused", "done_share"), 0),
                    "started_ns": self._now(),
                    "position": "{}",
                    "trouble": "",
                }
                made = db.execute(insert(imports).values(fresh).returning(imports))
                return _imported(made.one())
        except IntegrityError as error:
            raise ImportBusy(f"{name}: another process has just begun this import") from error

    def advance(
        self,
        at: Imported,
        position: Mapping[str, Any],
        counts: Counts,
        remarks: Sequence[Remark] = (),
        *,
        state: State = State.RUNNING,
        share: float = 0.0,
        trouble: str = "",
        afresh: bool = False,
    ) -> Imported:
        """Move on by one chunk whose rows are safe. ImportBusy when somebody else has moved it meanwhile.

        `afresh`: the whole thing was read once more, and its counts and remarks take the place of the earlier ones.
        """
        told = asdict(counts)
        with writing(self._engine) as db:
            if afresh:
                db.execute(delete(refused).where(refused.c["import"] == at.id))
            moved = db.execute(
                update(imports)
                .where(imports.c.id == at.id, imports.c.position == _text(at.position))
                .values(
                    state=state.value,
                    **{name: number if afresh else imports.c[name] + number for name, number in told.items()},
                    position=_text(position),
                    done_share=1000 if state is State.DONE else min(999, max(0, round(share * 1000))),
                    ended_ns=None if state is State.RUNNING else self._now(),
                    trouble=trouble,
                )
            )
            if moved.rowcount != 1:
                raise ImportBusy(f"{at.name}: another process is at this import")
            _note(db, at.id, remarks)
            return _imported(db.execute(select(imports).where(imports.c.id == at.id)).one())

    def listed(self, limit: int = 100) -> list[Imported]:
        """Newest first."""
        with self._engine.connect() as db:
            return [_imported(row) for row in db.execute(select(imports).order_by(imports.c.id.desc()).limit(limit))]

    def remarks(self, import_id: int, limit: int = 1000) -> list[Remark]:
        """Rows of one import that were refused or doubted, in order."""
        found = select(refused).where(refused.c["import"] == import_id).order_by(refused.c.row, refused.c.id)
        with self._engine.connect() as db:
            return [
                Remark(row.row, row.reason, row.detail, row.column, row.text, row.taken)
                for row in db.execute(found.limit(limit))
            ]

    def reasons(self, import_id: int) -> dict[str, int]:
        """Rows of one import by reason."""
        found = select(refused.c.reason, func.count()).where(refused.c["import"] == import_id)
        with self._engine.connect() as db:
            return {row[0]: row[1] for row in db.execute(found.group_by(refused.c.reason))}


def digest_of(*parts: str) -> str:
    """SHA-256 of what names a thing that is no file."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def source_of(import_id: int) -> str:
    """What `source` says of rows in the lake, and how the names of their files begin."""
    return f"import-{import_id}"


def progress_of(at: Imported, share: float) -> Progress:
    return Progress(at.rows_read, at.taken, at.repeated, at.refused, share)


def _newest(kind: Kind, digest: str, mapping: str) -> Any:
    return (
        select(imports)
        .where(imports.c.kind == kind.value, imports.c.digest == digest, imports.c.mapping == mapping)
        .order_by(imports.c.attempt.desc())
        .limit(1)
    )


def _note(db: Connection, import_id: int, remarks: Sequence[Remark]) -> None:
    if remarks:
        db.execute(
            insert(refused),
            [
                {
                    "import": import_id,
                    "row": remark.row,
                    "column": kept_text(remark.column),
                    "reason": remark.reason,
                    "detail": kept_text(remark.detail),
                    "taken": remark.taken,
                    "text": kept_text(remark.text),
                }
                for remark in remarks
            ],
        )


def kept_text(text: str) -> str:
    """Text a database takes: no half of a surrogate pair, no NUL, not longer than ROW_TEXT_MAX."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")[:ROW_TEXT_MAX]


def _text(position: Mapping[str, Any]) -> str:
    return json.dumps(dict(position), sort_keys=True, ensure_ascii=False)


def _imported(row: Row[Any], *, known: bool = False) -> Imported:
    return Imported(
        id=row.id,
        kind=Kind(row.kind),
        name=row.name,
        state=State(row.state),
        rows_read=row.rows_read,
        taken=row.taken,
        repeated=row.repeated,
        refused=row.refused,
        position=json.loads(row.position),
        trouble=row.trouble,
        known=known,
    )
