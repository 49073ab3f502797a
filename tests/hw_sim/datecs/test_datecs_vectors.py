"""The golden frames themselves: taken apart by a few lines that know neither the driver nor the simulator."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

VECTORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "datecs.toml").read_text(encoding="utf-8")
)
STATUS_BYTES = {"P": 6, "X": 8}


def digits(number: int) -> bytes:
    """Four hexadecimal digits, each with 30h added."""
    return bytes(0x30 + int(digit, 16) for digit in f"{number:04x}")


def named(frame: dict[str, Any]) -> str:
    return f"{frame['protocol']} {frame['way']} {frame['name']}"


@pytest.mark.parametrize("frame", VECTORS["frame"], ids=named)
def test_each_golden_frame_has_the_length_the_sum_and_the_parts_it_names(frame: dict[str, Any]) -> None:
    raw = bytes.fromhex(frame["bytes"])
    data = bytes.fromhex(frame["data_hex"]) if "data_hex" in frame else frame["data"].encode("cp1251")
    status = bytes.fromhex(frame.get("status", ""))
    inside = raw[1:-5]  # From LEN to 05.
    assert (raw[0], raw[-1], inside[-1]) == (0x01, 0x03, 0x05)
    assert raw[-5:-1] == digits(sum(inside))
    long = frame["protocol"] == "X"
    assert inside[: 4 if long else 1] == (digits(0x20 + len(inside)) if long else bytes((0x20 + len(inside),)))
    command = digits(frame["command"]) if long else bytes((frame["command"],))
    tail = b"\x04" + status if frame["way"] == "answer" else b""
    assert inside[4 if long else 1 : -1] == bytes((frame["seq"],)) + command + data + tail
    assert len(status) == (STATUS_BYTES[frame["protocol"]] if frame["way"] == "answer" else 0)


@pytest.mark.parametrize("frame", [frame for frame in VECTORS["frame"] if "status" in frame], ids=named)
def test_the_bits_of_each_golden_answer_are_the_ones_it_names(frame: dict[str, Any]) -> None:
    status = bytes.fromhex(frame["status"])
    assert all(byte >= 0x80 for byte in status)
    bits = {f"{place}.{bit}" for place, byte in enumerate(status) for bit in range(7) if byte >> bit & 1}
    assert bits == set(frame["values"]["bits"])


def test_no_request_of_a_transcript_is_longer_than_a_host_may_send() -> None:
    steps = [step for transcript in VECTORS["transcript"] for step in transcript["steps"]]
    assert len(steps) > 50
    assert all(len(step["data"].encode("cp1251")) <= 213 and 0x20 <= step["command"] <= 0xFF for step in steps)


def test_every_golden_exchange_is_there_for_both_protocols() -> None:
    seen = {(frame["protocol"], frame["command"]) for frame in VECTORS["frame"]}
    assert {command for protocol, command in seen if protocol == "P"} >= {
        0x5A, 0x4A, 0x30, 0x31, 0x35, 0x38, 0x4C, 0x71, 0x3C, 0x45,
    }  # fmt: skip
    assert {command for protocol, command in seen if protocol == "X"} >= {
        0x4A, 0x30, 0x35, 0x3E, 0x38, 0x4C, 0x7B, 0xFF, 0x64,
    }  # fmt: skip
    assert sum("published" in frame["source"] for frame in VECTORS["frame"]) == 3
