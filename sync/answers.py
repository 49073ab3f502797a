"""What headquarters says when it does not say yes: problem+json, or whatever a box on the way sends instead. Pure.

Source of the form: RFC 9457 (problem details), RFC 9110 section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

DETAIL_LENGTH_MAX = 300
BAD_ROWS = "bad-rows"


def _loads(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def problem(body: bytes) -> tuple[str, str]:
    """(kind, detail); the kind is empty for anything that is not ours."""
    value = _loads(body)
    kind, detail = value.get("kind"), value.get("detail")
    if not isinstance(detail, str):
        detail = body.decode(errors="replace")
    return kind if isinstance(kind, str) else "", _line(detail)


def _line(text: str) -> str:
    """One printable line: half a surrogate pair, for one, could not be journalled."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:DETAIL_LENGTH_MAX]).strip()


def bad_rows(body: bytes) -> Sequence[tuple[int, str]]:
    """(number, reason) of each row headquarters names; nothing unless the answer is surely its own."""
    value = _loads(body)
    rows = value.get("rows")
    if value.get("kind") != BAD_ROWS or not isinstance(rows, list):
        return ()
    return [
        (row["number"], _line(row["reason"]) or "no reason given")
        for row in rows
        if isinstance(row, dict) and type(row.get("number")) is int and isinstance(row.get("reason"), str)
    ]


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds asked for; 0 when nothing usable was said (the form with a date is not worth a clock)."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0.0
