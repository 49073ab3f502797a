"""Orders -> the commands of an ATOL register on a line. Pure.

    sale    56 mode 1, 92, (EA, E8 a code, EB | E6) an item, 3F, 99 each payment but one, 4A with the last
    cash    56 mode 1, 49 | 4F       shift    56 mode 1, 9A | 56 mode 3, 5A

The operands are kept as hexadecimal digits without passwords: what the journal holds is what goes out. 4A alone makes
the receipt, and a payment before it can still be cancelled with the receipt.
Source: as in commands.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fiscal import checks
from fiscal.atol import commands, marks
from fiscal.atol.commands import Item, Mode, ReceiptType
from fiscal.atol.errors import FAMILY
from fiscal.atol.items import Piece, pieces
from fiscal.atol.settings import CASH_TYPE, Format, Marks, Settings
from fiscal.atol.text import text
from fiscal.device.steps import TOTAL, Step, payload
from fiscal.orders import CashMove, Line, Operation, Order, OrderInvalid, Prepared, Receipt, ShiftOpen

KINDS = {Operation.SALE: ReceiptType.SALE, Operation.SALE_RETURN: ReceiptType.SALE_RETURN}
CASH_CODES = {"in": "49", "out": "4F"}
MARK_MAX = 255


class Builder:
    """Turns orders into steps under one set-up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = checks.Limits(
            FAMILY,
            mark_length_max=MARK_MAX,
            price_tiyn_max=commands.SUM_MAX,
            total_tiyn_max=commands.SUM_MAX,
            quantity_milli_max=10 ** (2 * commands.QUANTITY_BYTES) - 1,
            needs_basis=False,
        )

    def prepare(self, order: Order) -> Prepared:
        """OrderInvalid names the field that cannot be."""
        if isinstance(order, Receipt):
            return self._receipt(order)
        if isinstance(order, CashMove):
            checks.cash_move(order, self._limits)
            code, operands = CASH_CODES[order.direction], commands.cash(order.sum_tiyn)
            steps = [_mode(Mode.REGISTRATION), Step("cash", code, operands.hex(), decisive=True)]
            return Prepared(order.key, FAMILY, f"cash_{order.direction}", order.sum_tiyn, payload(steps))
        checks.shift(order)
        if isinstance(order, ShiftOpen):
            steps = [_mode(Mode.REGISTRATION), Step("shift", "9A", commands.open_shift().hex(), decisive=True)]
            return Prepared(order.key, FAMILY, "shift_open", 0, payload(steps, shift=order.shift))
        steps = [_mode(Mode.Z_REPORTS), Step("shift", "5A", decisive=True)]
        return Prepared(order.key, FAMILY, "shift_close", 0, payload(steps, shift=order.shift))

    def _receipt(self, order: Receipt) -> Prepared:
        # Nothing of the original receipt is sent, so nothing of it can be wrong.
        order = replace(order, basis=None)
        sums = checks.receipt(order, self._limits)
        changed: dict[str, str] = {}
        items = [step for index, line in enumerate(order.lines) for step in self._line(index, line, changed)]
        operation = Operation(order.operation)
        steps = [
            _mode(Mode.REGISTRATION),
            Step("open", "92", commands.open_receipt(KINDS[operation]).hex()),
            *items,
            Step(TOTAL, "3F"),
            *self._payments(order),
        ]
        body = payload(steps, substituted=[[*pair] for pair in sorted(changed.items())])
        return Prepared(order.key, FAMILY, operation.value, sums.total_tiyn, body)

    def _line(self, index: int, line: Line, changed: dict[str, str]) -> Iterator[Step]:
        if line.marks and self._settings.marks.marks is Marks.NONE:
            raise OrderInvalid(f"lines[{index}].marks", "the register is not set up for marking codes: option marks")
        code = self._settings.tax_codes.get(line.vat_bp)
        if code is None:
            rate = f"{(line.vat_bp or 0) / 100:g} %"
            raise OrderInvalid(f"lines[{index}].vat_bp", f"no tax code of the register is named for {rate}")
        name = text(line.name, self._settings.name_max)
        changed.update(name.changed)
        for piece in pieces(line):
            item = Item(
                piece.price_tiyn, piece.quantity_milli, piece.sum_tiyn, code, self._settings.section,
                self._settings.subject, name.data,
            )  # fmt: skip
            if self._settings.format is Format.FFD10:
                yield Step("item", "E6", item.whole().hex(), index, piece.number)
                continue
            yield Step("begin", "EA", commands.ITEM_BY_PARTS.hex(), index, piece.number)
            if piece.mark is not None:
                yield self._mark(piece, index)
            yield Step("item", "EB", item.by_parts().hex(), index, piece.number)

    def _mark(self, piece: Piece, index: int) -> Step:
        assert piece.mark is not None  # noqa: S101 - for the type checker; the caller has looked
        settings = self._settings.marks
        try:
            value = marks.value(piece.mark, settings)
        except ValueError as wrong:
            raise OrderInvalid(f"lines[{index}].marks[{piece.number}].full", str(wrong)) from None
        operands = commands.item_tag(settings.flags, settings.tag, value)
        return Step("mark", "E8", operands.hex(), index, piece.number)

    def _payments(self, order: Receipt) -> Iterator[Step]:
        """By type of the register, cash last: change is given of it."""
        sums: dict[int, int] = {}
        for payment in order.payments:
            kind = self._settings.payment_types[payment.kind]
            sums[kind] = sums.get(kind, 0) + payment.sum_tiyn
        *first, last = sorted(sums.items(), key=lambda row: (row[0] == CASH_TYPE, row[0]))
        for kind, tiyn in first:
            yield Step("pay", "99", commands.payment(kind, tiyn).hex())
        yield Step("close", "4A", commands.payment(*last).hex(), decisive=True)


def _mode(mode: Mode) -> Step:
    return Step("mode", "56", f"{mode:02X}")
