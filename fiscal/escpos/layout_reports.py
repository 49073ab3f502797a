"""Shift reports (X and Z) and slips of cash put in or taken out, as lines of paper. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from fiscal.register import CashDirection, CashDocument, CashMove, ShiftReport

from .compose import KAZAKHSTAN, Composer, moment, money, xin_label
from .labels import Language
from .lines import Align, Cut, Drawer, Paper, PrintLine
from .text import TENGE


@dataclass(frozen=True, slots=True)
class Till:
    """Who and what the slip is from; a report does not carry it itself. Empty fields are left out."""

    taxpayer_name: str = ""
    taxpayer_xin: str = ""
    address: str = ""
    identity: str = ""  # Factory number (KZN / ZNM).
    registration_number: str = ""  # KTN / RNM.
    cashier: str = ""


NO_TILL = Till()


def layout_shift_report(
    report: ShiftReport,
    paper: Paper,
    language: Language = Language.KK_RU,
    *,
    till: Till = NO_TILL,
    copy: bool = False,
    tenge: str = TENGE,
    zone: dt.tzinfo = KAZAKHSTAN,
) -> tuple[PrintLine, ...]:
    """Lay out an X-report, or a Z-report when `report.closed`."""
    make = Composer(paper, language, tenge=tenge)
    lines = [*_head(make, "z_report" if report.closed else "x_report", till, copy=copy, offline=report.offline)]
    lines += make.pair("shift", str(report.shift))
    if report.number is not None:
        lines += make.pair("report_number", str(report.number))
    if report.opened_at:
        lines += make.pair("opened_at", moment(report.opened_at, zone))
    lines += make.pair("at", moment(report.at, zone))
    lines += [make.rule(), *make.pair("documents", str(report.document_count))]
    for key, count, total in (
        ("sales", report.sales_count, report.sales_tiyn),
        ("returns", report.returns_count, report.returns_tiyn),
    ):
        lines += make.pair(key, money(total))
        lines += make.row((f"  {make.words('count')}",), str(count))
    lines += [*make.pair("put", money(report.put_tiyn)), *make.pair("taken", money(report.taken_tiyn))]
    lines += [make.rule(), *make.pair("drawer_cash", f"{money(report.cash_tiyn)} {tenge}", bold=True, tall=True)]
    return (*lines, Cut())


def layout_cash(
    move: CashMove,
    document: CashDocument,
    paper: Paper,
    language: Language = Language.KK_RU,
    *,
    till: Till = NO_TILL,
    copy: bool = False,
    tenge: str = TENGE,
    zone: dt.tzinfo = KAZAKHSTAN,
    drawer: bool = False,
) -> tuple[PrintLine, ...]:
    """Lay out the slip of one cash move. `drawer` opens the drawer first, unless this is a copy."""
    make = Composer(paper, language, tenge=tenge)
    lines: list[PrintLine] = [Drawer()] if drawer and not copy else []
    key = "cash_in" if move.direction is CashDirection.IN else "cash_out"
    lines += _head(make, key, till, copy=copy, offline=document.offline)
    lines += [*make.pair("shift", str(document.shift)), *make.pair("at", moment(document.at, zone)), make.rule()]
    lines += make.pair("amount", f"{money(move.sum_tiyn)} {tenge}", bold=True, tall=True)
    if document.balance_tiyn is not None:
        lines += make.pair("drawer_cash", money(document.balance_tiyn))
    return (*lines, Cut())


def _head(make: Composer, key: str, till: Till, *, copy: bool, offline: bool) -> Iterator[PrintLine]:
    if till.taxpayer_name:
        yield from make.text(till.taxpayer_name, align=Align.CENTER, bold=True)
    for label, value in (
        (xin_label(till.taxpayer_xin), till.taxpayer_xin),
        ("address", till.address),
        ("identity", till.identity),
        ("registration_number", till.registration_number),
        ("cashier", till.cashier),
    ):
        if value:
            yield from make.pair(label, value)
    yield make.rule()
    yield from make.heading(key)
    if copy:
        yield from make.heading("copy", big=True)
    if offline:
        yield from make.heading("offline")
    yield make.rule()
