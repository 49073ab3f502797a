"""What driver 10 answers about a register and its last document.

Source: github AlexanderYekat/atolexamplesjson, json_get*.js and getFiscalDocumentResult of myscripts_utils.js.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hw_sim.atol.fn import Filed, Form
from hw_sim.atol.json_fields import tenge
from hw_sim.atol.kkm import Kkm
from hw_sim.exchange import NS

FFD = "1.2"  # Marks in receipts need it.
_WARNINGS = ("criticalError", "memoryOverflow", "needReplacement", "ofdTimeout", "resourceExhausted")


def fiscal_result(kkm: Kkm, filed: Filed | None) -> dict[str, Any]:
    """fiscalParams of a document; `warnings` only when it is not on paper."""
    if filed is None:
        return {}
    params: dict[str, Any] = {
        "fiscalDocumentDateTime": _iso(kkm.local(filed.at_ns).replace(second=0)),
        "fiscalDocumentNumber": filed.number,
        "fiscalDocumentSign": filed.sign,
        "fnNumber": kkm.fn.serial,
        "registrationNumber": kkm.memory.identity.registration_number,
        "shiftNumber": filed.shift,
        "fnsUrl": kkm.profile.fns_url,
    }
    if filed.form is Form.RECEIPT:
        params |= {"fiscalReceiptNumber": filed.receipt, "total": tenge(filed.total_tiyn)}
    if filed.form is Form.CLOSE_SHIFT:
        params["receiptsCount"] = filed.receipt
    printed = kkm.unprinted is None or filed.number != kkm.fn.last_number
    return {"fiscalParams": params} if printed else {"fiscalParams": params, "warnings": {"notPrinted": True}}


def number_result(kkm: Kkm) -> dict[str, Any]:
    """Of the last document nothing but its number."""
    warnings = {"notPrinted": kkm.unprinted is not None}
    return {"fiscalParams": {"fiscalDocumentNumber": kkm.fn.shown_number}, "warnings": warnings}


def device_status(kkm: Kkm) -> dict[str, Any]:
    mechanics = kkm.mechanics
    return {
        "deviceStatus": {
            "blocked": False,
            "coverOpened": mechanics.cover_open,
            "currentDateTime": _iso(kkm.local(kkm.now_ns())),
            "fiscal": True,
            "fnFiscal": True,
            "fnPresent": True,
            "paperPresent": mechanics.paper,
            "cashDrawerOpened": mechanics.drawer_open,
            "shift": _shift(kkm),
        }
    }


def shift_status(kkm: Kkm) -> dict[str, Any]:
    """`number` is that of the open shift, of the last one when closed."""
    shift = kkm.memory.shift
    status: dict[str, Any] = {"number": kkm.memory.next_shift - 1 if shift is None else shift.number}
    if shift is not None:
        ends_ns = shift.opened_ns + round(kkm.profile.shift_limit_s * NS)
        status["expiredTime"] = _iso(kkm.local(ends_ns))
    return {"shiftStatus": {**status, "state": _shift(kkm)}}


def fn_status(kkm: Kkm) -> dict[str, Any]:
    return {
        "fnStatus": {
            "fiscalDocumentNumber": kkm.fn.shown_number,
            "fiscalReceiptNumber": kkm.receipts_in_shift,
            "warnings": dict.fromkeys(_WARNINGS, False),
        }
    }


def fn_info(kkm: Kkm) -> dict[str, Any]:
    return {
        "fnInfo": {
            "ffdVersion": FFD,
            "fnFfdVersion": FFD,
            "serial": kkm.fn.serial,
            "livePhase": "fiscalMode",
            "warnings": dict.fromkeys(_WARNINGS, False),
        }
    }


def device_info(kkm: Kkm) -> dict[str, Any]:
    model = kkm.profile.model
    return {
        "deviceInfo": {
            "serial": kkm.memory.identity.serial,
            "model": model.number,
            "modelName": model.title,
            "firmwareVersion": "5.8.100",
            "configurationVersion": "1.0.0",
            "ffdVersion": FFD,
            "fnFfdVersion": FFD,
            "receiptLineLength": 42,
        }
    }


def drawer_status(kkm: Kkm) -> dict[str, Any]:
    return {
        "counters": {"cashSum": tenge(kkm.memory.cash_tiyn)},
        "cashDrawerStatus": {"cashDrawerOpened": kkm.mechanics.drawer_open},
    }


def _shift(kkm: Kkm) -> str:
    if kkm.memory.shift is None:
        return "closed"
    return "expired" if kkm.shift_expired else "opened"


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
