"""Passwords at rest: scrypt, a salt of its own for each. As text: scrypt$log2(N)$r$p$salt$hash, in hexadecimal."""

from __future__ import annotations

import hashlib
import hmac

LENGTH_MIN = 10
LENGTH_MAX = 200
_R, _P, _SALT_BYTES, _HASH_BYTES = 8, 3, 16, 32


def hashed(password: str, salt: bytes, cost: int) -> str:
    """`cost` is the binary logarithm of N; memory is 1024 * 2**cost bytes."""
    return f"scrypt${cost}${_R}${_P}${salt.hex()}${_derive(password, salt, cost, _R, _P).hex()}"


def matches(password: str, stored: str) -> bool:
    _, cost, r, p, salt, digest = stored.split("$")
    derived = _derive(password, bytes.fromhex(salt), int(cost), int(r), int(p))
    return hmac.compare_digest(derived, bytes.fromhex(digest))


def nobody(cost: int) -> str:
    """What an unknown name is compared with, so that it takes as long as a known one."""
    return f"scrypt${cost}${_R}${_P}${'00' * _SALT_BYTES}${'00' * _HASH_BYTES}"


def _derive(password: str, salt: bytes, cost: int, r: int, p: int) -> bytes:
    size = 128 * r * ((1 << cost) + p + 2)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=1 << cost, r=r, p=p, maxmem=size + (1 << 20), dklen=_HASH_BYTES
    )
