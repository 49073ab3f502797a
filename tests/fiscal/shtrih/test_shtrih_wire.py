"""One exchange on either link layer, whatever is lost, damaged, doubled or cut: an answer is ours or it is none."""

from __future__ import annotations

from typing import Any

import pytest
from shtrih_frames import standard_frame
from shtrih_machine import Clock, Machine, NumberedPeer, StandardPeer

from fiscal.device.family import Silence
from fiscal.shtrih.numbered_wire import NumberedWire
from fiscal.shtrih.wire import StandardWire, Tempo

TEMPO = Tempo(ack_s=0.5, byte_s=0.2)
STATE = bytes.fromhex("10 1E 00 00 00")
OPEN = bytes.fromhex("8D 1E 00 00 00 00")
LAYERS = ("standard", "numbered")


def line(layer: str) -> tuple[Any, Any, Machine]:
    machine, clock = Machine(), Clock()
    peer = (StandardPeer if layer == "standard" else NumberedPeer)(machine, clock)
    wire = (StandardWire if layer == "standard" else NumberedWire)(peer, TEMPO, clock.monotonic)
    wire.connect()
    peer.wire.clear()
    return wire, peer, machine


def reading(wire: Any) -> bytes:
    return bytes(wire.exchange(STATE, timeout_s=3, reads=True))


def opening(wire: Any) -> bytes:
    return bytes(wire.exchange(OPEN, timeout_s=30, reads=False))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_command_is_answered(layer: str) -> None:
    wire, peer, machine = line(layer)
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]
    assert peer.wire == (["ENQ", "8D", "ACK"] if layer == "standard" else ["8D#2"])


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_answers_may_come_in_any_pieces(layer: str, chunk: int) -> None:
    wire, peer, _ = line(layer)
    peer.chunk = chunk
    assert reading(wire)[:2] == b"\x10\x00" and opening(wire) == b"\x8d\x00\x1e"


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    "fault",
    ["lose_answer", "damage_answer", "truncated", "twice", "late", "cut"],
)
def test_a_command_whose_answer_had_trouble_is_executed_once_and_answered(layer: str, fault: str) -> None:
    wire, peer, machine = line(layer)
    peer.faults["8D"] = fault
    assert opening(wire) == b"\x8d\x00\x1e"
    assert machine.seen.count("8D") == 1
    assert reading(wire)[:2] == b"\x10\x00"
    assert reading(wire)[:2] == b"\x10\x00"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_damaged_request_is_sent_again(layer: str) -> None:
    wire, peer, machine = line(layer)
    peer.faults["8D"] = "damage_request"
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]


def test_a_lost_request_is_sent_again_under_its_number_alone() -> None:
    wire, peer, machine = line("numbered")
    peer.faults["8D"] = "lose_request"
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]
    assert peer.wire == ["8D#2", "8D#2"]
    wire, peer, machine = line("standard")
    peer.faults["8D"] = "lose_request"
    with pytest.raises(Silence) as caught:
        opening(wire)  # Switched off and on after executing it, the register would look the same.
    assert caught.value.sent and machine.seen == []


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", ["lose_request", "cut_before", "off_on"])
def test_what_merely_reads_is_sent_again_whatever_happened(layer: str, fault: str) -> None:
    wire, peer, _ = line(layer)
    peer.faults["10"] = fault
    assert reading(wire)[:2] == b"\x10\x00"


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("fault", ["off_on", "dead"])
def test_a_command_whose_register_forgot_its_answer_is_left_in_doubt(layer: str, fault: str) -> None:
    wire, peer, machine = line(layer)
    assert reading(wire) and reading(wire)
    peer.faults["8D"] = fault
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.sent and machine.seen.count("8D") == 1


def test_a_request_cut_off_on_the_way_is_in_doubt_on_the_standard_layer_and_not_on_the_other() -> None:
    wire, peer, machine = line("standard")
    peer.faults["8D"] = "cut_before"
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.sent and caught.value.failure.code == "timeout" and machine.seen == []
    wire, peer, machine = line("numbered")
    peer.faults["8D"] = "cut_before"
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_line_that_broke_while_nothing_was_sent_is_opened_again(layer: str) -> None:
    wire, peer, _ = line(layer)
    peer.broken = True
    assert opening(wire) == b"\x8d\x00\x1e" and peer.opens == 2
    peer.broken, peer.refuses = True, 1
    with pytest.raises(Silence) as caught:
        reading(wire)
    assert caught.value.failure.code == "line"


@pytest.mark.parametrize("layer", LAYERS)
def test_nobody_on_the_line_is_told_before_anything_is_sent(layer: str) -> None:
    wire, peer, machine = line(layer)
    peer.dead = True
    with pytest.raises(Silence) as caught:
        wire.connect()
    assert not caught.value.sent and caught.value.failure.code == "timeout"
    peer.refuses = 1
    with pytest.raises(Silence) as caught:
        wire.connect()
    assert not caught.value.sent and caught.value.failure.code == "line" and machine.seen == []


@pytest.mark.parametrize("layer", LAYERS)
def test_the_answer_of_an_earlier_life_is_found_when_the_line_comes_up(layer: str) -> None:
    wire, peer, machine = line(layer)
    peer.faults["8D"] = "cut"
    peer.write(b"" if layer == "numbered" else b"\x05")
    first = wire.num
    # Another process sent it and died before the answer came.
    if layer == "standard":
        peer.frame(bytes.fromhex("02 06 8D 1E 00 00 00 00 95"))
    else:
        peer.packet((first or 0) + 1, OPEN)
    wire.connect()
    assert wire.found == b"\x8d\x00\x1e" and machine.seen == ["8D"]
    assert wire.num == (None if layer == "standard" else 2)
    wire.connect()
    assert wire.found == (None if layer == "standard" else b"\x8d\x00\x1e")


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


def test_a_register_out_of_step_is_followed_for_reading_and_left_for_the_rest() -> None:
    wire, peer, machine = line("numbered")
    peer.num, peer.last = 700, b"\x1b\x00\x1e\x05\x00"  # Somebody else spoke to it.
    assert reading(wire)[:2] == b"\x10\x00" and wire.num == 701
    peer.num = 900
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.failure.code == "out-of-step" and machine.seen == ["10"]
    wire.connect()
    assert opening(wire) == b"\x8d\x00\x1e" and wire.num == 901


def test_numbers_begin_anew_after_65535() -> None:
    wire, peer, _ = line("numbered")
    peer.num, peer.last = 0xFFFF, b"\x10\x00"
    wire.connect()
    assert opening(wire) == b"\x8d\x00\x1e" and wire.num == 0
    assert reading(wire)[:2] == b"\x10\x00" and wire.num == 1


def test_late_repeats_of_earlier_answers_are_left_out() -> None:
    wire, peer, machine = line("numbered")
    for _ in range(5):
        peer.faults["10"] = "twice"
        assert reading(wire)[:2] == b"\x10\x00"
        assert wire.exchange(bytes.fromhex("1B 1E 00 00 00 94"), timeout_s=3, reads=True) == b"\x1b\x00\x1e\x0c\x00"
    assert machine.seen == ["10", "1B"] * 5
    assert "ping" not in peer.wire


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


@pytest.mark.parametrize("layer", LAYERS)
def test_a_line_that_breaks_twice_is_told(layer: str) -> None:
    wire, peer, _ = line(layer)
    original = peer.write

    def breaks(data: bytes) -> None:
        if data not in (b"\x05", bytes.fromhex("8F 00 00 0F 1D")):
            peer.broken = True
        original(data)

    peer.write = breaks
    with pytest.raises(Silence) as caught:
        reading(wire)
    assert caught.value.sent and caught.value.failure.code == "line"


@pytest.mark.parametrize("reads", [True, False])
def test_a_line_that_comes_back_out_of_step(reads: bool) -> None:
    wire, peer, machine = line("numbered")
    original = peer.write

    def broken_once(data: bytes) -> None:
        peer.write = original
        peer.broken, peer.num, peer.last = True, 500, b"\x1b\x00"  # Somebody else had the line meanwhile.
        original(data)

    peer.write = broken_once
    if reads:
        assert reading(wire)[:2] == b"\x10\x00" and wire.num == 501
        return
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.failure.code == "out-of-step" and machine.seen == []


def test_a_register_that_goes_silent_when_the_line_comes_back_is_told() -> None:
    wire, peer, _ = line("numbered")
    peer.faults["8D"] = "cut"
    peer.reopened = lambda: setattr(peer, "dead", True)
    with pytest.raises(Silence) as caught:
        opening(wire)
    assert caught.value.sent and caught.value.failure.code == "timeout"
