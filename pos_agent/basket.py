"""Lines of an open sale, and the receipt they become. Pure.

A marked unit is a line of its own: "one code, quantity one" is the form every register takes. Where a register takes a
list, `group_marks` joins equal goods into one position with as many marks as pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fiscal import money
from fiscal.register import Failure, Line, Mark, Operation, Payment, PaymentKind, Receipt, ReturnBasis
from pos_agent.problems import Problem

PIECE_MILLI = 1_000


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One scanned unit, or a quantity of goods without marks. Stored in the journal as its own JSON."""

    number: int  # In the sale, never reused.
    name: str
    price_tiyn: int
    quantity_milli: int
    unit_code: int
    vat_bp: int | None
    name_kk: str | None = None
    gtin: str | None = None
    ntin: str | None = None
    group: str | None = None
    ki: str | None = None  # Registry key; the text of the code where it has none (opaque stamps).
    full: str | None = None  # Full code as it goes to the register.
    reason: str = ""  # Verdict under which it was let in.
    approved_by: str | None = None  # Who answered an ASK, and why.
    discount_tiyn: int = 0

    @property
    def amount_tiyn(self) -> int:
        return money.line_amount_tiyn(self.price_tiyn, self.quantity_milli, self.discount_tiyn)

    def as_body(self) -> dict[str, Any]:
        return asdict(self)


def lines_from(bodies: Iterable[Mapping[str, Any]]) -> tuple[BasketLine, ...]:
    return tuple(BasketLine(**body) for body in bodies)


def total_tiyn(lines: Iterable[BasketLine]) -> int:
    return sum(line.amount_tiyn for line in lines)


def check_payments(operation: Operation, total: int, payments: Sequence[Payment]) -> None:
    """Raises T-105 unless the payments cover the total and only cash exceeds it; money is given back to the tiyn."""
    cash = sum(payment.sum_tiyn for payment in payments if payment.kind is PaymentKind.CASH)
    other = sum(payment.sum_tiyn for payment in payments) - cash
    if any(payment.sum_tiyn <= 0 for payment in payments) or other > total or cash + other < total:
        raise Problem("T-105", f"total {total} tiyn, cash {cash}, other {other}", total_tiyn=total)
    if operation is Operation.SALE_RETURN and cash + other != total:
        raise Problem("T-105", f"a return pays out exactly {total} tiyn", total_tiyn=total)
    if len({payment.kind for payment in payments}) != len(payments):
        raise Problem("T-105", "one row for each kind of payment")


def receipt(
    key: str,
    operation: Operation,
    lines: Sequence[BasketLine],
    payments: Sequence[Payment],
    *,
    cashier: str,
    basis: ReturnBasis | None = None,
    group_marks: bool = False,
    send_marks: bool = True,
    takes_marks: bool = True,
    customer_xin: str | None = None,
) -> Receipt:
    """The receipt for the register. `send_marks` False: a return whose vendor wants no codes.

    Raises R-209 for a marked unit sold through a register that carries no codes (`takes_marks` False).
    """
    if not takes_marks and operation is Operation.SALE:
        for line in lines:
            if line.full and line.ki:
                text = "register.marks is none: no marked goods at this till"
                raise Problem("R-209", text, line=line.number, name=line.name, ki=line.ki)
    positions = [_position(line, send_marks) for line in lines]
    if group_marks:
        positions = _grouped(positions)
    return Receipt(
        key=key,
        operation=operation,
        lines=tuple(positions),
        payments=tuple(payments),
        cashier=cashier,
        basis=basis,
        customer_xin=customer_xin,
    )


def offending(order: Receipt, failure: Failure, lines: Sequence[BasketLine]) -> BasketLine | None:
    """The line of the sale that a register's failure is about; None when it names none.

    Positions are in the order of the lines, but several marked units may have become one position.
    """
    if failure.line is None or failure.line >= len(order.lines):
        return None
    position = order.lines[failure.line]
    if position.marks:
        mark = position.marks[failure.mark or 0] if (failure.mark or 0) < len(position.marks) else position.marks[0]
        return next((line for line in lines if line.ki == mark.ki), None)
    place = sum(1 for before in order.lines[: failure.line] if not before.marks)
    unmarked = [line for line in lines if not (line.full and line.ki)]
    return unmarked[place] if place < len(unmarked) else None


def _position(line: BasketLine, send_marks: bool) -> Line:
    marks = (Mark(full=line.full, ki=line.ki),) if send_marks and line.full and line.ki else ()
    return Line(
        name=line.name,
        price_tiyn=line.price_tiyn,
        quantity_milli=line.quantity_milli,
        unit_code=line.unit_code,
        vat_bp=line.vat_bp,
        name_kk=line.name_kk,
        gtin=line.gtin,
        ntin=line.ntin,
        marks=marks,
        discount_tiyn=line.discount_tiyn,
    )


def _grouped(positions: Sequence[Line]) -> list[Line]:
    joined: dict[Any, Line] = {}
    for index, line in enumerate(positions):
        alike = replace(line, marks=(), quantity_milli=0) if line.marks and not line.discount_tiyn else index
        known = joined.get(alike)
        if known is not None:
            quantity = known.quantity_milli + line.quantity_milli
            line = replace(known, quantity_milli=quantity, marks=known.marks + line.marks)
        joined[alike] = line
    return list(joined.values())
