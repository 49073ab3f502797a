"""Lines of a sale and the receipt they become."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.register import Failure, FailureKind, Operation, Payment, PaymentKind
from pos_agent.basket import BasketLine, lines_from, offending, receipt, total_tiyn

PAID = (Payment(PaymentKind.CARD, 1),)


def marked(number: int, ki: str, **more: Any) -> BasketLine:
    line = BasketLine(
        number, "Шоколад", 50_000, 1_000, 796, 1_600, gtin="04870249811936", ki=ki, full=f"{ki}\x1d91EE11"
    )
    return replace(line, **more)


def loose(number: int, quantity_milli: int) -> BasketLine:
    return BasketLine(number, "Алма", 45_050, quantity_milli, 166, 0, ntin="2000000000015")


def made(lines: list[BasketLine], **more: Any) -> Any:
    return receipt("key", Operation.SALE, lines, PAID, cashier="Айгүл", **more)


def test_a_line_survives_the_journal() -> None:
    lines = (marked(1, "KI-1", approved_by="Ерлан: seen"), loose(2, 1_234))
    assert lines_from([line.as_body() for line in lines]) == lines


def test_the_total_rounds_each_line_by_itself() -> None:
    # 1.234 kg at 450.50 = 555.917 -> 555.92 tenge; twice, not 1111.83.
    assert total_tiyn([loose(1, 1_234), loose(2, 1_234)]) == 2 * 55_592


def test_a_discount_lowers_its_line() -> None:
    assert total_tiyn([marked(1, "KI-1", discount_tiyn=500)]) == 49_500


def test_a_marked_unit_is_a_position_with_one_mark() -> None:
    order = made([marked(1, "KI-1"), loose(2, 500)])
    assert [(len(line.marks), line.quantity_milli) for line in order.lines] == [(1, 1_000), (0, 500)]
    assert (order.lines[0].marks[0].ki, order.lines[0].marks[0].full) == ("KI-1", "KI-1\x1d91EE11")


def test_a_return_may_leave_the_marks_out() -> None:
    assert [line.marks for line in made([marked(1, "KI-1")], send_marks=False).lines] == [()]


def test_equal_marked_goods_join_into_one_position_where_the_register_takes_lists() -> None:
    order = made([marked(1, "A"), marked(2, "B"), loose(3, 1_000), marked(4, "C")], group_marks=True)
    assert [(line.quantity_milli, [mark.ki for mark in line.marks]) for line in order.lines] == [
        (3_000, ["A", "B", "C"]),
        (1_000, []),
    ]


@pytest.mark.parametrize("odd", [{"price_tiyn": 50_001}, {"vat_bp": None}, {"gtin": None}, {"discount_tiyn": 1}])
def test_goods_that_differ_in_anything_stay_apart(odd: dict[str, Any]) -> None:
    order = made([marked(1, "A"), marked(2, "B", **odd)], group_marks=True)
    assert [len(line.marks) for line in order.lines] == [1, 1]


def test_loose_goods_are_never_joined() -> None:
    assert len(made([loose(1, 100), loose(2, 100)], group_marks=True).lines) == 2


@given(st.lists(st.tuples(st.sampled_from([50_000, 60_000]), st.sampled_from([0, 100])), min_size=1, max_size=8))
def test_joining_changes_neither_the_goods_nor_their_order_of_first_appearance(kinds: list[tuple[int, int]]) -> None:
    lines = [marked(n, f"KI-{n}", price_tiyn=price, discount_tiyn=cut) for n, (price, cut) in enumerate(kinds)]
    apart, joined = made(lines), made(lines, group_marks=True)
    assert sorted(mark.ki for line in joined.lines for mark in line.marks) == sorted(str(line.ki) for line in lines)
    assert all(line.quantity_milli == 1_000 * len(line.marks) for line in joined.lines)
    for price in (50_000, 60_000):
        assert sum(line.quantity_milli for line in joined.lines if line.price_tiyn == price) == sum(
            line.quantity_milli for line in apart.lines if line.price_tiyn == price
        )
    assert joined.lines[0].marks[0] == apart.lines[0].marks[0]


def test_a_failure_of_a_register_names_the_line_of_the_sale() -> None:
    lines = [marked(1, "KI-1"), loose(2, 500), marked(3, "KI-3"), loose(4, 700)]
    single, grouped = made(lines), made(lines, group_marks=True)
    assert [len(line.marks) for line in grouped.lines] == [2, 0, 0]

    def number(order: Any, line: int | None, mark: int | None = None) -> int | None:
        failure = Failure(FailureKind.MARK_REFUSED, "D4", "invalid code", line=line, mark=mark)
        found = offending(order, failure, lines)
        return None if found is None else found.number

    assert [number(single, index, 0) for index in range(4)] == [1, 2, 3, 4]
    assert [number(grouped, 0, mark) for mark in (None, 0, 1, 9)] == [1, 1, 3, 1]
    assert (number(grouped, 1), number(grouped, 2)) == (2, 4)
    assert number(single, None) is None and number(single, 9) is None
