"""The golden frames of level 3 and the simulated register alone: what it reads in them, what it says byte for byte."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from atol_host import ADD, ASK, EVENT_ID, Host, item, unwrapped, wrapped
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.atol.buffer import Status, Word
from hw_sim.atol.packets import CrcOver, PacketReader, packet
from hw_sim.atol.problems import Problem
from hw_sim.atol.profile import MODELS
from hw_sim.atol.register import AtolRegister
from hw_sim.device.simulated import Simulated

VECTORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "atol.toml").read_text(encoding="utf-8")
)
FRAMES: dict[str, dict[str, Any]] = {frame["name"]: frame for frame in VECTORS["frame"]}
HOST = [name for name, frame in FRAMES.items() if frame["direction"] == "host" and frame["kind"] != "empty"]
DEVICE = [name for name, frame in FRAMES.items() if frame["direction"] == "device"]
WORDS = {
    "abort": Word.ABORT,
    "acknowledge": Word.ACKNOWLEDGE,
    "ask": Word.ASK,
    "add": Word.ADD,
    "acknowledge_and_add": Word.ACKNOWLEDGE_AND_ADD,
}
STATUSES = {
    "pending": Status.PENDING,
    "in_progress": Status.IN_PROGRESS,
    "waiting": Status.WAITING,
    "result": Status.RESULT,
    "error": Status.ERROR,
    "stopped": Status.STOPPED,
    "async_result": Status.ASYNC_RESULT,
    "async_error": Status.ASYNC_ERROR,
    "overflow": Status.OVERFLOW,
    "already_exists": Status.ALREADY_EXISTS,
    "not_found": Status.NOT_FOUND,
    "illegal_value": Status.ILLEGAL_VALUE,
}


def golden(name: str) -> bytes:
    return bytes.fromhex(FRAMES[name]["bytes"])


def data_of(name: str) -> bytes:
    """The data of a golden frame, by the test's own reading."""
    return unwrapped(golden(name))[0][1]


@pytest.mark.parametrize("name", HOST)
def test_the_register_reads_every_frame_of_a_host(name: str) -> None:
    frame = FRAMES[name]
    (came,) = PacketReader().feed(golden(name))
    assert (came.id, came.flaw, came.raw) == (frame["id"], "", golden(name))
    assert came.data[0] == WORDS[frame["kind"]]
    if "tid" in frame:
        assert came.data[1 + (came.data[0] in (Word.ADD, Word.ACKNOWLEDGE_AND_ADD))] == frame["tid"]
    if "command" in frame:
        assert (came.data[1], came.data[3:6].hex().upper()) == (frame["flags"], "0000" + frame["command"])


@pytest.mark.parametrize("name", DEVICE)
def test_the_register_writes_every_frame_of_a_device(name: str) -> None:
    frame = FRAMES[name]
    numbered = bytes((frame["tid"],)) if "tid" in frame else b""
    data = bytes((STATUSES[frame["kind"]],)) + numbered + bytes.fromhex(frame.get("result", ""))
    assert packet(frame["id"], data) == golden(name)


@pytest.mark.parametrize("stream", VECTORS["stream"], ids=lambda stream: stream["name"])
def test_bytes_that_are_no_packet_hide_no_packet_behind_them(stream: dict[str, Any]) -> None:
    came = PacketReader().feed(bytes.fromhex(stream["bytes"]))
    assert [each.data for each in came if not each.flaw] == [bytes.fromhex(each) for each in stream["packets"]]


@pytest.mark.parametrize("way", CrcOver)
def test_the_crc_covers_stuffed_or_raw_data_as_told(way: CrcOver) -> None:
    (crc,) = (each for each in VECTORS["open"] if each["name"] == "crc")
    frame = bytes.fromhex(crc[way])
    other = bytes.fromhex(crc[CrcOver.RAW if way is CrcOver.STUFFED else CrcOver.STUFFED])
    assert [each.flaw for each in PacketReader(way).feed(frame + other)] == ["", "wrong CRC"]
    assert packet(0x15, bytes.fromhex("C1 01 0B 00 00 A4 FE FD"), way) == frame


def test_every_refusal_of_the_command_layer_is_a_published_code() -> None:
    assert {f"{problem.code:02X}" for problem in Problem} <= set(VECTORS["errors"])


@settings(deadline=None)
@given(st.lists(st.integers(1, 9), max_size=60))
def test_any_chunking_gives_the_same_packets(sizes: list[int]) -> None:
    stream = b"\x00\xfd".join(golden(name) for name in HOST)
    reader, came, at = PacketReader(), [], 0
    for size in sizes:
        came += reader.feed(stream[at : at + size])
        at += size
    came += reader.feed(stream[at:])
    assert came == PacketReader().feed(stream)
    assert len([each for each in came if not each.flaw]) == len(HOST)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_data_come_back_whole_from_a_packet(data: bytes) -> None:
    (came,) = PacketReader().feed(packet(5, data))
    assert (came.id, came.data, came.flaw) == (5, data, "")
    assert packet(5, data) == wrapped(5, data)


@pytest.mark.parametrize("name", HOST)
def test_one_flipped_bit_never_executes(build: Callable[..., Simulated], name: str) -> None:
    """But for the length, which no checksum covers: a shorter packet may by chance end in a byte that fits."""
    frame = golden(name)
    for bit in range(8 * len(frame)):
        harmed = bytearray(frame)
        harmed[bit // 8] ^= 0x80 >> bit % 8
        register = build().machine
        register.host_opened()
        register.receive(bytes(harmed))
        assert register.take() == b""
        assert [note.name for note in register.frames if note.way == ">"] == []


@pytest.fixture
def day(build: Callable[..., Simulated]) -> Callable[..., Simulated]:
    """15.07.2026 10:30: shift 7 is open with 12 receipts, the last document is 1235, 5900.00 in the drawer, mode 1."""

    def prepared(**options: Any) -> Simulated:
        sim = build(**options)
        register = sim.machine
        assert isinstance(register, AtolRegister)
        kkm = register.kkm
        sim.memory.next_shift = 7
        kkm.open_shift()
        kkm.receipts_in_shift, kkm.fn.last_number = 11, 1234
        kkm.fn.next_sign = lambda: "4228143550"
        kkm.sell_elsewhere(90_000)
        sim.memory.cash_tiyn = 590_000
        register.session.modes.mode = 1
        return sim

    return prepared


def exchanged(host: Host, *names: str) -> list[bytes]:
    """Everything the register says to these frames, as it comes off the line."""
    came = []
    for name in names:
        host.line.write(golden(name))
        while piece := host.line.read(2.0):
            came.append(piece)
    return came


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["abort"], ["abort done"]),
        (["open receipt: sale"], ["done without error"]),
        (["ask for task 05"], ["task not found"]),
        (["last fiscal document"], ["last document 1235: sale of 900.00"]),
        (["short state"], ["short state: mode 1, paper there"]),
        (["cash in the drawer"], ["cash in the drawer: 5900.00"]),
        (["FN number"], ["FN number: answer"]),
    ],
    ids=lambda names: names[0],
)
def test_the_register_answers_as_published(
    day: Callable[..., Simulated], connect: Callable[..., Host], asked: list[str], answered: list[str]
) -> None:
    assert exchanged(connect(day()), *asked) == [golden(name) for name in answered]


def test_a_slow_status_is_promised_and_comes_as_an_event(
    day: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    said = exchanged(connect(day(work_s={0x3F: 0.2})), "status")
    event = "status, asynchronous answer: shift 7 open, mode 1, receipt 12, none open"
    assert said == [golden("pending"), golden(event)]


def test_the_register_says_who_it_is(build: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    sim = build()
    register = sim.machine
    assert isinstance(register, AtolRegister)
    register.session.profile = replace(register.profile, model=replace(MODELS["ffd105"], title="Казначей ФА"))
    assert exchanged(connect(sim), "device info, packet 02") == [golden("device info, answer")]


def test_a_second_receipt_is_refused_as_published(day: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    host = connect(day())
    host.task = 2
    assert host.do(0x92, b"\0\x01") == b"\x55\0\0"
    assert exchanged(host, "open receipt: sale") == [golden("refused: receipt already open")]


def test_the_short_state_tells_of_paper(day: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    sim = day()
    sim.machine.end_paper()
    assert exchanged(connect(sim), "short state") == [golden("short state: mode 1, no paper")]


def test_a_receipt_closed_without_paper_is_refused_in_an_event(
    day: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(day())
    host.task = 5
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(90_000))
    said = exchanged(host, "close receipt: cash 1000.00")
    assert said[1:] == [golden("asynchronous result of task 05: done")]
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    host.do(0xEB, item(90_000))
    host.register.end_paper()
    host.say(b"\xc2\x05")
    assert exchanged(host, "close receipt: cash 1000.00")[1:] == [golden("asynchronous error of task 05: no paper")]


def test_refusals_of_the_buffer_are_those_published(
    day: Callable[..., Simulated], connect: Callable[..., Host]
) -> None:
    host = connect(day(buffer_tasks=1, work_s={0x9A: 5.0, 0x67: 5.0}))
    add = bytes((ADD, 1, 0x1F, 0, 0))
    host.line.write(wrapped(1, add + b"\x9a\0"))  # Slow: occupies the buffer.
    assert host.line.read(0.1) == wrapped(1, b"\xa1")
    host.line.write(wrapped(0x2A, bytes((ADD, 1, 0x20, 0, 0, 0x3F))))
    assert host.line.read(0.1) == golden("buffer overflow")
    host.line.write(wrapped(0x2B, add + b"\x9a\0"))
    assert host.line.read(0.1) == golden("task exists already")
    host.line.write(wrapped(0x2C, bytes((ADD, 1, 0xE0, 0, 0, 0x3F))))
    assert host.line.read(0.1) == golden("illegal value")
    host.line.write(wrapped(0x2D, bytes((ASK, 0x1F))))
    assert host.line.read(0.1) == golden("in progress")
    host.line.read(10.0)  # The shift is open: the task fails.
    host.line.write(wrapped(0x28, bytes((ADD, 1, 0x21, 0, 0, 0x3F))))
    host.line.write(wrapped(0x29, bytes((ASK, 0x21))))
    host.line.read(0.1)
    assert host.line.read(0.1) == golden("stopped: an earlier task failed")


def test_a_task_that_waits_for_data_is_waiting(day: Callable[..., Simulated], connect: Callable[..., Host]) -> None:
    host = connect(day(work_s={0x67: 5.0, 0x9A: 5.0}))
    host.line.write(wrapped(1, bytes((ADD, 5, 0x1F, 0, 0, 0x9A, 0))))
    host.line.read(0.1)
    host.line.write(wrapped(0x2E, bytes((ASK, 0x1F))))
    assert host.line.read(0.1) == golden("waiting for data from outside")


def test_events_come_under_their_own_number(host: Host) -> None:
    host.line.write(wrapped(0x33, bytes((ADD, 1, 0x40, 0, 0, 0x9A, 0))))
    assert [packet_id for packet_id, _ in host.heard()] == [0x33, EVENT_ID]
