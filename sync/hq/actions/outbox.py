"""Moves of a document through its states, and what a person may do with it. Every move leaves a row of history."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from sync.hq.actions.schema import code, document, document_event
from sync.hq.actions.states import TRANSITIONS, CodeState, DocumentState
from sync.hq.engine import writing


class NotPossible(Exception):
    """The document is not where this can be done to it; the text says where it is."""


def move(
    db: Connection,
    number: int,
    before: Collection[DocumentState],
    after: DocumentState,
    now_ns: int,
    *,
    who: str = "",
    detail: str = "",
    **values: Any,
) -> bool:
    """Bring a document from one of `before` to `after`; False when another was faster.

    Raises:
        ValueError: the table of transitions does not have it.
    """
    wrong = [state for state in before if after not in TRANSITIONS[state]]
    if wrong:
        raise ValueError(f"{wrong[0]} does not lead to {after}")
    changed = db.execute(
        update(document)
        .where(document.c.id == number, document.c.state.in_([str(state) for state in before]))
        .values(state=str(after), looks=0, absences=0, **values)
    )
    if changed.rowcount != 1:
        return False
    note(db, number, now_ns, str(after), who=who, detail=detail)
    return True


def note(db: Connection, number: int, now_ns: int, what: str, *, who: str = "", detail: str = "") -> None:
    db.execute(document_event.insert().values(document=number, at_ns=now_ns, who=who, what=what, detail=detail))


def approve(engine: Engine, number: int, *, who: str, why: str, now_ns: int) -> None:
    """A person answers for filing this document.

    Raises:
        NotPossible: it does not wait for approval.
        ValueError: no name or no reason.
    """
    _named(who, why)
    with writing(engine) as db:
        moved = move(
            db,
            number,
            [DocumentState.PREPARED],
            DocumentState.APPROVED,
            now_ns,
            who=who,
            detail=why,
            approved_by=who,
            approved_why=why,
            approved_ns=now_ns,
            next_ns=now_ns,
        )
        if not moved:
            raise NotPossible(_where(db, number))


def cancel(engine: Engine, number: int, *, who: str, why: str, now_ns: int) -> None:
    """A person decides against it; possible until the first byte could have left.

    Raises:
        NotPossible: it is under way or over.
        ValueError: no name or no reason.
    """
    _named(who, why)
    with writing(engine) as db:
        before = [DocumentState.PREPARED, DocumentState.APPROVED]
        if not move(
            db, number, before, DocumentState.CANCELLED, now_ns, who=who, detail=why, reason=why, settled_ns=now_ns
        ):
            raise NotPossible(_where(db, number))
        settle_codes(db, number, CodeState.DROPPED, now_ns)


def decide(engine: Engine, number: int, *, document_id: str | None, who: str, why: str, now_ns: int) -> None:
    """A person looked in the registry's cabinet: the document is there under this id, or it is not there at all (None).

    Raises:
        NotPossible: its result is not unknown, or the id is that of another document of ours.
        ValueError: no name or no reason.
    """
    _named(who, why)
    with writing(engine) as db:
        unknown = [DocumentState.UNKNOWN_RESULT]
        if document_id is None:
            moved = move(db, number, unknown, DocumentState.APPROVED, now_ns, who=who, detail=why, next_ns=now_ns)
        else:
            other = select(document.c.id).where(document.c.document_id == document_id, document.c.id != number)
            if (owner := db.scalar(other.limit(1))) is not None:
                raise NotPossible(f"{document_id} is document {owner}")
            row = db.execute(select(document.c.attempts).where(document.c.id == number)).one_or_none()
            moved = row is not None and move(
                db,
                number,
                unknown,
                DocumentState.SENT,
                now_ns,
                who=who,
                detail=why,
                document_id=document_id,
                accepted=row.attempts,
                next_ns=now_ns,
            )
        if not moved:
            raise NotPossible(_where(db, number))


def settle_codes(
    db: Connection, number: int, state: CodeState, now_ns: int, kis: Collection[str] | None = None, error: str = ""
) -> None:
    """Give waiting codes of a document, all or these, their last state."""
    chosen = [code.c.document == number, code.c.state == str(CodeState.WAITING)]
    if kis is not None:
        chosen.append(code.c.ki.in_(list(kis)))
    db.execute(update(code).where(*chosen).values(state=str(state), error=error, settled_ns=now_ns))


def locked(db: Connection, number: int) -> Row[Any]:
    """The document, held until the transaction ends."""
    return db.execute(select(document).where(document.c.id == number).with_for_update()).one()


def _named(who: str, why: str) -> None:
    if not who.strip() or not why.strip():
        raise ValueError("a decision has a name and a reason")


def _where(db: Connection, number: int) -> str:
    state = db.execute(select(document.c.state).where(document.c.id == number)).scalar_one_or_none()
    return f"there is no document {number}" if state is None else f"document {number} is {state}"
