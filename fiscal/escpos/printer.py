"""A receipt printer: takes a job, asks the printer before and after, and says what happened and what to do.

    query 1 and 4 -> stop before sending when offline or out of paper -> blocks of at most 4 KB -> query 1, 2, 4 -> cut

A printing failure is never a fiscal failure: the fiscal receipt exists before its paper. After paper ran out in
mid-receipt the whole copy is printed again, never the tail. Silence is UNKNOWN and stops nothing by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from . import commands, status
from .address import Opener, parse_url
from .inquiry import Inquiry
from .job import PrintJob, render
from .lines import PrintLine
from .links import Link, LinkFailed
from .outcome import Handover, PrintOutcome, messages
from .profiles import Profile
from .raster import FontMissing, Typeface, find_font
from .status import PaperState, PrintState, Query, Reading, Verdict
from .text import Method, page

BLOCK_BYTES_MAX = 4096  # Cheap printers overrun on more at once.
CONNECT_TRIES = 3
CONNECT_PAUSE_S = 0.3  # Doubled each time: another till may be printing on the same network printer.
_KAZAKH = "ӘҒҚҢӨҰҮҺІәғқңөұүһі"


class Printer:
    """One printer. A link is opened for each job and closed after it, so that tills can share a network printer.

    Calls are serialised. Pass the `status_supported` that was learnt before to keep it over a restart.
    """

    def __init__(
        self,
        opener: Opener,
        profile: Profile,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        typeface: Typeface | None = None,
        status_supported: bool | None = None,
    ) -> None:
        self.profile = profile
        self._opener = opener
        self._typeface = typeface
        self._sleep = sleep
        self._inquiry = Inquiry(monotonic, status_supported)
        self._lock = threading.Lock()
        self._kept: PrintJob | None = None
        self._warned_low = False

    @property
    def status_supported(self) -> bool | None:
        """Whether the printer answers real-time queries; None until learnt."""
        return self._inquiry.supported

    @property
    def kept(self) -> PrintJob | None:
        """The last job that is not known to be on paper; `reprint` prints it again, whole."""
        return self._kept

    def render(self, lines: Iterable[PrintLine]) -> PrintJob:
        return render(lines, self.profile, self._typeface)

    def print_lines(self, lines: Iterable[PrintLine]) -> PrintOutcome:
        return self.print_job(self.render(lines))

    def print_job(self, job: PrintJob | bytes) -> PrintOutcome:
        """Print one job, whole. Never raises for anything the printer or the line does."""
        with self._lock:
            self._kept = job if isinstance(job, PrintJob) else PrintJob(job)
            return self._session(self._kept, before=b"")

    def reprint(self) -> PrintOutcome | None:
        """Print the kept job again from its first line; None when none is kept.

        The torn half stays a strip of its own: it is cut off first. After a cutter jam the printer is told to drop
        what it still holds.
        """
        with self._lock:
            if self._kept is None:
                return None
            torn = commands.cut(self.profile.cutter)
            return self._session(self._kept, before=torn, recover=True)

    def open_drawer(self, pin: int = 2) -> PrintOutcome:
        """Pulse the drawer without printing."""
        with self._lock:
            return self._session(PrintJob(commands.drawer(pin)), before=b"", keep=False)

    def check(self) -> PrintOutcome:
        """Ask for the state without printing."""
        with self._lock:
            try:
                link = self._connect()
            except LinkFailed as error:
                return self._failed(error, Handover.NONE)
            try:
                reading = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
                return self._outcome(link, status.verdict(reading), Handover.NONE, reading)
            except LinkFailed as error:
                return self._failed(error, Handover.NONE)
            finally:
                link.close()

    def _session(self, job: PrintJob, *, before: bytes, keep: bool = True, recover: bool = False) -> PrintOutcome:
        try:
            link = self._connect()
        except LinkFailed as error:
            return self._failed(error, Handover.NONE)
        try:
            outcome = self._deliver(link, job, before, recover=recover)
        finally:
            link.close()
        if keep and outcome.state is PrintState.OK:
            self._kept = None
        return outcome

    def _connect(self) -> Link:
        for attempt in range(CONNECT_TRIES):
            try:
                return self._opener.open()
            except LinkFailed as error:
                if error.cause != "busy" or attempt == CONNECT_TRIES - 1:
                    raise
                self._sleep(CONNECT_PAUSE_S * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _deliver(self, link: Link, job: PrintJob, before: bytes, *, recover: bool) -> PrintOutcome:
        handover = Handover.NONE
        try:
            reading = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
            if recover and status.verdict(reading).cause == "cutter":
                link.write(status.CLEAR_BUFFER)
                reading = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
            verdict = status.verdict(reading)
            if verdict.state not in {PrintState.OK, PrintState.UNKNOWN}:
                return self._outcome(link, verdict, Handover.NONE, reading)
            handover = Handover.PART
            self._send(link, before + job.body)
            handover = Handover.ALL
            reading = self._inquiry.ask(link, Query.PRINTER, Query.OFFLINE_CAUSE, Query.PAPER)
            verdict = status.verdict(reading)
            if verdict.state in {PrintState.OK, PrintState.UNKNOWN}:
                self._send(link, job.tail)
            else:
                handover = Handover.PART  # The printer stopped inside the receipt; its buffer is not paper.
            return self._outcome(link, verdict, handover, reading)
        except LinkFailed as error:
            return self._stalled(link, error, handover)

    def _send(self, link: Link, data: bytes) -> None:
        for start in range(0, len(data), BLOCK_BYTES_MAX):
            link.write(data[start : start + BLOCK_BYTES_MAX])
        link.settle()

    def _stalled(self, link: Link, error: LinkFailed, handover: Handover) -> PrintOutcome:
        """A printer that stops taking data often still answers why (real-time commands pass its buffer)."""
        if error.cause == "stalled" and self.status_supported:
            try:
                reading = self._inquiry.ask(link, Query.PRINTER, Query.OFFLINE_CAUSE, Query.PAPER)
            except LinkFailed:
                return self._failed(error, handover)
            verdict = status.verdict(reading)
            if verdict.state not in {PrintState.OK, PrintState.UNKNOWN}:
                return self._outcome(link, verdict, handover, reading, error.text)
        return self._failed(error, handover)

    def _outcome(
        self, link: Link, verdict: Verdict, handover: Handover, reading: Reading, detail: str = ""
    ) -> PrintOutcome:
        paper = status.paper_state(reading.paper)
        low = paper is PaperState.LOW
        warn = low and not self._warned_low
        if paper is not PaperState.UNKNOWN:
            self._warned_low = low
        if link.paperless and verdict.state is PrintState.UNKNOWN:
            verdict = Verdict(PrintState.OK, "ok")
        message, action = messages()[verdict.cause]
        return PrintOutcome(verdict.state, verdict.cause, handover, message, action, detail, low, warn)

    def _failed(self, error: LinkFailed, handover: Handover) -> PrintOutcome:
        state = PrintState.ERROR if error.cause == "denied" else PrintState.OFFLINE
        message, action = messages()[error.cause]
        return PrintOutcome(state, error.cause, handover, message, action, error.text)


def open_printer(
    url: str,
    *,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    font: Path | None = None,
    known: Mapping[str, Profile] | None = None,
    status_supported: bool | None = None,
) -> Printer:
    """A printer from its URL; nothing is connected yet. `font` of the URL goes before the argument; `known` are the
    profiles to choose from, those of the package by default.

    Raises PrinterUrlError for a wrong URL, and FontMissing when the profile has no Kazakh page and so needs a font to
    draw with, but none is there. Where the page holds the Kazakh letters a font is only a convenience.
    """
    address = parse_url(url, monotonic, sleep, known)
    return Printer(
        address.opener,
        address.profile,
        monotonic=monotonic,
        sleep=sleep,
        typeface=_typeface(address.profile, address.font or font),
        status_supported=status_supported,
    )


def _typeface(profile: Profile, configured: Path | None) -> Typeface | None:
    draws = bool({Method.GLYPHS, Method.RASTER} & set(profile.methods))
    if not draws:
        return None
    needed = configured is not None or any(letter not in page(profile.page).table for letter in _KAZAKH)
    try:
        return Typeface(find_font(configured))
    except FontMissing:
        if needed:
            raise
        return None
