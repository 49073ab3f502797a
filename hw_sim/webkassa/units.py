"""Unit codes of RefUnits. Source: Webkassa v4 collection (OposWebkassa, doc/Webkassa/2.0.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_UNITS: Mapping[int, tuple[str, str, str]] = {  # code: (Russian, English, Kazakh)
    796: ("шт", "pc", "дана"),
    166: ("кг", "kg", "кг"),
    163: ("г", "g", "г"),
    168: ("т", "t", "т"),
    112: ("л", "l", "л"),
    111: ("мл", "ml", "мл"),
    6: ("м", "m", "м"),
    18: ("пог. м", "linear m", "қума м"),
    8: ("км", "km", "км"),
    55: ("м2", "m2", "м2"),
    51: ("см2", "cm2", "см2"),
    113: ("м3", "m3", "м3"),
    778: ("упак", "package", "орама"),
    5111: ("пачка", "pack", "бума"),
    812: ("ящик", "box", "жәшік"),
    704: ("набор", "set", "жинақ"),
    839: ("комплект", "kit", "жиынтық"),
    715: ("пара", "pair", "жұп"),
    797: ("сто шт", "hundred pcs", "жүз дана"),
    736: ("рулон", "roll", "орам"),
    625: ("лист", "sheet", "парақ"),
    868: ("бут", "bottle", "бөтелке"),
    872: ("флакон", "vial", "құты"),
    870: ("ампула", "ampoule", "ампула"),
    356: ("час", "hour", "сағат"),
    359: ("сут", "day", "тәулік"),
    362: ("мес", "month", "ай"),
    792: ("чел", "person", "адам"),
    5114: ("усл", "service", "қызмет"),
}
CODES = frozenset(_UNITS)


def unit_name(code: int) -> str:
    """The Russian short name, for the paper."""
    return _UNITS[code][0]


def unit_rows() -> list[dict[str, Any]]:
    """The answer of references/RefUnits."""
    return [{"Code": code, "NameRu": ru, "NameEn": en, "NameKz": kk} for code, (ru, en, kk) in _UNITS.items()]
