"""Binary-coded decimals, most significant digit first, as the command layer writes numbers, dates and serials."""

from __future__ import annotations

from datetime import datetime

from hw_sim.atol.problems import Problem, Refused


def encode(value: int, size: int) -> bytes:
    """`size` bytes; digits that do not fit are lost on the left, as in a register that rolls over."""
    return bytes.fromhex(str(max(value, 0)).zfill(2 * size)[-2 * size :])


def decode(data: bytes) -> int:
    """Raises Refused when a half-byte is no digit."""
    digits = data.hex()
    if not digits.isdecimal():
        raise Refused(Problem.BAD_FORMAT)
    return int(digits)


def moment(at: datetime) -> bytes:
    """YY MM DD hh mm ss."""
    return bytes.fromhex(at.strftime("%y%m%d%H%M%S"))


def short_moment(at: datetime) -> bytes:
    """DD MM YY hh mm."""
    return bytes.fromhex(at.strftime("%d%m%y%H%M"))
