"""How this shop's paper looks: the printer's own width, and what the configuration wants on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fiscal.escpos.labels import Language
from fiscal.escpos.layout import MarkForm
from fiscal.escpos.lines import PAPER_80, Paper
from fiscal.escpos.profiles import Profile, papers
from fiscal.escpos.text import TENGE, TENGE_SIGN
from pos_agent.config import Config, ConfigError


@runtime_checkable
class KnownPrinter(Protocol):
    """A printer that tells its paper and its letters, as ours does: what it cannot print is said at the start."""

    @property
    def profile(self) -> Profile: ...

    def draws(self, char: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Stationery:
    paper: Paper
    language: Language
    zone: dt.tzinfo
    mark_form: MarkForm = MarkForm.FULL
    tenge: str = TENGE


def stationery(config: Config, printer: object) -> Stationery:
    """The look of every document. Raises ConfigError where the printer cannot give it that look.

    `printer` may be any that takes lines; of one that does not tell its paper none is known.
    """
    known = printer if isinstance(printer, KnownPrinter) else None
    try:
        language = Language(config.printer.language)
    except ValueError as error:
        known_ones = ", ".join(Language)
        raise ConfigError(f"printer.language: {config.printer.language!r} is none of {known_ones}") from error
    tenge = config.receipt.tenge
    if TENGE_SIGN in tenge and (known is None or not known.draws(TENGE_SIGN)):
        raise ConfigError(f"receipt.tenge: this printer cannot draw {TENGE_SIGN}: write it as a word")
    paper = _paper(config.printer.paper, None if known is None else known.profile.paper)
    return Stationery(paper, language, config.till.zone, MarkForm(config.receipt.mark_on_paper), tenge)


def _paper(name: str, own: Paper | None) -> Paper:
    """The printer's own paper. Naming another beside it would leave rules and centred lines as wide as the head."""
    if not name:
        return own or PAPER_80
    if name not in papers():
        raise ConfigError(f"printer.paper: {name!r} is none of {', '.join(papers())}")
    wanted = papers()[name]
    if own is not None and wanted.columns() != own.columns():
        raise ConfigError(
            f"printer.paper: a line of {name} has {wanted.columns()} letters, one of the printer's paper {own.name} "
            f"has {own.columns()}: leave the key out; another head is paper={name} in printer.url"
        )
    return own or wanted
