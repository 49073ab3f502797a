"""Lists written as XLSX, CSV and JSON, and read back by others."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tracemalloc

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.hq.exports import xlsx
from sync.hq.exports.xlsx import write_xlsx
from sync.lists.plain import csv_pieces, guarded, json_pieces
from sync.lists.table import Column, ColumnKind, Table

AT = int(dt.datetime(2026, 11, 23, 11, 55, 37, tzinfo=dt.UTC).timestamp()) * 1_000_000
LOCAL = dt.datetime(2026, 11, 23, 16, 55, 37)  # noqa: DTZ001 - a spreadsheet knows no zones
COLUMNS = (
    Column("ki", "Таңбалау коды"),
    Column("units", "Дана", ColumnKind.COUNT),
    Column("sum", "Сома, ₸", ColumnKind.MONEY),
    Column("day", "Күні", ColumnKind.DAY),
    Column("at", "Уақыты", ColumnKind.MOMENT_US),
    Column("seen", "Көрінді", ColumnKind.MOMENT_NS),
    Column("healed", "Жабылды", ColumnKind.FLAG),
)
ROW = ("Ұзын қоңыр етік", 12, 1_234_567_890, dt.date(2026, 11, 23), AT, AT * 1000, True)


def whole(pieces):
    return b"".join(pieces)


def sheets_of(table):
    kept = io.BytesIO()
    written = write_xlsx(table, kept)
    book = openpyxl.load_workbook(io.BytesIO(kept.getvalue()))
    return written, book.worksheets


def read_csv(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_spreadsheet_has_real_numbers_dates_and_kazakh_text():
    written, (sheet,) = sheets_of(Table("Алшақтықтар", COLUMNS, [ROW]))
    assert written == 1
    assert sheet.title == "Алшақтықтар"
    assert [cell.value for cell in sheet[1]] == [column.title for column in COLUMNS]
    day = dt.datetime(2026, 11, 23)  # noqa: DTZ001 - a spreadsheet knows no zones
    assert [cell.value for cell in sheet[2]] == ["Ұзын қоңыр етік", 12, 12_345_678.90, day, LOCAL, LOCAL, True]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G2"
    assert sheet["C2"].number_format == "#,##0.00"
    assert sheet.column_dimensions["A"].width > sheet.column_dimensions["B"].width


def test_a_csv_is_what_our_offices_open():
    data = whole(csv_pieces(Table("x", COLUMNS, [ROW])))
    assert data.decode("utf-8") == (
        "\ufeffТаңбалау коды;Дана;Сома, ₸;Күні;Уақыты;Көрінді;Жабылды\r\n"
        "Ұзын қоңыр етік;12;12345678,90;2026-11-23;2026-11-23 16:55:37;2026-11-23 16:55:37;1\r\n"
    )


def test_json_is_for_programs():
    data = json.loads(whole(json_pieces(Table("Алшақтықтар", COLUMNS, [ROW]))))
    assert data["title"] == "Алшақтықтар"
    assert data["columns"][2] == {"name": "sum", "title": "Сома, ₸", "kind": "money"}
    assert data["rows"] == [
        {
            "ki": "Ұзын қоңыр етік",
            "units": 12,
            "sum": 1_234_567_890,
            "day": "2026-11-23",
            "at": "2026-11-23T11:55:37Z",
            "seen": "2026-11-23T11:55:37Z",
            "healed": True,
        }
    ]


def test_an_empty_list_is_a_good_file_in_every_form():
    empty = Table("", COLUMNS, [])
    written, (sheet,) = sheets_of(empty)
    assert (written, sheet.max_row) == (0, 1)
    assert len(read_csv(whole(csv_pieces(empty)))) == 1
    assert json.loads(whole(json_pieces(empty)))["rows"] == []


def test_what_is_unknown_is_empty():
    row = ("", None, None, None, 0, 0, None)
    _, (sheet,) = sheets_of(Table("x", COLUMNS, [row]))
    assert all(cell.value is None for cell in sheet[2])
    assert read_csv(whole(csv_pieces(Table("x", COLUMNS, [row]))))[1] == [""] * 7
    (found,) = json.loads(whole(json_pieces(Table("x", COLUMNS, [row]))))["rows"]
    assert found == {"ki": "", "units": None, "sum": None, "day": None, "at": None, "seen": None, "healed": None}


@pytest.mark.parametrize("text", ["=1+1", "+7 701", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1"])
def test_a_text_that_would_run_as_a_formula_is_guarded(text):
    table = Table("x", (Column("a", text),), [(text,)])
    assert read_csv(whole(csv_pieces(table))) == [["'" + text], ["'" + text]]
    _, (sheet,) = sheets_of(table)
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value.replace("_x000D_", "\r") == text


def test_a_negative_sum_is_a_number_and_not_guarded():
    table = Table("x", (Column("a", "a", ColumnKind.MONEY),), [(-5,)])
    assert read_csv(whole(csv_pieces(table)))[1] == ["-0,05"]
    _, (sheet,) = sheets_of(table)
    assert sheet["A2"].value == -0.05


def test_a_number_longer_than_excel_can_count_stays_exact():
    columns = (Column("a", "a", ColumnKind.COUNT), Column("b", "b", ColumnKind.MONEY))
    _, (sheet,) = sheets_of(Table("x", columns, [(-(2**63), 10**17 + 7)]))
    assert [cell.value for cell in sheet[2]] == [str(-(2**63)), "1000000000000000.07"]


def test_a_text_longer_than_a_cell_says_that_it_was_cut():
    _, (sheet,) = sheets_of(Table("x", (Column("a", "a"),), [("Қ" * 40_000,)]))
    assert len(sheet["A2"].value) == 32_767
    assert sheet["A2"].value.endswith("… [cut]")


@pytest.mark.parametrize(("rows", "sizes"), [(9, [9]), (10, [9, 1]), (18, [9, 9]), (19, [9, 9, 1])])
def test_a_sheet_that_is_full_goes_on_in_the_next(monkeypatch, rows, sizes):
    monkeypatch.setattr(xlsx, "ROWS_MAX", 10)
    monkeypatch.setattr(xlsx, "SAMPLE", 4)
    numbers = ((number,) for number in range(rows))
    written, sheets = sheets_of(Table("Тізім: [1/2]", (Column("n", "n", ColumnKind.COUNT),), numbers))
    assert written == rows
    assert [sheet.max_row - 1 for sheet in sheets] == sizes
    found = [row[0] for sheet in sheets for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert found == list(range(rows))
    assert all(sheet["A1"].value == "n" for sheet in sheets)


# What XML can hold: no surrogates; XlsxWriter writes control characters escaped, and openpyxl gives them back so.
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40).filter(lambda text: "_x" not in text)
DAYS = st.dates(dt.date(1900, 3, 1), dt.date(2199, 12, 31))
ROWS = st.lists(
    st.tuples(TEXTS, st.integers(-(10**15) + 1, 10**15 - 1), st.integers(-(10**13), 10**13), DAYS, st.booleans()),
    max_size=8,
)
SHORT = (
    Column("a", "Мәтін"),
    Column("b", "Сан", ColumnKind.COUNT),
    Column("c", "Сома", ColumnKind.MONEY),
    Column("d", "Күн", ColumnKind.DAY),
    Column("e", "Иә", ColumnKind.FLAG),
)


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_what_openpyxl_reads_back_is_what_was_written(rows):
    _, (sheet,) = sheets_of(Table("x", SHORT, rows))
    found = [
        (text or "", count, round(money * 100), day.date(), flag)
        for text, count, money, day, flag in sheet.iter_rows(min_row=2, values_only=True)
    ]
    assert found == rows


@settings(max_examples=200)
@given(st.lists(st.tuples(st.text(st.characters(blacklist_categories=("Cs",))), st.integers(), DAYS), max_size=8))
def test_what_a_csv_reader_reads_back_is_what_was_written(rows):
    columns = (Column("a", "a"), Column("b", "b", ColumnKind.MONEY), Column("c", "c", ColumnKind.DAY))
    found = read_csv(whole(csv_pieces(Table("x", columns, rows))))[1:]
    back = [
        (text.removeprefix("'"), int(money.replace(",", "")), dt.date.fromisoformat(day)) for text, money, day in found
    ]
    assert back == rows


@given(st.text())
def test_no_cell_of_text_begins_a_formula(text):
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.text(st.characters(blacklist_categories=("Cs",))), st.integers()), max_size=8))
def test_json_reads_back(rows):
    columns = (Column("a", "a"), Column("b", "b", ColumnKind.MONEY))
    found = json.loads(whole(json_pieces(Table("x", columns, rows))))["rows"]
    assert [(row["a"], row["b"]) for row in found] == rows


@pytest.mark.parametrize("pieces", [csv_pieces, json_pieces])
def test_a_long_list_is_never_held_as_a_whole(pieces):
    rows = (("Ұзын қоңыр етік", number) for number in range(60_000))
    columns = (Column("a", "a"), Column("b", "b", ColumnKind.COUNT))
    tracemalloc.start()
    size = sum(len(piece) for piece in pieces(Table("x", columns, rows)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 2_000_000
    assert peak < 1_000_000


def test_a_long_spreadsheet_is_never_held_as_a_whole(tmp_path):
    rows = (("Ұзын қоңыр етік", number) for number in range(30_000))
    columns = (Column("a", "a"), Column("b", "b", ColumnKind.COUNT))
    tracemalloc.start()
    assert write_xlsx(Table("x", columns, rows), tmp_path / "list.xlsx", tmp_path) == 30_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000
