"""A Datecs printer as the shared driver sees it. Pure."""

from __future__ import annotations

from fiscal.datecs import status as bits
from fiscal.datecs.papers import sign_of
from fiscal.datecs.protocol import RETURN, SALE, Shown
from fiscal.datecs.status import Status
from fiscal.device.looks import Look, OpenDocument
from fiscal.documents import Paper, Waiting

SERVICE = "service receipt"
_COUNTERS = (
    "document", "receipts", "z", "cash", "put", "taken", "amount", "last_fiscal", "sold", "sold_tiyn", "returned_tiyn",
)  # fmt: skip


def counters(shown: Shown) -> dict[str, int]:
    """What the journal keeps of a look; a counter the printer does not tell is not there."""
    found = {name: getattr(shown, name) for name in _COUNTERS}
    return {name: value for name, value in found.items() if value is not None}


def look(shown: Shown, status: Status) -> Look:
    document, paper = opened(shown, status), paper_of(status)
    return Look(
        identity=shown.identity,
        shift=shown.z + 1,
        shift_open=bool(shown.receipts or shown.put or shown.taken or document),
        counters=counters(shown),
        waiting=_waiting(shown, status, document, paper),
        document=document,
        memory_lost=status.has(bits.RAM_RESET),
        paper=paper,
        cover_open=status.has(bits.COVER_OPEN),
        clock_at=shown.clock,
        document_count=shown.receipts,
        last_fiscal_sign=None if shown.last_fiscal is None else sign_of(shown.last_fiscal),
        person=status.blocked(),
        model=shown.model,
        firmware=shown.firmware,
    )


def opened(shown: Shown, status: Status) -> OpenDocument | None:
    """The open receipt; a service receipt cannot be ours."""
    if status.has(bits.FISCAL_OPEN) or shown.opened:
        storno = status.has(bits.STORNO_OPEN) or shown.opened == RETURN
        return OpenDocument(RETURN if storno else SALE, shown.amount, shown.paid)
    if status.has(bits.SERVICE_OPEN):
        return OpenDocument(SERVICE)
    return None


def paper_of(status: Status) -> Paper:
    if status.has(bits.PAPER_OUT):
        return Paper.OUT
    return Paper.LOW if status.has(bits.PAPER_LOW) else Paper.OK


def _waiting(shown: Shown, status: Status, document: OpenDocument | None, paper: Paper) -> Waiting | None:
    if document is not None or shown.lines:
        # Inside a receipt or a printout; with nothing begun a missing roll holds nothing up but the next receipt.
        if paper is Paper.OUT or status.has(bits.COVER_OPEN):
            return Waiting.PAPER
        if document is None:
            return Waiting.PRINTING
    return Waiting.PERSON if status.blocked() else None
