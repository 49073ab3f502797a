"""What becomes of reads when the line dies, and when any bytes come."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ssi_frames import DAMAGED, INCOMPLETE, PACK, PACK_FRAME, RETRANSMITTED, decode, flipped

from scanners.scan import Terminator
from scanners.ssi.codec import ACK

# The cable.


def test_what_stood_unfinished_is_kept_as_evidence_when_the_line_dies(
    talk: Any, golden: dict[str, bytes], short: Any
) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME][:20], 0)
    (torn,) = host_side.unplug(5)
    assert (torn.data, torn.terminator, torn.dropped) == (PACK[:15], Terminator.UNPLUG, None)
    host_side.replug(1000)
    assert short(host_side.feed(golden[PACK_FRAME], 1100)) == [("scan", PACK)]
    assert host_side.unplug(1200) == []


def test_parts_and_half_a_part_are_torn_together_and_their_rest_is_no_scan(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    host_side.feed(decode(b"defgh", 0, None)[:6], 1)
    assert short(host_side.unplug(5)) == [("torn", b"abcde")]
    host_side.replug(1000)
    # A scanner with its own battery goes on where it was.
    assert short(host_side.feed(decode(b"defgh", 1, None), 1100)) == [(INCOMPLETE, b"defgh")]
    assert short(host_side.feed(decode(b"abc", 0), 1200)) == [("scan", b"abc")]


def test_a_part_of_before_the_unplugging_that_comes_again_is_told(talk: Any, short: Any) -> None:
    host_side = talk()
    host_side.feed(decode(b"abc", 2), 0)
    assert short(host_side.unplug(5)) == [("torn", b"abc")]
    host_side.replug(1000)
    assert short(host_side.feed(decode(b"abc", 3), 2000)) == [(INCOMPLETE, b"\x1babc")]


def test_a_read_accepted_before_the_unplugging_is_not_taken_again_after_it(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    host_side.feed(golden[PACK_FRAME], 0)
    host_side.unplug(10)
    host_side.replug(1000)
    assert host_side.said() == b""  # The acknowledgement of before is of no use now.
    assert short(host_side.feed(golden["retransmitted"], 2000)) == [(RETRANSMITTED, PACK)]
    assert host_side.said() == ACK


def test_a_damaged_read_is_told_when_the_line_dies_before_it_comes_again(
    talk: Any, short: Any, golden: dict[str, bytes]
) -> None:
    host_side = talk()
    damaged = flipped(golden[PACK_FRAME])
    host_side.feed(damaged, 0)
    host_side.silence(300)
    assert short(host_side.unplug(400)) == [(DAMAGED, damaged)]


# Any bytes.


def test_one_flipped_bit_in_any_golden_frame_never_yields_another_scan(
    talk: Any, frames_of: Any, golden: dict[str, bytes]
) -> None:
    for name, whole in golden.items():
        sound = [frame.data for frame in frames_of(talk().feed(whole, 0))]
        for bit in range(8 * len(whole)):
            host_side = talk()
            events = host_side.feed(flipped(whole, bit), 0) + host_side.silence(201)
            events += host_side.feed(whole[:3] + bytes([whole[3] | 1]) + whole[4:-1] + bytes([whole[-1] - 1]), 250)
            events += host_side.silence(10_000) + host_side.unplug(20_000)
            scans = [frame.data for frame in frames_of(events) if frame.dropped is None]
            assert scans in (sound, []), (name, bit)


stream = st.lists(
    st.tuples(
        st.lists(
            st.one_of(
                st.binary(max_size=12),
                st.builds(
                    decode,
                    st.sampled_from([b"", b"abc", b"\x1babc", b"]d2A"]),
                    st.integers(0, 3),
                    st.sampled_from([None, 0x1B, 0x30, 0x33, 0x99]),
                ),
                st.sampled_from(
                    [b"\x04\xd0\x00\x00\xff\x2c", b"\x05\xd1\x00\x00\x01\xff\x29", b"\x22\xf3\x00\x01\x1b"]
                ),
                st.just(b"\x00" * 700),
            ),
            max_size=3,
        ),
        st.integers(0, 3000),
    ),
    max_size=10,
)


@settings(max_examples=200)
@given(stream, st.data())
def test_any_bytes_in_any_chunks_give_the_same_events(
    talk: Any, bursts: list[tuple[list[bytes], int]], data: st.DataObject
) -> None:
    whole, by_byte, chunked = talk(), talk(), talk()
    said: list[list[object]] = [[], [], []]
    at_ms = 0
    for parts, pause_ms in bursts:
        at_ms += pause_ms
        burst = b"".join(parts)
        cut = data.draw(st.integers(0, len(burst)))
        said[0] += whole.feed(burst, at_ms)
        said[1] += by_byte.silence(at_ms)
        for value in burst:
            said[1] += by_byte.feed(bytes([value]), at_ms) + by_byte.silence(at_ms)
        said[2] += chunked.feed(burst[:cut], at_ms) + chunked.feed(burst[cut:], at_ms)
    for number, host_side in enumerate((whole, by_byte, chunked)):
        said[number] += host_side.unplug(at_ms + 100)
    assert said[1] == said[0]
    assert said[2] == said[0]
    assert whole.protocol.discarded_bytes == by_byte.protocol.discarded_bytes == chunked.protocol.discarded_bytes
    assert whole.said() == by_byte.said() == chunked.said()


@given(st.lists(st.binary(min_size=1, max_size=250), max_size=6), st.lists(st.integers(0, 2), max_size=6))
def test_every_code_comes_out_once_however_often_its_packet_does(
    talk: Any, codes: list[bytes], repeats: list[int]
) -> None:
    host_side = talk()
    scans, at_ms = [], 0
    for code, times in zip(codes, repeats, strict=False):
        for number in range(times + 1):
            events = host_side.feed(decode(code, 1 if number else 0, 0x1C), at_ms)
            scans += [event.data for event in events if event.dropped is None]
            at_ms += 2000
    assert scans == codes[: len(repeats)]
