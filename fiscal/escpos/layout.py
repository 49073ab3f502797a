"""A receipt as lines of paper. Pure: the same receipt and document always give the same lines.

The sixteen fields are those of order MF RK 626 of 24.10.2025, p. 56; each is marked below with its number. A receipt
QR is printed exactly as the register gave it and never built here.

Whether the means of identification must stand on paper as text, as a 2D symbol or only be transmitted is not settled
in the copies of the order we know; the whole code as text is the safe reading and the default, the others are for a
shop that knows better (`MarkForm`). In the text GS (U+001D) between the elements has no shape and is left out; any
other character that no code holds is shown as its number in angle brackets, among them a space, which nobody could see
at the end of a line. Text of a code is broken where the paper ends and nowhere else, with nothing between its lines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum

from fiscal.money import line_amount_tiyn, totals
from fiscal.register import FiscalDocument, Line, Mark, PaymentKind, Receipt, ReturnBasis
from fiscal.units import UnitUnknown, okei

from . import datamatrix
from .compose import KAZAKHSTAN, Composer, moment, money, percent, quantity, xin_label
from .labels import Language, pick
from .lines import Align, Cut, DataMatrix, Drawer, Feed, Paper, PrintLine, Qr
from .text import TENGE


class MarkForm(StrEnum):
    """In which form a marking code stands on paper."""

    FULL = "full"  # The whole code with its check part, as text.
    KI = "ki"  # The registry key alone, as text.
    SYMBOL = "symbol"  # The whole code as Data Matrix, to be scanned again; as text where it fits no symbol.
    NONE = "none"  # Only sent with the receipt.


def layout_receipt(
    receipt: Receipt,
    document: FiscalDocument,
    paper: Paper,
    language: Language = Language.KK_RU,
    *,
    copy: bool = False,
    mark_form: MarkForm = MarkForm.FULL,
    tenge: str = TENGE,
    zone: dt.tzinfo = KAZAKHSTAN,
    drawer: bool = False,
) -> tuple[PrintLine, ...]:
    """Lay out a fiscal receipt.

    `copy` marks it ДУБЛИКАТ / КӨШІРМЕ at both ends and leaves the drawer shut. The autonomy mark follows
    `document.offline`. `drawer` opens the drawer before the first line. Times are shown in `zone`.
    """
    make = Composer(paper, language, tenge=tenge)
    lines: list[PrintLine] = [Drawer()] if drawer and not copy else []
    lines += _head(make, receipt, document, copy=copy)
    for number, line in enumerate(receipt.lines, 1):
        lines += _position(make, number, line, rates=len({one.vat_bp for one in receipt.lines}), form=mark_form)
    lines += [make.rule(), *_totals(make, receipt, document), make.rule()]
    if receipt.basis is not None:
        lines += [*_basis(make, receipt.basis, zone), make.rule()]
    lines += _fiscal(make, document, zone)
    if copy:
        lines += make.heading("copy", big=True)
    return (*lines, Cut())


def _head(make: Composer, receipt: Receipt, document: FiscalDocument, *, copy: bool) -> Iterator[PrintLine]:
    yield from make.text(document.taxpayer_name, align=Align.CENTER, bold=True)  # 1
    yield from make.pair(xin_label(document.taxpayer_xin), document.taxpayer_xin)  # 3
    yield from _address(make, document)  # 2
    yield make.rule()
    yield from make.heading("title")
    yield from make.heading(receipt.operation.value)
    if copy:
        yield from make.heading("copy", big=True)
    if document.offline:
        yield from make.heading("offline")
    yield make.rule()
    yield from make.pair("shift", str(document.shift))
    yield from make.pair("number", str(document.number))  # 6
    if cashier := document.cashier or receipt.cashier:
        yield from make.pair("cashier", cashier)
    if receipt.order_number:
        yield from make.pair("order_number", receipt.order_number)
    if receipt.customer_xin:
        yield from make.pair("customer", receipt.customer_xin)
    yield make.rule()


def _address(make: Composer, document: FiscalDocument) -> Iterator[PrintLine]:
    both = pick(document.address_kk, document.address, make.language)
    known = [address for address in both if address] or [document.address or document.address_kk]
    yield from make.text(f"{make.words('address')}: {known[0]}")
    for address in known[1:]:
        yield from make.text(address)


def _position(make: Composer, number: int, line: Line, *, rates: int, form: MarkForm) -> Iterator[PrintLine]:
    name = pick(line.name_kk or line.name, line.name, make.language)
    columns = make.paper.columns()
    joined = make.clean(f"{number}. {' / '.join(name)}")
    if len(joined) <= columns:
        yield from make.text(joined, bold=True)  # 7
    else:
        yield from make.text(f"{number}. {name[0]}", bold=True)
        for other in name[1:]:
            yield from make.text(other)
    count = f"{quantity(line.quantity_milli)} {_unit(make, line.unit_code)}"
    yield from make.text(f"{count} x {money(line.price_tiyn)}")  # 9, 10
    if line.discount_tiyn:
        yield from make.pair("discount", money(-line.discount_tiyn))
    if line.markup_tiyn:
        yield from make.pair("markup", money(line.markup_tiyn))
    yield from make.pair("sum", money(_amount(line)))
    if rates > 1:  # One rate for the whole receipt is said once, under the total.
        key = "line_without_vat" if line.vat_bp is None else "line_vat"
        yield from make.text(make.words(key, rate=percent(line.vat_bp or 0)))
    if line.ntin:
        yield from make.pair("ntin", line.ntin)  # 8
    if line.gtin:
        yield from make.pair("gtin", line.gtin)  # 8
    for mark in line.marks:
        yield from _mark(make, mark, form)  # 8


def _mark(make: Composer, mark: Mark, form: MarkForm) -> Iterator[PrintLine]:
    if form is MarkForm.NONE:
        return
    if form is MarkForm.SYMBOL and datamatrix.fits(mark.full):
        yield from make.caption("mark")
        yield DataMatrix(mark.full)
    else:
        yield from make.code("mark", _printable(mark.ki if form is MarkForm.KI else mark.full))


def _unit(make: Composer, code: int) -> str:
    try:
        unit = okei().unit(code)
    except UnitUnknown:
        return f"[{code}]"
    return "/".join(pick(unit.kk, unit.ru, make.language))


def _amount(line: Line) -> int:
    return line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)


def _printable(code: str) -> str:
    return "".join(c if "!" <= c <= "~" else f"<{ord(c):02X}>" for c in code if c != datamatrix.GS)


def _totals(make: Composer, receipt: Receipt, document: FiscalDocument) -> Iterator[PrintLine]:
    sums = totals((_amount(line), line.vat_bp) for line in receipt.lines)
    if difference := document.total_tiyn - sums.total_tiyn:  # The register may round by its own rule; paper adds up.
        yield from make.pair("rounding", money(difference))
    yield from make.pair("total", f"{money(document.total_tiyn)} {make.tenge}", bold=True, tall=True)  # 11
    for vat_bp, row in sums.by_rate.items():  # 15
        if vat_bp is None:
            yield from make.pair("without_vat", money(row.amount_tiyn))
        else:
            yield from make.pair("vat", money(row.tax_tiyn), rate=percent(vat_bp))
    for payment in receipt.payments:
        yield from make.pair(payment.kind.value, money(payment.sum_tiyn))
    change = sum(payment.sum_tiyn for payment in receipt.payments) - document.total_tiyn
    if change > 0 and any(payment.kind is PaymentKind.CASH for payment in receipt.payments):
        yield from make.pair("change", money(change))


def _basis(make: Composer, basis: ReturnBasis, zone: dt.tzinfo) -> Iterator[PrintLine]:
    yield from make.text(make.words("basis"), bold=True)
    yield from make.pair("fiscal_sign", basis.fiscal_sign)
    yield from make.pair("at", moment(basis.at, zone))
    yield from make.pair("basis_registration", basis.registration_number)
    yield from make.pair("basis_total", money(basis.total_tiyn))
    yield from make.pair("basis_offline", make.words("yes" if basis.offline else "no"))


def _fiscal(make: Composer, document: FiscalDocument, zone: dt.tzinfo) -> Iterator[PrintLine]:
    yield from make.pair("fiscal_sign", document.fiscal_sign, bold=True)  # 14
    yield from make.pair("at", moment(document.at, zone))  # 13
    yield from make.pair("identity", document.identity)  # 4
    yield from make.pair("registration_number", document.registration_number)  # 5
    if document.ofd_name:
        yield from make.pair("ofd", document.ofd_name)  # 12
    if document.ofd_host:
        yield from make.pair("check_at", document.ofd_host)  # 12
    if document.qr:
        yield Feed()
        yield Qr(document.qr)  # 16
        yield Feed()  # Its quiet zone: a cut right at the symbol keeps scanners from reading it.
