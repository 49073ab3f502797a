"""What of each kind of row stands in a table, in the order it is read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fiscal.escpos.compose import moment
from fiscal.webkassa.history import PositionRow, ReceiptRow
from fiscal.webkassa.info import CashboxState, ClientInfo
from fiscal.webkassa.listings import ShiftRow, TapeRow, ZRow
from fiscal.webkassa.looking import KINDS
from fiscal.webkassa.units import Comparison
from pos_agent.cli.cells import Cell, Column, Many, Moment, Money, Quantity, Rate

Facts = list[tuple[str, Cell]]


def _money(tiyn: int | None) -> Money | None:
    return None if tiyn is None else Money(tiyn)


def _kind(row: ReceiptRow) -> str:
    operation = row.seen.operation
    return "" if operation is None else KINDS.get(operation, str(operation))


SHIFTS: Sequence[Column[ShiftRow]] = (
    Column("shift", lambda row: row.number),
    Column("opened", lambda row: Moment(row.opened_at)),
    Column("closed", lambda row: Moment(row.closed_at)),
    Column("state", lambda row: "closed" if row.closed else "open"),
    Column("not_told", lambda row: row.missing),
)

RECEIPTS: Sequence[Column[ReceiptRow]] = (
    Column("number", lambda row: row.seen.number),
    Column("at", lambda row: Moment(row.seen.at)),
    Column("kind", _kind),
    Column("total", lambda row: _money(row.seen.total_tiyn)),
    Column("paid_by", lambda row: tuple(str(one.kind or one.name) for one in row.payments)),
    Column("positions", lambda row: len(row.positions)),
    Column("marks", lambda row: Many(row.marks)),
    Column("autonomous", lambda row: row.seen.offline),
    Column("fiscal_sign", lambda row: row.seen.fiscal_sign),
    Column("key", lambda row: row.seen.key),
    Column("not_told", lambda row: row.missing),
    Column("shift", lambda row: row.seen.shift, on_screen=False),
    Column("tax", lambda row: Money(row.tax_tiyn), on_screen=False),
    Column("taken", lambda row: Money(row.taken_tiyn), on_screen=False),
    Column("change", lambda row: Money(row.change_tiyn), on_screen=False),
    Column("order_number", lambda row: row.order_number, on_screen=False),
    Column("cashier", lambda row: row.seen.cashier, on_screen=False),
    Column("customer_xin", lambda row: row.customer_xin, on_screen=False),
    Column("registration_number", lambda row: row.seen.registration_number, on_screen=False),
    Column("qr", lambda row: row.seen.qr, on_screen=False),
)

POSITIONS: Sequence[Column[PositionRow]] = (
    Column("name", lambda row: row.name),
    Column("quantity", lambda row: None if row.quantity_milli is None else Quantity(row.quantity_milli)),
    Column("unit", lambda row: row.unit_code),
    Column("price", lambda row: _money(row.price_tiyn)),
    Column("discount", lambda row: Money(row.discount_tiyn)),
    Column("markup", lambda row: Money(row.markup_tiyn), on_screen=False),
    Column("sum", lambda row: _money(row.sum_tiyn)),
    Column("vat", lambda row: None if row.vat_bp is None or row.taxed is False else Rate(row.vat_bp)),
    Column("tax", lambda row: Money(row.tax_tiyn), on_screen=False),
    Column("taken_back", lambda row: row.cancelled),
    Column("marks", lambda row: row.marks),
    Column("gtin", lambda row: row.gtin, on_screen=False),
    Column("ntin", lambda row: row.ntin, on_screen=False),
    Column("code", lambda row: row.code, on_screen=False),
)

Z_REPORTS: Sequence[Column[ZRow]] = (
    Column("shift", lambda row: row.report.shift),
    Column("report", lambda row: row.report.number),
    Column("opened", lambda row: Moment(row.report.opened_at or "")),
    Column("closed", lambda row: Moment(row.report.at)),
    Column("documents", lambda row: row.report.document_count),
    Column("sales", lambda row: row.report.sales_count),
    Column("sold", lambda row: Money(row.report.sales_tiyn)),
    Column("returns", lambda row: row.report.returns_count),
    Column("returned", lambda row: Money(row.report.returns_tiyn)),
    Column("put_in", lambda row: Money(row.report.put_tiyn)),
    Column("taken_out", lambda row: Money(row.report.taken_tiyn)),
    Column("cash", lambda row: Money(row.report.cash_tiyn)),
    Column("autonomous", lambda row: row.report.offline),
    Column("not_told", lambda row: row.missing),
)

TAPE: Sequence[Column[TapeRow]] = (
    Column("at", lambda row: Moment(row.at)),
    Column("kind", lambda row: row.kind or row.words),
    Column("sum", lambda row: _money(row.sum_tiyn)),
    Column("autonomous", lambda row: row.offline),
    Column("fiscal_sign", lambda row: row.fiscal_sign),
    Column("key", lambda row: row.key),
    Column("not_told", lambda row: row.missing),
)

Finding = tuple[int, str, str, str]  # Code, what is found, our name, the vendor's.

UNITS: Sequence[Column[Finding]] = (
    Column("code", lambda row: row[0]),
    Column("finding", lambda row: row[1]),
    Column("ours", lambda row: row[2]),
    Column("vendor", lambda row: row[3]),
)


def findings(found: Comparison) -> list[Finding]:
    """What a comparison of units has to tell; the same units are not listed."""
    rows: list[Finding] = [(one.code, "only at the vendor", "", one.ru) for one in found.only_theirs]
    rows += [(one.code, "only in our table", one.ru, "") for one in found.only_ours]
    rows += [(one.code, f"named otherwise ({one.language})", one.ours, one.theirs) for one in found.named_otherwise]
    rows += [(one.unit.code, f"known: {one.why}", "", one.unit.ru) for one in found.known]
    return sorted(rows)


def receipt_facts(row: ReceiptRow) -> Facts:
    seen = row.seen
    facts: Facts = [
        ("fiscal sign", seen.fiscal_sign),
        ("shift", seen.shift),
        ("number", seen.number),
        ("at", Moment(seen.at)),
        ("kind", _kind(row)),
        ("total", _money(seen.total_tiyn)),
        ("VAT inside", Money(row.tax_tiyn)),
        *((f"paid {one.name}", _money(one.sum_tiyn)) for one in row.payments),
        ("change", Money(row.change_tiyn)),
        ("autonomous", seen.offline),
        ("cashier", seen.cashier),
        ("key", seen.key),
        ("order number", row.order_number),
        ("customer", row.customer_xin),
        ("QR", seen.qr),
    ]
    if row.basis is not None:
        facts.append(("gives back", f"{row.basis.fiscal_sign} of {moment(row.basis.at)}"))
    return [*facts, ("not told", row.missing)]


def z_facts(row: ZRow) -> Facts:
    return [(column.name.replace("_", " "), column.value(row)) for column in Z_REPORTS]


def cashbox_facts(info: ClientInfo, state: CashboxState) -> Facts:
    return [
        ("cashbox", state.identity),
        ("registration number", state.registration_number),
        ("organisation", state.organisation),
        ("status", info.status_words),
        ("licence until", Moment(info.licence_until or state.licence_until)),
        ("OFD", info.ofd_name or (str(info.ofd) if info.ofd is not None else "")),
        ("OFD until", Moment(info.ofd_until)),
        ("protocol", state.protocol),
        ("shift", state.shift),
        ("shift is", "open" if state.shift_open else "closed"),
        ("opened", Moment(state.shift_opened_at or "")),
        ("closed", Moment(state.shift_closed_at)),
        ("documents of the shift", state.document_count),
        ("last operation", Moment(state.last_operation_at)),
        ("cash", _money(state.cash_tiyn)),
        ("autonomous now", state.offline),
        ("not told", info.missing),
    ]
