"""Sold and returned units as EPCIS 2.0 events, one a receipt. Pure.

A sale is an ObjectEvent with bizStep `retail_selling` and disposition `retail_sold`; a return `receiving` and
`returned`. The action is OBSERVE in both: DELETE says that the object is never seen again, and a sold unit may come
back.

A unit with a GS1 element string is its Digital Link, https://id.gs1.org/01/GTIN/21/SERIAL. A tobacco pack's 29
characters are no element string: its unit gets a URI of our own, as do tills, shops, receipts and the type "fiscal
receipt", for which the standard has no word. Goods without a mark are counted by their GTIN.

Source: GS1 EPCIS 2.0 and CBV 2.0 (ref.gs1.org/standards/epcis, /cbv), JSON binding; GS1 Digital Link: URI Syntax 1.2.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from sync.hq.witness import US_PER_S, Line, Operation, receipt_key
from sync.zone import ZONE

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
RESOLVER = "https://id.gs1.org"
OFFSET = "+05:00"  # Kazakhstan's single zone.
BUSINESS = {Operation.SALE: ("retail_selling", "retail_sold"), Operation.RETURN: ("receiving", "returned")}
GTIN_LENGTH = 14
PIECE_EVENTS = 200
# A fixed name space, so that the same receipt has the same eventID in every export.
RECEIPTS = uuid.UUID("6f3c1f0e-6f0b-5d0e-9a55-3f1b0c6a7d21")


@dataclass(frozen=True, slots=True)
class Names:
    """How things are called that GS1 has no key for, or whose key only the chain knows."""

    base: str = "urn:x-pos-agent"  # Better an address of the chain's own: https://id.example.kz
    shop_of: Callable[[str], str] = lambda till: till  # Stable id of a till's shop.
    location_of: Callable[[str], str] = lambda _shop: ""  # URI of a shop, such as its GLN's Digital Link; "" ours.

    def own(self, *parts: str) -> str:
        separator = ":" if self.base.startswith("urn:") else "/"
        return separator.join([self.base, *(quote(part, safe="") for part in parts)])


def epc(ki: str, names: Names) -> str:
    """The URI of one unit."""
    if ki.startswith("01") and ki[16:18] == "21" and len(ki) > 18 and _digits(ki[2:16]):
        return f"{RESOLVER}/01/{ki[2:16]}/21/{quote(ki[18:], safe='')}"
    if len(ki) == 20 and ki.startswith("00") and _digits(ki):
        return f"{RESOLVER}/00/{ki[2:]}"
    return names.own("unit", ki)


def events(lines: Iterable[Line], names: Names) -> Iterator[dict[str, Any]]:
    """One event a receipt. Lines of one receipt stand together, as they do when sorted by it."""
    for _, of_receipt in groupby(lines, key=lambda line: (line.register, line.sign, line.operation)):
        found = _event(list(of_receipt), names)
        if found is not None:
            yield found


def document_pieces(lines: Iterable[Line], names: Names, created_at: int) -> Iterator[bytes]:
    """An EPCISDocument in JSON-LD, a piece at a time. `created_at` is UTC microseconds."""
    head = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _moment(created_at),
    }
    yield (_json(head)[:-1] + ',"epcisBody":{"eventList":[').encode()
    separator, kept = "\n", []
    for event in events(lines, names):
        kept.append(separator + _json(event))
        separator = ",\n"
        if len(kept) == PIECE_EVENTS:
            yield "".join(kept).encode()
            kept.clear()
    yield ("".join(kept) + "\n]}}\n").encode()


def _event(lines: list[Line], names: Names) -> dict[str, Any] | None:
    first = lines[0]
    units = list(dict.fromkeys(epc(line.ki, names) for line in lines if line.ki))
    unmarked = Counter(line.gtin for line in lines if not line.ki and len(line.gtin) == GTIN_LENGTH)
    if not units and not unmarked:
        return None
    step, disposition = BUSINESS[first.operation]
    receipt = names.own("receipt", first.register, first.sign)
    key = f"{first.operation}\x1f{receipt_key(first.register, first.sign)}"
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:{uuid.uuid5(RECEIPTS, key)}",
        "eventTime": _moment(first.at),
        "eventTimeZoneOffset": OFFSET,
        "epcList": units,
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": disposition,
        "bizTransactionList": [{"type": names.own("fiscal-receipt"), "bizTransaction": receipt}],
    }
    if unmarked:
        event["quantityList"] = [
            {"epcClass": f"{RESOLVER}/01/{gtin}", "quantity": count} for gtin, count in unmarked.items()
        ]
    where = first.till or first.register
    event["readPoint"] = {"id": names.own("till", where)}
    shop = names.shop_of(first.till)
    if shop:
        event["bizLocation"] = {"id": names.location_of(shop) or names.own("shop", shop)}
    return event


def _moment(at: int) -> str:
    return dt.datetime.fromtimestamp(at // US_PER_S, ZONE).isoformat()


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
