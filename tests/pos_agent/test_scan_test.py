"""A test of the scanners: its reads are shown and kept, and go into no sale; it ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from pos_agent.scan_test import LASTS_S, READS_MAX, ScanTest
from scanners.scan import DroppedRead, DropReason, Scan, Terminator


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


@pytest.fixture
def test(till: ShopTill) -> ScanTest:
    return till.agent.scan_test


def shown(test: ScanTest) -> list[bytes]:
    return [(read.event if isinstance(read.event, Scan) else read.event.scan).data for read in test.reads()]


def test_a_read_during_the_test_is_shown_and_kept_and_sold_to_nobody(till: ShopTill, test: ScanTest) -> None:
    sale = till.open()
    test.start("Ерлан")
    mark = till.unit()
    assert till.agent.intake.feed(till.frame(mark.text)) == []
    assert till.agent.till.sale(sale).lines == ()
    assert shown(test) == [mark.text.encode()]
    assert [row["reason"] for row in till.rows("scan_dropped")] == ["scan_test"]
    assert till.rows("scan_judged") == []
    test.stop()
    assert len(till.agent.intake.feed(till.frame(mark.text, after_ms=1))) == 1


def test_the_till_page_is_told_when_it_begins_how_long_it_lasts_and_why_it_ends(till: ShopTill, test: ScanTest) -> None:
    assert till.agent.status()["scan_test"] is None
    assert test.start("Ерлан")
    till.clock.sleep(20)
    assert till.agent.status()["scan_test"] == {"by": "Ерлан", "left_s": 100}
    assert not test.start("Айгүл")  # A second press changes nothing.
    assert till.agent.status()["scan_test"] == {"by": "Ерлан", "left_s": 100}
    test.stop()
    assert not test.stop()
    assert till.rows("scan_test_started") == [{"by": "Ерлан", "lasts_s": 120}]
    assert till.rows("scan_test_ended") == [{"by": "Ерлан", "why": "stopped"}]


def test_it_ends_after_two_minutes_whether_or_not_anybody_looks(till: ShopTill, test: ScanTest) -> None:
    test.start("x")
    till.clock.sleep(LASTS_S)
    assert test.left_s is None
    assert len(till.agent.intake.feed(till.frame(till.unit().text))) == 1
    till.agent.intake.tick(till.clock.now_ns())
    assert till.rows("scan_test_ended") == [{"by": "x", "why": "time"}]


def test_it_ends_when_the_last_page_leaves_and_not_before(till: ShopTill, test: ScanTest) -> None:
    test.start("x")
    told: list[str] = []
    first, second = test.watch(lambda: told.append("first")), test.watch(lambda: told.append("second"))
    till.agent.intake.feed(till.frame("4870000000104"))
    assert told == ["first", "second"]
    first()
    assert test.left_s is not None
    second()
    second()
    assert test.left_s is None
    assert till.rows("scan_test_ended") == [{"by": "x", "why": "left"}]


@pytest.mark.parametrize("moment", ["during", "after"])
def test_a_half_that_came_during_the_test_is_not_sold_after_it(till: ShopTill, test: ScanTest, moment: str) -> None:
    test.start("x")
    half = till.unit().text[:40]
    till.agent.intake.feed(till.frame(half, terminator=Terminator.GAP))
    till.clock.sleep(0.2)
    if moment == "after":
        test.stop()
    till.agent.intake.tick(till.clock.now_ns())
    assert till.agent.till.open_sales() == ()
    assert [row["reason"] for row in till.rows("scan_dropped")] == ["scan_test"]


def test_reads_the_line_dropped_or_broke_are_shown_and_keep_their_own_reasons(till: ShopTill, test: ScanTest) -> None:
    test.start("x")
    scan = till.frame("4870000000104")
    till.agent.intake.feed(DroppedRead(scan, DropReason.DUPLICATE))
    till.agent.intake.feed(till.frame("x" * 600, terminator=Terminator.OVERFLOW))
    assert shown(test) == [scan.data, b"x" * 600]
    assert [row["reason"] for row in till.rows("scan_dropped")] == ["duplicate", "overflow"]


def test_what_was_read_is_forgotten_with_the_test(till: ShopTill, test: ScanTest) -> None:
    test.start("x")
    for number in range(READS_MAX + 3):
        till.agent.intake.feed(till.frame(f"{number:08d}"))
    assert len(test.reads()) == READS_MAX
    assert [read.number for read in test.reads(after=READS_MAX)] == [31, 32, 33]
    test.stop()
    assert test.reads() == ()
    test.start("x")
    assert test.reads() == ()


def test_a_watcher_that_fails_loses_no_read(till: ShopTill, test: ScanTest) -> None:
    def gone() -> None:
        raise RuntimeError("Event loop is closed")

    test.start("x")
    test.watch(gone)
    till.agent.intake.feed(till.frame("4870249811936"))
    till.agent.intake.feed(till.frame("4870249811943"))
    assert len(till.rows("scan_dropped")) == len(test.reads()) == 2
