"""The pages' ports over the rooms of headquarters as they are: imports and documents from their own tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, func, select

from sync.hq.actions import outbox, proposals
from sync.hq.actions.documents import Terms
from sync.hq.actions.schema import code, document
from sync.hq.actions.states import CodeState
from sync.hq.imports.ledger import imports, refused
from sync.hq.pages.ports import Document, DocumentCode, DocumentRefused, ImportRun, Refusal

CHUNK = 1000


class LedgerImports:
    """sync.hq.imports, read only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def runs(self, limit: int) -> Sequence[ImportRun]:
        with self._engine.connect() as db:
            found = db.execute(select(imports).order_by(imports.c.id.desc()).limit(limit)).mappings()
            return [_run(row) for row in found]

    def run(self, number: int) -> ImportRun | None:
        with self._engine.connect() as db:
            found = db.execute(select(imports).where(imports.c.id == number)).mappings().first()
        return None if found is None else _run(found)

    def refusals(self, number: int, limit: int | None = None) -> Iterator[Refusal]:
        found = select(refused).where(refused.c["import"] == number).order_by(refused.c.row, refused.c.id).limit(limit)
        with self._engine.connect().execution_options(yield_per=CHUNK) as db:
            for row in db.execute(found):
                yield Refusal(row.row, row.reason, row.text, row.taken, row.column, row.detail)


def _run(row: Mapping[Any, Any]) -> ImportRun:
    same = ("id", "name", "kind", "state", "started_ns", "ended_ns", "taken", "repeated", "refused", "trouble")
    return ImportRun(rows=row["rows_read"], done_share=row["done_share"], **{name: row[name] for name in same})


class OutboxDocuments:
    """sync.hq.actions: prepare, approve, cancel and decide; filing is done by its own worker."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], int],
        *,
        terms: Terms | None = None,
        group_of: Callable[[str], str] = proposals.no_group,
    ) -> None:
        self._engine, self._now, self._terms, self._group_of = engine, now, terms, group_of

    def listed(self, limit: int) -> Sequence[Document]:
        return self._documents(limit=limit)

    def one(self, number: int) -> Document | None:
        return next(iter(self._documents(number=number)), None)

    def _documents(self, *, number: int | None = None, limit: int = 1) -> Sequence[Document]:
        query = select(document).order_by(document.c.id.desc()).limit(limit)
        query = query if number is None else query.where(document.c.id == number)
        with self._engine.connect() as db:
            rows = db.execute(query).mappings().all()
            counted = select(code.c.document, code.c.state, func.count()).group_by(code.c.document, code.c.state)
            counts: dict[int, dict[str, int]] = {}
            for owner, state, count in db.execute(counted.where(code.c.document.in_([row["id"] for row in rows]))):
                counts.setdefault(owner, {})[state] = count
        return [_document(row, counts.get(row["id"], {})) for row in rows]

    def codes(self, number: int, limit: int) -> Sequence[DocumentCode]:
        found = select(code).where(code.c.document == number).order_by(code.c.id).limit(limit)
        with self._engine.connect() as db:
            return [DocumentCode(row.ki, row.state, row.error, row.exception) for row in db.execute(found)]

    def prepare(self, exceptions: Iterable[int], who: str) -> Sequence[int]:
        wanted = list(exceptions)
        made = proposals.prepare(
            self._engine, self._now(), terms=self._terms, group_of=self._group_of, exceptions=wanted, who=who
        )
        if not made.documents:
            reasons = sorted({one.reason for one in made.skipped}) or ["nothing-fits"]
            raise DocumentRefused(*reasons)
        return made.documents

    def approve(self, number: int, who: str, why: str) -> None:
        try:
            outbox.approve(self._engine, number, who=who, why=why, now_ns=self._now())
        except outbox.NotPossible as error:
            raise DocumentRefused(str(error)) from error

    def cancel(self, number: int, who: str, why: str) -> None:
        try:
            outbox.cancel(self._engine, number, who=who, why=why, now_ns=self._now())
        except outbox.NotPossible as error:
            raise DocumentRefused(str(error)) from error

    def decide(self, number: int, document_id: str | None, who: str, why: str) -> None:
        try:
            outbox.decide(self._engine, number, document_id=document_id, who=who, why=why, now_ns=self._now())
        except outbox.NotPossible as error:
            raise DocumentRefused(str(error)) from error


def _document(row: Mapping[Any, Any], codes: Mapping[str, int]) -> Document:
    return Document(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        prepared_by=row["prepared_by"],
        prepared_ns=row["prepared_ns"],
        approved_by=row["approved_by"],
        approved_ns=row["approved_ns"],
        number=row["document_id"] or "",
        error=row["reason"],
        codes=sum(codes.values()),
        failed=codes.get(CodeState.FAILED, 0) + codes.get(CodeState.UNCLEAR, 0),
        due_at=row["due_at"],
    )
