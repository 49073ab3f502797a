"""`pos-hq export`: lists of headquarters as XLSX, CSV or JSON, sales as EPCIS 2.0."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync.hq.cli.options import ConfigOption, configured, fail, opened

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from sync.hq.headquarters import Held
    from sync.lists.table import Column, Table

CHUNK = 1_000
DayOption = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"])]


class List(StrEnum):
    EXCEPTIONS = "exceptions"
    COUNTS = "counts"
    TILLS = "tills"
    RUNS = "runs"
    IMPORTS = "imports"
    DOCUMENTS = "documents"
    EPCIS = "epcis"


def export_command(
    what: Annotated[List, typer.Argument(help="Which list.")],
    into: Annotated[Path, typer.Argument(dir_okay=False, help=".xlsx, .csv or .json; epcis is always JSON.")],
    first: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    last: Annotated[dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    state: Annotated[str, typer.Option(help="Of cases: open, healed or resolved; default: all.")] = "",
    config: ConfigOption = None,
) -> None:
    """Write a list into a file, whole or not at all."""
    settings = configured(config)
    form = into.suffix.lower().removeprefix(".")
    if form not in ("json",) if what is List.EPCIS else form not in ("xlsx", "csv", "json"):
        fail(f"{into.name}: the name ends with .json" if what is List.EPCIS else f"{into.name}: .xlsx, .csv or .json")
    days = (first.date() if first else dt.date.min, last.date() if last else dt.date.max)
    partial = into.with_name(f".{into.name}.part")
    with opened(settings) as held:
        try:
            if what is List.EPCIS:
                _written(partial, _epcis(held, days, settings.exports.epcis_base))
            else:
                _write_table(_table(held.engine, what, days, state), form, partial)
            partial.replace(into)
        finally:
            partial.unlink(missing_ok=True)
    typer.echo(str(into))


def _write_table(table: Table, form: str, path: Path) -> None:
    from sync.hq.exports.xlsx import write_xlsx
    from sync.lists.plain import csv_pieces, json_pieces

    if form == "xlsx":
        write_xlsx(table, path)
    else:
        _written(path, csv_pieces(table) if form == "csv" else json_pieces(table))


def _written(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)


def _table(engine: Engine, what: List, days: tuple[dt.date, dt.date], state: str) -> Table:
    """All columns of the list, under their own names."""
    from sqlalchemy import select

    from sync.hq.actions.schema import document
    from sync.hq.imports.ledger import imports
    from sync.hq.tables import count, exception, place, run
    from sync.lists.table import Column, Table

    source: Mapping[List, Any] = {
        List.EXCEPTIONS: exception,
        List.COUNTS: count,
        List.TILLS: place,
        List.RUNS: run,
        List.IMPORTS: imports,
        List.DOCUMENTS: document,
    }
    table = source[what]
    query = select(table).order_by(*table.primary_key.columns)
    if "day" in table.c:
        query = query.where(table.c.day.between(*days))
    if state and what is List.EXCEPTIONS:
        query = query.where(table.c.state == state)
    columns = [Column(column.name, column.name, _kind(column)) for column in table.c]
    return Table(str(what), columns, _rows(engine, query, columns))


def _rows(engine: Engine, query: Any, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    with engine.connect().execution_options(yield_per=CHUNK) as db:
        for row in db.execute(query).mappings():
            yield [_plain(row[column.name]) for column in columns]


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _kind(column: Any) -> Any:
    """By type and by the endings that all our columns keep to."""
    from sqlalchemy import BigInteger, Boolean, Date, Integer

    from sync.lists.table import ColumnKind

    if column.name.endswith("_tiyn"):
        return ColumnKind.MONEY
    if column.name.endswith("_ns"):
        return ColumnKind.MOMENT_NS
    if column.name in ("at", "status_at", "due_at"):
        return ColumnKind.MOMENT_US
    kinds: Sequence[tuple[type, Any]] = (
        (Date, ColumnKind.DAY),
        (Boolean, ColumnKind.FLAG),
        (BigInteger, ColumnKind.COUNT),
        (Integer, ColumnKind.COUNT),
    )
    return next((kind for of, kind in kinds if isinstance(column.type, of)), ColumnKind.TEXT)


def _epcis(held: Held, days: tuple[dt.date, dt.date], base: str) -> Iterator[bytes]:
    """Sales and returns of the journals, day by day; lines of one receipt together."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from sqlalchemy import select

    from sync.hq.exports.epcis import Names, document_pieces
    from sync.hq.lake.layout import AGENT, DAY, to_rows
    from sync.hq.tables import place
    from sync.hq.witness import Line

    with held.engine.connect() as db:
        shops: dict[str, str] = {row.till: row.shop for row in db.execute(select(place.c.till, place.c.shop))}
    shop_of: Callable[[str], str] = lambda till: shops.get(till, "")  # noqa: E731 -- a port of one line.

    def lines() -> Iterator[Any]:
        for day in held.lake.days(AGENT):
            if not days[0] <= day <= days[1]:
                continue
            parts = [pq.read_table(path, partitioning=None) for path in held.lake.files(AGENT, [day])]
            whole = pa.concat_tables(parts).sort_by([("register", "ascending"), ("sign", "ascending"),
                                                     ("operation", "ascending"), ("line", "ascending")])  # fmt: skip
            dated = whole.append_column(DAY, pa.array([day] * whole.num_rows, pa.date32()))
            yield from to_rows(Line, dated)

    return document_pieces(lines(), Names(base, shop_of=shop_of), time.time_ns() // 1000)
