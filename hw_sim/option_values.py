"""Values of options as a person types and reads them, by the type of the option.

on, off                  yes and no
none                     where a type allows it
1,2,3                    several; with | between them where a comma belongs to the text
45:0.5,46:1              a table: only these entries are changed
1:1/29/30                a table of several
0x1D                     a number in hexadecimal
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

ON, OFF, NONE = ("on", "yes", "true", "1"), ("off", "no", "false", "0"), "none"
_SEPARATORS = (",", ":", "/")  # Between the items of a list in a list in a list.


def readable(kind: Any) -> bool:
    """Whether a value of this type can be typed."""
    if kind in _PLAIN or _is_choice(kind):
        return True
    parts = [part for part in get_args(kind) if part not in (NoneType, Ellipsis)]
    return get_origin(kind) in (*_UNIONS, tuple, frozenset, Mapping) and all(map(readable, parts))


def read(kind: Any, text: str, present: Any = None) -> Any:
    """A value of the type. `present`: the table whose entries a text may change.

    Raises:
        ValueError: the text is none; the message says what is wanted.
    """
    return _read(kind, text, present, 0)


def choices(kind: Any) -> tuple[str, ...]:
    """The only texts that are values of the type; () where there are too many to tell."""
    if kind is bool:
        return (ON[0], OFF[0])
    return tuple(str(one.value) for one in kind) if _is_choice(kind) else ()


def shown(value: Any) -> str:
    """The text that `read` takes for this value."""
    return _shown(value, 0)


def _read(kind: Any, text: str, present: Any, depth: int) -> Any:
    if kind in _PLAIN:
        return _PLAIN[kind](text)
    if _is_choice(kind):
        return _choice(kind, text)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in _UNIONS:
        (some,) = (part for part in parts if part is not NoneType)
        return None if text == NONE and some is not str else _read(some, text, present, depth)
    if origin is Mapping:
        entries = (_entry(parts, item, depth) for item in _split(text, depth))
        return {**(present or {}), **dict(entries)}
    if origin is frozenset:
        return frozenset(_read(parts[0], item, None, depth + 1) for item in _split(text, depth))
    items = _split(text, depth)
    if parts[-1] is Ellipsis:
        return tuple(_read(parts[0], item, None, depth + 1) for item in items)
    if len(items) != len(parts):
        raise ValueError(f"{len(parts)} values are wanted, with {_SEPARATORS[depth]} between them")
    return tuple(_read(part, item, None, depth + 1) for part, item in zip(parts, items, strict=True))


def _entry(parts: tuple[Any, ...], item: str, depth: int) -> tuple[Any, Any]:
    key, colon, value = item.partition(":")
    if not colon:
        raise ValueError(f"{item}: key:value is wanted")
    return _read(parts[0], key, None, depth + 2), _read(parts[1], value, None, depth + 2)


def _split(text: str, depth: int) -> list[str]:
    if not text or text == NONE:
        return []
    return text.split("|" if depth == 0 and "|" in text else _SEPARATORS[depth])


def _shown(value: Any, depth: int) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return ON[0] if value else OFF[0]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        entries = [f"{_shown(key, depth + 2)}:{_shown(one, depth + 2)}" for key, one in value.items()]
        return ",".join(entries) or NONE
    if isinstance(value, tuple | frozenset):
        items = sorted(value) if isinstance(value, frozenset) else value
        texts = [_shown(item, depth + 1) for item in items]
        return ("|" if any("," in text for text in texts) else _SEPARATORS[depth]).join(texts) or NONE
    return f"{value:g}" if isinstance(value, float) else str(value)


def _switch(text: str) -> bool:
    word = text.lower()
    if word not in (*ON, *OFF):
        raise ValueError("on or off")
    return word in ON


def _whole(text: str) -> int:
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        raise ValueError("a whole number is wanted") from None


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("a number is wanted")
    return number


def _choice(kind: type[Enum], text: str) -> Enum:
    for one in kind:
        if str(one.value) == text:
            return one
    raise ValueError(f"one of {', '.join(choice or '(empty)' for choice in choices(kind))}")


def _is_choice(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


_UNIONS = (Union, UnionType)
_PLAIN: Mapping[Any, Callable[[str], Any]] = {bool: _switch, int: _whole, float: _number, str: str}
