"""What a register in software counts, and the X- or Z-report the protocol makes of it. Pure.

Counters are a flat mapping of names to whole numbers (money in tiyn), so that a store keeps them as they are and
nothing is ever recounted: `ticket.2.count`, `ticket.2.sum`, `pay.2.0.sum`, `tax.16000.2.turnover`, `section.1.2.sum`,
`place.0.sum`. The numbers inside are those of the protocol: operation 2 is a sale, payment 0 is cash, placement 0
puts cash in.
Source: ZXReport of github texport/ofd-kt-proto; rules of KGD protocol 2.0.2 (all four operations, zero rows included).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fiscal.money import line_amount_tiyn, tax_inside_tiyn
from fiscal.ofd.proto import encode
from fiscal.ofd.words import (
    ALL_OPERATIONS,
    ALL_PAYMENT_TYPES,
    BUY,
    BUY_RETURN,
    DEPOSIT,
    OPERATIONS,
    PAYMENTS,
    PLACEMENTS,
    SELL,
    SELL_RETURN,
    SIGN_OF_CASH,
    VAT,
    WITHDRAWAL,
    money,
    percent,
)
from fiscal.orders import CashMove, Line, PaymentKind, Receipt

Counters = Mapping[str, int]


def plus(counters: Counters, more: Counters) -> dict[str, int]:
    """The sum of two sets of counters."""
    return {name: counters.get(name, 0) + more.get(name, 0) for name in {**counters, **more}}


def of_receipt(order: Receipt, total_tiyn: int, change_tiyn: int, section: str, scale: int) -> dict[str, int]:
    """What one receipt adds to the counters of its shift."""
    operation = OPERATIONS[order.operation]
    rows: list[tuple[str, int]] = [
        (f"ticket.{operation}.count", 1),
        (f"ticket.{operation}.sum", total_tiyn),
        (f"ticket.{operation}.change", change_tiyn),
    ]
    for payment in order.payments:
        kept = payment.sum_tiyn - (change_tiyn if payment.kind is PaymentKind.CASH else 0)
        number = PAYMENTS[payment.kind]
        rows += [(f"pay.{operation}.{number}.sum", kept), (f"pay.{operation}.{number}.count", 1)]
    for line in order.lines:
        rows += _of_line(line, operation, section, scale)
    return _summed(rows)


def _of_line(line: Line, operation: int, section: str, scale: int) -> Iterable[tuple[str, int]]:
    full = line_amount_tiyn(line.price_tiyn, line.quantity_milli)
    amount = full - line.discount_tiyn + line.markup_tiyn
    yield f"section.{section}.{operation}.sum", full
    yield f"section.{section}.{operation}.count", 1
    yield f"ticket.{operation}.discount", line.discount_tiyn
    yield f"ticket.{operation}.markup", line.markup_tiyn
    yield f"discount.{operation}.count", int(line.discount_tiyn > 0)
    yield f"markup.{operation}.count", int(line.markup_tiyn > 0)
    if line.vat_bp is not None:
        rate, tax = percent(line.vat_bp, scale), tax_inside_tiyn(amount, line.vat_bp)
        yield f"tax.{rate}.{operation}.turnover", amount
        yield f"tax.{rate}.{operation}.sum", tax


def of_cash(order: CashMove) -> dict[str, int]:
    number = PLACEMENTS[order.direction]
    return {f"place.{number}.count": 1, f"place.{number}.sum": order.sum_tiyn}


def cash_tiyn_of(order: Receipt | CashMove, total_tiyn: int, change_tiyn: int) -> int:
    """What an order does to the drawer, with its sign."""
    if isinstance(order, CashMove):
        return order.sum_tiyn if PLACEMENTS[order.direction] == DEPOSIT else -order.sum_tiyn
    cash = sum(p.sum_tiyn for p in order.payments if p.kind is PaymentKind.CASH) - change_tiyn
    return SIGN_OF_CASH[OPERATIONS[order.operation]] * cash


def _summed(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for name, value in rows:
        if value:
            summed[name] = summed.get(name, 0) + value
    return summed


@dataclass(frozen=True, slots=True)
class ShiftTotals:
    """Everything a report of one shift is made of."""

    number: int
    counters: Counters  # Of the shift.
    before: Counters  # `ticket.N.sum`, `ticket.N.count`, `place.N.count` of all shifts before: they never start anew.
    cash_tiyn: int


def zx_report(
    totals: ShiftTotals, at: Mapping[str, Any], opened: Mapping[str, Any], closed: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The ZXReport message; times are the protocol's. `closed` makes it a Z-report."""
    c, before = totals.counters, totals.before
    revenue = sum(
        sign * c.get(f"ticket.{operation}.sum", 0)
        for operation, sign in ((SELL, 1), (BUY_RETURN, 1), (SELL_RETURN, -1), (BUY, -1))
    )
    report: dict[str, Any] = {
        "date_time": dict(at),
        "shift_number": totals.number,
        "sections": _sections(c),
        # Tickets, not their lines: so counts the one public register in software (github texport/superkassa-core).
        "operations": [_operation(op, c.get(f"ticket.{op}.count", 0), _before_discounts(c, op))
                       for op in ALL_OPERATIONS],
        "discounts": [_operation(op, c.get(f"discount.{op}.count", 0), c.get(f"ticket.{op}.discount", 0))
                      for op in ALL_OPERATIONS],
        "markups": [_operation(op, c.get(f"markup.{op}.count", 0), c.get(f"ticket.{op}.markup", 0))
                    for op in ALL_OPERATIONS],
        "total_result": [_operation(op, c.get(f"ticket.{op}.count", 0), c.get(f"ticket.{op}.sum", 0))
                         for op in ALL_OPERATIONS],
        "taxes": _taxes(c),
        "start_shift_non_nullable_sums": [
            {"operation": op, "sum": money(before.get(f"ticket.{op}.sum", 0))} for op in ALL_OPERATIONS
        ],
        "ticket_operations": [_tickets(c, before, op) for op in ALL_OPERATIONS],
        "money_placements": [_placements(c, before, number) for number in (DEPOSIT, WITHDRAWAL)],
        "cash_sum": money(totals.cash_tiyn),
        "revenue": {"sum": money(abs(revenue)), "is_negative": revenue < 0},
        "non_nullable_sums": [
            {"operation": op, "sum": money(before.get(f"ticket.{op}.sum", 0) + c.get(f"ticket.{op}.sum", 0))}
            for op in ALL_OPERATIONS
        ],
        "open_shift_time": dict(opened),
    }  # fmt: skip
    if closed is not None:
        report["close_shift_time"] = dict(closed)
    # The algorithm is not published; a public core sends eight hexadecimal digits of a CRC-32 over its own form.
    return {**report, "checksum": f"{zlib.crc32(encode('ZXReport', report)):08X}"}


def _operation(operation: int, count: int, amount: int) -> dict[str, Any]:
    return {"operation": operation, "count": count, "sum": money(amount)}


def _before_discounts(c: Counters, operation: int) -> int:
    return sum(n for name, n in c.items() if name.startswith("section.") and name.endswith(f".{operation}.sum"))


def _sections(c: Counters) -> list[dict[str, Any]]:
    codes = sorted({name.split(".")[1] for name in c if name.startswith("section.")})
    return [
        {
            "section_code": code,
            "operations": [
                _operation(op, c.get(f"section.{code}.{op}.count", 0), c.get(f"section.{code}.{op}.sum", 0))
                for op in ALL_OPERATIONS
            ],
        }
        for code in codes
    ]


def _taxes(c: Counters) -> list[dict[str, Any]]:
    rates = sorted({int(name.split(".")[1]) for name in c if name.startswith("tax.")})
    return [
        {"tax_type": VAT, "percent": rate, "operations": [_tax(c, rate, op) for op in ALL_OPERATIONS]} for rate in rates
    ]


def _tax(c: Counters, rate: int, operation: int) -> dict[str, Any]:
    turnover, tax = c.get(f"tax.{rate}.{operation}.turnover", 0), c.get(f"tax.{rate}.{operation}.sum", 0)
    without = money(turnover - tax)
    return {"operation": operation, "turnover": money(turnover), "sum": money(tax), "turnover_without_tax": without}


def _tickets(c: Counters, before: Counters, operation: int) -> dict[str, Any]:
    name = f"ticket.{operation}"
    count = c.get(f"{name}.count", 0)
    return {
        "operation": operation,
        "tickets_total_count": before.get(f"{name}.count", 0) + count,
        "tickets_count": count,
        "tickets_sum": money(c.get(f"{name}.sum", 0)),
        "payments": [
            {
                "payment": number,
                "sum": money(c.get(f"pay.{operation}.{number}.sum", 0)),
                "count": c.get(f"pay.{operation}.{number}.count", 0),
            }
            for number in ALL_PAYMENT_TYPES
        ],
        "offline_count": c.get(f"{name}.offline", 0),
        "discount_sum": money(c.get(f"{name}.discount", 0)),
        "markup_sum": money(c.get(f"{name}.markup", 0)),
        "change_sum": money(c.get(f"{name}.change", 0)),
    }


def _placements(c: Counters, before: Counters, number: int) -> dict[str, Any]:
    name = f"place.{number}"
    count = c.get(f"{name}.count", 0)
    return {
        "operation": number,
        "operations_total_count": before.get(f"{name}.count", 0) + count,
        "operations_count": count,
        "operations_sum": money(c.get(f"{name}.sum", 0)),
        "offline_count": c.get(f"{name}.offline", 0),
    }
