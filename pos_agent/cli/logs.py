"""`pos-agent logs`: what the agent wrote, newest last; from systemd's journal where the service writes there.

Exit codes: 0 shown, 2 there is none.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from pos_agent.cli.failing import FAILED, fail
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.cli.terminal import JsonOption, LangOption, Terminal, terminal

if TYPE_CHECKING:
    from pos_agent.clock import Clock
    from pos_agent.log_file import LogLine

LOOK_S: Final = 0.3  # Between looks for new lines.
STYLES: Final = {"WARNING": "warn", "ERROR": "bad", "CRITICAL": "bad", "DEBUG": "dim"}


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


PRIORITIES: Final = {Level.ERROR: "err"}  # journalctl knows no "error". Source: journalctl(1), -p.


class Source(StrEnum):
    AUTO = "auto"
    JOURNAL = "journal"
    FILE = "file"


def logs_command(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come; Ctrl+C ends.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines from before.")] = 50,
    level: Annotated[Level, typer.Option(help="This level and worse.")] = Level.INFO,
    source: Annotated[Source, typer.Option(help="systemd's journal, or the agent's own file.")] = Source.AUTO,
) -> None:
    """Show the agent's log: the last lines, and with -f those that come."""
    from pos_agent.clock import SystemClock
    from pos_agent.speech import words_for

    words = words_for(lang)
    if source is Source.JOURNAL or (source is Source.AUTO and _is_service()):
        raise typer.Exit(_journal(lines, level, words("logs.no_journal"), follow=follow, as_json=as_json))
    folder = configured(config).till.data
    out = terminal()
    try:
        for text in _lines(folder, lines, level, SystemClock(), follow=follow):
            _show(out, text, as_json=as_json)
    except BrokenPipeError:  # Whoever reads has enough, as `head` has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Closing the stream must not fail again.
        raise typer.Exit(0) from None
    except PermissionError as error:
        fail(words("config.unreadable", path=error.filename or folder, reason=error.strerror))
    except OSError as error:
        fail(words("logs.none", path=error.filename or folder))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _is_service() -> bool:
    """Whether systemd runs here and has our service: then its journal holds what went to standard error as well."""
    from pos_agent.doctor.edge import UNIT, Edge

    if not Path("/run/systemd/system").is_dir():
        return False
    return (Edge().run(["systemctl", "show", UNIT, "--property", "LoadState"]) or "").strip() == "LoadState=loaded"


def _journal(lines: int, level: Level, no_journal: str, *, follow: bool, as_json: bool) -> int:
    from pos_agent.doctor.edge import UNIT

    command = ["journalctl", "--unit", UNIT, "--lines", str(lines), "--priority", PRIORITIES.get(level, level),
               "--no-pager", "--output", "json" if as_json else "short-iso"]  # fmt: skip
    try:
        code = subprocess.call([*command, "--follow"] if follow else command)  # noqa: S603 - our own words, no shell
    except KeyboardInterrupt:
        return 0
    except OSError:
        fail(no_journal)
    return FAILED if code else 0


def _lines(folder: Path, count: int, level: Level, clock: Clock, *, follow: bool) -> Iterator[str]:
    """Lines of this level and worse; `count` of them from before, as journalctl counts them."""
    from pos_agent.log_file import NAME, newest, read_line

    def wanted(text: str) -> bool:
        return read_line(text).is_at_least(level.upper())

    path = folder / NAME
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(0, 2)
        yield from newest(folder, count, wanted)
        if follow:
            yield from filter(wanted, _coming(file, path, clock))


def _coming(file: IO[str], path: Path, clock: Clock) -> Iterator[str]:
    """Lines as they are written, over the change to a new file."""
    rest = ""
    while True:
        moved = path.exists() and path.stat().st_ino != os.fstat(file.fileno()).st_ino
        text = rest + file.read()  # After the look: what came before the change is in this file, all of it.
        whole, cut, rest = text.rpartition("\n")
        yield from whole.split("\n") if cut else ()
        if moved:
            with path.open(encoding="utf-8", errors="replace") as new:
                yield from _coming(new, path, clock)
        clock.sleep(LOOK_S)


def _show(out: Terminal, text: str, *, as_json: bool) -> None:
    from pos_agent.log_file import read_line

    line = read_line(text)
    if as_json:
        out.exact(text.rstrip("\n"))
        return
    out.exact(f"{_time(line)}{line.level.ljust(8)}{line.logger}  {line.text}".strip(), STYLES.get(line.level, ""))
    for row in line.exception.splitlines():
        out.exact(f"    {row}", "dim")


def _time(line: LogLine) -> str:
    """In the machine's zone, to the second."""
    if not line.at:
        return ""
    try:
        moment = datetime.fromisoformat(line.at).astimezone()
    except ValueError:
        moment = datetime.fromtimestamp(0, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S} "
