"""Operators' files into the lake: once, whole, whatever they look like."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zipfile
from pathlib import Path

import operator_files
import pytest
from operator_files import (
    GTIN,
    HEADER,
    KI_A,
    KI_B,
    LINES,
    MAPPINGS,
    NOW_NS,
    PACK,
    RECEIPTS,
    TAIL,
    TITLE,
    everything,
    in_lake,
    many,
    row,
    workbook,
    written,
)
from sqlalchemy import insert

from sync.hq.imports.files import import_file
from sync.hq.imports.ledger import Kind, Ledger, State
from sync.hq.imports.mapping import load_mappings
from sync.hq.lake.layout import Lake
from sync.hq.schema import metadata
from sync.hq.tables import register
from sync.hq.witness import NO_MARKS_TOLD


def reasons(ledger, found):
    return ledger.reasons(found.id)


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-8", ";"), ("utf-8-sig", ","), ("cp1251", ";"), ("utf-16", "\t"), ("utf-16-le", ";"), ("utf-16-be", "|"),
    ],
)  # fmt: skip
def test_every_encoding_and_delimiter_gives_the_same_rows(bring, lake, tmp_path, encoding, delimiter):
    rows = [TITLE, [], HEADER, row("1", name='ТОО "Дала",\nпачка; 20 шт'), row("2", KI_B)]
    found = bring(written(tmp_path / "export.csv", rows, encoding=encoding, delimiter=delimiter))
    assert (found.state, found.rows_read, found.taken, found.refused) == (State.DONE, 2, 2, 0)
    assert in_lake(lake, "ofd", "ki", "sign", "number", "shift", "sum_tiyn", "gtin", "source_row") == [
        (KI_A, "1", 1, 7, 90000, GTIN, 4), (KI_B, "2", 1, 7, 90000, GTIN, 5),
    ]  # fmt: skip
    # 30.11.2026 10:00:00 at UTC+5.
    assert in_lake(lake, "ofd_receipt", "at") == [1_796_014_800_000_000] * 2
    assert lake.days("ofd") == [dt.date(2026, 11, 30)]


def test_the_same_file_again_changes_nothing_and_says_so(bring, lake, tmp_path):
    path = written(tmp_path / "export.csv", [HEADER, *many(20)])
    first = bring(path)
    before = everything(lake)
    again = bring(path.rename(tmp_path / "other-name.csv"))
    assert (again.known, again.id, again.taken) == (True, first.id, 40)
    forced = bring(tmp_path / "other-name.csv", again=True)
    assert (forced.known, forced.taken, forced.repeated) == (False, 0, 40)
    assert everything(lake) == before


def test_overlapping_files_give_each_receipt_once_and_tell_one_that_changed(bring, ledger, lake, tmp_path):
    rows = many(10)
    bring(written(tmp_path / "monday.csv", [HEADER, *rows[:12]]))
    other = [row("S5", line[10], date=line[4], number="6", total="1 700,00") for line in rows[10:12]]
    found = bring(written(tmp_path / "week.csv", [HEADER, *rows[:10], *other, *rows[12:]]))
    assert (found.rows_read, found.taken, found.repeated, found.refused) == (20, 8, 10, 2)
    assert [one.row for one in ledger.remarks(found.id)] == [12, 13]
    assert reasons(ledger, found) == {"receipt-known-otherwise": 2}
    assert len(everything(lake)[1]) == 10


def test_a_list_without_marks_confirms_receipts_and_a_later_one_adds_what_was_sold(bring, lake, tmp_path):
    rows = many(5)
    bare = MAPPINGS[: MAPPINGS.index("[receipts]")].replace('mark = "Код маркировки"', "").replace("[lines", "[bare")
    without = load_mappings(bare)["bare"]
    first = bring(written(tmp_path / "bare.csv", [HEADER, *rows]), mapping=without)
    assert {one[4] for one in everything(lake)[1]} == {NO_MARKS_TOLD}
    second = bring(written(tmp_path / "whole.csv", [HEADER, *rows]))
    assert (first.refused, second.refused, second.taken) == (0, 0, 10)
    assert sorted(one[4] for one in everything(lake)[1]) == [NO_MARKS_TOLD] * 5 + [2] * 5
    third = bring(tmp_path / "bare.csv", mapping=without, again=True)
    assert (third.taken, third.repeated, third.refused) == (0, 10, 0)


@pytest.mark.parametrize("syncs", [1, 2, 3, 7, 20, 45, 60, 80, 111, 150, 200, 260])
def test_a_killed_import_goes_on_where_it_was_and_ends_with_the_same_rows(tmp_path, syncs):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
        written(folder / "export.csv", [TITLE, HEADER, *many(90)])
        engine = operator_files.open_engine(f"sqlite:///{folder / 'hq.sqlite'}")
        metadata.create_all(engine)
        engine.dispose()
    expected = operator_files.run_import(whole)
    script = [sys.executable, operator_files.__file__, str(broken), str(syncs)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[3])}
    died = subprocess.run(script, env=environment, capture_output=True, check=False)
    assert died.returncode == -9, died.stderr
    found = operator_files.run_import(broken)
    assert (found.state, found.rows_read, found.taken, found.repeated) == (State.DONE, 180, 180, 0)
    assert everything(Lake(broken / "lake")) == everything(Lake(whole / "lake"))
    assert (expected.taken, len(everything(Lake(whole / "lake"))[0])) == (180, 180)


def test_progress_is_told_and_a_resumed_import_reads_on_from_its_place(hq, lake, tmp_path):
    path = written(tmp_path / "export.csv", [HEADER, *many(50)])
    shares = []

    class Stop(Exception):
        pass

    def stop_at_half(progress):
        shares.append((progress.rows_read, progress.share))
        if progress.share > 0.4:
            raise Stop

    options = {"engine": hq, "lake": lake, "now": lambda: NOW_NS, "chunk_rows": 20}
    with pytest.raises(Stop):
        import_file(path, LINES, progress=stop_at_half, **options)
    assert [rows for rows, _ in shares] == [20, 40, 60][: len(shares)]
    read_before, shares = shares[-1][0], []
    found = import_file(path, LINES, progress=lambda told: shares.append((told.rows_read, told.share)), **options)
    assert shares[0][0] == read_before + 20
    assert shares[-1] == (100, 1.0)
    assert found.taken == 100


def test_an_import_lives_in_either_database(either, tmp_path):
    path = written(tmp_path / "export.csv", [HEADER, row("1"), row("2", date="вчера")])
    options = {"engine": either, "lake": Lake(tmp_path / "lake"), "now": lambda: NOW_NS}
    found = import_file(path, LINES, **options)
    assert (found.taken, found.refused) == (1, 1)
    assert import_file(path, LINES, **options).known
    listed = Ledger(either, lambda: NOW_NS).listed()
    assert [(one.kind, one.name, one.state) for one in listed] == [(Kind.FILE, "export.csv", State.DONE)]
    (remark,) = Ledger(either, lambda: NOW_NS).remarks(found.id)
    assert (remark.row, remark.column, remark.reason, remark.taken) == (3, "Дата и время", "date", False)
    assert remark.text.startswith("010100000001 | 2 | 1 | 7 | вчера")


def test_a_registration_number_leads_to_the_register_of_the_till(bring, hq, lake, tmp_path):
    with hq.begin() as db:
        db.execute(
            insert(register).values(identity="SWK00000001", rnm="010100000001", till="T1", first_ns=1, last_ns=2)
        )
    bring(written(tmp_path / "export.csv", [HEADER, row("1"), row("2", KI_B, rnm="999")]))
    assert in_lake(lake, "ofd_receipt", "register") == ["999", "SWK00000001"]


def test_merged_cells_hold_their_value_over_their_range(bring, lake, tmp_path):
    rows = [
        ["Отчёт"], HEADER, row("1", f"{KI_A}{TAIL}".replace("\x1d", "_x001D_"), total="1 800,00"),
        [None] * 7 + ["Сигареты", 1, 900, KI_B], row("2", PACK),
    ]  # fmt: skip
    path = workbook(tmp_path / "export.xlsx", rows, (*(f"{column}3:{column}4" for column in "ABCDEFG"), "A1:K1"))
    found = bring(path)
    assert (found.rows_read, found.taken, found.refused) == (3, 3, 0)
    assert in_lake(lake, "ofd", "sign", "ki", "sum_tiyn") == [
        ("1", KI_A, 90000),
        ("1", KI_B, 90000),
        ("2", PACK, 90000),
    ]
    assert in_lake(lake, "ofd_receipt", "sign", "total_tiyn", "marks") == [("1", 180000, 2), ("2", 90000, 1)]


def test_what_is_left_of_merged_cells_in_a_csv_belongs_to_the_receipt_above(bring, lake, tmp_path):
    rest = ["", "", "", "", "", "", "", "Сигареты", "1", "900,00", KI_B]
    found = bring(written(tmp_path / "export.csv", [HEADER, row("1", total="1800"), rest]))
    assert (found.taken, found.refused) == (2, 0)
    assert in_lake(lake, "ofd", "sign", "ki") == [("1", KI_A), ("1", KI_B)]


def test_further_lines_of_a_refused_receipt_do_not_become_lines_of_the_one_above(bring, ledger, lake, tmp_path):
    rest = ["", "", "", "", "", "", "", "Сигареты", "1", "900,00", KI_B]
    rows = [HEADER, row("1"), row("2", PACK, operation="Покупка"), rest, row("3", PACK, quantity="два"), rest]
    found = bring(written(tmp_path / "export.csv", rows))
    assert (found.taken, found.refused) == (2, 3)
    assert [(one.row, one.reason) for one in ledger.remarks(found.id)] == [
        (3, "operation-other"), (4, "operation-other"), (5, "number"),
    ]  # fmt: skip
    assert in_lake(lake, "ofd", "sign", "ki") == [("1", KI_A), ("3", KI_B)]


def test_line_breaks_in_the_header_and_in_the_first_cell_are_part_of_the_cell(bring, lake, tmp_path):
    header = ["Код маркировки", *(name.replace(" ", "\n") for name in HEADER[:-1])]
    mark, *cells = f"{KI_A}\n{KI_B}", *row("1", quantity="2")[:-1]
    assert bring(written(tmp_path / "export.csv", [header, [mark, *cells]])).taken == 1
    assert in_lake(lake, "ofd", "sign", "ki", "sum_tiyn") == [("1", KI_A, 45000), ("1", KI_B, 45000)]


def test_spreadsheet_numbers_dates_and_serial_dates_are_read(bring, lake, tmp_path):
    when = dt.datetime.fromisoformat("2026-11-30T10:00:00")
    rows = [
        HEADER,
        row("1", date=when, total=900.0, sum=900, quantity=1.0, number=5, shift=7.0),
        row("2", KI_B, date=46356.41666666666, rnm=10100000001.0, total=0.1 + 0.2, sum=0.3),
    ]
    found = bring(workbook(tmp_path / "export.xlsx", rows))
    assert (found.taken, found.refused) == (2, 0)
    assert in_lake(lake, "ofd_receipt", "sign", "at", "total_tiyn", "register") == [
        ("1", 1_796_014_800_000_000, 90000, "010100000001"), ("2", 1_796_014_800_000_000, 30, "10100000001"),
    ]  # fmt: skip


def test_a_sheet_that_lies_about_its_size_is_read_whole(bring, tmp_path):
    honest = workbook(tmp_path / "honest.xlsx", [HEADER, row("1"), row("2", KI_B)])
    path = tmp_path / "export.xlsx"
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(path, "w") as out:
        for entry in source.infolist():
            content = source.read(entry)
            out.writestr(entry.filename, content.replace(b'<dimension ref="A1:K3"', b'<dimension ref="A1:B1"'))
    assert bring(path).taken == 2


def test_two_rows_for_one_receipt_are_further_lines_repeats_or_refused(bring, ledger, lake, tmp_path):
    rows = [HEADER, row("1"), row("2", PACK), row("1", KI_B), row("1"), row("1", PACK, total="950,00")]
    found = bring(written(tmp_path / "lines.csv", rows))
    assert (found.taken, found.repeated, found.refused) == (3, 1, 1)
    assert reasons(ledger, found) == {"row-repeated": 1, "receipt-differs": 1}
    by_receipt = [[HEADER[0], *HEADER[1:]], row("7"), row("7"), row("7", KI_B)]
    found = bring(written(tmp_path / "receipts.csv", by_receipt), RECEIPTS)
    assert (found.taken, found.repeated, found.refused) == (1, 1, 1)
    assert reasons(ledger, found) == {"row-repeated": 1, "receipt-twice": 1}
    assert in_lake(lake, "ofd", "sign", "ki") == [("1", KI_A), ("1", KI_B), ("2", PACK), ("7", KI_A)]


def test_the_marks_of_one_row_share_its_sum_to_the_tiyn(bring, lake, tmp_path):
    bring(written(tmp_path / "export.csv", [HEADER, row("1", f"{KI_A},{KI_B},{PACK}", total="100,00")]), RECEIPTS)
    assert in_lake(lake, "ofd", "ki", "sum_tiyn") == [(KI_A, 3334), (KI_B, 3333), (PACK, 3333)]


def test_totals_other_documents_and_unreadable_cells_are_refused_each_with_its_place(bring, ledger, tmp_path):
    rows = [
        HEADER, row("1"), row("2", operation="Покупка"), row("3", operation="Инкассация"), row("4", total="1,234"),
        row("4,22814E+12"), row("", KI_B), row("5", quantity="два"), row("6", total="-900"), row("7", shift="A1"),
        ["Итого", "", "", "", "", "", "99 900,00", "", "", "", ""],
    ]  # fmt: skip
    found = bring(written(tmp_path / "export.csv", rows))
    assert (found.rows_read, found.taken, found.refused) == (10, 1, 9)
    assert [(one.row, one.reason, one.column) for one in ledger.remarks(found.id)] == [
        (3, "operation-other", "Операция"), (4, "operation-unknown", "Операция"),
        (5, "number-two-readings", "Сумма чека"), (6, "number-shortened", "ФП"), (7, "missing", "ФП"),
        (8, "number", "Кол-во"), (9, "money-below-zero", "Сумма чека"), (10, "whole-number", "Смена"),
        (11, "totals", ""),
    ]  # fmt: skip


def test_a_return_below_zero_is_a_return_and_goods_without_a_mark_are_filed_by_their_gtin(bring, lake, tmp_path):
    text = operator_files.MAPPINGS.replace('name = "Наименование"', 'gtin = "Наименование"', 1)
    mapping = operator_files.load_mappings(text)["lines"]
    back = {"operation": "Возврат продажи", "total": "-900", "sum": "-900", "quantity": "-1"}
    rows = [HEADER, row("1", "0", name="4870249811936", **back)]
    bring(written(tmp_path / "export.csv", rows), mapping)
    assert in_lake(lake, "ofd", "ki", "gtin", "operation", "sum_tiyn") == [("", GTIN, -1, 90000)]


def test_goods_whose_name_begins_as_a_row_of_totals_does_are_a_line_of_the_receipt_above(bring, lake, tmp_path):
    blank = dict.fromkeys(("rnm", "number", "shift", "date", "operation", "total"), "")
    rows = [HEADER, row("1"), row("", KI_B, **blank | {"name": "Total 0% йогурт"})]
    found = bring(written(tmp_path / "export.csv", rows))
    assert (found.taken, found.refused) == (2, 0)
    assert in_lake(lake, "ofd", "sign", "ki") == [("1", KI_A), ("1", KI_B)]


def test_a_row_in_another_encoding_and_an_open_quote_cost_one_row_each(bring, ledger, tmp_path):
    path = tmp_path / "export.csv"
    head = ";".join(HEADER).encode() + b"\n"
    good = [";".join(row(str(number), f"01{GTIN}213abcdefghij{number:02}")).encode() + b"\n" for number in range(6)]
    foreign = ";".join(row("66", name="Сигареты")).encode("cp1251") + b"\n"
    opened = good[2].replace("Сигареты".encode(), '"Сигареты'.encode())
    path.write_bytes(head + good[0] + good[1] + opened + good[3] + foreign + good[4] + good[5])
    mapping = operator_files.load_mappings(operator_files.MAPPINGS.replace("[lines]", '[lines]\nencoding = "utf-8"'))
    found = bring(path, mapping["lines"])
    assert (found.trouble, found.rows_read, found.taken, found.refused) == ("", 7, 5, 2)
    assert [(one.row, one.reason) for one in ledger.remarks(found.id)] == [(4, "row"), (6, "encoding")]


def test_a_file_of_rubbish_rows_stops_before_it_fills_the_database(bring, ledger, tmp_path, monkeypatch):
    monkeypatch.setattr("sync.hq.imports.files.REFUSED_MAX", 30)
    path = written(tmp_path / "export.csv", [HEADER, *(row(str(n), date="?") for n in range(100))])
    found = bring(path, chunk_rows=20)
    assert (found.state, found.refused) == (State.STOPPED, 40)
    assert "mapping is wrong" in found.trouble


def test_an_archive_bomb_and_xml_entities_are_refused_before_they_unfold(bring, tmp_path):
    path = workbook(tmp_path / "real.xlsx", [HEADER, row("1")])
    bomb, entities = tmp_path / "bomb.xlsx", tmp_path / "entities.xlsx"
    sheet = "xl/worksheets/sheet1.xml"
    for target, extra in ((bomb, b" " * 100_000_000), (entities, b"")):
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for entry in source.infolist():
                content = source.read(entry)
                if entry.filename == sheet:
                    doctype = b'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">]><worksheet'
                    content = content + extra if extra else content.replace(b"<worksheet", doctype, 1)
                out.writestr(entry.filename, content)
    assert "archive bomb" in bring(bomb).trouble
    assert "entities" in bring(entities).trouble


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b"PK\x03\x04rubbish", "damaged"),
        (bytes(range(256)) * 40, "no text"),
        (b"a;b;c\n1;2;3\n", "no row of the first"),
        ("РНМ;ФП;Дата и время;Операция\n1;2;3;4\n".encode(), "has no column for number (Номер чека)"),
    ],
)
def test_a_wrong_file_is_refused_with_a_word_on_what_to_do(bring, tmp_path, content, words):
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    found = bring(path)
    assert (found.state, found.taken) == (State.STOPPED, 0)
    assert words in found.trouble
