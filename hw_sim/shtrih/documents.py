"""A closing receipt written into the memories: the ledger of the tax side, and the fiscal storage if there is one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import Clock
from hw_sim.ledger import FiscalDocument
from hw_sim.shtrih.models import Profile
from hw_sim.shtrih.receipt import CASH, STORAGE_OPERATIONS, Closing, Item, Receipt
from hw_sim.shtrih.storage import DocumentType, Storage, StoredDocument
from hw_sim.shtrih.tlv import ItemFacts, ReceiptFacts

SIGN_DIGITS = 10
MILLIONTHS = 1_000_000


class Books(Protocol):
    """What a register keeps that documents are written into."""

    memory: FiscalMemory
    storage: Storage | None
    profile: Profile
    rng: random.Random
    now: Clock
    unit_tiyn: int


def store(books: Books, receipt: Receipt, closing: Closing) -> StoredDocument | None:
    """The document of the fiscal storage; None: the register has none that can be asked."""
    if books.storage is None:
        return None
    books.storage.receipts_in_shift += 1
    operation = next(number for number, kind in STORAGE_OPERATIONS.items() if kind is receipt.kind)
    items = tuple(_facts(item, books.profile.code_page) for item in receipt.items if item.total >= 0)
    payments = {kind: amount - (closing.change if kind == CASH else 0) for kind, amount in closing.payments.items()}
    facts = ReceiptFacts(operation, closing.total, books.storage.receipts_in_shift, payments, items)
    shift = books.memory.shift
    return books.storage.add(DocumentType.RECEIPT, 0 if shift is None else shift.number, facts)


def register(books: Books, receipt: Receipt, closing: Closing, stored: StoredDocument | None) -> FiscalDocument:
    """The document of the ledger. Marks are the bytes that were bound, each byte a character."""
    unit = books.unit_tiyn
    sign = str(stored.sign) if stored else f"{books.rng.randrange(10**SIGN_DIGITS):0{SIGN_DIGITS}}"
    return books.memory.register(
        receipt.kind.operation,
        closing.total * unit,
        books.now(),
        sign=sign,
        payments_tiyn={kind: amount * unit for kind, amount in closing.payments.items()},
        cash_tiyn=closing.cash * unit,
        change_tiyn=closing.change * unit,
        tax_tiyn=sum(closing.taxes.values()) * unit,
        marks=tuple(mark.decode("latin-1") for item in receipt.items for mark in item.marks),
        positions=tuple(_position(item, unit) for item in receipt.items),
        key=receipt.key,
        employee=str(receipt.operator),
    )


def _facts(item: Item, code_page: str) -> ItemFacts:
    name = item.name.encode(code_page, "replace")
    return ItemFacts(name, item.quantity * (MILLIONTHS // item.scale), item.price, item.total, tuple(item.marks))


def _position(item: Item, unit: int) -> Mapping[str, Any]:
    return {
        "name": item.name,
        "quantity": item.quantity / item.scale,
        "price_tiyn": item.price * unit,
        "sum_tiyn": item.total * unit,
        "marks": [mark.decode("latin-1") for mark in item.marks],
    }
