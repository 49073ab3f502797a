"""Logins and tokens: when a session is renewed, and what its loss costs a sale."""

from __future__ import annotations

from typing import Any

import pytest
from webkassa_talk import (
    CHECK,
    INFO,
    LOGIN,
    OK,
    error,
    run,
)

from fiscal.register import (
    Baseline,
    Done,
    FailureKind,
    NotSent,
    Receipt,
    Refused,
    RegisterUnavailable,
)
from fiscal.registry import open_register


@pytest.mark.parametrize("code", [2, 3])
def test_a_dead_token_costs_one_login_and_the_same_body(
    box: Any, register: Any, sale: Receipt, base: Baseline, code: int
) -> None:
    box.then(LOGIN, {"Data": {"Token": "a" * 32}})
    box.then(LOGIN, {"Data": {"Token": "b" * 32}})
    box.then(CHECK, error(code))
    box.then(CHECK, OK)
    assert isinstance(run(register, sale, base), Done)
    first, second = box.raw(CHECK)
    assert first.replace(b"a" * 32, b"b" * 32) == second


def test_a_token_that_dies_twice_is_a_matter_of_the_set_up(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, error(2))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.kind is FailureKind.CONFIGURATION
    assert len(box.asked(CHECK)) == 2
    assert len(box.asked(LOGIN)) == 2


def test_a_wrong_password_stops_and_does_not_knock_again(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(LOGIN, error(1, "wrong password pass-word-1"))
    outcome = run(register, sale, base)
    assert isinstance(outcome, NotSent)
    assert (outcome.failure.kind, outcome.failure.code) == (FailureKind.CONFIGURATION, "webkassa:1")
    assert "pass-word-1" not in outcome.failure.text
    assert not register.status().reachable or register.status().failure.code == "webkassa:1"
    assert len(box.asked(LOGIN)) == 1
    assert box.asked(CHECK) == []


@pytest.mark.parametrize("body", [{}, {"Data": {}}, {"Data": {"Token": 0.5}}, {"Data": []}, b"<html>"])
def test_a_login_without_a_token_leaves_the_sale_unsent(
    box: Any, register: Any, sale: Receipt, base: Baseline, body: Any
) -> None:
    box.always(LOGIN, body)
    outcome = run(register, sale, base)
    assert isinstance(outcome, NotSent)
    assert outcome.failure.kind is FailureKind.UNAVAILABLE


def test_a_lost_login_leaves_the_sale_unsent(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    box.always(LOGIN, cut="instead")
    assert isinstance(run(register, sale, base), NotSent)


def test_a_server_that_quotes_the_token_does_not_get_it_into_the_journal(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, error(9, "bad json near 0b8557d0139945a582fcfee661ffad49"))
    outcome = run(register, sale, base)
    assert outcome.failure.text == "bad json near ***"


def test_a_server_that_quotes_the_integrators_key_does_not_get_it_into_the_journal(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, error(7, "the cashbox of integrator-key-of-the-shop is blocked"))
    outcome = run(register, sale, base)
    assert outcome.failure.text == "the cashbox of *** is blocked"


def test_a_session_is_renewed_before_the_vendor_s_day_is_over(
    box: Any, start_server: Any, sale: Receipt, base: Baseline
) -> None:
    clock = [0.0]
    register = open_register(
        f"webkassa+http://127.0.0.1:{start_server(box)}?cashbox=SWK00000001&login=a",
        secret=lambda name: name,
        transport=None,
        now=lambda: 0,
        monotonic=lambda: clock[0],
        sleep=lambda _: None,
    )
    box.always(CHECK, OK)
    for hour in (0, 19, 21, 22):
        clock[0] = hour * 3600.0
        assert isinstance(run(register, sale, base), Done)
    assert len(box.asked(LOGIN)) == 2
    register.close()


def test_a_session_that_yields_is_not_taken_back(box: Any, start_server: Any, open_at: Any) -> None:
    register = open_at(f"http://127.0.0.1:{start_server(box)}", "session=yield")
    box.always(INFO, {"Data": {"CashboxStatus": 1}})
    assert register.reading.info().status == 1
    for code in (2, 3):
        box.then(INFO, error(code))
        with pytest.raises(RegisterUnavailable) as told:
            register.reading.info()
        assert (told.value.failure.kind, told.value.failure.code) == (FailureKind.CONFIGURATION, "session_taken")
    assert len(box.asked(LOGIN)) == 1


def test_a_sale_of_a_session_that_yields_is_certainly_not_made(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    register = open_at(f"http://127.0.0.1:{start_server(box)}", "session=yield")
    box.always(CHECK, error(2))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.code == "session_taken"
    assert len(box.asked(CHECK)) == 1
