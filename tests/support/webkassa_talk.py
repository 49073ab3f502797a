"""Webkassa's paths, the answers of its documentation and captures, and the two calls every driver test makes."""

from __future__ import annotations

from typing import Any

from fiscal.register import Baseline
from fiscal.registry import OpenRegister

CHECK, MONEY, LOGIN = "/api/v4/check", "/api/v4/MoneyOperation", "/api/v4/Authorize"
Z, X, Z_BY_SHIFT = "/api/v4/ZReport", "/api/v4/XReport", "/api/v4/ZReport/ByShiftNumber"
STATE, OLD_STATE, SHIFTS = "/api-portal/cashbox/state", "/api/cashbox/state", "/api/v4/Cashbox/ShiftHistory"
LOOKUP = "/api-history/v4/Ticket/GetTicketByExternalCheckNumber"
UNITS, INFO = "/api/v4/references/RefUnits", "/api-portal/v4/cashbox/client-info"
Z_HISTORY, PRINT = "/api/v4/ZReport/History", "/api/v4/Ticket/PrintFormat"
HISTORY, BY_NUMBER, TAPE = "/api/v4/Check/History", "/api/v4/Check/HistoryByNumber", "/api/v4/Reports/ControlTape"

OK: dict[str, Any] = {
    "Data": {
        "CheckNumber": "4228143550", "DateTime": "15.07.2026 10:30:00", "DateTimeUTC": "15.07.2026 10:30:00 +05:00",
        "OfflineMode": False, "CashboxOfflineMode": False, "CheckOrderNumber": 12, "ShiftNumber": 7,
        "Cashbox": {"UniqueNumber": "SWK00000001", "RegistrationNumber": "010100000001"},
        "TicketUrl": "http://consumer.test-oofd.kz?i=4228143550&f=010100000001&s=1800.00&t=20260715T103000",
    }
}  # fmt: skip
FOUND = {
    "Data": {
        "OperationType": 2, "ExternalCheckNumber": "till7-000000123-sale", "Number": "4228143550", "OrderNumber": 12,
        "RegistratedOn": "15.07.2026 10:30:00", "ShiftNumber": 7, "CashboxRegistrationNumber": "010100000001",
        "Total": 1800, "IsOffline": False, "TicketUrl": OK["Data"]["TicketUrl"],
    }
}  # fmt: skip
Z_OK = {
    "Data": {"ReportNumber": 41, "ShiftNumber": 7, "StartOn": "15.07.2026 09:00:00", "ReportOn": "15.07.2026 22:00:00",
             "CloseOn": "15.07.2026 22:00:00", "DocumentCount": 3, "SumInCashbox": 10900, "PutMoneySum": 10000}
}  # fmt: skip


def error(code: int, text: str = "text of the vendor") -> dict[str, Any]:
    return {"Errors": [{"Code": code, "Text": text}]}


def state(shift: int, closed: bool = False) -> dict[str, Any]:
    current = {
        "ShiftNumber": shift,
        "ShiftClosed": closed,
        "ShiftOpenedAt": "15.07.2026 09:00:00",
        "DocumentsCount": 11,
    }
    return {"Data": {"UniqueNumber": "SWK00000001", "OfdProtocolVersion": 203, "CurrentState": current}}


def shifts(*closed: int, open_: int | None = None) -> dict[str, Any]:
    rows = [{"ShiftNumber": n, "OpenDate": "14.07.2026 09:00:00", "CloseDate": "14.07.2026 22:00:00"} for n in closed]
    rows += [{"ShiftNumber": open_, "OpenDate": "15.07.2026 09:00:00"}] if open_ is not None else []
    return {"Data": {"Skip": 0, "Take": 50, "Total": len(rows), "Shifts": rows}}


def run(register: OpenRegister, order: Any, base: Baseline) -> Any:
    return register.execute(register.prepare(order), base)


def settle(register: OpenRegister, order: Any, base: Baseline) -> Any:
    return register.settle(register.prepare(order), base)
