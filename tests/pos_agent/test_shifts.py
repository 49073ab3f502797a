"""Shift and drawer: what the till believes and what the register says are brought together, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fiscal.register import Ability, CashDirection, Done, Failure, FailureKind, OrderInvalid, ShiftOpened
from pos_agent.journal.journal import Event
from pos_agent.problems import Problem
from pos_agent.shifts import Shifts, asked


@pytest.fixture
def printed() -> list[str]:
    return []


@pytest.fixture
def shifts(bench: Any, printed: list[str]) -> Shifts:
    return _shifts(bench, printed)


def _shifts(bench: Any, printed: list[str]) -> Shifts:
    def paper(key: str, _document: object) -> str:
        printed.append(key)
        return "ok"

    return Shifts(bench.journal, bench.till, bench.desk, paper)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value.kind.code


def open_number(bench: Any) -> int | None:
    known = bench.till.open_shift()
    return known.number if known else None


def test_a_shift_the_register_has_open_gets_its_number(bench: Any, register: Any, shifts: Shifts) -> None:
    register.shift = 118
    assert shifts.open("Айгүл").number == 118
    assert open_number(bench) == 118
    assert bench.till.open_shift().opened_ns == bench.at_ns
    assert code_of(lambda: shifts.open("Айгүл")) == "T-112"


def test_a_register_that_opens_with_its_first_document_will_use_the_next_number(
    bench: Any, register: Any, shifts: Shifts
) -> None:
    register.shift, register.shift_open = 117, False
    assert shifts.open("Айгүл").number == 118


def test_opening_twice_before_the_first_document_leaves_the_shift_open(
    bench: Any, register: Any, shifts: Shifts
) -> None:
    register.shift, register.shift_open = 117, False
    shifts.open("Айгүл")
    shifts.open("Ерлан")
    assert open_number(bench) == 118
    register.shift, register.shift_open = 118, True
    shifts.cash(CashDirection.IN, 100)
    assert open_number(bench) == 118
    shifts.close()
    assert open_number(bench) is None
    assert bench.verify().good


def test_a_shift_closed_elsewhere_is_learnt_when_the_next_is_opened(bench: Any, register: Any, shifts: Shifts) -> None:
    register.shift = 5
    shifts.open("Айгүл")
    register.shift = 6
    shifts.open("Айгүл")
    assert bench.kinds()[-2:] == ["shift_closed", "shift_opened"]
    assert open_number(bench) == 6


def test_a_register_out_of_reach_opens_no_shift(bench: Any, register: Any, shifts: Shifts) -> None:
    register.unavailable = Failure(FailureKind.UNAVAILABLE, "connect", "no link")
    assert code_of(lambda: shifts.open("Айгүл")) == "R-202"
    assert code_of(shifts.x_report) == "R-202"
    assert bench.kinds() == []


def test_an_x_report_changes_nothing(bench: Any, shifts: Shifts) -> None:
    assert shifts.x_report().sales_count == 3
    assert bench.kinds() == []


def test_a_z_report_needs_an_open_shift_and_no_open_sale(bench: Any, shifts: Shifts, printed: list[str]) -> None:
    assert code_of(shifts.close) == "T-113"
    shifts.open("Айгүл")
    bench.sale("S1", "KI-1")
    assert code_of(shifts.close) == "T-114"
    bench.journal.append(Event("sale_cancelled", {"sale": "S1", "why": ""}))
    made = shifts.close()
    assert (made.document.shift, made.printed, printed) == (1, "ok", [made.key])
    assert code_of(shifts.close) == "T-113"


def test_a_z_report_in_doubt_is_repeated_under_its_own_key_after_it_was_proven_absent(
    bench: Any, register: Any, shifts: Shifts, words: Any
) -> None:
    shifts.open("Айгүл")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    assert code_of(shifts.close) == "R-203"
    assert open_number(bench) == 1
    made = shifts.close()  # First asks, learns that it is not there, then makes it.
    keys = [key for what, key in register.calls if what == "execute"]
    assert keys == [made.key, made.key]
    assert open_number(bench) is None


def test_a_z_report_found_after_a_restart_closes_the_shift(
    bench: Any, register: Any, shifts: Shifts, words: Any, printed: list[str]
) -> None:
    shifts.open("Айгүл")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    assert code_of(shifts.close) == "R-203"
    bench.restart()
    register.settlements.append(Done(words.z_report(1), recovered=True))
    bench.desk.settle_all()
    assert open_number(bench) is None
    assert code_of(_shifts(bench, printed).close) == "T-113"
    assert bench.verify().good


def test_the_shifts_of_a_till_are_numbered_by_the_register_day_after_day(
    bench: Any, register: Any, shifts: Shifts
) -> None:
    for number in (1, 2, 3):
        register.shift = number
        shifts.open("Айгүл")
        bench.sale(f"S{number}", f"KI-{number}")
        bench.desk.submit(bench.case(f"S{number}"))
        shifts.close()
    stored = bench.journal.query("SELECT number, closed_row IS NOT NULL FROM shift ORDER BY number")
    assert stored == [(1, 1), (2, 1), (3, 1)]
    assert len(register.ledger) == 6
    assert bench.verify().good


@pytest.mark.parametrize("sum_tiyn", [0, -1, 10**13 + 1])
def test_cash_needs_a_sum_that_can_be(shifts: Shifts, sum_tiyn: int, bench: Any) -> None:
    assert code_of(lambda: shifts.cash(CashDirection.IN, sum_tiyn)) == "T-115"
    assert bench.kinds() == []


def test_cash_moves_have_keys_of_their_own_and_keep_the_answer_of_the_call(
    bench: Any, register: Any, shifts: Shifts
) -> None:
    request = {"client": "pos", "key": "idem-1", "fingerprint": "ab" * 32}

    def reply(made: Any) -> list[Event]:
        return [Event("answered", {"request": request, "status": 200, "body": f'{{"key":"{made.key}"}}'})]

    first = shifts.cash(CashDirection.IN, 100_000, request=request, reply=reply)
    second = shifts.cash(CashDirection.OUT, 100_000)
    assert first.key != second.key and len(register.ledger) == 2
    assert bench.till.answer("pos", "idem-1").body == {"key": first.key}


@pytest.mark.parametrize(
    ("outcome", "code"), [("NO", "R-201"), ("NO_LINK", "R-202"), ("invalid", "R-208"), ("silence", "R-203")]
)
def test_what_the_register_says_of_a_cash_move_reaches_the_cashier(
    bench: Any, register: Any, shifts: Shifts, words: Any, outcome: str, code: str
) -> None:
    if outcome == "invalid":
        register.invalid = OrderInvalid("sum_tiyn", "no")
    elif outcome == "silence":
        register.outcomes.append(words.SILENCE)
        register.settlements.extend([words.SILENCE] * 2)
    else:
        register.outcomes.append(getattr(words, outcome))
    assert code_of(lambda: shifts.cash(CashDirection.IN, 100)) == code
    if outcome == "silence":
        assert code_of(lambda: shifts.cash(CashDirection.IN, 100)) == "R-204"


def test_a_document_found_again_only_needs_its_paper(shifts: Shifts, words: Any, printed: list[str]) -> None:
    made = shifts.made_again("Z1", words.z_report(1))
    assert (made.key, made.printed, printed) == ("Z1", "ok", ["Z1"])


def test_a_register_with_a_command_opens_its_shift_as_a_document(bench: Any, register: Any, shifts: Shifts) -> None:
    register.abilities |= {Ability.SHIFT_OPEN}
    register.shift, register.shift_open = 117, False
    register.during = lambda: setattr(register, "shift_open", True)
    register.outcomes.append(Done(ShiftOpened("2026-07-15T09:00:00+05:00", 118)))
    opened = shifts.open("Айгүл")
    assert opened.number == 118 and open_number(bench) == 118
    assert bench.kinds() == ["document_intended", "shift_opened", "document_made"]
    assert bench.body("document_intended")["order"]["cashier"] == "Айгүл"
    register.shift = 118
    assert code_of(lambda: shifts.open("Айгүл")) == "T-112"


def test_a_shift_that_is_open_at_the_register_already_needs_no_command(
    bench: Any, register: Any, shifts: Shifts
) -> None:
    register.abilities |= {Ability.SHIFT_OPEN}
    assert shifts.open("Айгүл").number == 1
    assert bench.kinds() == ["shift_opened"]


def test_a_question_the_register_cannot_be_asked_is_a_problem(register: Any) -> None:
    register.abilities = frozenset()
    assert code_of(lambda: asked(lambda: register.find("k"))) == "T-121"
