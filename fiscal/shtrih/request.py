"""Orders -> the commands of a Shtrih-M register. Pure.

    sale    (FF61, FF69) a code -> 8D -> (FF46, FF67 a code | 80, FF67 or 17 a code, 86 or 87) a line -> 89 -> FF45 | 85
    cash    50 | 51        shift    E0 | FF0B, 41

The operands are kept as hexadecimal digits without the password: what the journal holds is what goes out.
Sources: vendor's "Протокол работы ККТ 2.0" rev. 11 and "Схемы работы с драйвером JPOS v.2" (github
shtrih-m/javapos_shtrih, Doc/SHTRIH); lines M:[...] and NUM:[...]: notes of Webkassa's print module (github
VitalyKravtsov2016/OposWebkassa, doc/Webkassa/2.0.3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from fiscal import checks
from fiscal.device.steps import TOTAL, Step, payload
from fiscal.money import line_amount_tiyn
from fiscal.orders import (
    CashMove,
    Line,
    Mark,
    Operation,
    Order,
    OrderInvalid,
    PaymentKind,
    Prepared,
    Receipt,
    ReturnBasis,
    ShiftOpen,
)
from fiscal.shtrih import commands
from fiscal.shtrih.errors import FAMILY
from fiscal.shtrih.items import Item, split, whole
from fiscal.shtrih.models import Marks, Model, Opening
from fiscal.shtrih.settings import BasisForm, MarkForm, Settings
from fiscal.shtrih.text import Text, code_bytes, text

AMOUNT_MAX = 9_999_999_999  # Ten decimal digits in every field of money and quantity.
MARK_MAX = 245  # FF61 holds ten bytes besides.
GS = "\x1d"

KINDS = {Operation.SALE: 0, Operation.SALE_RETURN: 2}  # Of 8D.
ITEMS = {Operation.SALE: "80", Operation.SALE_RETURN: "82"}
INCOME = {Operation.SALE: 1, Operation.SALE_RETURN: 2}  # Of FF46 and FF0A.
PLANNED = {Operation.SALE: 1, Operation.SALE_RETURN: 3}  # Of FF61.


class Builder:
    """Turns orders into steps for one model under one set-up."""

    def __init__(self, settings: Settings, model: Model) -> None:
        self._settings = settings
        self._model = model
        self.marks = settings.marks or model.marks
        self.check = self.marks is Marks.FIELD and (model.check if settings.check is None else settings.check)
        self.opening = settings.opening or model.opening
        self._limits = checks.Limits(
            FAMILY,
            mark_length_max=MARK_MAX,
            price_tiyn_max=AMOUNT_MAX,
            total_tiyn_max=AMOUNT_MAX,
            quantity_milli_max=AMOUNT_MAX // self._quantity_scale(),
            needs_basis=settings.basis is BasisForm.LINES,
        )

    def prepare(self, order: Order) -> Prepared:
        """OrderInvalid names the field that cannot be."""
        if isinstance(order, Receipt):
            return self._receipt(order)
        if isinstance(order, CashMove):
            checks.cash_move(order, self._limits)
            code = "50" if order.direction == "in" else "51"
            step = Step("cash", code, commands.money(self._units(order.sum_tiyn, "sum_tiyn")).hex(), decisive=True)
            return Prepared(order.key, FAMILY, f"cash_{order.direction}", order.sum_tiyn, payload([step]))
        checks.shift(order)
        if isinstance(order, ShiftOpen):
            if self.opening is Opening.NONE:
                raise OrderInvalid("order", f"a shift of model {self._model.name} opens with its first document")
            step = Step("shift", self.opening.upper(), decisive=True)
            return Prepared(order.key, FAMILY, "shift_open", 0, payload([step], shift=order.shift))
        step = Step("shift", "41", decisive=True)
        return Prepared(order.key, FAMILY, "shift_close", 0, payload([step], shift=order.shift))

    def _receipt(self, order: Receipt) -> Prepared:
        if self._settings.basis is BasisForm.NONE:
            order = replace(order, basis=None)  # Nothing of it is sent, so nothing of it can be wrong.
        sums = checks.receipt(order, self._limits)
        changed: dict[str, str] = {}
        lines = [step for index, line in enumerate(order.lines) for step in self._line(order, index, line, changed)]
        steps = [
            *self._mark_checks(order),
            Step("open", "8D", commands.open_receipt(KINDS[order.operation]).hex()),
            *lines,
            *(self._printed(line, f"basis.{name}") for name, line in _basis_lines(order.basis, self._offset())),
            Step(TOTAL, "89"),
            Step("close", self._model.close, self._close(order).hex(), decisive=True),
        ]
        cash = sum(p.sum_tiyn for p in order.payments if p.kind is PaymentKind.CASH) - sums.change_tiyn
        paid = sum(payment.sum_tiyn for payment in order.payments)
        body = payload(steps, cash_tiyn=cash, paid_tiyn=paid, substituted=[[*pair] for pair in sorted(changed.items())])
        return Prepared(order.key, FAMILY, order.operation.value, sums.total_tiyn, body)

    def _mark_checks(self, order: Receipt) -> Iterator[Step]:
        if not self.check or not any(line.marks for line in order.lines):
            return
        yield Step("clear", "FF70")
        for index, line in enumerate(order.lines):
            for number, mark in enumerate(line.marks):
                code = self._code(mark, index, number)
                operands = commands.check_mark(PLANNED[order.operation], code)
                yield Step("check", "FF61", operands.hex(), index, number)
                yield Step("accept", "FF69", "01", index, number)

    def _line(self, order: Receipt, index: int, line: Line, changed: dict[str, str]) -> Iterator[Step]:
        name, tax = self._name(line, changed), self._tax(line, index)
        if line.marks and self.marks is Marks.NONE:
            text = f"model {self._model.name} is not set up for marking codes: option marks"
            raise OrderInvalid(f"lines[{index}].marks", text)
        if self._model.item == "80":
            item = whole(line)
            yield self._item(order, index, item, name, tax)
            yield from self._bound(item, index)
            for code, value in (("86", line.discount_tiyn), ("87", line.markup_tiyn)):
                if value:
                    units = self._units(value, f"lines[{index}].discount_tiyn")
                    yield Step("modifier", code, commands.modifier(units, tax).hex(), index)
            return
        amount = line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)
        one_each = self.marks is Marks.FIELD and not self._settings.mark_list
        for item in split(line, amount, unit_each_mark=one_each):
            yield self._item_v2(order, index, item, name, tax)
            yield from self._bound(item, index)

    def _item(self, order: Receipt, index: int, item: Item, name: Text, tax: int) -> Step:
        quantity = item.quantity_milli * self._quantity_scale()
        price = self._units(item.price_tiyn, f"lines[{index}].price_tiyn")
        operands = commands.item(quantity, price, self._settings.department, tax, name.data)
        return Step("item", ITEMS[order.operation], operands.hex(), index)

    def _item_v2(self, order: Receipt, index: int, item: Item, name: Text, tax: int) -> Step:
        operands = commands.ItemV2(
            operation=INCOME[order.operation],
            quantity=item.quantity_milli * 1000,
            price=self._units(item.price_tiyn, f"lines[{index}].price_tiyn"),
            sum=self._units(item.sum_tiyn, f"lines[{index}].price_tiyn"),
            tax=tax,
            department=self._settings.department,
            subject=self._settings.subject,
            text=self._shown(name.data),
        ).operands()
        return Step("item", "FF46", operands.hex(), index)

    def _shown(self, name: bytes) -> bytes:
        """Two slashes in front would keep a name from being printed."""
        return (b" " + name)[: self._model.name_max] if name.startswith((b"//", b"\\\\")) else name

    def _bound(self, item: Item, index: int) -> Iterator[Step]:
        for number, mark in item.marks:
            if self.marks is Marks.FIELD:
                yield Step("bind", "FF67", commands.bind_mark(self._code(mark, index, number)).hex(), index, number)
            else:
                line = f"M:[{self._form(mark).replace(GS, '')}]"
                yield replace(self._printed(line, f"lines[{index}].marks[{number}]"), line=index, mark=number)

    def _printed(self, line: str, place: str) -> Step:
        """A line of text that is never cut."""
        data, width = line.encode("cp1251", "replace"), self._settings.text_max
        if data.decode("cp1251") != line:
            raise OrderInvalid(place, "holds a letter the register does not have")
        if len(data) > width:
            raise OrderInvalid(place, f"{len(data)} characters do not fit a line of {width}: option text_max")
        return Step("text", "17", commands.print_line(data, width).hex())

    def _form(self, mark: Mark) -> str:
        return mark.full if self._settings.mark_form is MarkForm.FULL else mark.ki

    def _code(self, mark: Mark, index: int, number: int) -> bytes:
        data = code_bytes(self._form(mark))
        if data is None:
            raise OrderInvalid(f"lines[{index}].marks[{number}].full", "holds a letter that no marking code has")
        return data

    def _name(self, line: Line, changed: dict[str, str]) -> Text:
        name = text(line.name, self._settings.kazakh, self._model.name_max)
        changed.update(name.changed)
        return name

    def _tax(self, line: Line, index: int) -> int:
        group = self._settings.tax_groups.get(line.vat_bp)
        if group is None:
            rate = f"{(line.vat_bp or 0) / 100:g} %"
            raise OrderInvalid(f"lines[{index}].vat_bp", f"no tax group of the register is named for {rate}")
        return group

    def _close(self, order: Receipt) -> bytes:
        sums = [0] * self._model.payments
        for index, payment in enumerate(order.payments):
            place = f"payments[{index}].sum_tiyn"
            sums[self._settings.payment_types[payment.kind] - 1] += self._units(payment.sum_tiyn, place)
        if self._model.close == "85":
            return commands.close(sums)
        form = commands.close_v2_old if self._model.close_old else commands.close_v2
        return form(sums, self._settings.tax_system)

    def _units(self, tiyn: int, place: str) -> int:
        units, rest = divmod(tiyn, self._settings.unit)
        if rest:
            raise OrderInvalid(place, "the register counts whole tenge")
        return units

    def _quantity_scale(self) -> int:
        return 1 if self._model.item == "FF46" or self._settings.quantity_decimals == 3 else 1000

    def _offset(self) -> dt.timedelta:
        return self._settings.device.utc_offset


def _basis_lines(basis: ReturnBasis | None, offset: dt.timedelta) -> tuple[tuple[str, str], ...]:
    """The five facts of the original receipt as Webkassa's print module reads them."""
    if basis is None:
        return ()
    at = dt.datetime.fromisoformat(basis.at).astimezone(dt.timezone(offset))
    total = f"{basis.total_tiyn // 100}.{basis.total_tiyn % 100:02}"
    return (
        ("fiscal_sign", f"NUM:[{basis.fiscal_sign}]"),
        ("registration_number", f"RNM:[{basis.registration_number}]"),
        ("at", f"DATETIME:[{at:%d.%m.%Y %H:%M:%S}]"),
        ("total_tiyn", f"TOTAL:[{total}]"),
        ("offline", f"ISOFF:[{'да' if basis.offline else 'нет'}]"),
    )
