"""How many receipts were made, when journal and counters agree, and when they do not."""

from __future__ import annotations

import pytest

from fiscal.datecs.counting import DOCUMENTS_MAX, count, money_of, number_in_shift, span
from fiscal.datecs.protocol import Entry

BEFORE = {"document": 10, "z": 41, "receipts": 4, "last_fiscal": 10}
SOLD, BACK, VOID, Z = "sale", "sale_return", "cancelled", "z_report"


def now(documents: int, receipts: int, last_fiscal: int, z: int = 41) -> dict[str, int]:
    return {"document": 10 + documents, "z": z, "receipts": 4 + receipts, "last_fiscal": last_fiscal}


def found(*kinds: str | None) -> dict[int, Entry | None]:
    return {11 + at: Entry(11 + at, kind, 100 * at) if kind else None for at, kind in enumerate(kinds)}


@pytest.mark.parametrize(
    ("kinds", "counters", "sales", "all_kinds"),
    [
        ((), now(0, 0, 10), 0, True),
        ((SOLD,), now(1, 1, 11), 1, True),
        ((VOID,), now(1, 0, 10), 0, True),
        ((VOID,), now(1, 1, 11), 0, True),  # A model that counts cancelled receipts as fiscal ones.
        ((VOID, SOLD), now(2, 1, 12), 1, True),
        ((BACK,), now(1, 1, 11), 0, True),
        ((BACK,), now(1, 0, 11), 0, True),  # A model that counts sales alone.
        ((SOLD, BACK), now(2, 2, 12), 1, True),
        ((SOLD, SOLD), now(2, 2, 12), 2, True),
        (("cash", SOLD), now(2, 1, 12), 1, True),
        ((None, SOLD), now(2, 1, 12), 1, False),  # P: its journal shows receipts only.
        ((SOLD, Z), now(2, -4, 11, 42), 1, True),
        ((Z,), now(1, -4, 10, 42), 0, True),
        # They contradict each other.
        ((None,), now(1, 0, 10), None, True),
        ((None,), now(1, 1, 11), None, False),
        (("cash",), now(1, 1, 11), None, True),
        (("cash",), now(1, 0, 11), None, True),
        ((SOLD,), now(1, 0, 11), None, True),
        ((SOLD,), now(1, 1, 10), None, True),
        ((), now(0, 1, 11), None, True),
        ((), now(0, -1, 10), None, True),
    ],
)
def test_sales_since_a_baseline(
    kinds: tuple[str | None, ...], counters: dict[str, int], sales: int | None, all_kinds: bool
) -> None:
    counted = count(SOLD, BEFORE, counters, found(*kinds), opened=False, all_kinds=all_kinds)
    assert counted.count == sales
    assert "documents 10 before" in counted.why
    if sales == 1:
        assert counted.newest is not None and counted.newest.kind == SOLD


def test_an_open_receipt_may_be_numbered_already_and_is_not_made() -> None:
    counted = count(SOLD, BEFORE, now(1, 1, 11), found(None), opened=True, all_kinds=True)
    assert counted.count == 0


def test_counters_a_printer_does_not_tell_contradict_nothing() -> None:
    few = {"document": 10, "z": 41}
    assert count(SOLD, few, {"document": 11, "z": 41}, found(SOLD), opened=False, all_kinds=True).count == 1


def test_a_span_ends_where_a_person_has_to_look() -> None:
    assert span(BEFORE, now(0, 0, 10)) == range(11, 11)
    assert span(BEFORE, now(2, 0, 10)) == range(11, 13)
    assert span(BEFORE, now(-1, 0, 10)) is None
    assert span(BEFORE, now(DOCUMENTS_MAX, 0, 10)) is not None and span(BEFORE, now(DOCUMENTS_MAX + 1, 0, 10)) is None


def test_the_sum_of_the_last_receipt_is_that_of_the_newest_one_only() -> None:
    shown = {11: Entry(11, SOLD), 12: Entry(12, "cash"), 13: Entry(13, VOID)}
    assert money_of(shown[11], shown, 500) is None
    assert money_of(shown[11], {11: shown[11], 12: shown[12], 14: None}, 500) == 500
    assert money_of(Entry(11, SOLD, 700), shown, 500) == 700


def test_a_receipt_is_numbered_within_its_shift() -> None:
    shown = found(VOID, SOLD, BACK)
    sold, back = shown[12], shown[13]
    assert sold is not None and back is not None
    assert number_in_shift(back, BEFORE, now(3, 2, 13), shown) == 6
    assert number_in_shift(sold, BEFORE, now(3, 2, 13), shown) == 5
    assert number_in_shift(back, BEFORE, now(4, -4, 13, 42), shown) == 6
