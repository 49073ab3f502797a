"""Real threads on one agent: one receipt a sale, one sale a unit, one row after the other."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import api_of
from shop_till import ShopTill

from fiscal.register import Failure, FailureKind, Operation, Payment, PaymentKind, Unknown
from hw_sim.registry import DEFAULT_AT_NS
from pos_agent.clock import VirtualClock
from pos_agent.doubts import Verdict
from pos_agent.one_shot import Item
from pos_agent.problems import Problem
from pos_agent.sale import SaleState

WAIT_S = 60


class SharedClock(VirtualClock):
    """Virtual time that several threads may spend."""

    lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self.lock:
            super().sleep(seconds)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path, clock=SharedClock(DEFAULT_AT_NS))
    yield built
    built.close()


def together(*works: Callable[[], object]) -> list[Any]:
    """Run all at once; results or the Problem codes they ended with. Anything else is a failure."""
    results: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(index: int, work: Callable[[], object]) -> None:
        start.wait(WAIT_S)
        try:
            results[index] = work()
        except Problem as problem:
            results[index] = problem.kind.code
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            results[index] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert not any(isinstance(result, BaseException) for result in results), results
    return results


def test_two_payments_of_one_sale_make_one_receipt_and_both_get_it(till: ShopTill) -> None:
    for turn in range(15):
        sale, _ = till.with_units()
        total = till.total(sale)
        kinds = (PaymentKind.CASH, PaymentKind.CARD if turn % 2 else PaymentKind.CASH)
        works = [lambda kind=kind: till.agent.closing.pay(sale, [Payment(kind, total)]) for kind in kinds]  # noqa: B023
        first, second = together(*works)
        assert first.document == second.document
        assert len(till.receipts()) == turn + 1


def test_a_scan_during_a_payment_is_in_the_receipt_or_nowhere(till: ShopTill) -> None:
    for _ in range(15):
        sale, _ = till.with_units()
        total, late = till.total(sale), till.unit()
        _paid, _scanned = together(
            lambda: till.agent.closing.pay(sale, [Payment(PaymentKind.CARD, total)]),  # noqa: B023
            lambda: till.scan(sale, late.text),  # noqa: B023
        )
        view = till.agent.till.sale(sale)
        if view.state is SaleState.HELD:
            till.pay(sale)
        assert till.agent.till.sale(sale).state is SaleState.FISCALISED
        marks = len(till.receipts()[-1].marks)
        assert marks == len(till.agent.till.sale(sale).lines)


def test_a_unit_scanned_into_two_sales_at_once_is_in_one(till: ShopTill) -> None:
    for _ in range(20):
        one, two, mark = till.open(), till.open(), till.unit()
        scanned = together(lambda: till.scan(one, mark.text), lambda: till.scan(two, mark.text))  # noqa: B023
        assert sorted(result.line is not None for result in scanned) == [False, True]


def test_a_unit_scanned_and_sold_in_one_call_at_once_is_in_one(till: ShopTill) -> None:
    for _ in range(15):
        sale, mark = till.open(), till.unit()
        price = round(mark.product.price * 100)
        together(
            lambda: till.scan(sale, mark.text),  # noqa: B023
            lambda: till.agent.closing.one_shot(
                Operation.SALE,
                [Item(code=mark.text.encode())],  # noqa: B023
                [Payment(PaymentKind.CARD, price)],  # noqa: B023
                cashier="",
            ),
        )
        lines = len(till.agent.till.sale(sale).lines)
        sold = sum(
            mark.text.replace("\x1d", "") in str(receipt.marks).replace("\\x1d", "") for receipt in till.receipts()
        )
        assert lines + sold == 1


def test_the_settle_timer_and_a_payment_do_not_make_two_of_one(till: ShopTill) -> None:
    for turn in range(12):
        sale, _ = till.with_units()
        total = till.total(sale)
        till.sim.webkassa.faults.add("answer_lost_after_fiscalising" if turn % 2 else "answer_lost_before")
        together(
            lambda: till.agent.closing.pay(sale, [Payment(PaymentKind.CARD, total)]),  # noqa: B023
            till.agent.closing.settle,
            till.agent.closing.settle,
        )
        till.sim.webkassa.faults.clear()
        assert till.agent.till.sale(sale).state is SaleState.FISCALISED
        assert len(till.receipts()) == turn + 1
    assert till.agent.till.undecided() == ()


def test_two_seniors_and_the_timer_at_once_leave_one_word(till: ShopTill) -> None:
    register: Any = till.agent.register
    settle, nothing = register.settle, Unknown(Failure(FailureKind.HUMAN, "person", "2 documents since the order"))
    for turn in range(12):
        sale, _ = till.with_units()
        till.sim.webkassa.faults.add("answer_lost_after_fiscalising")
        register.settle = lambda _prepared, _baseline: nothing
        with pytest.raises(Problem, match="R-215"):
            till.pay(sale)
        made, key = till.receipts()[-1], till.agent.till.undecided()[0].key
        found = Verdict("A", "on the tape", True, made.sign, made.order_number, "2026-11-30T10:15:00+05:00", made.shift)
        words = [found, Verdict("B", "not on the tape", False)]
        together(
            *(lambda word=word: till.agent.desk.decide(key, word) for word in words),  # noqa: B023
            till.agent.closing.settle,
        )
        register.settle = settle
        rows = [row for kind in ("document_made", "document_absent") for row in till.rows(kind) if row["key"] == key]
        assert len(rows) == 1 and rows[0]["decided"]["by"] in "AB"
        if till.agent.till.sale(sale).state is SaleState.HELD:  # B's word was wrong: the key knows better.
            assert till.pay(sale).recovered
        assert len(till.receipts()) == turn + 1


def test_two_scanners_that_start_at_once_share_the_sale(till: ShopTill) -> None:
    for _ in range(15):
        frames = [till.frame(till.unit().text, device=name) for name in ("left", "right")]
        together(*(lambda frame=frame: till.agent.intake.feed(frame) for frame in frames))
        (sale,) = till.agent.till.open_sales()
        assert len(till.agent.till.sale(sale).lines) == 2
        till.agent.checkout.cancel(sale, "next")


def customer(http: httpx.Client, name: int, codes: Sequence[str], answers: list[int]) -> None:
    """Sells its codes and a few of its neighbours', repeating every call once."""
    rng = random.Random(name)
    keys = iter(range(10_000))

    def post(path: str, body: Any) -> Any:
        headers = {"Idempotency-Key": f"{name}-{next(keys)}"}
        first, again = (http.post(path, json=body, headers=headers) for _ in range(2))
        answers.extend((first.status_code, again.status_code))
        if first.status_code < 300:
            assert first.json() == again.json(), path
        return first.json()

    for _ in range(3):
        sale = post("/v1/sales", {})["sale"]
        for code in rng.sample(codes, 4):
            post(f"/v1/sales/{sale}/scans", {"code": code})
        total = http.get(f"/v1/sales/{sale}").json()["total_tiyn"]
        if total:
            post(f"/v1/sales/{sale}/payment", {"payments": [{"kind": "cash", "sum_tiyn": total}]})


def test_eight_clients_at_once_lose_nothing_and_sell_nothing_twice(till: ShopTill) -> None:
    codes = [till.unit().text for _ in range(40)]
    answers: list[int] = []
    with api_of(till.agent) as http:
        together(*(lambda name=name: customer(http, name, codes, answers) for name in range(8)))
    assert len(answers) >= 250
    assert max(answers) < 500, Counter(answers)
    states = Counter(state for (state,) in till.agent.journal.query("SELECT state FROM sale"))
    assert set(states) <= {SaleState.FISCALISED, SaleState.HELD}
    assert len(till.receipts()) == states[SaleState.FISCALISED]
    marks = [mark for receipt in till.receipts() for mark in receipt.marks]
    assert len(marks) == len(set(marks))
    head, _ = till.agent.journal.head()
    assert [row.number for row in till.agent.journal.rows_after(0, head)] == list(range(1, head + 1))
