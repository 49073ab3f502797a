"""Protocol 3 with one thing going wrong at a time: one document or none, and the till knows which or asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from atol_peer import Peer, wire_of
from atol_shop import LineTill, again, document_of, failure_of, line_till, run, sale, water

from fiscal.atol.evidence import Evidence
from fiscal.device.family import Silence
from fiscal.device.looks import Look
from fiscal.register import (
    Absent,
    Baseline,
    CashDirection,
    CashMove,
    Done,
    FailureKind,
    NotSent,
    Order,
    Paper,
    Prepared,
    Refused,
    Settlement,
    ShiftClose,
    ShiftOpen,
    Unknown,
)

STEPS = ("56", "92", "EA", "E8", "EB", "3F", "4A")
CASH = CashMove("cash-1", CashDirection.IN, 50_000)
Z = ShiftClose("z-1", 1)


def begun(till: LineTill, order: Order) -> tuple[Prepared, Baseline]:
    return till.driver.prepare(order), till.driver.baseline()


def mended(till: LineTill) -> None:
    machine = till.machine
    machine.faults.clear()
    if not machine.mechanics.paper:
        machine.load_paper()
    if not machine.powered:
        machine.power_on()
    till.clock.sleep(5.0)


def settled(till: LineTill, prepared: Prepared, baseline: Baseline) -> Settlement:
    """What another process finds out after everything was mended."""
    mended(till)
    return again(till).driver.settle(prepared, baseline)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "fault",
    [
        "request_lost", "hang_up_before", "hang_up_after", "hang_up_added", "answer_lost", "answer_late",
        "answer_twice", "answer_damaged", "answer_cut", "noise", "slow",
    ],
)  # fmt: skip
def test_recovery_of_a_lost_answer_to_any_command_is_one_receipt_at_once(step: str, fault: str) -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    details = {"answer_late": {"seconds": 7}, "slow": {"seconds": 3}, "noise": {"bytes": "fe0100"}}
    till.machine.faults.add(fault, step, **details.get(fault, {}))
    assert isinstance(till.driver.execute(prepared, baseline), Done)
    assert len(till.receipts) == 1 and till.kkm.receipt is None


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["power_off_before", "power_off_after", "power_off_during", "task_forgotten"])
@pytest.mark.parametrize("survives", [True, False])
def test_recovery_of_a_register_that_lost_its_memory_is_decided_by_its_documents(
    step: str, fault: str, survives: bool
) -> None:
    till = line_till(receipt_survives_power=survives)
    prepared, baseline = begun(till, sale())
    till.machine.faults.add(fault, step)
    outcome: Any = till.driver.execute(prepared, baseline)
    if isinstance(outcome, Unknown | Refused | NotSent):
        outcome = settled(till, prepared, baseline)
    if isinstance(outcome, Absent):
        assert not till.receipts
        mended(till)
        outcome = again(till).driver.execute(prepared, again(till).driver.baseline())
    assert isinstance(outcome, Done) and len(till.receipts) == 1 and till.kkm.receipt is None
    assert document_of(outcome).fiscal_sign == till.receipts[0].sign


@pytest.mark.parametrize("kind", ["cash_in", "cash_out", "shift_open", "shift_close"])
@pytest.mark.parametrize(
    "fault", ["request_lost", "answer_lost", "power_off_before", "power_off_after", "hang_up_added", "task_forgotten"]
)
@pytest.mark.parametrize("registers", ["yes", "no"])
def test_recovery_of_a_cash_move_or_a_shift_is_done_once(kind: str, fault: str, registers: str) -> None:
    orders: dict[str, Callable[[], Order]] = {
        "cash_in": lambda: CASH,
        "cash_out": lambda: CashMove("cash-2", CashDirection.OUT, 30_000),
        "shift_open": lambda: ShiftOpen("o-1", 2),
        "shift_close": lambda: Z,
    }
    codes = {"cash_in": "49", "cash_out": "4F", "shift_open": "9A", "shift_close": "5A"}
    options = f"tax_16=1&registers={registers}"
    till = line_till(options, shift_registers=registers == "yes")
    document_of(run(till, CashMove("cash-0", CashDirection.IN, 100_000)))
    if kind == "shift_open":
        document_of(run(till, Z))
    drawer, shifts = till.sim.memory.cash_tiyn, len(till.sim.memory.closed)
    prepared, baseline = begun(till, orders[kind]())
    till.machine.faults.add(fault, codes[kind])
    outcome: Any = till.driver.execute(prepared, baseline)
    if not isinstance(outcome, Done):
        mended(till)
        outcome = again(till, options).driver.settle(prepared, baseline)
    if isinstance(outcome, Absent):
        other = again(till, options).driver
        outcome = other.execute(prepared, other.baseline())
    assert isinstance(outcome, Done), outcome
    moved = {"cash_in": 50_000, "cash_out": -30_000}.get(kind, 0)
    assert till.sim.memory.cash_tiyn == drawer + moved
    assert len(till.sim.memory.closed) == shifts + (kind == "shift_close")
    assert (till.sim.memory.shift is not None) == (kind != "shift_close")


@pytest.mark.parametrize(
    ("step", "code", "kind"),
    [
        ("92", 0xFC, FailureKind.DEVICE),  # Stands in no table.
        ("EB", 0x08, FailureKind.INVALID),
        ("EB", 0x67, FailureKind.PAPER),
        ("EA", 0x7A, FailureKind.CONFIGURATION),
        ("4A", 0x88, FailureKind.SHIFT_EXPIRED),
        ("4A", 0x72, FailureKind.TOTALS),
        ("4A", 0xFC, FailureKind.DEVICE),
        ("56", 0x8C, FailureKind.CONFIGURATION),
    ],
)
def test_an_error_is_a_failure_of_its_kind_and_nothing_is_left_open(step: str, code: int, kind: FailureKind) -> None:
    till = line_till()
    till.machine.faults.add("error", step, code=code)
    outcome = run(till, sale())
    assert isinstance(outcome, Refused) and outcome.failure.kind is kind
    assert outcome.failure.code == f"atol:{code:02X}"
    assert till.kkm.receipt is None and not till.receipts


@pytest.mark.parametrize(("fault", "code"), [("illegal_value", "atol:illegal"), ("buffer_full", "atol:overflow")])
def test_a_queue_that_does_not_take_a_task_is_told_and_nothing_is_left_open(fault: str, code: str) -> None:
    till = line_till()
    till.machine.faults.add(fault, "EB", count=5)
    failure = failure_of(run(till, sale()))
    assert failure.code == code and till.kkm.receipt is None and not till.receipts
    till.machine.faults.clear()
    till.machine.faults.add("buffer_full", "4A", count=2)
    document_of(run(till, sale()))
    assert len(till.receipts) == 1


def test_an_old_shift_is_refused_and_closes_all_the_same() -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    till.clock.sleep(25 * 3600)
    failure = failure_of(run(till, sale(water(), key="till7-2")))
    assert failure.kind is FailureKind.SHIFT_EXPIRED and len(till.receipts) == 1
    document_of(run(till, Z))
    document_of(run(till, sale(water(), key="till7-2")))
    assert len(till.receipts) == 2


def test_a_receipt_that_stands_open_is_not_touched() -> None:
    till = line_till()
    till.kkm.leave_receipt_open(10_000)
    prepared, baseline = begun(till, sale())
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.OPEN_DOCUMENT
    assert till.kkm.receipt is not None and not till.receipts


def test_a_receipt_that_another_program_opens_in_between_is_not_cancelled() -> None:
    till = line_till()
    till.machine.faults.add("foreign_receipt", "92")
    failure = failure_of(run(till, sale()))
    assert failure.kind is FailureKind.OPEN_DOCUMENT and till.kkm.receipt is not None


def test_recovery_with_a_sale_of_another_program_of_the_same_kind_is_a_persons_case() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    till.machine.faults.add("power_off_after", "4A")
    till.driver.execute(prepared, baseline)
    mended(till)
    till.kkm.sell_elsewhere(10_000)
    failure = failure_of(settled(till, prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "2 documents of this kind" in failure.text


def test_recovery_with_a_sale_of_another_program_alone_does_not_take_it_for_ours() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    till.machine.faults.add("power_off_before", "4A")
    till.driver.execute(prepared, baseline)
    mended(till)
    if till.kkm.receipt is not None:
        till.kkm.cancel()
    till.kkm.sell_elsewhere(10_000)
    failure = failure_of(settled(till, prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "ours are 205050" in failure.text


@pytest.mark.parametrize(("fault", "by"), [("counter_back", 1), ("counter_jump", 2), ("counter_jump", 500)])
def test_recovery_with_counters_that_cannot_be_is_a_persons_case(fault: str, by: int) -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    prepared, baseline = begun(till, sale(key="till7-2"))
    till.machine.faults.add("power_off_after", "4A")
    till.driver.execute(prepared, baseline)
    mended(till)
    till.machine.faults.add(fault, "91", by=by + (fault == "counter_back"))
    failure = failure_of(again(till).driver.settle(prepared, baseline))
    assert failure.kind is FailureKind.HUMAN


def test_recovery_with_a_counter_that_was_set_right_meanwhile_does_not_take_the_sale_before_for_ours() -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    till.machine.faults.add("counter_back", "3F", by=1)
    till.driver.status()
    prepared, baseline = begun(till, sale(water(), key="till7-2"))
    till.machine.faults.add("power_off_before", "4A")
    till.driver.execute(prepared, baseline)
    mended(till)
    till.kkm.fn.shown_offset = 0
    failure = failure_of(settled(till, prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "the same document" in failure.text
    assert len(till.receipts) == 1


def test_recovery_against_another_register_is_a_persons_case() -> None:
    till, other = line_till(), line_till(serial="106126")
    prepared, baseline = begun(till, sale())
    failure = failure_of(other.driver.settle(prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "00106126" in failure.text


def test_recovery_while_the_register_still_works_on_it_waits() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    till.machine.faults.add("slow", "4A", seconds=300)
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and "works on the command for too long" in outcome.failure.text
    failure = failure_of(again(till).driver.settle(prepared, baseline))
    assert failure.kind is FailureKind.NO_ANSWER
    till.clock.sleep(300)
    assert isinstance(again(till).driver.settle(prepared, baseline), Done) and len(till.receipts) == 1


def test_recovery_decides_nothing_while_the_task_itself_is_at_work() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    number = baseline.extra["counters"]["task"]
    evidence = Evidence(cast(Any, None), wire_of(Peer(known={number: b"\xa2"})))
    with pytest.raises(Silence) as caught:
        evidence.made(prepared, baseline, Look("1", 1, True, baseline.extra["counters"]))
    assert caught.value.failure.code == "running"


def test_recovery_of_a_settle_that_is_cut_off_itself_goes_on_next_time() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    till.machine.faults.add("power_off_before", "4A")
    assert isinstance(till.driver.execute(prepared, baseline), Unknown)
    assert failure_of(till.driver.settle(prepared, baseline)).kind is FailureKind.NO_ANSWER
    mended(till)
    till.machine.faults.add("hang_up_after", "59")
    till.machine.faults.add("answer_lost", "3F", count=3)
    again(till).driver.settle(prepared, baseline)
    assert isinstance(settled(till, prepared, baseline), Absent) and not till.receipts


@pytest.mark.parametrize("own", [True, False])
def test_paper_that_ends_behind_the_close_does_not_undo_the_receipt(own: bool) -> None:
    till = line_till(prints_on_its_own=own)
    prepared, baseline = begun(till, sale())
    till.machine.faults.add("paper_out_during", "4A")
    outcome: Any = till.driver.execute(prepared, baseline)
    if not isinstance(outcome, Done):
        mended(till)
        outcome = till.driver.settle(prepared, baseline)
    assert isinstance(outcome, Done) and len(till.receipts) == 1
    assert till.driver.finish_printing() is (Paper.OUT if not till.machine.mechanics.paper else Paper.OK)
    mended(till)
    document_of(run(till, sale(water(), key="till7-2")))
    assert till.sim.memory.papers[-1] == "sale 3" and "sale 2" in till.sim.memory.papers


def test_paper_that_is_out_before_is_told_before_anything_is_sent() -> None:
    till = line_till()
    till.machine.mechanics.paper = False
    prepared, baseline = begun(till, sale())
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.PAPER


def test_a_power_cycle_in_the_middle_of_the_print_does_not_hide_the_receipt() -> None:
    till = line_till(prints_on_its_own=False)
    prepared, baseline = begun(till, sale())
    till.machine.faults.add("power_off_during", "4A", seconds=3)
    outcome: Any = till.driver.execute(prepared, baseline)
    if not isinstance(outcome, Done):
        outcome = settled(till, prepared, baseline)
    assert isinstance(outcome, Done) and len(till.receipts) == 1
    document_of(run(till, sale(water(), key="till7-2")))  # 76 first: the print is finished and the command given again.
    assert len(till.receipts) == 2 and till.sim.memory.papers.count("sale 2") == 1


def test_an_answer_that_is_no_answer_of_its_command_is_a_doubt() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    original = till.machine._run

    def lies(task: Any) -> bool:
        told: bool = original(task)
        if task.name == "4A":
            task.result = b"\x01\x02"
        return told

    till.machine._run = lies
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.code == "answer"
    assert isinstance(settled(till, prepared, baseline), Done) and len(till.receipts) == 1


def test_recovery_without_counters_in_the_baseline_is_a_persons_case() -> None:
    till = line_till()
    prepared, baseline = begun(till, sale())
    bare = Baseline(**{**{name: getattr(baseline, name) for name in baseline.__slots__}, "extra": {}})
    failure = failure_of(till.driver.settle(prepared, bare))
    assert failure.kind is FailureKind.HUMAN and "holds no counters" in failure.text


@pytest.mark.parametrize("moves", [1, 2])
def test_recovery_of_a_cash_move_with_another_hand_in_the_drawer(moves: int) -> None:
    options = "tax_16=1&registers=no"
    till = line_till(options, shift_registers=False)
    document_of(run(till, ShiftOpen("o-1", 1)))
    prepared, baseline = begun(till, CASH)
    till.machine.faults.add("power_off_before", "49")
    till.driver.execute(prepared, baseline)
    mended(till)
    till.kkm.sell_elsewhere(50_000 if moves == 1 else 1)
    failure = failure_of(again(till, options).driver.settle(prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "the drawer gained" in failure.text
