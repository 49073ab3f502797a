"""Human-readable brackets, `(01)…(21)…(91)…(92)…`, back to an element string.

A serial number may hold brackets itself, so the tail is sought from the end, by the lengths of the templates.
Source: GS1 General Specifications, section 4.14 (human readable interpretation).
"""

from __future__ import annotations

import re

from marking.charset import GS
from marking.code import ReadContext
from marking.elements import DICTIONARY
from marking.errors import ErrorKind
from marking.templates import TEMPLATES, Template
from marking.traced import Traced

_START = re.compile(r"\(01\)([0-9]{14})\(21\)")
_AI = re.compile(r"\((" + "|".join(sorted(DICTIONARY)) + r")\)")


def unbracket(body: Traced, context: ReadContext) -> Traced | None:
    """The element string, or None where the text is not bracketed. CodeError AMBIGUOUS when two splits fit."""
    start = _START.match(body.text)
    if start is None:
        return None
    fits = _fits(body, prove=True) or _fits(body, prove=False)
    texts = {split.text for split in fits.values()}
    if len(texts) > 1:
        named = context.catalogue(start[1]) or ()
        fits = {name: split for name, split in fits.items() if name in named}
        texts = {split.text for split in fits.values()}
        if len(texts) != 1:
            raise body.error(ErrorKind.AMBIGUOUS, start.end(), "the brackets can be read in two ways")
    return next(iter(fits.values())) if fits else _literal(body, start)


def _fits(body: Traced, *, prove: bool) -> dict[str, Traced]:
    matches = (
        (template, template.unbracketed(body.text))
        for template in TEMPLATES.serialised
        if template.offsets_prove is prove
    )
    return {template.id: _rebuild(body, template, match) for template, match in matches if match}


def _rebuild(body: Traced, template: Template, match: re.Match[str]) -> Traced:
    parts: list[tuple[str, int, int]] = []
    gap = ""
    for index, field in enumerate(template.fields):
        if match[f"v{index}"] is not None:
            parts.append((gap + field.ai, *match.span(f"v{index}")))
            gap = "" if DICTIONARY[field.ai].fixed else GS
    return body.join(*parts)


def _literal(body: Traced, start: re.Match[str]) -> Traced:
    """No template fits: take every bracketed identifier at its word, so that the error names the right place."""
    parts = [("01", *start.span(1))]
    literal, at = "21", start.end()
    for found in _AI.finditer(body.text, start.end()):
        parts.append((literal, at, found.start()))
        literal, at = GS + found[1], found.end()
    return body.join(*parts, (literal, at, len(body.text)))
