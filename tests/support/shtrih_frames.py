"""Golden frames of Shtrih-M, and sums of both link layers made apart from the code under test."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors" / "shtrih.toml"


@dataclass(frozen=True)
class Golden:
    name: str
    layer: str
    direction: str
    command: str
    raw: bytes
    fields: dict[str, Any]

    @property
    def payload(self) -> bytes:
        """What the frame carries, taken out by hand."""
        if self.layer == "standard":
            return self.raw[2:-1]
        return unstuffed(self.raw)[5:-2]

    @property
    def operands(self) -> bytes:
        """Of a request: what stands behind code and password."""
        return self.payload[len(self.command) // 2 + ("password" in self.fields) * 4 :]

    @property
    def body(self) -> bytes:
        """Of an answer: what stands behind code and error."""
        return self.payload[len(self.command) // 2 + 1 :]


def golden() -> list[Golden]:
    rows = tomllib.loads(VECTORS.read_text("utf-8"))["frame"]
    return [
        Golden(
            r["name"], r["layer"], r["direction"], r["command"], bytes.fromhex(r["bytes"].replace("\n", " ")),
            r.get("fields", {}),
        )
        for r in rows
    ]  # fmt: skip


def named(name: str) -> Golden:
    return next(one for one in golden() if one.name == name)


def unstuffed(raw: bytes) -> bytes:
    out, escaped = bytearray(raw[:1]), False
    for byte in raw[1:]:
        if escaped:
            out.append({0x81: 0x8F, 0x83: 0x9F}[byte])
        elif byte != 0x9F:
            out.append(byte)
        escaped = not escaped and byte == 0x9F
    return bytes(out)


def standard_frame(payload: bytes) -> bytes:
    total = len(payload)
    for byte in payload:
        total ^= byte
    return bytes((2, len(payload))) + payload + bytes((total,))


def crc(data: bytes) -> int:
    """The vendor's own algorithm, step by step."""
    value = 0xFFFF
    for byte in data:
        value = ((value >> 8) | (value << 8)) & 0xFFFF
        value ^= byte
        value ^= (value & 0xFF) >> 4
        value = (value ^ (value << 12)) & 0xFFFF
        value = (value ^ ((value & 0xFF) << 5)) & 0xFFFF
    return value


def numbered_packet(num: int | None, data: bytes = b"") -> bytes:
    body = b"\0\0" if num is None else (len(data) + 2).to_bytes(2, "little") + num.to_bytes(2, "little") + data
    body += crc(body).to_bytes(2, "little")
    out = bytearray(b"\x8f")
    for byte in body:
        out += {0x8F: b"\x9f\x81", 0x9F: b"\x9f\x83"}.get(byte, bytes((byte,)))
    return bytes(out)
