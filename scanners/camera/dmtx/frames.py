"""What goes over the pipe between `process` and `worker`: length-prefixed binary messages. Pure.

message   length of the body, 4 bytes, big endian | body
hello     1 byte: 1 ready, 0 cannot work | text, UTF-8
request   width, height, timeout_ms, max_count: 4 bytes each | pixels, one byte each, row by row
answer    for each symbol: AIM identifier 3 bytes | four corners, x and y, 4-byte floats | length 4 bytes | data
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

MESSAGE_BYTES_MAX: Final = 64 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
_REQUEST: Final = struct.Struct(">IIII")
_SYMBOL: Final = struct.Struct(">3s8fI")


class FrameBroken(Exception):
    """The other end does not speak as agreed, or ended in mid-message."""


class Request(NamedTuple):
    width: int
    height: int
    timeout_ms: int
    max_count: int
    pixels: bytes


class Answer(NamedTuple):
    data: bytes
    symbology: str
    corners: tuple[float, ...]  # x, y of four corners in image pixels.


class Reading(Protocol):
    def read(self, count: int, /) -> bytes: ...


class Writing(Protocol):
    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> None: ...


def send(stream: Writing, body: bytes) -> None:
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def receive(stream: Reading) -> bytes | None:
    """Return the next body, or None where the stream ended between messages. FrameBroken otherwise."""
    head = _exactly(stream, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head) if len(head) == _LENGTH.size else (MESSAGE_BYTES_MAX + 1,)
    if length > MESSAGE_BYTES_MAX:
        raise FrameBroken(f"no length: {head.hex()}")
    body = _exactly(stream, length)
    if len(body) != length:
        raise FrameBroken(f"{len(body)} bytes of {length}")
    return body


def _exactly(stream: Reading, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count and (part := stream.read(count - len(parts))):
        parts += part
    return bytes(parts)


def pack_request(request: Request) -> bytes:
    return _REQUEST.pack(*request[:4]) + request.pixels


def unpack_request(body: bytes) -> Request:
    if len(body) < _REQUEST.size:
        raise FrameBroken(f"a request of {len(body)} bytes")
    width, height, timeout_ms, max_count = _REQUEST.unpack_from(body)
    pixels = body[_REQUEST.size :]
    if len(pixels) != width * height:
        raise FrameBroken(f"{len(pixels)} pixels for {width}x{height}")
    return Request(width, height, timeout_ms, max_count, pixels)


def pack_answers(answers: Iterable[Answer]) -> bytes:
    return b"".join(
        _SYMBOL.pack(each.symbology.encode("ascii"), *each.corners, len(each.data)) + each.data for each in answers
    )


def unpack_answers(body: bytes) -> list[Answer]:
    answers = []
    at = 0
    while at < len(body):
        if len(body) - at < _SYMBOL.size:
            raise FrameBroken(f"{len(body) - at} bytes after the last symbol")
        symbology, *corners, length = _SYMBOL.unpack_from(body, at)
        at += _SYMBOL.size
        if len(body) - at < length or not symbology.isascii():
            raise FrameBroken(f"a symbol of {length} bytes, {len(body) - at} are there")
        answers.append(Answer(body[at : at + length], symbology.decode("ascii"), tuple(corners)))
        at += length
    return answers
