from __future__ import annotations

import pytest

from scanners.duplicates import DuplicateFilter
from scanners.scan import DroppedRead, DropReason, Scan, Terminator

MS = 1_000_000
START = 1_790_000_000_000 * MS


def scan(data: bytes, at_ms: int, source: str = "left", terminator: Terminator = Terminator.SUFFIX) -> Scan:
    return Scan(data, None, source, START + at_ms * MS, terminator)


def verdicts(rule: DuplicateFilter, *scans: Scan) -> list[bool]:
    return [isinstance(rule.judge(one), Scan) for one in scans]


def test_the_same_payload_within_the_window_is_one_scan_and_the_drop_is_told() -> None:
    rule = DuplicateFilter()
    first, second = scan(b"a", 0), scan(b"a", 500)
    assert rule.judge(first) is first
    dropped = rule.judge(second)
    assert dropped == DroppedRead(second, DropReason.DUPLICATE, "same payload 500 ms before")
    assert rule.dropped_count == 1


def test_the_same_payload_after_the_window_is_a_scan() -> None:
    assert verdicts(DuplicateFilter(), scan(b"a", 0), scan(b"a", 501)) == [True, True]


def test_a_pack_that_stays_before_the_scanner_is_one_scan_however_long() -> None:
    assert verdicts(DuplicateFilter(), *(scan(b"a", 300 * i) for i in range(5))) == [True, False, False, False, False]


def test_another_code_between_does_not_hide_the_double() -> None:
    assert verdicts(DuplicateFilter(), scan(b"a", 0), scan(b"b", 100), scan(b"a", 200)) == [True, True, False]


def test_two_scanners_are_judged_apart() -> None:
    assert verdicts(DuplicateFilter(), scan(b"a", 0, "left"), scan(b"a", 10, "right")) == [True, True]


def test_broken_frames_are_evidence_and_never_dropped() -> None:
    cut = scan(b"a", 5, terminator=Terminator.UNPLUG)
    assert verdicts(DuplicateFilter(), scan(b"a", 0), cut, cut) == [True, True, True]


def test_a_clock_set_back_does_not_make_doubles() -> None:
    assert verdicts(DuplicateFilter(), scan(b"a", 0), scan(b"a", -60_000)) == [True, True]


def test_the_window_can_be_set_and_turned_off() -> None:
    assert verdicts(DuplicateFilter(1500), scan(b"a", 0), scan(b"a", 1500)) == [True, False]
    assert verdicts(DuplicateFilter(0), scan(b"a", 0), scan(b"a", 0)) == [True, True]


@pytest.mark.parametrize("window_ms", [-1, 1, 199, 1501])
def test_a_window_outside_the_sensible_is_refused(window_ms: int) -> None:
    with pytest.raises(ValueError, match="duplicate window"):
        DuplicateFilter(window_ms)
