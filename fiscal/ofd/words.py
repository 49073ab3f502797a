"""Numbers of protocol 2.0.3 by name, and how its values are written: money, percent, local time. Pure.

Source: github texport/ofd-kt-proto (enums); KGD protocol 2.0.2 for the scales: quantity in thousandths, percent in
thousandths of a percent (12 000 = 12 %), money as tenge and tiyn, times local and without a zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from fiscal.orders import CashDirection, Operation, PaymentKind


class Command(IntEnum):
    SYSTEM = 0
    TICKET = 1
    CLOSE_SHIFT = 2
    REPORT = 3
    NOMENCLATURE = 4
    INFO = 5
    MONEY_PLACEMENT = 6
    CANCEL_TICKET = 7  # Deprecated in 2.0.3.
    AUTH = 8


BUY, BUY_RETURN, SELL, SELL_RETURN = range(4)
ALL_OPERATIONS = (BUY, BUY_RETURN, SELL, SELL_RETURN)
OPERATIONS: Mapping[Operation, int] = {Operation.SALE: SELL, Operation.SALE_RETURN: SELL_RETURN}

CASH, CARD, MOBILE = 0, 1, 4  # 2 and 3 are deprecated in 2.0.3.
ALL_PAYMENT_TYPES = (CASH, CARD, MOBILE)
PAYMENTS: Mapping[PaymentKind, int] = {PaymentKind.CASH: CASH, PaymentKind.CARD: CARD, PaymentKind.MOBILE: MOBILE}

DEPOSIT, WITHDRAWAL = 0, 1
PLACEMENTS: Mapping[CashDirection, int] = {CashDirection.IN: DEPOSIT, CashDirection.OUT: WITHDRAWAL}

REPORT_Z, REPORT_X = 0, 1
COMMODITY, MARKUP, DISCOUNT = 1, 3, 5  # Kinds of a ticket's item.
VAT = 100  # tax_type.
DOMAINS: Mapping[str, int] = {"trading": 0, "services": 1}

SIGN_OF_CASH: Mapping[int, int] = {SELL: 1, BUY_RETURN: 1, BUY: -1, SELL_RETURN: -1}


def money(tiyn: int) -> dict[str, int]:
    """Of a sum that is not negative."""
    bills, coins = divmod(tiyn, 100)
    return {"bills": bills, "coins": coins}


def tiyn(value: Mapping[str, int]) -> int:
    return value["bills"] * 100 + value["coins"]


def moment(at_ns: int, offset: dt.timedelta) -> dict[str, Any]:
    """A local moment as the protocol writes it, to the second."""
    local = dt.datetime.fromtimestamp(at_ns // 1_000_000_000, dt.timezone(offset))
    return _fields(local)


def moment_of(iso: str, offset: dt.timedelta) -> dict[str, Any]:
    """The same of ISO 8601 with an offset. ValueError when it is none."""
    parsed = dt.datetime.fromisoformat(iso)
    if parsed.tzinfo is None:
        raise ValueError("has no offset from UTC")
    return _fields(parsed.astimezone(dt.timezone(offset)))


def _fields(local: dt.datetime) -> dict[str, Any]:
    return {
        "date": {"year": local.year, "month": local.month, "day": local.day},
        "time": {"hour": local.hour, "minute": local.minute, "second": local.second},
    }


def iso(at_ns: int, offset: dt.timedelta) -> str:
    """ISO 8601 with offset, to the second."""
    return dt.datetime.fromtimestamp(at_ns // 1_000_000_000, dt.timezone(offset)).isoformat()


def percent(vat_bp: int, scale: int) -> int:
    """A rate in the protocol's scale: `scale` units are 1 %."""
    return vat_bp * scale // 100
