"""The published and the hand-made frames of tests/vectors/datecs.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from fiscal.datecs.codec import Dialect, P, X

TABLE: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[1] / "vectors" / "datecs.toml").read_text(encoding="utf-8")
)
FRAMES: list[dict[str, Any]] = TABLE["frame"]
TRANSCRIPTS: list[dict[str, Any]] = TABLE["transcript"]
DIALECTS: dict[str, Dialect] = {"P": P, "X": X}


def name_of(row: dict[str, Any]) -> str:
    return f"{row['protocol']} {row.get('way', '')} {row['name']}"


def raw(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["bytes"])


def data_of(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["data_hex"]) if "data_hex" in row else str(row["data"]).encode("cp1251")


def frame(protocol: str, way: str, name: str) -> bytes:
    """Bytes of the frame of that name."""
    found = [raw(row) for row in FRAMES if (row["protocol"], row["way"], row["name"]) == (protocol, way, name)]
    assert len(found) == 1, (protocol, way, name)
    return found[0]
