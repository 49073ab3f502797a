"""One receipt as the vendor's history shows it: what the OFD was told, to lay beside what the till believes. Pure.

A sum, a quantity or a mark that cannot be read makes the row bad; one that is left out is named in `missing`.
Source: Webkassa API v4 (public collection, protocol 2.0.3): Check/History, Check/HistoryByNumber; captured answers of
github VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.register import PaymentKind, ReturnBasis
from fiscal.webkassa import moments
from fiscal.webkassa.documents import Seen, seen
from fiscal.webkassa.rows import Place, require_own, require_shift, untold
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import evidence

RETURNS = (1, 3)  # Operation types that name the receipt they give back.
NO_MARK = "0"  # The vendor's own sample sends it for goods without a mark and gets it back.

# Stems of the payment names met in samples; the service writes them in the language of its cabinet.
_PAYMENT_STEMS = (
    ("налич", PaymentKind.CASH), ("қолма-қол", PaymentKind.CASH), ("карт", PaymentKind.CARD),
    ("мобил", PaymentKind.MOBILE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaidRow:
    kind: PaymentKind | None  # None: the name is not known here.
    name: str  # The vendor's word.
    sum_tiyn: int | None


@dataclass(frozen=True, slots=True)
class PositionRow:
    name: str
    code: str  # The shop's article code.
    quantity_milli: int | None
    price_tiyn: int | None
    sum_tiyn: int | None  # Of the line, discount and markup applied.
    discount_tiyn: int
    markup_tiyn: int
    taxed: bool | None
    vat_bp: int | None  # As written: in one capture a taxed line has 0 here.
    tax_tiyn: int
    unit_code: int | None
    marks: tuple[str, ...]  # As told; none told is no proof that none was sent.
    gtin: str
    ntin: str
    cancelled: bool  # A line taken back inside the receipt.


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    place: Place
    seen: Seen
    document_number: int | None  # Counts on over the shifts.
    order_number: str  # Of the shop's system.
    employee_code: int | None
    payments: tuple[PaidRow, ...]
    positions: tuple[PositionRow, ...]
    taken_tiyn: int
    change_tiyn: int
    discount_tiyn: int
    markup_tiyn: int
    tax_tiyn: int
    vat_payer: bool | None
    customer_xin: str
    print_url: str
    basis: ReturnBasis | None  # Of a return, where all its five facts are told.
    missing: tuple[str, ...]  # Fields the answer left out, by the vendor's names.
    raw: Mapping[str, Any]

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(mark for position in self.positions if not position.cancelled for mark in position.marks)


def receipt_row(row: Fields, place: Place, settings: Settings) -> ReceiptRow:
    """Read one item. AnswerMalformed with the field's place inside the row."""
    common = seen(row, settings)
    require_own(common.identity, "CashboxUniqueNumber", settings)
    require_shift(common.shift, place)
    payments = tuple(_paid(one) for one in row.objects("Payments"))
    positions = tuple(_position(one) for one in row.objects("Positions"))
    basis, basis_missing = _basis(row, common, settings)
    return ReceiptRow(
        place=place,
        seen=common,
        document_number=row.integer("DocumentNumber"),
        order_number=row.text("ExternalOrderNumber"),
        employee_code=row.integer("EmployeeCode"),
        payments=payments,
        positions=positions,
        taken_tiyn=row.counter("Taken"),
        change_tiyn=row.counter("Change"),
        discount_tiyn=row.counter("Discount"),
        markup_tiyn=row.counter("Markup"),
        tax_tiyn=row.counter("Tax"),
        vat_payer=row.flag("VATPayer"),
        customer_xin=row.text("CustomerXin"),
        print_url=row.optional_text("TicketPrintUrl"),
        basis=basis,
        missing=_missing(common, payments, positions) + basis_missing,
        raw=evidence(row.origin),
    )


def _paid(row: Fields) -> PaidRow:
    name = row.optional_text("PaymentTypeName")
    kind = next((kind for stem, kind in _PAYMENT_STEMS if stem in name.lower()), None)
    return PaidRow(kind, name, row.money("Sum"))


def _position(row: Fields) -> PositionRow:
    return PositionRow(
        name=row.text("PositionName"),
        code=row.text("PositionCode"),
        quantity_milli=row.parts(1000, "Count"),
        price_tiyn=row.money("Price"),
        sum_tiyn=row.money("Sum"),
        discount_tiyn=row.counter("DiscountTenge", "Discount"),
        markup_tiyn=row.counter("Markup"),
        taxed=row.flag("IsNds"),
        vat_bp=row.parts(100, "TaxPercent"),
        tax_tiyn=row.counter("Tax"),
        unit_code=row.integer("UnitCode"),
        marks=_marks(row),
        gtin=row.text("GTIN"),
        ntin=row.text("NTIN"),
        cancelled=bool(row.flag("IsStorno")),
    )


def _marks(row: Fields) -> tuple[str, ...]:
    _, listed = row.get("MarkList")
    if not isinstance(listed, list | None):
        raise AnswerMalformed(f"{row.place}.MarkList", "is not an array")
    for index, mark in enumerate(listed or ()):
        if not isinstance(mark, str):
            raise AnswerMalformed(f"{row.place}.MarkList[{index}]", "is not a text")
    return tuple(mark for mark in (row.text("Mark"), *(listed or ())) if mark not in ("", NO_MARK))


def _missing(common: Seen, payments: tuple[PaidRow, ...], positions: tuple[PositionRow, ...]) -> tuple[str, ...]:
    names = untold(
        CashboxUniqueNumber=common.identity,
        CashboxRegistrationNumber=common.registration_number,
        Number=common.fiscal_sign,
        OrderNumber=common.number,
        RegistratedOn=common.at,
        ShiftNumber=common.shift,
        OperationType=common.operation,
        ExternalCheckNumber=common.key,
        IsOffline=common.offline,
        Total=common.total_tiyn,
        TicketUrl=common.qr,
        Payments=payments,
        Positions=positions,
    )
    for index, payment in enumerate(payments):
        names += tuple(f"Payments[{index}].{name}" for name in untold(Sum=payment.sum_tiyn))
    for index, position in enumerate(positions):
        told = untold(
            PositionName=position.name,
            Count=position.quantity_milli,
            Price=position.price_tiyn,
            Sum=position.sum_tiyn,
            UnitCode=position.unit_code,
        )
        names += tuple(f"Positions[{index}].{name}" for name in told)
    return names


def _basis(row: Fields, common: Seen, settings: Settings) -> tuple[ReturnBasis | None, tuple[str, ...]]:
    """The receipt a return gives back, and what of it is not told."""
    told = row.object("ReturnBasisDetails")
    if told is None:
        return None, ("ReturnBasisDetails",) if common.operation in RETURNS else ()
    sign, at = told.text("CheckNumber"), moments.from_fields(told, settings.utc_offset, "DateTime")
    registration, total, offline = told.text("RegistrationNumber"), told.money("Total"), told.flag("IsOffline")
    if sign and at and registration and total is not None and offline is not None:
        return ReturnBasis(sign, at, registration, total, offline), ()
    gaps = untold(CheckNumber=sign, DateTime=at, RegistrationNumber=registration, Total=total, IsOffline=offline)
    return None, tuple(f"ReturnBasisDetails.{name}" for name in gaps)
