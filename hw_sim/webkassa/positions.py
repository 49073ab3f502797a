"""One position of a `check` request: quantity, price, VAT inside the price, marks.

Source: Webkassa v4 collection, data protocol 2.0.3 (OposWebkassa, doc/Webkassa/2.0.3). Where the vendor's sample breaks
the vendor's rule (Mark together with MarkList), this server keeps to the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hw_sim.ledger import CENT, ZERO, cents
from hw_sim.webkassa.errors import Refusal, invalid
from hw_sim.webkassa.fields import Fields
from hw_sim.webkassa.profile import Profile
from hw_sim.webkassa.units import CODES

VAT, WITHOUT_VAT = 100, 0
ROUND_NONE, ROUND_POSITIONS, ROUND_TOTAL = 0, 2, 3
MARK_LIST_PROTOCOL = 203
GS = "\x1d"


@dataclass(frozen=True, slots=True)
class Line:
    """A position that passed: amounts in tenge, `marks` as sent."""

    name: str
    code: str
    count: Decimal
    price: Decimal
    unit: int
    discount: Decimal
    markup: Decimal
    amount: Decimal
    tax_type: int
    tax_percent: Decimal
    tax: Decimal
    marks: tuple[str, ...]
    gtin: str
    ntin: str
    section: str

    def row(self) -> dict[str, Any]:
        """The position as history answers show it."""
        row: dict[str, Any] = {
            "PositionName": self.name,
            "PositionCode": self.code,
            "Count": self.count,
            "Price": self.price,
            "DiscountTenge": self.discount,
            "Markup": self.markup,
            "TaxPercent": self.tax_percent,
            "Tax": self.tax,
            "IsNds": self.tax_type == VAT,
            "IsStorno": False,
            "MarkupDeleted": False,
            "DiscountDeleted": False,
            "Sum": self.amount,
            "UnitCode": self.unit,
            "SectionCode": self.section,
            "GTIN": self.gtin,
            "NTIN": self.ntin,
        }
        if len(self.marks) == 1:
            row["Mark"] = self.marks[0]
        elif self.marks:
            row["MarkList"] = list(self.marks)
        return row


def vat_inside(amount: Decimal, percent: Decimal) -> Decimal:
    """VAT contained in an amount, tenge, half up to the tiyn."""
    return cents(amount * percent / (100 + percent))


def read_tax(fields: Fields, profile: Profile, bases: tuple[Decimal, ...]) -> tuple[int, Decimal, Decimal]:
    """Tax type, percent and sum; the sum must fit one of the bases to the tiyn.

    Raises:
        Refusal: code 9, unknown tax type or percent, or the tax is off by more than 0.01.
    """
    kind = fields.whole("TaxType")
    if kind not in (VAT, WITHOUT_VAT):
        raise invalid(f"{fields.where}TaxType {kind} не поддерживается")
    percent = fields.number("TaxPercent", ZERO if kind == WITHOUT_VAT else None)
    tax = fields.money("Tax")
    if kind == WITHOUT_VAT:
        if percent or tax:
            raise invalid(f"{fields.where}Tax: позиция без НДС не может содержать налог")
        return kind, percent, tax
    if percent not in profile.tax_percents:
        raise invalid(f"{fields.where}TaxPercent {percent} не поддерживается")
    if all(abs(tax - vat_inside(base, percent)) > CENT for base in bases):
        raise invalid(f"{fields.where}Tax {tax}: ожидается {vat_inside(bases[0], percent)}")
    return kind, percent, tax


def read_position(fields: Fields, profile: Profile, protocol: int, round_type: int) -> Line:
    """Read and check one position.

    Raises:
        Refusal: 9, 17, 1007 or 1008 with the place in the text.
    """
    count = fields.number("Count")
    if count <= 0 or count != round(count, 3):
        raise invalid(f"{fields.where}Count должно быть больше нуля и не точнее трех знаков")
    price = fields.money("Price")
    discount, markup = fields.money("Discount", ZERO), fields.money("Markup", ZERO)
    if discount and markup:
        raise Refusal(17)
    exact = cents(count * price) - discount + markup
    if exact < 0:
        raise Refusal(1008, f"Сумма не может быть отрицательной: {fields.where}Discount")
    whole_tenge = exact.quantize(Decimal(1), ROUND_HALF_UP)
    amount = whole_tenge if round_type == ROUND_POSITIONS else exact
    unit = fields.whole("UnitCode")
    if unit not in CODES:
        raise invalid(f"{fields.where}UnitCode {unit} отсутствует в справочнике")
    tax_type, percent, tax = read_tax(fields, profile, (amount, exact))
    _check_warehouse(fields)
    if profile.position_type_required and not fields.has("PositionType"):
        raise invalid(f"поле {fields.where}PositionType обязательно")
    return Line(
        name=fields.text("PositionName", required=True),
        code=fields.text("PositionCode"),
        count=count,
        price=price,
        unit=unit,
        discount=discount,
        markup=markup,
        amount=amount,
        tax_type=tax_type,
        tax_percent=percent,
        tax=tax,
        marks=_marks(fields, profile, count, protocol),
        gtin=_catalogue_number(fields, "GTIN"),
        ntin=_catalogue_number(fields, "NTIN"),
        section=fields.text("SectionCode"),
    )


def _marks(fields: Fields, profile: Profile, count: Decimal, protocol: int) -> tuple[str, ...]:
    single, several = fields.text("Mark"), fields.texts("MarkList")
    if single and several:
        raise invalid(f"{fields.where}Mark и MarkList не могут передаваться одновременно")
    if single and count != 1:
        raise invalid(f"{fields.where}Mark допускается только при Count = 1")
    if several and protocol < MARK_LIST_PROTOCOL:
        raise invalid(f"{fields.where}MarkList не поддерживается протоколом кассы {protocol}")
    if several and len(several) != count:
        raise invalid(f"{fields.where}MarkList: количество кодов {len(several)} не равно Count {count}")
    marks = tuple([single] if single else several)
    if len(set(marks)) != len(marks):
        raise invalid(f"{fields.where}MarkList содержит повторяющиеся коды")
    if not profile.separators_in_marks and any(GS in mark for mark in marks):
        raise invalid(f"{fields.where}Mark содержит недопустимый символ")
    return marks


def _catalogue_number(fields: Fields, name: str) -> str:
    value = fields.text(name)
    if value and not (value.isascii() and value.isdigit() and len(value) in (8, 12, 13, 14)):
        raise invalid(f"{fields.where}{name} должен состоять из 8, 12, 13 или 14 цифр")
    return value


def _check_warehouse(fields: Fields) -> None:
    kind = fields.whole("WarehouseType", 0)
    if kind not in (0, 1):
        raise invalid(f"{fields.where}WarehouseType {kind} не поддерживается")
    if kind == 1 and not (fields.text("GTIN") or fields.text("ProductId")):
        raise invalid(f"{fields.where}GTIN или ProductId обязательны для виртуального склада")


def history_rows(lines: tuple[Line, ...]) -> tuple[Mapping[str, Any], ...]:
    """The positions as they are kept with the document."""
    return tuple(line.row() for line in lines)
