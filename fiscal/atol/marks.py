"""A marking code as the value of a tag of an item. Pure.

    1162   the code as scanned, its key, or prefix | GTIN 6 bytes | serial (format of fiscal data 1.05)
    1163   the same inside tag 1305 (a GS1 code) or 1306 (a short one), format 1.2

Source: format of fiscal data (orders of the Federal Tax Service of Russia); no Kazakh one is published.
"""

from __future__ import annotations

import re

from fiscal.atol import tlv
from fiscal.atol.settings import MarkForm, MarkSettings
from fiscal.orders import Mark

ITEM_CODE, GS1_CODE, SHORT_CODE = 1163, 1305, 1306
_GS1 = re.compile(r"01(\d{14})21(.+)", re.ASCII | re.DOTALL)
_SHORT = re.compile(r"(\d{14})(.{7})", re.ASCII | re.DOTALL)
_GTIN_BYTES = 6


def value(mark: Mark, settings: MarkSettings) -> bytes:
    """ValueError for a code that cannot be put into this form."""
    code = _formed(mark, settings)
    if settings.tag != ITEM_CODE:
        return code
    return tlv.encode(GS1_CODE if _GS1.match(mark.ki) else SHORT_CODE, code)


def _formed(mark: Mark, settings: MarkSettings) -> bytes:
    if settings.form is MarkForm.FFD105:
        found = _GS1.fullmatch(mark.ki) or _SHORT.match(mark.ki)
        if found is None:
            raise ValueError("has no GTIN and serial number to take apart")
        return settings.prefix + int(found[1]).to_bytes(_GTIN_BYTES, "big") + _ascii(found[2])
    return _ascii(mark.full if settings.form is MarkForm.FULL else mark.ki)


def _ascii(text: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise ValueError("holds a letter that no marking code has") from None
