"""How many receipts of a kind came since a baseline, from the journal and from counters that must agree. Pure.

Every document takes the next number, a cancelled receipt too (V1, V2: the journal has a type for it). So the number
alone says nothing: the journal tells the kind of each, and the counters of fiscal receipts tell whether to trust it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fiscal.datecs.protocol import CANCELLED, RECEIPTS, SALE, Entry

DOCUMENTS_MAX = 40  # Between an order and its settling; more is foreign use, and a person's.
Counters = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """`count` is None where journal and counters cannot be made to agree."""

    count: int | None
    why: str
    newest: Entry | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Receipts of a shift. Sums in tiyn."""

    sales: int = 0
    sales_tiyn: int = 0
    returns: int = 0
    returns_tiyn: int = 0


def span(before: Counters, now: Counters) -> range | None:
    """Numbers of the documents since the baseline; None: too many, or backwards."""
    first, last = before["document"] + 1, now["document"]
    return range(first, last + 1) if -1 <= last - first < DOCUMENTS_MAX else None


def count(
    kind: str, before: Counters, now: Counters, found: Mapping[int, Entry | None], *, opened: bool, all_kinds: bool
) -> Counted:
    """Receipts of `kind` among `found`.

    Args:
        found: what the journal has under each number since the baseline.
        opened: a receipt is open; its number may be counted already, and the journal does not have it yet.
        all_kinds: the journal names every kind of document (X); otherwise only receipts (P).
    """
    receipts = [entry for entry in found.values() if entry is not None and entry.kind in RECEIPTS]
    ours = [entry for entry in receipts if entry.kind == kind]
    told = _told(before, now, found)
    if not opened:
        missing = [number for number, entry in found.items() if entry is None]
        if missing and all_kinds:
            return Counted(None, f"the journal does not show document {missing[0]}: {told}")
        if (objection := _objection(before, now, found)) is not None:
            return Counted(None, f"{objection}: {told}")
    newest = max(ours, key=lambda entry: entry.number, default=None)
    return Counted(len(ours), told, newest)


def _objection(before: Counters, now: Counters, found: Mapping[int, Entry | None]) -> str | None:
    """Why the counters contradict the journal."""
    entries = [entry for entry in found.values() if entry is not None]
    sales = sum(entry.kind == SALE for entry in entries)
    receipts = sum(entry.kind in RECEIPTS for entry in entries)
    cancelled = sum(entry.kind == CANCELLED for entry in entries)
    if before["z"] == now["z"] and "receipts" in before and "receipts" in now:
        # Whether returns and cancelled receipts count as fiscal ones is not published for every model: either is taken.
        moved = now["receipts"] - before["receipts"]
        if moved not in {made + voided for made in (sales, receipts) for voided in (0, cancelled)}:
            return f"fiscal receipts moved by {moved}, the journal shows {receipts}"
    if "last_fiscal" in before and "last_fiscal" in now:
        moved = now["last_fiscal"] - before["last_fiscal"]
        if moved and not receipts + cancelled:
            return "the last fiscal receipt is another one, the journal shows none"
        if not moved and sales:
            return "the journal shows a sale, the last fiscal receipt is the old one"
    return None


def _told(before: Counters, now: Counters, found: Mapping[int, Entry | None]) -> str:
    kinds = ", ".join(f"{number} {entry.kind if entry else 'no receipt'}" for number, entry in found.items())
    return f"documents {before['document']} before, {now['document']} now" + (f" ({kinds})" if kinds else "")


def number_in_shift(entry: Entry, before: Counters, now: Counters, found: Mapping[int, Entry | None]) -> int:
    """Number of a receipt among the fiscal ones of the shift of the baseline."""
    if before["z"] == now["z"] and "receipts" in now and not _later(entry, found):
        return now["receipts"]
    earlier = [one for one in found.values() if one and one.kind in RECEIPTS and one.number <= entry.number]
    return before.get("receipts", 0) + len(earlier)


def _later(entry: Entry, found: Mapping[int, Entry | None]) -> bool:
    """Whether another receipt came after."""
    kinds = (*RECEIPTS, CANCELLED)
    return any(one and one.number > entry.number and one.kind in kinds for one in found.values())


def money_of(entry: Entry, found: Mapping[int, Entry | None], amount_tiyn: int) -> int | None:
    """Sum of a document: its own, or that of the last receipt where it is the newest one; None: not told."""
    if entry.total_tiyn is not None:
        return entry.total_tiyn
    return None if _later(entry, found) else amount_tiyn
