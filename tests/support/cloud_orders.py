"""Orders for the cloud registers: those of the golden vectors, and plain ones to vary."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from fiscal.register import (
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    Payment,
    PaymentKind,
    Receipt,
    ReturnBasis,
)

VECTORS = Path(__file__).parents[1] / "vectors"
NS = 1_000_000_000
KEY = "till7-000000123-sale"
A, B = "04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE"
BASIS = ReturnBasis("4228143550", "2026-07-15T10:30:00+05:00", "010100000001", 180_000, False)


def vectors(family: str) -> dict[str, Any]:
    return tomllib.loads((VECTORS / f"{family}.toml").read_text(encoding="utf-8"))


def named(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["name"].startswith(name))


def ns(iso: str) -> int:
    return round(dt.datetime.fromisoformat(iso).timestamp()) * NS


def mark(full: str) -> Mark:
    return Mark(full, full[:21])


def line(**change: Any) -> Line:
    return replace(Line("Cigarettes", 90_000, 1_000, 796, 1_600), **change)


def sale(*lines: Line, paid: int = 90_000, **change: Any) -> Receipt:
    plain = Receipt(KEY, Operation.SALE, lines or (line(),), (Payment(PaymentKind.CASH, paid),))
    return replace(plain, **change)


def refund(*lines: Line, **change: Any) -> Receipt:
    return sale(*lines, operation=Operation.SALE_RETURN, basis=BASIS, **change)


def receipt_of(row: dict[str, Any]) -> Receipt:
    """The order of a golden request."""
    lines = tuple(
        Line(
            given["name"], given["price_tiyn"], given["quantity_milli"], given["unit_code"], given.get("vat_bp"),
            gtin=given.get("gtin"), marks=tuple(map(mark, given.get("marks", ()))),
            discount_tiyn=given.get("discount_tiyn", 0), code=given.get("code"),
        )
        for given in row["line"]
    )  # fmt: skip
    payments = tuple(Payment(PaymentKind(given["kind"]), given["sum_tiyn"]) for given in row["payments"])
    basis = ReturnBasis(**row["basis"]) if "basis" in row else None
    return Receipt(row["key"], Operation(row["operation"]), lines, payments, basis=basis)


def cash_of(row: dict[str, Any]) -> CashMove:
    return CashMove(row["key"], CashDirection(row["direction"]), row["sum_tiyn"])
