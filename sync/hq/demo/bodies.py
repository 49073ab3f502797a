"""Bodies of journal rows as the agent writes them: the same kinds, the same keys. Pure.

They are built here by hand, since headquarters does not lean on the agent; a test holds them against a journal that the
real agent wrote.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sync.hq.demo.goods import Till, Unit
from sync.hq.demo.story import Document, Item
from sync.hq.witness import Operation
from sync.zone import ZONE

Body = Mapping[str, Any]
FAMILY = "webkassa"
PIECE = 796
VAT_BP = 1600
KIND = {Operation.SALE: "sale", Operation.RETURN: "sale_return"}
OPERATION_TYPE = {Operation.SALE: 2, Operation.RETURN: 3}
OFD_NAME, OFD_HOST = "АО «Казахтелеком»", "consumer.test-oofd.kz"
TAXPAYER = "Көрме ЖШС"
NO_ANSWER = {
    "kind": "no_answer", "code": "http:500", "text": "the server or a box on the way failed", "place": "/api/v4/check",
    "line": None, "mark": None,
}  # fmt: skip
BUSY = {
    "kind": "refused", "code": "webkassa:505", "text": "the cashbox is busy, try again", "place": "/api/v4/check",
    "line": None, "mark": None,
}  # fmt: skip


def created(till: Till) -> Body:
    return {"till": till.name, "epoch": till.epoch, "version": 1}


def started() -> Body:
    return {"undecided": []}


def shift_opened(till: Till, shift: int) -> Body:
    return {"shift": shift, "by": till.cashier}


def shift_closed(till: Till, shift: int, opened_at: int, at: int, made: Sequence[Document]) -> Body:
    sales = [one for one in made if one.operation is Operation.SALE]
    back = [one for one in made if one.operation is Operation.RETURN]
    sold, returned = (sum(one.total_tiyn for one in some) for some in (sales, back))
    cash = sum(one.total_tiyn for one in sales if not one.is_card) - returned
    report = {
        "type": "shift", "at": moment(at), "number": shift, "shift": shift, "closed": True,
        "document_count": len(made), "sales_tiyn": sold, "sales_count": len(sales), "returns_tiyn": returned,
        "returns_count": len(back), "cash_tiyn": cash, "put_tiyn": 0, "taken_tiyn": 0, "opened_at": moment(opened_at),
        "offline": False, "raw": {"Data": {"ReportNumber": shift, "CashboxSN": till.register, "ShiftNumber": shift}},
    }  # fmt: skip
    return {"shift": shift, "automatic": True, "report": report}


def sale_opened(document: Document, sale: str, original: str | None) -> Body:
    opened = {"sale": sale, "operation": KIND[document.operation], "cashier": document.till.cashier}
    return opened if original is None else {**opened, "original": original}


def scan_allowed(sale: str, one: Unit, scan: int, *, is_return: bool) -> Body:
    reason, detail = ("M-006", "return-of-sold") if is_return else ("M-001", "in-circulation")
    evidence, age_s = ("till", None) if is_return else ("cache", 240)
    return {
        **_scan(sale, f"]d2{one.full}", "]d2", scan),
        "ki": one.ki, "gtin": one.good.gtin, "template": one.good.template, "decision": "allow", "reason": reason,
        "evidence": evidence, "age_s": age_s, "repairs": [], "detail": detail,
    }  # fmt: skip


def scan_refused(sale: str, gtin: str, scan: int) -> Body:
    """The shelf's bar code of goods that are sold by their mark."""
    return {
        **_scan(sale, f"]E0{gtin[1:]}", "]E0", scan),
        "ki": None, "gtin": gtin, "template": "EAN13", "decision": "refuse", "reason": "M-130", "evidence": "till",
        "age_s": None, "repairs": [], "detail": f"linear-of-marked; linear/EAN13 gtin={gtin} unit=free; status=NONE",
    }  # fmt: skip


def _scan(sale: str, data: str, symbology: str, scan: int) -> dict[str, Any]:
    raw = data.encode()
    return {
        "sale": sale, "device": "counter", "source": "scanner", "data": base64.b64encode(raw).decode(),
        "data_bytes": len(raw), "symbology": symbology, "scan": scan,
    }  # fmt: skip


def line_added(sale: str, number: int, item: Item, scan: int, *, is_return: bool) -> Body:
    one = item.unit
    line = {
        **_goods(item), "number": number, "group": item.good.group or None,
        "ki": None if one is None else one.ki, "full": None if one is None else one.full,
        "reason": "M-006" if is_return else "M-001", "approved_by": None, "discount_tiyn": 0,
    }  # fmt: skip
    return {"sale": sale, "scan": scan, "line": line}


def _goods(item: Item) -> dict[str, Any]:
    good = item.good
    return {
        "name": good.name, "price_tiyn": good.price_tiyn, "quantity_milli": 1000, "unit_code": PIECE, "vat_bp": VAT_BP,
        "name_kk": good.name_kk, "gtin": good.gtin, "ntin": f"02{good.gtin[3:]}0",
    }  # fmt: skip


def intended(document: Document, key: str, sale: str, seen: Sequence[Sequence[int]]) -> Body:
    order = _order(document, key)
    content = hashlib.sha256(_text(order).encode()).hexdigest()
    prepared = {
        "key": key, "family": FAMILY, "kind": KIND[document.operation], "total_tiyn": document.total_tiyn,
        "payload": {
            "cashbox": document.till.register, "path": "/api/v4/check", "body": _text(_request(document, key)),
        },
    }  # fmt: skip
    baseline = {
        "identity": document.till.register, "shift": document.shift, "shift_open": True,
        "document_count": document.number - 1, "last_fiscal_sign": None,
        "extra": {"cash_tiyn": 5_000_000, "protocol": 203}, "clock_at": None,
    }  # fmt: skip
    return {
        "key": key, "kind": KIND[document.operation], "order": order, "content": content, "prepared": prepared,
        "baseline": baseline, "seen": [list(one) for one in seen], "sale": sale,
    }  # fmt: skip


def _order(document: Document, key: str) -> dict[str, Any]:
    lines = [
        {
            **_goods(item),
            "marks": [] if item.unit is None else [{"full": item.unit.full, "ki": item.unit.ki}],
            "discount_tiyn": 0, "markup_tiyn": 0, "code": None,
        }
        for item in document.items
    ]  # fmt: skip
    basis = document.basis
    return {
        "type": "receipt", "key": key, "operation": KIND[document.operation], "lines": lines,
        "payments": [{"kind": "card" if document.is_card else "cash", "sum_tiyn": document.total_tiyn}],
        "cashier": document.till.cashier,
        "basis": None if basis is None else {
            "fiscal_sign": basis.sign, "at": moment(basis.at), "registration_number": basis.till.rnm,
            "total_tiyn": basis.total_tiyn, "offline": basis.offline,
        },
        "order_number": None, "customer_xin": None,
    }  # fmt: skip


def _request(document: Document, key: str) -> Body:
    """What goes to the register; cut down to what a person would look for."""
    positions = [
        {
            "Count": 1, "Price": item.good.price_tiyn / 100, "PositionName": item.good.name, "UnitCode": PIECE,
            **({} if item.unit is None else {"Mark": item.unit.full}),
        }
        for item in document.items
    ]  # fmt: skip
    return {
        "CashboxUniqueNumber": document.till.register, "OperationType": OPERATION_TYPE[document.operation],
        "Positions": positions, "ExternalCheckNumber": key,
    }  # fmt: skip


def made(document: Document, key: str, sale: str, *, recovered: bool) -> Body:
    till = document.till
    tenge = f"{document.total_tiyn // 100}.{document.total_tiyn % 100:02}"
    compact = moment(document.at)[:19].replace("-", "").replace(":", "")
    link = f"http://{OFD_HOST}?i={document.sign}&f={till.rnm}&s={tenge}&t={compact}"
    told = {
        "type": "receipt", "fiscal_sign": document.sign, "at": moment(document.at), "number": document.number,
        "shift": document.shift, "offline": document.offline, "total_tiyn": document.total_tiyn, "qr": link,
        "identity": till.register, "registration_number": till.rnm, "taxpayer_name": TAXPAYER,
        "taxpayer_xin": "000000000000", "address": till.shop.name, "address_kk": till.shop.name, "ofd_name": OFD_NAME,
        "ofd_host": OFD_HOST, "cashier": till.cashier, "raw": _answer(document, link, key),
    }  # fmt: skip
    kind = KIND[document.operation]
    return {"key": key, "kind": kind, "recovered": recovered, "document": told, "sale": sale}


def _answer(document: Document, link: str, key: str) -> Body:
    till = document.till
    local = dt.datetime.fromtimestamp(document.at, ZONE).strftime("%d.%m.%Y %H:%M:%S")
    cashbox = {
        "UniqueNumber": till.register, "RegistrationNumber": till.rnm, "IdentityNumber": till.register[-6:],
        "Address": till.shop.name, "AddressKz": till.shop.name,
        "Ofd": {"Name": OFD_NAME, "NameKz": OFD_NAME, "NameEn": "Kazakhtelecom JSC", "Host": OFD_HOST, "Code": 1},
    }  # fmt: skip
    data = {
        "CheckNumber": document.sign, "DateTime": local, "DateTimeUTC": f"{local} +05:00",
        "OfflineMode": document.offline, "CashboxOfflineMode": document.offline, "CheckOrderNumber": document.number,
        "ShiftNumber": document.shift, "EmployeeName": till.cashier, "Cashbox": cashbox,
        "Organization": {"TaxPayerName": TAXPAYER, "TaxPayerIN": "000000000000"}, "TicketUrl": link,
        "TicketPrintUrl": f"https://devkkm.webkassa.kz/ticket?chb={till.register}&sh={document.shift}&extnum={key}",
    }  # fmt: skip
    return {"Data": data}


def in_doubt(document: Document, key: str, sale: str) -> Body:
    return {"key": key, "kind": KIND[document.operation], "failure": NO_ANSWER, "sale": sale}


def refused(document: Document, key: str, sale: str) -> Body:
    return {"key": key, "kind": KIND[document.operation], "failure": BUSY, "sent": True, "sale": sale}


def printed(key: str) -> Body:
    return {"key": key, "outcome": "ok", "detail": ""}


def rechecked(at_ns: int, units: Sequence[Body]) -> Body:
    return {"at_ns": at_ns, "units": list(units)}


def rechecked_unit(ki: str, purpose: str, decided_ns: int, status: str, raw: str, outcome: str, due_ns: int) -> Body:
    return {
        "ki": ki, "purpose": purpose, "decided_ns": decided_ns, "status": status, "raw_status": raw,
        "outcome": outcome, "due_ns": due_ns,
    }  # fmt: skip


def delivered(through: int, digest: bytes) -> Body:
    return {"destination": "hq", "through": through, "hash": digest.hex()}


def set_aside(number: int, reason: str) -> Body:
    return {"number": number, "reason": reason}


def moment(at: int) -> str:
    """UTC seconds as the register's answer says them."""
    return dt.datetime.fromtimestamp(at, ZONE).isoformat()


def _text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
