"""The shared driver: whatever breaks at whatever step, one document or none, and it knows which."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.device.driver import DeviceRegister
from fiscal.device.steps import Step, payload, steps_of
from fiscal.register import (
    Ability,
    Absent,
    CashDirection,
    CashMove,
    Done,
    Failure,
    FailureKind,
    FiscalDocument,
    NotCapable,
    NotSent,
    Outcome,
    Paper,
    Prepared,
    Receipt,
    Refused,
    RegisterUnavailable,
    Settlement,
    ShiftClose,
    ShiftOpen,
    Unknown,
    Waiting,
)

STEPS = ("open", "line", "mark", "total", "pay", "close")
NO = Failure(FailureKind.REFUSED, "62", "the register said no")


def failure_of(outcome: Outcome | Settlement) -> Failure:
    assert isinstance(outcome, NotSent | Refused | Unknown), outcome
    return outcome.failure


def run(driver: DeviceRegister, order: Any) -> Outcome:
    return driver.execute(driver.prepare(order), driver.baseline())


def test_a_sale_is_made_once_and_read_back(driver: DeviceRegister, plain: Any, sale: Receipt) -> None:
    outcome = run(driver, sale)
    assert isinstance(outcome, Done) and not outcome.recovered
    assert isinstance(outcome.document, FiscalDocument) and outcome.document.total_tiyn == 115_050
    assert [made[:2] for made in plain.made] == [("sale", 115_050)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_recovery_of_a_silence_at_every_step_ends_in_one_document(
    driver: DeviceRegister, plain: Any, sale: Receipt, step: str, when: str
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.lose[step] = when
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown)
    settled = driver.settle(prepared, baseline)
    taken = step == "close" or (step == "pay" and when == "after")
    if taken:
        assert isinstance(settled, Done) and settled.recovered
    else:
        assert isinstance(settled, Absent) and plain.open is None
        assert isinstance(driver.execute(prepared, driver.baseline()), Done)
    assert len(plain.made) == 1
    assert plain.cancelled == (0 if taken or (step, when) == ("open", "before") else 1)


@pytest.mark.parametrize("step", STEPS)
def test_a_no_at_any_step_undoes_what_was_begun_and_says_which_line(
    driver: DeviceRegister, plain: Any, sale: Receipt, step: str
) -> None:
    plain.reject[step] = NO
    outcome = run(driver, sale)
    if step == "close":
        assert isinstance(outcome, Done) and outcome.recovered  # Money was taken: only forward leads out.
        return
    assert isinstance(outcome, Refused) and plain.open is None and not plain.made
    assert (outcome.failure.code, outcome.failure.text) == (NO.code, NO.text)
    places = {"line": ("lines[0]", 0, None), "mark": ("lines[0].marks[0]", 0, 0)}
    expected = places.get(step, (step, None, None))
    assert (outcome.failure.place, outcome.failure.line, outcome.failure.mark) == expected


def test_a_no_that_names_its_line_itself_keeps_it(driver: DeviceRegister, plain: Any, sale: Receipt) -> None:
    plain.reject["open"] = Failure(FailureKind.MARK_REFUSED, "401", "not to be sold", line=2, mark=1)
    outcome = run(driver, sale)
    assert isinstance(outcome, Refused)
    assert (outcome.failure.place, outcome.failure.line, outcome.failure.mark) == ("open", 2, 1)


def test_a_no_that_cannot_be_undone_is_a_case_for_a_person(driver: DeviceRegister, plain: Any, sale: Receipt) -> None:
    plain.reject["line"], plain.obeys = NO, False
    outcome = run(driver, sale)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.HUMAN
    assert "the register said no; then:" in outcome.failure.text and "does not obey" in outcome.failure.text


def test_a_no_whose_consequence_cannot_be_seen_stays_in_doubt(
    driver: DeviceRegister, family: Any, plain: Any, sale: Receipt
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.reject["line"] = NO
    original = family.run

    def deafened(*arguments: Any) -> Any:
        reply = original(*arguments)
        if plain.reject == {}:
            plain.deaf = 1
        return reply

    family.run = deafened
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.text == "the register said no; then: no answer"


def test_another_sum_at_the_register_is_refused_before_anything_is_paid(
    driver: DeviceRegister, plain: Any, sale: Receipt
) -> None:
    plain.adds_up_wrong = 1
    outcome = run(driver, sale)
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.TOTALS
    assert outcome.failure.text == "the register adds up to 115051 tiyn, ours are 115050"
    assert plain.cancelled == 1 and not plain.made


def test_another_sum_in_the_made_document_is_a_doubt_for_a_person(
    driver: DeviceRegister, family: Any, sale: Receipt
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    wrong = Prepared(prepared.key, "plain", "sale", 115_050, prepared.payload)
    original = family.document

    def cheaper(*arguments: Any) -> Any:
        document = original(*arguments)
        return FiscalDocument(**{**{n: getattr(document, n) for n in document.__slots__}, "total_tiyn": 1})

    family.document = cheaper
    outcome = driver.execute(wrong, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.HUMAN
    assert outcome.failure.text == "the register made 1 tiyn, ours are 115050"


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"waiting": Waiting.PAPER}, FailureKind.PAPER, "out of paper"),
        ({"paper": Paper.OUT}, FailureKind.PAPER, "out of paper"),
        ({"waiting": Waiting.PERSON}, FailureKind.DEVICE, "someone has to act"),
        ({"waiting": Waiting.PRINTING}, FailureKind.UNAVAILABLE, "the register is printing"),
        ({"shift_expired": True}, FailureKind.SHIFT_EXPIRED, "over 24 hours"),
        ({"identity": "other"}, FailureKind.HUMAN, "other answers"),
        ({"open": "foreign"}, FailureKind.OPEN_DOCUMENT, "did not begin"),
        ({"deaf": 1}, FailureKind.UNAVAILABLE, "no answer"),
    ],
)
def test_a_register_that_cannot_take_an_order_gets_no_byte_of_it(
    driver: DeviceRegister,
    family: Any,
    plain: Any,
    sale: Receipt,
    change: dict[str, Any],
    kind: FailureKind,
    words: str,
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    for name, value in change.items():
        setattr(plain, name, value)
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is kind and words in outcome.failure.text
    assert family.commands == []


def test_counters_are_read_when_the_last_document_has_printed(
    driver: DeviceRegister, family: Any, plain: Any, ticks: Any
) -> None:
    plain.waiting = Waiting.PRINTING
    original = ticks.sleep

    def prints_for_two_seconds(seconds: float) -> None:
        original(seconds)
        plain.waiting = None if ticks.at >= 2 else Waiting.PRINTING

    driver._sleep = prints_for_two_seconds
    assert driver.baseline().identity == plain.identity and ticks.at == 2
    plain.waiting = Waiting.CONTINUE
    assert driver.baseline().identity == plain.identity and family.commands == ["go_on"]
    plain.waiting, driver._sleep = Waiting.PRINTING, original
    with pytest.raises(RegisterUnavailable, match="busy: the register is printing"):
        driver.baseline()


def test_an_order_of_another_family_is_neither_sent_nor_judged(driver: DeviceRegister, sale: Receipt) -> None:
    baseline = driver.baseline()
    foreign = Prepared("k", "webkassa", "sale", 1, {"path": "/check"})
    assert failure_of(driver.execute(foreign, baseline)).kind is FailureKind.HUMAN
    assert failure_of(driver.settle(foreign, baseline)).kind is FailureKind.HUMAN


def test_a_document_that_came_between_is_not_cancelled(driver: DeviceRegister, plain: Any, sale: Receipt) -> None:
    plain.reject["open"] = Failure(FailureKind.OPEN_DOCUMENT, "4A", "a receipt is open")
    outcome = run(driver, sale)
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.OPEN_DOCUMENT
    assert plain.cancelled == 0


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"identity": "other"}, FailureKind.HUMAN, "other answers"),
        ({"foreign": 1}, FailureKind.HUMAN, "2 documents of this kind since the order"),
        ({"forget": 3}, FailureKind.HUMAN, "went back"),
        ({"reads_back": False}, FailureKind.HUMAN, "cannot be read back"),
        ({"waiting": Waiting.PRINTING}, FailureKind.NO_ANSWER, "printing for too long"),
        ({"deaf": 1}, FailureKind.NO_ANSWER, "no answer"),
        ({"total": 1}, FailureKind.HUMAN, "has 1 tiyn, ours are 115050"),
        ({"at": "2026-11-29T10:00:00+05:00"}, FailureKind.HUMAN, "not of the time of the order"),
    ],
)
def test_what_only_a_person_can_decide_is_left_to_a_person(
    driver: DeviceRegister, plain: Any, sale: Receipt, change: dict[str, Any], kind: FailureKind, words: str
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.lose["close"] = "after"
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    for name, value in change.items():
        if name == "foreign":
            plain.made.append(("sale", 5, plain.clock_at))
        elif name in ("total", "at"):
            made = plain.made[-1]
            plain.made[-1] = (made[0], value, made[2]) if name == "total" else (made[0], made[1], value)
        else:
            setattr(plain, name, value)
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and settled.failure.kind is kind and words in settled.failure.text


def test_a_register_out_of_paper_after_the_close_has_made_the_document(
    driver: DeviceRegister, plain: Any, sale: Receipt
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.lose["close"] = "after"
    driver.execute(prepared, baseline)
    plain.waiting = Waiting.PAPER
    assert isinstance(driver.settle(prepared, baseline), Done)
    assert driver.finish_printing() is Paper.OUT
    plain.waiting = Waiting.CONTINUE
    assert driver.finish_printing() is Paper.OK and plain.went_on == 1


def test_a_register_out_of_paper_inside_a_document_waits_for_paper_and_is_then_cleared(
    driver: DeviceRegister, plain: Any, sale: Receipt
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.lose["line"] = "after"
    driver.execute(prepared, baseline)
    plain.waiting = Waiting.PAPER
    assert failure_of(driver.settle(prepared, baseline)).kind is FailureKind.PAPER
    plain.waiting = Waiting.CONTINUE
    assert isinstance(driver.settle(prepared, baseline), Absent)
    assert (plain.went_on, plain.cancelled) == (1, 1)


def test_a_paid_document_without_paper_waits_for_paper_and_is_then_closed(
    driver: DeviceRegister, plain: Any, sale: Receipt
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.lose["pay"] = "after"
    driver.execute(prepared, baseline)
    plain.waiting = Waiting.PAPER
    assert failure_of(driver.settle(prepared, baseline)).kind is FailureKind.PAPER
    plain.waiting = None
    assert isinstance(driver.settle(prepared, baseline), Done)
    assert len(plain.made) == 1


def test_a_roll_that_ended_with_the_last_document_is_told(driver: DeviceRegister, plain: Any) -> None:
    plain.paper = Paper.OUT
    assert driver.finish_printing() is Paper.OUT
    plain.paper = Paper.LOW
    assert driver.finish_printing() is Paper.OK


def test_a_register_that_lost_its_memory_proves_nothing_absent(
    driver: DeviceRegister, plain: Any, sale: Receipt
) -> None:
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.memory_lost = True
    assert failure_of(driver.settle(prepared, baseline)).kind is FailureKind.HUMAN
    plain.made.append(("sale", 115_050, plain.clock_at))
    assert isinstance(driver.settle(prepared, baseline), Done)


def test_a_wrong_clock_of_the_register_does_no_harm(driver: DeviceRegister, plain: Any, sale: Receipt) -> None:
    plain.clock_at = "2026-11-30T03:00:00+05:00"
    prepared, baseline = driver.prepare(sale), driver.baseline()
    plain.lose["close"] = "after"
    driver.execute(prepared, baseline)
    assert isinstance(driver.settle(prepared, baseline), Done)


def test_cash_moves_and_shifts_take_the_same_way(driver: DeviceRegister, plain: Any) -> None:
    cash = CashMove("c1", CashDirection.IN, 100_000)
    prepared, baseline = driver.prepare(cash), driver.baseline()
    plain.lose["cash"] = "after"
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    assert isinstance(driver.settle(prepared, baseline), Done)
    plain.shift_expired = True
    assert isinstance(run(driver, ShiftClose("z1", 1)), Done)
    plain.shift_open = False
    assert failure_of(run(driver, ShiftClose("z2", 2))).code == "no_shift"
    plain.shift_open, plain.shift_expired = True, False
    assert failure_of(run(driver, ShiftOpen("o1", 2))).code == "shift_open"
    assert [made[0] for made in plain.made] == ["cash_in", "shift_close"]


def test_two_equal_sales_in_a_row_are_told_apart_by_the_counter(
    driver: DeviceRegister, plain: Any, sale: Receipt
) -> None:
    assert isinstance(run(driver, sale), Done)
    second = driver.prepare(Receipt("till7-2", sale.operation, sale.lines, sale.payments))
    baseline = driver.baseline()
    plain.lose["close"] = "before"
    plain.lose["pay"] = "before"
    assert isinstance(driver.execute(second, baseline), Unknown)
    assert isinstance(driver.settle(second, baseline), Absent)
    assert len(plain.made) == 1


def test_after_a_silence_the_line_is_brought_up_again(driver: DeviceRegister, family: Any, plain: Any) -> None:
    driver.baseline()
    plain.deaf = 1
    with pytest.raises(RegisterUnavailable) as caught:
        driver.x_report()
    assert caught.value.failure.kind is FailureKind.UNAVAILABLE
    assert driver.status().reachable and family.connects == 2


def test_a_silent_register_is_a_status_too(driver: DeviceRegister, plain: Any) -> None:
    plain.deaf = 1
    status = driver.status()
    assert not status.reachable and status.failure is not None and status.paper is Paper.UNKNOWN


def test_looking_calls_and_what_the_family_cannot_do(driver: DeviceRegister, family: Any, sale: Receipt) -> None:
    assert driver.last_document() is None
    done = run(driver, sale)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    last = driver.last_document()
    assert last is not None and last.total_tiyn == 115_050
    assert driver.reprint(done.document) is Paper.OK
    driver.open_drawer()
    with pytest.raises(NotCapable, match="find-by-key"):
        driver.find("till7-1")
    from fiscal.register import Capabilities, Recovery

    family.capabilities = Capabilities("plain", frozenset(), (Recovery.PERSON,))
    for call, ability in (
        (driver.x_report, Ability.X_REPORT),
        (driver.last_document, Ability.LAST_DOCUMENT),
        (driver.finish_printing, Ability.PRINTS),
        (driver.open_drawer, Ability.DRAWER),
    ):
        with pytest.raises(NotCapable) as caught:
            call()
        assert caught.value.ability is ability
    with pytest.raises(NotCapable):
        driver.reprint(done.document)


def test_a_payload_keeps_its_steps_and_has_one_decisive() -> None:
    steps = (Step("line", "80", "01 02", 0), Step("close", "85", decisive=True))
    prepared = Prepared("k", "plain", "sale", 1, payload(steps, more=1))
    assert steps_of(prepared) == steps and prepared.payload["more"] == 1
    with pytest.raises(ValueError, match="one decisive step, not 0"):
        payload(steps[:1])
