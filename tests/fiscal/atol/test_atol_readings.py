"""Protocol 3 while it only reads, prints or tidies up: what the register refuses, and what cannot be read back."""

from __future__ import annotations

from typing import Any

import pytest
from atol_shop import LineTill, document_of, failure_of, line_till, run, sale, water

from fiscal.atol.family import AtolFamily
from fiscal.device.family import Rejected, Silence
from fiscal.register import (
    Absent,
    CashDirection,
    CashMove,
    Done,
    FailureKind,
    Paper,
    RegisterUnavailable,
    ShiftClose,
    ShiftOpen,
    Unknown,
    Waiting,
)


def family_of(till: LineTill) -> AtolFamily:
    family = till.driver._family
    assert isinstance(family, AtolFamily)
    return family


@pytest.mark.parametrize(
    ("fault", "params", "kind"),
    [
        ("error", {"code": 0x8C}, FailureKind.CONFIGURATION),
        ("error", {"code": 0xFC}, FailureKind.DEVICE),
        ("buffer_full", {}, FailureKind.UNAVAILABLE),
        ("illegal_value", {}, FailureKind.CONFIGURATION),
    ],
)
@pytest.mark.parametrize("command", ["3F", "91", "4D", "A4"])
def test_a_reading_the_register_refuses_leaves_it_out_of_reach(
    fault: str, params: dict[str, Any], kind: FailureKind, command: str
) -> None:
    till = line_till()
    till.machine.faults.add(fault, command, count=5, **params)
    failure = till.driver.status().failure
    assert failure is not None and failure.kind is kind
    till.machine.faults.clear()
    assert till.driver.status().reachable


def test_a_register_without_a_storage_is_known_by_its_serial_number_alone() -> None:
    till = line_till()
    till.machine.faults.add("error", "A4", code=0xDA)
    assert till.driver.baseline().identity == "00106125"
    assert line_till().driver.baseline().identity == "00106125/9999078900012345"


def test_nothing_is_known_of_a_line_that_was_never_opened() -> None:
    with pytest.raises(Silence) as caught:
        family_of(line_till()).look()
    assert caught.value.failure.code == "line" and not caught.value.sent


def test_a_last_document_that_cannot_be_read_is_told_by_the_register_itself() -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    till.machine.faults.add("error", "A4", code=0xDA)
    seen = till.driver.last_document()
    assert seen is not None and (seen.kind, seen.total_tiyn, seen.number) == ("sale", 25_050, "2")
    assert seen.fiscal_sign == till.receipts[0].sign and seen.shift is None


@pytest.mark.parametrize("skip", [0, 1, 3])
def test_the_storage_failing_while_a_document_is_read_leaves_the_order_in_doubt(skip: int) -> None:
    till = line_till()
    prepared, baseline = till.driver.prepare(sale(water())), till.driver.baseline()
    till.machine.faults.add("error", "A4", code=0xFC, skip=skip)
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.DEVICE
    till.machine.faults.clear()
    assert isinstance(till.driver.settle(prepared, baseline), Done) and len(till.receipts) == 1


@pytest.mark.parametrize("gap", ["the receipt", "the shift"])
def test_a_document_that_cannot_be_read_back_leaves_a_person_to_decide(gap: str) -> None:
    till = line_till()
    prepared, baseline = till.driver.prepare(sale(water())), till.driver.baseline()
    till.machine.faults.add("hang_up_after", "4A")
    document_of(till.driver.execute(prepared, baseline))
    del till.kkm.fn.filed[1 if gap == "the receipt" else 0]
    failure = failure_of(till.driver.settle(prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "one of them cannot be read" in failure.text
    other, later = till.driver.prepare(sale(water(), key="till7-2")), till.driver.baseline()
    till.machine.faults.add("error", "A4", code=0xDA, count=9)
    again = till.driver.execute(other, later)
    assert isinstance(again, Unknown) and "one of them cannot be read" in again.failure.text


def test_the_counters_of_an_order_before_are_never_used_for_another() -> None:
    till = line_till()
    baseline = till.driver.baseline()
    document_of(till.driver.execute(till.driver.prepare(sale(water())), baseline))
    outcome = till.driver.execute(till.driver.prepare(sale(water(), key="till7-2")), baseline)
    assert isinstance(outcome, Unknown) and "the register knows another task" in outcome.failure.text
    assert len(till.receipts) == 1


def test_another_sale_in_between_is_told_when_the_document_is_looked_for() -> None:
    till = line_till()
    till.machine.faults.add("foreign_sale_after", "4A", total=100)
    failure = failure_of(run(till, sale(water())))
    assert "2 of this kind" in failure.text and len(till.receipts) == 2


def test_a_cash_move_without_counts_is_proven_by_its_task() -> None:
    till = line_till("tax_16=1&registers=no", shift_registers=False)
    document_of(run(till, ShiftOpen("o-1", 1)))
    prepared = till.driver.prepare(CashMove("cash-1", CashDirection.IN, 50_000))
    baseline = till.driver.baseline()
    document_of(till.driver.execute(prepared, baseline))
    till.kkm.sell_elsewhere(100)  # The drawer proves nothing any more; the result of the task does.
    settled = till.driver.settle(prepared, baseline)
    assert isinstance(settled, Done) and settled.recovered


@pytest.mark.parametrize(
    ("fault", "command", "params", "kind"),
    [
        ("error", "67", {"code": 0x98}, FailureKind.REFUSED),
        ("error", "67", {"code": 0x67}, FailureKind.PAPER),
        ("error", "56", {"code": 0x8C}, FailureKind.CONFIGURATION),
        ("illegal_value", "67", {}, FailureKind.CONFIGURATION),
    ],
)
def test_a_report_the_register_refuses_is_told(
    fault: str, command: str, params: dict[str, Any], kind: FailureKind
) -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    till.machine.faults.add(fault, command, **params)
    with pytest.raises(RegisterUnavailable) as caught:
        till.driver.x_report()
    assert caught.value.failure.kind is kind


def test_a_mode_that_cannot_be_left_is_told_before_anything_is_begun() -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    till.machine.faults.add("error", "48", code=0x66)
    with pytest.raises(RegisterUnavailable):
        till.driver.x_report()
    assert till.driver.x_report().sales_count == 1


def test_a_cancel_or_a_print_that_is_refused_is_a_no_and_no_crash() -> None:
    till = line_till()
    till.driver.status()
    family = family_of(till)
    assert isinstance(family.cancel(), Rejected)  # Nothing is open.
    till.machine.faults.add("illegal_value", "55")
    assert isinstance(family.go_on(), Rejected)
    till.machine.faults.add("error", "56", code=0x8C)
    till.machine.faults.add("error", "48", code=0x8C)
    assert isinstance(family.cancel(), Rejected)


def test_a_receipt_that_cannot_be_cancelled_is_a_persons_case() -> None:
    till = line_till()
    prepared, baseline = till.driver.prepare(sale()), till.driver.baseline()
    till.machine.faults.add("error", "EB", code=0x08)
    till.machine.faults.add("error", "59", count=9, code=0x66)
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and "does not obey" in outcome.failure.text
    till.machine.faults.clear()
    assert isinstance(till.driver.settle(prepared, baseline), Absent) and till.kkm.receipt is None


def test_a_receipt_is_finished_by_its_close_where_the_shared_driver_asks_for_it() -> None:
    till = line_till()
    prepared, baseline = till.driver.prepare(sale(water())), till.driver.baseline()
    till.machine.faults.add("error", "4A", code=0xFC)
    till.machine.faults.add("error", "59", count=9, code=0x66)
    till.driver.execute(prepared, baseline)
    family = family_of(till)
    family._wire.forget(baseline.extra["counters"]["task"])
    family.finish(prepared, baseline, family.look())
    assert len(till.receipts) == 1 and till.kkm.receipt is None


def test_numbers_that_move_while_they_are_read_are_read_again() -> None:
    till = line_till()
    till.driver.status()
    till.machine.faults.add("foreign_sale_after", "4D", total=100)
    counters = till.driver.baseline().extra["counters"]
    assert (counters["fd"], counters["cash"], counters["sales"]) == (2, 100, 1)


def test_a_report_that_is_printing_is_waited_for() -> None:
    till = line_till(z_print_s=20.0)
    document_of(run(till, sale(water())))
    document_of(run(till, ShiftClose("z-1", 1)))
    assert till.driver.status().waits_for is Waiting.PRINTING
    before = till.clock.at_ns
    assert not till.driver.baseline().shift_open and till.clock.at_ns - before > 10**10
    assert till.driver.finish_printing() is Paper.OK
