"""Orders, requests and documents as the journal keeps them: JSON and back."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from fiscal.register import (
    Baseline,
    CashDocument,
    CashMove,
    Document,
    Failure,
    FiscalDocument,
    Order,
    Prepared,
    Receipt,
    ReturnBasis,
    SeenDocument,
    ShiftClose,
    ShiftOpen,
    ShiftOpened,
    ShiftReport,
)

_ORDERS: dict[type, str] = {
    Receipt: "receipt",
    CashMove: "cash",
    ShiftOpen: "shift_open",
    ShiftClose: "shift_close",
}
_DOCUMENTS: dict[type, str] = {
    FiscalDocument: "receipt",
    CashDocument: "cash",
    ShiftOpened: "shift_opened",
    ShiftReport: "shift",
}
_ADAPTERS: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (*_ORDERS, *_DOCUMENTS, Prepared, Baseline, Failure, ReturnBasis, SeenDocument)
}


def dump(value: Any) -> dict[str, Any]:
    """A frozen value of fiscal.register as JSON-able data."""
    dumped: dict[str, Any] = _ADAPTERS[type(value)].dump_python(value, mode="json")
    return dumped


def _load(kind: type, data: Any) -> Any:
    return _ADAPTERS[kind].validate_python(data)


def dump_order(order: Order) -> dict[str, Any]:
    return {"type": _ORDERS[type(order)], **dump(order)}


def load_order(data: dict[str, Any]) -> Order:
    kinds = {name: kind for kind, name in _ORDERS.items()}
    order: Order = _load(kinds[data["type"]], {name: value for name, value in data.items() if name != "type"})
    return order


def dump_document(document: Document) -> dict[str, Any]:
    return {"type": _DOCUMENTS[type(document)], **dump(document)}


def load_document(data: dict[str, Any]) -> Document:
    kinds = {name: kind for kind, name in _DOCUMENTS.items()}
    document: Document = _load(kinds[data["type"]], {name: value for name, value in data.items() if name != "type"})
    return document


def load_prepared(data: dict[str, Any]) -> Prepared:
    prepared: Prepared = _load(Prepared, data)
    return prepared


def load_baseline(data: dict[str, Any]) -> Baseline:
    baseline: Baseline = _load(Baseline, data)
    return baseline


def load_basis(data: dict[str, Any]) -> ReturnBasis:
    basis: ReturnBasis = _load(ReturnBasis, data)
    return basis
