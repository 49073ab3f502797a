"""`pos-hq reconcile`: compare the three witnesses over a range of days, now."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from enum import StrEnum
from typing import Annotated

import typer

from sync.hq.cli.options import ConfigOption, JsonOption, configured, fail, opened


class EngineName(StrEnum):
    DUCKDB = "duckdb"
    POLARS = "polars"
    SPARK = "spark"


def reconcile_command(
    first: Annotated[dt.datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    last: Annotated[dt.datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    engine: Annotated[
        EngineName | None, typer.Option(help="duckdb; polars: a faster first pass; spark: with the extra `spark`.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="First land every journal row again; after the database was restored.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Land what has arrived, compare, keep the cases. Exit 1 when cases are open."""
    from sync.hq.cli.bars import bar
    from sync.hq.comparing import compare
    from sync.hq.lake.anew import begin
    from sync.hq.lake.lander import land

    settings = configured(config)
    with opened(settings) as held:
        began = time.monotonic()
        if anew:
            begin(held.lake)
        with bar("land", quiet=as_json) as told:
            land(held.engine, held.lake, time.time_ns(), told)
        days = _days(first, last, sorted({day for name in ("agent", "ofd") for day in held.lake.days(name)}))
        name = str(engine or settings.reconcile.engine)
        try:
            with bar("compare", quiet=as_json) as told:
                found = compare(
                    held.engine, held.lake, time.time_ns(), days=days, with_engine=name,
                    thresholds=settings.reconcile.thresholds, progress=lambda _stage, done, of: told(done, of),
                    clock=time.time_ns, export_age_us=settings.ismpt.export_age_us,
                )  # fmt: skip
        except (ImportError, ValueError) as error:
            fail(f"{name}: {error}")
        _tell(found.run, found.result, time.monotonic() - began, as_json=as_json)
    raise typer.Exit(1 if found.result.findings else 0)


def _days(first: dt.datetime | None, last: dt.datetime | None, known: list[dt.date]) -> tuple[dt.date, dt.date] | None:
    if first is None and last is None:
        return None
    begin = first.date() if first is not None else (known[0] if known else dt.date.min)
    end = last.date() if last is not None else (known[-1] if known else dt.date.max)
    if begin > end:
        fail(f"--from {begin} comes after --to {end}")
    return begin, end


def _tell(run: int, result: object, took_s: float, *, as_json: bool) -> None:
    from sync.hq.reconcile.run import Result

    assert isinstance(result, Result)  # noqa: S101 -- said to the type checker; the command starts without it.
    counts = Counter((str(one.kind), one.cause) for one in result.findings)
    if as_json:
        found: dict[str, dict[str, int]] = {}
        for (kind, cause), count in sorted(counts.items()):
            found.setdefault(kind, {})[cause] = count
        days = {"first": str(result.first), "last": str(result.last)}
        whole = {"run": run, "engine": result.engine, **days, "rows": dict(result.rows), "found": found}
        typer.echo(json.dumps({**whole, "took_s": round(took_s, 3)}, ensure_ascii=False))
        return
    for (kind, cause), count in sorted(counts.items()):
        typer.echo(f"{kind:<28} {cause:<22} {count:>8}")
    rows = ", ".join(f"{name} {count}" for name, count in result.rows.items())
    typer.echo(f"{result.first} to {result.last}: {len(result.findings)} cases; {rows}; {took_s:.1f} s")
