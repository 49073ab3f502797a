"""Receipts through the shared driver against a printer: made once, refused with a reason, found again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from datecs_printer import FULL, IDENTITY, MEMORY, SERIAL, TOTAL_TIYN, No, Printer, driver_of, sale

from fiscal.datecs.codec import encode
from fiscal.device.driver import DeviceRegister
from fiscal.orders import Line, Operation, Payment, PaymentKind, Receipt, ReturnBasis
from fiscal.register import Absent, Done, Failure, FailureKind, FiscalDocument, NotSent, Outcome, Refused, Unknown

COMMANDS = {"P": (0x30, 0x31, 0x36, 0x33, 0x35, 0x38), "X": (0x30, 0x31, 0x36, 0x33, 0x35, 0x38)}
PAY, CLOSE = 0x35, 0x38


def run(driver: DeviceRegister, order: Any) -> Outcome:
    return driver.execute(driver.prepare(order), driver.baseline())


def document_of(outcome: Any) -> FiscalDocument:
    assert isinstance(outcome, Done), outcome
    assert isinstance(outcome.document, FiscalDocument)
    return outcome.document


def refused(outcome: Any) -> Failure:
    assert isinstance(outcome, Refused), outcome
    return outcome.failure


def made(printer: Printer, kind: str = "sale") -> list[int]:
    return [one.total for one in printer.documents if one.kind == kind]


def test_a_sale_is_made_once_and_told(printer: Printer, driver: DeviceRegister) -> None:
    document = document_of(run(driver, sale()))
    assert made(printer) == [TOTAL_TIYN] and printer.cash == TOTAL_TIYN
    assert (document.fiscal_sign, document.number, document.shift) == ("0001234", 1, 42)
    assert (document.at, document.total_tiyn) == ("2026-11-30T10:00:00+05:00", TOTAL_TIYN)
    assert (document.identity, document.registration_number, document.qr) == (SERIAL, MEMORY, "")
    assert document.cashier == "Айгүл"
    receipt = printer.documents[-1].receipt
    assert receipt is not None and "".join(text[2:] for text in receipt.texts) == FULL.replace("\x1d", "")
    assert receipt.names == ["Сигареты", "Алма"] and receipt.payments[-1][1] == 120_000


def test_the_registration_number_is_the_options_where_it_is_given(printer: Printer) -> None:
    driver = driver_of(printer, "registration=010100000001")
    assert document_of(run(driver, sale())).registration_number == "010100000001"


def test_numbers_go_up_within_the_shift(printer: Printer, driver: DeviceRegister) -> None:
    documents = [document_of(run(driver, sale(f"k{number}"))) for number in range(3)]
    assert [one.number for one in documents] == [1, 2, 3]
    assert [one.fiscal_sign for one in documents] == ["0001234", "0001235", "0001236"]


def test_a_document_the_printer_adds_of_its_own_is_not_taken_for_the_sale(
    printer: Printer, driver: DeviceRegister
) -> None:
    original = printer.finish

    def warns() -> None:
        original()
        printer.make("cash", 0)

    printer.finish = warns
    assert document_of(run(driver, sale())).fiscal_sign == "0001234"


@pytest.mark.parametrize("registration", ["", "registration=010100000001"])
def test_a_return_works_with_what_the_sale_was_told_to_be(printer: Printer, registration: str) -> None:
    driver = driver_of(printer, registration)
    sold = document_of(run(driver, sale()))
    basis = ReturnBasis(sold.fiscal_sign, sold.at, sold.registration_number, sold.total_tiyn, sold.offline)
    lines = (Line("Сигареты", 90_000, 1_000, 796, 1_600),)
    order = Receipt("r", Operation.SALE_RETURN, lines, (Payment(PaymentKind.CASH, 90_000),), "Айгүл", basis)
    document = document_of(run(driver, order))
    assert (document.fiscal_sign, document.number, document.total_tiyn) == ("0001235", 2, 90_000)
    receipt = printer.documents[-1].receipt
    originals = {"P": f"0001234 301126100000 {MEMORY}", "X": f"1234 30-11-26 10:00:00 {MEMORY}"}
    assert receipt is not None and receipt.original == originals[printer.protocol]
    assert made(printer, "sale_return") == [90_000] and printer.cash == TOTAL_TIYN - 90_000


def test_a_receipt_of_another_datecs_is_named_by_its_memory(printer: Printer, driver: DeviceRegister) -> None:
    basis = ReturnBasis("77", "2026-11-30T09:00:00+05:00", "02999999", 90_000, False)
    lines = (Line("Сигареты", 90_000, 1_000, 796, 1_600),)
    document_of(
        run(driver, Receipt("r", Operation.SALE_RETURN, lines, (Payment(PaymentKind.CARD, 90_000),), "", basis))
    )
    receipt = printer.documents[-1].receipt
    assert receipt is not None and receipt.original.endswith("02999999")


def test_several_payments_are_taken_in_turn(printer: Printer, driver: DeviceRegister) -> None:
    paid = (Payment(PaymentKind.CASH, 100_000), Payment(PaymentKind.CARD, 20_000))
    document_of(run(driver, sale(payments=paid)))
    receipt = printer.documents[-1].receipt
    assert receipt is not None and [amount for _mode, amount in receipt.payments] == [20_000, 100_000]
    assert printer.cash == TOTAL_TIYN - 20_000


# Lost requests and answers


@pytest.mark.parametrize("command", sorted(set(COMMANDS["P"])))
@pytest.mark.parametrize("what", ["request", "answer"])
def test_recovery_of_one_lost_frame_is_the_same_frame_again(
    printer: Printer, driver: DeviceRegister, command: int, what: str
) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(command, what)]
    outcome = driver.execute(prepared, baseline)
    assert document_of(outcome) and printer.lose == [] and made(printer) == [TOTAL_TIYN]


@pytest.mark.parametrize("command", sorted(set(COMMANDS["P"])))
@pytest.mark.parametrize("what", ["request", "answer"])
def test_recovery_of_a_silence_at_any_step_ends_in_one_document(
    printer: Printer, driver: DeviceRegister, command: int, what: str
) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(command, what)] * 3
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.NO_ANSWER
    settled = driver.settle(prepared, baseline)
    taken = command == CLOSE or (command == PAY and what == "answer")
    if taken:
        assert isinstance(settled, Done) and settled.recovered
    else:
        assert isinstance(settled, Absent) and printer.open_ is None
        settled = driver.execute(prepared, driver.baseline())
    document = document_of(settled)
    assert made(printer) == [TOTAL_TIYN] and (document.number, document.total_tiyn) == (1, TOTAL_TIYN)
    assert document.fiscal_sign == f"{printer.documents[-1].number:07}" and document.at


def test_recovery_counts_no_cancelled_receipt_as_the_sale(printer: Printer, driver: DeviceRegister) -> None:
    """The incident every table of counters falls into: the number went up by one, and nothing was sold."""
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(0x31, "answer")] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    assert isinstance(driver.settle(prepared, baseline), Absent)
    assert printer.number == 1234 and made(printer, "cancelled") == [90_000]
    # Asked again, the cancelled receipt between baseline and now is still no sale.
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Absent) and "cancelled" in settled.evidence
    # And the sale that comes after it is found all the same.
    printer.lose = [(CLOSE, "answer")] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    assert document_of(driver.settle(prepared, baseline)).fiscal_sign == "0001235"


def test_recovery_pays_the_rest_of_a_partly_paid_receipt_and_closes_it(
    printer: Printer, driver: DeviceRegister
) -> None:
    paid = (Payment(PaymentKind.CASH, 100_000), Payment(PaymentKind.CARD, 20_000))
    prepared, baseline = driver.prepare(sale(payments=paid)), driver.baseline()
    printer.lose = [(PAY, "answer")] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    assert printer.open_ is not None and printer.open_.paid == 20_000
    document_of(driver.settle(prepared, baseline))
    receipt = printer.documents[-1].receipt
    assert receipt is not None and [amount for _mode, amount in receipt.payments] == [20_000, 100_000]


def test_recovery_of_a_sum_that_is_none_of_our_payments_is_a_persons(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(PAY, "request")] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    assert printer.open_ is not None
    printer.open_.paid = 777
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and settled.failure.kind is FailureKind.HUMAN
    assert printer.open_.payments == []


def test_recovery_of_a_close_repeats_it_while_the_paid_receipt_is_open(
    printer: Printer, driver: DeviceRegister
) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "request")] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    printer.refuse[CLOSE] = No(3 if printer.protocol == "P" else 111003)  # Once more "no", then it obeys.
    document_of(driver.settle(prepared, baseline))
    assert made(printer) == [TOTAL_TIYN]


def test_recovery_by_counters_and_journal_needs_them_to_agree(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    printer.journal_works = False
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and settled.failure.kind is FailureKind.HUMAN
    printer.journal_works = True
    document_of(driver.settle(prepared, baseline))


def test_recovery_of_another_register_at_the_line_is_a_persons(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    assert baseline.identity == IDENTITY
    printer.memory = "02999999"
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.HUMAN
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and "02999999 answers" in settled.failure.text


def test_recovery_after_somebody_elses_sale_is_a_persons(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    driver.execute(prepared, baseline)
    printer.make("sale", 100)
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and "somebody else uses the register" in settled.failure.text


def test_recovery_is_not_misled_by_a_cash_move_in_between(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    driver.execute(prepared, baseline)
    printer.move(5_000)
    assert document_of(driver.settle(prepared, baseline)).fiscal_sign == "0001234"


@pytest.mark.parametrize("sold", [True, False])
def test_recovery_in_the_next_shift(printer: Printer, driver: DeviceRegister, sold: bool) -> None:
    assert isinstance(run(driver, sale("before")), Done)
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3 if sold else [(0x30, "request")] * 3
    driver.execute(prepared, baseline)
    printer.close_shift()
    settled = driver.settle(prepared, baseline)
    if sold:
        document = document_of(settled)
        assert (document.fiscal_sign, document.shift, document.number) == ("0001235", 42, 2)
    else:
        assert isinstance(settled, Absent)


def test_recovery_of_a_sum_that_a_later_receipt_hides_is_a_persons_on_x(
    printer: Printer, driver: DeviceRegister
) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    driver.execute(prepared, baseline)
    printer.make("sale_return", 5)
    settled = driver.settle(prepared, baseline)
    if printer.protocol == "P":
        assert document_of(settled).total_tiyn == TOTAL_TIYN  # Its journal tells the sum of each.
    else:
        assert isinstance(settled, Unknown) and "does not tell its sum" in settled.failure.text


def test_recovery_in_the_next_shift_wants_a_journal_that_shows_something() -> None:
    printer = Printer("P")
    driver = driver_of(printer)
    assert isinstance(run(driver, sale("before")), Done)
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    driver.execute(prepared, baseline)
    printer.close_shift()
    printer.journal_works = False
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and "shows no receipt at all" in settled.failure.text


def test_recovery_of_a_printer_that_knows_the_short_journal_only_takes_the_clock() -> None:
    printer = Printer("P", forms="Y")
    driver = driver_of(printer)
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    driver.execute(prepared, baseline)
    printer.sleep(90)
    assert document_of(driver.settle(prepared, baseline)).at.startswith("2026-11-30T10:01:3")


def test_recovery_by_the_long_journal_tells_the_true_time(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(CLOSE, "answer")] * 3
    driver.execute(prepared, baseline)
    printer.sleep(3_600)
    assert document_of(driver.settle(prepared, baseline)).at == "2026-11-30T10:00:00+05:00"


def test_recovery_after_a_lost_memory_proves_nothing_absent() -> None:
    printer = Printer("P")
    driver = driver_of(printer)
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(0x30, "request")] * 3
    driver.execute(prepared, baseline)
    printer.bits.add("1.2")
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and "lost its memory" in settled.failure.text
    blocked = driver.execute(prepared, baseline)
    assert isinstance(blocked, NotSent) and blocked.failure.kind is FailureKind.DEVICE


def test_recovery_of_a_counter_that_went_back_is_a_persons(printer: Printer, driver: DeviceRegister) -> None:
    run(driver, sale("one"))
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.documents.clear()
    printer.receipts = 0
    settled = driver.settle(prepared, baseline)
    assert isinstance(settled, Unknown) and settled.failure.kind is FailureKind.HUMAN


def test_recovery_with_a_baseline_of_another_making_decides_nothing(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    settled = driver.settle(prepared, replace(baseline, extra={}))
    assert isinstance(settled, Unknown) and "no counters" in settled.failure.text


# Paper


def test_a_roll_that_ends_inside_a_receipt_is_waited_for_and_the_receipt_is_built_again(
    printer: Printer, driver: DeviceRegister
) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer.say

    def ends(text: str) -> None:
        printer.bits.add("2.0")
        original(text)

    printer.say = ends
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.PAPER
    printer.say = original
    printer.bits.discard("2.0")
    assert isinstance(driver.settle(prepared, baseline), Absent)
    document_of(driver.execute(prepared, driver.baseline()))


def test_a_roll_that_ends_with_the_close_makes_no_doubt(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer.finish

    def ends() -> None:
        original()
        printer.bits |= {"2.0", "0.5"}

    printer.finish = ends
    document_of(driver.execute(prepared, baseline))
    assert driver.status().paper == "out"
    blocked = driver.execute(prepared, baseline)
    assert isinstance(blocked, NotSent) and blocked.failure.kind is FailureKind.PAPER


# Refusals


@pytest.mark.parametrize(
    ("command", "p", "x", "kind", "place"),
    [
        (0x31, 402, 111005, FailureKind.CONFIGURATION, "lines[0]"),
        (0x31, 103, 111006, FailureKind.INVALID, "lines[0]"),
        (0x36, 111, 111003, None, "lines[0].marks[0]"),
        (0x35, 410, 111061, FailureKind.CONFIGURATION, "pay"),
        (0x30, 204, 111024, FailureKind.SHIFT_EXPIRED, "open"),
        (0x30, 100, 112004, FailureKind.CLOCK, "open"),
        (0x30, 4711, 119999, FailureKind.REFUSED, "open"),
    ],
)
def test_a_no_names_its_place_and_leaves_nothing_open(
    printer: Printer, driver: DeviceRegister, command: int, p: int, x: int, kind: FailureKind | None, place: str
) -> None:
    number = p if printer.protocol == "P" else x
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.refuse[command] = No(number)
    failure = refused(driver.execute(prepared, baseline))
    assert kind is None or failure.kind is kind
    assert failure.place == place and failure.code == f"datecs-{printer.protocol.lower()}:{number}"
    assert "in its own words" in failure.text
    assert printer.open_ is None and made(printer) == []
    document_of(driver.execute(prepared, driver.baseline()))


def test_a_no_without_a_number_is_told_by_the_status(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer._answer

    def bits_only(frame: Any) -> bytes:
        if frame.command == 0x31:
            return encode(printer.dialect, frame.seq, 0x31, b"", printer._status({"0.0", "0.5"}))
        if frame.command in (0x20, 0x64):
            return encode(printer.dialect, frame.seq, frame.command, b"", printer._status(set()))
        return original(frame)

    printer._answer = bits_only
    failure = refused(driver.execute(prepared, baseline))
    assert (failure.kind, failure.code) == (FailureKind.INVALID, f"datecs-{printer.protocol.lower()}:0.0")
    assert failure.text == "syntax error" and failure.place == "lines[0]"


def test_a_no_without_any_reason_is_a_no(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer._answer

    def mute(frame: Any) -> bytes:
        if frame.command == 0x38:
            return encode(printer.dialect, frame.seq, 0x38, b"", printer._status(set()))
        return original(frame)

    printer._answer = mute
    outcome = driver.execute(prepared, baseline)  # Money was taken and the close refused, three times.
    assert isinstance(outcome, Unknown) and "refused without a reason" in outcome.failure.text
    printer._answer = original
    document_of(driver.settle(prepared, baseline))


def test_an_answer_nobody_understands_leaves_a_doubt_that_is_settled(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer._answer

    def garbled(frame: Any) -> bytes:
        answer = original(frame)
        if frame.command != 0x38:
            return answer
        return encode(printer.dialect, frame.seq, 0x38, b"zzz", printer._status(set()))

    printer._answer = garbled
    assert isinstance(driver.execute(prepared, baseline), Unknown)
    assert document_of(driver.settle(prepared, baseline)) and made(printer) == [TOTAL_TIYN]


def test_a_receipt_somebody_else_opened_is_left_alone(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer.begin

    def busy(*_arguments: str) -> None:
        printer.begin = original
        printer.begin("sale", "1", printer.password)
        raise No(200 if printer.protocol == "P" else 111015)

    printer.begin = busy
    failure = refused(driver.execute(prepared, baseline))
    assert failure.kind is FailureKind.OPEN_DOCUMENT and printer.open_ is not None
    blocked = driver.execute(prepared, driver.baseline())
    assert isinstance(blocked, NotSent) and blocked.failure.kind is FailureKind.OPEN_DOCUMENT


def test_a_receipt_that_our_first_copy_opened_is_ours_to_cancel(printer: Printer, driver: DeviceRegister) -> None:
    """The printer forgot its last answer (a restart): the repeated command meets the receipt it had opened itself."""
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.lose = [(0x30, "answer")]
    original = printer.begin

    def forgets(*arguments: str) -> None:
        original(*arguments)
        printer._answered = -1, b""

    printer.begin = forgets
    hear = printer._hear

    def forgetful(frame: Any) -> None:
        hear(frame)
        if printer.lose == [] and frame.command == 0x30:
            printer._answered = -1, b""

    printer._hear = forgetful
    assert refused(driver.execute(prepared, baseline)).kind is FailureKind.REFUSED
    assert printer.open_ is None and made(printer, "cancelled") == [0]


def test_another_sum_at_the_printer_stops_the_sale_before_anything_is_paid(
    printer: Printer, driver: DeviceRegister
) -> None:
    original = printer.add
    printer.add = lambda name, total: original(name, total + 1)
    failure = refused(run(driver, sale()))
    assert failure.kind is FailureKind.TOTALS and str(TOTAL_TIYN + 2) in failure.text
    assert PAY not in [command for command, _ in printer.commands] and printer.open_ is None


def test_a_wrong_password_is_tried_once(printer: Printer) -> None:
    driver = driver_of(printer, "password_secret=datecs_password", {"datecs_password": "4321"}.__getitem__)
    for _ in range(4):
        failure = refused(run(driver, sale()))
        assert failure.kind is FailureKind.CONFIGURATION and "password" in failure.text
    assert printer.passwords_wrong == 1


def test_a_secret_password_is_used_and_kept_out_of_the_journal(printer: Printer) -> None:
    printer.password = "4321"
    driver = driver_of(printer, "password_secret=datecs_password", {"datecs_password": "4321"}.__getitem__)
    prepared = driver.prepare(sale())
    assert "4321" not in str(prepared.payload)
    document = document_of(driver.execute(prepared, driver.baseline()))
    assert "4321" not in str(document.raw)


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        (("0.00", "20.00"), "is 20 %, the options say 16 %"),
        (("0.00", "100.00"), "is disabled, the options say 16 %"),
        (("16.00", "16.00"), "is 16 %, the options say without VAT"),
    ],
)
def test_a_tax_group_with_another_rate_in_the_printer_sells_nothing(
    printer: Printer, rates: tuple[str, ...], words: str
) -> None:
    printer.rates = (*rates, *["0.00"] * 6)
    failure = refused(run(driver_of(printer), sale()))
    assert failure.kind is FailureKind.CONFIGURATION and words in failure.text
    assert 0x30 not in [command for command, _ in printer.commands]
    document_of(run(driver_of(printer, "rates=trust"), sale()))


def test_a_printer_that_does_not_tell_its_rates_is_believed(printer: Printer, driver: DeviceRegister) -> None:
    printer.refuse[0x61 if printer.protocol == "P" else 0x32] = No(2 if printer.protocol == "P" else 112000)
    document_of(run(driver, sale()))


# The line


def test_naks_and_syns_change_nothing(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.nak, printer.syn = 1, 5
    document_of(driver.execute(prepared, baseline))
    assert made(printer) == [TOTAL_TIYN]


def test_a_command_the_printer_takes_for_a_repeat_is_not_believed(printer: Printer, driver: DeviceRegister) -> None:
    """Another program has used our next SEQ: the printer swallows the command and repeats an old answer."""
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    original = printer._hear

    def swallow(frame: Any) -> None:
        printer.stale = frame.command == 0x30 and not printer.lose
        printer.lose = printer.lose or ([(0, "")] if frame.command == 0x30 else [])
        original(frame)

    printer._hear = swallow
    outcome = driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and "under the number of 30h" in outcome.failure.text
    assert isinstance(driver.settle(prepared, baseline), Absent)


def test_a_printer_that_is_not_there_has_been_sent_nothing(printer: Printer, driver: DeviceRegister) -> None:
    prepared, baseline = driver.prepare(sale()), driver.baseline()
    printer.absent = True
    fresh = driver_of(printer)
    outcome = fresh.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.UNAVAILABLE
    assert isinstance(driver.settle(prepared, baseline), Unknown)


def test_an_identity_that_is_set_up_must_answer(printer: Printer) -> None:
    status = driver_of(printer, "identity=DT999999").status()
    assert status.failure is not None and status.failure.kind is FailureKind.CONFIGURATION
    assert driver_of(printer, f"identity={SERIAL}").status().reachable
