"""From what a person scanned or pasted to the code a unit is filed under. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from marking.code import ReadContext, Source
from marking.errors import CodeError
from marking.parse import parse

TYPED_MAX = 300
_VISIBLE_GS = ("\u241d", "<GS>", "\\x1d", "\\u001d", "{GS}")  # As logs, letters and other programs show it.


@dataclass(frozen=True, slots=True)
class Found:
    kis: tuple[str, ...] = ()  # Several: the code is damaged and could be any of these.
    gtin: str = ""
    repairs: tuple[str, ...] = ()
    problem: str = ""  # Kind of the error: the code cannot be read.


def find(typed: str) -> Found:
    """A bare KI is taken as it is: not every registry's key follows a template that we know."""
    text = typed.strip(" \t\r\n")
    for written in _VISIBLE_GS:
        text = text.replace(written, "\x1d")
    if len(text) > TYPED_MAX:
        return Found(problem="too-long")
    try:
        code = parse(text.encode(), ReadContext(source=Source.MANUAL))
    except CodeError as fault:
        return Found((text,), problem=str(fault.kind))
    kis = code.candidates if code.confirm else ((code.ki,) if code.ki else (text,))
    return Found(tuple(dict.fromkeys(kis)), code.gtin or "", code.repairs)
