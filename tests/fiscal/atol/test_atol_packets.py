"""Packets of protocol 3 against published and recomputed frames: any chunking, any bytes, none out of a damaged one."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from atol_host import crc8 as remainder
from atol_host import wrapped
from atol_vectors import Golden, frames, table
from hypothesis import given
from hypothesis import strategies as st

from fiscal.atol import packets
from fiscal.atol.packets import CrcOver, Damaged, Decoder, Event, Packet

IDS = st.integers(1, packets.ID_LAST)
OPEN_CRC = next(row for row in table()["open"] if row["name"] == "crc")


def name_of(one: Golden) -> str:
    return one.name


def events_of(decoder: Decoder, chunks: Iterable[bytes]) -> list[Event]:
    found: list[Event] = []
    for chunk in chunks:
        decoder.receive(chunk)
        while (event := decoder.next_event()) is not None:
            found.append(event)
    return found


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        size = rng.randint(1, 9)
        found.append(data[at : at + size])
        at += size
    return found


@pytest.mark.parametrize("one", frames(), ids=name_of)
def test_a_golden_packet_is_made_byte_for_byte(one: Golden) -> None:
    assert packets.encode(one.id, one.data) == one.raw


@pytest.mark.parametrize("one", frames(), ids=name_of)
def test_a_golden_packet_is_read_whole_and_byte_by_byte(one: Golden) -> None:
    assert events_of(Decoder(), [one.raw]) == [Packet(one.id, one.data)]
    assert events_of(Decoder(), [one.raw[at : at + 1] for at in range(len(one.raw))]) == [Packet(one.id, one.data)]


@pytest.mark.parametrize("one", frames(), ids=name_of)
def test_one_flipped_bit_never_yields_a_packet_that_says_anything(one: Golden) -> None:
    # The length stands outside the CRC: an answer of one byte may become an empty packet, which asks for a repeat.
    for bit in range(8 * len(one.raw)):
        damaged = bytearray(one.raw)
        damaged[bit // 8] ^= 1 << bit % 8
        found = [event for event in events_of(Decoder(), [bytes(damaged)]) if isinstance(event, Packet)]
        assert not found or (bit // 8 in (1, 2) and found == [Packet(one.id, b"")]), bit


@pytest.mark.parametrize("row", table()["stream"], ids=lambda row: row["name"])
def test_a_published_stream_gives_its_packets(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["bytes"])
    wanted = [bytes.fromhex(packet) for packet in row["packets"]]
    for chunks in ([data], [data[at : at + 1] for at in range(len(data))]):
        found = events_of(Decoder(), chunks)
        assert [event.data for event in found if isinstance(event, Packet)] == wanted


@pytest.mark.parametrize("over", CrcOver)
def test_both_readings_of_what_the_crc_covers_are_there(over: CrcOver) -> None:
    raw = bytes.fromhex(OPEN_CRC[over])
    (packet,) = events_of(Decoder(over), [raw])
    assert isinstance(packet, Packet) and packet.data.endswith(b"\xa4\xfe\xfd")
    assert packets.encode(packet.id, packet.data, over) == raw
    other = next(one for one in CrcOver if one is not over)
    assert [type(event) for event in events_of(Decoder(other), [raw])] == [Damaged]


def test_a_stream_of_packets_and_noise_gives_the_same_events_in_any_pieces() -> None:
    stream = b"".join(b"\x00\x06\xff" + one.raw for one in frames())
    wanted = [Packet(one.id, one.data) for one in frames()]
    for seed in range(25):
        assert events_of(Decoder(), cut(stream, random.Random(seed))) == wanted


@pytest.mark.parametrize(
    "broken",
    [
        "FE",
        "FE 01",
        "FE 01 00 06 C4",  # Broken off before its CRC.
        "FE 01 00 06 C4 59",
        "FE 81 00 06 C4 58",  # A length has seven bits.
        "FE 01 80 06 C4 58",
        "FE 01 00 FD EE C4 58",  # No packet has number FE.
        "FE 02 00 08 C3 FD 02 FC",
        "FE 02 00 08 C3 FD",
    ],
)
def test_a_broken_packet_is_told_and_the_next_one_is_found(broken: str) -> None:
    good = wrapped(9, b"\xc3\x02")
    data = bytes.fromhex(broken) + good
    found = events_of(Decoder(), [data])
    assert [type(event) for event in found] == [Damaged, Packet] and found[-1] == Packet(9, b"\xc3\x02")
    assert events_of(Decoder(), cut(data, random.Random(1)))[-1] == found[-1]


def test_half_a_packet_is_forgotten_on_demand() -> None:
    decoder = Decoder()
    good = wrapped(9, b"\xc3\x02")
    assert events_of(decoder, [good[:5]]) == []
    decoder.reset()
    assert events_of(decoder, [good[5:], good]) == [Packet(9, b"\xc3\x02")]


@pytest.mark.parametrize(("number", "size"), [(0, 1), (0xFD, 1), (0xFE, 1), (1, 0x4000)])
def test_a_number_or_a_length_no_packet_has_is_refused(number: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"is no packet number|at most 16383 bytes"):
        packets.encode(number, bytes(size))


@given(st.binary(min_size=1, max_size=700))
def test_the_folded_crc_is_the_remainder_of_a_division(data: bytes) -> None:
    assert packets.crc8(data) == remainder(data)


def test_the_crc_of_the_longest_packet_is_the_remainder_of_a_division() -> None:
    data = random.Random(5).randbytes(packets.DATA_MAX)
    assert packets.crc8(data) == remainder(data)
    assert packets.crc8(data + bytes((remainder(data),))) == 0


@given(IDS, st.binary(max_size=300), st.sampled_from(CrcOver))
def test_any_data_come_back_under_any_number(number: int, data: bytes, over: CrcOver) -> None:
    raw = packets.encode(number, data, over)
    assert over is CrcOver.RAW or raw == wrapped(number, data)
    assert events_of(Decoder(over), [raw]) == [Packet(number, data)]


@given(IDS, st.lists(st.sampled_from([0xFD, 0xFE, 0xED, 0xEE, 0x00]), max_size=40), st.sampled_from(CrcOver))
def test_data_that_need_stuffing_come_back(number: int, data: list[int], over: CrcOver) -> None:
    raw = packets.encode(number, bytes(data), over)
    assert 0xFE not in raw[1:]
    assert events_of(Decoder(over), [raw[at : at + 1] for at in range(len(raw))]) == [Packet(number, bytes(data))]


@given(st.lists(st.binary(max_size=40)), st.sampled_from(CrcOver))
def test_any_bytes_give_events_and_the_same_packets_in_any_pieces(chunks: list[bytes], over: CrcOver) -> None:
    whole = events_of(Decoder(over), [b"".join(chunks)])
    pieces = events_of(Decoder(over), chunks)
    assert pieces == whole


@given(st.lists(st.one_of(st.binary(max_size=6), IDS.map(lambda number: wrapped(number, b"\xa3\x55\x00\x00")))))
def test_packets_among_any_bytes_give_the_same_events_in_any_pieces(chunks: list[bytes]) -> None:
    whole = events_of(Decoder(), [b"".join(chunks)])
    assert events_of(Decoder(), chunks) == whole
    assert events_of(Decoder(), cut(b"".join(chunks), random.Random(3))) == whole
