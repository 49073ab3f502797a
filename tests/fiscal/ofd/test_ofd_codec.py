"""Frames and messages of protocol 2.0.3 against published bytes, in any pieces, and against any bytes at all."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.ofd.frames import APPCODE, HEADER_BYTES, SIZE_MAX, Decoder, Frame, Garbage, encode
from fiscal.ofd.proto import ProtoError, decode, schema
from fiscal.ofd.proto import encode as encode_message

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "ofd203.toml").read_text(encoding="utf-8"))["frame"]
NAMES = [one["name"] for one in VECTORS]
MESSAGES = {"request": "Request", "answer": "Response"}


def raw(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["bytes"])


def expected(message: Any) -> Any:
    """The vector's message as the codec gives it: the QR text is bytes on the wire."""
    if isinstance(message, dict):
        return {k: v.encode() if k == "qr_code" else expected(v) for k, v in message.items()}
    return [expected(one) for one in message] if isinstance(message, list) else message


def events(decoder: Decoder) -> list[Any]:
    found = []
    while (event := decoder.next_event()) is not None:
        found.append(event)
    return found


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_a_published_frame_is_read(vector: dict[str, Any]) -> None:
    decoder = Decoder()
    decoder.receive(raw(vector))
    (frame,) = events(decoder)
    header = vector["header"]
    assert (frame.version, frame.device, frame.token, frame.reqnum) == (
        header["version"], header["id"], header["token"], header["reqnum"],
    )  # fmt: skip
    assert len(frame.payload) == header["size"] - HEADER_BYTES
    assert decode(MESSAGES[vector["way"]], frame.payload) == expected(vector["message"])


@pytest.mark.parametrize("vector", [one for one in VECTORS if "unknown" not in one], ids=lambda one: one["name"])
def test_a_published_frame_is_written_byte_for_byte(vector: dict[str, Any]) -> None:
    header = vector["header"]
    payload = encode_message(MESSAGES[vector["way"]], expected(vector["message"]))
    assert encode(Frame(header["id"], header["token"], header["reqnum"], payload, header["version"])) == raw(vector)


@pytest.mark.parametrize("size", [1, 2, 3, 17, 18, 19])
def test_any_pieces_give_the_same_frames(size: int) -> None:
    stream = b"".join(map(raw, VECTORS))
    whole, pieces = Decoder(), Decoder()
    whole.receive(stream)
    found = []
    for at in range(0, len(stream), size):
        pieces.receive(stream[at : at + size])
        found += events(pieces)
    assert found == events(whole) and len(found) == len(VECTORS)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("00 81 CB 00 14 00 00 00", "application code 8100h"),
        ("A2 81 CB 00 11 00 00 00", "size 17"),
        ("A2 81 CB 00 01 00 10 00", f"size {SIZE_MAX + 1}"),
    ],
)
def test_a_header_that_cannot_be_one_ends_the_connection(head: str, words: str) -> None:
    decoder = Decoder()
    decoder.receive(bytes.fromhex(head) + bytes(40))
    garbage = decoder.next_event()
    assert isinstance(garbage, Garbage) and garbage.why == words
    decoder.receive(raw(VECTORS[0]))
    assert decoder.next_event() is None


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_give_events_and_never_an_exception(data: bytes, size: int) -> None:
    decoder = Decoder()
    for at in range(0, len(data), size):
        decoder.receive(data[at : at + size])
        events(decoder)


@given(st.binary(max_size=300), st.sampled_from(sorted(schema())))
def test_any_payload_is_a_message_or_an_error_with_its_place(data: bytes, message: str) -> None:
    try:
        found = decode(message, data)
    except ProtoError as error:
        assert error.text
    else:
        assert set(found) <= {field.name for field in schema()[message]}


@given(st.data())
def test_a_published_payload_with_one_wrong_byte_is_read_or_refused(data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from(VECTORS))
    payload = bytearray(raw(vector)[HEADER_BYTES:])
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        decode(MESSAGES[vector["way"]], bytes(payload))
    except ProtoError as error:
        assert error.text


@pytest.mark.parametrize(
    ("message", "fields", "words"),
    [
        ("Money", {"bills": 1}, "coins: is required"),
        ("Money", {"bills": -1, "coins": 0}, "bills: -1 does not fit uint64"),
        ("Money", {"bills": True, "coins": 0}, "bills: is no uint64"),
        ("Money", {"bills": 1, "coins": 0, "coin": 1}, "Money has no field coin"),
        ("Operator", {"code": 2**31}, "code: 2147483648 does not fit uint32"),
        ("Operator", {"code": 1, "name": 7}, "name: is no text"),
        ("Operator", {"code": 1, "name": "\ud800"}, "name: holds half of a surrogate pair"),
        ("TicketResponse", {"ticket_number": "1", "qr_code": "text"}, "qr_code: is no bytes"),
        ("Payment", {"type": 0, "sum": 5}, "sum: is no message"),
        ("RegInfo", {"org": {"tenantId": -(2**31) - 1}}, "org.tenantId: -2147483649 does not fit int32"),
        ("Revenue", {"sum": {"bills": 0, "coins": 0}, "is_negative": 1}, "is_negative: is no bool"),
        ("ReportSection", {"section_code": "1", "operations": [{}]}, r"operations\[0\].operation: is required"),
    ],
)
def test_what_cannot_be_written_is_an_error_with_its_place(message: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtoError, match=words):
        encode_message(message, fields)


def test_a_message_that_lacks_a_required_field_is_no_message() -> None:
    with pytest.raises(ProtoError, match="result: is missing"):
        decode("Response", bytes.fromhex("08 01"))
    with pytest.raises(ProtoError, match=r"result\.result_code: is missing"):
        decode("Response", bytes.fromhex("08 01 12 00"))


def test_messages_within_messages_have_an_end() -> None:
    assert all(field.kind != message for message, fields in schema().items() for field in fields)
    with pytest.raises(ProtoError, match="nested deeper"):
        decode("Money", b"", depth=0)


def test_the_application_code_is_the_published_one() -> None:
    assert APPCODE.to_bytes(2, "little") == bytes.fromhex("A2 81")
