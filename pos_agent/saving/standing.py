"""Where a journal stands, and whether a copy may take its place. The judgement is pure.

A copy that lacks rows would give their numbers, and with them the names of sales, a second time: headquarters holds
other rows under them (`fork`, docs/headquarters.md), and paper with the name of one sale would be about another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pos_agent.journal.database import JournalUnusable, reading
from sync.wire import GENESIS

_TILL = "SELECT till, epoch FROM till"
_HEAD = "SELECT number, hash FROM journal ORDER BY number DESC LIMIT 1"
_HASH = "SELECT hash FROM journal WHERE number = ?"


@dataclass(frozen=True, slots=True)
class Standing:
    """`hash_at`: hash of a row by its number; None: no such row."""

    till: str
    epoch: str
    rows: int
    head: bytes
    hash_at: Callable[[int], bytes | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What headquarters holds: the last row's number and hash."""

    through: int
    hash: bytes


class Obstacle(StrEnum):
    OLDER_HERE = "older-than-here"
    OTHER_JOURNAL = "other-journal"
    PARTED_HERE = "parted-from-here"
    OLDER_THERE = "older-than-headquarters"
    PARTED_THERE = "parted-from-headquarters"
    NO_WITNESS = "no-witness"


TEXTS = {
    Obstacle.OLDER_HERE: "the journal of this till has rows that the copy lacks",
    Obstacle.OTHER_JOURNAL: "the journal of this till is another one than the copy's: begun anew since",
    Obstacle.PARTED_HERE: "the journal of this till and the copy have different rows under the same number",
    Obstacle.OLDER_THERE: "headquarters holds rows that the copy lacks",
    Obstacle.PARTED_THERE: "headquarters holds other rows than the copy under the same number",
    Obstacle.NO_WITNESS: "no journal is here to show that nothing was sold since the copy was made. If you are sure of "
    "it, say so with --nothing-sold-since",
}


def standing_of(path: Path) -> Standing | None:
    """None: there is no journal. Its rows are read while this process lives. Raises JournalUnusable."""
    if not path.exists():
        return None
    with reading(path) as db:
        named, head = db.execute(_TILL).fetchone(), db.execute(_HEAD).fetchone()

    def hash_at(number: int) -> bytes | None:
        if number == 0:
            return GENESIS
        with reading(path) as db:
            found = db.execute(_HASH, (number,)).fetchone()
        return None if found is None else bytes(found[0])

    if named is None or head is None:
        raise JournalUnusable(f"{path} holds no rows")
    return Standing(str(named[0]), str(named[1]), int(head[0]), bytes(head[1]), hash_at)


def obstacle(
    copy: Standing, present: Standing | None, seen: Seen | None, *, nothing_sold_since: bool
) -> Obstacle | None:
    """Why the copy may not become this till's journal; None: it may. A person's word stands for a missing witness."""
    if present is not None:
        if (present.till, present.epoch) != (copy.till, copy.epoch):
            return Obstacle.OTHER_JOURNAL
        shared = min(present.rows, copy.rows)
        if present.hash_at(shared) != copy.hash_at(shared):
            return Obstacle.PARTED_HERE
        if present.rows > copy.rows:
            return Obstacle.OLDER_HERE
    if seen is not None:
        if seen.through > copy.rows:
            return Obstacle.OLDER_THERE
        if copy.hash_at(seen.through) != seen.hash:
            return Obstacle.PARTED_THERE
    # Headquarters is no witness alone: what was sold without network before the disk died never reached it.
    return Obstacle.NO_WITNESS if present is None and not nothing_sold_since else None
