"""Codes made of GS1 elements: `01` + GTIN + `21` + serial + tail, with the repairs that need the templates' offsets.

    D1  GS dropped: one template (or the one the catalogue names) fits by exact offsets and length -> FIX
    D2  only a later GS dropped                                                                    -> FIX
    D4  GS replaced by a legal character, and the catalogue names the template                     -> CHECK

Anything that fits two templates is refused unless the catalogue names one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from marking import reading
from marking.charset import GS, first_bad
from marking.code import IdentificationCode, ReadContext, Source
from marking.elements import DICTIONARY, Element, split, wrong_check_digit
from marking.errors import CodeError, ErrorKind
from marking.gs1 import check_digit_holds
from marking.templates import TEMPLATES, Template
from marking.traced import Traced

START = re.compile(r"01([0-9]{14})\x1d*21")
_NOISE = re.compile(r"(?<=\x1d)\x1d+")
_AFTER_GTIN = re.compile(r"(?<=\A01[0-9]{14})\x1d+")
_LOST_CHARACTERS_MAX = 3  # Rule D15: a length off by so little is loss in the middle, not a split frame.
_SERIAL_START = 18


@dataclass(frozen=True, slots=True)
class _Case:
    body: Traced
    gtin: str
    source: Source
    named: tuple[str, ...]  # Templates the catalogue gives for the GTIN, of those this table knows.

    def open_to(self) -> list[Template]:
        """Templates whose separators may be restored by offset."""
        return [t for t in TEMPLATES.serialised if t.offsets_prove or t.id in self.named]


def read_ai_form(body: Traced, context: ReadContext) -> IdentificationCode:
    """Read a text that matches START. CodeError says what is wrong and where."""
    gtin = body.text[2:16]
    if not check_digit_holds(gtin):
        raise wrong_check_digit(body, 15, "GTIN")
    known = {template.id for template in TEMPLATES.serialised}
    named = tuple(name for name in context.catalogue(gtin) or () if name in known)
    body = body.substitute(_AFTER_GTIN, "").substitute(_NOISE, "")
    case = _Case(body, gtin, context.source, named)
    return _separated(case) if GS in body.text else _unseparated(case)


def _separated(case: _Case) -> IdentificationCode:
    elements, fault = _split(case.body)
    values = tuple((element.ai, element.value) for element in elements)
    clean = [template for template in TEMPLATES.serialised if values and template.fits(values)]
    firm = [reading.serialised(template, values) for template in clean if template.offsets_prove]
    if len(firm) == 1:
        return firm[0]
    free = [reading.serialised(template, values) for template in clean if not template.offsets_prove]
    readings = firm or [*free, *_lost(case, case.open_to())]
    return _choose(case, readings, elements, fault)


def _unseparated(case: _Case) -> IdentificationCode:
    elements, fault = _split(case.body)
    serial = case.body.text[_SERIAL_START:]
    readings = list(_lost(case, case.open_to()))
    if case.source is not Source.SCANNER and DICTIONARY["21"].low <= len(serial) <= DICTIONARY["21"].high:
        # A tail behind a serial of free length proves nothing, but it is enough of a doubt against a bare code.
        readings = readings or list(_lost(case, TEMPLATES.serialised))
        readings.append(reading.bare(case.gtin, serial, case.named))
    for template in case.open_to():
        found = template.replaced(case.body.text)
        if found is None:
            continue
        values, index = found
        if not case.named:
            sign = case.body.text[index]
            raise case.body.error(ErrorKind.AMBIGUOUS, index, f"{sign!r} may stand for GS ({template.id}) or be data")
        code = reading.serialised(template, values, ("D4",))
        readings.append(replace(code, confirm=True, candidates=(f"01{case.gtin}21{code.serial}",)))
    return _choose(case, readings, elements, fault)


def _lost(case: _Case, templates: Iterable[Template]) -> Iterable[IdentificationCode]:
    for template in templates:
        found = template.lost(case.body.text)
        if found:
            yield reading.serialised(template, found.values, ("D1" if found.first_lost else "D2",))


def _split(body: Traced) -> tuple[tuple[Element, ...], CodeError | None]:
    """The elements, or none and what is wrong: a lost separator makes nonsense that offsets may still explain."""
    try:
        return split(body), None
    except CodeError as fault:
        return (), fault


def _choose(
    case: _Case, readings: list[IdentificationCode], elements: tuple[Element, ...], fault: CodeError | None
) -> IdentificationCode:
    if case.named:
        readings = [code for code in readings if _is_named(code, case.named)]
    distinct = {code.text: code for code in readings}
    if len(distinct) == 1:
        return readings[0]
    if distinct:
        first, second, *_ = sorted(distinct)
        place = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), len(first))
        names = " or ".join(code.template for code in distinct.values())
        raise case.body.error(ErrorKind.AMBIGUOUS, place, f"can be read as {names}")
    raise _diagnosis(case, elements, fault)


def _is_named(code: IdentificationCode, named: tuple[str, ...]) -> bool:
    if code.template == reading.BARE:
        return len(code.serial or "") in TEMPLATES.serial_lengths(named)
    return code.template in named


def _diagnosis(case: _Case, elements: tuple[Element, ...], fault: CodeError | None) -> CodeError:
    """Why no template fits: a head only, a field of a wrong length, or elements that do not belong together."""
    body = case.body
    end = len(body.text)
    templates = [t for t in TEMPLATES.serialised if t.id in case.named] or list(TEMPLATES.serialised)
    short = min((n for n in (template.missing(body.text) for template in templates) if n), default=0)
    if short > _LOST_CHARACTERS_MAX:
        return body.error(ErrorKind.TAIL_MISSING, end, f"at least {short} characters of the code did not arrive")
    if short:
        place = elements[-1].value_start if elements else end
        return body.error(ErrorKind.LENGTH, place, f"{short} characters were lost in this field or before it")
    if fault is not None:
        return fault
    return _misfit(body, elements, templates)


def _misfit(body: Traced, elements: tuple[Element, ...], templates: list[Template]) -> CodeError:
    ais = [element.ai for element in elements]
    for count, element in enumerate(elements, 1):
        if not any(set(ais[:count]) <= template.ais for template in templates):
            return body.error(ErrorKind.STRUCTURE, element.start, f"AI {element.ai} stands in no template beside these")
    # Whole templates first; else those that begin so.
    alike = [template for template in templates if template.has_shape(frozenset(ais))]
    alike = alike or [template for template in templates if _in_order(template, ais) == len(ais)]
    if not alike:
        element = elements[max(_in_order(template, ais) for template in templates)]
        return body.error(ErrorKind.STRUCTURE, element.start, f"AI {element.ai} stands where another should come first")
    wrong = {template.id: _wrong_fields(template, elements) for template in alike}
    fewest = min(len(bad) for bad in wrong.values())
    if not fewest:
        return body.error(ErrorKind.TAIL_MISSING, len(body.text), f"AI {ais[-1]} is not the end of any template")
    nearest = {name: bad[0] for name, bad in wrong.items() if len(bad) == fewest}
    element = min(nearest.values(), key=lambda bad: bad.start)
    fields = [field for name in nearest if (field := TEMPLATES[name].field(element.ai))]
    lengths = sorted({field.low for field in fields})
    bad = first_bad(fields[0].charset, element.value)
    if bad is not None and len(element.value) in lengths:
        text = f"AI {element.ai} may not hold {element.value[bad]!r}"
        return body.error(ErrorKind.CHARSET, element.value_start + bad, text)
    wanted = "/".join(map(str, lengths))
    text = f"AI {element.ai} has {len(element.value)} characters, not {wanted} ({', '.join(nearest)})"
    return body.error(ErrorKind.LENGTH, element.value_start, text)


def _in_order(template: Template, ais: list[str]) -> int:
    """How many of the identifiers follow the template from its start."""
    pairs = zip(template.required, ais, strict=False)
    return next((count for count, (field, ai) in enumerate(pairs) if field.ai != ai), len(ais))


def _wrong_fields(template: Template, elements: tuple[Element, ...]) -> list[Element]:
    fields = {field.ai: field for field in template.fields}
    return [element for element in elements if not fields[element.ai].holds(element.value)]
