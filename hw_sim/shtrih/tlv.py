"""A fiscal document as TLV, the way FF3Ah and FF3Bh give it: tag and length two bytes each, little-endian.

Numbers of tags and the forms of 1038, 1040 and 1077: captures in github shtrih-m/fr_drv_ng, issue 141; the other tags
are those of the public format of fiscal documents that the vendor keeps beside its protocol. What a Kazakh firmware
puts into these answers is not published.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MOMENT, SHIFT, FD, RECEIPT_NUMBER, OPERATION, SIGN = 1012, 1038, 1040, 1042, 1054, 1077
TOTAL, CASH, CASHLESS, PREPAID, POSTPAID, COUNTER = 1020, 1031, 1081, 1215, 1216, 1217
ITEM, NAME, QUANTITY, ITEM_SUM, PRICE, MARK = 1059, 1030, 1023, 1043, 1079, 2000
PLANNED, SERVER_TIME, SERVER_STATE, SERVER_RESULT = 2003, 2114, 2105, 2005
_PAYMENT_TAGS = {1: CASH, 14: PREPAID, 15: POSTPAID, 16: COUNTER}


def tlv(tag: int, value: bytes) -> bytes:
    """One tag with its value."""
    return tag.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value


def number(tag: int, value: int, size: int) -> bytes:
    """A tag whose value is a number of a fixed size."""
    return tlv(tag, value.to_bytes(size, "little"))


def variable(tag: int, value: int) -> bytes:
    """A tag whose value is a number without its leading zero bytes."""
    return tlv(tag, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "little"))


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What of an item goes into the document. Sums in the smallest unit, quantity in millionths."""

    name: bytes
    quantity: int
    price: int
    total: int
    marks: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """What of a receipt goes into the document."""

    operation: int
    total: int
    number: int
    payments: dict[int, int] = field(default_factory=dict)
    items: tuple[ItemFacts, ...] = ()


def head(unix: int, shift: int, fd: int, sign: int) -> list[bytes]:
    """What every document has."""
    signed = b"1\x04" + sign.to_bytes(4, "big")
    return [number(MOMENT, unix, 4), number(SHIFT, shift, 4), number(FD, fd, 4), tlv(SIGN, signed)]


def receipt(facts: ReceiptFacts) -> list[bytes]:
    """What a receipt has beside that."""
    blocks = [
        number(RECEIPT_NUMBER, facts.number, 4),
        number(OPERATION, facts.operation, 1),
        variable(TOTAL, facts.total),
    ]
    sums: dict[int, int] = {}
    for kind, amount in facts.payments.items():
        tag = _PAYMENT_TAGS.get(kind, CASHLESS)
        sums[tag] = sums.get(tag, 0) + amount
    blocks += [variable(tag, amount) for tag, amount in sums.items()]
    return [*blocks, *(_item(item) for item in facts.items)]


def _item(item: ItemFacts) -> bytes:
    # A quantity says first how many of its digits are decimals.
    quantity = b"\x06" + item.quantity.to_bytes(max(1, (item.quantity.bit_length() + 7) // 8), "little")
    parts = [tlv(NAME, item.name), variable(PRICE, item.price), tlv(QUANTITY, quantity), variable(ITEM_SUM, item.total)]
    return tlv(ITEM, b"".join([*parts, *(tlv(MARK, mark) for mark in item.marks)]))


def read(data: bytes) -> dict[int, bytes] | None:
    """Tags and values of a list; None: it does not read as one."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 2 : at + 4], "little")
        if at + 4 + size > len(data):
            return None
        found[int.from_bytes(data[at : at + 2], "little")] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found
