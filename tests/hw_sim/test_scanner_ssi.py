"""The simulated SSI scanner against golden frames and by itself, without a line of ours."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.scanner.ssi import (
    ASK_REVISION,
    BEEP,
    LED_OFF,
    LED_ON,
    SCAN_OFF,
    SCAN_ON,
    SsiScanner,
    converse,
    frame,
    sums_to_zero,
)

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "ssi.toml").read_text(encoding="utf-8"))


def unhex(text):
    return bytes.fromhex(text.replace("\n", " "))


HOST = {case["name"].split(",")[0]: unhex(case["bytes"]) for case in VECTORS["host"]}
ANSWERS = {name: unhex(text) for name, text in VECTORS["answers"].items() if name != "source"}
ACK, NAK = HOST["CMD_ACK"], HOST["CMD_NAK"]
PACK_CASE = VECTORS["decode"][1]
PACK, PACK_FRAME = unhex(PACK_CASE["data"]), unhex(PACK_CASE["bytes"])
PACK_AGAIN = unhex(VECTORS["retransmitted"]["bytes"])


def told(scanner, data, now_s=0.0):
    """What the scanner says to these bytes of the host."""
    scanner.receive(data, now_s)
    return scanner.poll(now_s)


@pytest.mark.parametrize("case", VECTORS["decode"], ids=lambda case: case["name"])
def test_a_read_goes_out_as_the_golden_frame(case):
    scanner = SsiScanner()
    scanner.scan(unhex(case["data"]), case["type"])
    assert scanner.poll(0.0) == unhex(case["bytes"])
    assert told(scanner, ACK) == b""
    assert (scanner.delivered, scanner.busy) == ([unhex(case["data"])], False)


def test_every_golden_frame_sums_to_zero_and_no_flipped_bit_does():
    for whole in (*HOST.values(), *ANSWERS.values(), PACK_FRAME, PACK_AGAIN):
        assert sums_to_zero(whole)
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            assert not sums_to_zero(bytes(damaged))


def test_a_long_read_goes_out_in_packets_each_after_its_acknowledgement():
    first, _ = map(unhex, VECTORS["parts"]["bytes"])
    scanner = SsiScanner(packet_bytes=14)
    scanner.scan(PACK)
    parts = [scanner.poll(0.0), told(scanner, ACK), told(scanner, ACK)]
    assert parts[0] == first
    assert [(part[3], part[4:-2]) for part in parts[1:]] == [(2, PACK[14:28]), (0, PACK[28:])]
    assert scanner.delivered == []
    assert told(scanner, ACK) == b""
    assert scanner.delivered == [PACK]


def test_a_scanner_can_repeat_the_type_byte_in_every_packet():
    golden = unhex(VECTORS["parts"]["bytes"][1])
    scanner = SsiScanner(packet_bytes=15, type_in_every_packet=True)
    scanner.scan(b"x" * 15 + PACK[14:])
    scanner.poll(0.0)
    assert told(scanner, ACK) == golden


def test_without_an_acknowledgement_it_repeats_twice_with_the_bit_and_then_gives_up():
    scanner = SsiScanner()
    scanner.scan(PACK)
    assert scanner.poll(0.0) == PACK_FRAME
    assert scanner.poll(1.99) == b""
    assert scanner.poll(2.0) == PACK_AGAIN
    assert scanner.poll(4.0) == PACK_AGAIN
    assert (scanner.poll(5.9), scanner.failed) == (b"", [])
    assert (scanner.poll(6.0), scanner.failed, scanner.busy) == (b"", [PACK], False)


def test_a_nak_with_cause_1_brings_it_at_once_twice_at_most():
    scanner = SsiScanner()
    scanner.scan(PACK)
    scanner.poll(0.0)
    assert [told(scanner, NAK, at) for at in (0.1, 0.2)] == [PACK_AGAIN] * 2
    assert told(scanner, NAK, 0.3) == b""
    assert scanner.failed == [PACK]
    assert told(scanner, NAK, 0.4) == b""  # Nothing to repeat.


def test_reads_wait_for_each_other():
    scanner = SsiScanner()
    for code in ("1", "2"):
        scanner.scan(code)
    assert b"1" in scanner.poll(0.0)
    assert scanner.poll(0.1) == b""
    assert b"2" in told(scanner, ACK, 0.2)


def test_commands_are_carried_out_and_acknowledged():
    scanner = SsiScanner(revision=b"REV")
    assert told(scanner, HOST["BEEP"]) == ANSWERS["ack"]
    assert told(scanner, frame(LED_ON, b"\x03", source=4)) == ANSWERS["ack"]
    assert told(scanner, frame(LED_OFF, b"\x01", source=4)) == ANSWERS["ack"]
    assert (scanner.beeps, scanner.leds) == ([1], 2)
    assert told(scanner, HOST["SCAN_DISABLE"]) == ANSWERS["ack"]
    scanner.scan(PACK)
    assert (scanner.poll(1.0), scanner.refused_triggers) == (b"", 1)
    assert told(scanner, HOST["SCAN_ENABLE"]) == ANSWERS["ack"]
    assert told(scanner, HOST["REQUEST_REVISION"]) == ANSWERS["revision"]
    assert [command.opcode for command in scanner.commands] == [BEEP, LED_ON, LED_OFF, SCAN_OFF, SCAN_ON, ASK_REVISION]


def test_a_command_that_comes_again_with_the_bit_is_acknowledged_but_not_done_twice():
    scanner = SsiScanner()
    again = frame(BEEP, b"\x01", 1, 4)
    assert [told(scanner, HOST["BEEP"]), told(scanner, again)] == [ANSWERS["ack"]] * 2
    assert scanner.beeps == [1]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (frame(BEEP, b"\x1b", source=4), ANSWERS["nak_denied"]),
        (frame(BEEP, b"", source=4), ANSWERS["nak_denied"]),
        (frame(0x55, b"", source=4), frame(0xD1, b"\x02")),
        (HOST["BEEP"][:-1] + b"\x11", ANSWERS["nak_resend"]),
        (ANSWERS["ack"], ANSWERS["nak_resend"]),  # Not from the host.
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_its_cause(sent, answer):
    scanner = SsiScanner()
    assert told(scanner, sent) == answer
    assert scanner.beeps == []


def test_half_a_frame_of_the_host_is_forgotten_after_a_silence():
    scanner = SsiScanner()
    assert told(scanner, HOST["BEEP"][:3], 0.0) == b""
    assert scanner.poll(0.3) == ANSWERS["nak_resend"]
    assert told(scanner, HOST["BEEP"], 0.4) == ANSWERS["ack"]
    assert scanner.bad_frames == 1


def test_troubles_come_as_ordered_and_end():
    scanner = SsiScanner()
    scanner.troubles.deaf_to_acks = 1
    scanner.troubles.flip_bits.append(7)
    scanner.scan(PACK)
    assert scanner.poll(0.0) == bytes([PACK_FRAME[0] ^ 1]) + PACK_FRAME[1:]
    assert told(scanner, NAK, 0.1) == PACK_AGAIN
    assert told(scanner, ACK, 0.2) == b""
    assert told(scanner, b"", 2.2) == PACK_AGAIN
    told(scanner, ACK, 2.3)
    scanner.troubles.cut_to.append(5)
    scanner.troubles.swallow = 1
    scanner.scan(PACK)
    assert [scanner.poll(at) for at in (3.0, 5.0)] == [b"", PACK_AGAIN[:5]]
    assert scanner.delivered == [PACK]
    scanner.troubles.silent_to_commands = 1
    scanner.troubles.mute_after_commands = 1
    scanner.troubles.nak_commands = 1
    answers = [told(scanner, HOST["BEEP"], 5.5) for _ in range(4)]
    assert answers == [b"", ANSWERS["nak_resend"], b"", ANSWERS["ack"]]
    assert scanner.beeps == [1, 1]


def test_without_power_a_read_on_its_way_has_failed():
    scanner = SsiScanner()
    scanner.scan("1")
    scanner.scan("2")
    scanner.poll(0.0)
    scanner.power_off()
    assert (scanner.failed, scanner.busy, scanner.poll(9.0)) == ([b"1", b"2"], False, b"")


def test_it_says_when_it_has_something_to_send():
    scanner = SsiScanner()
    assert scanner.next_s is None
    scanner.scan(PACK)
    assert scanner.next_s == float("-inf")
    scanner.poll(1.0)
    assert scanner.next_s == 3.0


def test_it_talks_over_any_line_with_a_read_and_a_write():
    scanner, said, heard = SsiScanner(), [], [HOST["BEEP"][:4], HOST["BEEP"][4:]]
    assert converse(scanner, lambda size: heard.pop(0) if heard else b"", said.append, 0.0)
    assert said == [ANSWERS["ack"]]
    assert not converse(scanner, lambda size: b"", said.append, 0.0)


@given(st.lists(st.tuples(st.binary(max_size=30), st.floats(0, 1)), max_size=20))
def test_any_bytes_of_the_host_leave_it_working(pieces):
    scanner, now_s = SsiScanner(), 0.0
    for data, pause_s in pieces:
        now_s += pause_s
        told(scanner, data, now_s)
    told(scanner, b"", now_s + 1)
    assert told(scanner, HOST["BEEP"], now_s + 1) == ANSWERS["ack"]
