"""Fingerprints searched where they lie in a file: what the library reads of it, however the file was written."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hq.lake import keys
from sync.hq.lake.columns import AGENT, SCHEMAS, to_arrow
from sync.hq.lake.compaction import compact
from sync.hq.lake.keys import find, fingerprints_of
from sync.hq.lake.layout import Lake
from sync.hq.lake.lookup import Wanted, codes, locate, rows
from sync.hq.lake.parquet import ROW_GROUP_ROWS, write_parquet
from sync.hq.witness import Line, Operation, fingerprint

DAY = dt.date(2026, 11, 2)
LOW, HIGH = -(2**63), 2**63 - 1
WHOLE = {"max_rows_per_page": ROW_GROUP_ROWS}
# As the lake wrote before, and by other hands: small pages, packed, with a dictionary, other encodings, nulls.
WRITINGS: dict[str, dict[str, Any]] = {
    "pages of 20 000 rows": {"compression": "none", "use_dictionary": False, "max_rows_per_page": 20_000},
    "small pages": {"compression": "none", "use_dictionary": False, "data_page_size": 4_096},
    "packed": {"compression": "zstd", "use_dictionary": False, **WHOLE},
    "dictionary": {"compression": "none", "use_dictionary": True, **WHOLE},
    "split bytes": {"compression": "none", "use_dictionary": False, "use_byte_stream_split": ["fp"], **WHOLE},
    "second kind of page": {"compression": "none", "use_dictionary": False, "data_page_version": "2.0", **WHOLE},
    "no statistics": {"compression": "none", "use_dictionary": False, "write_statistics": False, **WHOLE},
}


def numbers(count: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """As digests are: anywhere, in order; some more than once."""
    made = np.random.default_rng(seed).integers(LOW, HIGH, count, np.int64, endpoint=True)
    made[: count // 10] = made[-(count // 10) :]
    made.sort()
    return made


def table(fps: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Table:
    schema = pa.schema([pa.field("fp", pa.int64(), nullable=False), pa.field("row", pa.int64(), nullable=False)])
    return pa.table([fps, np.arange(len(fps))], schema=schema)


def written(path: Path, fps: np.ndarray[Any, np.dtype[np.int64]]) -> Path:
    with path.open("wb") as file:
        write_parquet(table(fps), file)
    return path


def spans_of(fps: np.ndarray[Any, np.dtype[np.int64]], fp: int) -> tuple[int, int]:
    found = np.flatnonzero(fps == fp)
    return int(found[0]), len(found)


def joined(spans: list[tuple[int, int]]) -> tuple[int, int]:
    """Equal numbers may stand on both sides of the end of a row group."""
    assert all(one[0] + one[1] == other[0] for one, other in itertools.pairwise(spans))
    return spans[0][0], sum(count for _, count in spans)


def holds(path: Path, fps: np.ndarray[Any, np.dtype[np.int64]]) -> None:
    assert np.array_equal(np.concatenate(list(fingerprints_of(path))), fps)
    for place in (*range(0, len(fps), 7_919), len(fps) - 1):
        assert joined(find(path, int(fps[place]))) == spans_of(fps, int(fps[place]))
    absent = next(fp for fp in range(50_000, 99_999) if fp not in fps)
    assert find(path, absent) == []


def test_a_file_of_the_lake_is_searched_in_place_and_nothing_of_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fps = numbers(ROW_GROUP_ROWS + 5_000, 1)  # Two row groups, the second a short one.
    path = written(tmp_path / "a.parquet", fps)
    monkeypatch.delattr(keys, "_unpacked")
    holds(path, fps)


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_file_that_was_written_otherwise_gives_the_same(tmp_path: Path, writing: str) -> None:
    fps = numbers(30_000, 2)
    path = tmp_path / "a.parquet"
    pq.write_table(table(fps), path, **WRITINGS[writing])
    holds(path, fps)


def test_a_first_column_that_may_be_empty_is_not_taken_for_numbers_alone(tmp_path: Path) -> None:
    fps = numbers(3_000, 3)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"fp": fps}), path, compression="none", use_dictionary=False)
    holds(path, fps)


@pytest.mark.parametrize(
    "shape",
    [
        lambda fps: np.sort(np.append(np.arange(len(fps) - 1), HIGH)),  # All far from where their share says.
        lambda fps: np.full(len(fps), 7),
        lambda fps: fps[:1],
        lambda fps: np.sort(np.concatenate([fps, np.full(9_000, fps[100])])),  # More than one look has.
    ],
    ids=["crowded", "all the same", "one", "one many times"],
)
def test_numbers_that_are_no_digests_are_found_too(tmp_path: Path, shape: Callable[[Any], Any]) -> None:
    fps = shape(numbers(20_000, 4))
    holds(written(tmp_path / "a.parquet", fps), fps)


@given(st.lists(st.integers(LOW, HIGH), max_size=40), st.lists(st.integers(LOW, HIGH), max_size=40))
def test_what_is_wanted_is_told_from_what_begins_alike(wanted: list[int], others: list[int]) -> None:
    near = [one ^ 1 for one in wanted]
    every = np.sort(np.array([*wanted, *wanted, *others, *near], np.int64))
    found = Wanted([np.array(wanted, np.int64)]).among(every)
    assert found.tolist() == [one for one in every.tolist() if one in set(wanted)]


def line(number: int, day: dt.date) -> Line:
    return Line(
        day, f"0104870000000104213kZ{number:05}", "04870000000104", Operation.SALE, 1, "T1", "R1", 1, number,
        f"S{day}{number}", 1, 100, "journal", number,
    )  # fmt: skip


def test_rows_of_codes_come_from_all_days_whatever_was_compacted(tmp_path: Path) -> None:
    lake, days = Lake(tmp_path), [DAY + dt.timedelta(days=number) for number in range(3)]
    for place, day in enumerate(days):
        for start in (0, 10):
            made = [line(number, day) for number in range(start, start + 10, place + 1)]
            lake.write(AGENT, to_arrow(made), f"part-{start}")
    schema = pa.schema([field for field in SCHEMAS[AGENT] if field.name in ("fp", "number")])
    wanted = Wanted([np.array([fingerprint(line(number, DAY).ki) for number in (0, 5, 14, 999)])])

    def found() -> list[tuple[dt.date, int]]:
        got = rows([locate(lake.files(AGENT, [day]), wanted) for day in days], schema)
        assert got.columns == ["fp", "number", "day"]
        return sorted(got.select("day", "number").iter_rows())

    expected = [(days[0], 0), (days[0], 5), (days[0], 14), (days[1], 0), (days[1], 14), (days[2], 0)]
    assert found() == expected
    compact(lake, AGENT, days[1])
    assert found() == expected
    assert rows([locate([], wanted)], schema).schema == {"fp": pl.Int64, "number": pl.Int64, "day": pl.Date}
    assert len(codes(lake.files(AGENT)).fps) == 20
