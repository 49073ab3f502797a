"""`pos-agent ofd`: the fiscal memory of a register in software, while the agent is stopped.

What waits for the operator, what it refused, and a person's decision on it. Exit codes: 0 read or done, 1 something
waits for a person, 2 it could not be read or done.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from fiscal.ofd import open_maintenance
from fiscal.ofd.maintenance import Maintenance, NotDecidable
from fiscal.ofd.state import Doc, Kkm, Stage
from fiscal.ofd.store import StoreBroken
from fiscal.options import RegisterUrlError
from pos_agent.cli.cells import Column, Moment, Money, aligned, plain, spreadsheet, table
from pos_agent.cli.failing import fail
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.clock import iso_utc

WAITING, FAILED = 1, 2

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.

AsJson = Annotated[bool, typer.Option("--json", help="JSON with every field.")]
Number = Annotated[int, typer.Argument(help="Number of the document, from `ofd status` or `ofd documents`.")]
By = Annotated[str, typer.Option("--by", help="Who decides.")]
Why = Annotated[str, typer.Option("--why", help="What the decision stands on.")]

COLUMNS: Sequence[Column[Doc]] = (
    Column("number", lambda doc: doc.number),
    Column("stage", lambda doc: str(doc.stage)),
    Column("kind", lambda doc: doc.kind),
    Column("total", lambda doc: Money(doc.total_tiyn)),
    Column("at", lambda doc: Moment(iso_utc(doc.at_ns))),
    Column("shift", lambda doc: doc.shift),
    Column("place", lambda doc: doc.place),
    Column("autonomous", lambda doc: doc.offline_number),
    Column("fiscal_sign", lambda doc: doc.sign),
    Column("note", lambda doc: doc.note),
    Column("key", lambda doc: doc.key),
    Column("reqnum", lambda doc: doc.reqnum, on_screen=False),
    Column("qr", lambda doc: doc.qr, on_screen=False),
)


@app.command()
def status(config: ConfigOption = None, as_json: AsJson = False) -> None:
    """The register, and the documents that wait for the operator or for a person."""
    with _memory(config) as memory:
        kkm, waiting = memory.state()
    for_person = [doc for doc in waiting if doc.held or doc.stage is Stage.DOUBT]
    if as_json:
        typer.echo(json.dumps({"register": _told(kkm), "waiting": [_doc(doc) for doc in waiting]}, ensure_ascii=False))
    else:
        for name, value in _told(kkm).items():
            typer.echo(f"{name:<15} {'' if value is None else value}".rstrip())
        _rows(waiting)
        for doc in for_person:
            typer.echo(_advice(doc), err=True)
    raise typer.Exit(WAITING if for_person or kkm.blocked else 0)


@app.command()
def documents(
    config: ConfigOption = None,
    after: Annotated[int, typer.Option(min=0, help="Only those behind this number.")] = 0,
    as_json: AsJson = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Write a spreadsheet (UTF-8 with BOM, ;) to this file; - is standard output."),
    ] = None,
) -> None:
    """Every document the memory holds, oldest first."""
    with _memory(config) as memory:
        found = memory.documents(after)
    if as_json:
        typer.echo(json.dumps([_doc(doc) for doc in found], ensure_ascii=False))
    elif csv is not None:
        _write(csv, spreadsheet(COLUMNS, found))
    else:
        _rows(found)


@app.command(name="set-aside")
def set_aside(number: Number, by: By, why: Why, config: ConfigOption = None) -> None:
    """Take a queued document out: the operator will not have it. It stays in the register's own counters."""
    with _memory(config) as memory:
        _done(memory.set_aside(number, by, why))


@app.command()
def again(number: Number, by: By, why: Why, config: ConfigOption = None) -> None:
    """Send a queued document as a new request. Only when the operator's cabinet does not show it: it could be twice."""
    with _memory(config) as memory:
        _done(memory.again(number, by, why))


@app.command()
def decide(
    number: Number,
    made: Annotated[bool, typer.Option("--made/--not-made", help="Does the operator's cabinet show it?")],
    by: By,
    why: Why,
    config: ConfigOption = None,
    sign: Annotated[str, typer.Option("--sign", help="Fiscal sign in the cabinet.")] = "",
) -> None:
    """End a doubt about a document the operator answered for with numbers that do not fit."""
    with _memory(config) as memory:
        _done(memory.decide(number, by, why, made=made, sign=sign))


@contextmanager
def _memory(config: Path | None) -> Iterator[Maintenance]:
    """The memory of the configured register. Every failure becomes words and exit 2."""
    url = configured(config).register_.url
    if not url:
        fail("register.url is empty: name the till's configuration with --config")
    try:
        with closing(open_maintenance(urlsplit(url))) as memory:
            yield memory
    except RegisterUrlError as error:
        held = ("Is the agent stopped? It holds the memory while it runs.",) if error.place == "option store" else ()
        fail(f"register.url: {error}", *held)
    except StoreBroken as error:
        fail(str(error), "Look at the disk; keep the file, it is the register's fiscal memory.")
    except NotDecidable as error:
        fail(str(error), "`pos-agent ofd status` shows what waits, and for what.")


def _told(kkm: Kkm) -> dict[str, object]:
    """What is no secret of it: never the token."""
    return {
        "shift": kkm.shift,
        "shift_open": kkm.opened_ns is not None,
        "shift_opened_at": None if kkm.opened_ns is None else iso_utc(kkm.opened_ns),
        "documents": kkm.documents,
        "cash_tiyn": kkm.cash_tiyn,
        "offline_since": None if kkm.offline_since_ns is None else iso_utc(kkm.offline_since_ns),
        "blocked": kkm.blocked or None,
        "last_request": kkm.reqnum,
    }


def _doc(doc: Doc) -> dict[str, object]:
    """Every field of a document but the token it went with."""
    return {name: value for name, value in plain(doc).items() if name != "token"}


def _advice(doc: Doc) -> str:
    ways = "decide --made|--not-made" if doc.stage is Stage.DOUBT else "set-aside or again"
    return f"document {doc.number}: {doc.note}. Look for it in the operator's cabinet, then: pos-agent ofd {ways}"


def _rows(found: Sequence[Doc]) -> None:
    if found:
        typer.echo("\n".join(aligned(table(COLUMNS, found))))


def _done(doc: Doc) -> None:
    typer.echo(f"document {doc.number}: {doc.stage}; the agent may start")


def _write(path: Path, data: bytes) -> None:
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"{path}: {error.strerror}", "Name another file with --csv.")
