"""One reading of a text, put together as an IdentificationCode; raw bytes and symbology are added by the caller."""

from __future__ import annotations

from marking.code import CodeKind, IdentificationCode
from marking.elements import joined
from marking.linear import Linear
from marking.templates import TEMPLATES, Template, Values

BARE = "KI"  # Template id of an identification code without its tail.


def serialised(template: Template, values: Values, repairs: tuple[str, ...] = ()) -> IdentificationCode:
    """A code with identifiers 01 and 21 and its tail."""
    given = dict(values)
    gtin, serial = given["01"], given["21"]
    return IdentificationCode(
        raw=b"",
        text=joined(values),
        kind=template.kind,
        template=template.id,
        ki=f"01{gtin}21{serial}",
        gtin=gtin,
        serial=serial,
        elements=values,
        repairs=repairs,
        issuer=TEMPLATES.issuer(template, serial),
    )


def bare(gtin: str, serial: str, named: tuple[str, ...]) -> IdentificationCode:
    """An identification code typed or sent without its tail. `named`: template ids the catalogue gives for the GTIN."""
    owners = [t for t in TEMPLATES.serialised if t.offsets_prove and len(serial) in TEMPLATES.serial_lengths((t.id,))]
    known = [t for t in owners if t.id in named]
    hinting = known or owners
    hint = all(template.issuer_hint for template in hinting)
    block = bool(known) and all(template.kind is CodeKind.BLOCK for template in known)
    values = (("01", gtin), ("21", serial))
    text = joined(values)
    return IdentificationCode(
        raw=b"",
        text=text,
        kind=CodeKind.BLOCK if block else CodeKind.UNIT,
        template=BARE,
        ki=text,
        gtin=gtin,
        serial=serial,
        elements=values,
        issuer=TEMPLATES.issuers.get(serial[:1]) if hint else None,
    )


def plain(template: Template, text: str, ki: str, gtin: str, serial: str) -> IdentificationCode:
    """A code without identifiers: a tobacco pack, whole (`template.id`) or its bare identification code."""
    return IdentificationCode(
        raw=b"",
        text=text,
        kind=template.kind,
        template=BARE if text == ki else template.id,
        ki=ki,
        gtin=gtin,
        serial=serial,
        elements=(),
    )


def transport(number: str, others: Values = ()) -> IdentificationCode:
    """An SSCC; `others` are the elements beside it on a logistic label."""
    values = (("00", number), *others)
    return IdentificationCode(
        raw=b"",
        text=joined(values),
        kind=CodeKind.TRANSPORT,
        template="SSCC",
        ki="00" + number,
        gtin=None,
        serial=None,
        elements=values,
    )


def linear(found: Linear) -> IdentificationCode:
    return IdentificationCode(
        raw=b"",
        text=found.digits,
        kind=CodeKind.LINEAR if found.gtin else CodeKind.IN_STORE,
        template=found.template,
        ki=None,
        gtin=found.gtin,
        serial=None,
        elements=(),
    )


def goods(values: Values) -> IdentificationCode:
    """A linear GS1 symbol with a GTIN and no serial number (DataBar, carton label): it names goods, not a unit."""
    return IdentificationCode(
        raw=b"",
        text=joined(values),
        kind=CodeKind.LINEAR,
        template="GTIN14",
        ki=None,
        gtin=dict(values)["01"],
        serial=None,
        elements=values,
    )


def opaque(text: str) -> IdentificationCode:
    return IdentificationCode(
        raw=b"",
        text=text,
        kind=CodeKind.OPAQUE,
        template="OPAQUE",
        ki=None,
        gtin=None,
        serial=None,
        elements=(),
    )
