"""May this batch follow what is stored? Pure: what is held and what came in, a decision out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic_core import SchemaValidator, core_schema

from sync.batch import Batch, Entry
from sync.hq.dispute import AlarmKind, Dispute
from sync.wire import Row, row_hash

JOURNAL_CREATED = "journal_created"  # Kind of a journal's first row.
BAD_ROWS_MAX = 100  # Named in one answer; the till comes back for the others.

# Reads a body and builds nothing of it: an eighth of the time that json.loads takes.
_OBJECT = SchemaValidator(core_schema.typed_dict_schema({}, extra_behavior="ignore"))

RowCheck = Callable[[int, bytes], str | None]  # Number and body of a row: a reason to refuse it, or None.


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
class Refusal:
    kind: RefusalKind
    text: str
    expected: Expected | None = None
    rows: tuple[tuple[int, str], ...] = ()  # (number, reason) of each bad row.
    disputes: tuple[Dispute, ...] = ()  # What is recorded and alarmed.


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


def acceptable(_number: int, body: bytes) -> str | None:
    """The default check of content: a body is a JSON object."""
    try:
        _OBJECT.validate_json(body)
    except ValueError:
        return _unacceptable(body)
    return None


def _unacceptable(text: bytes) -> str | None:
    """The standard library has the last word: it takes half a surrogate pair, for one, and names what is wrong."""
    try:
        body = json.loads(text.decode())
    except (ValueError, RecursionError):
        return "the body is not JSON"
    return None if isinstance(body, dict) else "the body is not a JSON object"


def epoch_of(entry: Entry) -> str | None:
    """What tells two journals of one name apart; only a journal's first row has it."""
    if not isinstance(entry, Row) or entry.number != 1 or entry.kind != JOURNAL_CREATED or not entry.is_intact():
        return None
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        return None
    epoch = body.get("epoch") if isinstance(body, dict) else None
    return epoch if isinstance(epoch, str) else None


def judged(
    batch: Batch, number: int, digest: bytes, held: Mapping[int, Held], check: RowCheck, epoch: str | None = None
) -> Plan | Refusal:
    """`number`, `digest` and `epoch` are of the last row stored; `held` has every stored row the batch speaks of."""
    first = batch.entries[0].number
    if first > number + 1:
        text = f"row {number + 1} is expected, the batch begins with {first}"
        # Named by where we stand and not by what came: a till that is ahead tries with many batches.
        dispute = Dispute(AlarmKind.GAP, number + 1, digest, digest)
        return Refusal(RefusalKind.GAP, text, Expected(number + 1, digest), disputes=(dispute,))
    disputed = _disputed(batch, digest, held, epoch)
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
        named = {number for number, _ in bad[:BAD_ROWS_MAX]}
        tampered = tuple(
            Dispute(AlarmKind.TAMPERED, entry.number, entry.hash, _hash_of(entry))
            for entry in batch.entries
            if isinstance(entry, Row) and entry.number in named and not entry.is_intact()
        )
        return Refusal(RefusalKind.BAD_ROWS, text, rows=tuple(bad[:BAD_ROWS_MAX]), disputes=tampered)
    return Plan(contents, added)


def _disputed(batch: Batch, digest: bytes, held: Mapping[int, Held], epoch: str | None) -> Refusal | None:
    previous: bytes | None = None
    for entry in batch.entries:
        stored = held.get(entry.number)
        if stored is not None and stored.hash != entry.hash:
            other = epoch_of(entry)
            kind = AlarmKind.FORK if other is None or epoch in (None, other) else AlarmKind.EPOCH
            text = f"row {entry.number} is held with another hash"
            dispute = Dispute(kind, entry.number, entry.hash, stored.hash)
            return Refusal(RefusalKind.FORK, text, disputes=(dispute,))
        if stored is not None:
            previous = stored.previous
        elif previous is None or entry.number - 1 in held:
            previous = digest  # The first row that is new follows the last row stored.
        if entry.previous != previous:
            text = f"row {entry.number} does not follow the hash of row {entry.number - 1}"
            dispute = Dispute(AlarmKind.CHAIN, entry.number, entry.hash, previous)
            return Refusal(RefusalKind.CHAIN, text, disputes=(dispute,))
        previous = entry.hash
    return None


def _hash_of(row: Row) -> bytes:
    return row_hash(row.till, row.number, row.at_ns, row.kind, row.body, row.previous)


def _badness(row: Row, is_new: bool, check: RowCheck) -> str | None:
    if not row.is_intact():
        return "the content does not give the hash: the row was changed after it was written"
    return check(row.number, row.body.encode()) if is_new else None
