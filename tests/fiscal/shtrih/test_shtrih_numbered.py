"""The numbered layer: numbers, repeats, and a register out of step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from shtrih_peers import Peer
from shtrih_wires import line, opening, reading

from fiscal.device.family import Silence


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


@pytest.mark.parametrize("breaks", ["off_on", "dead"])
@pytest.mark.parametrize("drops", [True, False])
def test_a_register_that_restarted_just_before_its_first_number_executes_nothing_again(
    breaks: str, drops: bool
) -> None:
    wire, peer, machine = line("numbered")
    peer.num, peer.last = 1, b"\x10\x00"  # After 65535 commands it is where it begins after every start.
    wire.connect()
    peer.faults["50"] = breaks
    if drops:
        peer.read = _once_broken(peer)  # type: ignore[method-assign]
    with pytest.raises(Silence) as caught:
        wire.exchange(bytes.fromhex("50 1E 00 00 00 A0 86 01 00 00"), timeout_s=30, reads=False)
    assert caught.value.sent and machine.seen == ["50"]


def _once_broken(peer: Peer) -> Callable[[float], bytes]:
    original = peer.read

    def broken(timeout_s: float) -> bytes:
        peer.read, peer.broken = original, True  # type: ignore[method-assign]
        return original(timeout_s)

    return broken


def test_an_answer_that_was_damaged_is_asked_for_again_without_its_command() -> None:
    wire, peer, machine = line("numbered")
    peer.faults["8D"] = "damage_answer"
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]
    assert [one for one in peer.wire if one.startswith("8D")] == ["8D#3"]


def test_a_command_that_never_arrived_is_sent_again_once_the_register_says_so() -> None:
    wire, peer, machine = line("numbered")
    assert reading(wire)[:2] == b"\x10\x00"
    peer.faults["8D"] = "lose_request"
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["10", "8D"]
