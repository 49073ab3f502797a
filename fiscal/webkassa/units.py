"""The vendor's unit directory laid beside ours (fiscal/data/units.toml). Pure.

Ours is shortened for paper, so "т" for "тонн." or "ед. усл." for "Единица условная" is the same unit: each of our words
begins one of the vendor's, or the other way round. Symbols that are no beginning of a word ("см") stand in a table with
the words the published list has for them. What else differs is told.
Source: Webkassa API v4 (public collection, protocol 2.0.3): references/RefUnits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.units import Unit, UnitTable
from fiscal.webkassa.rows import Place
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import evidence


@dataclass(frozen=True, slots=True)
class VendorUnit:
    place: Place
    code: int
    ru: str
    kk: str
    en: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NamedOtherwise:
    code: int
    language: str  # "ru" | "kk"
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class KnownOddity:
    unit: VendorUnit
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    same: tuple[int, ...]
    only_theirs: tuple[VendorUnit, ...]  # Codes the vendor has and we lack.
    only_ours: tuple[Unit, ...]
    named_otherwise: tuple[NamedOtherwise, ...]
    known: tuple[KnownOddity, ...]  # What the published list is known for, as long as it still says it.

    @property
    def agrees(self) -> bool:
        return not (self.only_theirs or self.only_ours or self.named_otherwise)


_SWAPPED = "OKEI has 5 for the decimetre and 53 for the square decimetre: the vendor's list has them exchanged"
_CURRENCY = "a currency, not a unit of goods"
# Code -> the vendor's Russian name as published, and why it is no finding.
KNOWN: Mapping[int, tuple[str, str]] = {
    5: ("Дециметр квадратный", _SWAPPED),
    53: ("Дециметр", _SWAPPED),
    383: ("рубль российский", _CURRENCY),
    469: ("Тенге казахский", _CURRENCY),
    8751: ("Қорап", "the vendor's list has the Kazakh and the Russian name exchanged"),
}
# Code -> the published words, Russian and Kazakh, for which ours is the symbol.
IN_WORDS: Mapping[int, tuple[str, str]] = {
    2: ("Микрометр", "Микрометр"),
    4: ("сантиметр", "сантиметр"),
    59: ("Гектар", "Гектар"),
    110: ("миллиметр кубический", "кубтық миллиметр"),
    111: ("Миллилитр ( куб.см.)", "Миллилитр ( куб.см.)"),
    122: ("Гектолитр", "Гектолитр"),
    123: ("Метр кубический условный", "Шартты кубтық метр"),
    245: ("Киловатт-час", "Киловатт-сағат"),
    841: ("килограмм пероксида водорода", "сутегі тотығының килограмы"),
}


def vendor_unit(row: Fields, place: Place, _settings: Settings) -> VendorUnit:
    """AnswerMalformed for a unit without a code, or with a name that is no text."""
    code = row.integer("Code")
    if code is None:
        raise AnswerMalformed("Code", "is missing")
    return VendorUnit(place, code, row.text("NameRu"), row.text("NameKz"), row.text("NameEn"), evidence(row.origin))


def compare(theirs: Iterable[VendorUnit], table: UnitTable, family: str) -> Comparison:
    """`family` names the column of numbers this register uses instead of OKEI codes."""
    ours = {table.code_for(family, code): unit for code, unit in table.units.items()}
    known: list[KnownOddity] = []
    same: list[int] = []
    only_theirs: list[VendorUnit] = []
    otherwise: list[NamedOtherwise] = []
    seen: set[int] = set()
    for unit in theirs:
        seen.add(unit.code)
        published, why = KNOWN.get(unit.code, ("", ""))
        if published and unit.ru.strip() == published:
            known.append(KnownOddity(unit, why))
        elif unit.code not in ours:
            only_theirs.append(unit)
        elif differing := _differing(ours[unit.code], unit):
            otherwise += differing
        else:
            same.append(unit.code)
    only_ours = tuple(unit for code, unit in ours.items() if code not in seen)
    return Comparison(tuple(same), tuple(only_theirs), only_ours, tuple(otherwise), tuple(known))


def _differing(ours: Unit, theirs: VendorUnit) -> list[NamedOtherwise]:
    pairs = (("ru", ours.ru, theirs.ru), ("kk", ours.kk, theirs.kk))
    words = IN_WORDS.get(theirs.code, ())
    return [
        NamedOtherwise(theirs.code, name, a, b)
        for name, a, b in pairs
        if b and b.strip() not in words and not _alike(a, b)
    ]


def _alike(ours: str, theirs: str) -> bool:
    """Whether one is the other, perhaps shortened: every word of one begins a word of the other, in order."""
    few, many = sorted((_words(ours), _words(theirs)), key=len)
    rest = iter(many)
    return bool(few) and all(any(a.startswith(b) or b.startswith(a) for b in rest) for a in few)


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name).casefold()  # NFKC: "м²" is "м2".
    return re.findall(r"\w+", plain)
