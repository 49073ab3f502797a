"""A scanner that gives one dropped read for ever: two rows a minute at most, and every read in one of them."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from pos_agent.journal.database import JournalBusy
from pos_agent.repeats import EVERY_NS, RUNS_MAX, Repeated, Repeats
from scanners.duplicates import DuplicateFilter
from scanners.scan import DroppedRead, DropReason, Scan

MS = 1_000_000
S = 1_000 * MS


class Kept:
    """What was written, in order. `broken` is a journal that cannot be written."""

    def __init__(self) -> None:
        self.rows: list[Repeated] = []
        self.broken = False
        self.tries = 0
        self.repeats = Repeats(self)

    def __call__(self, row: Repeated) -> None:
        self.tries += 1
        if self.broken:
            raise JournalBusy("another program holds it")
        self.rows.append(row)

    @property
    def reads(self) -> int:
        return sum(row.count for row in self.rows)


def drop(
    at_ns: int, data: bytes = b"label", device: str = "counter", reason: DropReason = DropReason.DUPLICATE
) -> DroppedRead:
    return DroppedRead(Scan(data, "]d2", device, at_ns, first_at_ns=at_ns), reason, "same payload")


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def test_the_first_is_a_row_at_once_and_those_of_a_minute_are_one(kept: Kept) -> None:
    for turn in range(100):
        kept.repeats.take(drop(turn * 500 * MS))
    assert [row.count for row in kept.rows] == [1]
    kept.repeats.tick(60 * S)
    assert [(row.count, row.first_at_ns, row.drop.scan.at_ns) for row in kept.rows[1:]] == [(99, 500 * MS, 49_500 * MS)]


def test_an_hour_of_one_code_is_a_row_a_minute_and_every_read_is_counted(kept: Kept) -> None:
    for turn in range(7_200):
        kept.repeats.take(drop(turn * 500 * MS))
        kept.repeats.tick(turn * 500 * MS)
    kept.repeats.finish()
    assert (len(kept.rows), kept.reads) == (61, 7_200)


def test_without_anyone_looking_the_reads_themselves_write_the_rows(kept: Kept) -> None:
    for turn in range(241):
        kept.repeats.take(drop(turn * 500 * MS))
    assert [row.count for row in kept.rows] == [1, 120, 120]


def test_the_end_keeps_what_was_counted_and_only_once(kept: Kept) -> None:
    for turn in range(5):
        kept.repeats.take(drop(turn * S))
    kept.repeats.finish()
    kept.repeats.finish()
    assert [row.count for row in kept.rows] == [1, 4]


def test_a_read_that_comes_again_after_a_quiet_minute_is_a_row_at_once(kept: Kept) -> None:
    kept.repeats.take(drop(0))
    kept.repeats.tick(60 * S)
    kept.repeats.take(drop(61 * S))
    assert [row.count for row in kept.rows] == [1, 1]


@pytest.mark.parametrize(
    "other",
    [
        drop(0, data=b"another"),
        drop(0, device="hand"),
        drop(0, reason=DropReason.DAMAGED),
        DroppedRead(Scan(b"label", "]C1", "counter", 0), DropReason.DUPLICATE),
    ],
)
def test_what_differs_in_code_device_reason_or_symbol_has_a_row_of_its_own(kept: Kept, other: DroppedRead) -> None:
    kept.repeats.take(drop(0))
    kept.repeats.take(other)
    assert [row.drop for row in kept.rows] == [drop(0), other]


def test_two_labels_in_turn_are_counted_each_for_itself(kept: Kept) -> None:
    for turn in range(200):
        kept.repeats.take(drop(turn * 100 * MS, data=b"AB"[turn % 2 :][:1]))
    kept.repeats.finish()
    assert Counter((row.drop.scan.data, row.count) for row in kept.rows) == {
        (data, count): 1 for data in (b"A", b"B") for count in (1, 99)
    }


def test_noise_that_never_repeats_is_kept_whole_and_fills_no_memory(kept: Kept) -> None:
    for turn in range(3 * RUNS_MAX):
        kept.repeats.take(drop(turn * MS, data=turn.to_bytes(4, "big")))
    assert (len(kept.rows), len(kept.repeats._runs)) == (3 * RUNS_MAX, RUNS_MAX)


def test_a_count_that_makes_room_for_noise_is_kept(kept: Kept) -> None:
    for turn in range(10):
        kept.repeats.take(drop(turn * MS))
    for turn in range(RUNS_MAX):
        kept.repeats.take(drop(turn * MS, data=turn.to_bytes(4, "big")))
    assert [row.count for row in kept.rows if row.drop.scan.data == b"label"] == [1, 9]


@pytest.mark.parametrize("jump_ns", [-3_600 * S, 3_600 * S])
def test_a_clock_that_is_set_neither_loses_nor_holds_back_a_count(kept: Kept, jump_ns: int) -> None:
    start_ns = 10_000 * S
    for turn in range(3):
        kept.repeats.take(drop(start_ns + turn * S))
    kept.repeats.tick(start_ns + jump_ns)
    assert [row.count for row in kept.rows] == [1, 2]


def test_a_journal_that_cannot_be_written_keeps_the_count_and_is_asked_once_a_minute(kept: Kept) -> None:
    kept.broken = True
    with pytest.raises(JournalBusy):
        kept.repeats.take(drop(0))
    for turn in range(1, 100):
        kept.repeats.take(drop(turn * 500 * MS))
        kept.repeats.tick(turn * 500 * MS)
    assert kept.tries == 1
    kept.broken = False
    kept.repeats.tick(EVERY_NS)
    assert (len(kept.rows), kept.reads) == (1, 100)


def test_reads_of_several_threads_are_all_counted(kept: Kept) -> None:
    def hang(device: str) -> None:
        rng = random.Random(device)
        for turn in range(500):
            kept.repeats.take(drop(turn * 200 * MS, data=rng.choice((b"A", b"B")), device=device))

    threads = [threading.Thread(target=hang, args=(f"hand@192.168.1.{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(100):
        kept.repeats.tick(turn * S)
    for thread in threads:
        thread.join(10)
    kept.repeats.finish()
    assert kept.reads == 2_000


def test_a_pack_left_under_the_scanner_for_ten_minutes_is_one_scan_and_a_dozen_rows(till: ShopTill) -> None:
    intake, double, mark = till.agent.intake, DuplicateFilter(500), till.unit()
    reads, results = 2_000, []
    for _ in range(reads):
        results += intake.feed(double.judge(till.frame(mark.text)))
        till.clock.sleep(0.3)
        intake.tick(till.clock.now_ns())
    results += intake.finish()
    rows = till.rows("scan_dropped")
    assert (len(results), len(till.rows("scan_judged"))) == (1, 1)
    assert sum(row.get("count", 1) for row in rows) == reads - 1
    assert 10 <= len(rows) <= 12
    assert "count" not in rows[0]
    assert all(row["first_at_s"] < row["at_s"] <= row["first_at_s"] + 60 for row in rows[1:])
    assert {row["reason"] for row in rows} == {"duplicate"}
