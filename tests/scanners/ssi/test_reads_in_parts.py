"""Reads that come in several packets."""

from __future__ import annotations

from typing import Any

import pytest
from ssi_frames import DAMAGED, INCOMPLETE, MS, PACK, PATIENCE_MS, RETRANSMITTED, decode, flipped

from scanners.line_protocol import Frame
from scanners.scan import DropReason, Terminator
from scanners.ssi import reads
from scanners.ssi.codec import ACK


@pytest.mark.parametrize("second", ["second part", "second part without type"])
def test_a_read_in_two_packets_is_one_scan(second: str, talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    assert host_side.feed(golden["first part"], 0) == []
    assert host_side.said() == ACK
    (frame,) = host_side.feed(golden[second], 30)
    assert frame == Frame(PACK, Terminator.LENGTH, 0, 30 * MS, "]d1")
    assert host_side.said() == ACK


def test_a_printable_type_byte_is_taken_off_the_first_packet_only(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"01046032", 2, kind=0x30), 0)
    assert short(host_side.feed(decode(b"0765", kind=None), 1)) == [("scan", b"010460320765")]


def test_parts_sent_again_are_acknowledged_and_joined_once(talk: Any, short: Any) -> None:
    host_side = talk()
    parts = [decode(b"abc", 2), decode(b"def", 2, None), decode(b"ghi", 0, None)]
    again = [decode(b"abc", 3), decode(b"def", 3, None), decode(b"ghi", 1, None)]
    events = []
    for number, at_ms in enumerate((0, 2100, 4200)):
        events += host_side.feed(parts[number], at_ms)
        events += host_side.feed(again[number], at_ms + 2000)
    assert short(events) == [("scan", b"abcdefghi"), (RETRANSMITTED, b"abcdefghi")]
    assert host_side.said() == ACK * 6


def test_a_damaged_part_is_repeated_into_its_place(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    host_side.feed(flipped(decode(b"def", 0, None), 40), 30)
    host_side.silence(300)
    assert short(host_side.feed(decode(b"def", 1, None), 310)) == [("scan", b"abcdef")]


def test_a_part_lost_whole_is_taken_from_its_repeat(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    assert short(host_side.feed(decode(b"def", 1, None), 2030)) == [("scan", b"abcdef")]


def test_when_the_rest_never_comes_what_came_is_told(talk: Any, frames_of: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 7)
    assert host_side.silence(7 + PATIENCE_MS) == []
    (frame,) = frames_of(host_side.silence(8 + PATIENCE_MS))
    assert (frame.data, frame.dropped, frame.text) == (b"abc", DropReason.INCOMPLETE, reads.NO_REST)
    assert short(host_side.feed(decode(b"next"), 9000)) == [("scan", b"next")]


def test_the_rest_of_a_read_whose_beginning_was_given_up_is_no_scan(talk: Any, frames_of: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    host_side.silence(PATIENCE_MS + 1)
    (frame,) = frames_of(host_side.feed(decode(b"def", 1, None), PATIENCE_MS + 500))
    assert (frame.dropped, frame.text) == (DropReason.INCOMPLETE, reads.NO_BEGINNING)
    assert host_side.said() == ACK * 2


def test_how_often_the_clock_is_looked_at_does_not_decide_whose_rest_a_part_is(talk: Any, short: Any) -> None:
    late_ms = 3 * PATIENCE_MS
    for looks in (range(50, late_ms, 50), range(0)):
        host_side = talk()
        events = host_side.feed(decode(b"abc", 2), 0)
        for at_ms in looks:
            events += host_side.silence(at_ms)
        events += host_side.feed(decode(b"def", 1), late_ms)
        assert short(events) == [(INCOMPLETE, b"abc"), ("scan", b"def")]


def test_another_read_is_never_glued_to_parts_the_scanner_gave_up(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    damaged = flipped(decode(b"def", 1, None), 40)
    host_side.feed(damaged, 30)
    host_side.silence(300)
    events = host_side.feed(decode(b"next"), 900)
    assert short(events) == [(INCOMPLETE, b"abc"), (DAMAGED, damaged), ("scan", b"next")]


def test_another_read_that_came_damaged_first_is_not_glued_to_parts_the_scanner_gave_up(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    host_side.feed(flipped(decode(b"next"), 50), 2000)
    host_side.silence(2300)
    assert short(host_side.feed(decode(b"next", 1), 2310)) == [(INCOMPLETE, b"abc"), ("scan", b"next")]


def test_another_read_heard_at_its_second_try_is_not_glued_to_parts_the_scanner_gave_up(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    first, again = flipped(decode(b"defghi", 0, None), 40), flipped(decode(b"defghi", 1, None), 50)
    for damaged, at_ms in ((first, 30), (again, 300), (again, 600)):
        host_side.feed(damaged, at_ms)
        host_side.silence(at_ms + 201)
    events = host_side.feed(decode(b"next", 1), 3000)
    assert short(events) == [(INCOMPLETE, b"abc"), (DAMAGED, first), ("scan", b"next")]


def test_a_read_lives_on_while_its_part_is_repeated(talk: Any, short: Any) -> None:
    host_side = talk()
    events = host_side.feed(decode(b"abc", 2), 0)
    for at_ms in (2000, 4000):
        events += host_side.feed(decode(b"abc", 3), at_ms)
    events += host_side.feed(decode(b"def", 1, None), 4000 + PATIENCE_MS)
    assert short(events) == [("scan", b"abcdef")]


def test_parts_without_end_are_given_up_and_the_next_read_is_whole(talk: Any, short: Any) -> None:
    host_side = talk()
    events = [event for at in range(40) for event in host_side.feed(decode(b"x" * 250, 2, None), at)]
    assert [kind for kind, _ in short(events)] == [INCOMPLETE]
    assert host_side.feed(decode(b"end", 0, None), 50) == []
    assert short(host_side.feed(decode(b"next"), 60)) == [("scan", b"next")]
    assert host_side.protocol.discarded_bytes > 1000
