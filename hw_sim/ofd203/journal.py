"""A frame as a person reads it: the header in one line, the message as indented text with the names of enumerations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hw_sim.ofd203.frames import Header
from hw_sim.ofd203.schema import ENUMS, MESSAGES
from hw_sim.ofd203.wire import Stranger

INDENT = "    "


def frame_text(header: Header, name: str, message: Mapping[str, Any], strangers: Sequence[Stranger] = ()) -> str:
    """Header and message, each line indented, after a line break."""
    lines = [header.text(), *_lines(name, message)]
    lines += [f"? {row.place or name}: unknown field {row.number}, {row.size} bytes" for row in strangers]
    return "".join(f"\n{INDENT}{line}" for line in lines)


def _lines(name: str, message: Mapping[str, Any]) -> Iterator[str]:
    for field in MESSAGES[name].values():
        if field.name not in message:
            continue
        value = message[field.name]
        for item in value if isinstance(value, list) else [value]:
            if field.is_message and (short := _short(field.type, item)) is None:
                yield f"{field.name}:"
                yield from (INDENT + line for line in _lines(field.type, item))
            else:
                yield f"{field.name}: {short if field.is_message else _plain(field.name, field.type, item)}"


def _short(name: str, message: Mapping[str, Any]) -> str | None:
    """Money and moments in one line."""
    if name == "Money":
        return f"{message['bills']}.{message['coins']:02}"
    if name == "DateTime":
        date, time = message["date"], message["time"]
        day = f"{date['year']:04}-{date['month']:02}-{date['day']:02}"
        return f"{day} {time['hour']:02}:{time['minute']:02}" + (f":{time['second']:02}" if "second" in time else "")
    return None


def _plain(name: str, kind: str, value: Any) -> str:
    if name == "command":
        return ENUMS["CommandTypeEnum"].get(value, str(value))
    if kind in ENUMS:
        return ENUMS[kind].get(value, str(value))
    if isinstance(value, bytes):
        return repr(value.decode("utf-8", "replace"))
    return repr(value) if isinstance(value, str) else str(value).lower()
