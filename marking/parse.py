"""Bytes of one scan to one identification code."""

from __future__ import annotations

from dataclasses import replace

from marking import fast
from marking.code import IdentificationCode, ReadContext
from marking.errors import CodeError, ErrorKind
from marking.layouts import read_typed
from marking.transport import decode

NO_CONTEXT = ReadContext()


def parse(raw: bytes, context: ReadContext = NO_CONTEXT) -> IdentificationCode:
    """Read one frame as a scanner, a keyboard or a program gave it.

    Takes the transport form off, repairs what the damage table allows, and splits the code. Raises CodeError, with a
    kind and a position, for anything that cannot be used; no bytes raise another exception.

    >>> parse("04870249811936t1Xrb-xQWhpeGhG".encode()).ki
    '04870249811936t1Xrb-x'
    """
    return fast.read_clean(raw, context) or read_any(raw, context)


def read_any(raw: bytes, context: ReadContext = NO_CONTEXT) -> IdentificationCode:
    """`parse` without its fast path: the same result for every input, only slower."""
    text, encoding = decode(raw)
    try:
        code = read_typed(text, context)
    except CodeError as fault:
        if encoding != "cp1251" or fault.kind not in (ErrorKind.CHARSET, ErrorKind.LAYOUT):
            raise
        first = next(i for i, byte in enumerate(raw) if byte > 0x7F)
        raise CodeError(
            ErrorKind.ENCODING, first, f"byte {raw[first]:02X}h fits no encoding a code comes in"
        ) from fault
    repairs = ("D16", *code.repairs) if encoding == "cp1251" else code.repairs
    alternatives = tuple(replace(other, raw=raw) for other in code.alternatives)
    return replace(code, raw=raw, repairs=repairs, alternatives=alternatives)


def confirmed(code: IdentificationCode, ki: str) -> IdentificationCode:
    """The reading of a CHECK code whose key turned out to be the known one, no longer to be confirmed.

    ValueError if `ki` is not among its candidates.
    """
    if ki not in code.candidates:
        raise ValueError(f"{ki!r} is no candidate of this scan")
    chosen = next((other for other in code.alternatives if other.ki == ki), code)
    return replace(chosen, confirm=False, candidates=(), alternatives=())
