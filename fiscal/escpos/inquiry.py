"""Real-time questions to a printer: how often one is put, how long its answer is waited for, and what is only noise.

What the answers mean is the business of status.py; what follows from them for a job, that of printer.py.
"""

from __future__ import annotations

from collections.abc import Callable

from . import status
from .links import Link
from .status import Query, Reading

QUERY_TRIES = 3
QUERY_WAIT_S = 0.3
NOISE_BYTES_MAX = 256


class Inquiry:
    """Asks one printer, and remembers whether it was ever heard: `supported` is None until that is known."""

    def __init__(self, monotonic: Callable[[], float], supported: bool | None) -> None:
        self.supported = supported
        self._monotonic = monotonic

    def ask(self, link: Link, *queries: Query) -> Reading:
        """Put the queries in order, and those for the cause where the printer says that it is offline or in error.

        Raises LinkFailed when the line breaks.
        """
        return self._explained(link, self._answers(link, *queries))

    def _answers(self, link: Link, *queries: Query) -> Reading:
        """After the first silence the rest would only wait longer."""
        if link.one_way:
            return Reading()
        answers: dict[Query, int | None] = {}
        for number in queries:
            answers[number] = self._query(link, number)
            if answers[number] is None:
                break
        return Reading(
            answers.get(Query.PRINTER),
            answers.get(Query.OFFLINE_CAUSE),
            answers.get(Query.ERROR_CAUSE),
            answers.get(Query.PAPER),
        )

    def _explained(self, link: Link, reading: Reading) -> Reading:
        cause = reading.offline_cause
        if reading.offline and cause is None:
            cause = self._query(link, Query.OFFLINE_CAUSE)
        error = self._query(link, Query.ERROR_CAUSE) if cause is not None and cause & 0x40 else None
        return Reading(reading.printer, cause, error, reading.paper)

    def _query(self, link: Link, number: Query) -> int | None:
        """One real-time query: three tries of 300 ms, or one try where the printer was never heard."""
        tries = 1 if self.supported is False else QUERY_TRIES
        for attempt in range(tries):
            link.write(status.query(number))
            link.settle()
            answer = self._answer(link)
            if answer is not None:
                self.supported = True
                for _ in range(attempt):  # Late answers to earlier tries must not pass for those of the next query.
                    self._answer(link)
                return answer
        if self.supported is None:
            self.supported = False
        return None

    def _answer(self, link: Link) -> int | None:
        deadline = self._monotonic() + QUERY_WAIT_S
        noise = 0
        while (left := deadline - self._monotonic()) > 0 and noise < NOISE_BYTES_MAX:
            chunk = link.read(left)
            if not chunk:
                return None
            for byte in chunk:
                if status.valid(byte):
                    return byte
            noise += len(chunk)
        return None
