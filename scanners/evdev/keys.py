"""Key codes of Linux and the characters they stand for on a US keyboard, whatever layout the desktop has. Pure.

A scanner set to a US keyboard presses the keys of one; key codes are places, not letters, so that neither the desktop's
layout nor its Caps Lock matters.

Sources: Linux include/uapi/linux/input-event-codes.h; xkeyboard-config symbols/us, basic.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SHIFT: Final = frozenset({42, 54})
CTRL: Final = frozenset({29, 97})
ALT: Final = frozenset({56, 100})
MODIFIERS: Final = SHIFT | CTRL | ALT
SILENT: Final = frozenset({58, 69, 70, 125, 126})  # Caps, Num and Scroll Lock, both logo keys: they type nothing.
ENTER: Final = frozenset({28, 96})  # The second is the keypad's.
TAB: Final = frozenset({15})

_ROWS: Final = (  # First key code, the characters, the characters with Shift.
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
PLAIN: Final[Mapping[int, str]] = MappingProxyType(
    {first + place: char for first, plain, _ in _ROWS for place, char in enumerate(plain)}
)
SHIFTED: Final[Mapping[int, str]] = MappingProxyType(
    {first + place: char for first, _, shifted in _ROWS for place, char in enumerate(shifted)}
)

KEYPAD_DIGITS: Final[Mapping[int, int]] = MappingProxyType(
    {71: 7, 72: 8, 73: 9, 75: 4, 76: 5, 77: 6, 79: 1, 80: 2, 81: 3, 82: 0}
)
KEYPAD: Final[Mapping[int, str]] = MappingProxyType(
    {**{code: str(digit) for code, digit in KEYPAD_DIGITS.items()}, 83: ".", 98: "/", 55: "*", 74: "-", 78: "+"}
)
_ALWAYS: Final[Mapping[int, str]] = MappingProxyType(
    {**KEYPAD, **dict.fromkeys(ENTER, "\r"), **dict.fromkeys(TAB, "\t")}
)

FUNCTION_KEYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        **{f"f{number}": 58 + number for number in range(1, 11)},
        "f11": 87,
        "f12": 88,
        **{f"f{number}": 170 + number for number in range(13, 25)},
    }
)
_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: "Esc", 14: "Backspace", 15: "Tab", 28: "Enter", 29: "Ctrl", 42: "Shift", 54: "right Shift", 56: "Alt",
        57: "Space", 58: "Caps Lock", 69: "Num Lock", 70: "Scroll Lock", 96: "keypad Enter", 97: "right Ctrl",
        100: "right Alt", 103: "Up", 105: "Left", 106: "Right", 108: "Down", 111: "Delete",
        **{code: char.upper() for code, char in PLAIN.items() if char != " "},
        **{code: f"keypad {char}" for code, char in KEYPAD.items()},
        **{code: name.upper() for name, code in FUNCTION_KEYS.items()},
    }
)  # fmt: skip


def name_of(code: int) -> str:
    """The key as a person calls it.

    >>> name_of(66), name_of(27), name_of(240)
    ('F8', ']', 'number 240')
    """
    return _NAMES.get(code, f"number {code}")


def character_of(code: int, *, shift: bool) -> int | None:
    """The character a key gives without Ctrl and Alt; None: it gives none.

    >>> chr(character_of(30, shift=False)), chr(character_of(30, shift=True)), character_of(66, shift=False)
    ('a', 'A', None)
    """
    char = (SHIFTED if shift else PLAIN).get(code) or _ALWAYS.get(code)
    return ord(char) if char is not None else None


def control_of(code: int, *, shift: bool) -> int | None:
    """The control character a key gives with Ctrl held: Ctrl+] is GS (1Dh), Ctrl+M is CR. None: it gives none.

    >>> control_of(27, shift=False), control_of(50, shift=True), control_of(2, shift=False)
    (29, 13, None)
    """
    char = (SHIFTED if shift else PLAIN).get(code, "").upper()
    return ord(char) & 0x1F if "@" <= char <= "_" else None
