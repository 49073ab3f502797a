"""One exchange on either link layer, whatever is lost, damaged, doubled or cut: an answer is ours or it is none."""

from __future__ import annotations

import pytest
from shtrih_wires import LAYERS, OPEN, line, opening, reading

from fiscal.device.family import Silence


@pytest.mark.parametrize("layer", LAYERS)
def test_a_command_is_answered(layer: str) -> None:
    wire, peer, machine = line(layer)
    assert opening(wire) == b"\x8d\x00\x1e" and machine.seen == ["8D"]
    assert peer.wire == (["ENQ", "8D", "ACK"] if layer == "standard" else ["8D#3"])


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
    assert peer.wire == ["8D#3", "ping", "8D#3"]
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
    assert wire.num == (None if layer == "standard" else 3)
    wire.connect()
    assert wire.found == (None if layer == "standard" else b"\x8d\x00\x1e")


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
