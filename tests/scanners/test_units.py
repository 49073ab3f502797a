"""One unit read twice is one scan, however the two reads were dressed."""

from __future__ import annotations

import itertools
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.duplicates import CODE_BYTES_MAX, READS_MAX, DuplicateFilter, Unit, unit_of
from scanners.scan import DroppedRead, Scan, Terminator

MS = 1_000_000
START = 1_790_000_000_000 * MS
GS = b"\x1d"
KI = b"0104870000000104213kZ7q_W<2hT9m"
FULL = KI + b"\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"
EAN = b"4870249811936"


def scan(data: bytes, at_ms: int = 0, symbology: str | None = None, terminator: Terminator = Terminator.SUFFIX) -> Scan:
    return Scan(data, symbology, "left", START + at_ms * MS, terminator)


def verdicts(rule: DuplicateFilter, *scans: Scan) -> list[bool]:
    return [isinstance(rule.judge(one), Scan) for one in scans]


@pytest.mark.parametrize(
    "other",
    [
        b"]d2" + FULL,
        GS + FULL,
        FULL.replace(GS, b""),  # D1
        FULL.replace(GS, b"{GS}"),
        FULL + b" ",
        KI,  # Without its check part.
    ],
)
def test_the_same_unit_in_another_dress_is_one_scan(other: bytes) -> None:
    rule = DuplicateFilter()
    assert rule.judge(scan(FULL)) == scan(FULL)
    dropped = rule.judge(scan(other, 400))
    assert isinstance(dropped, DroppedRead)
    assert dropped.text == "same unit 400 ms before"
    assert dropped.scan.data == other


def test_a_pack_of_tobacco_is_one_unit_with_and_without_its_check_part() -> None:
    assert unit_of(scan(PACK)) == unit_of(scan(PACK[:21])) == Unit(PACK[:21], marked=True)
    assert unit_of(scan(PACK)).whole
    assert not unit_of(scan(PACK[:21])).whole


def test_the_whole_code_after_one_without_its_check_part_is_the_scan_that_counts() -> None:
    rule = DuplicateFilter()
    assert verdicts(rule, scan(KI), scan(FULL, 100), scan(b"]d2" + FULL, 200), scan(KI, 300)) == [
        True, True, False, False,
    ]  # fmt: skip


def test_the_window_runs_on_whichever_dress_is_seen() -> None:
    reads = [scan(FULL), scan(b"]d2" + FULL, 400), scan(FULL, 800), scan(b"]d2" + FULL, 1200), scan(KI, 1600)]
    assert verdicts(DuplicateFilter(), *reads) == [True, False, False, False, False]
    assert verdicts(DuplicateFilter(), scan(FULL), scan(b"]d2" + FULL, 501)) == [True, True]


def test_two_units_of_one_kind_of_goods_are_two_scans() -> None:
    other = PACK[:20] + b"y" + PACK[21:]
    assert verdicts(DuplicateFilter(), scan(PACK), scan(other, 10), scan(PACK, 20), scan(other, 30)) == [
        True, True, False, False,
    ]  # fmt: skip


def test_the_same_text_in_another_symbology_is_another_scan_unless_it_names_a_unit() -> None:
    ean, matrix = scan(EAN, 0, "]E0"), scan(EAN, 10, "]d1")
    assert verdicts(DuplicateFilter(), ean, matrix, scan(b"]E0" + EAN, 20, "]E0")) == [True, True, False]
    assert verdicts(DuplicateFilter(), scan(FULL, 0, "]d2"), scan(FULL, 10, "]Q3")) == [True, False]


def test_goods_and_unit_of_one_pack_are_two_scans() -> None:
    assert verdicts(DuplicateFilter(), scan(EAN, 0, "]E0"), scan(PACK, 50, "]d1")) == [True, True]


def test_a_reading_that_has_to_be_confirmed_is_compared_by_its_bytes() -> None:
    with_caps_lock = FULL.swapcase()  # D6: the key arrives in lower case.
    assert unit_of(scan(with_caps_lock)) == Unit(with_caps_lock, marked=False)
    assert verdicts(DuplicateFilter(), scan(FULL), scan(with_caps_lock, 10), scan(with_caps_lock, 20)) == [
        True, True, False,
    ]  # fmt: skip


def test_a_head_that_silence_cut_off_is_left_for_its_rest() -> None:
    head = scan(KI, 100, terminator=Terminator.GAP)
    assert verdicts(DuplicateFilter(), scan(FULL), head) == [True, True]


def test_noise_longer_than_any_code_is_not_looked_into() -> None:
    long = FULL * 3
    assert len(long) < CODE_BYTES_MAX
    assert unit_of(scan(long + FULL)) == Unit(long + FULL, marked=False)


@given(st.binary(max_size=600), st.sampled_from([None, "]d2", "]E0"]), st.sampled_from(list(Terminator)))
def test_any_bytes_are_a_unit_and_equal_to_themselves(data: bytes, symbology: str, terminator: Terminator) -> None:
    one = scan(data, 0, symbology, terminator)
    assert unit_of(one) == unit_of(one)
    rule = DuplicateFilter()
    rule.judge(scan(PACK, 0))
    assert rule.judge(one) == one


@pytest.mark.parametrize("step_ns", [0, 1000, 40 * MS])
def test_different_codes_for_ever_take_no_memory(step_ns: int) -> None:
    rng = random.Random(5)
    rule = DuplicateFilter()
    numbers = itertools.count()

    def feed(count: int) -> int:
        for number in itertools.islice(numbers, count):
            code = PACK[:14] + b"%07d" % rng.randrange(10**7) + PACK[21:]
            rule.judge(Scan(code, None, f"device {number % 3}", START + number * step_ns))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    full_bytes = feed(3 * READS_MAX)
    later_bytes = feed(10 * READS_MAX)
    tracemalloc.stop()
    assert later_bytes - full_bytes < 20_000
    assert later_bytes < 1_000_000


def test_one_code_for_ever_is_one_scan_and_a_told_drop_each() -> None:
    rule = DuplicateFilter()
    assert verdicts(rule, *(scan(FULL, 100 * number) for number in range(1000))).count(True) == 1
    assert rule.dropped_count == 999
