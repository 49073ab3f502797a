"""`pos-agent print-test`: paper that tells a technician how this printer must be configured."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pos_agent.cli.options import ConfigOption, configured
from pos_agent.cli.print_test_words import Speech, Words, speech_of

if TYPE_CHECKING:
    from pos_agent.cli.print_test_steps import PrintTest, Told

_COLOURS = {0: typer.colors.GREEN, 1: typer.colors.YELLOW, 2: typer.colors.RED}
_NOWHERE = "escpos+file:///dev/null"  # A picture needs a profile, no printer.
_GRADES = ("ok", "warning", "failure")


def print_test_command(
    config: ConfigOption = None,
    url: Annotated[str, typer.Option(help="A printer instead of the configured one: escpos+tcp://10.0.0.9.")] = "",
    pick: Annotated[
        int | None, typer.Option(metavar="N", help="The line that read right: says the options of printer.url.")
    ] = None,
    receipt: Annotated[bool, typer.Option("--receipt", help="Print a whole sample receipt as well.")] = False,
    drawer: Annotated[bool, typer.Option("--drawer", help="Open the cash drawer and look at its switch.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Letters, QR, receipt and drawer.")] = False,
    preview: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Only draw the sample receipt; no printer is used.")
    ] = None,
    language: Annotated[Speech | None, typer.Option(help="Of what is told; default: the terminal's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of words; asks nothing.")] = False,
) -> None:
    """Print test lines and say what to put into printer.url. Exit 0 well, 1 with warnings, 2 when it failed."""
    from pos_agent.cli.print_test_steps import PrinterUnusable, PrintTest
    from pos_agent.clock import SystemClock

    words = Words(language or speech_of())
    settings = None if url else configured(config)
    address = url or (settings.printer.url if settings else "") or (_NOWHERE if preview else "")
    show = _Shown(words, as_json=as_json)
    try:
        test = PrintTest(address, words, SystemClock(), settings)
        show.printer(test)
        if preview is not None:
            show.step(test.preview(preview))
        else:
            wanted = _steps(
                test, show, pick, receipt=receipt or everything, drawer=drawer or everything, again=everything
            )
            show.steps(wanted)
    except PrinterUnusable as unusable:
        show.step(unusable.told)
    raise typer.Exit(show.end())


def _steps(
    test: PrintTest, show: _Shown, pick: int | None, *, receipt: bool, drawer: bool, again: bool
) -> Iterator[Told]:
    """In the order of the paper. A line that was picked before is not looked for again, unless everything is wanted."""
    yield test.status()
    if pick is None or again:
        yield test.pages()
    number = pick if pick is not None else show.ask_line(test)
    if number is not None:
        yield test.pick(number)
        yield test.check()
    if pick is None or again:
        yield test.qr()
    if receipt:
        yield test.receipt()
    if drawer:
        show.ask_shut()
        yield test.drawer()


class _Shown:
    """What the technician sees: words as they come, or one JSON object at the end."""

    def __init__(self, words: Words, *, as_json: bool) -> None:
        self._words = words
        self._as_json = as_json
        self._told: list[Told] = []
        self._test: PrintTest | None = None
        # Nobody answers a pipe, and a question inside JSON would spoil it.
        self._asks = not as_json and sys.stdin.isatty()

    def printer(self, test: PrintTest) -> None:
        self._test = test
        self._say(self._words.text("printer", url=test.url, profile=test.printer.profile.title)[0])

    def steps(self, told: Iterable[Told]) -> None:
        """Show them one by one; after a failure nothing more is tried."""
        for one in told:
            self.step(one)
            if one.grade == len(_GRADES) - 1:
                return

    def step(self, told: Told) -> None:
        self._told.append(told)
        grade = self._words.word(_GRADES[told.grade])
        self._say(f"{typer.style(grade, fg=_COLOURS[told.grade])}: {told.text}")
        if told.next:
            self._say(f"  {self._words.word('next')}: {told.next}")
        if told.step == "pages" and self._test is not None and told.grade < len(_GRADES) - 1:
            for one in self._test.candidates:
                self._say(f"  {one.number:>3}  {one.name}")

    def ask_line(self, test: PrintTest) -> int | None:
        """The number from the paper; None: the technician will say it later, or there is nobody to ask."""
        if not self._asks:
            return None
        known = {str(one.number): one.number for one in test.candidates}
        while answer := typer.prompt(self._words.text("ask_line")[0], default="", show_default=False).strip():
            if answer in known:
                return known[answer]
            self._say(
                self._words.text("no_line", number=answer, first=min(known.values()), last=max(known.values()))[0]
            )
        return None

    def ask_shut(self) -> None:
        if self._asks:
            typer.prompt(self._words.text("ask_shut")[0], default="", show_default=False)

    def end(self) -> int:
        """The exit status; with JSON, everything that was told."""
        status = max((int(one.grade) for one in self._told), default=0)
        if self._as_json:
            typer.echo(json.dumps(self._facts(status), ensure_ascii=False))
        return status

    def _facts(self, status: int) -> dict[str, object]:
        steps = [
            {"step": one.step, "grade": _GRADES[one.grade], "kind": one.kind, "text": one.text,
             "next": one.next or None, **one.facts}
            for one in self._told
        ]  # fmt: skip
        test = self._test
        if test is None:
            return {"exit": status, "steps": steps}
        lines = [{"number": one.number, "name": one.name, "kazakh": one.kazakh, "options": dict(one.options)}
                 for one in test.candidates]  # fmt: skip
        return {"exit": status, "url": test.url, "profile": test.printer.profile.name, "lines": lines, "steps": steps}

    def _say(self, text: str) -> None:
        if not self._as_json:
            typer.echo(text)
