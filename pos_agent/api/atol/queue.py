"""Requests taken and carried out in their order, one task after another. What counts stands in the journal:

    request_taken                     the request, its uuid and who sent it; from here on it is never lost
    (rows of the task itself)         under a key made of uuid and number, so that it is carried out at most once
    answered                          the results of all its tasks: the request is over

Memory holds only the order of what waits, read from the journal at the start, and which request is at work.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pos_agent.api.answers import DEFAULT_LANGUAGE, problem_body
from pos_agent.api.atol import results
from pos_agent.api.atol.bodies import RequestBody, Task
from pos_agent.api.atol.mapping import keeps, place_of
from pos_agent.api.idempotency import Call, answered
from pos_agent.cache.store import CacheError
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.problems import Problem
from pos_agent.sale import UNDECIDED, DocumentState
from pos_agent.till import APART, StoredAnswer, Till

log = logging.getLogger(__name__)

WAITING_MAX = 1_000  # Requests; a till makes one receipt in a second or two.
RETRY_S = 2.0  # Between two tries of what only the register, a person or the disk can free.
IDLE_S = 0.5  # At most so long a worker waits for a request before it looks whether it should end.
REASONS = {"R-210": "paperError", "R-216": "paperError"}

Name = tuple[str, str]  # Client and uuid.
CarryOut = Callable[[Call, Task], tuple[int, Any]]  # HTTP status and body; raises Problem for what is undecided.


@dataclass(frozen=True, slots=True)
class Pace:
    next_in_s: float


class RequestQueue:
    """One till's requests. `step` carries out the next one; everything else may be called from any thread."""

    def __init__(self, journal: Journal, till: Till) -> None:
        self._journal = journal
        self._till = till
        self._changed = threading.Condition()
        taken = (((client, uuid), row) for client, uuid, row in till.taken_requests())
        self._waiting: OrderedDict[Name, int] = OrderedDict(taken)
        self._working: Name | None = None
        self._done: list[dict[str, Any]] = []  # What of it is over: a look is kept nowhere else before its end.
        self._stands: Problem | None = None  # Why the first one cannot go on.

    # --- what the routes call ---

    def take(self, client: str, uuid: str, fingerprint: str, body: str) -> int:
        """Keep a request; its number. The same one again has the same number. Raises P-404, P-406."""
        request = {"client": _requests_of(client), "key": uuid, "fingerprint": fingerprint}
        with self._changed:
            known = self._till.answer(request["client"], uuid)
            if known is not None and known.fingerprint != fingerprint:
                raise Problem("P-404", uuid)
            if known is not None:
                return int(known.body if known.status is None else known.body["number"])
            if len(self._waiting) >= WAITING_MAX:
                raise Problem("P-406", f"{WAITING_MAX} requests wait already")
            number = self._journal.append(Event("request_taken", {"request": request, "body": body}))[0].number
            self._waiting[request["client"], uuid] = number
            self._changed.notify_all()
            return number

    def results(self, client: str, uuid: str) -> list[dict[str, Any]]:
        """How far each task is. Raises P-408."""
        name, known = self._known(client, uuid)
        if known.status is not None:
            done: list[dict[str, Any]] = known.body["results"]
            return done
        tasks = self._tasks(int(known.body))
        entries = [self._entry(name, number, task) for number, task in enumerate(tasks)]
        failed = next((number for number, one in enumerate(entries) if one["status"] == "error"), len(entries))
        return [
            *entries[: failed + 1],
            *[results.entry("interrupted", results.INTERRUPTED)] * (len(tasks) - failed - 1),
        ]

    def cancel(self, client: str, uuid: str) -> None:
        """Drop a request of which nothing has begun. Raises P-408, P-422."""
        with self._changed:
            name, known = self._known(client, uuid)
            begun = self._working == name or self._till.answer(_tasks_of(name[0]), f"{uuid}#0") is not None
            if known.status is not None or begun:
                raise Problem("P-422", uuid)
            tasks = self._tasks(int(known.body))
            self._end(name, int(known.body), [results.entry("canceled", results.CANCELED) for _ in tasks])

    def state(self) -> dict[str, Any]:
        """How many wait, and whether the first one stands."""
        with self._changed:
            stands, first = self._stands, next(iter(self._waiting), None)
            blocked = stands is not None and first is not None
            return {
                "number": len(self._waiting),
                "isBlocked": blocked,
                "blockedUUID": first[1] if blocked and first is not None else "",
                "blockReason": REASONS.get(stands.kind.code, "connectionError") if blocked and stands else "",
            }

    # --- the worker ---

    def step(self, carry_out: CarryOut, wait_s: float = IDLE_S) -> Pace:
        """Carry out the request that came first; wait so long for one."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(wait_s)
            first = next(iter(self._waiting.items()), None)
            if first is None:
                return Pace(0.0)
            self._working, self._done = first[0], []
        try:
            return self._carry_on(carry_out, *first)
        finally:
            with self._changed:
                self._working = None

    def _carry_on(self, carry_out: CarryOut, name: Name, row: int) -> Pace:
        entries = self._done
        try:
            tasks = self._tasks(row)
        except ValidationError as error:  # An earlier version took what this one cannot.
            problem = Problem("P-421", str(error.errors(include_input=False)[0]["msg"]))
            told = results.error(problem_body(problem, DEFAULT_LANGUAGE), "")
            self._end(name, row, [results.entry("error", told)])
            return Pace(0.0)
        for number, task in enumerate(tasks):
            done = self._carried_out(carry_out, name, number, task)
            if done is None:
                return Pace(RETRY_S)
            entries.append(done)
            if done["status"] == "error":
                break
        left = len(tasks) - len(entries)
        self._end(name, row, [*entries, *[results.entry("interrupted", results.INTERRUPTED)] * left])
        return Pace(0.0)

    def _carried_out(self, carry_out: CarryOut, name: Name, number: int, task: Task) -> dict[str, Any] | None:
        """The entry of a task that is over; None: it cannot be decided yet."""
        if keeps(task) and (pending := self._doubt_of_another(name, number)) is not None:
            # Known to be in vain: no code of it is judged, and perhaps asked about online, every two seconds.
            self._stands = Problem("R-204", pending, document=pending)
            return None
        try:
            status, body = carry_out(_call(name, number), task)
        except Problem as problem:
            self._stands = problem
            return None
        except (JournalUnusable, CacheError, OSError):
            raise  # Tried again when the disk lets us.
        except Exception as error:
            log.exception("task %d of request %s: a fault of the agent", number, name[1])
            if (self._till.answer(_tasks_of(name[0]), f"{name[1]}#{number}")) is not None:
                self._stands = Problem("P-500", type(error).__name__)  # The register may have it: never given up.
                return None
            status, body = 500, problem_body(Problem("P-500", type(error).__name__), DEFAULT_LANGUAGE)
        self._stands = None
        return _ended(task, number, status, body)

    def _doubt_of_another(self, name: Name, number: int) -> str | None:
        """Key of a document in doubt that is not this task's own."""
        own = self._till.answer(_tasks_of(name[0]), f"{name[1]}#{number}")
        doubts = (one.key for one in self._till.undecided() if one.state is DocumentState.IN_DOUBT)
        return next((key for key in doubts if own is None or own.document != key), None)

    def _end(self, name: Name, row: int, entries: list[dict[str, Any]]) -> None:
        body = {"number": row, "results": entries}
        known = self._till.answer(*name)
        assert known is not None  # noqa: S101 - it was taken
        self._journal.append(answered(Call(*name, known.fingerprint, DEFAULT_LANGUAGE), 200, body))
        with self._changed:
            self._waiting.pop(name, None)
            self._stands = None

    # --- what stands in the journal ---

    def _known(self, client: str, uuid: str) -> tuple[Name, StoredAnswer]:
        name = (_requests_of(client), uuid)
        known = self._till.answer(*name)
        if known is None:
            raise Problem("P-408", uuid)
        return name, known

    def _tasks(self, row: int) -> tuple[Task, ...]:
        kept = json.loads(self._journal.row(row).body)
        # From bytes, as the route read it: only so may it begin with a byte order mark or be UTF-16.
        return RequestBody.model_validate(json.loads(kept["body"].encode())).request

    def _entry(self, name: Name, number: int, task: Task) -> dict[str, Any]:
        with self._changed:
            done = list(self._done) if self._working == name else None
        if done is not None and number < len(done):
            return done[number]
        known = self._till.answer(_tasks_of(name[0]), f"{name[1]}#{number}")
        if known is None:
            begun = done is not None and number == len(done) and self._stands is None
            return results.entry("inProgress" if begun else "wait", results.OK)
        if known.status is not None:
            return _ended(task, number, known.status, known.body)
        document = self._till.document(known.document or "")
        if document is not None and document.state in UNDECIDED and self._stands is not None:
            told = problem_body(self._stands, DEFAULT_LANGUAGE)
            return results.entry("blocked", results.error(told, place_of(task, number, {})))
        return results.entry("inProgress", results.OK)


def _ended(task: Task, number: int, status: int, body: Any) -> dict[str, Any]:
    if status < 400:
        return results.entry("ready", results.OK, results.of_task(task, body))
    return results.entry("error", results.error(body, place_of(task, number, body)))


def _requests_of(client: str) -> str:
    """Apart from the client's own keys: a uuid may be the same as one of them."""
    return f"{APART}atol {client}"


def _tasks_of(requests: str) -> str:
    return f"{requests} task"


def _call(name: Name, number: int) -> Call:
    key = f"{name[1]}#{number}"
    return Call(_tasks_of(name[0]), key, key, DEFAULT_LANGUAGE)
