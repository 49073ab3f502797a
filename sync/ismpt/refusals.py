"""Error answers, pure: whether they mean "your token is over", and the words kept for support.

An error body is a JSON array, one object, empty, or a gateway's HTML page.
Source: public clients of markirovka.kz (MarkSolutions), codes `user-incorrect-login-or-password`, `inactive-token`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

BODY_BYTES_MAX = 2048
HIDDEN_LENGTH_MIN = 4
NS_PER_S = 1_000_000_000
DEAD_TOKEN = "inactive-token"  # noqa: S105 - a word of the protocol
BAD_LOGIN = "user-incorrect-login-or-password"
# The check part of a code, with the separator as it is or as JSON escapes it.
CHECK_PART = re.compile(r"(?:\x1d|\\u001[dD])\S*")
BEARER = re.compile(r"(?i)bearer\s+\S+")


def token_is_over(status: int, body: bytes) -> bool:
    """401, or a body of any status whose error says that the token is not active."""
    if status == 401:
        return True
    return DEAD_TOKEN.encode() in body and any(
        DEAD_TOKEN in (error.get("code"), _context(error).get("_cause")) for error in _errors(body)
    )


def login_is_wrong(body: bytes) -> bool:
    return BAD_LOGIN.encode() in body and any(error.get("code") == BAD_LOGIN for error in _errors(body))


def words(status: int, body: bytes, hidden: Iterable[str]) -> str:
    """ "HTTP 400: ..." with at most 2 KB of the body, without our secrets and without check parts."""
    text = body.decode("utf-8", "replace")
    for secret in hidden:
        if len(secret) >= HIDDEN_LENGTH_MIN:
            text = text.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
    text = " ".join(CHECK_PART.sub("***", BEARER.sub("***", text)).split())
    text = text.encode("utf-8", "replace")[:BODY_BYTES_MAX].decode("utf-8", "ignore")
    return f"HTTP {status}: {text}" if text else f"HTTP {status}"


def retry_after_s(header: str | None, now_ns: int) -> float | None:
    """Seconds a Retry-After asks for, written as a number or as a date."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now_ns / NS_PER_S)


def _errors(body: bytes) -> list[dict[str, Any]]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [error for error in (content if isinstance(content, list) else [content]) if isinstance(error, dict)]


def _context(error: dict[str, Any]) -> dict[str, Any]:
    context = error.get("context")
    return context if isinstance(context, dict) else {}
