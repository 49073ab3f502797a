"""Orders -> JSON tasks of ATOL's driver 10. Pure.

    sale    (clear, check a code) where we ask about codes, sell | sellReturn
    cash    cashIn | cashOut        shift    openShift | closeShift

One task makes the document. Its text is kept in the step as it goes out; only what the checks answered is put into it
at the last moment.
Sources: github AlexanderYekat/atolexamplesjson, the vendor's task scripts (myscripts_base_receipt.js,
myscripts_items.js, myscripts_marks.js); names and enums: github pbardov/node-atol-rpc, src/types.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fiscal import checks
from fiscal.atol.errors import JSON_FAMILY
from fiscal.atol.items import Piece, pieces
from fiscal.atol.web.settings import MarkCheck, MarkForm, Marks, Settings
from fiscal.device.steps import Step, payload
from fiscal.https.fields import dump
from fiscal.money import to_tenge, to_units
from fiscal.orders import CashMove, Line, Mark, Operation, Order, OrderInvalid, Prepared, Receipt, ShiftOpen

NAME_MAX = 128  # Tag 1030.
MARK_MAX = 255
TASKS = {Operation.SALE: "sell", Operation.SALE_RETURN: "sellReturn"}
CASH_TASKS = {"in": "cashIn", "out": "cashOut"}
STATUSES = {Operation.SALE: "itemPieceSold", Operation.SALE_RETURN: "itemPieceReturn"}
CLEAR, CHECK = "clearMarkingCodeValidationResult", "beginMarkingCodeValidation"
# OKEI codes -> names of driver 10; everything else is "otherUnits".
UNITS = {
    796: "piece", 163: "gram", 166: "kilogram", 168: "ton", 4: "centimeter", 6: "meter", 51: "squareCentimeter",
    55: "squareMeter", 111: "milliliter", 112: "liter", 113: "cubicMeter", 245: "kilowattHour", 356: "hour", 359: "day",
}  # fmt: skip


class Builder:
    """Turns orders into steps under one set-up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limits = checks.Limits(JSON_FAMILY, name_length_max=NAME_MAX, mark_length_max=MARK_MAX, needs_basis=False)

    def prepare(self, order: Order) -> Prepared:
        """OrderInvalid names the field that cannot be."""
        if isinstance(order, Receipt):
            return self._receipt(order)
        if isinstance(order, CashMove):
            checks.cash_move(order, self._limits)
            task = {"type": CASH_TASKS[order.direction], "cashSum": to_tenge(order.sum_tiyn)}
            return _prepared(order.key, f"cash_{order.direction}", order.sum_tiyn, [_decisive("cash", task)])
        checks.shift(order)
        if isinstance(order, ShiftOpen):
            task = {"type": "openShift", **_operator(order.cashier)}
            return _prepared(order.key, "shift_open", 0, [_decisive("shift", task)], shift=order.shift)
        return _prepared(order.key, "shift_close", 0, [_decisive("shift", {"type": "closeShift"})], shift=order.shift)

    def _receipt(self, order: Receipt) -> Prepared:
        # Nothing of the original receipt is sent, so nothing of it can be wrong.
        order = replace(order, basis=None)
        sums = checks.receipt(order, self._limits)
        operation = Operation(order.operation)
        positions, places = [], []
        for index, line in enumerate(order.lines):
            for piece in pieces(line):
                positions.append(self._position(operation, index, line, piece))
                places.append([index, piece.number])
        task: dict[str, Any] = {"type": TASKS[operation]}
        if self._settings.taxation is not None:
            task["taxationType"] = self._settings.taxation
        task |= {
            **_operator(order.cashier),
            **({"validateMarkingCodes": True} if self._settings.mark_check is MarkCheck.RECEIPT else {}),
            "items": positions,
            "payments": self._payments(order),
            "total": to_tenge(sums.total_tiyn),
        }
        steps = [*self._checks(operation, order), _decisive("receipt", task)]
        return _prepared(order.key, operation.value, sums.total_tiyn, steps, places=places)

    def _position(self, operation: Operation, index: int, line: Line, piece: Piece) -> dict[str, Any]:
        tax = self._settings.tax_types.get(line.vat_bp)
        if tax is None:
            rate = f"{(line.vat_bp or 0) / 100:g} %"
            raise OrderInvalid(f"lines[{index}].vat_bp", f"no tax type of the driver is named for {rate}")
        position: dict[str, Any] = {
            "type": "position",
            "name": line.name,
            "price": to_tenge(piece.price_tiyn),
            "quantity": to_units(piece.quantity_milli),
            "amount": to_tenge(piece.sum_tiyn),
            "measurementUnit": UNITS.get(line.unit_code, "otherUnits"),
            "paymentMethod": "fullPayment",
            "paymentObject": self._settings.goods if piece.mark is None else self._settings.marked_goods,
            "tax": {"type": tax},
        }
        if self._settings.department is not None:
            position["department"] = self._settings.department
        if piece.mark is not None:
            position["imcParams"] = self._imc(operation, piece.mark, index, piece.number or 0)
        return position

    def _checks(self, operation: Operation, order: Receipt) -> Iterator[Step]:
        if self._settings.mark_check is not MarkCheck.HOST or not any(line.marks for line in order.lines):
            return
        yield Step("clear", CLEAR)
        for index, line in enumerate(order.lines):
            for number, mark in enumerate(line.marks):
                params = {**self._imc(operation, mark, index, number), "itemQuantity": 1, "itemUnits": "piece"}
                yield Step("check", CHECK, dump({"type": CHECK, "params": params}), index, number)

    def _imc(self, operation: Operation, mark: Mark, index: int, number: int) -> dict[str, Any]:
        place = f"lines[{index}].marks[{number}].full"
        if self._settings.marks is Marks.NONE:
            raise OrderInvalid(place, "the register is not set up for marking codes: option marks")
        code = mark.full if self._settings.mark_form is MarkForm.FULL else mark.ki
        if not code.isascii():
            raise OrderInvalid(place, "holds a letter that no marking code has")
        return {
            "imcType": self._settings.imc_type,
            "imc": base64.b64encode(code.encode("ascii")).decode("ascii"),
            "itemEstimatedStatus": STATUSES[operation],
            "imcModeProcessing": 0,
        }

    def _payments(self, order: Receipt) -> list[dict[str, Any]]:
        sums: dict[str, int] = {}
        for payment in order.payments:
            kind = self._settings.payment_types[payment.kind]
            sums[kind] = sums.get(kind, 0) + payment.sum_tiyn
        return [{"type": kind, "sum": to_tenge(tiyn)} for kind, tiyn in sums.items()]


def _operator(cashier: str) -> dict[str, Any]:
    return {"operator": {"name": cashier}} if cashier.strip() else {}


def _decisive(name: str, task: dict[str, Any]) -> Step:
    return Step(name, task["type"], dump(task), decisive=True)


def _prepared(key: str, kind: str, total_tiyn: int, steps: list[Step], **facts: Any) -> Prepared:
    return Prepared(key, JSON_FAMILY, kind, total_tiyn, payload(steps, **facts))
