"""What our calls answer -> results of driver 10. Pure.

Only what the agent knows is answered: what a Russian register has and nobody here can tell (the number of a fiscal
storage) is left out and never invented.
Names: github AlexanderYekat/atolexamplesjson, json_get*.js and getFiscalDocumentResult of myscripts_utils.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiscal.register import Paper, RegisterStatus, ShiftReport
from pos_agent.api.atol.bodies import CashTask, Position, Receipt, Task
from pos_agent.api.atol.numbers import tenge

OK = {"code": 0, "description": "Ошибок нет"}
INTERRUPTED = {"code": 502, "description": "Выполнение прервано из-за предыдущих ошибок"}
CANCELED = {"code": 503, "description": "Задание отменено"}
SERVER = 505
OTHER = 500
# The driver's own number where it has one for the same thing (github ExLuzZziVo/KKTServiceLib, KKTErrorType.cs).
DRIVER_CODES: Mapping[str, int] = {
    "R-202": 2, "R-203": 2, "R-204": 55, "R-206": 68, "R-210": 44, "R-216": 44, "T-105": 66, "T-112": 83, "T-113": 73,
}  # fmt: skip
SHIFT_S = 24 * 3600


def error(problem: Mapping[str, Any], place: str) -> dict[str, Any]:
    """An error of a task: the driver's number, and the agent's own problem with the code to decide by."""
    code = str(problem["code"])
    text = f"{code}: {problem['title']}"
    return {
        "code": DRIVER_CODES.get(code, OTHER),
        "description": f"{text} ({place})" if place else text,
        "agentCode": code,
        "place": place,
        "problem": dict(problem),
    }


def entry(status: str, told: Mapping[str, Any], result: Any = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"status": status, "error": dict(told)}
    return {**shown, "result": result} if status == "ready" else shown


def receipt(task: Receipt, paid: Mapping[str, Any]) -> dict[str, Any]:
    document = paid["document"]
    left_out = [place for place, item in enumerate(task.items) if not isinstance(item, Position)]
    return {
        "fiscalParams": {
            **_params(document),
            "fiscalDocumentNumber": document["number"],
            "fiscalReceiptNumber": document["number"],
            "fiscalDocumentSign": document["fiscal_sign"],
            "total": tenge(document["total_tiyn"]),
            "registrationNumber": document["registration_number"],
            "qr": document["qr"],
        },
        "sale": paid["sale"],
        **({"warnings": {"itemsNotPrinted": left_out}} if left_out else {}),
    }


def shift_opened(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"fiscalParams": {"shiftNumber": answer["shift"], "fiscalDocumentDateTime": answer["opened_at"]}}


def shift_closed(made: Mapping[str, Any]) -> dict[str, Any]:
    report = made["document"]
    number = {} if report["number"] is None else {"fiscalDocumentNumber": report["number"]}
    return {"fiscalParams": {**_params(report), **number, "receiptsCount": report["document_count"]}}


def cash_moved(made: Mapping[str, Any]) -> dict[str, Any]:
    balance = made["document"]["balance_tiyn"]
    return {"counters": {} if balance is None else {"cashSum": tenge(balance)}}


def shift_totals(report: ShiftReport) -> dict[str, Any]:
    return {
        "shiftTotals": {
            "shiftNumber": report.shift,
            "receipts": {
                "sell": {"count": report.sales_count, "sum": tenge(report.sales_tiyn)},
                "sellReturn": {"count": report.returns_count, "sum": tenge(report.returns_tiyn)},
            },
            "income": {"sum": tenge(report.put_tiyn)},
            "outcome": {"sum": tenge(report.taken_tiyn)},
            "cashDrawer": {"sum": tenge(report.cash_tiyn)},
        }
    }


def shift_status(status: RegisterStatus, known: int | None, age_s: int | None) -> dict[str, Any]:
    """`known`, `age_s`: the shift the journal holds open, where the register does not tell its own."""
    number = status.shift if status.shift is not None else known
    told: dict[str, Any] = {} if number is None else {"number": number}
    return {"shiftStatus": {**told, "state": _state(status, known, age_s)}}


def device_status(status: RegisterStatus, known: int | None, age_s: int | None, *, blocked: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"blocked": blocked, "shift": _state(status, known, age_s)}
    if status.paper is not Paper.UNKNOWN:
        told["paperPresent"] = status.paper is not Paper.OUT
    if status.cover_open is not None:
        told["coverOpened"] = status.cover_open
    if status.clock_at is not None:
        told["currentDateTime"] = status.clock_at
    return {"deviceStatus": told}


def device_info(family: str, identity: str) -> dict[str, Any]:
    return {"deviceInfo": {"modelName": family, "serial": identity}}


def _params(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"shiftNumber": document["shift"], "fiscalDocumentDateTime": document["at"]}


def _state(status: RegisterStatus, known: int | None, age_s: int | None) -> str:
    is_open = status.shift_open if status.shift_open is not None else known is not None
    if not is_open:
        return "closed"
    return "expired" if age_s is not None and age_s > SHIFT_S else "opened"


def of_task(task: Task, body: Any) -> Any:
    """What our call answered, as driver 10 would say it."""
    if isinstance(task, Receipt):
        return receipt(task, body)
    if isinstance(task, CashTask):
        return cash_moved(body)
    if task.type == "openShift":
        return shift_opened(body)
    return shift_closed(body) if task.type == "closeShift" else body
