"""Every row of the length table."""

from __future__ import annotations

import pytest

from marking.elements import DICTIONARY
from marking.templates import TEMPLATES

# Identification code / full without GS / full with GS, from the published descriptions of the layouts.
LENGTHS = {
    "FULL44": (31, 83, 85),
    "FULL88": (31, 127, 129),
    "FULL44-20": (38, 90, 92),
    "FULL44-6": (24, 76, 78),
    "SHORT-13": (31, 37, 38),
    "SHORT-7": (25, 31, 32),
    "SHORT-6": (24, 30, 31),
    "SHORT-8": (26, 32, 33),
    "SHORT-6W": (24, 40, 42),
    "BLOCK": (25, 41, 43),
    "PACK29": (21, 29, 29),
    "SSCC": (20, 20, 20),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_the_fields_of_a_template_add_up_to_its_published_lengths(name: str) -> None:
    template = TEMPLATES[name]
    sizes = [len(field.ai) + field.low for field in template.required]
    gaps = sum(1 for field in template.required[:-1] if field.ai and not DICTIONARY[field.ai].fixed)
    key = sizes[0] if name == "SSCC" else sum(sizes[:2])
    assert (key, sum(sizes), sum(sizes) + gaps) == LENGTHS[name] == template.lengths


def test_the_table_has_every_template_and_each_row_names_its_source() -> None:
    assert {template.id for template in TEMPLATES} == {*LENGTHS, "XTRACE-93", "OPAQUE"}
    assert all(template.source for template in TEMPLATES)


# The dictionary rows of the GS1 Barcode Syntax Dictionary: length and whether it is predefined.
@pytest.mark.parametrize(
    ("ai", "low", "high", "fixed"),
    [
        ("00", 18, 18, True),
        ("01", 14, 14, True),
        ("02", 14, 14, True),
        ("10", 1, 20, False),
        ("17", 6, 6, True),
        ("21", 1, 20, False),
        ("37", 1, 8, False),
        ("240", 1, 30, False),
        ("3100", 6, 6, True),
        ("3103", 6, 6, True),
        ("3105", 6, 6, True),
        ("8005", 6, 6, False),
        ("91", 1, 90, False),
        ("99", 1, 90, False),
    ],
)
def test_a_dictionary_row_is_the_published_one(ai: str, low: int, high: int, fixed: bool) -> None:
    row = DICTIONARY[ai]
    assert (row.low, row.high, row.fixed) == (low, high, fixed)


def test_no_identifier_begins_another() -> None:
    assert not [(a, b) for a in DICTIONARY for b in DICTIONARY if a != b and b.startswith(a)]
