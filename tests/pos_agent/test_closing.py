"""Paying: what fits the total, which key names which content, and what silence, refusal and repetition leave behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from fiscal.register import Operation, Payment, PaymentKind
from hw_sim.registry import Fate, Mark
from marking.verdict import UnitState
from pos_agent.closing import Paid
from pos_agent.journal.journal import Event
from pos_agent.one_shot import Item, ItemRefused
from pos_agent.problems import Problem
from pos_agent.sale import SaleState

CASH, CARD, MOBILE = PaymentKind.CASH, PaymentKind.CARD, PaymentKind.MOBILE
DAY_S = 86_400.0


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def problem_of(call: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value


def code_of(call: Callable[[], object]) -> str:
    return problem_of(call).kind.code


def price_of(mark: Mark) -> int:
    return round(mark.product.price * 100)


def one_shot(till: ShopTill, *marks: Mark, **options: object) -> Paid:
    items = [Item(code=mark.text.encode(), **options) for mark in marks]  # type: ignore[arg-type]
    payment = [Payment(CARD, sum(map(price_of, marks)))]
    return till.agent.closing.one_shot(Operation.SALE, items, payment, cashier="A")


@pytest.mark.parametrize(
    ("payments", "fits"),
    [
        ([(CASH, 0)], True),
        ([(CASH, 99_999_00)], True),  # Change is given on cash.
        ([(CASH, -1)], False),
        ([(CARD, 0)], True),
        ([(CARD, 1)], False),  # Nobody gives change on a card.
        ([(CARD, -1)], False),
        ([(CARD, -100), (CASH, None)], True),
        ([(CARD, -100), (MOBILE, None), (CASH, None)], False),
        ([], False),
    ],
)
def test_payments_cover_the_total_and_only_cash_exceeds_it(
    till: ShopTill, payments: list[tuple[PaymentKind, int | None]], fits: bool
) -> None:
    """Sums relative to the total; None is 100 tiyn. Of three rows, card and mobile together exceed it by 1 tiyn."""
    sale, _ = till.with_units()
    total = till.total(sale)
    rows = [Payment(kind, 100 if more is None else total + more) for kind, more in payments]
    if len(rows) == 3:
        rows[1] = Payment(MOBILE, 101)
    if fits:
        assert till.agent.closing.pay(sale, rows).document.total_tiyn == total
    else:
        problem = problem_of(lambda: till.agent.closing.pay(sale, rows))
        assert problem.kind.code == "T-105"
        assert problem.facts["total_tiyn"] == total
        assert "document_intended" not in {row.kind for row in till.agent.journal.rows_after(0, 500)}


def test_two_rows_of_one_kind_and_sums_of_nothing_are_refused(till: ShopTill) -> None:
    sale, _ = till.with_units()
    total = till.total(sale)
    for rows in ([Payment(CASH, total), Payment(CASH, 1)], [Payment(CASH, total), Payment(CARD, 0)]):
        assert code_of(lambda rows=rows: till.agent.closing.pay(sale, rows)) == "T-105"


def test_a_return_pays_out_exactly_its_total(till: ShopTill) -> None:
    sale, (mark,) = till.sold()
    back = till.open(original=sale)
    till.scan(back, mark.text)
    more = [Payment(CASH, till.total(back) + 100)]
    assert code_of(lambda: till.agent.closing.pay(back, more)) == "T-105"
    assert till.pay(back).document.total_tiyn == till.total(back)


def test_an_empty_sale_is_not_paid(till: ShopTill) -> None:
    assert code_of(lambda: till.pay(till.open())) == "T-104"


def keys(till: ShopTill) -> list[str]:
    return [row["key"] for row in till.rows("document_intended")]


def test_the_same_content_keeps_its_key_and_a_changed_one_gets_the_next(till: ShopTill) -> None:
    sale, _ = till.with_units(2)
    for _ in range(3):
        till.sim.webkassa.faults.add("code", code=8, text="not enough cash")
    for card in (False, False, True):
        assert code_of(lambda card=card: till.pay(sale, card=card)) == "R-201"
    till.pay(sale)  # The content of the first two tries again.
    first, second, third, fourth = keys(till)
    assert first == second == fourth != third
    assert third == f"{first}-2"
    assert [receipt.external_number for receipt in till.receipts()] == [first]


def test_a_removed_line_after_a_refusal_is_another_content(till: ShopTill) -> None:
    sale, _ = till.with_units(2)
    till.sim.webkassa.faults.add("code", code=8, text="not enough cash")
    assert code_of(lambda: till.pay(sale)) == "R-201"
    till.agent.checkout.remove(sale, 2)
    till.pay(sale)
    first, second = keys(till)
    assert first != second
    assert len(till.receipts()[0].marks) == 1


def test_paying_a_fiscal_sale_answers_with_its_document_and_keeps_the_answer(till: ShopTill) -> None:
    sale, _ = till.with_units()
    first = till.pay(sale)
    answers: list[Paid] = []

    def reply(paid: Paid) -> list[Event]:
        answers.append(paid)
        return [Event("clock_jumped", {"stands": "for an answer"})]

    again = till.agent.closing.pay(sale, [Payment(CASH, 1)], reply=reply)
    assert again.document == first.document == answers[0].document
    assert len(till.rows("clock_jumped")) == 1
    assert len(till.receipts()) == 1


def test_a_scan_between_the_total_and_the_intent_stops_the_payment(till: ShopTill) -> None:
    sale, _ = till.with_units()
    total, late = till.total(sale), till.unit()
    till.pay(till.with_units()[0])  # Logged in, shift open: the next request before the receipt is the baseline.
    asked = len(till.register.paths)
    till.pay(till.with_units()[0])
    baseline = till.register.paths[asked]
    assert not baseline.endswith("/check")
    till.register.meanwhile[baseline] = lambda: till.scan(sale, late.text)
    assert code_of(lambda: till.agent.closing.pay(sale, [Payment(CASH, total)])) == "T-118"
    assert len(till.receipts()) == 2
    assert till.pay(sale).document.total_tiyn == total + price_of(late)
    assert len(till.receipts()[-1].marks) == 2


def test_a_payment_that_another_one_overtakes_answers_with_the_one_document(till: ShopTill) -> None:
    sale, _ = till.with_units()
    total = till.total(sale)
    inner: list[Paid] = []
    till.pay(till.with_units()[0])
    original = till.agent.desk.submit

    def overtaken(case: object) -> object:
        till.agent.desk.submit = original  # type: ignore[method-assign]
        inner.append(till.agent.closing.pay(sale, [Payment(CARD, total)]))
        return original(case)  # type: ignore[arg-type]

    till.agent.desk.submit = overtaken  # type: ignore[method-assign,assignment]
    outer = till.agent.closing.pay(sale, [Payment(CASH, total)])
    assert outer.document == inner[0].document
    assert len(till.receipts()) == 2


def test_a_key_that_a_refused_payment_took_in_between_is_left_to_it(till: ShopTill) -> None:
    """Both payments were computed as the first try of the sale; the other one was sent first, and refused."""
    sale, _ = till.with_units()
    total = till.total(sale)
    till.pay(till.with_units()[0])
    original = till.agent.desk.submit

    def overtaken(case: object) -> object:
        till.agent.desk.submit = original  # type: ignore[method-assign]
        till.sim.webkassa.faults.add("code", code=8, text="not enough cash")
        assert code_of(lambda: till.agent.closing.pay(sale, [Payment(CARD, total)])) == "R-201"
        return original(case)  # type: ignore[arg-type]

    till.agent.desk.submit = overtaken  # type: ignore[method-assign,assignment]
    paid = till.agent.closing.pay(sale, [Payment(CASH, total)])
    _, refused, made = keys(till)
    assert (refused != made, paid.key) == (True, made)


def test_in_doubt_stays_in_doubt_for_every_key_until_the_register_answers(till: ShopTill) -> None:
    sale, (mark,) = till.with_units()
    till.silence(made=True)
    assert code_of(lambda: till.pay(sale)) == "R-203"
    assert code_of(lambda: till.pay(sale)) == "R-203"
    assert till.agent.till.unit_states([mark.ki], None)[mark.ki] is UnitState.IN_DOUBT
    assert code_of(lambda: till.agent.checkout.cancel(sale, "x")) == "T-102"
    other, _ = till.with_units()
    assert code_of(lambda: till.pay(other)) == "R-204"
    till.sim.webkassa.faults.clear()
    paid = till.pay(sale, card=True)
    assert paid.recovered
    assert len(till.receipts()) == 1


def test_a_doubt_that_proves_empty_lets_the_sale_be_paid_once(till: ShopTill) -> None:
    sale, _ = till.with_units()
    till.silence(made=False)
    assert code_of(lambda: till.pay(sale)) == "R-203"
    till.sim.webkassa.faults.clear()
    till.pay(sale)
    assert len(till.receipts()) == 1
    assert till.agent.till.undecided() == ()


def test_a_refused_receipt_in_one_call_frees_its_units(till: ShopTill) -> None:
    mark = till.unit()
    till.sim.webkassa.faults.add("code", code=8, text="not enough cash")
    assert code_of(lambda: one_shot(till, mark)) == "R-201"
    assert till.agent.till.open_sales() == ()
    assert one_shot(till, mark).document.total_tiyn == price_of(mark)


def test_a_doubtful_receipt_in_one_call_keeps_its_units_until_it_proves_empty(till: ShopTill) -> None:
    mark = till.unit()
    till.silence(made=False)
    assert code_of(lambda: one_shot(till, mark)) == "R-203"
    refused = problem_of(lambda: one_shot(till, mark))
    assert isinstance(refused, ItemRefused)
    till.sim.webkassa.faults.clear()
    till.agent.closing.settle()
    assert till.agent.till.open_sales() == ()
    one_shot(till, mark)
    assert len(till.receipts()) == 1


def test_a_scanner_does_not_add_to_a_receipt_in_one_call(till: ShopTill) -> None:
    mark, other = till.unit(), till.unit()
    till.silence(made=False)
    assert code_of(lambda: one_shot(till, mark)) == "R-203"
    till.sim.webkassa.faults.clear()
    till.agent.desk.settle_all()  # As at a start: proven empty, not yet swept.
    (abandoned,) = till.agent.till.open_sales()
    (scanned,) = till.agent.intake.feed(till.frame(other.text))
    assert scanned.sale != abandoned
    till.restart()
    till.agent.closing.settle()
    assert till.agent.till.sale(abandoned).state is SaleState.CANCELLED
    assert till.agent.till.sale(scanned.sale).state is SaleState.HELD


def test_a_sweep_leaves_a_receipt_alone_whose_call_is_still_under_way(till: ShopTill) -> None:
    mark = till.unit()
    till.sim.webkassa.faults.add("answer_lost_before")
    original = till.agent.register.baseline
    calls: list[None] = []

    def baseline() -> object:
        calls.append(None)
        if len(calls) == 2:  # Proven empty, about to be tried again: this moment looks abandoned.
            till.agent.closing.drop_abandoned()
        return original()

    till.agent.register.baseline = baseline  # type: ignore[method-assign,assignment]
    assert one_shot(till, mark).document.total_tiyn == price_of(mark)
    assert len(calls) == 2
    assert len(till.receipts()) == 1


def test_positions_of_one_call_are_checked_each_in_its_place(till: ShopTill) -> None:
    mark, fresh, asked = till.unit(), till.unit(), till.mark(Fate.UNKNOWN)
    pay = [Payment(CARD, 100)]

    def facts(*items: Item) -> tuple[str, object]:
        problem = problem_of(lambda: till.agent.closing.one_shot(Operation.SALE, items, pay, cashier=""))
        return problem.kind.code, problem.facts["item"]

    good = Item(code=fresh.text.encode())
    assert facts(good, good) == ("T-116", 1)
    assert facts(good, Item(code=mark.text.encode(), quantity_milli=2_000)) == ("T-115", 1)
    assert facts(good, Item(code=asked.text.encode())) == ("T-116", 1)
    till.stock(gtin="04870249811936", name_ru="Чай", name_kk="Шай", unit=796, vat="base", price="0")
    assert facts(good, Item(gtin="04870249811936")) == ("T-110", 1)
    assert till.agent.till.open_sales() == ()
    payment = [Payment(CARD, price_of(asked))]
    let_in = Item(code=asked.text.encode(), approved_by="Senior: old stock")
    assert till.agent.closing.one_shot(Operation.SALE, [let_in], payment, cashier="").document


def test_a_unit_taken_between_judgement_and_intent_is_in_one_receipt_only(till: ShopTill) -> None:
    mark, sale = till.unit(), till.open()
    original = till.agent.desk.submit

    def overtaken(case: object) -> object:
        till.scan(sale, mark.text)
        return original(case)  # type: ignore[arg-type]

    till.agent.desk.submit = overtaken  # type: ignore[method-assign,assignment]
    problem = problem_of(lambda: one_shot(till, mark))
    assert (problem.kind.code, problem.facts["sale"]) == ("T-116", sale)
    assert till.agent.till.open_sales() == (sale,)
    assert till.receipts() == []


def test_a_shift_over_a_day_is_closed_on_the_way_and_journalled(till: ShopTill) -> None:
    till.sold()
    till.clock.sleep(1.1 * DAY_S)
    sale, _ = till.with_units()
    paid = till.pay(sale)
    (closed,) = till.rows("shift_closed")
    assert closed["automatic"] is True
    assert closed["shift"] == paid.document.shift - 1
    known = till.agent.till.open_shift()
    assert known is not None
    assert known.number == paid.document.shift


def test_an_unreachable_register_leaves_no_trace_but_the_open_sale(till: ShopTill) -> None:
    sale, _ = till.with_units()
    till.register.link_down = True
    assert code_of(lambda: till.pay(sale)) == "R-202"
    till.register.link_down = False
    assert till.pay(sale).recovered is False


def test_a_till_without_marked_goods_sends_no_receipt_that_would_lose_a_mark(tmp_path: Path) -> None:
    """Registers exist that drop the codes when told to carry none: the OFD would get marked goods without them."""
    till = ShopTill(tmp_path, marks="none")
    sale, (mark,) = till.with_units()
    problem = problem_of(lambda: till.pay(sale))
    assert problem.kind.code == "R-209"
    assert (problem.facts["line"], problem.facts["ki"]) == (1, mark.ki)
    assert code_of(lambda: one_shot(till, till.unit())) == "R-209"
    assert till.rows("document_intended") == [] and till.receipts() == []
    till.agent.checkout.remove(sale, 1)
    till.agent.checkout.add_goods(sale, till.plain_gtin(), 1_000)
    assert till.pay(sale).document.total_tiyn == till.total(sale)
    till.close()
