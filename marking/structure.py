"""What kind of code a clean text is: the order of questions that decides, and the identification code taken out.

1  transport pack (SSCC)        2  linear number                 3  plain template (tobacco pack)
4  GS1 elements with a serial   5  the same without separators   6  opaque: passed through, never repaired
"""

from __future__ import annotations

import re
from dataclasses import replace

from marking import reading
from marking.ai_form import START, read_ai_form
from marking.brackets import unbracket
from marking.charset import GS, first_foreign, is_digits
from marking.code import IdentificationCode, ReadContext, Source
from marking.digital_link import from_link
from marking.elements import split, wrong_check_digit
from marking.errors import ErrorKind
from marking.gs1 import check_digit_holds
from marking.linear import read_linear, require_digits
from marking.sscc import read_sscc
from marking.templates import TEMPLATES, Template
from marking.traced import Traced
from marking.transport import Aim, Received

_LINEAR_LENGTHS = (8, 12, 13, 14)
_GTIN_START = re.compile(r"01[0-9]{14}")
# Digits in front and the tail of a known shape behind: an element code whose GTIN lost or gained digits.
_DAMAGED_GTIN = re.compile(
    r"(?:[0-9]{10,}.*91.{4}\x1d?92[A-Za-z0-9+/]{40,}={0,2}|01[0-9]{11,17}21.*93.{4})\Z", re.DOTALL
)
_LOST_CHARACTERS_MAX = 3


def read(received: Received, context: ReadContext) -> IdentificationCode:
    """Read an unwrapped text. CodeError for anything that is no code and not opaque either."""
    body, aim = received.body, received.aim
    if not body.text:
        raise body.error(ErrorKind.EMPTY, 0, "nothing but the wrapping was read")
    if aim and aim.content == "digits":
        require_digits(body, aim.lengths, aim.id)
    code = _read(body, aim, context)
    return replace(code, flags=("no_fnc1",)) if aim and aim.content == "plain" and code.elements else code


def _read(body: Traced, aim: Aim | None, context: ReadContext) -> IdentificationCode:
    number = read_sscc(body)
    if number:
        return reading.transport(number)
    if is_digits(body.text) and len(body.text) in _LINEAR_LENGTHS:
        return _linear(body, aim, context)
    body = from_link(body) or unbracket(body, context) or body
    foreign = first_foreign(body.text)
    if foreign is not None:
        raise body.error(ErrorKind.CHARSET, foreign, f"no code holds the character {body.text[foreign]!r}")
    start = START.match(body.text)
    framed = start is not None and check_digit_holds(start[1])
    code = _plain(body, context, start[1] if start and framed else None)
    if code:
        return code
    if start:
        return read_ai_form(body, context)
    if GS in body.text or (aim and aim.content == "gs1"):
        return _other_elements(body, aim)
    return _opaque(body, context)


def _linear(body: Traced, aim: Aim | None, context: ReadContext) -> IdentificationCode:
    readings = read_linear(body, ean8_only=aim is not None and aim.id == "]E4")
    if len(readings) > 1:
        readings = tuple(found for found in readings if found.gtin and context.catalogue(found.gtin) is not None)
    if len(readings) != 1:
        raise body.error(ErrorKind.AMBIGUOUS, 0, "both an EAN-8 and a UPC-E; the catalogue does not decide")
    return reading.linear(readings[0])


def _plain(body: Traced, context: ReadContext, ai_gtin: str | None) -> IdentificationCode | None:
    """A template without identifiers, whole or (typed, sent by a program) its bare identification code.

    `ai_gtin`: GTIN of the other reading, by identifiers, where its check digit holds too.
    """
    text = body.text
    for template in TEMPLATES.plain:
        match = template.without_gs.fullmatch(text)
        gtin_end = template.fields[0].high
        serial_end = gtin_end + template.fields[1].high
        size = sum(field.high for field in template.fields)
        gtin, serial = text[:gtin_end], text[gtin_end:serial_end]
        if match and check_digit_holds(gtin):
            if ai_gtin and not _catalogue_decides(body, context, gtin, ai_gtin):
                return None
            return reading.plain(template, text, gtin + serial, gtin, serial)
        if START.match(text) or GS in text:
            return None
        if match:
            raise wrong_check_digit(body, gtin_end - 1, "GTIN")
        if check_digit_holds(gtin) and gtin_end < len(text) <= size + _LOST_CHARACTERS_MAX and not is_digits(text):
            return _cut_plain(body, context, template, serial_end, size)
    return None


def _catalogue_decides(body: Traced, context: ReadContext, plain_gtin: str, ai_gtin: str) -> bool:
    """Is it the plain code? CodeError AMBIGUOUS unless the catalogue knows exactly one of the two GTINs."""
    known = context.catalogue(plain_gtin) is not None
    if known == (context.catalogue(ai_gtin) is not None):
        raise body.error(ErrorKind.AMBIGUOUS, 0, f"GTIN {plain_gtin} without identifiers, or GTIN {ai_gtin} with them")
    return known


def _cut_plain(
    body: Traced, context: ReadContext, template: Template, serial_end: int, size: int
) -> IdentificationCode:
    text = body.text
    if len(text) == serial_end and context.source is not Source.SCANNER:
        gtin_end = template.fields[0].high
        return reading.plain(template, text, text, text[:gtin_end], text[gtin_end:])
    if abs(len(text) - size) <= _LOST_CHARACTERS_MAX:
        raise body.error(
            ErrorKind.LENGTH, min(len(text), size), f"{template.id} has {size} characters, not {len(text)}"
        )
    raise body.error(ErrorKind.TAIL_MISSING, len(text), f"{template.id} has {size} characters, {len(text)} arrived")


def _other_elements(body: Traced, aim: Aim | None) -> IdentificationCode:
    """GS1 data that is no unit's code: a logistic label, a DataBar of loose goods, or nothing we can sell."""
    elements = split(body)
    values = tuple((element.ai, element.value) for element in elements)
    given = dict(values)
    if not elements:
        raise body.error(ErrorKind.EMPTY, 0, "nothing but separators")
    if elements[0].ai == "00":
        return reading.transport(values[0][1], values[1:])
    if aim and aim.linear and "01" in given and "21" not in given:
        return reading.goods(values)
    if "21" in given:
        serial = next(element for element in elements if element.ai == "21")
        raise body.error(ErrorKind.STRUCTURE, serial.start, "the serial (21) must follow the GTIN (01)")
    if given.keys() == {"01"}:
        raise body.error(ErrorKind.TAIL_MISSING, len(body.text), "the code ends after the GTIN")
    raise body.error(ErrorKind.STRUCTURE, 0, "GS1 data without a GTIN (01) and a serial (21)")


def _opaque(body: Traced, context: ReadContext) -> IdentificationCode:
    text = body.text
    if _GTIN_START.match(text) and check_digit_holds(text[2:16]):
        if len(text) == 16:
            raise body.error(ErrorKind.TAIL_MISSING, 16, "the code ends after the GTIN")
        raise body.error(ErrorKind.STRUCTURE, 16, "no serial (21) follows the GTIN (01)")
    damaged = _DAMAGED_GTIN.match(text)
    if damaged and not is_digits(text):
        raise body.error(ErrorKind.LENGTH, 0, "digits were lost or doubled before the serial (21)")
    if not context.opaque_allowed:
        raise body.error(ErrorKind.STRUCTURE, 0, "no known layout, and opaque codes are not allowed")
    return reading.opaque(text)
