"""Texts a keyboard spoiled: wrong layout, Caps Lock, or both; and cp1251 bytes in place of UTF-8.

    D6   Caps Lock                      as it came or swapped                     CHECK
    D7   Russian layout                 inverse map                               FIX
    D9   Kazakh layout (also kazrus)    inverse map                               FIX
    D10  layout and Caps Lock           swap, then inverse map: KZ FIX, RU CHECK
    D16  cp1251 bytes                   decode, then D7

Evidence of Caps Lock: the scanner's keyboard says so, the AIM identifier arrives as `]D2`, or a key known to be upper
case arrives in lower case.
"""

from __future__ import annotations

from dataclasses import replace

from marking.charset import first_foreign
from marking.code import CodeKind, IdentificationCode, ReadContext
from marking.damage import Outcome, attempt, read_repaired
from marking.errors import CodeError, ErrorKind
from marking.keymaps import CYRILLIC, KZ, Layout, digits_in_capitals, first_stranger, guess
from marking.templates import TEMPLATES
from marking.traced import Traced
from marking.transport import strip_ends

_LOWERED_KEYS = tuple(key.lower() for key in TEMPLATES.upper_keys)


def read_typed(text: Traced, context: ReadContext) -> IdentificationCode:
    """Read a text whichever keyboard state it went through. CodeError LAYOUT where layouts are mixed."""
    if CYRILLIC.search(text.text):
        return _read_cyrillic(text, context)
    outcome = read_repaired(text, context)
    if not (context.caps_lock or outcome.caps or lowered_key(outcome.code)):
        return outcome.code
    swapped = _swapped(outcome.code, context)
    return _either(swapped, outcome.code, "D6") if swapped else outcome.code


def lowered_key(code: IdentificationCode) -> bool:
    """Does a key known to be upper case stand there in lower case?"""
    return any(ai == "91" and value.startswith(_LOWERED_KEYS) for ai, value in code.elements)


def _swapped(code: IdentificationCode, context: ReadContext) -> IdentificationCode | None:
    """The same code with the case of every letter swapped; None where that changes nothing or no key is known."""
    text = code.text.swapcase()
    if text == code.text or code.ki is None:
        return None
    other = attempt(Traced.of(text), context).code
    return replace(other, symbology=code.symbology, repairs=code.repairs, flags=code.flags)


def _either(first: IdentificationCode, second: IdentificationCode, rule: str) -> IdentificationCode:
    """CHECK: sell the reading whose key, alone of the two, the cache or the online service knows."""
    candidates = tuple(dict.fromkeys(code.ki for code in (first, second) if code.ki))
    readings = replace(first, repairs=(rule, *first.repairs)), second
    return replace(
        readings[0],
        confirm=True,
        candidates=candidates,
        alternatives=tuple(replace(code, confirm=False, candidates=(), alternatives=()) for code in readings),
    )


def _read_cyrillic(text: Traced, context: ReadContext) -> IdentificationCode:
    text = strip_ends(text)
    layout = guess(text.text)
    stranger = first_stranger(layout, text.text)
    if stranger is not None:
        sign = text.text[stranger]
        raise text.error(ErrorKind.LAYOUT, stranger, f"{sign!r} is not typed by the {layout.name} layout of the rest")
    swapped = text.convert(str.swapcase)
    if layout is KZ and digits_in_capitals(text.text):
        return _marked(_read_inverted(swapped, layout, context).code, "D10")
    rule = "D9" if layout.name.startswith("k") else "D7"
    try:
        plain = _read_inverted(text, layout, context)
    except CodeError:
        # Only with Caps Lock does the AIM identifier of a Cyrillic layout arrive as capitals.
        try:
            found = _read_inverted(swapped, layout, context).code
        except CodeError:
            pass
        else:
            return _marked(replace(found, confirm=True, candidates=(found.ki,) if found.ki else ()), "D10")
        raise
    if (context.caps_lock or lowered_key(plain.code)) and plain.code.ki is not None:
        other = _read_inverted(swapped, layout, context).code
        if other.text != plain.code.text:
            return _either(other, _marked(plain.code, rule), "D10")
    return _marked(plain.code, rule)


def _marked(code: IdentificationCode, rule: str) -> IdentificationCode:
    return replace(code, repairs=(rule, *code.repairs))


def _read_inverted(text: Traced, layout: Layout, context: ReadContext) -> Outcome:
    """Read through the inverse map; CodeError LAYOUT where the result is nothing a code may be."""
    inverted = text.convert(layout.invert)
    try:
        outcome = read_repaired(inverted, context, layout=True)
    except CodeError as fault:
        if fault.kind is not ErrorKind.CHARSET:
            raise
        raise CodeError(ErrorKind.LAYOUT, fault.position, f"no key of a code types this in {layout.name}") from fault
    if outcome.code.kind is CodeKind.OPAQUE:
        first = CYRILLIC.search(text.text)
        index = first.start() if first else first_foreign(text.text) or 0
        raise text.error(ErrorKind.LAYOUT, index, f"typed in the {layout.name} layout, and no known code even so")
    return outcome
