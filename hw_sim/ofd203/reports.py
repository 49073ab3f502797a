"""X and Z reports as messages: every operation, payment and cash move has its row, zero rows included.

Source: protocol 2.0.2, section 3.8. How the text's checksum is made is not published: here it is a CRC-32 of the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hw_sim.ofd203.counters import OPERATIONS, PAYMENTS, PLACEMENTS, Lifetime, ShiftCounters, Tally
from hw_sim.ofd203.values import money, stamp
from hw_sim.ofd203.wire import write

REPORT_Z, REPORT_X = 0, 1

COMPARED = ("shift_number", "cash_sum", "revenue", "total_result", "operations", "non_nullable_sums")
_KEYS = ("operation", "payment", "percent", "section_code")


def report(
    shift: ShiftCounters, lifetime: Lifetime, cash_tiyn: int, at: datetime, closed: datetime | None
) -> dict[str, Any]:
    """The ZXReport of a shift; `closed`: the moment of a Z, None for an X."""
    revenue = shift.revenue
    rows: dict[str, Any] = {
        "date_time": stamp(at),
        "shift_number": shift.number,
        "sections": [
            {"section_code": code, "operations": _operations(tallies)}
            for code, tallies in sorted(shift.sections.items())
        ],
        "operations": _operations(shift.goods),
        "discounts": _operations(shift.discounts),
        "markups": _operations(shift.markups),
        "total_result": _operations(shift.results),
        "taxes": list(_taxes(shift)),
        "start_shift_non_nullable_sums": _sums(shift.start_sums),
        "ticket_operations": [_ticket_operation(shift, lifetime, kind) for kind in OPERATIONS],
        "money_placements": [_placement(shift, lifetime, kind) for kind in PLACEMENTS],
        "cash_sum": money(cash_tiyn),
        "revenue": {"sum": money(abs(revenue)), "is_negative": revenue < 0},
        "non_nullable_sums": _sums(lifetime.sums),
        "open_shift_time": stamp(shift.opened),
    }
    if closed is not None:
        rows["close_shift_time"] = stamp(closed)
    return rows | {"checksum": f"{zlib.crc32(write('ZXReport', rows)):08X}"}


def empty_report(date_time: Mapping[str, Any], cash_tiyn: int) -> dict[str, Any]:
    """Before the first Z there is an empty one: shift 0 and the date of the request, no rows."""
    return {
        "date_time": dict(date_time),
        "shift_number": 0,
        "cash_sum": money(cash_tiyn),
        "revenue": {"sum": money(0), "is_negative": False},
    }


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Where the totals of the register differ from the operator's: `path: theirs instead of ours`.

    The order of rows and rows of zeros do not matter.
    """
    flat_theirs, flat_ours = (dict(_flat(report)) for report in (theirs, ours))
    return [
        f"{path}: {flat_theirs.get(path, 0)} instead of {flat_ours.get(path, 0)}"
        for path in sorted({*flat_theirs, *flat_ours})
        if flat_theirs.get(path, 0) != flat_ours.get(path, 0)
    ]


def _operations(tallies: Mapping[int, Tally]) -> list[dict[str, Any]]:
    none = Tally()
    return [
        {"operation": kind, "count": tallies.get(kind, none).count, "sum": money(tallies.get(kind, none).sum)}
        for kind in OPERATIONS
    ]


def _sums(sums: Mapping[int, int]) -> list[dict[str, Any]]:
    return [{"operation": kind, "sum": money(sums[kind])} for kind in OPERATIONS]


def _taxes(shift: ShiftCounters) -> Iterator[dict[str, Any]]:
    for kind, percent in sorted({(kind, percent) for kind, percent, _ in shift.turnovers}):
        rows = []
        for operation in OPERATIONS:
            turnover = shift.turnovers.get((kind, percent, operation), 0)
            tax = shift.taxes.get((kind, percent, operation), 0)
            row = {
                "turnover": money(turnover),
                "sum": money(tax),
                "turnover_without_tax": money(max(turnover - tax, 0)),
            }
            rows.append({"operation": operation, **row})
        yield {"tax_type": kind, "percent": percent, "operations": rows}


def _ticket_operation(shift: ShiftCounters, lifetime: Lifetime, kind: int) -> dict[str, Any]:
    none = Tally()
    paid = [shift.payments.get((kind, payment), none) for payment in PAYMENTS]
    return {
        "operation": kind,
        "tickets_total_count": lifetime.tickets[kind],
        "tickets_count": shift.results.get(kind, none).count,
        "tickets_sum": money(shift.results.get(kind, none).sum),
        "payments": [
            {"payment": payment, "sum": money(tally.sum), "count": tally.count}
            for payment, tally in zip(PAYMENTS, paid, strict=True)
        ],
        "offline_count": shift.offline.get(kind, 0),
        "discount_sum": money(shift.discounts.get(kind, none).sum),
        "markup_sum": money(shift.markups.get(kind, none).sum),
        "change_sum": money(shift.change.get(kind, 0)),
    }


def _placement(shift: ShiftCounters, lifetime: Lifetime, kind: int) -> dict[str, Any]:
    tally = shift.placements.get(kind, Tally())
    return {
        "operation": kind,
        "operations_total_count": lifetime.placements[kind],
        "operations_count": tally.count,
        "operations_sum": money(tally.sum),
        "offline_count": shift.offline_placements.get(kind, 0),
    }


def _flat(report: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name in COMPARED:
        if name in report:
            yield from _leaves(report[name], name)
    for row in report.get("ticket_operations", ()):
        path = f"ticket_operations[{row['operation']}]"
        yield f"{path}.tickets_count", row["tickets_count"]
        yield from _leaves(row["tickets_sum"], f"{path}.tickets_sum")
        yield from _leaves(row.get("payments", []), f"{path}.payments")
    for row in report.get("money_placements", ()):
        path = f"money_placements[{row['operation']}]"
        yield f"{path}.operations_count", row["operations_count"]
        yield from _leaves(row["operations_sum"], f"{path}.operations_sum")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, list):
        for row in value:
            key = next(row[name] for name in _KEYS if name in row)
            for name in row.keys() - set(_KEYS):
                yield from _leaves(row[name], f"{path}[{key}].{name}")
    elif isinstance(value, Mapping) and {"bills", "coins"} <= value.keys():
        yield path, value["bills"] * 100 + value["coins"]
    elif isinstance(value, Mapping):
        for name in value:
            yield from _leaves(value[name], f"{path}.{name}")
    else:
        yield path, int(value)
