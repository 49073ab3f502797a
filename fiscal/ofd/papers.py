"""Documents of a register in software as the port shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiscal.documents import CashDocument, Document, FiscalDocument, SeenDocument
from fiscal.documents import ShiftReport as Report
from fiscal.ofd import words
from fiscal.ofd.settings import Settings
from fiscal.ofd.state import Doc
from fiscal.ofd.words import SELL, SELL_RETURN, Command


def document(doc: Doc, settings: Settings, facts: Mapping[str, str], balance_tiyn: int | None) -> Document:
    """A document that exists. `facts`: names and addresses as the operator has them; `balance_tiyn`: cash after it."""
    at, offline = words.iso(doc.at_ns, settings.utc_offset), doc.offline_number is not None
    raw = {"number": doc.number, "reqnum": doc.reqnum, "answer": doc.answer}
    if doc.command == Command.MONEY_PLACEMENT:
        return CashDocument(at, doc.shift, balance_tiyn, offline, raw)
    if doc.command == Command.CLOSE_SHIFT:
        return report(doc.body["z_report"], doc, at, closed=True, raw=raw, offline=offline)
    sign = str(doc.offline_number) if doc.offline_number is not None else doc.sign
    known = {
        "taxpayer_name": settings.title, "taxpayer_xin": settings.xin, "address": settings.address_text,
        "address_kk": settings.address_kk, **facts,
    }  # fmt: skip
    return FiscalDocument(
        fiscal_sign=sign,
        at=at,
        number=doc.place,
        shift=doc.shift,
        offline=offline,
        total_tiyn=doc.total_tiyn,
        qr=doc.qr if doc.qr and not offline else _qr(sign, doc, settings),
        identity=settings.serial,
        registration_number=settings.registration_number,
        ofd_name=settings.ofd_name,
        ofd_host=settings.ofd_host,
        cashier=doc.body.get("operator", {}).get("name", ""),
        raw=raw,
        **known,
    )


def _qr(sign: str, doc: Doc, settings: Settings) -> str:
    """The text of a receipt's QR where the operator has not given one."""
    at = words.iso(doc.at_ns, settings.utc_offset)[:19].replace("-", "").replace(":", "")
    whole, part = divmod(doc.total_tiyn, 100)
    return f"{settings.qr_base}?i={sign}&f={settings.registration_number}&s={whole}.{part:02d}&t={at}"


def seen(doc: Doc, settings: Settings) -> SeenDocument:
    """A document as somebody compares it: with the operator's sign, once there is one."""
    sign = doc.sign or ("" if doc.offline_number is None else str(doc.offline_number))
    at = words.iso(doc.at_ns, settings.utc_offset)
    return SeenDocument(str(doc.place), doc.kind, doc.total_tiyn, at, doc.shift, sign)


def report(
    zx: Mapping[str, Any], doc: Doc | None, at: str, *, closed: bool, raw: Mapping[str, Any], offline: bool
) -> Report:
    """The port's report of a ZXReport message; `doc` is None for an X."""
    tickets = {row["operation"]: row for row in zx["ticket_operations"]}
    placed = [words.tiyn(row["operations_sum"]) for row in zx["money_placements"]]
    counts = sum(row["tickets_count"] for row in tickets.values())
    return Report(
        at=at,
        number=None if doc is None else doc.shift,
        shift=zx["shift_number"],
        closed=closed,
        document_count=counts + sum(row["operations_count"] for row in zx["money_placements"]),
        sales_tiyn=words.tiyn(tickets[SELL]["tickets_sum"]),
        sales_count=tickets[SELL]["tickets_count"],
        returns_tiyn=words.tiyn(tickets[SELL_RETURN]["tickets_sum"]),
        returns_count=tickets[SELL_RETURN]["tickets_count"],
        cash_tiyn=words.tiyn(zx["cash_sum"]),
        put_tiyn=placed[0],
        taken_tiyn=placed[1],
        offline=offline,
        raw={**raw, "zx_report": dict(zx)},
    )
