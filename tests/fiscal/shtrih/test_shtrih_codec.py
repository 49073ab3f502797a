"""Both link layers against published and recomputed frames: any chunking, any bytes, no frame from a damaged one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shtrih_frames import Golden, golden, numbered_packet, standard_frame, unstuffed

from fiscal.shtrih import codec, numbered

STANDARD = [one for one in golden() if one.layer == "standard"]
NUMBERED = [one for one in golden() if one.layer == "numbered"]
MAKERS: dict[str, Callable[[], Any]] = {"standard": codec.Decoder, "numbered": numbered.Decoder}


def name_of(one: Golden) -> str:
    return f"{one.layer}: {one.name}"


def events_of(decoder: Any, chunks: Iterable[bytes]) -> list[Any]:
    found = []
    for chunk in chunks:
        decoder.receive(chunk)
        while (event := decoder.next_event()) is not None:
            found.append(event)
    return found


def pieces(data: bytes, rng: random.Random) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = rng.randint(1, 9)
        found.append(data[at : at + size])
        at += size
    return found


def meant(one: Golden) -> Any:
    if one.layer == "standard":
        return codec.Frame(one.payload)
    logical = unstuffed(one.raw)
    if int.from_bytes(logical[1:3], "little") == 0:
        return numbered.Packet(None, b"")
    return numbered.Packet(int.from_bytes(logical[3:5], "little"), one.payload)


@pytest.mark.parametrize("one", STANDARD, ids=name_of)
def test_a_golden_frame_is_made_byte_for_byte(one: Golden) -> None:
    assert codec.encode(one.payload) == one.raw


@pytest.mark.parametrize("one", NUMBERED, ids=name_of)
def test_a_golden_packet_is_made_byte_for_byte(one: Golden) -> None:
    packet = meant(one)
    assert (numbered.ping() if packet.num is None else numbered.encode(packet.num, packet.data)) == one.raw


@pytest.mark.parametrize("one", STANDARD + NUMBERED, ids=name_of)
def test_a_golden_frame_is_read_whole_and_byte_by_byte(one: Golden) -> None:
    whole = events_of(MAKERS[one.layer](), [one.raw])
    assert whole == [meant(one)]
    assert events_of(MAKERS[one.layer](), [one.raw[i : i + 1] for i in range(len(one.raw))]) == whole


@pytest.mark.parametrize("one", STANDARD + NUMBERED, ids=name_of)
def test_one_flipped_bit_never_yields_a_frame(one: Golden) -> None:
    # A XOR over fewer bytes may come out right: two published requests can be read as shorter ones. No answer can, and
    # requests are what this program writes, not what it reads.
    length = range(8, 16) if (one.layer, one.direction) == ("standard", "host") else ()
    for bit in range(8 * len(one.raw)):
        if bit in length:
            continue
        damaged = bytearray(one.raw)
        damaged[bit // 8] ^= 1 << bit % 8
        found = events_of(MAKERS[one.layer](), [bytes(damaged)])
        assert not [event for event in found if isinstance(event, codec.Frame | numbered.Packet)], bit


@pytest.mark.parametrize("layer", ["standard", "numbered"])
def test_a_stream_of_frames_gives_the_same_events_in_any_pieces(layer: str) -> None:
    frames = [one for one in golden() if one.layer == layer]
    stream, wanted = b"", []
    for one in frames:
        stream += b"\xff\xff\x06" + one.raw if layer == "standard" else one.raw + b"\x05\x00"
        wanted += [codec.Control(codec.ACK), meant(one)] if layer == "standard" else [meant(one)]
    for seed in range(25):
        assert events_of(MAKERS[layer](), pieces(stream, random.Random(seed))) == wanted


def test_control_bytes_between_frames_are_told_and_fill_bytes_are_not() -> None:
    assert events_of(codec.Decoder(), [b"\x05\xff\x06\xff\xff\x15\xff"]) == [
        codec.Control(codec.ENQ), codec.Control(codec.ACK), codec.Control(codec.NAK)
    ]  # fmt: skip


@pytest.mark.parametrize("noise", [b"\x00", b"\x02\x00\x00", b"\x02\x02\x10\x4f\x5c"])
def test_after_garbage_everything_is_swallowed_until_the_decoder_is_reset(noise: bytes) -> None:
    decoder = codec.Decoder()
    good = standard_frame(b"\x10\x4f")
    assert events_of(decoder, [noise, b"\x06", good]) == [codec.Garbage(noise)]
    assert not decoder.partial
    decoder.reset()
    assert events_of(decoder, [good]) == [codec.Frame(b"\x10\x4f")]


def test_a_frame_that_has_begun_is_partial() -> None:
    decoder = codec.Decoder()
    assert not decoder.partial
    for byte in b"\x02\x02\x10":
        decoder.receive(bytes((byte,)))
        assert decoder.next_event() is None and decoder.partial
    assert events_of(decoder, [b"\x4f\x5d"]) == [codec.Frame(b"\x10\x4f")]
    assert not decoder.partial


@pytest.mark.parametrize(
    "raw",
    [
        "8F 01 00 05 00 00",  # LEN 1 is no length.
        "8F 05 00 0A 00 8D 00 9F 82 33 44",  # 9F is followed by 81 or 83.
        "8F 05 00 0A 00 8D",  # Cut short by the next packet.
        "8F 01 00 3E 2E",  # LEN 1 with a good sum.
        "8F 9F 82 00 01",
        "8F 9F",
        "8F",
    ],
)
def test_a_broken_packet_is_told_and_the_next_one_is_found(raw: str) -> None:
    good = numbered_packet(20, b"\x1e\x00")
    found = events_of(numbered.Decoder(), [bytes.fromhex(raw) + good])
    assert [type(event) for event in found] == [numbered.Broken, numbered.Packet]
    assert found[-1] == numbered.Packet(20, b"\x1e\x00")
    assert events_of(numbered.Decoder(), pieces(bytes.fromhex(raw) + good, random.Random(1))) == found


def test_every_byte_that_needs_stuffing_survives_it() -> None:
    data = bytes(range(256)) * 3
    for num in (0, 0x8F, 0x9F, 0x8F9F, 0xFFFF):
        raw = numbered.encode(num, data)
        assert raw == numbered_packet(num, data)
        assert events_of(numbered.Decoder(), [raw]) == [numbered.Packet(num, data)]


@pytest.mark.parametrize("payload", [b"", bytes(256)])
def test_a_payload_the_length_byte_cannot_tell_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 255 bytes"):
        codec.encode(payload)


@pytest.mark.parametrize(("num", "size"), [(-1, 1), (0x10000, 1), (1, 0xFFFE)])
def test_a_number_or_a_length_no_packet_has_is_refused(num: int, size: int) -> None:
    with pytest.raises(ValueError, match="no packet has number"):
        numbered.encode(num, bytes(size))


@given(st.lists(st.binary(max_size=40)), st.sampled_from(["standard", "numbered"]))
def test_any_bytes_give_events_and_the_same_ones_in_any_pieces(chunks: list[bytes], layer: str) -> None:
    whole = events_of(MAKERS[layer](), [b"".join(chunks)])
    assert events_of(MAKERS[layer](), chunks) == whole


@given(st.binary(min_size=1, max_size=255))
def test_any_payload_comes_back(payload: bytes) -> None:
    assert codec.encode(payload) == standard_frame(payload)
    assert events_of(codec.Decoder(), [codec.encode(payload)]) == [codec.Frame(payload)]


@given(st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=300))
def test_any_data_come_back_under_any_number(num: int, data: bytes) -> None:
    assert numbered.encode(num, data) == numbered_packet(num, data)
    assert events_of(numbered.Decoder(), [numbered.encode(num, data)]) == [numbered.Packet(num, data)]
