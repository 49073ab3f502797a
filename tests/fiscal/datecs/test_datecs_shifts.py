"""Cash, reports and everything that only looks: shifts, the last document, copies, the drawer, the status."""

from __future__ import annotations

from typing import Any

import pytest
from datecs_printer import IDENTITY, TOTAL_TIYN, No, Printer, driver_of, sale

from fiscal.datecs.codec import encode
from fiscal.device.driver import DeviceRegister
from fiscal.documents import Paper, SeenDocument, ShiftReport, Waiting
from fiscal.orders import CashDirection, CashMove, Operation, Payment, PaymentKind, ReturnBasis, ShiftClose
from fiscal.register import (
    Absent,
    CashDocument,
    Done,
    FailureKind,
    NotSent,
    Outcome,
    Refused,
    RegisterUnavailable,
    Unknown,
)

PUT = CashMove("c-in", CashDirection.IN, 50_000)
TAKE = CashMove("c-out", CashDirection.OUT, 20_000)
BASIS = ReturnBasis("1234", "2026-11-30T10:00:00+05:00", "02000600", TOTAL_TIYN, False)
GIVE_BACK = sale("r", operation=Operation.SALE_RETURN, payments=(Payment(PaymentKind.CASH, TOTAL_TIYN),), basis=BASIS)


def run(driver: DeviceRegister, order: Any) -> Outcome:
    return driver.execute(driver.prepare(order), driver.baseline())


def day(driver: DeviceRegister) -> None:
    """Two sales, one return, 500 in, 200 out."""
    for order in (sale("a"), sale("b"), GIVE_BACK, PUT, TAKE):
        assert isinstance(run(driver, order), Done)


CASH_TIYN = TOTAL_TIYN + 30_000


def agree(report: ShiftReport) -> None:
    assert (report.sales_count, report.sales_tiyn) == (2, 2 * TOTAL_TIYN)
    assert (report.returns_count, report.returns_tiyn) == (1, TOTAL_TIYN)
    assert (report.put_tiyn, report.taken_tiyn, report.cash_tiyn) == (50_000, 20_000, CASH_TIYN)
    assert report.document_count == 3 and report.at.startswith("2026-11-30T10:")


def test_cash_goes_in_and_out_and_the_drawer_is_told(printer: Printer, driver: DeviceRegister) -> None:
    put, taken = run(driver, PUT), run(driver, TAKE)
    assert isinstance(put, Done) and isinstance(taken, Done)
    assert isinstance(put.document, CashDocument) and isinstance(taken.document, CashDocument)
    assert (put.document.balance_tiyn, taken.document.balance_tiyn) == (50_000, 30_000)
    assert put.document.shift == 42 and (printer.put, printer.taken, printer.cash) == (50_000, 20_000, 30_000)


def test_more_than_the_drawer_holds_is_refused_with_the_reason(printer: Printer, driver: DeviceRegister) -> None:
    outcome = run(driver, TAKE)
    assert isinstance(outcome, Refused) and "not enough cash" in outcome.failure.text
    assert printer.taken == 0


@pytest.mark.parametrize("order", [PUT, TAKE], ids=["in", "out"])
@pytest.mark.parametrize("what", ["request", "answer"])
def test_recovery_of_a_cash_move_is_by_the_sums_of_the_shift(
    printer: Printer, driver: DeviceRegister, order: CashMove, what: str
) -> None:
    printer.cash = 100_000
    prepared, baseline = driver.prepare(order), driver.baseline()
    printer.lose = [(0x46, what)] * 3
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown), outcome
    settled = driver.settle(prepared, baseline)
    if what == "answer":
        assert isinstance(settled, Done) and settled.recovered
        assert isinstance(settled.document, CashDocument) and settled.document.balance_tiyn == printer.cash
    else:
        assert isinstance(settled, Absent)
    assert printer.put + printer.taken == (order.sum_tiyn if what == "answer" else 0)


def test_recovery_of_a_cash_move_of_another_sum_or_shift_is_a_persons(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(PUT), driver.baseline()
    printer.move(1)
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and "another sum than the 50000 tiyn" in settled.failure.text
    printer.close_shift()
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and "a Z-report came between" in settled.failure.text


def test_an_x_report_tells_the_shift_and_closes_nothing(printer: Printer, driver: DeviceRegister) -> None:
    day(driver)
    report = driver.x_report()
    agree(report)
    assert (report.shift, report.number, report.closed) == (42, None, False) and printer.z == 41


def test_a_z_report_tells_the_shift_and_closes_it(printer: Printer, driver: DeviceRegister) -> None:
    day(driver)
    outcome = run(driver, ShiftClose("z", 42))
    assert isinstance(outcome, Done) and isinstance(outcome.document, ShiftReport)
    agree(outcome.document)
    assert (outcome.document.shift, outcome.document.number, outcome.document.closed) == (42, 42, True)
    assert printer.z == 42 and driver.status().shift == 43 and driver.status().shift_open is False


def test_a_z_report_after_a_restart_of_the_agent_adds_up_from_the_journal(printer: Printer) -> None:
    day(driver_of(printer))
    outcome = run(driver_of(printer), ShiftClose("z", 42))
    assert isinstance(outcome, Done) and isinstance(outcome.document, ShiftReport)
    agree(outcome.document)


def test_a_shift_after_the_first_is_added_up_alone(printer: Printer, driver: DeviceRegister) -> None:
    day(driver)
    assert isinstance(run(driver, ShiftClose("z", 42)), Done)
    assert isinstance(run(driver_of(printer), sale("c")), Done)
    report = driver_of(printer).x_report()
    assert (report.shift, report.sales_count, report.sales_tiyn, report.returns_count) == (43, 1, TOTAL_TIYN, 0)
    assert (report.put_tiyn, report.taken_tiyn) == (0, 0)


@pytest.mark.parametrize("what", ["request", "answer"])
def test_recovery_of_a_z_report_never_makes_a_second(printer: Printer, driver: DeviceRegister, what: str) -> None:
    day(driver)
    prepared, baseline = driver.prepare(ShiftClose("z", 42)), driver.baseline()
    printer.lose = [(0x45, what)] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    settled = driver.settle(prepared, baseline)
    if what == "answer":
        assert isinstance(settled, Done) and isinstance(settled.document, ShiftReport)
        agree(settled.document)
        assert settled.document.shift == 42
    else:
        assert isinstance(settled, Absent)
    assert printer.z == (42 if what == "answer" else 41)


def test_a_z_report_of_another_shift_is_not_made(printer: Printer, driver: DeviceRegister) -> None:
    day(driver)
    outcome = run(driver, ShiftClose("z", 41))
    assert isinstance(outcome, Refused) and outcome.failure.code == "other_shift" and printer.z == 41


def test_a_shift_in_which_nothing_happened_is_not_closed(printer: Printer, driver: DeviceRegister) -> None:
    outcome = run(driver, ShiftClose("z", 42))
    assert isinstance(outcome, NotSent) and outcome.failure.code == "no_shift"
    assert isinstance(run(driver, PUT), Done)
    assert isinstance(run(driver, ShiftClose("z", 42)), Done) and printer.z == 42


def test_an_expired_shift_is_told_and_not_closed_by_the_driver(printer: Printer, driver: DeviceRegister) -> None:
    assert isinstance(run(driver, sale("a")), Done)
    printer.refuse[0x30] = No(204 if printer.protocol == "P" else 110811)
    outcome = run(driver, sale("b"))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.SHIFT_EXPIRED
    assert printer.z == 41


def test_an_expired_shift_that_shows_no_more_after_a_memory_reset_can_be_closed(
    printer: Printer, driver: DeviceRegister
) -> None:
    assert not driver.status().shift_open
    printer.refuse[0x30] = No(204 if printer.protocol == "P" else 111024)
    assert isinstance(run(driver, sale("a")), Refused) and driver.status().shift_open
    printer.refuse.clear()
    assert isinstance(run(driver, ShiftClose("z", 42)), Done) and printer.z == 42
    assert not driver.status().shift_open and isinstance(run(driver, sale("b")), Done)


def test_the_last_document_is_the_newest_receipt(printer: Printer, driver: DeviceRegister) -> None:
    seen = driver.last_document()
    assert seen is not None and (seen.number, seen.kind) == ("0001233", "")  # Made before the journal begins.
    day(driver)
    assert driver.last_document() == SeenDocument(
        "0001236", "sale_return", TOTAL_TIYN, "2026-11-30T10:00:00+05:00", None, "0001236"
    )


def test_a_new_printer_has_no_last_document(printer: Printer, driver: DeviceRegister) -> None:
    printer.before = 0
    assert driver.last_document() is None
    assert isinstance(run(driver, sale()), Done) and printer.number == 1


def test_the_last_receipt_is_copied_once_and_no_other(printer: Printer, driver: DeviceRegister) -> None:
    first, second = run(driver, sale("a")), run(driver, sale("b"))
    assert isinstance(first, Done) and isinstance(second, Done)
    with pytest.raises(RegisterUnavailable, match="last receipt only: number 2 of shift 42"):
        driver.reprint(first.document)
    assert driver.reprint(second.document) is Paper.OK
    with pytest.raises(RegisterUnavailable) as caught:
        driver.reprint(second.document)
    assert caught.value.failure.kind is FailureKind.REFUSED and printer.copies == 1


def test_the_drawer_opens_also_without_paper(printer: Printer, driver: DeviceRegister) -> None:
    printer.bits |= {"2.0", "0.5"}
    driver.open_drawer()
    assert printer.drawer == 1


@pytest.mark.parametrize(
    ("bits", "paper", "cover"),
    [
        (set(), Paper.OK, False),
        ({"2.1"}, Paper.LOW, False),
        ({"2.0", "0.5"}, Paper.OUT, False),
        ({"0.6"}, Paper.OK, True),
    ],
)
def test_the_status_tells_paper_cover_clock_and_shift(
    printer: Printer, driver: DeviceRegister, bits: set[str], paper: Paper, cover: bool
) -> None:
    printer.bits |= bits
    status = driver.status()
    assert (status.reachable, status.paper, status.cover_open) == (True, paper, cover)
    assert (status.shift, status.shift_open, status.waits_for) == (42, False, None)
    assert status.clock_at == "2026-11-30T10:00:00+05:00"
    assert driver.baseline().identity == IDENTITY
    assert driver.finish_printing() is (Paper.OUT if paper is Paper.OUT else Paper.OK)


def test_a_receipt_left_open_is_told(printer: Printer, driver: DeviceRegister) -> None:
    printer.begin("sale", "1", printer.password)
    assert driver.status().waits_for is Waiting.OPEN_DOCUMENT
    printer.open_ = None
    printer.bits.add("2.5")
    outcome = run(driver, sale())
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.OPEN_DOCUMENT


def test_a_printer_in_training_mode_sells_nothing(printer: Printer, driver: DeviceRegister) -> None:
    printer.bits.discard("5.3")
    outcome = run(driver, sale())
    assert isinstance(outcome, NotSent) and "not in fiscal mode" in outcome.failure.text


def test_lines_still_to_be_printed_are_waited_for() -> None:
    printer = Printer("P", lines=3)
    driver = driver_of(printer, "printing_s=4")
    assert driver.status().waits_for is Waiting.PRINTING
    original = printer.sleep

    def prints(seconds: float) -> None:
        original(seconds)
        printer.lines -= 1

    printer.sleep = prints
    driver = driver_of(printer, "printing_s=4")
    assert driver.finish_printing() is Paper.OK and printer.lines == 0
    printer.lines = 5
    printer.bits |= {"2.0", "0.5"}
    assert driver.status().waits_for is Waiting.PAPER and driver.finish_printing() is Paper.OUT


def test_a_printer_that_moves_while_it_is_read_is_read_again(printer: Printer, driver: DeviceRegister) -> None:
    moving = iter([True, False])
    original = printer._answer

    def moves(frame: Any) -> bytes:
        if frame.command == 0x46 and next(moving, False):
            printer.make("z", 0)
        return original(frame)

    printer._answer = moves
    assert driver.baseline().extra["counters"]["document"] == 1234
    printer._answer = lambda frame: (printer.make("z", 0), original(frame))[1]
    status = driver.status()
    assert status.failure is not None and status.failure.code == "moving"


def test_a_reading_that_is_refused_is_no_reading(printer: Printer, driver: DeviceRegister) -> None:
    printer.refuse[0x5A if printer.protocol == "P" else 0x7B] = No(3 if printer.protocol == "P" else 111003)
    status = driver.status()
    assert not status.reachable and status.failure is not None and "in its own words" in status.failure.text


def test_an_answer_of_another_shape_is_no_answer(printer: Printer, driver: DeviceRegister) -> None:
    original = printer._answer

    def garbled(frame: Any) -> bytes:
        answer = original(frame)
        if frame.command != 0x4C:
            return answer
        return encode(printer.dialect, frame.seq, 0x4C, b"what?", printer._status(set()))

    printer._answer = garbled
    status = driver.status()
    assert not status.reachable and status.failure is not None and "answer to 4Ch" in status.failure.text


def test_a_printer_that_refuses_the_drawer_while_a_receipt_is_open_is_read_all_the_same(printer: Printer) -> None:
    printer.begin("sale", "1", printer.password)
    assert driver_of(printer).status().reachable
    assert "cash" not in driver_of(printer).baseline().extra["counters"]
