"""What the reKassa service shows: the till, its shifts and their documents. Nothing here changes anything.

Sources: tests/vectors/rekassa.toml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from fiscal.cloud.seen import Seen
from fiscal.cloud.service import ShiftState
from fiscal.cloud.session import Reply, Session
from fiscal.documents import ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.https.readable import readable, unreadable
from fiscal.https.reply import UNPROCESSED, Answer
from fiscal.register import RegisterUnavailable
from fiscal.rekassa import answers, codes
from fiscal.rekassa.settings import Settings

TILLS, LOGIN = "/api/crs", "/api/auth/login"
LISTS: Mapping[str, str] = {"Accept": "application/hal+json"}
PAGE_ROWS = 20  # The size the published clients ask for.
NEWEST_ROWS = 2  # Enough to see in which order a list comes.
PAGES_MAX = 500


class Reading:
    """Each call raises RegisterUnavailable. The caller holds the register's lock."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session, self._settings = session, settings
        self._id: int | None = None
        self.facts: Seen | None = None  # Of the till and its owner, as it last told them.

    def till(self) -> answers.TillState:
        """The till as it stands; another one than ours is none."""
        top = self.at("")
        with readable(TILLS):
            state = answers.till(top, self._settings)
        ours = self._settings.number
        if state.serial and state.serial.upper() != ours.upper():
            text = f"asked for till {ours}, {state.serial} answered"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "identity", text, TILLS))
        self.facts = state.facts
        return state

    def path(self, below: str) -> str:
        """A path below the till's own."""
        return f"{TILLS}/{self._till_id()}" + (f"/{below}" if below else "")

    def at(self, below: str, headers: Mapping[str, str] | None = None) -> Fields:
        """The object at a path below the till's own."""
        path = self.path(below)
        return good(self._session.read("GET", path, headers=headers), path.partition("?")[0])

    def document(self, id_: int) -> Seen:
        top = self.at(f"tickets/{id_}")
        with readable(f"/tickets/{id_}"):
            return answers.document(top, self._settings)

    def documents(self, shift: int, *, above: int = 0) -> Iterator[Seen]:
        """Every document of a shift with a higher number than `above`, each once."""
        known: set[int] = set()
        for number in range(PAGES_MAX):
            rows, total = self._page(shift, number, PAGE_ROWS)
            ids = [_id_of(seen) for seen in rows]
            yield from (seen for seen, id_ in zip(rows, ids, strict=True) if id_ > above and id_ not in known)
            known.update(ids)
            if not rows or (total is not None and len(known) >= total):
                return
            # Newest first is what clients rely on; a list in another order is read to its end.
            if _descends(ids) and ids[-1] <= above:
                return
        raise RegisterUnavailable(Failure(FailureKind.NO_ANSWER, "answer", "the list does not end", "/tickets"))

    def newest(self, shift: int) -> Seen | None:
        """The newest document of a shift, from as few rows as tell the order of the list."""
        rows: Sequence[Seen]
        rows, _ = self._page(shift, 0, NEWEST_ROWS)
        if len(rows) >= NEWEST_ROWS and not _descends([_id_of(seen) for seen in rows]):
            rows = list(self.documents(shift))
        return max(rows, key=_id_of, default=None)

    def shift(self, number: int) -> ShiftState:
        top = self.at(f"shifts/{number}")
        with readable(f"/shifts/{number}"):
            return answers.shift_state(top, self._settings)

    def x_report(self, shift: int) -> ShiftReport:
        path = f"shifts/{shift}/reports/x"
        top = self.at(path)
        with readable(f"/{path}"):
            return answers.x_report(top, self._settings)

    def _page(self, shift: int, number: int, size: int) -> tuple[list[Seen], int | None]:
        """Documents of one page and the length of the whole list; a row that cannot be read may be the very one."""
        path = f"shifts/{shift}/tickets"
        top = self.at(f"{path}?page={number}&size={size}", LISTS)
        with readable(f"/{path}"):
            page = answers.page(top, "tickets")
            rows = [answers.document(row, self._settings) for row in page.rows]
            return [_numbered(seen) for seen in rows], page.total

    def _till_id(self) -> int:
        """The till's number at the service."""
        if self._id is None:
            self._id = self._settings.till or self._id_by_login() or self._id_by_list()
        return self._id

    def _id_by_login(self) -> int | None:
        granted = self._session.granted()
        if isinstance(granted, Failure):
            raise RegisterUnavailable(granted)
        with readable(LOGIN):
            return Fields.of(granted.facts, "").integer("id")

    def _id_by_list(self) -> int:
        top = good(self._session.read("GET", TILLS, headers=LISTS), TILLS)
        ours = self._settings.number
        with readable(TILLS):
            tills = [till for till in answers.tills(top) if till.text("serialNumber").upper() == ours.upper()]
            number = tills[0].integer("id") if len(tills) == 1 else None
        if number is None:
            text = f"this login shows no till {ours}: name its number with the option till"
            raise RegisterUnavailable(Failure(FailureKind.CONFIGURATION, "no_till", text, TILLS))
        return number


def _numbered(seen: Seen) -> Seen:
    if seen.id is None:
        raise AnswerMalformed("tickets[].id", "is missing")
    return seen


def _id_of(seen: Seen) -> int:
    return seen.id or 0


def _descends(ids: Sequence[int]) -> bool:
    return len(ids) > 1 and all(a > b for a, b in pairwise(ids))


def error_of(answer: Answer) -> tuple[Fields | AnswerMalformed, answers.VendorError | None]:
    """The object an answer holds, and the error it tells. An error nobody can read is none: the answer is not good."""
    try:
        top = answers.fields(answer.body)
        return top, answers.error_in(top)
    except AnswerMalformed as malformed:
        return malformed, None


def good(reply: Reply, place: str) -> Fields:
    """The object a question was answered with. RegisterUnavailable."""
    if not isinstance(reply, Answer):
        raise RegisterUnavailable(reply.failure)
    top, told = error_of(reply)
    if told is not None:
        raise RegisterUnavailable(codes.failure(told.code, told.text, place))
    if not 200 <= reply.status < 300:
        kind = UNPROCESSED.get(reply.status, FailureKind.NO_ANSWER)
        raise RegisterUnavailable(Failure(kind, f"http:{reply.status}", "no answer of the service", place))
    if isinstance(top, AnswerMalformed):
        raise unreadable(top, place)
    return top
