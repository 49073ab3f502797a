from __future__ import annotations

import pytest

from fiscal.units import UnitUnknown, okei, parse


@pytest.mark.parametrize(
    ("code", "ru", "kk"),
    [
        (796, "шт", "дана"),
        (166, "кг", "кг"),
        (112, "л", "л"),
        (5111, "пач", "бума"),
        (868, "бут", "бөтелке"),
        (6, "м", "м"),
    ],
)
def test_units_carry_the_names_for_paper(code: int, ru: str, kk: str) -> None:
    unit = okei().unit(code)
    assert (unit.ru, unit.kk) == (ru, kk)


def test_every_unit_has_three_names() -> None:
    assert len(okei().units) >= 40
    assert all(unit.ru and unit.kk and unit.en for unit in okei().units.values())


def test_the_wrong_kilogram_of_a_public_list_is_not_a_unit() -> None:
    with pytest.raises(UnitUnknown, match="116"):
        okei().unit(116)


def test_a_family_may_number_a_unit_differently() -> None:
    assert okei().code_for("webkassa", 5111) == 5111
    assert okei().code_for("superkassa", 5111) == 728
    assert okei().code_for("superkassa", 796) == 796
    assert okei().code_for("a family nobody listed", 796) == 796
    with pytest.raises(UnitUnknown):
        okei().code_for("superkassa", 999)


@pytest.mark.parametrize("text", ["codes = [1, 1]", "codes = [1]\n[driver.x]\n2 = 3\n"])
def test_a_damaged_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unit code"):
        parse(text, lambda _code: {"ru": "а", "kk": "ә", "en": "a"})
