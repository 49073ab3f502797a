"""reKassa's paths, and answers to vary."""

from __future__ import annotations

import copy
import json
from typing import Any

from cloud_orders import line, named, sale, vectors
from cloud_played import NINE_NS

from fiscal.register import Baseline

LOGIN, TILLS, TILL = "POST /api/auth/login", "GET /api/crs", "GET /api/crs/1042"
SELL, CASH, CLOSE = "POST /api/crs/1042/tickets", "POST /api/crs/1042/cash", "POST /api/crs/1042/shifts/7/close"
SHIFT, X = "GET /api/crs/1042/shifts/7", "GET /api/crs/1042/shifts/7/reports/x"
DOCUMENTS = "GET /api/crs/1042/shifts/7/tickets"
VECTORS = vectors("rekassa")


def golden(rows: str, name: str) -> dict[str, Any]:
    return dict(json.loads(named(VECTORS[rows], name)["body"]))


SOLD = golden("document", "answer to the sale")  # 1800 tenge under KEY, number 50002 of shift 7.
ORDER = sale(line(quantity_milli=2_000), paid=180_000)  # The order it answers.
EXTRA = {"counters": {"last_id": 50001}, "opened_at": None, "read_ns": NINE_NS}
BASE = Baseline("RK00000001", 7, True, 1, extra=EXTRA)  # As it was read before the order.


def till(**change: Any) -> dict[str, Any]:
    row = json.loads(VECTORS["registers"]["body"])["_embedded"]["userCashRegisterRoles"][0]["cashRegister"]
    return {**row, **change}


def sold(id_: int = 50002, **change: Any) -> dict[str, Any]:
    """The golden sale with other facts on its outside; a sum goes in by `total` in whole tenge."""
    made = copy.deepcopy(SOLD)
    total = change.pop("total", None)
    if total is not None:
        made["data"]["ticket"]["amounts"]["total"] = {"bills": str(total), "coins": 0}
    return {**made, "id": id_, **change}


def listed(*documents: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    if not documents:
        return {"page": {"size": 20, "totalElements": total or 0}}
    return {
        "_embedded": {"tickets": list(documents)},
        "page": {"totalElements": len(documents) if total is None else total},
    }


def error(code: str, text: str = "слова сервиса") -> dict[str, str]:
    return {"code": code, "message": text}
