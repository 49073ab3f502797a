"""`pos-agent webkassa`: what the Webkassa service keeps of the configured cashbox. Nothing is changed there.

Exit codes: 0 read, 1 read with a warning (a row that cannot be read, a term that ends, units that differ) or not there,
2 it could not be read.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from fiscal.failures import Failure, FailureKind
from fiscal.units import okei
from fiscal.webkassa.driver import WebkassaRegister
from fiscal.webkassa.history import ReceiptRow
from fiscal.webkassa.info import ACTIVE, ClientInfo
from fiscal.webkassa.paging import HISTORY, NotThere
from fiscal.webkassa.settings import FAMILY
from fiscal.webkassa.units import compare
from pos_agent.cli.cells import plain
from pos_agent.cli.options import ConfigOption
from pos_agent.cli.webkassa_columns import (
    POSITIONS,
    RECEIPTS,
    SHIFTS,
    TAPE,
    UNITS,
    Z_REPORTS,
    cashbox_facts,
    findings,
    receipt_facts,
    z_facts,
)
from pos_agent.cli.webkassa_door import cashbox, complain
from pos_agent.cli.webkassa_show import WARNING, Listing, Output, read, show_facts, show_listing, show_rows
from pos_agent.clock import SystemClock

SHIFTS_BACK_MAX = 10  # Looked through for one receipt when no shift is named.
TERM_DAYS = 14  # A licence or an OFD contract that ends sooner is a warning.

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object with every field and the raw answers.")]
ToCsv = Annotated[
    Path | None,
    typer.Option("--csv", help="Write a spreadsheet (UTF-8 with BOM, ;) to this file; - is standard output."),
]
Login = Annotated[
    str | None, typer.Option("--login", help="Another user of the cabinet: the till's own loses its session by a read.")
]
Password = Annotated[
    str | None, typer.Option("--password", help="Where its password lies: env:NAME, file:PATH or credential:NAME.")
]
Skip = Annotated[int, typer.Option(min=0, help="Begin after so many rows: goes on where a read broke off.")]
Limit = Annotated[int | None, typer.Option(min=1, help="End after so many rows.")]
Pause = Annotated[float, typer.Option(min=0, help="Seconds between two pages, for the till that sells meanwhile.")]
ShiftOption = Annotated[int | None, typer.Option("--shift", min=1, help="Number of the shift; default: the newest.")]


@app.command()
def shifts(
    config: ConfigOption = None,
    skip: Skip = 0,
    limit: Limit = None,
    pause_s: Pause = 0.5,
    as_json: AsJson = False,
    csv: ToCsv = None,
    login: Login = None,
    password: Password = None,
) -> None:
    """The shifts of the cashbox, in the service's order."""
    with cashbox(config, login, password) as register:
        pages = register.reading.shifts(skip)
        listing = read(pages, "shifts", skip, limit, pause_s)
    show_listing("shifts", listing, SHIFTS, Output(as_json, csv), skip)


@app.command()
def receipts(
    config: ConfigOption = None,
    shift: ShiftOption = None,
    skip: Skip = 0,
    limit: Limit = None,
    pause_s: Pause = 0.5,
    as_json: AsJson = False,
    csv: ToCsv = None,
    login: Login = None,
    password: Password = None,
) -> None:
    """The receipts of one shift, with their marks."""
    with cashbox(config, login, password) as register:
        pages = register.reading.receipts(_shift(register, shift), skip)
        listing = read(pages, "receipts", skip, limit, pause_s)
    show_listing("receipts", listing, RECEIPTS, Output(as_json, csv), skip)


@app.command()
def receipt(
    what: Annotated[str, typer.Argument(metavar="SIGN|KEY", help="Fiscal sign of a receipt; with --key our key.")],
    config: ConfigOption = None,
    shift: ShiftOption = None,
    by_key: Annotated[bool, typer.Option("--key", help="SIGN|KEY is the key the till gave the sale.")] = False,
    as_json: AsJson = False,
    csv: ToCsv = None,
    login: Login = None,
    password: Password = None,
) -> None:
    """One receipt with its positions, marks and payments. --csv writes its positions."""
    with cashbox(config, login, password) as register:
        row = _by_key(register, what, shift) if by_key else _by_sign(register, what, shift)
    output = Output(as_json, csv)
    show_facts("receipt", receipt_facts(row), {"row": plain(row)}, output)
    show_rows(row.positions, POSITIONS, output)


@app.command()
def z(
    shift: Annotated[
        int | None, typer.Argument(min=1, help="The Z-report of this shift; without: all of them.")
    ] = None,
    config: ConfigOption = None,
    skip: Skip = 0,
    limit: Limit = None,
    pause_s: Pause = 0.5,
    as_json: AsJson = False,
    csv: ToCsv = None,
    login: Login = None,
    password: Password = None,
) -> None:
    """Z-reports of closed shifts."""
    output = Output(as_json, csv)
    with cashbox(config, login, password) as register:
        if shift is None:
            pages = register.reading.z_reports(skip)
            listing = read(pages, "Z-reports", skip, limit, pause_s)
        else:
            row = register.reading.z_report(shift)
            listing = Listing((row,), (), 1, 1, True)
    if shift is None or csv is not None:
        show_listing("z", listing, Z_REPORTS, output, skip)
    show_facts("z", z_facts(row), {"row": plain(row)}, output)


@app.command()
def tape(
    config: ConfigOption = None,
    shift: ShiftOption = None,
    as_json: AsJson = False,
    csv: ToCsv = None,
    login: Login = None,
    password: Password = None,
) -> None:
    """The control tape of one shift: every operation, cash moves too."""
    with cashbox(config, login, password) as register:
        page = register.reading.tape(_shift(register, shift))
    show_listing("tape", Listing.of(page), TAPE, Output(as_json, csv), 0)


@app.command()
def units(
    config: ConfigOption = None,
    as_json: AsJson = False,
    csv: ToCsv = None,
    login: Login = None,
    password: Password = None,
) -> None:
    """The vendor's unit directory beside ours: what differs. Exit 1 when something does that is not known."""
    with cashbox(config, login, password) as register:
        found = compare(register.reading.units().whole(), okei(), FAMILY)
    rows, output = findings(found), Output(as_json, csv)
    data = {"agrees": found.agrees, "same": list(found.same), "findings": [list(row) for row in rows]}
    show_facts("units", [("same units", len(found.same)), ("agree", found.agrees)], data, output)
    show_rows(rows, UNITS, output)
    raise typer.Exit(0 if found.agrees else WARNING)


@app.command()
def info(
    config: ConfigOption = None,
    as_json: AsJson = False,
    login: Login = None,
    password: Password = None,
) -> None:
    """Status, licence, OFD and state of the cashbox. Exit 1 when it is not active or a term ends soon."""
    with cashbox(config, login, password) as register:
        told, state = register.reading.info(), register.reading.state()
    show_facts("info", cashbox_facts(told, state), {"info": plain(told), "state": plain(state)}, Output(as_json))
    warnings = _warnings(told, dt.datetime.fromtimestamp(SystemClock().now_ns() // 10**9, dt.UTC))
    complain(*warnings)
    raise typer.Exit(WARNING if warnings else 0)


def _shift(register: WebkassaRegister, shift: int | None) -> int:
    """The shift asked for, or the newest."""
    newest = shift or register.reading.state().shift
    if not newest:
        raise NotThere(Failure(FailureKind.REFUSED, "no_shift", "the cashbox has had no shift yet"))
    return newest


def _by_sign(register: WebkassaRegister, sign: str, shift: int | None) -> ReceiptRow:
    newest = _shift(register, shift)
    oldest = newest if shift else max(1, newest - SHIFTS_BACK_MAX + 1)
    for number in range(newest, oldest - 1, -1):
        try:
            return register.reading.receipt(sign, number)
        except NotThere:
            continue
    text = f"no receipt {sign} in shifts {oldest} to {newest}"
    raise NotThere(Failure(FailureKind.REFUSED, "not_there", text, HISTORY.path))


def _by_key(register: WebkassaRegister, key: str, shift: int | None) -> ReceiptRow:
    found = register.find(key, shift)
    if found is None:
        raise NotThere(Failure(FailureKind.REFUSED, "not_there", f"no document has the key {key}", HISTORY.path))
    if not found.fiscal_sign or found.shift is None:
        text = f"{key} is no receipt but {found.kind} in shift {found.shift}: `pos-agent webkassa tape` shows it"
        raise NotThere(Failure(FailureKind.REFUSED, "not_there", text, HISTORY.path))
    return register.reading.receipt(found.fiscal_sign, found.shift)


def _warnings(told: ClientInfo, now: dt.datetime) -> list[str]:
    """What a person should see to."""
    warnings = [] if told.status in (None, ACTIVE) else [f"The cashbox is {told.status_words}: ask Webkassa's support."]
    for what, until in (("licence", told.licence_until), ("OFD contract", told.ofd_until)):
        days = (dt.datetime.fromisoformat(until) - now).days if until else TERM_DAYS + 1
        if days < 0:
            warnings.append(f"The {what} of the cashbox has ended: renew it.")
        elif days <= TERM_DAYS:
            warnings.append(f"The {what} of the cashbox ends in {days} days: renew it.")
    return warnings
