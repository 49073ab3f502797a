"""A receipt printer: takes a job, asks the printer before and after, and says what happened and what to do.

    query 1 and 4 -> stop before sending when offline or out of paper -> blocks of at most 4 KB
    -> where the printer can tell: wait until it says that all of it is on paper -> query 1, 2, 4 -> cut

A printing failure is never a fiscal failure: the fiscal receipt exists before its paper. After paper ran out in
mid-receipt the whole copy is printed again, never the tail, and what was torn is cut off before it. Silence is UNKNOWN
and stops nothing by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
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
from .status import UNASKED, PaperState, PrintState, Query, Reading, Verdict
from .text import Method, page, printed_page

BLOCK_BYTES_MAX = 4096  # Cheap printers overrun on more at once.
CONNECT_TRIES = 3
CONNECT_PAUSE_S = 0.3  # Doubled each time: another till may be printing on the same network printer.
CONFIRM_BASE_S = 3.0
PRINT_DOTS_PER_S = 400  # 50 mm/s, slower than any receipt printer: how long a confirmation is waited for.
DRAWER_MOVES_S = 0.7  # The pulse, and the way of the drawer past its switch.
_KAZAKH = "ӘҒҚҢӨҰҮҺІәғқңөұүһі"
_GO_ON = frozenset({PrintState.OK, PrintState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a call, and everything the printer told on the way."""

    outcome: PrintOutcome
    reading: Reading = UNASKED
    before: Reading = UNASKED  # Of `try_drawer`: before the pulse.
    identity: str = ""  # Name of the model; empty where it does not tell.


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
        self.typeface = typeface
        self._sleep = sleep
        self._inquiry = Inquiry(monotonic, status_supported)
        self._lock = threading.Lock()
        self._kept: PrintJob | None = None
        self._warned_low = False
        self._torn = False  # Something hangs in the printer that must not become the head of the next receipt.
        self._told_jam = False  # A person was asked to free the cutter: the next job means that it was done.

    @property
    def status_supported(self) -> bool | None:
        """Whether the printer answers real-time queries; None until learnt."""
        return self._inquiry.supported

    @property
    def confirms(self) -> bool | None:
        """Whether it tells when a job is printed; None until learnt."""
        return self._inquiry.confirms

    @property
    def kept(self) -> PrintJob | None:
        """The last job that is not known to be on paper; `reprint` prints it again, whole."""
        return self._kept

    def draws(self, char: str) -> bool:
        """Whether a line with this character can be drawn: the tenge sign is in no page."""
        return self.typeface is not None and Method.RASTER in self.profile.methods and self.typeface.has(char)

    def render(self, lines: Iterable[PrintLine]) -> PrintJob:
        return render(lines, self.profile, self.typeface)

    def print_lines(self, lines: Iterable[PrintLine]) -> PrintOutcome:
        return self.print_job(self.render(lines))

    def print_job(self, job: PrintJob | bytes) -> PrintOutcome:
        """Print one job, whole. Never raises for anything the printer or the line does."""
        with self._lock:
            self._kept = job if isinstance(job, PrintJob) else PrintJob(job)
            return self._printed(self._kept)

    def reprint(self) -> PrintOutcome | None:
        """Print the kept job again from its first line; None when none is kept."""
        with self._lock:
            return None if self._kept is None else self._printed(self._kept)

    def open_drawer(self) -> PrintOutcome:
        """Pulse the drawer without printing."""
        with self._lock:
            return self._session(self._pulsed).outcome

    def try_drawer(self) -> Look:
        """Pulse the drawer and ask for its switch before and after: set-up learns from it what the levels mean."""

        def watched(link: Link) -> Look:
            before = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
            look = self._pulsed(link)
            self._sleep(DRAWER_MOVES_S)
            after = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
            return replace(look, before=before, reading=after)

        with self._lock:
            return self._session(watched)

    def check(self) -> PrintOutcome:
        """Ask for the state without printing."""
        with self._lock:
            return self._session(lambda link: self._seen(link, Query.PRINTER, Query.PAPER)).outcome

    def look(self) -> Look:
        """Ask all there is to ask, without printing."""

        def seen(link: Link) -> Look:
            look = self._seen(link, *Query)
            return look if look.reading.silent else replace(look, identity=self._inquiry.identity(link))

        with self._lock:
            return self._session(seen)

    def _seen(self, link: Link, *queries: Query) -> Look:
        reading = self._inquiry.ask(link, *queries)
        return Look(self._outcome(link, status.verdict(reading), Handover.NONE, reading), reading)

    def _pulsed(self, link: Link) -> Look:
        look = self._seen(link, Query.PRINTER, Query.PAPER)
        if look.outcome.state not in _GO_ON:
            return look
        self._send(link, commands.drawer(self.profile.drawer))
        return replace(look, outcome=replace(look.outcome, handover=Handover.ALL))

    def _printed(self, job: PrintJob) -> PrintOutcome:
        outcome = self._session(lambda link: Look(self._deliver(link, job))).outcome
        self._told_jam = outcome.cause == "cutter"
        if outcome.handover is not Handover.NONE or self._told_jam:  # A jam: the cut before it never fell.
            self._torn = outcome.handover is not Handover.ALL
        if outcome.state is PrintState.OK:
            self._kept = None
        losses = job.losses
        return replace(outcome, exact=job.exact, detail="; ".join(filter(None, (outcome.detail, losses))))

    def _session(self, work: Callable[[Link], Look]) -> Look:
        """Open, work, close; again where somebody else holds the printer and it has taken nothing of ours."""
        for attempt in range(CONNECT_TRIES):
            try:
                link = self._opener.open()
                try:
                    look = work(link)
                finally:
                    link.close()
            except LinkFailed as error:
                look = Look(self._failed(error, Handover.NONE))
            if look.outcome.cause != "busy" or attempt == CONNECT_TRIES - 1:
                return look
            self._sleep(CONNECT_PAUSE_S * 2**attempt)
        raise AssertionError("the last attempt returns")

    def _deliver(self, link: Link, job: PrintJob) -> PrintOutcome:
        handover = Handover.NONE
        try:
            reading = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
            if self._told_jam and status.verdict(reading).cause == "cutter":
                # Only now: before a person was told, the blade could start at fingers. The held cut is dropped.
                link.write(status.CLEAR_BUFFER)
                reading = self._inquiry.ask(link, Query.PRINTER, Query.PAPER)
            verdict = status.verdict(reading)
            if verdict.state not in _GO_ON:
                return self._outcome(link, verdict, Handover.NONE, reading)
            handover = Handover.PART
            self._send(link, (commands.cut(self.profile.cutter) if self._torn else b"") + job.body)
            reading, lost = self._after(link, job)
            verdict = status.verdict(reading)
            if verdict.state in _GO_ON:
                self._send(link, job.tail)
                # Else it stopped inside the receipt, or lost some of it: a buffer is not paper.
                handover = Handover.PART if lost else Handover.ALL
            return self._outcome(link, verdict, handover, reading)
        except LinkFailed as error:
            return self._stalled(link, error, handover)

    def _after(self, link: Link, job: PrintJob) -> tuple[Reading, bool]:
        """How the printer is once it has the job: on paper where it can tell that, else in its buffer.

        True: it can tell, and did not within the time that it needs; what is on paper is anybody's guess.
        """
        if self.profile.confirms:
            stopped = self._inquiry.printed(link, CONFIRM_BASE_S + job.dots / PRINT_DOTS_PER_S)
            if stopped is not None:
                return stopped, True
        return self._inquiry.ask(link, Query.PRINTER, Query.OFFLINE_CAUSE, Query.PAPER), False

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
            if verdict.state not in _GO_ON:
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
        drawer = status.drawer_state(reading.drawer_pin_high, self.profile.drawer.open_is_high)
        return PrintOutcome(verdict.state, verdict.cause, handover, message, action, detail, low, warn, drawer)

    def _failed(self, error: LinkFailed, handover: Handover) -> PrintOutcome:
        # Somebody else's printer is one that took nothing of ours; after that the line broke.
        cause = "closed" if error.cause == "busy" and handover is not Handover.NONE else error.cause
        state = PrintState.ERROR if cause == "denied" else PrintState.OFFLINE
        message, action = messages()[cause]
        return PrintOutcome(state, cause, handover, message, action, error.text)


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
    held = printed_page(page(profile.page), profile.methods).table
    needed = configured is not None or any(letter not in held for letter in _KAZAKH)
    try:
        return Typeface(find_font(configured))
    except FontMissing:
        if needed:
            raise
        return None
