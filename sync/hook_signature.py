"""How a webhook proves who sent it and when: HMAC-SHA256 over time and body. Pure; a receiver does the same.

    time: 1795496137
    signature: v1=HEX      HMAC-SHA256(secret, "1795496137." + body)

Headquarters and tills sign alike, under header names of their own.
"""

from __future__ import annotations

import hashlib
import hmac

VERSION = "v1"
AGE_S_MAX = 300


def signature(secret: bytes, time_s: int, body: bytes) -> str:
    digest = hmac.new(secret, f"{time_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"{VERSION}={digest}"


def holds(secret: bytes, time_text: str, given: str, body: bytes, now_s: int, age_s_max: int = AGE_S_MAX) -> bool:
    """Whether body and time are the sender's and no older than allowed."""
    if not (time_text.isascii() and time_text.isdigit()) or abs(now_s - int(time_text[:15])) > age_s_max:
        return False
    expected = signature(secret, int(time_text[:15]), body)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
