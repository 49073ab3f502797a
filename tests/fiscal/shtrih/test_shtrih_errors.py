"""A register that says no, prints, runs out of paper or answers rubbish: each is a failure of its kind."""

from __future__ import annotations

from collections import deque

import pytest
from shtrih_shop import (
    LAYERS,
    document_of,
    failure_of,
    plain,
    refusing,
    run,
    sale,
    till,
)

from fiscal.register import (
    Done,
    FailureKind,
    NotSent,
    Paper,
    Refused,
    Unknown,
    Waiting,
)


@pytest.mark.parametrize(
    ("command", "error", "kind"),
    [
        ("8D", 0x4E, FailureKind.SHIFT_EXPIRED),
        ("8D", 0x16, FailureKind.SHIFT_EXPIRED),
        ("8D", 0x4F, FailureKind.CONFIGURATION),
        ("8D", 0x17, FailureKind.CLOCK),
        ("FF46", 0x62, FailureKind.INVALID),
        ("FF46", 0x6B, FailureKind.PAPER),
        ("FF45", 0x45, FailureKind.TOTALS),
        ("FF45", 0xEE, FailureKind.DEVICE),  # Stands in no table.
        ("89", 0x03, FailureKind.DEVICE),
    ],
)
def test_an_error_is_a_failure_of_its_kind_and_nothing_is_left_open(
    command: str, error: int, kind: FailureKind
) -> None:
    one = till()
    one.machine.errors[command] = deque([error])
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is kind
    assert one.machine.open is None and one.machine.last_fd == 1234


def test_numbers_mean_other_errors_on_a_model_with_a_storage() -> None:
    one = till("kz-fr")
    one.machine.errors["8D"] = deque([0x16])
    assert failure_of(run(one, sale(plain()))).kind is FailureKind.REFUSED


@pytest.mark.parametrize("error", [0x71, 0x6B, 0x76])
def test_a_printer_that_fails_behind_the_close_does_not_undo_the_receipt(error: int) -> None:
    one = till()
    original = one.machine._ff45

    def closes_and_fails(rest: bytes) -> int:
        original(rest)
        return error

    one.machine._ff45 = closes_and_fails  # type: ignore[method-assign,assignment]
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Done) and outcome.recovered and one.machine.last_fd == 1235


def test_a_register_that_prints_is_waited_for_and_told_to_go_on() -> None:
    one = till()
    one.machine.errors["FF46"] = deque([0x50, 0x50, 0x58])

    def paper_is_back(rest: bytes) -> int:
        one.machine.submode = 3
        del one.machine._8d
        return 0x72

    one.machine._8d = paper_is_back  # type: ignore[method-assign,assignment]
    document_of(run(one, sale()))
    assert one.machine.seen.count("B0") == 2 and one.machine.seen.count("8D") == 2
    assert one.machine.last_fd == 1235


def test_without_paper_a_command_is_refused_for_want_of_it() -> None:
    one = till()
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    one.machine.submode = 1
    outcome = one.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.PAPER
    one.machine.submode = 0
    one.machine.errors["8D"] = deque([0x72])

    def runs_out() -> None:
        one.machine.submode = 1

    one.machine.after["FF40"] = runs_out
    outcome = one.driver.execute(prepared, one.driver.baseline())
    assert failure_of(outcome).kind is FailureKind.PAPER


def test_paper_that_runs_out_after_the_close_is_finished_later() -> None:
    one = till()
    one.machine.after["FF45"] = lambda: setattr(one.machine, "submode", 2)
    document_of(run(one, sale(plain())))
    assert one.driver.finish_printing() is Paper.OUT
    assert one.driver.status().waits_for is Waiting.PAPER
    one.machine.submode = 3
    assert one.driver.finish_printing() is Paper.OK and one.machine.seen.count("B0") == 1


def test_the_register_is_let_alone_for_three_seconds_after_ff45() -> None:
    for options, pause in (("", 3.0), ("pause_s=0.25", 0.25), ("pause_s=0", 0.0)):
        one = till(options=options)
        prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
        before = one.clock.at
        document_of(one.driver.execute(prepared, baseline))
        assert one.clock.at - before == pytest.approx(pause, abs=1e-9)


def test_the_state_says_what_a_wrong_mode_or_submode_means() -> None:
    for error, state, kind in (
        (0x72, {"submode": 1}, FailureKind.PAPER),
        (0x73, {"expired": True}, FailureKind.SHIFT_EXPIRED),
        (0x73, {}, FailureKind.REFUSED),
        (0x72, {}, FailureKind.REFUSED),
    ):
        one = till()
        refusing(one, "8D", error, **state)
        assert failure_of(run(one, sale(plain()))).kind is kind


def test_an_open_document_told_in_the_middle_of_ours_is_cancelled() -> None:
    one = till()
    refusing(one, "FF46", 0x59)
    outcome = run(one, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.REFUSED
    assert one.machine.open is None
    other = till()
    refusing(other, "8D", 0x4A, open={"kind": "sale", "items": [], "marks": [], "total": 0})
    outcome = run(other, sale(plain()))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.OPEN_DOCUMENT
    assert other.machine.open is not None and "88" not in other.machine.seen


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("code", ["8D", "11", "89", "FF45"])
def test_an_answer_cut_short_by_the_register_is_no_answer(layer: str, code: str) -> None:
    one = till(layer=layer)
    prepared, baseline = one.driver.prepare(sale(plain())), one.driver.baseline()
    name = f"_{code.lower()}"
    original = getattr(one.machine, name)
    head = bytes.fromhex(code)
    execute = one.machine.execute

    def short(payload: bytes) -> bytes:
        answer = execute(payload)
        if answer.startswith(head):
            one.machine.execute = execute  # type: ignore[method-assign]
            return head if code == "8D" else head + b"\0"
        return answer

    one.machine.execute = short  # type: ignore[method-assign]
    outcome = one.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent if code == "11" else Unknown) and original
    settled = one.driver.settle(prepared, baseline)
    assert isinstance(settled, Done) is (code == "FF45")
    assert one.machine.open is None


def test_an_old_register_is_waited_for_before_its_numbers_are_read() -> None:
    one = till("kz-fr")
    one.machine.prints = 4
    document = document_of(run(one, sale(plain())))
    assert document.number == 13 and one.clock.at >= 1.5 and one.machine.printing == 0
