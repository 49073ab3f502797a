"""The end of a document at the registry, code by code. Refused codes wait in a new document for a person to approve."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from sync.hq.actions.documents import Batch, Terms, codes_of
from sync.hq.actions.outbox import locked, move
from sync.hq.actions.proposals import insert, unit_of
from sync.hq.actions.schema import attempt, code
from sync.hq.actions.states import CodeState, DocumentState
from sync.hq.tables import exception
from sync.ismpt.document_answers import PARTIALLY, SUCCESS, DocumentError

CODES = "codes"
STATES = {SUCCESS: DocumentState.SUCCESS, PARTIALLY: DocumentState.PARTIAL}  # Else ERROR.


def finish(
    db: Connection, number: int, status: str, errors: Sequence[DocumentError], now_ns: int, terms: Terms
) -> int | None:
    """Settle a document that came to its end; the number of the document its refused codes wait in, if any."""
    row = locked(db, number)
    if row.state != DocumentState.SENT:
        return None
    sent = db.execute(
        select(attempt.c.body).where(attempt.c.document == number, attempt.c.number == row.accepted)
    ).scalar_one()
    refused, about_all = _refused(codes_of(sent), errors)
    state = STATES.get(status, DocumentState.ERROR)
    move(
        db,
        number,
        [DocumentState.SENT],
        state,
        now_ns,
        detail=about_all,
        registry_status=status,
        reason=about_all,
        settled_ns=now_ns,
    )
    if state is DocumentState.SUCCESS:
        _settle(db, number, codes_of(sent), CodeState.DONE, "", now_ns)
        return None
    for ki, error in refused.items():
        _settle(db, number, [ki], CodeState.FAILED, error, now_ns)
    rest = [ki for ki in codes_of(sent) if ki not in refused]
    if state is DocumentState.ERROR:
        _settle(db, number, rest, CodeState.FAILED, about_all or "the whole document was refused", now_ns)
        return None
    if not refused:
        # Better a person who looks than a code that counts as withdrawn and is not.
        _settle(db, number, rest, CodeState.UNCLEAR, about_all or "the registry named no row", now_ns)
        return None
    _settle(db, number, rest, CodeState.DONE, "", now_ns)
    return _requeue(db, number, list(refused), now_ns, terms)


def _refused(kis: Sequence[str], errors: Sequence[DocumentError]) -> tuple[dict[str, str], str]:
    """Errors by code, and what was said of the document as a whole."""
    refused: dict[str, str] = {}
    about_all: list[str] = []
    for error in errors:
        text = f"{error.code} {error.tags}".strip()
        if error.property_name == CODES and error.index is not None and 0 <= error.index < len(kis):
            ki = kis[error.index]
            refused[ki] = f"{refused[ki]}; {text}" if ki in refused else text
        else:
            about_all.append(f"{error.property_name}: {text}")
    return refused, "; ".join(about_all)


def _settle(db: Connection, number: int, kis: Sequence[str], state: CodeState, error: str, now_ns: int) -> None:
    # Also codes that had healed when a later attempt was made: the registry took an earlier one.
    db.execute(
        update(code)
        .where(code.c.document == number, code.c.ki.in_(list(kis)))
        .values(state=str(state), error=error, settled_ns=now_ns)
    )


def _requeue(db: Connection, number: int, kis: Sequence[str], now_ns: int, terms: Terms) -> int | None:
    document = locked(db, number)
    rows = db.execute(
        select(exception)
        .join(code, code.c.exception == exception.c.id)
        .where(code.c.document == number, code.c.ki.in_(list(kis)), exception.c.state == "open")
        .order_by(code.c.id)
    ).all()
    if not rows:
        return None
    units = tuple(unit_of(row, document.product_group, document.place) for row in rows)
    return insert(db, Batch(units), now_ns, terms, follows=number)
