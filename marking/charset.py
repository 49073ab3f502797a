"""The characters an identification code may hold.

Source: GS1 General Specifications, AI-encodable character set 82; Kazakhstan Energy Ministry order 44-н/қ, p. 19 (the
Kazakh serial set is the same without brackets; brackets are accepted on input because Russian serials hold them).
"""

from __future__ import annotations

import re
import string

GS = "\x1d"

AI82 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "!\"%&'()*+,-./:;<=>?_"
AI82_SET = frozenset(AI82)
KZ_SERIAL = AI82.replace("(", "").replace(")", "")

_AI82_CLASS = "[" + re.escape(AI82) + "]"
_FOREIGN = re.compile("[^" + re.escape(AI82) + GS + "]")
_NOT_AI82 = re.compile("[^" + re.escape(AI82) + "]")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]|=(?!=?\Z)")


def is_digits(text: str) -> bool:
    """ASCII digits only; `str.isdigit` would also take digits of other scripts."""
    return text.isascii() and text.isdigit()


def first_foreign(text: str) -> int | None:
    """Index of the first character that is neither AI-82 nor GS.

    >>> first_foreign("0104 21"), first_foreign("0104")
    (4, None)
    """
    found = _FOREIGN.search(text)
    return found.start() if found else None


def pattern(charset: str, low: int, high: int) -> str:
    """Regular expression for `low` to `high` characters of a named set ("digits", "ai82", "base64")."""
    span = f"{{{low}}}" if low == high else f"{{{low},{high}}}"
    if charset == "digits":
        return f"[0-9]{span}"
    if charset == "base64":
        letters = "[A-Za-z0-9+/]"
        return f"(?:{letters}{{{low}}}|{letters}{{{low - 1}}}=|{letters}{{{low - 2}}}==)"
    return _AI82_CLASS + span


def first_bad(charset: str, value: str) -> int | None:
    """Index of the first character of a value outside a named set. GS is outside all; base64 is padded only at its end.

    >>> first_bad("digits", "12a"), first_bad("base64", "ab=c"), first_bad("base64", "abc=")
    (2, 2, None)
    """
    if charset == "digits":
        return next((i for i, char in enumerate(value) if not is_digits(char)), None)
    found = (_NOT_BASE64 if charset == "base64" else _NOT_AI82).search(value)
    return found.start() if found else None
