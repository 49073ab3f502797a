"""What a person does to the fiscal memory of a register in software while the agent is stopped.

A queued document the operator will not take, and a document in doubt, wait for someone who has looked at the operator's
cabinet. Each decision is one transaction and leaves its words with the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fiscal.ofd import books
from fiscal.ofd.state import Doc, Kkm, Stage
from fiscal.ofd.store import Store
from fiscal.ofd.words import Command

ROWS = 500  # Read at a time.


class NotDecidable(ValueError):
    """The document is not one such a decision is for; the text says what it is."""


class Maintenance:
    """One open store. Every method may raise StoreBroken."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        self._store.close()

    def state(self) -> tuple[Kkm, Sequence[Doc]]:
        """The register, and the documents that wait: interrupted, in doubt, queued."""
        return self._store.kkm(), self._store.waiting()

    def documents(self, after: int = 0) -> Sequence[Doc]:
        """All documents behind a number, oldest first."""
        found: list[Doc] = []
        while rows := self._store.after(found[-1].number if found else after, ROWS):
            found.extend(rows)
        return found

    def set_aside(self, number: int, by: str, why: str) -> Doc:
        """A queued document is never handed over: the operator will not have it. It stays in our books."""
        doc = self._one(number, Stage.QUEUED)
        return self._keep(self._released(), replace(doc, stage=Stage.ASIDE, note=_words(doc, "set aside", by, why)))

    def again(self, number: int, by: str, why: str) -> Doc:
        """A queued document goes to the operator as a new request: its own number, today's token."""
        doc = self._one(number, Stage.QUEUED)
        fresh = replace(books.unsent(doc), held=False, note=_words(doc, "sent anew", by, why))
        return self._keep(self._released(), fresh)

    def decide(self, number: int, by: str, why: str, *, made: bool, sign: str = "") -> Doc:
        """A document in doubt is with the operator (`sign`: its fiscal sign there), or was never made."""
        doc = self._one(number, Stage.DOUBT)
        if made and doc.command == Command.TICKET and not sign:
            raise NotDecidable(f"document {number}: give the fiscal sign the operator shows")
        note = _words(doc, "made" if made else "not made", by, why)
        kkm = self._released()
        if not made:
            return self._keep(kkm, replace(doc, stage=Stage.REFUSED, note=note))
        counted = books.counted(books.opened(kkm, doc.at_ns), doc)
        return self._keep(counted, replace(doc, stage=Stage.DONE, sign=sign, note=note))

    def _one(self, number: int, stage: Stage) -> Doc:
        doc = self._store.by_number(number)
        if doc is None:
            raise NotDecidable(f"document {number}: there is none")
        if doc.stage is not stage:
            raise NotDecidable(f"document {number}: is {doc.stage}, this decision is for one that is {stage}")
        return doc

    def _released(self) -> Kkm:
        """The register asks the operator anew at once."""
        return replace(self._store.kkm(), blocked="", tried_ns=0)

    def _keep(self, kkm: Kkm, doc: Doc) -> Doc:
        self._store.change(kkm, doc)
        return doc


def _words(doc: Doc, what: str, by: str, why: str) -> str:
    return "; ".join(part for part in (doc.note, f"{what} by {by}: {why}") if part)
