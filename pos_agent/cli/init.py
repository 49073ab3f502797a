"""`pos-agent init`: the first configuration of a till, from what is plugged in and a few answers.

Exit codes: 0 written, and nothing is missing; 1 written, but something has to be added; 2 nothing was written.
"""

from __future__ import annotations

import platform
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pos_agent.cli.failing import fail
from pos_agent.cli.options import ConfigOption
from pos_agent.cli.terminal import JsonOption, LangOption, say_json

if TYPE_CHECKING:
    from pos_agent.cli.init_talk import Talk
    from pos_agent.setup.draft import Draft
    from pos_agent.setup.finding import Found
    from pos_agent.speech import Words


def init_command(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    till: Annotated[str, typer.Option(help="Name of this till; default: of the machine.")] = "",
    data: Annotated[Path | None, typer.Option(help="Folder of the journal and the cache.")] = None,
    register: Annotated[str, typer.Option(help="Address of the cash register (docs/registers.md).")] = "",
    printer: Annotated[str | None, typer.Option(help='Address of the receipt printer; "": none.')] = None,
    hq: Annotated[str, typer.Option(help="Address of headquarters.")] = "",
    answers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings over what is found: a configuration, as far as known.")
    ] = None,
    ask: Annotated[bool | None, typer.Option("--ask/--no-ask", help="Ask for what is not found.")] = None,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Ask serial ports whether a register answers.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the configuration, and write nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace one that was filled in; a dated copy is kept.")
    ] = False,
    root: Annotated[Path, typer.Option(hidden=True, help="Another machine's /sys, /dev and /proc.")] = Path("/"),
) -> None:
    """Find scanners, register and printers, and write the commented configuration of this till."""
    from pos_agent.cli.init_talk import Talk
    from pos_agent.clock import SystemClock
    from pos_agent.config import default_path
    from pos_agent.setup.draft import drafted, merged
    from pos_agent.setup.files import is_begun
    from pos_agent.setup.finding import find
    from pos_agent.speech import words_for

    words = words_for(lang)
    path = config or default_path()
    try:
        if (
            path.exists()
            and not force
            and not dry_run
            and is_begun(path.read_text(encoding="utf-8-sig", errors="replace"))
        ):
            fail(words("init.exists", path=path))
    except OSError as error:
        fail(words("init.unwritable", path=path, reason=error.strerror or error))
    given = merged(_answers(answers, words), _flags(till, data, register, printer, hq))
    asks = not as_json and (sys.stdin.isatty() and not answers if ask is None else ask)
    talk = Talk(words, sys.stderr if dry_run or as_json else sys.stdout, asks=asks)
    talk.say(words("init.looking"))
    found = find(root, SystemClock(), probe=probe, asking=lambda port: talk.say(words("init.asking", port=port)))
    talk.found(found)
    host = platform.node()
    given = merged(talk.questions(found, given, host), given)
    draft = drafted(found, given, host, path.parent)
    text = _text(draft, words)
    if dry_run and as_json:
        missing = _missing(draft)
        say_json({"exit": 1 if missing else 0, "config": str(path), "written": False, "text": text, "missing": missing})
        raise typer.Exit(1 if missing else 0)
    if dry_run:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        raise typer.Exit(1 if _missing(draft) else 0)
    raise typer.Exit(_write(path, text, draft, found, talk, as_json=as_json))


def _answers(path: Path | None, words: Words) -> dict[str, Any]:
    """What the file says, of the shape of a configuration: all that follows relies on it."""
    from pos_agent.config import ConfigError, from_mapping

    if path is None:
        return {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        from_mapping(data, str(path), {})
    except OSError as error:
        fail(words("config.unreadable", path=path, reason=error.strerror or error))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        fail(f"{path}: {error}")
    except ConfigError as error:
        fail(words("init.refused"), str(error))
    return data


def _flags(till: str, data: Path | None, register: str, printer: str | None, hq: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if till or data is not None:
        given["till"] = {**({"name": till} if till else {}), **({"data": str(data)} if data else {})}
    for section, url in (("register", register), ("printer", printer), ("sync", hq)):
        if url or (section == "printer" and url is not None):
            given[section] = {"url": url}
    return given


def _text(draft: Draft, words: Words) -> str:
    """The file, which always passes `config check`. Ends the command where the answers do not allow that."""
    from pos_agent.config import ConfigError, from_mapping
    from pos_agent.config_check import check
    from pos_agent.setup.writing import written

    try:
        from_mapping(draft.settings, words("init.answers"), {})
    except ConfigError as error:
        fail(words("init.refused"), str(error))
    text = written(draft.settings, draft.notes)
    wrong = [mistake for mistake in check(text, {}).mistakes if mistake.serious]
    if wrong:
        fail(words("init.refused"), *(mistake.told(None) for mistake in wrong))
    return text


def _missing(draft: Draft) -> list[str]:
    """References of secrets that lead nowhere yet, and "register" where there is none."""
    register = draft.settings.get("register", {}).get("url", "")
    files = [reference for reference in draft.unfilled if not Path(reference.partition(":")[2]).exists()]
    return files if register else ["register", *files]


def _write(path: Path, text: str, draft: Draft, found: Found, talk: Talk, *, as_json: bool) -> int:
    from pos_agent.config import from_mapping
    from pos_agent.setup.draft import CLIENT
    from pos_agent.setup.files import Installing

    settings = from_mapping(draft.settings, "", {})
    installing = Installing(_stamp())
    try:
        installing.folder(settings.till.data)
        for reference in (client.token for client in settings.api.clients if client.name == CLIENT):
            if reference.startswith("file:"):
                installing.token(Path(reference.removeprefix("file:")))
        for reference, value in talk.secrets(draft.unfilled).items():
            installing.secret(Path(reference.removeprefix("file:")), value)
        kept = installing.config(path, text)
    except OSError as error:
        fail(talk.words("init.unwritable", path=error.filename or path, reason=error.strerror or error))
    missing = _missing(draft)
    grade = 1 if missing else 0
    if as_json:
        say_json({
            "exit": grade, "config": str(path), "kept": None if kept is None else str(kept), "made": installing.done,
            "missing": missing, "register": settings.register_.url or None, "printer": settings.printer.url or None,
            "scanners": [scanner.url for scanner in settings.scanners],
        })  # fmt: skip
    else:
        talk.written(path, kept, installing.done, missing, found, settings)
    return grade


def _stamp() -> str:
    from datetime import datetime

    return datetime.now().astimezone().strftime("%Y%m%dT%H%M%S")
