"""Repairs that change the text as a whole, and the codes that look repairable but must be scanned again.

    D3   GS replaced by one character no code may hold, each directly before an expected element    FIX
    D5   GS became Enter or TAB inside one frame                                                    FIX
    D12  the same scan glued twice                                                                  FIX
    D13  two different codes glued                                                                  REFUSE
    D17  the scanner's configured suffix                                                            silent
    and GS written with legal letters (`<GS>`, `%1D`)                                               silent

Every repaired text goes through the full reading again; two different repairs that both hold are refused.
D1, D2 and D4 need the templates' offsets: `ai_form`. D6 to D10 and D16: `layouts`. Splitting and joining: `join`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from marking import reading, transport
from marking.charset import AI82_SET, GS
from marking.code import CodeKind, IdentificationCode, ReadContext
from marking.errors import CodeError, ErrorKind
from marking.gs1 import check_digit_holds
from marking.keymaps import CYRILLIC
from marking.structure import read
from marking.templates import TEMPLATES
from marking.traced import Traced
from marking.transport import Received

_TERMINATOR = re.compile(r"\r\n|[\r\n\t]")
_NEXT_CODE = re.compile(r"(?:\][A-Za-z][0-9])?\x1d*(?:01[0-9]{14}\x1d*21)|\][A-Za-z][0-9]|[\r\n\t]+")
_TAIL_AIS = frozenset(ai for template in TEMPLATES.serialised for ai in template.ais) - {"01", "21"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A code, and whether the wrapping itself shows Caps Lock."""

    code: IdentificationCode
    caps: bool


def attempt(text: Traced, context: ReadContext) -> Outcome:
    """Unwrap and read one text, no whole-text repair."""
    received = transport.unwrap(text)
    code = read(received, context)
    return Outcome(replace(code, symbology=received.aim.id if received.aim else None), received.caps)


def read_repaired(text: Traced, context: ReadContext, *, layout: bool = False) -> Outcome:
    """Read one frame. `layout`: the text comes from a key map, where a foreign character means mixed layouts, not GS.

    CodeError: of the text as it came, unless a repair explains it better (AMBIGUOUS, GLUED).
    """
    text = transport.strip_ends(text)
    fault: CodeError | None = None
    plain: Outcome | None = None
    try:
        plain = attempt(text, context)
    except CodeError as error:
        fault = error
    if plain and plain.code.template == reading.BARE:
        # A typed serial may hold `<GS>93…` by the letters alone; a whole template explains them better.
        return next(_written_separators(text, context), plain)
    if plain and plain.code.kind is not CodeKind.OPAQUE:
        return plain
    repaired = {outcome.code.text: outcome for outcome in _repairs(text, context, layout)}
    if len(repaired) == 1:
        return next(iter(repaired.values()))
    if repaired:
        raise text.error(ErrorKind.AMBIGUOUS, 0, f"{len(repaired)} repairs fit, with different results")
    second = _second_code(text, context)
    if second is not None:
        raise text.error(ErrorKind.GLUED, second, "a second code begins here; scan each again")
    if plain:
        return plain
    raise fault or text.error(ErrorKind.STRUCTURE, 0, "not readable")


def _repairs(text: Traced, context: ReadContext, layout: bool) -> Iterator[Outcome]:
    """Every repair that holds."""
    yield from _without_suffix(text, context, layout)
    half = _half(text)
    if half:
        yield from _holding(half, context, ("D12",), layout, opaque=False)
    yield from _written_separators(text, context)
    if not layout:
        yield from _foreign_separators(transport.unwrap(text), context)


def _without_suffix(text: Traced, context: ReadContext, layout: bool) -> Iterator[Outcome]:
    """The longest suffix that leaves a code of a known layout, or else the longest that leaves any."""
    bare_context = replace(context, suffixes=())
    outcomes = [
        outcome
        for suffix in sorted(context.suffixes, key=len, reverse=True)
        if 0 < len(suffix) < len(text.text) and text.text.endswith(suffix)
        for outcome in _holding(text.cut(0, len(text.text) - len(suffix)), bare_context, (), layout)
    ]
    known = [outcome for outcome in outcomes if outcome.code.kind is not CodeKind.OPAQUE]
    yield from (known or outcomes)[:1]


def _holding(
    text: Traced, context: ReadContext, rule: tuple[str, ...], layout: bool, *, opaque: bool = True
) -> Iterator[Outcome]:
    try:
        outcome = read_repaired(text, context, layout=layout)
    except CodeError:
        return
    if opaque or outcome.code.kind is not CodeKind.OPAQUE:
        yield replace(outcome, code=replace(outcome.code, repairs=rule + outcome.code.repairs))


def _half(text: Traced) -> Traced | None:
    """The first of two equal halves, with or without a terminator between them."""
    between = _TERMINATOR.search(text.text)
    gap = between.end() - between.start() if between else 0
    middle, odd = divmod(len(text.text) - gap, 2)
    if odd or not middle or text.text[:middle] != text.text[middle + gap :]:
        return None
    return text.cut(0, middle) if not between or between.start() == middle else None


def _written_separators(text: Traced, context: ReadContext) -> Iterator[Outcome]:
    received = transport.unwrap(text)
    written = transport.guarded_gs(received.body, _TAIL_AIS)
    if written:
        yield from _separators(received, written, context, ())


def _foreign_separators(received: Received, context: ReadContext) -> Iterator[Outcome]:
    body = received.body
    if _TERMINATOR.search(body.text):
        yield from _separators(received, body.substitute(_TERMINATOR, GS), context, ("D5",))
        return
    foreign = set(body.text) - AI82_SET - {GS}
    # A Cyrillic letter is a matter of layouts, and a mix of layouts is refused.
    if len(foreign) == 1 and not CYRILLIC.search(body.text):
        separator = re.compile(re.escape(foreign.pop()))
        yield from _separators(received, body.substitute(separator, GS), context, ("D3",))


def _separators(received: Received, body: Traced, context: ReadContext, rule: tuple[str, ...]) -> Iterator[Outcome]:
    """Take the new separators only where all of them stand directly before an element of a whole template."""
    try:
        code = read(replace(received, body=body), context)
    except CodeError:
        return
    if code.text == body.text and code.elements and code.template != reading.BARE and not code.repairs:
        symbology = received.aim.id if received.aim else None
        yield Outcome(replace(code, symbology=symbology, repairs=rule), received.caps)


def _second_code(text: Traced, context: ReadContext) -> int | None:
    """Index where a second code begins after a complete first one (rule D13)."""
    places = {match.start() for match in _NEXT_CODE.finditer(text.text)}
    for size in (sum(field.high for field in template.fields) for template in TEMPLATES.plain):
        for start in (size, len(text.text) - size):
            if check_digit_holds(text.text[start : start + 14]) and len(text.text) >= start + size:
                places.add(start)
    return next((place for place in sorted(places) if place > 0 and _complete(text.cut(0, place), context)), None)


def _complete(head: Traced, context: ReadContext) -> bool:
    try:
        code = attempt(transport.strip_ends(head), context).code
    except CodeError:
        return False
    return code.kind is not CodeKind.OPAQUE and code.template != reading.BARE
