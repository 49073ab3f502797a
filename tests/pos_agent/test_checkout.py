"""Lines of an open sale: what may become one, what frees a unit, what a person may let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from hw_sim.registry import Fate
from marking.code import Source
from marking.verdict import Decision, UnitState
from pos_agent.journal.journal import Event
from pos_agent.problems import Problem
from pos_agent.sale import SaleState

SSCC = "00146012340000000019"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value.kind.code


def state_of(till: ShopTill, ki: str, sale: str | None = None) -> UnitState:
    return till.agent.till.unit_states([ki], sale)[ki]


def test_a_scanned_unit_is_held_by_its_sale(till: ShopTill) -> None:
    sale, (mark,) = till.with_units()
    assert state_of(till, mark.ki, sale) is UnitState.HELD_HERE
    assert state_of(till, mark.ki) is UnitState.HELD_ELSEWHERE


def test_the_same_unit_again_makes_no_second_line(till: ShopTill) -> None:
    sale, (mark,) = till.with_units()
    again = till.scan(sale, mark.text)
    assert again.line is None
    assert again.judged.verdict.decision is Decision.REFUSE
    assert len(till.agent.till.sale(sale).lines) == 1
    assert len(till.rows("scan_judged")) == 2


def test_a_removed_line_frees_its_unit_for_another_sale(till: ShopTill) -> None:
    sale, (mark,) = till.with_units()
    assert till.agent.checkout.remove(sale, 1).lines == ()
    assert till.scan(till.open(), mark.text).line is not None


def test_a_line_number_is_never_used_twice_also_after_a_restart(till: ShopTill) -> None:
    sale, _ = till.with_units(2)
    till.agent.checkout.remove(sale, 2)
    till.restart()
    third = till.scan(sale, till.unit().text).line
    assert third is not None
    assert third.number == 3
    assert code_of(lambda: till.agent.checkout.remove(sale, 2)) == "T-103"


def test_a_cancelled_sale_frees_its_units_and_takes_nothing_more(till: ShopTill) -> None:
    sale, marks = till.with_units(2)
    assert till.agent.checkout.cancel(sale, "left").state is SaleState.CANCELLED
    assert {state_of(till, mark.ki) for mark in marks} == {UnitState.FREE}
    assert code_of(lambda: till.scan(sale, marks[0].text)) == "T-102"
    assert code_of(lambda: till.agent.checkout.cancel(sale, "again")) == "T-102"
    assert code_of(lambda: till.scan("till-1-999", marks[0].text)) == "T-101"


def test_only_a_question_can_be_answered_and_only_once(till: ShopTill) -> None:
    sale = till.open()
    asked = till.scan(sale, till.mark(Fate.UNKNOWN).text)
    refused = till.scan(sale, till.mark(Fate.SOLD_BEFORE).text)
    assert asked.judged.verdict.decision is Decision.ASK
    assert asked.line is None
    let_in = till.agent.checkout.approve(sale, asked.scan, "Senior", "old stock")
    assert let_in.line is not None
    assert let_in.line.approved_by == "Senior: old stock"
    for scan in (asked.scan, refused.scan, 0, -1, 1, 10**30):
        assert code_of(lambda scan=scan: till.agent.checkout.approve(sale, scan, "Senior", "x")) == "T-109"
    other = till.open()
    assert code_of(lambda: till.agent.checkout.approve(other, asked.scan, "Senior", "x")) == "T-109"


def test_one_linear_scan_that_asks_lets_in_one_piece(till: ShopTill) -> None:
    sale = till.open()
    gtin = till.unit().product.gtin[1:]
    asked = till.scan(sale, gtin)
    assert asked.judged.verdict.decision is Decision.ASK
    till.agent.checkout.approve(sale, asked.scan, "Senior", "old-stock")
    assert code_of(lambda: till.agent.checkout.approve(sale, asked.scan, "Senior", "old-stock")) == "T-109"
    assert len(till.agent.till.sale(sale).lines) == 1


def test_a_question_is_found_although_other_rows_came_between(till: ShopTill) -> None:
    """What a scan is called is fixed before its row is: delivery, the settle timer and others write without asking."""
    sale, journal = till.open(), till.agent.journal
    original = journal.head

    def busy() -> tuple[int, bytes]:
        found = original()
        journal.append(Event("clock_jumped", {"by": "another thread"}))
        return found

    journal.head = busy  # type: ignore[method-assign]
    asked = till.scan(sale, till.mark(Fate.UNKNOWN).text)
    journal.head = original  # type: ignore[method-assign]
    assert journal.row(asked.scan).kind == "clock_jumped"
    assert till.agent.checkout.approve(sale, asked.scan, "Senior", "x").line is not None


def test_goods_without_a_mark_are_scanned_or_keyed_by_their_numbers(till: ShopTill) -> None:
    till.stock(ntin="2000000000015", name_ru="Яблоки", name_kk="Алма", unit=166, vat="base", price="500.00")
    sale, gtin = till.open(), till.plain_gtin()
    by_ean = till.scan(sale, gtin[1:]).line
    by_quantity = till.agent.checkout.add_goods(sale, gtin[1:], 3_000).line
    weighed = till.agent.checkout.add_goods(sale, "2000000000015", 345).line
    assert by_ean is not None
    assert by_quantity is not None
    assert weighed is not None
    assert (by_ean.quantity_milli, by_ean.ki, by_ean.full) == (1_000, None, None)
    assert by_quantity.amount_tiyn == 3 * by_ean.amount_tiyn
    assert (weighed.unit_code, weighed.quantity_milli, weighed.amount_tiyn) == (166, 345, 17_250)
    till.pay(sale)
    assert till.receipts()[0].marks == ()


@pytest.mark.parametrize("quantity", [0, -1, 10**9 + 1])
def test_an_impossible_quantity_is_refused(till: ShopTill, quantity: int) -> None:
    sale = till.open()
    assert code_of(lambda: till.agent.checkout.add_goods(sale, till.plain_gtin(), quantity)) == "T-115"


def test_marked_goods_are_not_sold_by_number(till: ShopTill) -> None:
    sale, gtin = till.open(), till.unit().product.gtin
    assert code_of(lambda: till.agent.checkout.add_goods(sale, gtin, 1_000)) == "T-111"
    assert code_of(lambda: till.agent.checkout.add_goods(sale, "abc", 1_000)) == "T-115"


def test_goods_the_catalogue_does_not_know_make_no_line(till: ShopTill) -> None:
    sale = till.open()
    assert code_of(lambda: till.agent.checkout.add_goods(sale, "04870249811936", 1_000)) == "T-110"
    assert till.scan(sale, "4870249811936").line is None


def test_goods_without_a_price_are_not_given_away_and_the_scan_is_kept(till: ShopTill) -> None:
    till.stock(gtin="04870249811936", name_ru="Чай", name_kk="Шай", unit=796, vat="base", price="0")
    sale = till.open()
    assert code_of(lambda: till.scan(sale, "4870249811936")) == "T-110"
    assert till.rows("scan_judged")[-1]["problem"] == "T-110"
    assert till.agent.till.sale(sale).lines == ()


@pytest.mark.parametrize("what", [SSCC, "aggregate"])
def test_boxes_and_pallets_are_no_units_of_retail(till: ShopTill, what: str) -> None:
    code = till.mark(Fate.AGGREGATE).text if what == "aggregate" else what
    scanned = till.scan(till.open(), code)
    assert scanned.line is None
    assert scanned.judged.verdict.decision is Decision.REFUSE


def test_a_unit_taken_by_a_receipt_in_one_call_between_look_and_row_is_refused(till: ShopTill) -> None:
    sale, mark = till.open(), till.unit()
    checkout, judge = till.agent.checkout, till.agent.judge
    other = till.open()
    original = judge.again

    def late(judged: object, name: str | None) -> object:
        found = original(judged, name)  # type: ignore[arg-type]
        judge.again = original  # type: ignore[method-assign]
        checkout.scan(other, mark.text.encode(), Source.SCANNER)
        return found

    judge.again = late  # type: ignore[method-assign,assignment]
    scanned = till.scan(sale, mark.text)
    assert scanned.line is None
    assert scanned.judged.verdict.decision is Decision.REFUSE
    assert len(till.agent.till.sale(other).lines) == 1


def test_a_scan_that_comes_while_the_register_works_is_turned_away(till: ShopTill) -> None:
    sale, _ = till.with_units()
    late, codes = till.unit(), []
    till.register.meanwhile["/check"] = lambda: codes.append(code_of(lambda: till.scan(sale, late.text)))
    till.pay(sale)
    assert codes == ["T-102"]
    assert state_of(till, late.ki) is UnitState.FREE


def test_a_scan_that_a_payment_overtakes_at_the_last_moment_is_turned_away(till: ShopTill) -> None:
    sale, _ = till.with_units()
    late, journal = till.unit(), till.agent.journal
    original = journal.head

    def paid_first() -> tuple[int, bytes]:
        journal.head = original  # type: ignore[method-assign]
        till.pay(sale)
        return original()

    journal.head = paid_first  # type: ignore[method-assign]
    assert code_of(lambda: till.scan(sale, late.text)) == "T-102"
    assert len(till.receipts()[0].marks) == 1
    assert state_of(till, late.ki) is UnitState.FREE
