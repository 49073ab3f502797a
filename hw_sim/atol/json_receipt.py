"""A receipt as a JSON task: sell, sellReturn, buy, buyReturn. Checked whole, then opened, filled, paid, closed.

Source: github AlexanderYekat/atolexamplesjson, myscripts_base_receipt.js, myscripts_validators.js. Items that only
print (text, barcode, picture) are taken and leave no trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP
from typing import Any

from hw_sim.atol import json_fields as fields
from hw_sim.atol.json_marks import FLAGS
from hw_sim.atol.problems import Problem, Refused
from hw_sim.atol.receipt import CASH, Line, tax_inside

TYPES: Mapping[str, int] = {"sell": 1, "sellReturn": 2, "buy": 4, "buyReturn": 5}
TAXATIONS = frozenset({"osn", "usnIncome", "usnIncomeOutcome", "esn", "patent"})
PAYMENTS: Mapping[str, int] = {"cash": CASH, "electronically": 2, "prepaid": 3, "credit": 4, "other": 5}
PAYMENT_NUMBERS = range(10)  # The driver counts from 0, cash first.
PRINTED = frozenset({"text", "barcode", "pictureFromMemory", "pixels", "userAttribute", "additionalAttribute"})
TYPE_OF_IMC = frozenset(
    {
        "auto",
        "imcUnrecognized",
        "imcShort",
        "imcFmVerifyCode88",
        "imcVerifyCode44",
        "imcFmVerifyCode44",
        "imcVerifyCode4",
    }
)
NUMBER_OF_IMC = frozenset({*range(6), 256})
STATUS_OF_ITEM: Mapping[str, int] = {
    "itemPieceSold": 1,
    "itemDryForSale": 2,
    "itemPieceReturn": 3,
    "itemDryReturn": 4,
    "itemStatusUnchanged": 255,
}
ROUNDING_TIYN = 100  # The total may be rounded down by less than one tenge.


@dataclass(frozen=True, slots=True)
class Order:
    """A receipt as asked for. Money in tiyn; payments by the register's own types."""

    type: int
    lines: tuple[Line, ...]
    payments: Mapping[int, int]
    total_tiyn: int
    electronic: bool
    checks_marks: bool

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(line.mark for line in self.lines if line.mark)


def read(task: Mapping[str, Any], tax_types: Mapping[str, int]) -> Order:
    """Raises Refused: a field is missing, misshapen or unknown."""
    fields.operator(task)
    if not fields.is_missing(task.get("taxationType")) and fields.text(task, "taxationType") not in TAXATIONS:
        raise fields.refuse("taxationType")
    lines = []
    for place, item in enumerate(fields.objects(task, "items")):
        path = f"items[{place}]."
        kind = fields.text(item, "type", path)
        if kind == "position":
            lines.append(_line(item, path, tax_types))
        elif kind not in PRINTED:
            raise fields.refuse(path + "type")
    payments = _payments(task)
    total = sum(line.sum_tiyn for line in lines)
    if not fields.is_missing(task.get("total")):
        total = _rounded(fields.tiyn(task, "total"), total)
    return Order(
        type=TYPES[str(task["type"])],
        lines=tuple(lines),
        payments=payments,
        total_tiyn=total,
        electronic=fields.optional_flag(task, "electronically"),
        checks_marks=fields.optional_flag(task, "validateMarkingCodes"),
    )


def _line(item: Mapping[str, Any], path: str, tax_types: Mapping[str, int]) -> Line:
    price, amount = fields.tiyn(item, "price", path), fields.tiyn(item, "amount", path)
    quantity = int((fields.number(item, "quantity", path) * 1000).to_integral_value(ROUND_HALF_UP))
    section = 0
    if not fields.is_missing(item.get("department")):
        section = int(fields.number(item, "department", path))
    if price < 0 or amount < 0:
        raise Refused(Problem.BAD_PRICE)
    if quantity <= 0:
        raise Refused(Problem.BAD_QUANTITY)
    tax = fields.optional_object(item, "tax", path)
    rate = 0
    if tax:
        named = tax_types.get(fields.text(tax, "type", path + "tax."))
        if named is None:
            raise fields.refuse(path + "tax.type")
        rate = named
    tax_tiyn = tax_inside(amount, rate)
    if not fields.is_missing(tax.get("sum")):
        tax_tiyn = fields.tiyn(tax, "sum", path + "tax.")
    return Line(fields.text(item, "name", path), price, quantity, amount, tax_tiyn, section, _mark(item, path))


def _mark(item: Mapping[str, Any], path: str) -> str:
    params = fields.optional_object(item, "imcParams", path)
    if not params:
        return ""
    path += "imcParams."
    mark = fields.mark(fields.text(params, "imc", path))
    check_type(params, path)
    if not fields.is_missing(params.get("imcModeProcessing")):
        fields.number(params, "imcModeProcessing", path)
    told = fields.optional_object(params, "itemInfoCheckResult", path)
    if told:
        for name in FLAGS:
            fields.flag(told, name, path + "itemInfoCheckResult.")
    return mark


def check_type(params: Mapping[str, Any], path: str) -> None:
    """The kind of the code and the status of the item: names or their numbers. Raises Refused."""
    kind, status = params.get("imcType"), params.get("itemEstimatedStatus")
    if not (fields.is_missing(kind) or _is_one_of(kind, TYPE_OF_IMC) or _is_one_of(kind, NUMBER_OF_IMC)):
        raise fields.refuse(path + "imcType")
    known = frozenset(STATUS_OF_ITEM), frozenset(STATUS_OF_ITEM.values())
    if not (fields.is_missing(status) or any(_is_one_of(status, values) for values in known)):
        raise fields.refuse(path + "itemEstimatedStatus")


def _is_one_of(value: object, known: frozenset[str] | frozenset[int]) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value in known


def _payments(task: Mapping[str, Any]) -> dict[int, int]:
    paid: dict[int, int] = {}
    for place, payment in enumerate(fields.objects(task, "payments")):
        path = f"payments[{place}]."
        name, amount = fields.text(payment, "type", path), fields.tiyn(payment, "sum", path)
        kind = PAYMENTS.get(name)
        if kind is None:
            if not (name.isascii() and name.isdecimal() and int(name) in PAYMENT_NUMBERS):
                raise fields.refuse(path + "type")
            kind = int(name) + 1
        if amount < 0:
            raise Refused(Problem.BAD_PRICE)
        if amount:
            paid[kind] = paid.get(kind, 0) + amount
    return paid


def _rounded(total: int, lines: int) -> int:
    if not 0 <= lines - total < ROUNDING_TIYN or total < 0:
        raise Refused(Problem.BAD_TOTAL)
    return total
