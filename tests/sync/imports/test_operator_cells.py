"""One cell, one mark, one mapping: every usual form is read, every other one refused by its own exception alone."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from operator_files import CELLS, HEADER, KI_A, LINES, MAPPINGS, PACK, RECEIPTS, TAIL, many, row, workbook, written

from sync.hq.imports.mapping import MappingError, Rows, load_mappings, place
from sync.hq.imports.marks import read_mark
from sync.hq.imports.preview import preview
from sync.hq.imports.receipts import read_chunk
from sync.hq.imports.row_facts import RawRow, Reader
from sync.hq.imports.values import Trouble, count, moment, money, thousandths

TEN = 1_796_014_800_000_000  # 30.11.2026 10:00:00 at UTC+5.


@pytest.mark.parametrize(
    ("cell", "tiyn"),
    [
        ("1 800,00", 180000), ("1\u00a0800,5", 180050), ("1\u202f800.05 ₸", 180005), ("1.234,50", 123450),
        ("1,234.50", 123450), ("1,234,567", 123456700), ("1'800 тг", 180000), ("900", 90000), (900, 90000),
        (0.1 + 0.2, 30), ("−5,10", -510), ("0,500", 50),
    ],
)  # fmt: skip
def test_sums_in_every_usual_writing(cell, tiyn):
    assert money(cell, "s") == tiyn


@pytest.mark.parametrize("cell", ["1,234", "1.234", "", "abc", "1,2,3", 0.005, "5%", True, None, float("nan"), "1e5"])
def test_a_sum_that_has_two_readings_or_none_is_refused(cell):
    with pytest.raises(Trouble):
        money(cell, "s")


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("30.11.2026 10:00:00", None), ("30.11.2026 10:00", None), ("30.11.26, 10:00", None), ("30/11/2026", "10:00"),
        ("2026-11-30T10:00:00", None), ("2026-11-30T05:00:00Z", None), ("2026-11-30 08:00:00+03:00", None),
        ("20261130T100000", None), ("30 ноября 2026 г. 10:00", None), ("30 қараша 2026 ж. 10:00:00", None),
        (46356.416666666664, None), ("46356,41666667", None), (46356, 0.41666666666),
        (dt.date(2026, 11, 30), dt.time(10)),
        ("30.11.2026", dt.timedelta(hours=10)), ("30.11.2026 00:00:00", "10:00:00"),
    ],
)  # fmt: skip
def test_dates_in_every_usual_writing(cell, clock):
    assert moment(cell, clock, "d") == TEN


def test_a_workbook_of_1904_counts_its_days_from_another_day():
    assert moment(46356.416666666664 - 1462, None, "d", date1904=True) == TEN


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("30.11.2026", None), ("31.02.2026 10:00", None), ("11/30/2026 10:00", None), ("30.11.2026 25:00", None),
        ("вчера", None), ("30.11.1926 10:00", None), ("", None), (None, "10:00"), (-1, None), (True, None),
        ("30 abc 2026 10:00", None), ("30.11.2026 10:00 утра", None), (dt.datetime.fromisoformat("2026-11-30"), None),
    ],
)  # fmt: skip
def test_what_is_no_moment_is_refused(cell, clock):
    with pytest.raises(Trouble):
        moment(cell, clock, "d")


def test_quantities_and_numbers():
    assert [thousandths(cell, "q") for cell in ("1", "1,234", "0.5", 2, 1.5)] == [1000, 1234, 500, 2000, 1500]
    below = [thousandths(cell, "q", below_zero=True) for cell in ("-1", "-1,234", "-0.5", -2, 1.5)]
    assert below == [1000, 1234, 500, 2000, 1500]
    assert [count(cell, "n") for cell in ("№ 7", "007", 7.0, 7)] == [7, 7, 7, 7]


@pytest.mark.parametrize(
    "text",
    [
        KI_A + TAIL, KI_A, "]d2" + KI_A + TAIL, (KI_A + TAIL).replace("\x1d", ""), (KI_A + TAIL).replace("\x1d", "~"),
        (KI_A + TAIL).replace("\x1d", "_x001D_"), (KI_A + TAIL).replace("\x1d", "\u241d"),
        (KI_A + TAIL).replace("\x1d", "<GS>"), f" {KI_A}{TAIL}\r\n",
    ],
)  # fmt: skip
def test_a_code_with_its_separators_kept_lost_or_replaced_is_the_same_code(text):
    assert read_mark(text) == read_mark(KI_A)
    assert read_mark(text).ki == KI_A


def test_a_pack_is_cut_to_its_key_a_damaged_code_stays_as_told_and_no_mark_is_none():
    assert read_mark(PACK + "GhG1AbCd").ki == PACK
    assert read_mark("0104870249811936213abc?\ufffd").remark == "mark-damaged"
    assert read_mark("ZU604DSWYG6A").ki == "ZU604DSWYG6A"
    assert read_mark("4870249811936").remark == "mark-no-unit"
    assert [read_mark(text) for text in ("", "0", "-", " нет ")] == [None] * 4


@given(st.text(max_size=60))
def test_no_text_makes_the_reading_of_a_mark_fail(text):
    found = read_mark(text)
    assert found is None or (found.ki and found.ki.encode())


ANY_CELL = st.one_of(
    st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none(), st.datetimes(), st.dates(), st.times(),
    st.timedeltas(), st.sampled_from(["30.11.2026 10:00", "Продажа", "900,00", KI_A, "Итого", "=\"1\""]),
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.lists(ANY_CELL, max_size=12), max_size=8), st.sampled_from([LINES, RECEIPTS]), st.booleans())
def test_whatever_the_cells_each_row_is_taken_repeated_or_refused(rows, mapping, date1904):
    reader = Reader(mapping, place(mapping, HEADER), {}, date1904, "x")
    found = read_chunk([RawRow(number, cells) for number, cells in enumerate(rows, 1)], reader)
    taken = sum(len(document.rows) for document in found.documents)
    assert taken + found.repeated + found.refused == len(rows)
    assert {remark.row for remark in found.remarks if not remark.taken} <= set(range(1, len(rows) + 1))


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([row("1"), row("2", PACK), row("2", KI_A), row("1", total="5")]), max_size=8),
    st.sampled_from(CELLS), ANY_CELL, st.integers(0, 7),
)  # fmt: skip
def test_one_odd_cell_in_a_good_row_costs_at_most_that_row(rows, column, cell, at):
    reader = Reader(LINES, place(LINES, HEADER), {}, source="x")
    spoilt = [list(cells) for cells in rows]
    if at < len(spoilt):
        spoilt[at][CELLS.index(column)] = cell
    found = read_chunk([RawRow(number, cells) for number, cells in enumerate(spoilt, 1)], reader)
    assert sum(len(one.rows) for one in found.documents) + found.repeated + found.refused == len(rows)


@given(st.text(max_size=200))
def test_no_text_makes_the_mapping_file_fail_otherwise_than_by_name(text):
    try:
        load_mappings(text)
    except MappingError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('rows = "line"', 'row = "line"'), "did you mean rows?"),
        (('rnm = "РНМ"\nsign = [', 'sign = ['), "register or rnm"),
        (('shift = "Смена"', 'shifts = "Смена"'), "did you mean shift?"),
        (('shift = "Смена"', "shift = 0"), "a column's number from 1"),
        (('operation = "Операция"\n', ""), "operation"),
        (('rows = "line"', 'rows = "line"\nencoding = "koi8"'), "is one of"),
        (('rows = "line"', 'rows = "line"\n= 5'), "not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_mapping_is_told_with_its_place(change, words):
    assert change[0] in MAPPINGS
    with pytest.raises(MappingError, match=words.replace("?", r"\?")):
        load_mappings(MAPPINGS.replace(*change, 1))


def test_a_preview_guesses_a_mapping_that_reads_the_file_and_comes_back_from_its_own_text(tmp_path):
    path = written(
        tmp_path / "export.csv", [["Отчёт"], [], HEADER, *many(5), row("9", date="вчера")], encoding="cp1251"
    )
    seen = preview(path)
    assert (seen.trouble, seen.guessed, seen.header_row, seen.mapping.rows) == ("", True, 3, Rows.LINE)
    assert seen.form == {"kind": "csv", "encoding": "cp1251", "delimiter": ";"}
    assert seen.columns == {
        "rnm": "РНМ", "sign": "ФП", "number": "Номер чека", "shift": "Смена", "date": "Дата и время",
        "operation": "Операция", "total": "Сумма чека", "name": "Наименование", "quantity": "Кол-во",
        "sum": "Сумма позиции", "mark": "Код маркировки",
    }  # fmt: skip
    assert load_mappings(seen.toml)["operator"] == seen.mapping
    assert [len(document.lines) for document in seen.documents] == [2] * 5
    assert [(one.row, one.column, one.reason) for one in seen.remarks] == [(14, "Дата и время", "date")]
    assert seen.first_rows[0][1] == "S0"


def test_a_preview_takes_a_known_mapping_that_fits_and_says_what_a_wrong_one_lacks(tmp_path):
    path = written(tmp_path / "export.csv", [HEADER, *many(2)])
    assert preview(path, known=load_mappings(MAPPINGS)).mapping.name == "lines"
    other = load_mappings(MAPPINGS.replace('"РНМ"', '"Касса"'))["lines"]
    assert "no column for rnm (Касса)" in preview(path, other).trouble
    bare = written(tmp_path / "bare.csv", [["Дата", "Сумма"], ["30.11.2026", "5"]])
    assert "no column was recognised for register or rnm, sign" in preview(bare).trouble
    assert preview(written(tmp_path / "empty.csv", [])).trouble == "the file is empty"


def test_columns_by_number_need_no_words(tmp_path):
    text = '[bare]\nrows = "receipt"\noperation = "sale"\nheader_row = 1\n[bare.columns]\n'
    mapping = load_mappings(text + "register = 1\nsign = 2\ndate = 3\ntotal = 4\n")["bare"]
    path = written(tmp_path / "export.csv", [["a", "b", "c", "d"], ["SWK1", "77", "30.11.2026 10:00", "5,00"]])
    (document,) = preview(path, mapping).documents
    assert (document.receipt.register, document.receipt.sign, document.receipt.total_tiyn) == ("SWK1", "77", 500)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\xff\xfe", b"\xef\xbb\xbf", b"a;b\n1;2\n", "РНМ;ФП;Дата".encode()])
)
def test_any_bytes_give_a_preview_or_a_word_why_not(tmp_path_factory, data, head):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(head + data)
    seen = preview(path)
    assert seen.trouble or seen.documents or not seen.rows_looked


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 40))
def test_a_workbook_with_any_damage_gives_a_preview_or_a_word_why_not(tmp_path_factory, changes, cut):
    folder = tmp_path_factory.getbasetemp()
    whole = folder / "whole.xlsx"
    if not whole.exists():
        workbook(whole, [HEADER, row("1"), row("2", PACK)], ("A2:A3",))
    data = bytearray(whole.read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    (folder / "damaged.xlsx").write_bytes(data[: len(data) - cut])
    seen = preview(folder / "damaged.xlsx")
    assert seen.trouble or seen.documents


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.sampled_from(["v", "r", "t", "s", "ref"]), st.text("0123456789ABZ:-.einf", max_size=6))
def test_a_sheet_whose_values_are_nonsense_gives_a_preview_or_a_word_why_not(tmp_path_factory, at, what, value):
    """The XML stays whole; a cell's value, place, type or style, or a merged range, does not."""
    folder = tmp_path_factory.getbasetemp()
    whole = workbook(folder / "values.xlsx", [HEADER, row("1", total=900, date=46356.5), row("2", PACK)], ("A2:A3",))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(folder / "nonsense.xlsx", "w") as out:
        for entry in source.infolist():
            content = source.read(entry).decode() if entry.filename.endswith(".xml") else source.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                pattern = r"(<v>)[^<]*(</v>)" if what == "v" else rf'(\b{what}=")[^"]*(")'
                found = list(re.finditer(pattern, content))
                assume(found)
                one = found[at % len(found)]
                content = content[: one.end(1)] + value + content[one.start(2) :]
            out.writestr(entry.filename, content)
    seen = preview(folder / "nonsense.xlsx")
    assert seen.trouble or seen.documents or seen.remarks
