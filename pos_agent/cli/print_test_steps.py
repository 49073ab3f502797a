"""The steps of `pos-agent print-test`: what is printed, what is learnt from it and what it means. No terminal here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path

from fiscal.escpos.address import PrinterUrlError, parse_url, with_options
from fiscal.escpos.compose import KAZAKHSTAN
from fiscal.escpos.job import PrintJob
from fiscal.escpos.labels import Language
from fiscal.escpos.lines import Cut, PrintLine, Text
from fiscal.escpos.links import SerialAddress
from fiscal.escpos.outcome import Handover, PrintOutcome
from fiscal.escpos.preview import preview
from fiscal.escpos.printer import Look, Printer, open_printer
from fiscal.escpos.profiles import QrDialect
from fiscal.escpos.raster import FontMissing, Typeface, find_font
from fiscal.escpos.sample import QR, layout_sample
from fiscal.escpos.status import PaperState, PrintState, Query, drawer_state, paper_state
from fiscal.escpos.trial import KAZAKH, RUSSIAN, Candidate, candidates, native_dialect, page_test, qr_test, released
from pos_agent.cli.print_test_words import Words
from pos_agent.clock import Clock
from pos_agent.config import Config, ConfigError
from pos_agent.stationery import Stationery, stationery

RECEIPT_SLOW_S = 5.0
BITS_A_BYTE = 10  # On a serial line, with start and stop bit.
_LETTER_OPTIONS = ("page", "page_number", "glyphs", "utf8")


class Grade(IntEnum):
    """How a step went; the worst is the exit status."""

    OK = 0
    WARNING = 1
    FAILURE = 2


@dataclass(frozen=True, slots=True)
class Told:
    """What one step found."""

    step: str
    grade: Grade
    kind: str  # Key of the catalogue `print_test`, or one of fiscal.escpos.outcome.CAUSES.
    text: str
    next: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


class PrinterUnusable(Exception):
    """There is no printer to test; `told` says why."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.text)
        self.told = told


class PrintTest:
    """One printer on the bench. `url` changes with the line that the technician picks.

    `config` gives the look of the shop's receipts; without it the sample has the printer's paper and the usual look.
    Raises PrinterUnusable, as `pick` does.
    """

    def __init__(self, url: str, words: Words, clock: Clock, config: Config | None = None) -> None:
        self._words = words
        self._clock = clock
        self._config = config
        self.url = url
        self.printer = self._opened(url)
        self.candidates: tuple[Candidate, ...] = candidates(self.printer.profile, self.printer.typeface)

    def _opened(self, url: str) -> Printer:
        if not url:
            raise PrinterUnusable(self._told("printer", Grade.FAILURE, "no_printer"))
        try:
            printer = open_printer(url, monotonic=self._clock.monotonic, sleep=self._clock.sleep)
            self._look = Stationery(printer.profile.paper, Language.KK_RU, KAZAKHSTAN)
            if self._config is not None:
                self._look = stationery(self._config, printer)
        except (PrinterUrlError, FontMissing) as error:
            raise PrinterUnusable(self._told("printer", Grade.FAILURE, "bad_url", text=error)) from error
        except ConfigError as error:
            raise PrinterUnusable(self._told("printer", Grade.FAILURE, "bad_config", text=error)) from error
        return printer

    def status(self) -> Told:
        """Ask everything; nothing is printed."""
        look = self.printer.look()
        states = _states(look, self.printer.profile.drawer.open_is_high)
        shown = {name: self._words.word(state) for name, state in states.items()}
        model = look.identity or self._words.word("unknown")
        text, _ = self._words.text("status", **shown, model=model)
        asked = zip(Query, (look.reading.printer, look.reading.offline_cause, look.reading.error_cause,
                            look.reading.paper), strict=True)  # fmt: skip
        answers = {str(int(query)): None if byte is None else f"{byte:02X}" for query, byte in asked}
        facts = {"states": states, "answers": answers, "model": look.identity or None}
        grade = _grade(look.outcome)
        if grade is Grade.FAILURE:
            return self._failed("status", look.outcome, text, facts)
        if grade is Grade.WARNING:
            silent, action = self._words.text("silent")
            return Told("status", grade, "silent", f"{text}. {silent}", action, facts)
        return Told("status", grade, "status", text, facts=facts)

    def pages(self) -> Told:
        """The numbered lines, one for each way to print letters."""
        job = page_test(self.printer.profile, self.printer.typeface)
        return self._after("pages", self.printer.print_job(job), "pages", "step_pages")

    def pick(self, number: int) -> Told:
        """Take the options of a line over into the URL, for the steps that follow."""
        chosen = next((one for one in self.candidates if one.number == number), None)
        if chosen is None:
            bounds = {"first": self.candidates[0].number, "last": self.candidates[-1].number}
            return self._told("pick", Grade.FAILURE, "no_line", number=number, **bounds)
        dropped = (*_LETTER_OPTIONS, "raster") if "raster=all" in self.url else _LETTER_OPTIONS
        self.url = with_options(self.url, chosen.options, dropped)
        self.printer = self._opened(self.url)
        written = " ".join(f"{key}={value}" for key, value in chosen.options.items())
        kind = "picked" if chosen.kazakh else "picked_russian"
        facts = {"options": dict(chosen.options), "url": self.url}
        return self._told("pick", Grade.OK, kind, facts, number=number, name=chosen.name, options=written, url=self.url)

    def check(self) -> Told:
        """Two lines as every receipt will have them now."""
        job = self.printer.render([Text(RUSSIAN), Text(KAZAKH), Cut()])
        return self._after("check", self.printer.print_job(job), "printed", "step_check")

    def qr(self) -> Told:
        dialect = native_dialect(self.printer.profile)
        kind = "qr_drawn" if self.printer.profile.qr is QrDialect.RASTER else "qr"
        outcome = self.printer.print_job(qr_test(self.printer.profile, QR))
        return self._after("qr", outcome, kind, "step_qr", {"dialect": str(dialect)}, dialect=dialect)

    def preview(self, path: Path) -> Told:
        """The sample receipt as a picture; the printer is not asked."""
        try:
            typeface = self.printer.typeface or Typeface(find_font())
            preview(self._sample(), self._look.paper, typeface).save(path, "PNG", optimize=True)
        except FontMissing as error:
            return self._told("preview", Grade.FAILURE, "bad_url", text=error)
        except OSError as error:
            return self._told("preview", Grade.FAILURE, "preview_failed", path=path, text=error.strerror or error)
        return self._told("preview", Grade.OK, "preview", {"path": str(path)}, path=path)

    def _sample(self) -> tuple[PrintLine, ...]:
        look = self._look
        return layout_sample(look.paper, mark_form=look.mark_form, tenge=look.tenge, zone=look.zone)

    def receipt(self) -> Told:
        """A whole sample in Kazakh and Russian, as wide as the shop's receipts and with their marks."""
        lines = self._sample()
        job = self.printer.render(lines)
        outcome = self.printer.print_job(replace(job, body=job.body + released(self.printer.profile.qr)))
        seconds = self._seconds(job)
        facts = {"lines": len(lines), "drawn": job.raster_lines, "exact": job.exact, "line_s": seconds}
        values = {"lines": len(lines), "drawn": job.raster_lines, "losses": job.losses, "seconds": seconds}
        kind = "receipt" if job.exact else "replaced"
        if job.exact and seconds is not None and seconds > RECEIPT_SLOW_S:
            kind = "slow"
        grade = Grade.OK if kind == "receipt" else Grade.WARNING
        return self._after("receipt", outcome, kind, "step_receipt", facts, grade=grade, **values)

    def drawer(self) -> Told:
        """A pulse, and what the drawer's switch said before and after it."""
        look = self.printer.try_drawer()
        before, after = look.before.drawer_pin_high, look.reading.drawer_pin_high
        facts = {"before": _level(before), "after": _level(after), "state": str(look.outcome.drawer)}
        if look.outcome.handover is not Handover.ALL:
            return self._failed("drawer", look.outcome, "", facts)
        known = self.printer.profile.drawer.open_is_high
        if before is None or after is None:
            kind = "drawer_silent"
        elif before is after:
            kind = "drawer_unmoved"
        elif known is None:
            kind = "drawer_learnt"
        else:
            kind = "drawer_known" if known is after else "drawer_reversed"
        grade = Grade.OK if kind in {"drawer_learnt", "drawer_known"} else Grade.WARNING
        shown = {name: self._words.word(_level(level)) for name, level in (("before", before), ("after", after))}
        return self._told("drawer", grade, kind, facts, **shown, level=_level(after))

    def _seconds(self, job: PrintJob) -> int | None:
        """How long a serial line takes for a job; None for other lines."""
        opener = parse_url(self.url, self._clock.monotonic, self._clock.sleep).opener
        if not isinstance(opener, SerialAddress):
            return None
        return round(len(job.body) * BITS_A_BYTE / opener.baud)

    def _after(
        self, step: str, outcome: PrintOutcome, kind: str, what: str, facts: Mapping[str, object] | None = None,
        *, grade: Grade = Grade.OK, **values: object,
    ) -> Told:  # fmt: skip
        """What a step that printed found: its own words, with those of the printer where it did not simply print."""
        printed = {**values, **({"what": self._words.word(what)} if kind == "printed" else {})}
        told = self._told(step, grade, kind, {**(facts or {}), "outcome": outcome.cause}, **printed)
        if outcome.state is PrintState.OK:
            return told
        if _grade(outcome) is Grade.FAILURE:
            return self._failed(step, outcome, self._words.word(what), told.facts)
        message, action = (getattr(words, self._words.speech) for words in (outcome.message, outcome.action))
        both = " ".join(part.rstrip(".") + "." for part in (action, told.next) if part)
        return Told(step, Grade.WARNING, kind, f"{told.text}. {message}", both, told.facts)

    def _failed(self, step: str, outcome: PrintOutcome, text: str, facts: Mapping[str, object]) -> Told:
        message, action = (getattr(words, self._words.speech) for words in (outcome.message, outcome.action))
        detail = f" ({outcome.detail})" if outcome.detail else ""
        told = ". ".join(filter(None, (text, f"{message}{detail}")))
        return Told(step, _grade(outcome), outcome.cause, told, action, {**facts, "outcome": outcome.cause})

    def _told(
        self, step: str, grade: Grade, kind: str, facts: Mapping[str, object] | None = None, /, **values: object
    ) -> Told:
        return Told(step, grade, kind, *self._words.text(kind, **values), facts or {})


def _grade(outcome: PrintOutcome) -> Grade:
    return {PrintState.OK: Grade.OK, PrintState.UNKNOWN: Grade.WARNING}.get(outcome.state, Grade.FAILURE)


def _level(high: bool | None) -> str:
    return "unknown" if high is None else "high" if high else "low"


def _states(look: Look, open_is_high: bool | None) -> dict[str, str]:
    """Each part of the printer as a word (`word.KEY`) of the catalogue; "unknown" where it did not answer for it."""
    reading = look.reading
    paper = paper_state(reading.paper)

    def known(answer: int | None, mask: int, bad: str, fine: str) -> str:
        return "unknown" if answer is None else bad if answer & mask else fine

    return {
        "printer": known(reading.printer, 0x08, "offline", "online"),
        "cover": known(reading.offline_cause, 0x04, "cover_open", "cover_shut"),
        "paper": "unknown" if paper is PaperState.UNKNOWN else f"paper_{paper}",
        "cutter": known(reading.error_cause, 0x08, "jammed", "good"),
        "head": known(reading.error_cause, 0x40, "hot", "good"),
        "pin": _level(reading.drawer_pin_high),
        "drawer": str(drawer_state(reading.drawer_pin_high, open_is_high)),
    }
