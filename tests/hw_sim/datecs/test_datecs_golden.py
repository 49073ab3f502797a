"""The simulator alone against the golden frames and transcripts: the very bytes, in any pieces, and no bit wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datecs_talk import HALF_PAST_TEN_NS, NAK, NS, Talk, request

from hw_sim.datecs import Past

VECTORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "datecs.toml").read_text(encoding="utf-8")
)
# 14.07.2026 22:00:00 in Almaty.
PAST = Past(document=1233, receipts=11, fiscal_receipts=9, z=41, z_at_ns=HALF_PAST_TEN_NS - 45_000 * NS)


def golden(protocol: str, way: str, name: str) -> bytes:
    [frame] = [
        frame
        for frame in VECTORS["frame"]
        if (frame["protocol"], frame["way"], frame["name"]) == (protocol.upper(), way, name)
    ]
    return bytes.fromhex(frame["bytes"])


def requests(protocol: str) -> list[bytes]:
    return [
        bytes.fromhex(frame["bytes"])
        for frame in VECTORS["frame"]
        if frame["protocol"] == protocol.upper() and frame["way"] == "request"
    ]


def printer(protocol: str, **options: Any) -> Talk:
    return Talk(protocol, past=PAST, **options)


Send = Callable[[bytes], bytes]


def whole(talk: Talk) -> Send:
    return talk.send


def byte_by_byte(talk: Talk) -> Send:
    def send(raw: bytes) -> bytes:
        for place in range(len(raw) - 1):
            assert talk.send(raw[place : place + 1], 0.001) == b""
        return talk.send(raw[-1:])

    return send


@pytest.mark.parametrize("sending", [whole, byte_by_byte])
def test_p_answers_the_golden_bytes(sending: Callable[[Talk], Send]) -> None:
    talk = printer("p")
    send = sending(talk)
    assert b"FP-800,1.00KZ 23NOV18 1000," in send(golden("p", "request", "identity"))
    assert send(golden("p", "request", "status")) == golden("p", "answer", "status")
    assert send(golden("p", "request", "open sale")) == golden("p", "answer", "open sale")
    assert send(request("p", 0x24, 0x31, b"Milk B900.00")) == golden("p", "answer", "item refused: syntax error")
    talk.seq = 0x60
    talk.item()
    assert send(golden("p", "request", "payment")) == golden("p", "answer", "payment: change")
    assert send(golden("p", "request", "close")) == golden("p", "answer", "close")
    name = "transaction state: closed, amounts in minor units"
    assert send(golden("p", "request", "transaction state")) == golden("p", "answer", name)
    assert send(golden("p", "request", "last document")) == golden("p", "answer", "last document")


def test_p_takes_the_golden_item_cancel_and_z() -> None:
    talk = printer("p")
    talk.send(golden("p", "request", "open sale"))
    assert b"\x04\x80\x80\x88" in talk.send(golden("p", "request", "item"))
    assert b"\x04\x80\x80\x80" in talk.send(golden("p", "request", "cancel"))
    assert b"0042," in talk.send(golden("p", "request", "Z report"))


@pytest.mark.parametrize("sending", [whole, byte_by_byte])
def test_x_answers_the_golden_bytes(sending: Callable[[Talk], Send]) -> None:
    talk = printer("x")
    send = sending(talk)
    assert b"0\t\x80\x80\x80\x80\x86\x9a\x80\x80\t\x04" in send(golden("x", "request", "status"))
    assert send(golden("x", "request", "payment by pinpad")) == golden("x", "answer", "payment refused")
    assert b"0\t15-07-26 10:30:00\t\x04" in send(golden("x", "request", "read the clock"))
    assert send(golden("x", "request", "open sale")) == golden("x", "answer", "open sale")
    talk.seq = 0x60
    talk.item()
    talk.pay()
    talk.clock.at_ns = HALF_PAST_TEN_NS
    assert send(golden("x", "request", "close")) == golden("x", "answer", "close")
    assert send(golden("x", "request", "transaction state")) == golden("x", "answer", "transaction state: closed")
    assert send(golden("x", "request", "last fiscal receipt")) == golden("x", "answer", "last fiscal receipt")
    assert send(golden("x", "request", "last document")) == golden("x", "answer", "last document")
    assert b"0\t-111016\treceipt is closed\t\x04" in send(golden("x", "request", "text of an error"))


@pytest.mark.parametrize("protocol", ["p", "x"])
def test_no_golden_request_with_one_bit_wrong_is_ever_carried_out(protocol: str) -> None:
    for raw in requests(protocol):
        for bit in range(len(raw) * 8):
            harmed = bytearray(raw)
            harmed[bit // 8] ^= 0x80 >> bit % 8
            talk = printer(protocol)
            before = len(talk.machine.frames)
            assert talk.send(bytes(harmed), 0.001) in (b"", NAK)
            assert all(note.way != ">" for note in list(talk.machine.frames)[before:])
            # The host's repetition is understood, whatever the harm has left in the decoder.
            assert talk.send(raw).endswith(b"\x03")


def cases() -> list[Any]:
    return [pytest.param(case, id=f"{case['protocol']} {case['name']}") for case in VECTORS["transcript"]]


@pytest.mark.parametrize("case", cases())
def test_each_transcript_goes_as_written(case: dict[str, Any]) -> None:
    talk = printer(case["protocol"].lower())
    names = {"document": "1234", "memory": talk.machine.profile.fiscal_memory}
    names |= {"date": "15-07-26 10:30:00", "stamp": "150726103000"}
    if "after" in case:
        [before] = [
            other
            for other in VECTORS["transcript"]
            if (other["name"], other["protocol"]) == (case["after"], case["protocol"])
        ]
        play(talk, before["steps"], names)
    play(talk, case["steps"], names)


def play(talk: Talk, steps: list[dict[str, Any]], names: dict[str, str]) -> None:
    for step in steps:
        got = talk.ask(step["command"], step["data"].format(**names))
        assert talk.taken(got) is not step.get("refused", False), step
        assert got.data == step.get("answer", got.data), step
        assert got.data.startswith(step.get("begins", "")), step
        assert ("2.3" in got.bits) == step.get("open", "2.3" in got.bits), step
