"""While the register is asked about a lost answer, which may take minutes, nobody else waits to be told so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from shop_till import ShopTill

from fiscal.register import Done, Outcome, Settlement
from pos_agent.desk import Case, RegisterBlocked
from pos_agent.problems import Problem
from pos_agent.turns import Turns

WAIT_S = 30


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(WAIT_S)
    assert not thread.is_alive()


class Slow:
    """A register that is asked, and answers when the test says so."""

    def __init__(self, register: Any, answer: Settlement) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        register.settle = self.settle
        self._answer = answer

    def settle(self, _prepared: object, _baseline: object) -> Settlement:
        self.asked.set()
        assert self.answers.wait(WAIT_S)
        return self._answer


@pytest.fixture
def doubtful(bench: Any, register: Any, words: Any) -> Any:
    """A sale whose answer was lost."""
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S1"))
    return bench


def test_an_order_is_turned_away_at_once_while_the_register_is_asked(doubtful: Any, register: Any, words: Any) -> None:
    slow = Slow(register, words.SILENCE)
    with beside(doubtful.desk.settle_all):
        assert slow.asked.wait(WAIT_S)
        with pytest.raises(RegisterBlocked) as caught:
            doubtful.desk.submit(Case(order=words.cash("C1")))
        slow.answers.set()
    assert (caught.value.pending.key, caught.value.failure.code) == ("S1-key", "timeout")
    assert doubtful.till.document("C1") is None


def test_an_order_that_waits_for_another_is_let_go_when_that_one_falls_into_doubt(
    bench: Any, register: Any, words: Any
) -> None:
    bench.sale("S1", "KI-1")
    slow = Slow(register, words.NOTHING_THERE)
    waiting, met = threading.Event(), []

    def second() -> None:
        waiting.set()
        try:
            bench.desk.submit(Case(order=words.cash("C1")))
        except RegisterBlocked as blocked:
            met.append(blocked.pending.key)
            slow.answers.set()

    register.outcomes.append(words.SILENCE)
    register.during = lambda: waiting.wait(WAIT_S)
    with beside(lambda: bench.desk.submit(bench.case("S1"))):
        second()
    assert met == ["S1-key"]
    assert bench.state("S1") == "FISCALISED"
    assert isinstance(bench.desk.submit(Case(order=words.cash("C1"))), Done)


def test_an_order_waits_for_one_that_is_only_being_made(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    inside, outcomes = threading.Event(), list[Outcome]()
    go_on = threading.Event()

    def during() -> None:
        inside.set()
        assert go_on.wait(WAIT_S)

    register.during = during
    with beside(lambda: bench.desk.submit(bench.case("S1"))):
        assert inside.wait(WAIT_S)
        with beside(lambda: outcomes.append(bench.desk.submit(Case(order=words.cash("C1"))))):
            go_on.set()
    assert isinstance(outcomes[0], Done) and list(register.ledger) == ["S1-key", "C1"]


def test_a_payment_in_doubt_is_told_so_while_the_timer_asks(tmp_path: Path) -> None:
    till = ShopTill(tmp_path)
    sale, _ = till.with_units()
    till.silence(made=True)
    with pytest.raises(Problem, match="R-203"):
        till.pay(sale)
    till.sim.webkassa.faults.clear()
    register: Any = till.agent.register
    original = register.settle
    asked, answers = threading.Event(), threading.Event()

    def settle(prepared: Any, baseline: Any) -> Any:
        asked.set()
        assert answers.wait(WAIT_S)
        return original(prepared, baseline)

    register.settle = settle
    with beside(till.agent.closing.settle):
        assert asked.wait(WAIT_S)
        with pytest.raises(Problem, match="R-203"):
            till.pay(sale)
        answers.set()
    assert till.pay(sale).recovered and len(till.receipts()) == 1
    till.close()


def test_turns_are_taken_one_after_the_other() -> None:
    turns, order = Turns(), list[str]()
    assert turns.take()

    def patient() -> None:
        with turns.patient():
            order.append("second")

    with beside(patient):
        order.append("first")
        turns.give_back()
    assert order == ["first", "second"]
    with turns.patient(), turns.asking():
        assert not turns.take()
    assert turns.take()
