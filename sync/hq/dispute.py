"""What headquarters may find wrong with a till's journal, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AlarmKind(StrEnum):
    GAP = "gap"  # Rows before it are missing here. Heals.
    FORK = "fork"  # A number that is held was sent with another content.
    CHAIN = "chain"  # A row that does not follow the hash of the one before it.
    TAMPERED = "tampered"  # A row whose content does not give its hash.
    EPOCH = "epoch"  # Another journal altogether, begun anew under this till's name.
    CLONE = "clone"  # Two machines live under one name: the other journal came again after ours had grown.
    WRONG_TILL = "wrong-till"  # This till's key or token came with the journal of another till.
    BEHIND = "behind"  # The till's journal is shorter than what is held here: an old copy was restored. Heals.


@dataclass(frozen=True, slots=True)
class Dispute:
    """The case: the row, its hash as it came, and the hash it disagrees with. Of a gap both are the last row held."""

    kind: AlarmKind
    number: int
    received: bytes
    stored: bytes


@dataclass(frozen=True, slots=True)
class Alarm:
    till: str
    number: int
    kind: str
    received: bytes
    stored: bytes
    first_ns: int
    last_ns: int
    cleared_ns: int | None
    cleared_by: str | None  # "": it healed.
    cleared_why: str | None

    @property
    def is_open(self) -> bool:
        return self.cleared_ns is None or self.last_ns > self.cleared_ns
