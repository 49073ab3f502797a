"""What the uKassa service shows: the user's tills, shifts and their operations, reports. Nothing here changes anything.

Sources: tests/vectors/ukassa.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from fiscal.cloud.seen import Seen
from fiscal.cloud.session import Reply, Session
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed, Json, dump
from fiscal.https.readable import readable, unreadable
from fiscal.https.reply import UNPROCESSED, Answer
from fiscal.register import RegisterUnavailable
from fiscal.ukassa import answers
from fiscal.ukassa.answers import Report, ShiftRow
from fiscal.ukassa.request import X_REPORT, of_till
from fiscal.ukassa.settings import Settings

LOGIN, USER = "/api/auth/login/", "/api/auth/get_user/"
SHIFTS, OPERATIONS, OPERATION = "/api/kassa/get_shift_list/", "/api/kassa/get_shift_operations/", "/api/operation/"
Z_REPORT = "/api/kassa/get_z_report_section/"

T = TypeVar("T")


class Reading:
    """Each call raises RegisterUnavailable. The caller holds the register's lock."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session, self._settings = session, settings
        self._is_ours = False
        self._numbers: dict[int, int] = {}  # The service's number of a shift -> the till's.
        self._facts: Seen | None = None  # Of the till and its owner, as they were last told.
        self._asked_for_facts = False

    def shifts(self) -> list[ShiftRow]:
        """The till's shifts, oldest first."""
        self._know_the_till()
        rows = self._asked(
            "GET", f"{SHIFTS}?kassa={self._settings.kassa}", lambda value: answers.shifts(value, self._settings)
        )
        self._numbers.update((row.ref, row.number) for row in rows)
        return sorted(rows, key=lambda row: row.number)

    def number_of(self, ref: int) -> int | None:
        """The till's number of a shift; None for one that no list has shown."""
        return self._numbers.get(ref)

    def x_report(self) -> Report:
        """Of the open shift; refused when none is."""
        return self._report(X_REPORT, of_till(self._settings))

    def z_report(self, shift: ShiftRow) -> Report:
        made = self._report(Z_REPORT, {"shift": shift.ref})
        if made.shift.closed and made.shift.shift == shift.number:
            return made
        text = f"the report is not the Z-report of shift {shift.number}"
        raise RegisterUnavailable(Failure(FailureKind.NO_ANSWER, "answer", text, Z_REPORT))

    def operations(self, shift: ShiftRow) -> list[Seen]:
        """What was registered in a shift, newest first; cash moves stand in it only at some services."""
        rows = self._asked(
            "GET", f"{OPERATIONS}?shift={shift.ref}", lambda value: answers.operations(value, self._settings)
        )
        return sorted(rows, key=lambda seen: seen.id or 0, reverse=True)

    def operation(self, number: int) -> Seen:
        """One operation with all that is told of it."""
        return self._asked(
            "GET", f"{OPERATION}{number}/", lambda value: answers.receipt(answers.inside(value), self._settings)
        )

    def _report(self, path: str, body: Json) -> Report:
        made = self._asked("POST", path, lambda value: answers.report(value, self._settings), body)
        ours = self._settings.hashline
        if made.facts.identity and made.facts.identity.upper() != ours.upper():
            text = f"asked till {ours}, {made.facts.identity} answered"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "identity", text, path))
        self._learn(made.facts)
        return made

    def _know_the_till(self) -> None:
        """Once: the number of the till in the settings is that of the till whose factory number stands beside it."""
        if self._is_ours:
            return
        user = None
        granted = self._session.granted()
        if isinstance(granted, Failure):
            raise RegisterUnavailable(granted)
        with suppress(AnswerMalformed):  # The login was good enough; the user is asked for himself then.
            user = answers.user(granted.facts)
        user = user or self._asked("GET", USER, answers.user)
        ours = self._settings
        if user is not None:
            number = user.tills.get(ours.kassa)
            if number is None or (number and number.upper() != ours.hashline.upper()):
                text = f"till {ours.kassa} of this login is {number or 'not there'}, not {ours.hashline}"
                raise RegisterUnavailable(Failure(FailureKind.CONFIGURATION, "identity", text, USER))
            self._learn(user.facts)
        self._is_ours = True

    def facts(self) -> Seen | None:
        """What is known of the till and its owner. Reports tell most, and there is none before the first shift."""
        if not self._asked_for_facts and not (self._facts is not None and self._facts.address):
            self._asked_for_facts = True
            with suppress(RegisterUnavailable):
                self.x_report()
        return self._facts

    def _learn(self, facts: Seen) -> None:
        self._facts = facts if self._facts is None else facts.filled_from(self._facts)

    def _asked(self, method: str, path: str, read: Callable[[Any], T], body: Json | None = None) -> T:
        """An answer, read. RegisterUnavailable when there is none or none that can be read."""
        content = b"" if body is None else dump(body).encode()
        place = path.partition("?")[0]
        value = good(self._session.read(method, path, content), place)
        with readable(place):
            return read(value)


def good(reply: Reply, place: str) -> Any:
    """The value a question was answered with. RegisterUnavailable."""
    if not isinstance(reply, Answer):
        raise RegisterUnavailable(reply.failure)
    try:
        value = answers.loaded(reply.body)
    except AnswerMalformed as malformed:
        if 200 <= reply.status < 300:
            raise unreadable(malformed, place) from None
        value = None
    if 200 <= reply.status < 300:
        return value
    raise RegisterUnavailable(refused(reply.status, value, place))


def refused(status: int, value: Any, place: str) -> Failure:
    """A failure in the port's terms: a status decides, the text is for people."""
    told = isinstance(value, Mapping)
    text = answers.refusal(value) or "no answer of the service"
    if status == 400 and told:
        kind = FailureKind.INVALID if answers.names_fields(value) else FailureKind.REFUSED
    elif status == 429 and told:
        kind = FailureKind.UNAVAILABLE  # Too many requests: not taken in.
    else:
        kind = UNPROCESSED.get(status, FailureKind.NO_ANSWER)
    return Failure(kind, f"ukassa:{status}" if told else f"http:{status}", text, place)
