"""Numbers in binary-coded decimal, most significant digit first, as ATOL's command layer writes them. Pure."""

from __future__ import annotations


def encode(value: int, size: int) -> bytes:
    """ValueError for a number that does not fit `size` bytes."""
    digits = f"{value:0{2 * size}d}"
    if value < 0 or len(digits) > 2 * size:
        raise ValueError(f"{value} does not fit {2 * size} digits")
    return bytes.fromhex(digits)


def decode(data: bytes) -> int:
    """ValueError for half a byte above 9, or no byte at all."""
    digits = data.hex()
    if not digits.isdigit():
        raise ValueError(f"{digits} is no decimal number")
    return int(digits)
