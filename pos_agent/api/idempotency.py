"""One key, one effect, one answer: also after a restart.

The answer is a journal row committed together with the change it answers. A call that reaches the register leaves its
key in the intent first, so that a repeat after a crash finds that document instead of making another.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.responses import Response

from pos_agent.api.answers import json_text, problem_body, stored_response
from pos_agent.journal.journal import Event, Journal
from pos_agent.problems import Problem
from pos_agent.till import StoredAnswer, Till

KEY_LENGTH_MAX = 200
UNSTORED = frozenset({"P-404", "P-409"})  # Say nothing final about the call.

Result = TypeVar("Result")
Reply = Callable[[Any], Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Call:
    """A changing call: who, under which key, asking exactly what."""

    client: str
    key: str
    fingerprint: str
    language: str

    @property
    def request(self) -> Mapping[str, str]:
        return {"client": self.client, "key": self.key, "fingerprint": self.fingerprint}


def fingerprint(method: str, path: str, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


class Once:
    """Runs changing calls at most once for each key."""

    def __init__(self, journal: Journal, till: Till) -> None:
        self._journal = journal
        self._till = till
        self._running: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def run(
        self,
        call: Call,
        operation: Callable[[Reply], Result],
        present: Callable[[Result], dict[str, Any]],
        *,
        status: int = 200,
        resume: Callable[[str], Result | None] = lambda _document: None,
    ) -> Response:
        """`resume(document key)`: the result of a document this call intended before, or None to run again."""
        return stored_response(*self.settled(call, operation, present, status=status, resume=resume))

    def settled(
        self,
        call: Call,
        operation: Callable[[Reply], Result],
        present: Callable[[Result], dict[str, Any]],
        *,
        status: int = 200,
        resume: Callable[[str], Result | None] = lambda _document: None,
    ) -> tuple[int, Any]:
        """The same as values: HTTP status and body."""
        with self._alone(call):
            known = self._till.answer(call.client, call.key)
            if known is not None and known.fingerprint != call.fingerprint:
                raise Problem("P-404", call.key)
            if known is not None and known.status is not None:
                return known.status, known.body

            def reply(result: Any) -> Sequence[Event]:
                return (answered(call, status, present(result)),)

            try:
                result = _resumed(known, resume)
                if result is not None:
                    self._journal.append(*reply(result))
                else:
                    result = operation(reply)
            except Problem as problem:
                self._keep_refusal(call, problem)
                raise
            return status, present(result)

    def refuse(self, call: Call, problem: Problem) -> None:
        """Make a refusal final that another caller might have repeated under its key."""
        self._journal.append(answered(call, problem.kind.status, problem_body(problem, call.language)))

    def _alone(self, call: Call) -> _Alone:
        return _Alone(self._running, self._lock, (call.client, call.key))

    def _keep_refusal(self, call: Call, problem: Problem) -> None:
        if problem.kind.retry or problem.kind.code in UNSTORED or self._journal.is_broken:
            return
        self._journal.append(answered(call, problem.kind.status, problem_body(problem, call.language)))


def _resumed(known: StoredAnswer | None, resume: Callable[[str], Result | None]) -> Result | None:
    return resume(known.document) if known is not None and known.document is not None else None


def answered(call: Call, status: int, body: Mapping[str, Any]) -> Event:
    return Event("answered", {"request": dict(call.request), "status": status, "body": json_text(body)})


class _Alone:
    """Keeps a second call with the same key out while the first is under way."""

    def __init__(self, running: set[tuple[str, str]], lock: threading.Lock, name: tuple[str, str]) -> None:
        self._running, self._lock, self._name = running, lock, name

    def __enter__(self) -> None:
        with self._lock:
            if self._name in self._running:
                raise Problem("P-409", self._name[1])
            self._running.add(self._name)

    def __exit__(self, *_exc: object) -> None:
        with self._lock:
            self._running.discard(self._name)
