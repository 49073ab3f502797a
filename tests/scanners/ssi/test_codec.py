from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.ssi.codec import (
    ACK,
    EVIDENCE_BYTES_MAX,
    NAK_RESEND,
    Decoder,
    Junk,
    Opcode,
    Packet,
    Source,
    encode,
)

MS = 1_000_000


def told(decoder: Decoder) -> list[Packet | Junk]:
    found = []
    while (event := decoder.next_event()) is not None:
        found.append(event)
    return found


def fed(data: bytes, silence: bool = True) -> list[Packet | Junk]:
    decoder = Decoder()
    decoder.receive(data, 0)
    if silence:
        decoder.tick(201 * MS)
    return told(decoder)


def test_commands_of_the_host_are_the_golden_bytes(vectors: dict[str, Any], unhex: Callable[[str], bytes]) -> None:
    for case in vectors["host"]:
        assert encode(case["opcode"], unhex(case["data"])) == unhex(case["bytes"]), case["name"]
    assert unhex(vectors["host"][0]["bytes"]) == ACK
    assert unhex(vectors["host"][1]["bytes"]) == NAK_RESEND


def test_golden_frames_of_the_decoder_are_packets(vectors: dict[str, Any], unhex: Callable[[str], bytes]) -> None:
    for case in vectors["decode"]:
        expected = bytes([case["type"]]) + unhex(case["data"])
        assert fed(unhex(case["bytes"]), silence=False) == [
            Packet(Opcode.DECODE_DATA, Source.DECODER, 0, expected, 0, 0)
        ]


def test_status_bits_tell_a_repeat_and_more_to_come_whatever_else_is_set(golden: dict[str, bytes]) -> None:
    bits = [
        (packet.retransmitted, packet.continues)
        for name in ("retransmitted", "first part", "second part")
        for packet in fed(golden[name])
        if isinstance(packet, Packet)
    ]
    assert bits == [(True, False), (False, True), (False, False)]
    (odd,) = fed(encode(Opcode.DECODE_DATA, b"\x1bA", 0xA1, Source.DECODER))
    assert isinstance(odd, Packet)
    assert (odd.retransmitted, odd.continues) == (True, False)


def test_a_packet_knows_when_its_first_and_last_byte_came(golden: dict[str, bytes]) -> None:
    decoder = Decoder()
    whole = golden["EAN-13"]
    decoder.receive(golden["ack"] + whole[:3], 5 * MS)
    decoder.receive(whole[3:], 8 * MS)
    ack, packet = told(decoder)
    assert (ack.first_at_ns, ack.last_at_ns) == (5 * MS, 5 * MS)
    assert (packet.first_at_ns, packet.last_at_ns) == (5 * MS, 8 * MS)
    assert decoder.idle


@pytest.mark.parametrize("noise", [b"\x00", b"\x03\x02\x01", b"\xff", b"AT\r\n", b"\x12\xf3\x00"])
def test_noise_before_a_frame_is_junk_and_the_frame_is_read_once_silence_follows(
    noise: bytes, golden: dict[str, bytes]
) -> None:
    decoder = Decoder()
    decoder.receive(noise + golden["EAN-13"], 0)
    decoder.tick(200 * MS)
    assert told(decoder) == []
    decoder.tick(201 * MS)
    junk, packet = told(decoder)
    assert isinstance(junk, Junk)
    assert junk.data == noise
    assert isinstance(packet, Packet)
    assert packet.data[1:] == b"4870249811936"
    decoder.receive(golden["EAN-13"], 300 * MS)
    assert len(told(decoder)) == 1  # In step again.


def test_a_bad_sum_is_junk_and_the_frames_glued_behind_it_are_kept(golden: dict[str, bytes]) -> None:
    bad = golden["EAN-13"][:-1] + b"\x43"
    events = fed(bad + golden["ack"] + golden["pack code, Data Matrix"])
    assert events[0] == Junk(bad, 20, 0, 0)
    assert [event.opcode for event in events[1:] if isinstance(event, Packet)] == [0xD0, 0xF3]


def test_out_of_step_nothing_is_believed_that_no_decoder_sends() -> None:
    for frame in (ACK, encode(Opcode.BEEP, b"\x01", source=Source.DECODER)):
        assert fed(b"\xff" + frame) == [Junk(b"\xff" + frame, len(frame) + 1, 0, 0)]


def test_silence_inside_a_frame_gives_the_step_back(golden: dict[str, bytes]) -> None:
    decoder = Decoder()
    decoder.receive(golden["EAN-13"][:12], 0)
    decoder.tick(200 * MS)
    decoder.receive(golden["EAN-13"][12:14], 200 * MS)
    decoder.tick(401 * MS)
    assert told(decoder) == [Junk(golden["EAN-13"][:14], 14, 0, 200 * MS)]
    decoder.receive(golden["EAN-13"], 402 * MS)
    assert len(told(decoder)) == 1


def test_a_frame_inside_the_data_of_a_damaged_frame_is_never_read(golden: dict[str, bytes]) -> None:
    inner = golden["EAN-13"]
    for tail in (b"", b"x", inner):
        outer = bytearray(encode(Opcode.DECODE_DATA, b"\x1c" + inner + tail, source=Source.DECODER))
        for bit in range(8 * 5):  # The header and the type byte.
            damaged = bytearray(outer)
            damaged[bit // 8] ^= 1 << bit % 8
            read = [event.data for event in fed(bytes(damaged)) if isinstance(event, Packet)]
            assert inner[4:-2] not in read


def test_one_flipped_bit_in_any_golden_frame_never_gives_another_packet(golden: dict[str, bytes]) -> None:
    for whole in golden.values():
        for bit in range(8 * len(whole)):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            assert not [event for event in fed(bytes(damaged)) if isinstance(event, Packet)]
            # Nor with what the scanner sends next.
            after = [event for event in fed(bytes(damaged) + whole) if isinstance(event, Packet)]
            assert [packet.data for packet in after] in ([], [whole[4:-2]])


def test_a_stream_without_end_is_told_with_its_beginning_and_never_held() -> None:
    decoder = Decoder()
    size = 10_000_000
    stream = b"7" * size
    tracemalloc.start()
    try:
        decoder.receive(stream, 0)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    decoder.tick(201 * MS)
    events = told(decoder)
    assert all(isinstance(event, Junk) for event in events)
    assert sum(event.size_bytes for event in events if isinstance(event, Junk)) == size
    told_at_once, rest = events
    assert isinstance(told_at_once, Junk)
    assert isinstance(rest, Junk)
    assert (len(told_at_once.data), told_at_once.ended, rest.data, rest.ended) == (EVIDENCE_BYTES_MAX, False, b"", True)


def test_more_data_than_a_frame_holds_is_refused() -> None:
    assert len(encode(Opcode.PARAM_SEND, b"x" * 251)) == 257
    with pytest.raises(ValueError, match="252 bytes"):
        encode(Opcode.PARAM_SEND, b"x" * 252)


pieces = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda opcode, data, status: encode(opcode, data, status, Source.DECODER),
        st.sampled_from([0xF3, 0xD0, 0xD1, 0x55]),
        st.binary(max_size=12),
        st.integers(0, 255),
    ),
    st.just(b"\x12\xf3\x00\x00"),
)


@given(st.lists(st.tuples(st.lists(pieces, max_size=4), st.integers(0, 300)), max_size=10), st.data())
def test_any_chunking_with_the_same_byte_times_gives_the_same_events(
    bursts: list[tuple[list[bytes], int]], data: st.DataObject
) -> None:
    whole, by_byte, chunked = Decoder(), Decoder(), Decoder()
    at_ns = 0
    for parts, pause_ms in bursts:
        at_ns += pause_ms * MS
        burst = b"".join(parts)
        cut = data.draw(st.integers(0, len(burst)))
        for decoder in (whole, by_byte, chunked):
            decoder.tick(at_ns)
        whole.receive(burst, at_ns)
        for value in burst:
            by_byte.receive(bytes([value]), at_ns)
            by_byte.tick(at_ns)
        chunked.receive(burst[:cut], at_ns)
        chunked.receive(burst[cut:], at_ns)
    for decoder in (whole, by_byte, chunked):
        decoder.tick(at_ns + 500 * MS)
    expected = told(whole)
    assert told(by_byte) == expected
    assert told(chunked) == expected
    total = sum(len(part) for parts, _ in bursts for part in parts)
    assert sum(event.size_bytes for event in expected) == total  # No byte is counted twice or lost.
    assert whole.idle


@given(st.lists(st.tuples(st.sampled_from(list(Opcode)), st.binary(max_size=251)), max_size=8))
def test_frames_one_after_another_all_come_out(messages: list[tuple[int, bytes]]) -> None:
    stream = b"".join(encode(opcode, data, source=Source.DECODER) for opcode, data in messages)
    packets = [event for event in fed(stream, silence=False) if isinstance(event, Packet)]
    assert [(packet.opcode, packet.data) for packet in packets] == messages
