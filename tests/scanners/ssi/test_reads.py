"""Reads whole: acknowledged, sent again, damaged, and data that is no code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ssi_frames import DAMAGED, MS, PACK, PACK_FRAME, PATIENCE_MS, RETRANSMITTED, decode, flipped

from scanners.line_protocol import Frame, Notice
from scanners.scan import DropReason, Terminator
from scanners.ssi import reads
from scanners.ssi.codec import ACK, NAK_RESEND, Opcode, Source, encode
from scanners.ssi.commands import SCAN_ENABLE
from scanners.ssi.damage import NEVER_REPEATED
from scanners.ssi.protocol import ECHO, PLAIN_TEXT, SsiSettings


def test_every_golden_read_is_a_scan_and_acknowledged(
    vectors: dict[str, Any], unhex: Callable[[str], bytes], talk: Any, host: dict[str, bytes]
) -> None:
    for case in vectors["decode"]:
        host_side = talk()
        (frame,) = host_side.feed(unhex(case["bytes"]), 5)
        assert frame == Frame(unhex(case["data"]), Terminator.LENGTH, 5 * MS, 5 * MS, case["symbology"])
        assert host_side.said() == host["CMD_ACK"]
        assert host_side.said() == b""


# What was sent again.


def test_an_accepted_read_that_comes_again_with_the_bit_is_dropped_told_and_acknowledged(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    assert short(host_side.feed(golden[PACK_FRAME], 0)) == [("scan", PACK)]
    for at_ms in (2000, 4000):
        (again,) = host_side.feed(golden["retransmitted"], at_ms)
        assert (again.data, again.dropped, again.symbology) == (PACK, DropReason.RETRANSMITTED, "]d1")
    assert host_side.said() == ACK * 3


def test_a_read_that_was_never_accepted_is_a_scan_even_with_the_bit(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    assert short(host_side.feed(golden["retransmitted"], 0)) == [("scan", PACK)]
    assert short(host_side.feed(decode(b"other", 1), 100)) == [("scan", b"other")]
    assert host_side.said() == ACK * 2


def test_the_same_code_without_the_bit_is_another_scan(talk: Any, short: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    assert short(host_side.feed(golden[PACK_FRAME] * 3, 0)) == [("scan", PACK)] * 3


def test_an_accepted_read_is_forgotten_when_the_scanner_can_no_longer_repeat_it(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME], 0)
    assert short(host_side.feed(golden["retransmitted"], PATIENCE_MS)) == [(RETRANSMITTED, PACK)]
    # The first transmission of this one was lost whole.
    assert short(host_side.feed(golden["retransmitted"], 2 * PATIENCE_MS + 1)) == [("scan", PACK)]


def test_a_program_that_stood_still_does_not_take_a_repeat_for_a_scan(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME], 0)
    late = host_side.feed(golden["retransmitted"], 60_000, earliest_ms=50)
    assert short(late) == [(RETRANSMITTED, PACK)]


def test_two_packs_of_one_article_are_two_scans_even_when_the_second_came_damaged_first(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    for bit in (60, 3, 8, 15, 20):  # In the data, in LEN, in OPCODE, in SOURCE.
        host_side = talk()
        assert short(host_side.feed(golden[PACK_FRAME], 0)) == [("scan", PACK)]
        assert host_side.feed(flipped(golden[PACK_FRAME], bit), 1000) == []
        assert host_side.silence(1201) == []
        assert host_side.said() == ACK + NAK_RESEND
        assert short(host_side.feed(golden["retransmitted"], 1210)) == [("scan", PACK)], bit


def test_a_repeat_that_came_damaged_is_still_no_second_scan(talk: Any, short: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME], 0)
    host_side.feed(flipped(golden["retransmitted"]), 2000)
    assert host_side.silence(2201) == []
    assert short(host_side.feed(golden["retransmitted"], 2210)) == [(RETRANSMITTED, PACK)]
    assert short(host_side.silence(60_000)) == []


@pytest.mark.parametrize("between", [b"\xa1\x05\xd1\x00\x00\x01\xff\x29", b"\x05\xf1\x00\x00\x01\xff\x29", b"\xa1"])
def test_an_acknowledgement_lost_among_stray_bytes_doubles_nothing(
    between: bytes, talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    # The last byte came twice; the scanner's own NAK, with a bit that makes F1 of D1, one away from F3.
    host_side = talk()
    host_side.feed(golden[PACK_FRAME], 0)
    host_side.feed(between, 10)
    host_side.silence(250)
    assert short(host_side.feed(golden["retransmitted"], 300)) == [(RETRANSMITTED, PACK)]


def test_what_our_own_nak_makes_a_scanner_send_once_more_is_no_scan(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME], 0)
    host_side.feed(b"\x55\xaa\x55", 60_000)  # Noise on an idle line.
    host_side.silence(60_300)
    assert host_side.said() == ACK + NAK_RESEND
    assert short(host_side.feed(golden["retransmitted"], 60_400)) == [(RETRANSMITTED, PACK)]


# What came damaged.


def test_a_damaged_read_is_asked_for_again_after_the_silence_and_then_read(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    assert host_side.feed(flipped(golden[PACK_FRAME]), 0) == []
    assert host_side.silence(200) == []
    assert host_side.said() == b""
    assert host_side.silence(201) == []
    assert host_side.said() == NAK_RESEND
    assert short(host_side.feed(golden["retransmitted"], 210)) == [("scan", PACK)]
    assert host_side.said() == ACK
    assert host_side.silence(60_000) == []
    assert host_side.protocol.discarded_bytes == len(golden[PACK_FRAME])


def test_a_damaged_read_that_never_comes_again_is_told_with_its_bytes(
    talk: Any, frames_of: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    damaged = flipped(golden[PACK_FRAME])
    host_side.feed(damaged, 10)
    assert host_side.silence(10 + PATIENCE_MS) == []
    (frame,) = frames_of(host_side.silence(11 + PATIENCE_MS))
    assert (frame.data, frame.dropped, frame.first_at_ns) == (damaged, DropReason.DAMAGED, 10 * MS)
    assert frame.text == NEVER_REPEATED
    assert host_side.silence(60_000) == []
    assert host_side.protocol.discarded_bytes == 0


def test_a_damaged_read_is_told_at_once_when_the_scanner_goes_on_without_it(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    damaged = flipped(golden[PACK_FRAME])
    host_side.feed(damaged, 0)
    host_side.silence(300)
    assert short(host_side.feed(golden["EAN-13"], 1000)) == [(DAMAGED, damaged), ("scan", b"4870249811936")]


def test_three_damaged_tries_are_one_damaged_read(talk: Any, short: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    first, again = flipped(golden[PACK_FRAME]), flipped(golden["retransmitted"], 100)
    events = host_side.feed(first, 0)
    for at_ms in (300, 600):
        events += host_side.silence(at_ms - 50)
        events += host_side.feed(again, at_ms)
    events += host_side.silence(1000)
    assert host_side.said() == NAK_RESEND * 3
    events += host_side.silence(600 + PATIENCE_MS + 1)
    assert short(events) == [(DAMAGED, first)]
    assert host_side.protocol.discarded_bytes == 2 * len(again)


def test_half_a_frame_is_damaged_after_the_silence(talk: Any, short: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME][:20], 0)
    host_side.silence(201)
    assert host_side.said() == NAK_RESEND
    assert short(host_side.feed(golden["retransmitted"], 250)) == [("scan", PACK)]


def test_a_scanner_set_to_plain_characters_is_told_once_with_the_remedy(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(PACK + b"\r", 0)
    assert short(host_side.silence(300)) == [("notice", PLAIN_TEXT)]
    host_side.feed(PACK + b"\r", 1000)
    assert [kind for kind, _ in short(host_side.silence(1300))] == []
    assert short(host_side.silence(9000)) == [(DAMAGED, PACK + b"\r")]


def test_a_line_that_echoes_is_told_once_and_never_answered(talk: Any, short: Any) -> None:
    host_side = talk()
    assert short(host_side.feed(ACK + NAK_RESEND, 0)) == [("notice", ECHO)]
    assert host_side.said() == b""
    assert host_side.protocol.discarded_bytes == len(ACK + NAK_RESEND)


def test_a_stream_without_end_is_told_once_while_it_lasts(talk: Any, frames_of: Any) -> None:
    host_side = talk()
    events = [event for at_ms in range(400) for event in host_side.feed(b"\x00" * 100, at_ms)]
    (frame,) = frames_of(events)
    assert (frame.terminator, frame.dropped, len(frame.data)) == (Terminator.OVERFLOW, DropReason.DAMAGED, 512)
    assert frames_of(host_side.silence(10_000)) == []
    assert host_side.protocol.discarded_bytes == 40_000 - 512
    assert frames_of(host_side.feed(decode(PACK), 11_000))[0].data == PACK


def test_the_end_of_a_stream_without_end_is_no_plain_text_and_no_answer(talk: Any, golden: dict[str, bytes]) -> None:
    """Its last bytes are not kept as evidence: nothing may be concluded from them."""
    host_side = talk(SsiSettings(start=(SCAN_ENABLE,)))
    host_side.said()
    frames = golden["EAN-13"] * 409  # 8180 bytes: what is looked at when silence comes, beside the five before them.
    events = host_side.feed(b"\x00" * 517 + frames, 0) + host_side.silence(300)
    assert [event for event in events if isinstance(event, Notice)] == []
    assert len([event for event in events if isinstance(event, Frame) and event.dropped is None]) == 409


def test_text_without_end_is_told_with_the_remedy(talk: Any) -> None:
    host_side = talk()
    events = host_side.feed(PACK * 1000, 0) + host_side.silence(300)
    assert [event.text for event in events if isinstance(event, Notice)] == [PLAIN_TEXT]


def test_damage_after_a_stream_that_ended_in_good_frames_is_told(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    host_side.feed(b"\x00" * 512 + golden["EAN-13"] * 409 + golden["ack"] * 2, 0)
    host_side.silence(300)
    damaged = flipped(golden[PACK_FRAME])
    events = host_side.feed(damaged, 1000) + host_side.silence(1000 + PATIENCE_MS + 1)
    assert short(events) == [(DAMAGED, damaged)]


# Other kinds of data.


def test_a_set_up_label_is_no_scan(talk: Any, frames_of: Any) -> None:
    host_side = talk()
    (frame,) = frames_of(host_side.feed(decode(b"\x35\x36", kind=0x33), 0))
    assert (frame.data, frame.dropped) == (b"56", DropReason.SETUP_LABEL)
    assert host_side.said() == ACK


def test_an_unknown_type_is_told_once_and_its_data_is_a_scan(talk: Any) -> None:
    host_side = talk()
    notice, frame = host_side.feed(decode(b"abc", kind=0x5A), 0)
    assert isinstance(notice, Notice)
    assert "5A" in notice.text
    assert (frame.data, frame.symbology, frame.dropped) == (b"abc", None, None)
    assert len(host_side.feed(decode(b"def", kind=0x5A), 10)) == 1


@pytest.mark.parametrize("data", [b"", b"\x1b"])
def test_a_read_without_data_is_told_and_acknowledged(data: bytes, talk: Any, frames_of: Any) -> None:
    host_side = talk()
    (frame,) = frames_of(host_side.feed(encode(Opcode.DECODE_DATA, data, source=Source.DECODER), 0))
    assert (frame.dropped, frame.text) == (DropReason.INCOMPLETE, reads.NO_DATA)
    assert host_side.said() == ACK


@pytest.mark.parametrize(
    ("suffixes", "sent", "read"),
    [
        ((), PACK + b"\r\n", PACK + b"\r\n"),
        ((b"\r",), PACK + b"\r", PACK),
        ((b"\r", b"\r\n"), PACK + b"\r\n", PACK),
        ((b"\r",), PACK + b"\r\r", PACK + b"\r"),
        ((b"\n",), PACK + b"\r", PACK + b"\r"),
    ],
)
def test_a_suffix_inside_the_data_is_taken_off_once_and_only_where_configured(
    suffixes: tuple[bytes, ...], sent: bytes, read: bytes, talk: Any, short: Any
) -> None:
    assert short(talk(SsiSettings(suffixes=suffixes)).feed(decode(sent), 0)) == [("scan", read)]


def test_an_event_of_the_scanner_is_acknowledged_and_an_answer_is_not(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    assert host_side.feed(golden["event"], 0) == []
    assert host_side.said() == ACK
    assert host_side.feed(golden["ack"] + golden["nak_denied"] + golden["revision"], 10) == []
    assert host_side.said() == b""
