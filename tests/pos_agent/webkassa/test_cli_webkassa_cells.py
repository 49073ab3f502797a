"""Cells of the `webkassa` tables: for eyes and for a spreadsheet."""

from __future__ import annotations

from typing import Any

import pytest

from pos_agent.cli.cells import BOM, Column, Many, Moment, Money, Quantity, Rate, exported, shown, spreadsheet

CELLS: list[tuple[Any, str, str]] = [
    (None, "", ""),
    ("", "", ""),
    (0, "0", "0"),
    (False, "", ""),
    (True, "yes", "yes"),
    (Money(123456), "1 234,56", "1234,56"),
    (Money(-500), "-5,00", "-5,00"),
    (Quantity(1500), "1,5", "1,5"),
    (Rate(1600), "16%", "16%"),
    (Moment("2026-07-15T10:30:00+05:00"), "15.07.2026 10:30:00", "15.07.2026 10:30:00"),
    (Moment(""), "", ""),
    (Many(("a", "b")), "2", "a b"),
    (("a", "b"), "a, b", "a, b"),
    ("a\x1b[2J", "a␛[2J", "a\x1b[2J"),
    ("=1+1", "=1+1", "'=1+1"),
    ("-5", "-5", "'-5"),
    (("@a",), "@a", "'@a"),
    (Many(("+a",)), "1", "'+a"),
]


@pytest.mark.parametrize(("cell", "eyes", "sheet"), CELLS)
def test_a_cell_is_shown_and_exported(cell: Any, eyes: str, sheet: str) -> None:
    assert (shown(cell), exported(cell)) == (eyes, sheet)


def test_a_spreadsheet_keeps_semicolons_quotes_and_lines_inside_their_cells() -> None:
    column: Column[str] = Column("a;b", lambda row: row)
    data = spreadsheet([column], ['x;"y"\nz', "қ"])
    assert data == BOM + b"a;b\r\n".replace(b"a;b", b'"a;b"') + '"x;""y""\nz"\r\nқ\r\n'.encode()
