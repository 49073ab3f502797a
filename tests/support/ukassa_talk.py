"""uKassa's paths, and answers to vary."""

from __future__ import annotations

import copy
import json
from typing import Any

from cloud_orders import A, B, line, mark, sale, vectors
from cloud_played import NINE_NS

from fiscal.register import Baseline

LOGIN, USER = "POST /api/auth/login/", "GET /api/auth/get_user/"
SELL, CASH = "POST /api/v2/operation/ticket/", "POST /api/operation/cash_operation/"
CLOSE, X, Z = (
    "POST /api/kassa/close_z_shift/",
    "POST /api/kassa/get_shift_report/",
    "POST /api/kassa/get_z_report_section/",
)
SHIFTS, OPERATIONS = "GET /api/kassa/get_shift_list/", "GET /api/kassa/get_shift_operations/"
OPERATION = "GET /api/operation/900002/"
VECTORS = vectors("ukassa")
SOLD = json.loads(VECTORS["document"][0]["body"])  # 1800 tenge, number 900002 of shift 7.
ORDER = sale(line(quantity_milli=2_000, marks=(mark(A), mark(B))), paid=180_000)  # The order it answers.
UNMARKED = sale(line(quantity_milli=2_000), paid=180_000)
COUNTERS = {
    "sale": 0, "sale_return": 1, "cash_in": 1, "cash_out": 0,
    "sale_tiyn": 0, "sale_return_tiyn": 90_000, "cash_in_tiyn": 1_000_000, "cash_out_tiyn": 0,
}  # fmt: skip
OPENED = "2026-07-15T09:00:00+05:00"
EXTRA = {"counters": COUNTERS, "opened_at": OPENED, "read_ns": NINE_NS}
# As it was read before the order: shift 7 is open, nothing was sold in it.
BASE = Baseline("UK00000001", 7, True, 2, extra=EXTRA, clock_at="2026-07-15T10:29:58+05:00")


def user(**till: Any) -> dict[str, Any]:
    """The answer to a login."""
    made = json.loads(VECTORS["login"]["answer"][0]["body"])
    made["user_kassas"]["kassa"][0] |= till
    return dict(made)


def shifts(*rows: tuple[int, bool]) -> list[dict[str, Any]]:
    """Numbers of shifts, and whether they are open."""
    return [
        {
            "id": 6994 + number,
            "number": number,
            "is_active": active,
            "created_at": "15.07.2026 09:00",
            "closed_at": None if active else "15.07.2026 22:00",
        }
        for number, active in rows
    ]


def report(*, shift: int = 7, closed: bool = False, at: str = "10:31", **counts: tuple[int, int]) -> dict[str, Any]:
    """The X of the vectors (one sale of 1800, one return of 900, 10000 put in), with other counts and sums."""
    made = json.loads(VECTORS["report"][0]["body"])
    made["closed_at"] = "15.07.2026 22:00" if closed else None
    inner = made["duplicated"]
    hour, minute = ("22", "0") if closed else at.split(":")
    inner["date_time"]["time"] = {"hour": int(hour), "minute": int(minute), "second": 0}
    inner["shift_number"] = shift
    places = {"purchase": 0, "purchase_return": 1, "sale": 2, "sale_return": 3}
    for kind, (count, total) in counts.items():
        money = {"bills": str(total // 100), "coins": total % 100}
        if kind in places:
            inner["ticket_operations"][places[kind]] |= {"tickets_count": count, "tickets_sum": money}
        else:
            row = inner["money_placements"][("cash_in", "cash_out").index(kind)]
            row |= {"operations_count": count, "operations_sum": money}
    return dict(made)


def operation(id_: int = 900002, **change: Any) -> dict[str, Any]:
    """The golden sale as the service shows it by its number; `marks` goes into its items."""
    made = copy.deepcopy(SOLD["data"])
    marks = change.pop("marks", None)
    if marks is not None:
        item = made["transaction_items"][0]
        made["transaction_items"] = [{**item, "mark_code": one} for one in marks] or [{"name": "x"}]
    return {**made, "id": id_, **change}


def row(id_: int = 900002, **change: Any) -> dict[str, Any]:
    """The same as a row of the list of a shift's operations, which tells less."""
    listed = json.loads(VECTORS["operations"]["body"])[1]
    return {**listed, "id": id_, **change}
