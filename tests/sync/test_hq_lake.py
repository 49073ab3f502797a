"""Files of the lake: whole or not at all, each row seen once whatever is written again, compacted or removed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hq.lake import durable
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, EVENT, OFD, REGISTRY
from sync.hq.lake.compaction import GRACE_NS, compact, drop, sweep, tidy
from sync.hq.lake.layout import SCHEMAS, Lake, LakeError, fingerprints, to_arrow, to_rows
from sync.hq.lake.placing import place, placed
from sync.hq.witness import (
    Line,
    Mention,
    Operation,
    Receipt,
    Standing,
    UnitStatus,
    bucket,
    filed_under,
    fingerprint,
    receipt_key,
)

DAY = dt.date(2026, 11, 2)
NOON = 1793602800_000_000  # 2026-11-02T12:00:00+05:00
DAY_US = 86_400_000_000
LATE_NS = 2**62


def a_line(number: int, day: dt.date = DAY, **facts: object) -> Line:
    base: dict[str, object] = {
        "day": day, "ki": f"0104870000000104213kZ{number:05}", "gtin": "04870000000104", "operation": Operation.SALE,
        "at": NOON + (day - DAY).days * DAY_US, "till": "T1", "register": "R1", "shift": 1, "number": number,
        "sign": f"S{number}", "line": 1, "sum_tiyn": 100, "source": "journal", "source_row": number,
    }  # fmt: skip
    return Line(**{**base, **facts})  # type: ignore[arg-type]  # Facts of a test are given by name.


def a_standing(ki: str, observed_at: int, day: dt.date = DAY) -> Standing:
    return Standing(day, ki, "", UnitStatus.WITHDRAWN, "WITHDRAWN", 0, 0, observed_at, "import", 1)


def held(lake: Lake, table: str = AGENT) -> list[int]:
    files = lake.files(table)
    return sorted(ds.dataset(files, partitioning=None).to_table()["source_row"].to_pylist()) if files else []


def write(lake: Lake, numbers: Sequence[int], name: str) -> None:
    lake.write(AGENT, to_arrow([a_line(number) for number in numbers]), name)


def test_rows_lie_in_the_folders_of_their_day_and_bucket_sorted_by_fingerprint(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    rows = [a_line(number, DAY + dt.timedelta(days=number % 2)) for number in range(300)]
    assert lake.write(AGENT, to_arrow(rows), "a") == 300
    assert lake.days(AGENT) == [DAY, DAY + dt.timedelta(days=1)]
    found: list[Line] = []
    for path in lake.files(AGENT):
        table = pq.read_table(path, partitioning=None)
        assert table.schema.names == SCHEMAS[AGENT].names
        assert table["fp"].to_pylist() == sorted(table["fp"].to_pylist())
        day = dt.date.fromisoformat(path.parent.parent.name.removeprefix("day="))
        mine = to_rows(Line, table.append_column("day", pa.array([day] * len(table), pa.date32())))
        assert {f"bucket={bucket(line.ki):02}" for line in mine} == {path.parent.name}
        found += mine
    assert sorted(found, key=lambda line: line.number) == rows


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40)))
def test_many_fingerprints_are_those_of_the_single_ones(texts: list[str]) -> None:
    found, buckets = fingerprints(texts)
    assert found.tolist() == [fingerprint(text) for text in texts]
    assert buckets.tolist() == [bucket(text) for text in texts]


def test_a_line_without_a_mark_lies_under_its_receipt(tmp_path: Path) -> None:
    line = a_line(7, ki="")
    table = to_arrow([line, a_line(8)])
    key = receipt_key("R1", "S7")
    assert filed_under(line) == key
    assert table["fp"].to_pylist()[0] == table["rfp"].to_pylist()[0] == fingerprint(key)
    assert table["bucket"].to_pylist()[0] == bucket(key)
    lake = Lake(tmp_path)
    lake.write(OFD, table, "a")
    assert len(lake.files(OFD, [DAY], [bucket(key)])) == 1


def test_receipts_have_no_buckets_and_every_kind_of_row_comes_back(tmp_path: Path) -> None:
    receipt = Receipt(DAY, Operation.RETURN, NOON, NOON, "T1", "R1", 1, 2, "S", 5, 1, True, "journal", 3)
    mention = Mention(DAY, "K", NOON, "T1", 4, "scan_judged", "{}")
    standing = a_standing("K", NOON)
    lake = Lake(tmp_path)
    for table, row in ((AGENT_RECEIPT, receipt), (EVENT, mention), (REGISTRY, standing)):
        lake.write(table, to_arrow([row]), "x")
        (path,) = lake.files(table, [DAY])
        found = pq.read_table(path, partitioning=None)
        assert to_rows(type(row), found.append_column("day", pa.array([DAY], pa.date32()))) == [row]
    assert lake.files(AGENT_RECEIPT)[0].parent.name == f"day={DAY}"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "whole-1", "x.parquet", "a b", "й", "a" * 151])
def test_a_name_that_is_no_plain_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeError):
        write(Lake(tmp_path), [1], name)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_columns_too_many_too_few_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    lake, good = Lake(tmp_path), to_arrow([a_line(1)])
    for bad in (
        good.append_column("iin", pa.array(["x"])),
        good.drop_columns(["sum_tiyn"]),
        good.drop_columns(["bucket"]),
        good.set_column(good.schema.get_field_index("sum_tiyn"), "sum_tiyn", pa.array(["much"])),
        good.set_column(good.schema.get_field_index("ki"), "ki", pa.array([None], pa.string())),
        good.set_column(good.schema.get_field_index("bucket"), "bucket", pa.array([32], pa.int8())),
    ):
        with pytest.raises(LakeError):
            lake.write(AGENT, bad, "a")
    with pytest.raises(LakeError):
        lake.write("lines", good, "a")
    assert lake.files(AGENT) == []


def test_writing_a_name_again_replaces_it_and_nothing_else(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write(lake, [1, 2], "a")
    write(lake, [3], "b")
    write(lake, [1, 2], "a")
    assert held(lake) == [1, 2, 3]
    assert lake.write(AGENT, to_arrow([]), "c") == 0


def test_a_write_that_breaks_off_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)
    write(lake, [1], "a")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(durable.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            lake.write(AGENT, to_arrow([a_line(1, sum_tiyn=7)]), "a")
    (path,) = lake.files(AGENT)
    assert pq.read_table(path, partitioning=None)["sum_tiyn"].to_pylist() == [100]
    assert [one.name for one in path.parent.iterdir()] == ["a.parquet"]


def one_bucket(count: int) -> list[int]:
    return [number for number in range(100_000) if bucket(a_line(number).ki) == 5][:count]


def test_compaction_makes_one_sorted_file_a_bucket_and_readers_see_each_row_once(tmp_path: Path) -> None:
    lake, numbers = Lake(tmp_path), one_bucket(60)
    for part in range(6):
        write(lake, numbers[part::6], f"part-{part}")
    listed = lake.files(AGENT)
    done = compact(lake, AGENT, DAY)
    assert (done.before, done.after) == (6, 1)
    (path,) = lake.files(AGENT)
    keys = pq.read_table(path, partitioning=None)["fp"].to_pylist()
    assert keys == sorted(keys)
    assert held(lake) == numbers
    assert all(old.exists() for old in listed)  # Whoever has listed them reads on.
    late = one_bucket(61)[-1]
    write(lake, [late], "late")
    assert held(lake) == [*numbers, late]
    compact(lake, AGENT, DAY)
    assert len(lake.files(AGENT)) == 1
    assert held(lake) == [*numbers, late]


def test_a_name_that_was_compacted_is_still_replaced_and_removed(tmp_path: Path) -> None:
    lake, numbers = Lake(tmp_path), one_bucket(9)
    for part in range(3):
        write(lake, numbers[part::3], f"part-{part}")
    compact(lake, AGENT, DAY)
    write(lake, numbers[1::3], "part-1")
    assert held(lake) == numbers
    write(lake, numbers[1:2], "part-1")
    assert held(lake) == sorted([*numbers[0::3], numbers[1], *numbers[2::3]])
    lake.remove(AGENT, "part-2")
    assert held(lake) == sorted([*numbers[0::3], numbers[1]])
    compact(lake, AGENT, DAY)
    lake.remove(AGENT, "part-1")
    lake.remove(AGENT, "part-0")
    assert held(lake) == []


def test_sweeping_deletes_what_counts_no_longer_after_its_time_and_nothing_else(tmp_path: Path) -> None:
    lake, numbers = Lake(tmp_path), one_bucket(4)
    write(lake, numbers[:2], "a")
    write(lake, numbers[2:], "b")
    compact(lake, AGENT, DAY)
    (path,) = lake.files(AGENT)
    broken = path.with_name(".c.parquet.1-2.part")
    broken.write_bytes(b"half")
    changed_ns = (path.parent / "current.json").stat().st_mtime_ns
    assert sweep(lake, AGENT, DAY, changed_ns) == 0
    assert sweep(lake, AGENT, DAY, LATE_NS, GRACE_NS) == 3
    assert held(lake) == numbers
    assert not broken.exists()
    lake.remove(AGENT, "a")
    assert held(lake) == numbers[2:]


def test_tidying_compacts_the_days_that_need_it_and_sweeps_all(tmp_path: Path) -> None:
    lake, numbers, next_day = Lake(tmp_path), one_bucket(6), DAY + dt.timedelta(days=1)
    for number in numbers[:3]:
        write(lake, [number], f"a-{number}")
    lake.write(AGENT, to_arrow([a_line(numbers[3], next_day)]), "b")
    assert tidy(lake, 0, files_max=2) == 1
    assert tidy(lake, 0, files_max=2) == 0
    assert len(list(tmp_path.rglob("a-*.parquet"))) == 3
    assert tidy(lake, LATE_NS, [DAY], files_max=2) == 0
    assert [path.name for path in lake.files(AGENT)] == ["whole-1.parquet", "b.parquet"]
    assert list(tmp_path.rglob("a-*.parquet")) == []
    assert held(lake) == numbers[:4]


def test_readers_beside_writers_and_compactions_never_see_a_row_twice_or_not_at_all(tmp_path: Path) -> None:
    lake, numbers = Lake(tmp_path), one_bucket(40)
    write(lake, numbers[:20], "first")
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            seen = held(lake)
            if len(seen) != len(set(seen)) or not set(numbers[:20]) <= set(seen):
                wrong.append(seen)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for place_, number in enumerate(numbers[20:]):
            write(lake, [number], f"late-{place_}")
            compact(lake, AGENT, DAY)
            write(lake, numbers[:20], "first")
    finally:
        stop.set()
        reader.join()
    assert wrong == []
    assert held(lake) == numbers


def test_a_dropped_day_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    lake, next_day = Lake(tmp_path), DAY + dt.timedelta(days=1)
    lake.write(AGENT, to_arrow([a_line(1), a_line(2, next_day)]), "a")
    drop(lake, AGENT, DAY)
    drop(lake, AGENT, DAY)
    assert lake.days(AGENT) == [next_day]
    assert held(lake) == [2]


def test_a_registry_row_lies_under_the_newest_sale_before_its_observation(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    days = [DAY + dt.timedelta(days=number) for number in range(4)]
    ki = a_line(1).ki
    lake.write(AGENT, to_arrow([a_line(1, days[0]), a_line(1, days[2])]), "a")
    lake.write(OFD, to_arrow([a_line(2, days[1], till="")]), "a")
    seen = [NOON + DAY_US * 3, NOON + DAY_US * 2 - 1, NOON + DAY_US * 3, NOON + DAY_US]
    rows = [a_standing(ki, seen[0]), a_standing(ki, seen[1]), a_standing(a_line(2).ki, seen[2])]
    rows.append(a_standing("never sold", seen[3]))
    expected = [days[2], days[0], days[1], days[1]]
    assert [row.day for row in place(lake, rows)] == expected
    assert placed(lake, to_arrow(rows))["day"].to_pylist() == expected


def test_a_recheck_lies_under_the_sale_it_asked_about_though_another_came_since(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    days = [DAY, DAY + dt.timedelta(days=2)]
    lake.write(AGENT, to_arrow([a_line(1, days[0]), a_line(1, days[1])]), "a")
    row = a_standing(a_line(1).ki, NOON + DAY_US * 3, days[0])
    assert [one.day for one in place(lake, [row], decided=True)] == [days[0]]
    wrong = a_standing(a_line(1).ki, NOON + DAY_US * 3, DAY + dt.timedelta(days=1))
    assert [one.day for one in place(lake, [wrong], decided=True)] == [days[1]]
