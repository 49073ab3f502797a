"""Why a text is not a usable identification code: a kind and a place, never just words."""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"
    CHARSET = "charset"  # A character no code may hold, and no rule explains it.
    CHECK_DIGIT = "check_digit"
    LENGTH = "length"  # No template has this length, or characters were lost (D15).
    AMBIGUOUS = "ambiguous"  # Two readings hold; only the catalogue could decide.
    TAIL_MISSING = "tail_missing"  # A bare identification code where the full one is needed (D14).
    GLUED = "glued"  # Two codes in one frame (D13).
    LAYOUT = "layout"  # Keyboard layouts mixed; the text cannot be inverted (D7, D9).
    UNKNOWN_AI = "unknown_ai"
    STRUCTURE = "structure"  # Elements in a combination no template has.
    ENCODING = "encoding"  # Bytes that are no text in any encoding a scanner uses (D16).


class CodeError(ValueError):
    """`position` counts characters from 0 in the text as it came (bytes where it is no text)."""

    def __init__(self, kind: ErrorKind, position: int, text: str) -> None:
        super().__init__(f"{kind} at {position}: {text}")
        self.kind = kind
        self.position = position
        self.text = text
