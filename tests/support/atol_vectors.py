"""The published and recomputed frames of ATOL's protocol 3, and the bodies of its JSON tasks."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"
RAW_CRC = "raw"


@dataclass(frozen=True)
class Golden:
    """One frame: what it is made of, apart from any codec."""

    name: str
    direction: str  # host, device.
    kind: str
    id: int
    raw: bytes
    command: str = ""
    task: int | None = None
    flags: int = 0
    result: bytes = b""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        """What the packet carries. Stuffing undone by hand; the CRC is one byte, or two when it is stuffed."""
        body = self.raw[4:-2] if self.raw[-2] == 0xFD else self.raw[4:-1]
        return body.replace(b"\xfd\xee", b"\xfe").replace(b"\xfd\xed", b"\xfd")

    @property
    def operands(self) -> bytes:
        """Of a command: behind word, flags, task, password and command."""
        return self.data[7 if self.command == "A4" else 6 :]


@cache
def table(name: str = "atol") -> Mapping[str, Any]:
    return tomllib.loads((VECTORS / f"{name}.toml").read_text("utf-8"))


@cache
def frames() -> tuple[Golden, ...]:
    return tuple(
        Golden(
            row["name"], row["direction"], row["kind"], row["id"], bytes.fromhex(row["bytes"]), row.get("command", ""),
            row.get("tid"), row.get("flags", 0), bytes.fromhex(row.get("result", "")), row.get("fields", {}),
        )
        for row in table()["frame"]
    )  # fmt: skip


def named(name: str) -> Golden:
    return next(one for one in frames() if one.name == name)


def body(name: str) -> dict[str, Any]:
    """The result of a JSON task by its name in the vectors."""
    (row,) = (row for row in table("atol_json")["result"] if row["name"] == name)
    found: dict[str, Any] = json.loads(row["body"])
    return found
