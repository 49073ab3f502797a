"""Two halves of one read: the first that waits, and what they make together. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanners.scan import Scan


@dataclass(frozen=True, slots=True)
class Waiting:
    scan: Scan
    until_ns: int


def whole_of(head: Scan, tail: Scan, data: bytes) -> Scan:
    """One read of two halves: it began with the first, and needed what either needed."""
    return replace(
        tail,
        data=data,
        symbology=head.symbology or tail.symbology,
        first_at_ns=head.first_at_ns,
        repairs=tuple(dict.fromkeys((*head.repairs, *tail.repairs))),
    )
