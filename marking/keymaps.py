"""What a keyboard wedge types when the host's layout is Russian or Kazakh, and the way back.

Rows are in physical key order, 47 keys. Source: xkeyboard-config symbols/ru (winkeys), symbols/kz (basic, ruskaz,
kazrus). `ruskaz` types exactly the Russian rows on these keys, so it needs no map of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

US_ROWS = (r"`1234567890-=qwertyuiop[]\asdfghjkl;'zxcvbnm,./", '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?')
RU_ROWS = (r"ё1234567890-=йцукенгшщзхъ\фывапролджэячсмитьбю.", 'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,')
KZ_ROWS = (r'("әіңғ,.үұқөһйцукенгшщзхъ\фывапролджэячсмитьбю№', ")!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ?")
KAZRUS_ROWS = (r"ё1234567890-=йңукенгшғзхұ\өықапролджәяісмитүбю.", 'Ё!"№;%:?*()_+ЙҢУКЕНГШҒЗХҰ/ӨЫҚАПРОЛДЖӘЯІСМИТҮБЮ,')

CYRILLIC = re.compile("[\u0400-\u04ff№]")
_KAZAKH_LETTER = re.compile("[әіңғүұқөһӘІҢҒҮҰҚӨҺ]")
_LATIN = re.compile("[A-Za-z]")
_KZ_CAPITAL_DIGIT = re.compile("[ӘІҢҒҮҰҚ]")


def _table(keys: str, values: str) -> dict[int, str]:
    return {ord(key): value for key, value in zip(keys, values, strict=True)}


@dataclass(frozen=True, slots=True)
class Layout:
    """One keyboard layout against the US one; both directions are one-to-one on the 94 printable keys."""

    name: str
    typed: dict[int, str]  # US character -> what this layout types; for str.translate.
    meant: dict[int, str]  # What this layout types -> US character.

    @classmethod
    def of(cls, name: str, rows: tuple[str, str]) -> Layout:
        us, own = "".join(US_ROWS), "".join(rows)
        return cls(name, _table(us, own), _table(own, us))

    def type(self, text: str) -> str:
        """What appears when `text` is sent key by key.

        >>> RU.type("]d204"), KZ.type("04")
        ('ъв204', 'қң')
        """
        return text.translate(self.typed)

    def invert(self, text: str) -> str:
        """
        >>> RU.invert("ъв204")
        ']d204'
        """
        return text.translate(self.meant)

    def first_alien(self, text: str) -> int | None:
        """Index of the first printable character no key of this layout types."""
        return next((i for i, char in enumerate(text) if char > " " and ord(char) not in self.meant), None)


RU = Layout.of("ru", RU_ROWS)
KZ = Layout.of("kz", KZ_ROWS)
KAZRUS = Layout.of("kazrus", KAZRUS_ROWS)
LAYOUTS = {layout.name: layout for layout in (RU, KZ, KAZRUS)}


def guess(text: str) -> Layout:
    """Tell the layout of a text with Cyrillic letters by its top row: no digits at all means KZ, digits mean RU.

    Kazakh letters beside digits are the `kazrus` variant, which keeps the digit row.
    """
    if not any(char in "0123456789" for char in text):
        return KZ
    return KAZRUS if _KAZAKH_LETTER.search(text) else RU


def first_stranger(layout: Layout, text: str) -> int | None:
    """Index of the character that proves the text was not typed wholly in `layout`: mixed layouts are refused."""
    found = _LATIN.search(text)
    alien = layout.first_alien(text)
    places = [place for place in (found.start() if found else None, alien) if place is not None]
    return min(places, default=None)


def digits_in_capitals(text: str) -> bool:
    """Kazakh layout with Caps Lock: the digit row itself arrives as capitals, which nothing else explains."""
    return _KZ_CAPITAL_DIGIT.search(text[:16]) is not None and not re.search("[әіңғүұқ]", text[:16])
