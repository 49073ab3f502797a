"""Nearly every batch is a run: whole rows, each following the one before, unharmed, with content that can be taken.

It is seen in one look, column by column, in half of the time that reading and judging row by row takes. Whatever is
out of the ordinary (a tombstone, a wrong field, a broken chain, a bad hash) is no run, and nothing is said about why:
sync.batch and sync.hq.judge read it again and say what it is. So this may be stricter than they are and never laxer: a
run is a batch that they would read, and take whole where it follows what is stored. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.batch import HASH, INTEGER_MAX, KIND_LENGTH_MAX, PROTOCOL, ROWS_MAX, TILL_LENGTH_MAX
from sync.hq.judge import RowCheck
from sync.wire import chained, field

_INTEGERS, _TEXTS = {int}, {str}


@dataclass(frozen=True, slots=True)
class Run:
    """Columns of consecutive rows. Not the first row of a journal: its epoch has to be looked at."""

    till: str
    first: int
    previous: bytes  # Hash that the first row follows.
    at_ns: Sequence[int]
    kinds: Sequence[str]
    bodies: Sequence[str]
    hashes: Sequence[bytes]
    contents: Sequence[bytes]  # Kind, body and previous hash of each row as they were hashed.

    @property
    def last(self) -> int:
        return self.first + len(self.hashes) - 1


def run_in(till: str, content: Mapping[str, Any], check: RowCheck) -> Run | None:
    """The run that an unpacked batch of this till is; None: it is none, or of another till."""
    try:
        return _run(till, content, check)
    except (KeyError, TypeError, ValueError):  # A field that is missing, of another kind, or has no UTF-8 form.
        return None


def _run(till: str, content: Mapping[str, Any], check: RowCheck) -> Run | None:
    items = content["rows"]
    if not _is_of(till, content) or type(items) is not list or not 0 < len(items) <= ROWS_MAX:
        return None
    numbers = [item["number"] for item in items]
    at_ns = [item["at_ns"] for item in items]
    kinds = [item["kind"] for item in items]
    bodies = [item["body"] for item in items]
    first, last = content["first"], content["last"]
    are_ordered = (
        # True and 1.0 are equal to 1.
        {*map(type, numbers), type(first), type(last)} == set(map(type, at_ns)) == _INTEGERS
        and first > 1
        and last <= INTEGER_MAX
        and last - first < ROWS_MAX
        and numbers == list(range(first, last + 1))
        and min(at_ns) >= 0
        and max(at_ns) <= INTEGER_MAX
        and set(map(type, kinds)) == set(map(type, bodies)) == _TEXTS
        and all(bodies)
    )
    if not are_ordered:
        return None
    kind_fields = {kind: field(kind.encode()) for kind in set(kinds)}
    told = [item["hash"] for item in items]
    previous = items[0]["previous"]
    if [item["previous"] for item in items] != [previous, *told[:-1]] or not HASH.fullmatch(previous):
        return None
    if not all(map(_is_kind, kind_fields)):
        return None
    plain = list(map(str.encode, bodies))
    if b"\0" in b"".join(plain) or any(map(check, numbers, plain)):
        return None
    rows = zip(numbers, at_ns, map(kind_fields.__getitem__, kinds), plain, strict=True)
    follows = bytes.fromhex(previous)
    contents, hashes = chained(till, rows, follows)
    if [digest.hex() for digest in hashes] != told:
        return None
    return Run(till, first, follows, at_ns, kinds, bodies, hashes, contents)


def _is_of(till: str, content: Mapping[str, Any]) -> bool:
    is_spoken = type(content["protocol"]) is int and content["protocol"] == PROTOCOL
    return is_spoken and content["till"] == till and 0 < len(till) <= TILL_LENGTH_MAX and "\0" not in till


def _is_kind(kind: str) -> bool:
    return 0 < len(kind) <= KIND_LENGTH_MAX and "\0" not in kind
