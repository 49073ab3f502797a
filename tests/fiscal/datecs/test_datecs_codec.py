"""Datecs framing: the golden frames both ways, any chunking, one wrong bit, any bytes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from datecs_vectors import DIALECTS, FRAMES, TABLE, data_of, frame, name_of, raw
from hypothesis import given
from hypothesis import strategies as st

from fiscal.datecs.codec import Control, Decoder, Dialect, Event, Frame, Garbage, P, X, encode

ANSWER = frame("P", "answer", "open sale")
DIALECT = st.sampled_from([P, X])


def decoded(dialect: Dialect, pieces: list[bytes], *, answers: bool = True) -> list[Event]:
    decoder, events = Decoder(dialect, answers=answers), []
    for piece in pieces:
        decoder.receive(piece)
        while (event := decoder.next_event()) is not None:
            events.append(event)
    return events


def expected(row: dict[str, Any]) -> Frame:
    return Frame(row["seq"], row["command"], data_of(row), bytes.fromhex(row.get("status", "")))


@pytest.mark.parametrize("row", FRAMES, ids=name_of)
def test_a_golden_frame_is_written_to_the_bit(row: dict[str, Any]) -> None:
    status = bytes.fromhex(row.get("status", ""))
    assert encode(DIALECTS[row["protocol"]], row["seq"], row["command"], data_of(row), status) == raw(row)


@pytest.mark.parametrize("row", FRAMES, ids=name_of)
def test_a_golden_frame_is_read_in_any_pieces(row: dict[str, Any]) -> None:
    dialect, answers, data = DIALECTS[row["protocol"]], row["way"] == "answer", raw(row)
    for size in (1, 2, 3, 8, len(data)):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        assert decoded(dialect, pieces, answers=answers) == [expected(row)]
    assert decoded(dialect, [b"\x16" + data + data + b"\x15"], answers=answers) == [
        Control(0x16), expected(row), expected(row), Control(0x15),
    ]  # fmt: skip


@pytest.mark.parametrize("row", FRAMES, ids=name_of)
def test_one_wrong_bit_never_makes_a_frame(row: dict[str, Any]) -> None:
    dialect, answers, data = DIALECTS[row["protocol"]], row["way"] == "answer", raw(row)
    for bit in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        events = decoded(dialect, [bytes(damaged)], answers=answers)
        assert not any(isinstance(event, Frame) for event in events), bit
        # The next frame is read all the same.
        assert decoded(dialect, [bytes(damaged), data], answers=answers)[-1] == expected(row), bit


def test_the_single_bytes_of_the_vectors_are_told() -> None:
    raws = [bytes.fromhex(row["bytes"]) for row in TABLE["control"]]
    assert decoded(P, raws) == [Control(0x15), Control(0x16)] == decoded(X, raws)


def test_half_a_frame_waits_and_a_new_one_ends_it() -> None:
    decoder = Decoder(P)
    decoder.receive(ANSWER[:10])
    assert decoder.next_event() is None and decoder.pending
    decoder.receive(ANSWER)
    assert decoder.next_event() == Garbage(ANSWER[:10])
    assert isinstance(decoder.next_event(), Frame)
    assert decoder.next_event() is None and not decoder.pending


def test_a_damaged_frame_does_not_show_its_inside_as_single_bytes() -> None:
    damaged = ANSWER[:6] + b"\x15" + ANSWER[7:]
    assert decoded(P, [damaged]) == [Garbage(damaged)]
    headless = b"\x00" + ANSWER[1:]
    assert decoded(P, [headless]) == [Garbage(headless[at : at + 1]) for at in range(len(headless))]


def test_a_length_no_frame_has_is_garbage_and_not_awaited() -> None:
    assert decoded(P, [b"\x01\x21\x20\x4a"]) == [Garbage(b"\x01\x21\x20\x4a")]
    head = b"\x01\x3f\x3f\x3f\x3f\x20\x30\x30\x34\x3a"
    assert decoded(X, [head]) == [Garbage(head)]
    assert decoded(X, [b"\x01zzzz\x20004:"]) == [Garbage(b"\x01zzzz\x20004:")]


def test_control_codes_in_data_are_escaped_and_tab_and_line_feed_are_not() -> None:
    data = b"a\x00\x01\x10\x1d\x1fz\t\n"
    raw_frame = encode(P, 0x20, 0x36, data)
    assert b"a\x10\x40\x10\x41\x10\x50\x10\x5d\x10\x5fz\t\n" in raw_frame
    assert decoded(P, [raw_frame], answers=False) == [Frame(0x20, 0x36, data)]


def test_a_status_byte_without_its_top_bit_makes_no_frame() -> None:
    data = bytearray(ANSWER)
    data[-12] ^= 0x80  # Status byte 0; BCC is mended below.
    data[-5:-1] = [0x30, 0x34, 0x3E, 0x38]
    assert sum(data[1:-5]) == 0x4E8
    assert decoded(P, [bytes(data)]) == [Garbage(bytes(data))]


def test_what_a_frame_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="214 bytes"):
        encode(P, 0x20, 0x36, b"x" * 214)
    encode(P, 0x20, 0x36, b"x" * 212, b"\x80" * 6)
    with pytest.raises(ValueError, match="LEN of protocol P ends at FFh"):
        encode(P, 0x20, 0x36, b"x" * 213, b"\x80" * 6)
    for dialect, seq in ((P, 0x80), (P, 0x1F), (X, 0x100)):
        with pytest.raises(ValueError, match="SEQ"):
            encode(dialect, seq, 0x4A)
    with pytest.raises(ValueError, match="6 status bytes"):
        encode(P, 0x20, 0x4A, b"", b"\x80" * 8)


@given(DIALECT, st.integers(0x20, 0x7F), st.integers(0x20, 0xFF), st.binary(max_size=100), st.binary(max_size=8))
def test_whatever_is_written_is_read_again(dialect: Dialect, seq: int, command: int, data: bytes, bits: bytes) -> None:
    status = bytes(byte | 0x80 for byte in bits.ljust(8, b"\0"))[: dialect.status_bytes]
    written = encode(dialect, seq, command, data, status)
    assert decoded(dialect, [written]) == [Frame(seq, command, data, status)]


NEARLY = st.one_of(st.binary(max_size=40), st.sampled_from([raw(row) for row in FRAMES] + [ANSWER[:9], b"\x01\x31"]))


@given(DIALECT, st.booleans(), st.lists(NEARLY, max_size=8), st.randoms(use_true_random=False))
def test_any_bytes_give_events_and_every_chunking_the_same(
    dialect: Dialect, answers: bool, pieces: list[bytes], random: Random
) -> None:
    data = b"".join(pieces)
    whole = decoded(dialect, [data], answers=answers)
    assert all(isinstance(event, Frame | Control | Garbage) for event in whole)
    assert decoded(dialect, [data[at : at + 1] for at in range(len(data))], answers=answers) == whole
    cuts = sorted(random.sample(range(len(data)), min(5, len(data))))
    ends = [*cuts, len(data)]
    chunks = [data[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
    assert decoded(dialect, chunks, answers=answers) == whole


def test_a_frame_with_a_bare_preamble_inside_is_none_in_any_pieces() -> None:
    data = bytearray(encode(P, 0x20, 0x36, b"AB", b"\x80" * 6))
    data[4], data[5] = 0x01, 0x41 + 0x42 - 0x01  # The same sum.
    for pieces in ([bytes(data)], [data[at : at + 1] for at in range(len(data))]):
        assert not any(isinstance(event, Frame) for event in decoded(P, list(map(bytes, pieces))))
