"""The vendor's unit directory beside ours: same, missing here, missing there, named otherwise, known oddities."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.units import okei, parse
from fiscal.webkassa.rows import Place
from fiscal.webkassa.units import Comparison, NamedOtherwise, VendorUnit, compare
from fiscal.webkassa.wire import decode


def unit(code: int, ru: str, kk: str = "", en: str = "") -> VendorUnit:
    return VendorUnit(Place("", 0), code, ru, kk, en, {})


@pytest.fixture
def published(reads: dict[str, Any]) -> list[VendorUnit]:
    rows = decode(reads["units"]["body"].encode()).data
    return [unit(row["Code"], row["NameRu"], row["NameKz"], row["NameEn"]) for row in rows]


def compared(*units: VendorUnit, family: str = "webkassa") -> Comparison:
    return compare(units, okei(), family)


def test_the_published_list_and_our_table_are_the_same_units(published: list[VendorUnit]) -> None:
    found = compare(published, okei(), "webkassa")
    assert (found.only_theirs, found.only_ours, found.named_otherwise) == ((), (), ())
    assert (len(found.same), len(found.known)) == (44, 5)
    assert found.agrees


def test_the_swap_of_5_and_53_is_told_apart_as_known(published: list[VendorUnit]) -> None:
    known = {one.unit.code: one.why for one in compare(published, okei(), "webkassa").known}
    assert set(known) == {5, 53, 383, 469, 8751}
    assert "exchanged" in known[5]
    assert "exchanged" in known[53]
    assert "currency" in known[383]


def test_a_swap_the_vendor_has_mended_is_no_longer_known() -> None:
    found = compared(unit(5, "Дециметр"), unit(53, "Дециметр квадратный"))
    assert found.known == ()
    assert [one.code for one in found.only_theirs] == [5, 53]


def test_codes_of_one_side_only_are_told() -> None:
    found = compared(unit(796, "шт", "дана"), unit(9999, "парсек"))
    assert [one.code for one in found.only_theirs] == [9999]
    assert len(found.only_ours) == len(okei().units) - 1
    assert 796 not in [one.code for one in found.only_ours]
    assert not found.agrees


@pytest.mark.parametrize(
    ("code", "ru", "kk"),
    [
        (796, "Шт.", "ДАНА"),
        (168, "тонн.", "тонн."),
        (112, "литр", "литр"),
        (55, "м2", "м2"),
        (876, "Единица условная", "Шартты бірлік"),
        (5111, "одн.пач", "бір бума"),
    ],
)
def test_a_name_that_is_longer_or_written_otherwise_is_the_same(code: int, ru: str, kk: str) -> None:
    found = compared(unit(code, ru, kk))
    assert (found.same, found.named_otherwise) == ((code,), ())


def test_a_name_of_another_unit_is_told_by_language() -> None:
    found = compared(unit(166, "грамм", "кг"), unit(163, "г", "кг"))
    assert found.named_otherwise == (
        NamedOtherwise(166, "ru", "кг", "грамм"),
        NamedOtherwise(163, "kk", "г", "кг"),
    )


def test_a_symbol_is_the_unit_of_its_published_words_and_of_no_others() -> None:
    assert compared(unit(4, "сантиметр", "сантиметр")).named_otherwise == ()
    assert [one.ours for one in compared(unit(4, "миллиметр")).named_otherwise] == ["см"]


def test_a_name_the_vendor_leaves_out_is_no_difference() -> None:
    assert compared(unit(166, "кг", "")).named_otherwise == ()


def test_codes_are_compared_by_the_numbers_this_register_uses() -> None:
    names = {"ru": "пач", "kk": "бума", "en": "pack"}
    table = parse("codes = [5111]\n[driver.x]\n5111 = 728\n", lambda _code: names)
    assert compare([unit(728, "пачка", "бума")], table, "x").agrees
    assert not compare([unit(728, "пачка", "бума")], table, "webkassa").agrees
