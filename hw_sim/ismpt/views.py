"""How a code is shown: the short public record and the full private one. Absent values are left out, never null."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hw_sim.exchange import NS
from hw_sim.ismpt.codes import UNIT, Code


def instant(at_ns: int | None, *, millis: bool = False) -> str | None:
    """UTC, ISO 8601 with Z."""
    if at_ns is None:
        return None
    when = datetime.fromtimestamp(at_ns // NS, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at_ns % NS // 1_000_000:03d}Z" if millis else "Z")


def present(record: dict[str, Any]) -> dict[str, Any]:
    """The record without its empty fields."""
    return {name: value for name, value in record.items() if value not in (None, "")}


def public_view(code: Code, *, full_code: bool = False) -> dict[str, Any]:
    """One element of the answer of public/codes."""
    unit = code.package_type == UNIT
    return present(
        {
            "code": code.full if full_code else code.ki,
            "template": code.template,
            "isHadExtendedCode": False,
            "productGroupId": code.product_group or None,
            "packageType": code.package_type,
            "status": code.status,
            "extendedStatus": code.extended,
            "emissionDate": instant(code.emission_ns),
            "issueDate": instant(code.emission_ns),
            "productionDate": instant(code.production_ns),
            "expirationDate": instant(code.expiration_ns),
            "issuerShortInfo": {"issuerTin": code.owner_tin, "issuerName": {"kz": "", "ru": "ТОО Пример", "en": ""}},
            "gtin": code.gtin if unit or code.gtin else None,
        }
    )


def private_view(code: Code) -> dict[str, Any]:
    """One element of `results` of private/codes."""
    return {
        "codeData": present(
            {"code": code.ki, "template": code.template, "status": code.status, "extendedStatus": code.extended}
        ),
        "productData": present(
            {
                "gtin": code.gtin,
                "productGroupId": code.product_group or None,
                "productionDate": instant(code.production_ns),
                "expirationDate": instant(code.expiration_ns),
                "manufacturerCountry": "KZ",
            }
        ),
        "packageData": present(
            {
                "packageType": code.package_type,
                "emptyPackage": False,
                "parentCode": code.parent,
                "children": [],
                "actuallyPacked": 0,
            }
        ),
        "markingData": present(
            {
                "emissionDate": instant(code.emission_ns),
                "emissionType": "PRIMARY",
                "receiptDate": instant(code.receipt_ns, millis=True),
            }
        ),
        "turnoverData": present(
            {
                "originalReleaseMethod": "PRODUCTION",
                "ownerInfo": {"ownerId": 77, "ownerTin": code.owner_tin},
                "withdrawalDate": instant(code.withdrawal_ns),
                "withdrawalReason": code.withdrawal_reason,
                "partialQuantity": code.partial_quantity,
                "returnDate": instant(code.return_ns),
                "returnReason": code.return_reason,
                "manufacturerCountry": "KZ",
            }
        ),
        "codeHistory": [
            {
                "eventBusinessDate": instant(event.at_ns),
                "eventDate": instant(event.at_ns),
                "eventType": event.kind,
                "eventSourceId": event.source,
                "documentType": event.document_type,
                "eventChangedCodeStatus": event.status_after,
                "codeStateChanged": event.changed,
            }
            for event in code.history
        ],
    }
