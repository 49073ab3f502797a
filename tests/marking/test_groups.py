"""Product groups: the rows of the order, open to change by configuration."""

from __future__ import annotations

from datetime import date

import pytest

from marking.groups import GroupError, UnknownGroup, load_groups, standard

# Dates as the order names them: MTI № 330-НҚ of 22.11.2025.
DATES = {
    "tobacco_cigarettes": date(2020, 10, 1),
    "tobacco_other": date(2021, 4, 1),
    "shoes": date(2021, 11, 1),
    "medicines": date(2024, 7, 1),
    "saiga": date(2025, 12, 1),
    "beer": date(2026, 2, 1),
    "beer_cans": date(2027, 1, 1),
    "motor_oils": date(2026, 2, 1),
    "fluids": date(2026, 9, 1),
    "clothing_1": date(2026, 12, 1),
    "clothing_2": date(2027, 3, 1),
    "clothing_3": date(2027, 10, 1),
}


@pytest.mark.parametrize(("key", "day"), DATES.items())
def test_a_group_is_marked_from_the_day_of_the_order(key: str, day: date) -> None:
    assert standard()[key].marked_from == day


def test_every_row_names_its_source_and_both_languages() -> None:
    for group in standard().values():
        assert "330-НҚ" in group.source
        assert group.name_ru
        assert group.name_kk


def test_goods_made_before_the_cut_off_of_beer_may_be_sold_for_a_year_and_of_oils_without_an_end() -> None:
    groups = standard()
    assert groups["beer"].legacy_end == date(2027, 1, 31)
    assert groups["motor_oils"].legacy_end == date.max
    assert groups["shoes"].legacy_end is None


def test_an_hs_code_proposes_groups_the_longest_prefix_first() -> None:
    assert [group.key for group in standard().by_hs("6403 91 110 0")] == ["shoes"]
    assert [group.key for group in standard().by_hs("2203 00 010 0")] == ["beer", "beer_cans"]
    assert standard().by_hs("0402 10 110 0") == ()  # Dairy is not in the list.


def test_an_unknown_group_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownGroup, match="'shoes'") as caught:
        standard().require("shoe")
    assert caught.value.nearest == "shoes"


def test_configuration_replaces_one_field_and_leaves_the_others() -> None:
    changed = standard().override("beer", {"legacy_until": "2026-12-31", "templates": ["SHORT-7"]})
    assert changed["beer"].legacy_until == date(2026, 12, 31)
    assert changed["beer"].templates == ("SHORT-7",)
    assert changed["beer"].marked_from == date(2026, 2, 1)
    assert standard()["beer"].legacy_until == date(2027, 1, 31)


def test_a_group_the_file_does_not_have_can_be_added_whole() -> None:
    row = {"name_ru": "Вода", "name_kk": "Су", "marked_from": date(2028, 1, 1), "source": "a future order"}
    assert standard().override("water", row)["water"].marked_from == date(2028, 1, 1)
    with pytest.raises(GroupError, match=r"water: .*marked_from"):
        standard().override("water", {"name_ru": "Вода"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("utc_offset_minutes = ", "not TOML"),
        ("utc_offset_minutes = 'east'", "utc_offset_minutes"),
        ("utc_offset_minutes = 300\n[group.x]\nname_ruu = 'a'", "name_ru"),
        ("utc_offset_minutes = 300\n[group.x]\nname_ru = 5", "text wanted"),
        ("utc_offset_minutes = 300\n[group.x]\nmarked_from = 'soon'", "marked_from"),
        ("utc_offset_minutes = 300\n[group.x]\nhs = 'abc'", "a list of texts"),
        ("utc_offset_minutes = 300\n[group]\nx = 5", "a table wanted"),
        ("utc_offset_minutes = 300\nfoo = 1", "foo"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(GroupError, match=words):
        load_groups(text)
