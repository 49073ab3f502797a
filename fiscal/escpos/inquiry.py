"""Real-time questions to a printer: how often one is put, how long its answer is waited for, and what is only noise.

What the answers mean is the business of status.py; what follows from them for a job, that of printer.py.
"""

from __future__ import annotations

from collections.abc import Callable

from . import commands, status
from .links import Link
from .status import UNASKED, PrintState, Query, Reading

QUERY_TRIES = 3
QUERY_WAIT_S = 0.3
NOISE_BYTES_MAX = 256
# Letters whose codes no status answer has: a process number read by mistake must not pass for a state.
_PROCESS_LETTERS = "ABCDEFGHIJKLMNO"
_PROCESS_DIGITS = 4
_IDENTITY_END = b"\x00"
IDENTITY_BYTES_MAX = 80


class Inquiry:
    """Asks one printer, and remembers whether it was ever heard: `supported` is None until that is known.

    `confirms` is the same for the confirmation of finished jobs.
    """

    def __init__(self, monotonic: Callable[[], float], supported: bool | None) -> None:
        self.supported = supported
        self.confirms: bool | None = None
        self._monotonic = monotonic
        self._process = 0
        self._heard = bytearray()  # What was no status answer: a confirmation may be inside.

    def ask(self, link: Link, *queries: Query) -> Reading:
        """Put the queries in order, and those for the cause where the printer says that it is offline or in error.

        Raises LinkFailed when the line breaks.
        """
        return self._explained(link, self._answers(link, *queries))

    def printed(self, link: Link, wait_s: float) -> Reading | None:
        """Wait until the printer says that everything sent so far is on paper.

        Returns None when it did, or could not be expected to; else the answers that say why it did not, all of them
        silence where it only never came. Raises LinkFailed.
        """
        if self.supported is False or self.confirms is False or link.one_way:
            return None
        command, answer = commands.confirmation(self._next_process())
        self._heard.clear()
        link.write(command)
        link.settle()
        deadline = self._monotonic() + wait_s
        while answer not in self._heard:
            left = deadline - self._monotonic()
            if left <= 0:
                # A printer that never confirmed does not know the command; one that did has lost the job.
                self.confirms = self.confirms or False
                return UNASKED if self.confirms else None
            chunk = link.read(min(left, QUERY_WAIT_S))
            self._hear(chunk)
            if not chunk:  # Either it prints still, or something stopped it.
                reading = self.ask(link, Query.PRINTER, Query.OFFLINE_CAUSE, Query.PAPER)
                if status.verdict(reading).state not in {PrintState.OK, PrintState.UNKNOWN}:
                    return reading
        self.confirms = True
        return None

    def identity(self, link: Link) -> str:
        """The name of the model, as the printer tells it (GS I 67); empty where it does not. Raises LinkFailed."""
        if link.one_way:
            return ""
        self._heard.clear()
        link.write(commands.IDENTITY)
        link.settle()
        deadline = self._monotonic() + QUERY_WAIT_S * QUERY_TRIES
        while _IDENTITY_END not in self._heard and len(self._heard) < IDENTITY_BYTES_MAX:
            left = deadline - self._monotonic()
            if left <= 0:
                return ""
            self._heard += link.read(left)
        name = bytes(self._heard).partition(_IDENTITY_END)[0].removeprefix(b"_").decode("ascii", "replace")
        return name.strip() if name.isprintable() else ""

    def _next_process(self) -> bytes:
        self._process += 1
        number, letters = self._process, ""
        for _ in range(_PROCESS_DIGITS):
            number, digit = divmod(number, len(_PROCESS_LETTERS))
            letters += _PROCESS_LETTERS[digit]
        return letters.encode("ascii")

    def _answers(self, link: Link, *queries: Query) -> Reading:
        """After the first silence the rest would only wait longer."""
        if link.one_way:
            return UNASKED
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
        error = reading.error_cause
        if error is None and cause is not None and cause & 0x40:
            error = self._query(link, Query.ERROR_CAUSE)
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
            for place, byte in enumerate(chunk):
                if status.valid(byte):
                    self._hear(chunk[:place] + chunk[place + 1 :])
                    return byte
            self._hear(chunk)
            noise += len(chunk)
        return None

    def _hear(self, data: bytes) -> None:
        self._heard += bytes(byte for byte in data if not status.valid(byte))
        del self._heard[:-NOISE_BYTES_MAX]
