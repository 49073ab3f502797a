"""One scan as plain data: what a store technician and an integrator look at when a code will not sell."""

from __future__ import annotations

from base64 import b64encode

from marking.code import IdentificationCode, ReadContext
from marking.errors import CodeError
from marking.parse import NO_CONTEXT, parse


def report(raw: bytes, context: ReadContext = NO_CONTEXT) -> dict[str, object]:
    """Read `raw` and describe it as an object JSON can hold; a code that cannot be used has the key `error`.

    >>> report(b"(01)04870000000128(21)3hB?7tR(93)aB9+")["template"]
    'SHORT-7'
    """
    try:
        return describe(parse(raw, context))
    except CodeError as fault:
        return {"error": describe_error(fault), "raw": b64encode(raw).decode()}


def describe(code: IdentificationCode) -> dict[str, object]:
    """A code as plain data; `raw` in base64, since it may hold any byte."""
    plain: dict[str, object] = {
        "template": code.template,
        "kind": code.kind.value,
        "gtin": code.gtin,
        "serial": code.serial,
        "ki": code.ki,
        "elements": dict(code.elements),
        "symbology": code.symbology,
        "repairs": list(code.repairs),
        "confirm": code.confirm,
        "issuer": code.issuer,
        "readable": readable(code),
        "text": code.text,
        "raw": b64encode(code.raw).decode(),
    }
    if code.confirm:
        plain["candidates"] = list(code.candidates)
    if code.flags:
        plain["flags"] = list(code.flags)
    return plain


def describe_error(fault: CodeError) -> dict[str, object]:
    return {"kind": fault.kind.value, "position": fault.position, "text": fault.text}


def readable(code: IdentificationCode) -> str:
    """Elements as people write them: `(01)…(21)…`; the text itself where there are no identifiers."""
    return "".join(f"({ai}){value}" for ai, value in code.elements) or code.text
