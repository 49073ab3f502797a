"""What a byte looks like on paper under a given code page.

A page is the name of a published character set. Two are not plain codec names: POSIFLEX_KAZAKH, CP866 with Kazakh
letters over part of the box drawing, and UNDRAWN, a page the firmware lists but whose table nobody published: its
upper half prints as boxes here.

Sources: KZ-1048 (STRK1048-2002, IANA character set registry); the Posiflex table from the Shtrih-M OPOS driver for
Webkassa (github VitalyKravtsov2016/OposWebkassa, src/Shared/EscPrinterPosiflex.pas).
"""

from __future__ import annotations

import codecs
from functools import lru_cache

BOX = "□"  # What we draw where a page has no character.
POSIFLEX_KAZAKH = "posiflex-224"
UNDRAWN = "undrawn"

_POSIFLEX_OVER_CP866 = {
    0xB0: "Ә", 0xB1: "ә", 0xDB: "Ғ", 0xDC: "ғ", 0xDE: "Қ", 0xDF: "қ", 0xF0: "Ң", 0xF1: "ң", 0xF3: "Ө", 0xF4: "ө",
    0xF5: "Ұ", 0xF6: "ұ", 0xF7: "Ү", 0xF2: "ү", 0xFD: "Һ", 0xFE: "һ",
}  # fmt: skip


def page_exists(page: str) -> bool:
    """Tell whether `page` is one of ours or a codec this Python knows."""
    if page in (POSIFLEX_KAZAKH, UNDRAWN):
        return True
    try:
        codecs.lookup(page)
    except LookupError:
        return False
    return True


@lru_cache(maxsize=64)
def page_table(page: str) -> str:
    """The 256 characters of a page; BOX where it has none. Codes below 0x20 never reach the paper and are spaces."""
    base = "cp866" if page == POSIFLEX_KAZAKH else page
    table = []
    for code in range(256):
        if code < 0x20:
            char = " "
        elif code < 0x7F:
            char = chr(code)
        elif page == UNDRAWN:
            char = BOX
        else:
            char = bytes((code,)).decode(base, errors="replace")
        if page == POSIFLEX_KAZAKH:
            char = _POSIFLEX_OVER_CP866.get(code, char)
        table.append(char if char.isprintable() or char == "\xa0" else BOX)
    return "".join(BOX if char == "�" else char for char in table)


def page_char(page: str, byte: int) -> str:
    """The character one byte stands for; under UTF-8, where a byte is no character, the byte in hex."""
    return f"<{byte:02X}>" if page == "utf-8" else page_table(page)[byte]
