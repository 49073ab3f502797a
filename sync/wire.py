"""A journal row as it is hashed, stored and sent. Pure; the till and headquarters share this one definition.

    hash = SHA-256 over, in this order, each field as  length:4 bytes big-endian | bytes
           till, number (decimal), at_ns (decimal), kind, body, previous hash (32 raw bytes)

Length prefixes make the boundaries between fields part of what is hashed: moving one changes the hash.
"""

from __future__ import annotations

import hashlib
import struct
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
    return sealed(field(till.encode()), number, at_ns, content_fields(field(kind.encode()), body.encode(), previous))


def field(value: bytes) -> bytes:
    """One field as it is hashed."""
    return _LENGTH(len(value)) + value


def content_fields(kind: bytes, body: bytes, previous: bytes) -> bytes:
    """The last three fields of a row as they are hashed; `kind` is a field already, for there are few kinds."""
    return b"".join((kind, _LENGTH(len(body)), body, _LENGTH(len(previous)), previous))


def sealed(till: bytes, number: int, at_ns: int, content: bytes) -> bytes:
    """The hash of a row; `till` is a field, `content` what `content_fields` made."""
    # Written out, and hashed in one call: headquarters does this for every row of every till.
    a, b = b"%d" % number, b"%d" % at_ns
    return hashlib.sha256(b"".join((till, _LENGTH(len(a)), a, _LENGTH(len(b)), b, content))).digest()
