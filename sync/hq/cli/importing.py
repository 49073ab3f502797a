"""`pos-hq import`: what other witnesses say, brought in by hand. Each import goes on where it broke off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync.hq.cli.options import WARNED, ConfigOption, JsonOption, configured, fail, opened

if TYPE_CHECKING:
    from sync.hq.imports import Imported, Mapping, Progress

SHOWN = 20  # Remarks, and rows of a preview.
app = typer.Typer(help="Receipts of operators and vendors, statuses of the registry.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
MappingsOption = Annotated[Path | None, typer.Option(help="TOML of mappings; default: imports.mappings.")]


@app.command("file")
def file_command(
    path: FileArgument,
    mapping: Annotated[str, typer.Option("--mapping", "-m", help="Its name; default: the first that fits.")] = "",
    mappings: MappingsOption = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show how it would be read; change nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Once more: take what was refused before.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """An operator's export, CSV or XLSX."""
    from sync.hq.imports import import_file
    from sync.hq.imports.files import registers
    from sync.hq.imports.preview import preview as looked

    settings = configured(config)
    known = _mappings(mappings or settings.imports.mappings)
    chosen = _chosen(known, mapping)
    if preview:
        with opened(settings) as held:
            seen = looked(path, chosen, known=known, registers=registers(held.engine))
        _show_preview(seen, as_json=as_json)
        return
    with opened(settings) as held:
        if chosen is None:
            seen = looked(path, None, known=known)
            if seen.mapping is None or seen.guessed:
                fail(f"{path.name}: no mapping fits; see `pos-hq import file --preview` for one to begin with")
            chosen = seen.mapping
        with _bar(path.name, quiet=as_json) as progress:
            done = import_file(
                path, chosen, engine=held.engine, lake=held.lake, now=time.time_ns, again=again, progress=progress
            )
        _tell([done], held.engine, as_json=as_json)


@app.command("webkassa")
def webkassa_command(
    cashbox: Annotated[list[str] | None, typer.Option(help="Of these alone; default: all configured.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the register's vendor keeps, shift by shift."""
    from sync.hq.imports.webkassa_link import VendorTrouble
    from sync.hq.outside import vendor

    settings = configured(config)
    with opened(settings) as held:
        try:
            with _bar("webkassa", quiet=as_json) as progress:
                done = list(vendor(held.engine, held.lake, settings, cashbox or (), progress))
        except VendorTrouble as error:
            fail(f"webkassa: {error}")
        _tell(done, held.engine, as_json=as_json)


@app.command("ismpt")
def ismpt_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Ask the registry about what was sold lately and what is in open cases."""
    from sync.hq.outside import check

    settings = configured(config)
    with opened(settings) as held:
        with _bar("registry", quiet=as_json) as progress:
            done = check(held.engine, held.lake, settings, progress)
        _tell([done], held.engine, as_json=as_json)


@app.command("export")
def export_command(path: FileArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """An export of IS MPT that a person fetched from the cabinet: ZIP or JSON."""
    from sync.hq.imports import import_export_file

    settings = configured(config)
    with opened(settings) as held:
        with _bar(path.name, quiet=as_json) as progress:
            done = import_export_file(path, engine=held.engine, lake=held.lake, now=time.time_ns, progress=progress)
        _tell([done], held.engine, as_json=as_json)


def _mappings(path: Path | None) -> dict[str, Mapping]:
    from sync.hq.imports import MappingError, load_mappings

    if path is None:
        return {}
    try:
        return load_mappings(path.read_text(encoding="utf-8"))
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except (MappingError, UnicodeDecodeError) as error:
        fail(f"{path}: {error}")


def _chosen(known: dict[str, Mapping], name: str) -> Mapping | None:
    if not name:
        return None
    if name not in known:
        fail(f"no mapping is called {name}; there are {', '.join(known) or 'none: name a file with --mappings'}")
    return known[name]


@contextmanager
def _bar(title: str, *, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    from sync.hq.cli.bars import bar

    with bar(title, quiet=quiet) as told:
        yield lambda at: told(round(at.share * 1000), 1000)


def _tell(done: list[Imported], engine: Any, *, as_json: bool) -> None:
    """Exit 1 when rows were refused, 2 when an import stopped."""
    from sync.hq.imports import Ledger, State

    ledger = Ledger(engine, time.time_ns)
    shown = []
    for one in done:
        reasons = ledger.reasons(one.id) if one.refused else {}
        facts = {
            "name": one.name, "state": str(one.state), "known": one.known, "rows": one.rows_read, "taken": one.taken,
            "repeated": one.repeated, "refused": one.refused, "reasons": reasons, "trouble": one.trouble,
        }  # fmt: skip
        shown.append(facts)
        if as_json:
            continue
        known = " (known already)" if one.known else ""
        counts = f"{one.rows_read} rows, {one.taken} taken, {one.repeated} repeated, {one.refused} refused"
        typer.echo(f"{one.name}: {one.state}{known}: {counts} {one.trouble}".rstrip())
        for remark in ledger.remarks(one.id, SHOWN) if one.refused else ():
            typer.echo(f"  row {remark.row}: {remark.column} {remark.reason}: {remark.detail}")
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
    if any(one.state is State.STOPPED for one in done):
        raise typer.Exit(2)
    raise typer.Exit(WARNED if any(one.refused for one in done) else 0)


def _show_preview(seen: Any, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "form": dict(seen.form), "header_row": seen.header_row, "header": seen.header, "guessed": seen.guessed,
            "columns": dict(seen.columns), "unused": seen.unused, "receipts": len(seen.documents),
            "remarks": [[one.row, one.column, one.reason, one.detail] for one in seen.remarks],
            "trouble": seen.trouble, "mapping": seen.toml,
        }  # fmt: skip
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        typer.echo(f"{seen.path.name}: {', '.join(f'{name} {value}' for name, value in seen.form.items())}")
        for meaning, header in seen.columns.items():
            typer.echo(f"  {meaning:<10} {header}")
        if seen.unused:
            typer.echo(f"  unused     {', '.join(seen.unused)}")
        for one in seen.documents[:SHOWN]:
            receipt = one.receipt
            typer.echo(
                f"  {receipt.day} {receipt.operation:<6} {receipt.register} {receipt.shift}-{receipt.number} "
                f"{receipt.sign} {receipt.total_tiyn / 100:.2f} {receipt.marks} marks"
            )
        for one in seen.remarks[:SHOWN]:
            typer.echo(f"  row {one.row}: {one.column} {one.reason}: {one.detail}")
        if seen.guessed:
            typer.echo(f"\nA mapping to begin with:\n\n{seen.toml}")
        if seen.trouble:
            typer.echo(seen.trouble, err=True)
    raise typer.Exit(2 if seen.trouble else WARNED if seen.remarks or seen.guessed else 0)
