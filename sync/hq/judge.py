"""May this batch follow what is stored? Pure: what is held and what came in, a decision out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync.batch import Batch, Entry
from sync.wire import Row

BAD_ROWS_MAX = 100  # Named in one answer; the till comes back for the others.

RowCheck = Callable[[Row], str | None]  # A reason to refuse the row, or None.


class RefusalKind(StrEnum):
    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    WRONG_TILL = "wrong-till"
    GAP = "gap"  # Rows before it are missing here.
    FORK = "fork"  # A row of this number is held with another content.
    CHAIN = "chain"  # A row that does not follow the one before it.
    BAD_ROWS = "bad-rows"


@dataclass(frozen=True, slots=True)
class Expected:
    """The row we would take next, and the hash it must follow."""

    number: int
    previous: bytes


@dataclass(frozen=True, slots=True)
class Dispute:
    """For the alarm: the row that was refused and the hash it disagrees with."""

    number: int
    received: bytes
    stored: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    kind: RefusalKind
    text: str
    expected: Expected | None = None
    rows: tuple[tuple[int, str], ...] = ()  # (number, reason) of each bad row.
    dispute: Dispute | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A stored row, as far as a batch can disagree with it."""

    previous: bytes
    hash: bytes
    has_body: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, in this order: contents of stored tombstones, then new rows."""

    contents: tuple[Row, ...]
    added: tuple[Entry, ...]


def acceptable(row: Row) -> str | None:
    """The default check of content: a body is a JSON object."""
    try:
        body = json.loads(row.body)
    except (ValueError, RecursionError):
        return "the body is not JSON"
    return None if isinstance(body, dict) else "the body is not a JSON object"


def judged(batch: Batch, number: int, digest: bytes, held: Mapping[int, Held], check: RowCheck) -> Plan | Refusal:
    """`number` and `digest` are the last row stored; `held` has every stored row the batch speaks of."""
    first = batch.entries[0].number
    if first > number + 1:
        expected = Expected(number + 1, digest)
        return Refusal(RefusalKind.GAP, f"row {number + 1} is expected, the batch begins with {first}", expected)
    disputed = _disputed(batch, digest, held)
    if disputed is not None:
        return disputed
    contents = tuple(
        entry
        for entry in batch.entries
        if isinstance(entry, Row) and entry.number in held and not held[entry.number].has_body
    )
    added = tuple(entry for entry in batch.entries if entry.number not in held)
    written = {row.number for row in contents} | {entry.number for entry in added}
    bad = [
        (entry.number, reason)
        for entry in batch.entries
        if isinstance(entry, Row) and (reason := _badness(entry, entry.number in written, check)) is not None
    ]
    if bad:
        text = f"{len(bad)} of {len(batch.entries)} rows cannot be taken"
        return Refusal(RefusalKind.BAD_ROWS, text, rows=tuple(bad[:BAD_ROWS_MAX]))
    return Plan(contents, added)


def _disputed(batch: Batch, digest: bytes, held: Mapping[int, Held]) -> Refusal | None:
    previous: bytes | None = None
    for entry in batch.entries:
        stored = held.get(entry.number)
        if stored is not None and stored.hash != entry.hash:
            text = f"row {entry.number} is held with another hash"
            return Refusal(RefusalKind.FORK, text, dispute=Dispute(entry.number, entry.hash, stored.hash))
        if stored is not None:
            previous = stored.previous
        elif previous is None or entry.number - 1 in held:
            previous = digest  # The first row that is new follows the last row stored.
        if entry.previous != previous:
            text = f"row {entry.number} does not follow the hash of row {entry.number - 1}"
            return Refusal(RefusalKind.CHAIN, text, dispute=Dispute(entry.number, entry.hash, previous))
        previous = entry.hash
    return None


def _badness(row: Row, is_new: bool, check: RowCheck) -> str | None:
    if not row.is_intact():
        return "the content does not give the hash: the row was changed after it was written"
    return check(row) if is_new else None
