"""One receipt of Webkassa's history as a receipt with its lines. Pure; what cannot be read is a Trouble with its field.

Source: Webkassa API v4 (public collection, protocol 2.0.3): Check/History; captured answers of github
VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sync.hq.imports.fields import Fields
from sync.hq.imports.marks import Mark, read_mark
from sync.hq.imports.receipts import Document, document
from sync.hq.imports.row_facts import Head, Item, RawRow
from sync.hq.imports.values import Trouble, cleaned, count, moment, money
from sync.hq.witness import Operation

OPERATIONS: Mapping[int, Operation] = {2: Operation.SALE, 3: Operation.RETURN}
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")


def receipt_of(
    item: Any, *, cashbox: str, shift: int, identity: str, row: int, source: str
) -> tuple[Document, list[Mark]]:
    """The receipt, and the marks whose reading is doubtful. Raises Trouble."""
    if not isinstance(item, dict):
        raise Trouble("row", "is no object")
    fields = Fields(item)
    told = cleaned(_plain(fields, "CashboxUniqueNumber"))
    if told and told.upper() != cashbox.upper():
        raise Trouble("other-register", "is of another cashbox", "CashboxUniqueNumber", told)
    of_shift = _count(fields, "ShiftNumber")
    if of_shift not in (0, shift):
        raise Trouble("other-shift", f"asked was shift {shift}", "ShiftNumber", of_shift)
    operation = OPERATIONS.get(_count(fields, "OperationType"))
    if operation is None:
        raise Trouble("operation-other", "neither a sale nor its return", "OperationType", fields.get("OperationType"))
    sign = cleaned(_plain(fields, "Number")) or cleaned(_plain(fields, "CheckNumber"))
    if not sign or len(sign) > 64:
        raise Trouble("missing", "is empty", "Number", sign)
    at = _moment(fields)
    head = Head(
        register=identity,
        sign=sign,
        operation=operation,
        at=at,
        noted_at=at,
        shift=shift,
        number=_count(fields, "OrderNumber"),
        total_tiyn=money(_plain(fields, "Total"), "Total"),
        offline=fields.get("IsOffline") is True,
    )
    positions = fields.get("Positions")
    if not isinstance(positions, list):
        raise Trouble("missing", "are no list", "Positions")
    items = [found for index, one in enumerate(positions) if (found := _item(one, index)) is not None]
    made = document(head, [(RawRow(row, ()), one) for one in items or [Item((), "", 0)]], source)
    return made, [mark for one in items for mark in one.marks if mark.remark]


def text_of(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, default=str)


def _item(position: Any, index: int) -> Item | None:
    if not isinstance(position, dict):
        raise Trouble("row", "is no object", f"Positions[{index}]")
    fields = Fields(position)
    if fields.get("IsStorno") is True:
        return None  # Taken back inside the receipt.
    listed = fields.get("MarkList")
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    if not texts and isinstance(fields.get("Mark"), str):
        texts = [fields["Mark"]]
    marks = tuple(mark for text in texts if (mark := read_mark(text)) is not None)
    gtin = cleaned(_plain(fields, "GTIN"))
    known = gtin.isascii() and gtin.isdigit() and 8 <= len(gtin) <= 14
    return Item(marks, gtin.zfill(14) if known else "", money(_sum(fields, index), f"Positions[{index}].Sum"))


def _sum(fields: Fields, index: int) -> Any:
    value = _plain(fields, "Sum")
    if value is None:
        raise Trouble("missing", "is empty", f"Positions[{index}].Sum")
    return value


def _moment(fields: Fields) -> int:
    """`RegistratedOnUTC` is local time with its offset, in spite of the name; without one it is not trusted."""
    twin = _plain(fields, "RegistratedOnUTC")
    if isinstance(twin, str) and _OFFSET.search(twin):
        return moment(twin, None, "RegistratedOnUTC")
    return moment(_plain(fields, "RegistratedOn"), None, "RegistratedOn")


def _count(fields: Fields, name: str) -> int:
    value = _plain(fields, name)
    return 0 if value is None else count(value, name)


def _plain(fields: Fields, name: str) -> Any:
    value = fields.get(name)
    return value if value is None or isinstance(value, str | int | bool) else text_of(value)
