"""Frames in words, for the journal a person reads: `SEQ 25 payment: ·P1000.00`, `SEQ 25 R100.00 | 2.3 4.2 4.1`."""

from __future__ import annotations

from hw_sim.datecs.framing import Layout, Request

_TAIL_BYTES = 6  # 05, BCC, 03.


def request_in_words(request: Request, title: str, code_page: str) -> str:
    """What the host asks."""
    return f"SEQ {request.seq:02X} {title}: {readable(request.data, code_page)}".rstrip(": ")


def answer_in_words(frame: bytes, layout: Layout, code_page: str) -> str:
    """Data of an answer and the bits of its status."""
    body = frame[1 + layout.wide : -_TAIL_BYTES]
    status, data = body[-layout.status_bytes :], body[1 + layout.wide : -layout.status_bytes - 1]
    bits = [f"{place}.{bit}" for place, byte in enumerate(status) for bit in range(6, -1, -1) if byte >> bit & 1]
    return f"SEQ {body[0]:02X} {readable(data, code_page)} | {' '.join(bits)}"


def readable(data: bytes, code_page: str) -> str:
    """Text with tabs as dots and what no eye sees as <1D>."""
    text = data.decode(code_page, "replace")
    return "".join("·" if char == "\t" else char if char.isprintable() else f"<{ord(char):02X}>" for char in text)
