"""Two frames that are one code, and one frame that is two reads: pure decisions for whoever holds the frames.

D5   GS became Enter or TAB: the first frame ends with the identification code, the next begins with 91, 92, 93
D12  the same code twice: one read
D13  two codes with a terminator between them: two reads
D14  a frame split in the middle: the pieces follow each other within the join time
"""

from __future__ import annotations

import re

from marking import reading
from marking.ai_form import START
from marking.charset import GS
from marking.code import CodeKind, IdentificationCode, ReadContext
from marking.errors import CodeError
from marking.parse import NO_CONTEXT, parse
from marking.templates import TEMPLATES
from marking.transport import MAX_BYTES, decode, strip_ends, unwrap

_TERMINATORS = re.compile(rb"[\r\n\t]+")


def join(
    head: bytes,
    tail: bytes,
    *,
    gap_ms: int,
    same_device: bool,
    join_ms: int,
    between: bytes = b"",
    context: ReadContext = NO_CONTEXT,
) -> bytes | None:
    """The bytes of one scan made of two frames, or None: leave them apart.

    `between`: terminator that ended the first frame; it stands for a GS (D5). Empty: the line only fell silent (D14).
    `gap_ms`: from the last byte of `head` to the first of `tail`; `join_ms`: longest gap taken for one scan (serial 50,
    keyboard 100). The result may itself still be a head (three frames): `parse` then says TAIL_MISSING, and the caller
    may join again within the time. A bare identification code at the end of its time is never sold: scan again.
    """
    if not same_device or not 0 <= gap_ms <= join_ms or not head or not tail:
        return None
    whole = _read(head, context)
    if whole is not None and whole.ki is not None:
        return head if head == tail else None
    if whole is not None and (between or _read(tail, context) is not None):
        return None
    joined = head + (GS.encode() if between else b"") + tail
    if between and not _at_boundary(head, tail):
        return None
    code = _read(joined, context)
    if code is not None:
        return joined if whole is None or code.ki is not None else None
    # The digits of a split frame may by chance be a number of their own; then only the whole proves the split.
    if whole is not None:
        return None
    return joined if len(joined) < MAX_BYTES and is_head(joined) else None


def _read(frame: bytes, context: ReadContext) -> IdentificationCode | None:
    """The whole code of a frame; None for a head, for damage, and for what no template vouches for."""
    try:
        code = parse(frame, context)
    except CodeError:
        return None
    return None if code.template == reading.BARE or code.kind is CodeKind.OPAQUE else code


def _at_boundary(head: bytes, tail: bytes) -> bool:
    """Does the second frame begin with an identifier of a tail? Under a Cyrillic layout only the whole can tell."""
    tails = {ai for template in TEMPLATES.serialised for ai in template.ais} - {"01", "21"}
    return not tail.isascii() or tail.startswith(tuple(ai.encode() for ai in tails))


def is_head(frame: bytes) -> bool:
    """Is the frame the beginning of a code whose rest did not arrive?"""
    try:
        body = unwrap(strip_ends(decode(frame)[0])).body
    except CodeError:
        return False
    templates = TEMPLATES.serialised if START.match(body.text) else TEMPLATES.plain
    return bool(body.text) and any(template.missing(body.text) for template in templates)


def split(frame: bytes, context: ReadContext = NO_CONTEXT) -> tuple[bytes, ...]:
    """Separate codes that came in one frame with a terminator between them; equal ones count once.

    Anything else comes back whole: without a terminator nobody can tell where one ends, and `parse` refuses it (GLUED).
    """
    parts = [part for part in _TERMINATORS.split(frame) if part]
    if len(parts) < 2 or any(_read(part, context) is None for part in parts):
        return (frame,)
    return tuple(dict.fromkeys(parts))
