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
from hw_sim.ledger import Operation

FFD = "1.2"  # Marks in receipts need it.
_FORMS = {Form.OPEN_SHIFT: "openShift", Form.RECEIPT: "receipt", Form.CLOSE_SHIFT: "closeShift"}
_TAGGED = {1: 1, 2: 2, 4: 3, 5: 4}  # Receipt type of 92h -> tag 1054.
_RECEIPTS = {
    "sell": Operation.SALE,
    "sellReturn": Operation.SALE_RETURN,
    "buy": Operation.PURCHASE,
    "buyReturn": Operation.PURCHASE_RETURN,
}
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


def shift_totals(kkm: Kkm) -> dict[str, Any]:
    """Counts and sums of the shift; zero while it is closed."""
    shift = kkm.memory.shift

    def told(operation: Operation) -> dict[str, Any]:
        count, amount = (0, 0) if shift is None else (shift.counts[operation], shift.sums_tiyn[operation])
        return {"count": count, "sum": tenge(amount)}

    return {
        "shiftTotals": {
            "shiftNumber": kkm.memory.next_shift - 1 if shift is None else shift.number,
            "receipts": {name: told(operation) for name, operation in _RECEIPTS.items()},
            "income": told(Operation.CASH_IN),
            "outcome": told(Operation.CASH_OUT),
            "cashDrawer": {"sum": tenge(kkm.memory.cash_tiyn)},
        }
    }


def fn_document(kkm: Kkm, number: int) -> dict[str, Any]:
    """A document of the FN by its tags. Raises Refused: there is none of this number."""
    filed = kkm.fn.find(number)
    at = _iso(kkm.local(filed.at_ns).replace(second=0))
    tags: dict[str, Any] = {
        "1012": at,
        "1038": filed.shift,
        "1040": filed.number,
        "1041": kkm.fn.serial,
        "1077": f"0000{int(filed.sign):08X}",
        "fiscalDocumentType": _FORMS[filed.form],
        "short": False,
    }
    if kkm.profile.registration_in_documents:
        tags["1037"] = kkm.memory.identity.registration_number
    if filed.document is not None:
        kind = _TAGGED[filed.type]
        tags |= {"1020": tenge(filed.total_tiyn), "1042": filed.receipt, "1054": kind}
        when = at.replace("-", "").replace(":", "")[:13]
        total = f"{filed.total_tiyn / 100:.2f}"
        tags["qr"] = f"t={when}&s={total}&fn={kkm.fn.serial}&i={filed.number}&fp={filed.sign}&n={kind}"
    return {"documentTLV": tags}


def ofd_exchange(kkm: Kkm) -> dict[str, Any]:
    """What the OFD has not yet; without anything the first document is of the year 1970, number 0."""
    unsent = kkm.fn.unsent()
    nothing = {"code": 0, "description": ""}
    return {
        "status": {
            "notSentCount": len(unsent),
            "notSentFirstDocDateTime": _iso(kkm.local(unsent[0].at_ns if unsent else 0)),
            "notSentFirstDocNumber": unsent[0].number if unsent else 0,
            "lastSuccessKeysUpdate": _iso(kkm.local(0)),
        },
        "errors": {
            "network": nothing,
            "ofd": nothing,
            "fn": nothing,
            "documentNumber": 0,
            "fnCommandCode": 0,
            "lastSuccessConnectionDateTime": _iso(kkm.local(0)),
        },
        "warnings": {"dataForSendIsEmpty": not unsent},
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
