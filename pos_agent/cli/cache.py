"""`pos-agent cache`: fill the till's catalogue and code statuses from files, look into them, write them out.

Exit codes: 0 done, 1 the file has mistakes (nothing was changed) or the thing asked for is not there, 2 it could not be
tried at all.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from marking.groups import standard
from marking.gs1 import gtin14
from marking.statuses import CodeStatus
from marking.verdict import Product
from pos_agent.cache import Cache, CacheError, Counts
from pos_agent.cache.importing import Kind, Report, import_file
from pos_agent.cache.lines import BadRow, UnreadableFile
from pos_agent.cache.rows import Context, instant_ns, instant_text
from pos_agent.cli.failing import fail
from pos_agent.cli.options import CONFIG_VARIABLE, configured

LISTED_MAX = 100  # Mistakes shown on the terminal; all of them go to --errors.
_ENCODINGS = ("utf-8", "cp1251")

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.


def _configured_cache() -> Path:
    """The cache of the configured till."""
    named = os.environ.get(CONFIG_VARIABLE)
    return configured(Path(named) if named else None).cache_path


Database = Annotated[
    Path,
    typer.Option(
        envvar="POS_AGENT__CACHE_PATH",
        help="The cache file; default: the configured till's.",
        default_factory=_configured_cache,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV (, or ;) or JSON lines; columns: docs/cache-files.md.")],
    database: Database,
    kind: Annotated[Kind | None, typer.Option(help="Told from the columns when left out.")] = None,
    encoding: Annotated[str, typer.Option(help="utf-8 or cp1251.")] = "utf-8",
    at: Annotated[
        str, typer.Option(help="Time of the statuses, for a file without it: 2026-11-23T14:05:00+05:00")
    ] = "",
    errors: Annotated[Path | None, typer.Option(help="Write every mistake to this file as JSON lines.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import a file: all of it, or nothing when a single row has a mistake."""
    if encoding not in _ENCODINGS:
        fail(f"--encoding: one of {', '.join(_ENCODINGS)} wanted, got {encoding!r}")
    try:
        default_at_ns = instant_ns(at) if at else None
    except ValueError as error:
        fail(f"--at: {error}")
    context = Context(standard(), time.time_ns(), default_at_ns)
    with ExitStack() as stack:
        stack.enter_context(_explained())
        source = stack.enter_context(file.open("rb"))
        sink = stack.enter_context(errors.open("w", encoding="utf-8")) if errors else None
        mistakes = _Mistakes(file, sink)
        cache = stack.enter_context(Cache(database))
        with _bar(file) as advance:
            try:
                report = import_file(
                    cache, source, context, kind=kind, encoding=encoding, on_bad=mistakes.add, progress=advance
                )
            except UnreadableFile as error:
                report = Report(kind or Kind.CATALOGUE, bad=1)
                mistakes.add(error.bad)
    mistakes.show()
    _show_report(report, mistakes, as_json)
    raise typer.Exit(1 if report.bad else 0)


@app.command()
def stats(database: Database, as_json: AsJson = False) -> None:
    """How much the cache holds, and how old it is."""
    with _explained(), Cache(database, create=False) as cache:
        counts = cache.counts()
    if as_json:
        _print(json.dumps(_stats_values(counts)))
        return
    for name, value in _stats_values(counts).items():
        _print(f"{name:18} {'-' if value is None else value}")


@app.command()
def show(
    what: Annotated[str, typer.Argument(metavar="GTIN|КИ", help="A GTIN, an NTIN, or an identification code.")],
    database: Database,
    as_json: AsJson = False,
) -> None:
    """What the cache knows of a kind of goods or of one unit."""
    with _explained(), Cache(database, create=False) as cache:
        found = _find(cache, what)
    if found is None:
        _warn(f"{what}: neither a product nor a code of this cache")
        raise typer.Exit(1)
    if as_json:
        _print(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        _print(f"{name:14} {'-' if value in (None, '') else value}")


@app.command()
def export(
    database: Database,
    kind: Annotated[Kind, typer.Option(help="What to write.")] = Kind.CATALOGUE,
    output: Annotated[Path | None, typer.Option(help="File to write; standard output when left out.")] = None,
) -> None:
    """Write the cache as JSON lines that `cache import` reads back."""
    with ExitStack() as stack:
        stack.enter_context(_explained())
        cache = stack.enter_context(Cache(database, create=False))
        # Bytes, because a Windows console's own encoding may lack Kazakh letters.
        target = stack.enter_context(output.open("wb")) if output else typer.get_binary_stream("stdout")
        rows: Iterator[dict[str, Any]] = (
            (_product_values(product) for product, _ in cache.products())
            if kind is Kind.CATALOGUE
            else (_status_values(status) for status in cache.statuses())
        )
        for row in rows:
            filled = {name: value for name, value in row.items() if value not in (None, "", [])}
            target.write(json.dumps(filled, ensure_ascii=False).encode() + b"\n")


class _Mistakes:
    """Every mistake to the file, the first ones kept for the terminal."""

    def __init__(self, file: Path, sink: IO[str] | None) -> None:
        self._file = file
        self._sink = sink
        self.first: list[BadRow] = []
        self._more = 0

    def add(self, bad: BadRow) -> None:
        if self._sink is not None:
            self._sink.write(json.dumps(asdict(bad), ensure_ascii=False) + "\n")
        if len(self.first) < LISTED_MAX:
            self.first.append(bad)
        else:
            self._more += 1

    def show(self) -> None:
        for bad in self.first:
            column = f", {bad.column}" if bad.column else ""
            _warn(f"{self._file.name}: line {bad.line}{column}: {bad.reason}")
        if self._more:
            _warn(f"... and {self._more} more" + ("" if self._sink else "; --errors FILE writes all of them"))


def _show_report(report: Report, mistakes: _Mistakes, as_json: bool) -> None:
    if as_json:
        values = asdict(report) | {"imported": not report.bad, "first_bad": [asdict(bad) for bad in mistakes.first]}
        _print(json.dumps(values, ensure_ascii=False))
        return
    for word, number in report.unknown_words.items():
        _warn(f"status {word!r} is not known here; taken as UNKNOWN in {number} rows")
    if report.bad:
        _warn(f"{report.bad} mistakes in {report.rows} rows; nothing was changed")
        return
    notes = [f"{report.written} of {report.rows} rows written to the {report.kind}"]
    if report.repeated:
        notes.append(f"{report.repeated} said twice")
    if report.kept_newer:
        notes.append(f"{report.kept_newer} older than what the cache has")
    _print(", ".join(notes))


@contextmanager
def _bar(file: Path) -> Iterator[Any]:
    """A progress bar on standard error, only when a person looks at it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _bytes: None
        return
    columns = (TextColumn(file.name, markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda read: progress.update(task, completed=read)


def _find(cache: Cache, what: str) -> dict[str, Any] | None:
    try:
        product = cache.product(gtin14(what))
    except ValueError:
        product = None
    product = product or cache.product_by_ntin(what)
    if product is not None:
        learned = cache.imported_ns(product)
        return _product_values(product) | {"imported_at": None if learned is None else instant_text(learned)}
    status = cache.status(what)
    if status is None:
        return None
    return _status_values(status) | {"age_s": max(0, (time.time_ns() - status.at_ns) // 10**9)}


def _product_values(product: Product) -> dict[str, Any]:
    return {
        "gtin": product.gtin,
        "ntin": product.ntin,
        "name_ru": product.name_ru,
        "name_kk": product.name_kk,
        "unit": product.unit_code,
        "vat": product.vat_class,
        "group": product.group,
        "price": f"{product.price_tiyn // 100}.{product.price_tiyn % 100:02d}",
        "templates": list(product.templates),
    }


def _status_values(status: CodeStatus) -> dict[str, Any]:
    values = asdict(status)
    values["at"] = instant_text(values.pop("at_ns"))
    return values


def _stats_values(counts: Counts) -> dict[str, Any]:
    now_ns = time.time_ns()
    values = asdict(counts)
    for name in [name for name in values if name.endswith("_ns")]:
        moment = values.pop(name)
        values[name.removesuffix("_ns") + "_age_s"] = None if moment is None else max(0, (now_ns - moment) // 10**9)
    return values


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except CacheError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'output'}: {error.strerror}")


def _print(line: str) -> None:
    typer.echo(line)


def _warn(line: str) -> None:
    typer.echo(line, err=True)
