"""The standard layer: ENQ, ACK and NAK, answers that wait, noise."""

from __future__ import annotations

from typing import Any

import pytest
from shtrih_frames import standard_frame
from shtrih_machine import Machine
from shtrih_peers import Clock, StandardPeer
from shtrih_wires import line, opening, reading

from fiscal.device.family import Silence
from fiscal.shtrih.wire import StandardWire, Tempo


def test_a_pending_answer_is_read_away_before_anything_is_sent_whatever_its_code() -> None:
    wire, peer, machine = line("standard")
    machine.open = {"kind": "sale", "items": [], "marks": [], "total": 0}
    peer.pending = bytes.fromhex("02 03 8D 00 1E 90")  # "It is open", of another life.
    assert opening(wire) == b"\x8d\x4a"
    assert peer.wire == ["ENQ", "ACK", "ENQ", "8D", "ACK"]


def test_an_answer_to_another_command_is_not_taken_for_ours() -> None:
    wire, peer, _ = line("standard")
    peer.faults["8D"] = "wrong_code"
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.sent
    assert reading(wire)[:2] == b"\x10\x00"


def test_a_lost_acknowledgement_does_not_lose_the_answer() -> None:
    wire, peer, machine = line("standard")
    peer.faults["8D"] = "lose_ack"
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]


def test_noise_on_the_line_costs_time_and_nothing_else() -> None:
    wire, peer, machine = line("standard")
    for noise in (b"\x00\x81", b"\xff\xff", b"\x02\x09\x10", bytes(range(0x20, 0x60))):
        peer.send(noise)
        assert opening(wire)[:1] == b"\x8d"
    assert machine.seen == ["8D"] * 4


def test_a_line_full_of_noise_is_given_up() -> None:
    wire, peer, machine = line("standard")

    class Babbling:
        def read(self, timeout_s: float) -> bytes:
            peer.clock.at += timeout_s / 10
            return b"\x55"

        def __getattr__(self, name: str) -> Any:
            return getattr(peer, name)

    wire._link = Babbling()
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert not caught.value.sent and machine.seen == []


def test_a_stale_answer_with_our_own_code_is_not_taken() -> None:
    wire, peer, machine = line("standard")
    stale = standard_frame(b"\x1b\x00\x1e\x63\x00")
    request = bytes.fromhex("1B 1E 00 00 00 94")
    peer.send(stale)  # Before the answer to ENQ.
    assert wire.exchange(request, timeout_s=3, reads=True) == b"\x1b\x00\x1e\x0c\x00"
    original = peer.frame

    def behind_the_frame(frame: bytes) -> None:
        peer.send(stale)  # Between our frame and its ACK.
        original(frame)

    peer.frame = behind_the_frame
    assert wire.exchange(request, timeout_s=3, reads=True) == b"\x1b\x00\x1e\x0c\x00"
    peer.frame = original
    peer.pending = stale  # Comes out on ENQ.
    assert wire.exchange(request, timeout_s=3, reads=True) == b"\x1b\x00\x1e\x0c\x00"
    assert machine.seen == ["1B"] * 3


def test_a_long_frame_on_a_slow_line_is_given_the_time_it_takes() -> None:
    machine, clock = Machine(), Clock()
    peer = StandardPeer(machine, clock)
    original = peer.frame

    def after_it_has_come(frame: bytes) -> None:
        peer.hold_s = len(frame) * 10 / 4800
        original(frame)

    class Slow:
        """Gives everything the time the frame before it needs."""

        def __getattr__(self, name: str) -> Any:
            return getattr(peer, name)

        def read(self, timeout_s: float) -> bytes:
            held, peer.hold_s = peer.hold_s, max(peer.hold_s - timeout_s, 0.0)
            if held > timeout_s:
                clock.at += timeout_s
                return b""
            clock.at += held
            return bytes(peer.read(timeout_s - held))

    peer.hold_s = 0.0
    peer.frame = after_it_has_come  # type: ignore[method-assign]
    long = bytes.fromhex("FF 67 1E 00 00 00 F5") + bytes(range(0x21, 0x7B)) * 2 + bytes(65)
    machine.open = {"kind": "sale", "items": [], "marks": [], "total": 0}
    slow: Any = Slow()
    for byte_takes_s, patient in ((10 / 4800, True), (0.0, False)):
        wire = StandardWire(slow, Tempo(0.5, 0.2, byte_takes_s), clock.monotonic)
        wire.connect()
        peer.wire.clear()
        assert wire.exchange(long, timeout_s=40, reads=False)[:3] == b"\xff\x67\x00"
        assert (peer.wire == ["ENQ", "FF67", "ACK"]) is patient


def test_a_register_that_never_takes_a_frame_is_given_up_and_had_nothing() -> None:
    wire, peer, machine = line("standard")
    peer.frame = lambda frame: peer.send(b"\x15")
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.sent and "5 attempts" in caught.value.failure.text and machine.seen == []


def test_a_register_that_promises_answers_for_ever_is_given_up() -> None:
    wire, peer, machine = line("standard")
    peer.pending, peer.due = b"\x02", 1e9
    before = peer.clock.at
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert not caught.value.sent and peer.clock.at - before < 61 and machine.seen == []


def test_an_answer_that_is_damaged_every_time_is_given_up() -> None:
    wire, peer, machine = line("standard")
    original = peer.send

    def damaging(data: bytes, delay_s: float = 0.0) -> None:
        original(data[:-1] + bytes((data[-1] ^ 1,)) if len(data) > 1 else data, delay_s)

    peer.send = damaging
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.sent and machine.seen == ["8D"]
