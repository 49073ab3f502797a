"""Messages of protocol 2.0.3 as cloud registers carry them in JSON, read and written. Pure.

Two spellings are in the field: protobuf's own mapping (lowerCamelCase, 64-bit numbers as texts, enums by name, a zero
left out), and snake_case with enums by number. Every reader takes both, and any mixture of them.
Sources: protocol 2.0.3 (github texport/ofd-kt-proto); what services tell: tests/vectors/rekassa.toml, ukassa.toml.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fiscal.documents import ShiftReport
from fiscal.https import moments
from fiscal.https.fields import AnswerMalformed, Fields, Json
from fiscal.money import TIYN_MAX
from fiscal.orders import PaymentKind

# Kind of a `Prepared`, or our word for what no till of ours makes -> the enum's name and number.
Words = Mapping[str, tuple[str, int]]
OPERATIONS: Words = {
    "purchase": ("OPERATION_BUY", 0),
    "purchase_return": ("OPERATION_BUY_RETURN", 1),
    "sale": ("OPERATION_SELL", 2),
    "sale_return": ("OPERATION_SELL_RETURN", 3),
}
PLACEMENTS: Words = {"cash_in": ("MONEY_PLACEMENT_DEPOSIT", 0), "cash_out": ("MONEY_PLACEMENT_WITHDRAWAL", 1)}
PAYMENTS: Words = {
    PaymentKind.CASH: ("PAYMENT_CASH", 0),
    PaymentKind.CARD: ("PAYMENT_CARD", 1),
    PaymentKind.MOBILE: ("PAYMENT_MOBILE", 4),
}


def word(fields: Fields, words: Words, *names: str) -> str:
    """Our word for an enum, the vendor's own for one that is not in the table, "" when it is not told."""
    told = fields.text(*names)
    return next((ours for ours, (name, number) in words.items() if told in (name, str(number))), told)


def money(tiyn: int) -> Json:
    """A sum that is not negative, as protobuf's JSON has it: bills are 64 bits wide, so they travel as text."""
    bills, coins = divmod(tiyn, 100)
    return {"bills": str(bills), "coins": coins}


def tiyn(fields: Fields, *names: str) -> int | None:
    """A sum in tiyn. AnswerMalformed for one that is no sum."""
    told = fields.object(*names)
    if told is None:
        return None
    bills, coins = told.integer("bills"), told.integer("coins")
    if bills is None and coins is None:
        raise AnswerMalformed(told.place, "is not a sum")
    total = (bills or 0) * 100 + (coins or 0)
    if not (0 <= (coins or 0) < 100 and 0 <= total <= TIYN_MAX):
        raise AnswerMalformed(told.place, "is not a sum")
    return total


def moment(at: dt.datetime) -> Json:
    """A local moment, to the second."""
    return {
        "date": {"year": at.year, "month": at.month, "day": at.day},
        "time": {"hour": at.hour, "minute": at.minute, "second": at.second},
    }


def moment_at(fields: Fields, offset: dt.timedelta, *names: str) -> str:
    """ISO 8601 of a moment `{date, time}`; "" when it is not told, AnswerMalformed when it is none."""
    told = fields.object(*names)
    if told is None:
        return ""
    date, time = told.object("date"), told.object("time")
    parts = [] if date is None or time is None else [*map(date.integer, ("year", "month", "day"))]
    parts += [] if time is None else [time.integer("hour"), time.integer("minute"), time.integer("second") or 0]
    try:
        year, month, day, hour, minute, second = (int(part) for part in parts if part is not None)
        return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.timezone(offset)).isoformat()
    except (ValueError, OverflowError):
        raise AnswerMalformed(told.place, "is not a date and time") from None


def written_at(fields: Fields, offset: dt.timedelta, *names: str) -> str:
    """ISO 8601, in local time, of a moment that is written as text; "" when it is not told."""
    name, _ = fields.get(*names)
    text = fields.text(*names)
    if not text:
        return ""
    try:
        return moments.parse(text, offset)[0].astimezone(dt.timezone(offset)).isoformat()
    except (ValueError, OverflowError):
        raise AnswerMalformed(fields.at(name), "is not a date and time") from None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many documents of one kind a report counts within its shift, and what they add up to."""

    count: int = 0
    sum_tiyn: int = 0


def counted(report: Fields) -> dict[str, Counted]:
    """Of every kind in a report; a row that is left out counts nothing. AnswerMalformed."""
    made = {kind: Counted() for kind in (*OPERATIONS, *PLACEMENTS)}
    for words, rows, prefix in (
        (OPERATIONS, report.objects("ticketOperations", "ticket_operations"), "tickets"),
        (PLACEMENTS, report.objects("moneyPlacements", "money_placements"), "operations"),
    ):
        for row in rows:
            count = row.integer(f"{prefix}Count", f"{prefix}_count")
            amount = tiyn(row, f"{prefix}Sum", f"{prefix}_sum")
            kind = word(row, words, "operation")
            if not kind or count is None or amount is None:
                raise AnswerMalformed(row.place, "has no operation, no count or no sum")
            made[kind] = Counted(count, amount)
    return made


def shift_report(
    report: Fields, offset: dt.timedelta, raw: Mapping[str, Any], *, closed_at: str = "", opened_at: str = ""
) -> ShiftReport:
    """An X-report, or a Z-report when `closed_at` is told; the report's own times go before those given."""
    shift = report.integer("shiftNumber", "shift_number")
    cash = tiyn(report, "cashSum", "cash_sum")
    if shift is None or cash is None:
        raise AnswerMalformed(report.at("shiftNumber" if shift is None else "cashSum"), "is missing")
    made = counted(report)
    at = closed_at or moment_at(report, offset, "dateTime", "date_time")
    if not at:
        raise AnswerMalformed(report.at("dateTime"), "is missing")
    return ShiftReport(
        at=at,
        number=shift,
        shift=shift,
        closed=bool(closed_at),
        document_count=sum(one.count for one in made.values()),
        sales_tiyn=made["sale"].sum_tiyn,
        sales_count=made["sale"].count,
        returns_tiyn=made["sale_return"].sum_tiyn,
        returns_count=made["sale_return"].count,
        cash_tiyn=cash,
        put_tiyn=made["cash_in"].sum_tiyn,
        taken_tiyn=made["cash_out"].sum_tiyn,
        opened_at=moment_at(report, offset, "openShiftTime", "open_shift_time") or opened_at or None,
        raw=raw,
    )
