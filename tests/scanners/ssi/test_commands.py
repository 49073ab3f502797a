from __future__ import annotations

from typing import Any

import pytest

from scanners.line_protocol import Notice
from scanners.scan import Signal
from scanners.ssi.codec import ACK, Opcode, Source, encode
from scanners.ssi.commands import REQUEST_REVISION, SCAN_DISABLE, SCAN_ENABLE
from scanners.ssi.protocol import SsiSettings

BEEP_15 = bytes.fromhex("05E604000FFF02")  # 05 + E6 + 04 + 0F = FEh.
BEEP_1 = bytes.fromhex("05E6040001FF10")
BEEP_1_AGAIN = bytes.fromhex("05E6040101FF0F")
LED_2_ON = bytes.fromhex("05E7040002FF0E")
LED_2_OFF = bytes.fromhex("05E8040002FF0D")


def texts(events: list[object]) -> list[str]:
    assert all(isinstance(event, Notice) for event in events)
    return [event.text for event in events if isinstance(event, Notice)]


def test_a_refusal_is_one_long_low_tone_and_a_question_two_high_ones(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    host_side.protocol.signal(Signal.REFUSED)
    assert host_side.said() == BEEP_15
    assert host_side.feed(golden["ack"], 5) == []
    host_side.protocol.signal(Signal.ASK)
    assert host_side.said() == BEEP_1
    host_side.feed(golden["ack"], 10)
    host_side.protocol.signal(Signal.ACCEPTED)
    assert host_side.said() == b""


def test_beeps_are_as_configured_and_can_be_off(talk: Any) -> None:
    host_side = talk(SsiSettings(beeps={Signal.ACCEPTED: 1, Signal.REFUSED: None}))
    for signal in (Signal.REFUSED, Signal.ASK):
        host_side.protocol.signal(signal)
        assert host_side.said() == b""
    host_side.protocol.signal(Signal.ACCEPTED)
    assert host_side.said() == BEEP_1


def test_the_lamp_is_lit_from_a_refusal_to_the_next_accepted_read(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk(SsiSettings(beeps={}, led=2))
    said = b""
    for at_ms, signal in enumerate((Signal.REFUSED, Signal.ACCEPTED, Signal.ACCEPTED, Signal.ASK)):
        host_side.protocol.signal(signal)
        said += host_side.said()
        host_side.feed(golden["ack"], at_ms)
    assert said == LED_2_ON + LED_2_OFF + LED_2_ON


def test_a_lamp_that_may_have_been_left_lit_is_put_out(talk: Any) -> None:
    host_side = talk(SsiSettings(led=2))
    host_side.protocol.signal(Signal.ACCEPTED)
    assert host_side.said() == LED_2_OFF


def test_one_command_waits_for_the_answer_to_the_one_before(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk(SsiSettings(led=2))
    host_side.protocol.signal(Signal.REFUSED)
    assert host_side.said() == BEEP_15
    assert host_side.said() == b""
    host_side.feed(golden["ack"], 5)
    assert host_side.said() == LED_2_ON


def test_a_beep_that_still_waits_gives_way_to_a_newer_one(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    for signal in (Signal.ASK, Signal.REFUSED):
        host_side.protocol.signal(signal)
    assert host_side.said() == BEEP_15
    host_side.feed(golden["ack"], 5)
    assert host_side.said() == b""


def test_no_command_goes_into_a_half_received_frame_or_between_the_parts_of_a_read(
    talk: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    host_side.feed(golden["first part"][:5], 0)
    host_side.protocol.signal(Signal.REFUSED)
    assert host_side.said() == b""
    host_side.feed(golden["first part"][5:], 10)
    assert host_side.said() == ACK
    host_side.feed(golden["second part"], 20)
    assert host_side.said() == ACK + BEEP_15


def test_a_command_without_an_answer_goes_out_once_more_and_is_then_told_once(
    talk: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    for round_ms in (0, 10_000):
        host_side.silence(round_ms)
        host_side.protocol.signal(Signal.ASK)
        assert host_side.said() == BEEP_1
        assert host_side.silence(round_ms + 2000) == []
        assert host_side.said() == b""
        host_side.silence(round_ms + 2001)
        assert host_side.said() == BEEP_1_AGAIN
        told = texts(host_side.silence(round_ms + 4002))
        assert told == (["the scanner did not answer the command to beep 1"] if not round_ms else [])
        assert host_side.said() == b""
    # It answers again: the next failure is news.
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    host_side.feed(golden["ack"], 20_000)
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    host_side.silence(22_001)
    host_side.said()
    assert len(texts(host_side.silence(24_002))) == 1


def test_a_command_that_was_not_understood_goes_out_once_more(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    assert host_side.feed(golden["nak_resend"], 10) == []
    assert host_side.said() == BEEP_1_AGAIN
    assert "NAK cause 1" in texts(host_side.feed(golden["nak_resend"], 20))[0]
    assert host_side.said() == b""


def test_a_refused_command_is_told_and_the_next_one_goes_out(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk(SsiSettings(led=2))
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    (text,) = texts(host_side.feed(golden["nak_denied"], 10))
    assert "refused the command to beep 1" in text
    assert "NAK cause 6" in text
    assert host_side.said() == LED_2_ON


@pytest.mark.parametrize("data", [b"", b"\x2a"])
def test_a_refusal_for_a_reason_nobody_knows_is_told_too(data: bytes, talk: Any) -> None:
    host_side = talk()
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    assert len(texts(host_side.feed(encode(Opcode.CMD_NAK, data, source=Source.DECODER), 10))) == 1


def test_a_damaged_answer_is_neither_a_read_nor_refused(talk: Any, golden: dict[str, bytes]) -> None:
    host_side = talk()
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    host_side.feed(golden["ack"][:-1] + b"\x2d", 10)
    assert host_side.silence(300) == []
    assert host_side.said() == b""
    host_side.silence(2001)
    assert host_side.said() == BEEP_1_AGAIN
    host_side.feed(golden["ack"], 2100)
    assert host_side.silence(60_000) == []


def test_start_commands_go_out_at_every_opening_and_the_revision_is_told(
    talk: Any, golden: dict[str, bytes], host: dict[str, bytes]
) -> None:
    host_side = talk(SsiSettings(start=(SCAN_ENABLE, REQUEST_REVISION)))
    assert host_side.said() == host["SCAN_ENABLE"]
    host_side.feed(golden["ack"], 5)
    assert host_side.said() == host["REQUEST_REVISION"]
    assert texts(host_side.feed(golden["revision"], 10)) == ["the scanner is REV"]
    assert host_side.said() == b""
    host_side.unplug(100)
    host_side.replug(200)
    assert host_side.said() == host["SCAN_ENABLE"]


def test_scanning_can_be_disabled(talk: Any, host: dict[str, bytes]) -> None:
    assert talk(SsiSettings(start=(SCAN_DISABLE,))).said() == host["SCAN_DISABLE"]


def test_what_was_waited_for_before_an_unplugging_is_forgotten(talk: Any) -> None:
    host_side = talk()
    host_side.protocol.signal(Signal.ASK)
    host_side.said()
    host_side.unplug(100)
    host_side.replug(200)
    assert host_side.silence(60_000) == []
    assert host_side.said() == b""
