"""The worker that files approved documents, and never one twice.

The intent, with the exact body, is committed before the first byte leaves. What is not answered clearly is searched for
at the registry and goes out again only when it is surely absent: two whole searches, the second without regard to
types and long after the last attempt, found nothing like any body that was ever sent.
Source of the schedule and the search: description of the IS MPT API, xTrace 1.0 (MarkSolutions), and what its readers
practise.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update
from sqlalchemy.exc import SQLAlchemyError

from sync.hq.actions.documents import Paper, Terms, body
from sync.hq.actions.outbox import locked, move, note, settle_codes
from sync.hq.actions.outcome import finish
from sync.hq.actions.schema import attempt, code, document
from sync.hq.actions.search import Registry, find
from sync.hq.actions.states import CodeState, DocumentState
from sync.hq.engine import writing
from sync.hq.tables import exception
from sync.ismpt.channel import Trouble
from sync.ismpt.document_answers import ERROR, PARTIALLY, SUCCESS, DocumentCard, DocumentError
from sync.ismpt.documents import NotSent, Refused, Sent

NS = 1_000_000_000
_log = logging.getLogger(__name__)
LOOKS_S = (2, 5, 15, 60)  # Then SLOW_S.
SLOW_S = 600


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    lease_s: float = 300.0  # After it a SENDING document belongs to nobody: its worker died.
    skew_s: float = 3600.0  # How much the registry's clock may be behind ours.
    absent_s: float = 900.0  # A slow server may still take a document in: before this none is absent.
    absences: int = 2  # Whole searches that found nothing.
    retry_s: float = 5.0  # First pause after a sending that did not leave; it doubles.
    retry_s_max: float = 900.0
    idle_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Step:
    document: int | None  # None: nothing was due.
    next_in_s: float


class Filing:
    """Turns one document at a time. Several may run: each claims its document in the database."""

    def __init__(
        self,
        engine: Engine,
        registry: Registry,
        *,
        now: Callable[[], int],
        rng: random.Random,
        terms: Terms | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._engine = engine
        self._registry = registry
        self._now = now
        self._rng = rng
        self._terms = terms or Terms()
        self._pace = pace or Pace()

    def run(self, stop: threading.Event) -> None:
        """Turn until told to stop; a database that does not answer is waited for."""
        while not stop.is_set():
            try:
                pause_s = self.step().next_in_s
            except SQLAlchemyError:
                _log.exception("filing waits for the database")
                pause_s = self._pace.idle_s
            stop.wait(pause_s)

    def step(self) -> Step:
        """Do what is due for one document."""
        states = {
            DocumentState.SENDING: self._abandoned,
            DocumentState.UNKNOWN_RESULT: self._search,
            DocumentState.SENT: self._follow,
            DocumentState.APPROVED: self._send,
        }
        with self._engine.connect() as db:
            row = db.execute(
                select(document)
                .where(document.c.state.in_([str(state) for state in states]), document.c.next_ns <= self._now())
                .order_by(document.c.due_at, document.c.id)
                .limit(1)
            ).one_or_none()
        if row is None:
            return Step(None, self._pace.idle_s)
        states[DocumentState(row.state)](row)
        return Step(row.id, 0.0)

    def _abandoned(self, row: Row[Any]) -> None:
        with writing(self._engine) as db:
            now_ns = self._now()
            text = "the worker ended before it knew"
            self._unknown(db, row.id, row.attempts, now_ns, text)

    def _send(self, row: Row[Any]) -> None:
        intent = self._intend(row.id)
        if intent is None:
            return
        number, content = intent
        outcome = self._registry.send(row.kind, content)
        now_ns = self._now()
        with writing(self._engine) as db:
            if isinstance(outcome, Sent):
                self._accepted(db, row.id, number, outcome.document_id, now_ns)
            elif isinstance(outcome, Refused):
                self._outcome(db, row.id, number, "refused")
                moved = move(
                    db,
                    row.id,
                    [DocumentState.SENDING],
                    DocumentState.ERROR,
                    now_ns,
                    detail=outcome.reason,
                    reason=outcome.reason,
                    settled_ns=now_ns,
                )
                if moved:
                    settle_codes(db, row.id, CodeState.FAILED, now_ns, error=outcome.reason)
            elif isinstance(outcome, NotSent):
                self._outcome(db, row.id, number, "not-sent")
                pause_ns = self._retry_ns(number, outcome.wait_s)
                move(
                    db,
                    row.id,
                    [DocumentState.SENDING],
                    DocumentState.APPROVED,
                    now_ns,
                    detail=outcome.reason,
                    reason=outcome.reason,
                    next_ns=now_ns + pause_ns,
                )
            else:
                self._unknown(db, row.id, number, now_ns, outcome.reason, outcome.wait_s)

    def _intend(self, number: int) -> tuple[int, bytes] | None:
        """Commit what is about to be sent; codes that healed are left out. None: there is nothing to send any more."""
        with writing(self._engine) as db:
            now_ns = self._now()
            row = locked(db, number)
            if row.state != DocumentState.APPROVED:
                return None
            codes = db.execute(
                select(code.c.ki, exception.c.state)
                .join(exception, exception.c.id == code.c.exception)
                .where(code.c.document == number, code.c.state == str(CodeState.WAITING))
                .order_by(code.c.id)
            ).all()
            healed = [ki for ki, state in codes if state != "open"]
            kis = [ki for ki, state in codes if state == "open"]
            if healed:
                settle_codes(db, number, CodeState.HEALED, now_ns, healed)
                note(db, number, now_ns, "healed", detail=json.dumps(healed, ensure_ascii=False))
            if not kis:
                text = "every code healed"
                before = [DocumentState.APPROVED]
                move(db, number, before, DocumentState.CANCELLED, now_ns, detail=text, reason=text, settled_ns=now_ns)
                return None
            paper = Paper(row.paper_type, row.paper_date, row.paper_number)
            content = body(row.kind, row.place, row.at, paper, kis, self._terms)
            times = row.attempts + 1
            digest = hashlib.sha256(content).digest()
            db.execute(
                attempt.insert().values(
                    document=number, number=times, at_ns=now_ns, body=content, sha256=digest, outcome=""
                )
            )
            move(
                db,
                number,
                [DocumentState.APPROVED],
                DocumentState.SENDING,
                now_ns,
                detail=digest.hex(),
                attempts=times,
                sent_ns=now_ns,
                next_ns=now_ns + round(self._pace.lease_s * NS),
            )
        return times, content

    def _accepted(self, db: Connection, number: int, times: int, document_id: str, now_ns: int) -> None:
        self._outcome(db, number, times, "sent")
        moved = move(
            db,
            number,
            [DocumentState.SENDING, DocumentState.UNKNOWN_RESULT, DocumentState.APPROVED],
            DocumentState.SENT,
            now_ns,
            detail=document_id,
            document_id=document_id,
            accepted=times,
            reason="",
            next_ns=now_ns + LOOKS_S[0] * NS,
        )
        if not moved:
            # Somebody has decided otherwise meanwhile; a person must see that the registry has this one too.
            note(db, number, now_ns, "late-answer", detail=document_id)

    def _unknown(
        self, db: Connection, number: int, times: int, now_ns: int, reason: str, wait_s: float | None = None
    ) -> None:
        self._outcome(db, number, times, "unanswered")
        pause_ns = round(max(LOOKS_S[0], min(wait_s or 0.0, SLOW_S)) * NS)
        move(
            db,
            number,
            [DocumentState.SENDING],
            DocumentState.UNKNOWN_RESULT,
            now_ns,
            detail=reason,
            reason=reason,
            next_ns=now_ns + pause_ns,
        )

    def _search(self, row: Row[Any]) -> None:
        with self._engine.connect() as db:
            attempts = db.execute(
                select(attempt.c.number, attempt.c.at_ns, attempt.c.body)
                .where(attempt.c.document == row.id, attempt.c.outcome.in_(["", "unanswered", "absent"]))
                .order_by(attempt.c.number)
            ).all()
            claimed = set(
                db.execute(select(document.c.document_id).where(document.c.document_id.is_not(None))).scalars()
            )
        found = find(self._registry, row.kind, attempts, claimed, self._pace.skew_s)
        now_ns = self._now()
        if isinstance(found, Trouble):
            self._again(row, now_ns, found)
            return
        with writing(self._engine) as db:
            if found is not None:
                self._accepted(db, row.id, found[0], found[1], now_ns)
                return
            late = now_ns - row.sent_ns >= self._pace.absent_s * NS
            if late and row.absences + 1 >= self._pace.absences:
                db.execute(
                    update(attempt)
                    .where(attempt.c.document == row.id, attempt.c.outcome == "unanswered")
                    .values(outcome="absent")
                )
                text = "surely absent at the registry"
                unknown = [DocumentState.UNKNOWN_RESULT]
                move(db, row.id, unknown, DocumentState.APPROVED, now_ns, detail=text, reason=text, next_ns=now_ns)
                return
            self._look_later(db, row, now_ns, absences=row.absences + late)

    def _follow(self, row: Row[Any]) -> None:
        card = self._registry.card(row.document_id)
        errors: list[DocumentError] | Trouble = []
        if isinstance(card, DocumentCard) and card.status in (PARTIALLY, ERROR):
            errors = self._registry.errors(row.document_id)
        now_ns = self._now()
        for answer in (card, errors):
            if isinstance(answer, Trouble):
                self._again(row, now_ns, answer)
                return
        assert isinstance(card, DocumentCard) and isinstance(errors, list)  # noqa: S101 - said to the type checker
        with writing(self._engine) as db:
            if card.status in (SUCCESS, PARTIALLY, ERROR):
                finish(db, row.id, card.status, errors, now_ns, self._terms)
            else:
                self._look_later(db, row, now_ns, registry_status=card.status)

    def _again(self, row: Row[Any], now_ns: int, trouble: Trouble) -> None:
        with writing(self._engine) as db:
            self._look_later(db, row, now_ns, reason=trouble.reason)

    def _look_later(self, db: Connection, row: Row[Any], now_ns: int, **values: Any) -> None:
        pause_s = LOOKS_S[row.looks + 1] if row.looks + 1 < len(LOOKS_S) else SLOW_S
        db.execute(
            update(document)
            .where(document.c.id == row.id, document.c.state == row.state)
            .values(looks=row.looks + 1, next_ns=now_ns + pause_s * NS, **values)
        )

    def _retry_ns(self, times: int, wait_s: float | None) -> int:
        bound_s = min(self._pace.retry_s_max, self._pace.retry_s * 2 ** min(times - 1, 16))
        pause_s = max(self._rng.uniform(bound_s / 2, bound_s), min(wait_s or 0.0, self._pace.retry_s_max))
        return round(pause_s * NS)

    def _outcome(self, db: Connection, number: int, times: int, outcome: str) -> None:
        db.execute(
            update(attempt).where(attempt.c.document == number, attempt.c.number == times).values(outcome=outcome)
        )
