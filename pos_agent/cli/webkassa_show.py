"""Rows of a Webkassa cashbox on a terminal, in a file, or as JSON; progress while a long list is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Table

from fiscal.failures import Failure
from fiscal.register import RegisterUnavailable
from fiscal.webkassa.rows import BadRow, Page, Place
from pos_agent.cli.cells import Column, aligned, plain, shown, spreadsheet, table
from pos_agent.cli.failing import fail
from pos_agent.cli.webkassa_columns import Facts
from pos_agent.cli.webkassa_door import FAILED, complain, next_step, told
from pos_agent.clock import SystemClock


class Placed(Protocol):
    @property
    def place(self) -> Place: ...


T = TypeVar("T")
P = TypeVar("P", bound=Placed)
WARNING = 1  # Exit code: something was read, and something is wrong with it.


@dataclass(frozen=True, slots=True)
class Output:
    as_json: bool = False
    csv: Path | None = None  # "-" is standard output.


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What was read of a list, and why no more."""

    rows: tuple[T, ...]
    bad: tuple[BadRow, ...]
    total: int | None
    next_skip: int
    ended: bool
    broken: Failure | None = None

    @classmethod
    def of(cls, page: Page[T]) -> Listing[T]:
        return cls(page.rows, page.bad, page.total, page.next_skip, page.ended)

    def with_more(self, page: Page[T]) -> Listing[T]:
        rows, bad = (*self.rows, *page.rows), (*self.bad, *page.bad)
        return Listing(rows, bad, page.total, page.next_skip, page.ended)

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.bad)


def _until(listing: Listing[P], end: int) -> Listing[P]:
    """The rows before number `end` of the list."""
    rows = tuple(row for row in listing.rows if row.place.index < end)
    bad = tuple(row for row in listing.bad if row.place.index < end)
    return Listing(rows, bad, listing.total, end, False)


def read(pages: Iterator[Page[P]], what: str, skip: int, limit: int | None, pause_s: float) -> Listing[P]:
    """Read pages until the end, the limit or a failure. RegisterUnavailable when the first page fails."""
    whole = Listing.of(next(pages))
    end = None if limit is None else skip + limit
    with _progress(what) as advance:
        while True:
            advance(whole.count, whole.total)
            if end is not None and whole.next_skip > end:
                return _until(whole, end)
            if whole.ended or whole.next_skip == end:
                return whole
            SystemClock().sleep(pause_s)
            try:
                whole = whole.with_more(next(pages))
            except RegisterUnavailable as trouble:
                return replace(whole, broken=trouble.failure)


def show_listing(name: str, listing: Listing[T], columns: Sequence[Column[T]], output: Output, skip: int) -> None:
    """Print a list, complain about what is wrong with it, and exit with what that is worth."""
    if output.as_json:
        _json(_listing_data(name, listing))
    elif output.csv is not None:
        _write(output.csv, spreadsheet(columns, listing.rows), len(listing.rows))
    else:
        _print_table(table(columns, listing.rows))
    for bad in listing.bad:
        complain(f"cannot be read: {told(bad.failure)}")
    moved = listing.ended and skip == 0 and listing.total not in (None, listing.count)
    if moved:
        complain(f"{listing.count} of {listing.total} rows: the list changed while it was read; read it again")
    if listing.broken is not None:
        complain(told(listing.broken), next_step(listing.broken))
    if not listing.ended:
        of = f" of {listing.total}" if listing.total else ""
        complain(f"{listing.next_skip}{of} rows are behind; go on with --skip {listing.next_skip}")
    raise typer.Exit(FAILED if listing.broken else WARNING if listing.bad or moved else 0)


def show_facts(name: str, facts: Facts, data: Mapping[str, Any], output: Output) -> None:
    """One thing with its facts: label and value, empty ones left out."""
    if output.as_json:
        _json({"list": name, **data})
        return
    if output.csv is not None:
        return  # Its rows are what was asked for.
    lines = [[label, text] for label, cell in facts if (text := shown(cell))]
    _emit("\n".join(aligned(lines)) + "\n")


def show_rows(rows: Iterable[T], columns: Sequence[Column[T]], output: Output) -> None:
    """A table under facts, or the spreadsheet of both."""
    listed = list(rows)
    if output.csv is not None:
        _write(output.csv, spreadsheet(columns, listed), len(listed))
    elif not output.as_json:
        _print_table(table(columns, listed))


def _listing_data(name: str, listing: Listing[Any]) -> dict[str, Any]:
    return {
        "list": name,
        "rows": [plain(row) for row in listing.rows],
        "bad": [plain(bad) for bad in listing.bad],
        "total": listing.total,
        "next_skip": listing.next_skip,
        "ended": listing.ended,
        "problem": None if listing.broken is None else told(listing.broken),
    }


def _print_table(lines: Sequence[Sequence[str]]) -> None:
    head, *rows = lines
    if not sys.stdout.isatty():
        _emit("\n".join(aligned(lines)) + "\n")
        return
    drawn = Table(*(name.replace("_", " ") for name in head), header_style="bold", box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*row)
    Console(highlight=False, markup=False).print(drawn)


def _json(data: object) -> None:
    _emit(json.dumps(data, ensure_ascii=False) + "\n")


def _emit(text: str) -> None:
    """Bytes: the encoding of a redirected Windows console has no Kazakh letters."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _write(path: Path, data: bytes, rows: int) -> None:
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        fail(f"{path}: {error.strerror}; name another file with --csv")
    typer.echo(f"{rows} rows written to {path}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Rows so far on standard error, only when a person looks at it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _total: None
        return
    with Progress(TextColumn("{task.description}"), console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(
            task, description=f"{what}: {done}" + (f" of {total}" if total else "")
        )
