"""A journal row as it is hashed, stored and sent. Pure; the till and headquarters share this one definition.

    hash = SHA-256 over, in this order, each field as  length:4 bytes big-endian | bytes
           till, number (decimal), at_ns (decimal), kind, body, previous hash (32 raw bytes)

Length prefixes make the boundaries between fields part of what is hashed: moving one changes the hash.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = bytes(32)  # "Hash before the first row".
_LENGTH = struct.Struct(">I").pack


@dataclass(frozen=True, slots=True)
class Row:
    """One journal event. `body` is JSON text, hashed as it stands: nobody ever writes it a second time."""

    till: str
    number: int  # From 1, without gaps, per till.
    at_ns: int  # UTC nanoseconds.
    kind: str
    body: str
    previous: bytes  # 32 bytes.
    hash: bytes  # 32 bytes.

    def is_intact(self) -> bool:
        return row_hash(self.till, self.number, self.at_ns, self.kind, self.body, self.previous) == self.hash


def row_hash(till: str, number: int, at_ns: int, kind: str, body: str, previous: bytes) -> bytes:
    return chained(till, [(number, at_ns, field(kind.encode()), body.encode())], previous)[1][0]


def field(value: bytes) -> bytes:
    """One field as it is hashed."""
    return _LENGTH(len(value)) + value


def chained(
    till: str, rows: Iterable[tuple[int, int, bytes, bytes]], previous: bytes
) -> tuple[list[bytes], list[bytes]]:
    """Rows given as number, at_ns, kind (a field already: there are few kinds) and body, each following the one before.

    Of each: its last three fields as they are hashed, and its hash.
    """
    # Written out, and hashed in one call: headquarters does this for every row of every till.
    head, joined, contents, hashes = field(till.encode()), b"".join, [], []
    for number, at_ns, kind, body in rows:
        content = joined((kind, _LENGTH(len(body)), body, _LENGTH(len(previous)), previous))
        a, b = b"%d" % number, b"%d" % at_ns
        previous = hashlib.sha256(joined((head, _LENGTH(len(a)), a, _LENGTH(len(b)), b, content))).digest()
        contents.append(content)
        hashes.append(previous)
    return contents, hashes
