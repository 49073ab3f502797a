"""An order as the commands of a Datecs printer. Pure; OrderInvalid names the field that cannot be carried.

No Datecs paper shows a field for marking codes: they go as free text under their position, a proof for people and not
for the traceability system. Sources: Datecs "Fiscal printer programming interface 1.00BG" (P) and "Programmer's manual
2.02" (X), github erpnet/ErpNet.FP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fiscal import checks
from fiscal.checks import Limits, require
from fiscal.datecs.protocol import Language
from fiscal.datecs.settings import TAX_OPTIONS, Settings, Units
from fiscal.datecs.text import mark_lines, name_lines
from fiscal.device.steps import TOTAL, Step, payload
from fiscal.money import line_amount_tiyn
from fiscal.orders import (
    CashMove,
    Line,
    Operation,
    Order,
    OrderInvalid,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    ReturnBasis,
    ShiftClose,
    ShiftOpen,
)
from fiscal.register import Ability, NotCapable
from fiscal.units import PIECE, okei

MEMORY_DIGITS_MAX = 8  # Of a fiscal memory number; a registration number of Kazakhstan has 12.
_DOCUMENT = re.compile(r"\d{1,7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The largest numbers a protocol carries, in tiyn and thousandths."""

    price_tiyn: int
    total_tiyn: int
    quantity_milli: int
    lines: int


SIZES: Mapping[str, Sizes] = {
    # Price and price by quantity: 8 digits; sums of a receipt: 9 digits in the answer to 4Ch.
    "P": Sizes(99_999_999, 999_999_999, 99_999_999, 512),
    "X": Sizes(999_999_999, 999_999_999, 999_999_999, 1000),
}


def limits(language: Language, settings: Settings) -> Limits:
    sizes = SIZES[language.name]
    return Limits(
        family=f"datecs-{language.name.lower()}",
        lines_max=sizes.lines,
        price_tiyn_max=sizes.price_tiyn,
        total_tiyn_max=sizes.total_tiyn,
        quantity_milli_max=sizes.quantity_milli,
        payments=frozenset(settings.payments),
    )


def prepare(order: Order, language: Language, settings: Settings) -> Prepared:
    """The order with its exact commands."""
    if isinstance(order, Receipt):
        return _receipt(order, language, settings)
    bounds = limits(language, settings)
    if isinstance(order, CashMove):
        checks.cash_move(order, bounds)
        step = _step("cash", language.cash(order.direction, order.sum_tiyn), decisive=True)
        return Prepared(order.key, bounds.family, f"cash_{order.direction}", order.sum_tiyn, payload([step]))
    checks.shift(order)
    if isinstance(order, ShiftOpen):
        raise NotCapable(bounds.family, Ability.SHIFT_OPEN)
    assert isinstance(order, ShiftClose)  # noqa: S101 - for the type checker
    step = _step("z", language.report(closing=True), decisive=True)
    return Prepared(order.key, bounds.family, "shift_close", 0, payload([step], shift=order.shift))


def _receipt(order: Receipt, language: Language, settings: Settings) -> Prepared:
    bounds = limits(language, settings)
    sums = checks.receipt(order, bounds)
    for index, line in enumerate(order.lines):
        _fits(line, f"lines[{index}]", bounds, settings)
    steps = [_opening(order, language, settings)]
    for index, line in enumerate(order.lines):
        steps += _position(order.operation, index, line, language, settings)
    if order.customer_xin is not None:
        steps.append(_step("text", language.text(f"ИИН/БИН {order.customer_xin}")))
    steps.append(_step(TOTAL, language.total()))
    # Cash last: change is counted on what is still due, and comes from cash alone.
    for payment in sorted(order.payments, key=_is_cash):
        steps.append(_step("pay", language.pay(payment.kind, payment.sum_tiyn, settings)))
    steps.append(_step("close", language.close(), decisive=True))
    facts: dict[str, object] = {
        "payments": [payment.sum_tiyn for payment in sorted(order.payments, key=_is_cash)],
        "rates": [
            [rate, group] for rate, group in settings.groups.items() if rate in {one.vat_bp for one in order.lines}
        ],
        "cashier": order.cashier,
    }
    if order.basis is not None:
        facts["made_at"] = order.basis.registration_number
    kind = str(order.operation)
    return Prepared(order.key, bounds.family, kind, sums.total_tiyn, payload(steps, **facts))


def _is_cash(payment: Payment) -> bool:
    return payment.kind is PaymentKind.CASH


def _fits(line: Line, at: str, bounds: Limits, settings: Settings) -> None:
    """What only this family asks of a position."""
    product = line_amount_tiyn(line.price_tiyn, line.quantity_milli)
    require(product <= bounds.price_tiyn_max, f"{at}.price_tiyn", "price by quantity is beyond what the printer counts")
    if line.vat_bp not in settings.groups:
        option = TAX_OPTIONS.get(line.vat_bp)
        hint = f"set option {option}" if option else "there is no option for it"
        raise OrderInvalid(f"{at}.vat_bp", f"no tax group of the printer is set up for this rate: {hint}")


def _opening(order: Receipt, language: Language, settings: Settings) -> Step:
    if order.operation is Operation.SALE:
        return _step("open", language.open(settings))
    assert order.basis is not None  # noqa: S101 - for the type checker; the checks demand it
    _names_the_original(order.basis, settings)
    return _step("open", language.open_return(order.basis, settings))


def _names_the_original(basis: ReturnBasis, settings: Settings) -> None:
    """A storno carries number, time and fiscal memory of the original; sum and autonomy have no field."""
    if not _DOCUMENT.fullmatch(basis.fiscal_sign):
        raise OrderInvalid("basis.fiscal_sign", "must be the document number of the original, at most 7 digits")
    number = basis.registration_number
    if number != settings.registration and len(number) > MEMORY_DIGITS_MAX:
        text = "is not this printer's (option registration), and not a fiscal memory number of 8 digits"
        raise OrderInvalid("basis.registration_number", text)


def _position(operation: Operation, index: int, line: Line, language: Language, settings: Settings) -> Iterator[Step]:
    width = settings.text_width
    names = name_lines(line.name, language.name_width, width)
    in_item = names[: language.name_lines]
    yield _step("line", language.item(in_item, line, _unit(line, settings), settings), index)
    for text in names[len(in_item) :]:
        yield _step("line", language.text(text), index)
    if not settings.marks or (operation is Operation.SALE_RETURN and not settings.mark_on_return):
        return
    for number, mark in enumerate(line.marks):
        for text in mark_lines(mark.full, width, settings.gs):
            yield _step("mark", language.text(text), index, number)


def _unit(line: Line, settings: Settings) -> str:
    if settings.units is Units.NONE or (settings.units is Units.SOME and line.unit_code == PIECE):
        return ""
    return okei().unit(line.unit_code).ru


def _step(
    name: str, said: tuple[int, str], line: int | None = None, mark: int | None = None, *, decisive: bool = False
) -> Step:
    command, data = said
    return Step(name, f"{command:02X}", data, line, mark, decisive)
