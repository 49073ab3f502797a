"""Protocol 3 against a simulated register: what is made of an order, and what is read back."""

from __future__ import annotations

import pytest
from atol_shop import (
    FULL,
    PACK,
    cigarettes,
    document_of,
    failure_of,
    line_till,
    mark,
    run,
    sale,
    water,
)

from fiscal.register import (
    Ability,
    CashDirection,
    CashDocument,
    CashMove,
    FailureKind,
    FiscalDocument,
    NotCapable,
    NotSent,
    Operation,
    Paper,
    Payment,
    PaymentKind,
    Receipt,
    Recovery,
    RegisterUnavailable,
    ShiftClose,
    ShiftOpen,
    ShiftOpened,
    ShiftReport,
    Waiting,
)
from hw_sim.atol.packets import CrcOver

RETURN = Operation.SALE_RETURN


def cash(tiyn: int, direction: CashDirection = CashDirection.IN, key: str = "cash-1") -> CashMove:
    return CashMove(key, direction, tiyn)


def passwords(operator: int, admin: int) -> dict[int, frozenset[int]]:
    """Of modes 1, 2 and 3."""
    return {1: frozenset({operator}), 2: frozenset({admin}), 3: frozenset({admin})}


def z(shift: int = 1) -> ShiftClose:
    return ShiftClose("z-1", shift)


def test_a_marked_sale_is_made_and_read_back() -> None:
    till = line_till()
    document = document_of(run(till, sale()))
    assert isinstance(document, FiscalDocument)
    (made,) = till.receipts
    assert (document.total_tiyn, document.number, document.shift) == (205_050, 1, 1)
    assert (document.fiscal_sign, document.raw["fd"]) == (made.sign, made.document_number)
    assert document.at.startswith("2026-07-15T10:30:") and document.at.endswith("+05:00")
    assert (document.identity, document.registration_number) == ("00106125", "0000000001002292")
    assert made.marks == (FULL, PACK) and not document.offline and document.qr == ""
    assert [position["sum_tiyn"] for position in made.positions] == [90_000, 90_000, 25_050]
    assert till.kkm.receipt is None


def test_a_return_takes_from_the_drawer() -> None:
    till = line_till()
    document_of(run(till, cash(1_000_000)))
    document = document_of(run(till, sale(water(), operation=RETURN)))
    assert document.total_tiyn == 25_050 and till.sim.memory.cash_tiyn == 974_950
    assert till.receipts[0].operation.value == "sale_return"


def test_payments_of_every_kind_reach_the_registers_types_and_change_is_given() -> None:
    till = line_till("tax_16=1&card=3&mobile=4")
    sums = {PaymentKind.CASH: 20_000, PaymentKind.CARD: 10_000, PaymentKind.MOBILE: 5_050}
    payments = tuple(Payment(kind, tiyn) for kind, tiyn in sums.items())
    document_of(run(till, sale(water(), payments=payments)))
    (made,) = till.receipts
    assert {kind: int(amount * 100) for kind, amount in made.payments}.items() >= {3: 10_000, 4: 5_050}.items()
    assert made.change == 100 and till.sim.memory.cash_tiyn == 10_000


def test_a_discount_ends_in_the_sum_of_the_receipt() -> None:
    till = line_till()
    lines = (water(price_tiyn=1_000, quantity_milli=3_000, discount_tiyn=100), cigarettes(markup_tiyn=1))
    assert document_of(run(till, sale(*lines))).total_tiyn == 2_900 + 180_001


def test_the_old_format_sells_by_one_command_an_item() -> None:
    till = line_till("tax_16=1&format=ffd10", model="ffd10")
    assert document_of(run(till, sale(water(), water()))).total_tiyn == 50_100


def test_the_wrong_format_is_a_fault_of_the_set_up_and_leaves_nothing_open() -> None:
    till = line_till("tax_16=1", model="ffd10")
    failure = failure_of(run(till, sale(water())))
    assert (failure.kind, failure.code) == (FailureKind.CONFIGURATION, "atol:7A")
    assert till.kkm.receipt is None and not till.receipts


def test_cash_goes_in_and_out_and_the_drawer_is_told() -> None:
    till = line_till()
    document = document_of(run(till, cash(1_000_000)))
    assert isinstance(document, CashDocument) and (document.balance_tiyn, document.shift) == (1_000_000, 1)
    assert document_of(run(till, cash(250_000, CashDirection.OUT, "cash-2"))).balance_tiyn == 750_000
    failure = failure_of(run(till, cash(2_000_000, CashDirection.OUT, "cash-3")))
    assert failure.kind is FailureKind.REFUSED and till.sim.memory.cash_tiyn == 750_000


@pytest.mark.parametrize("registers", ["yes", "no"])
def test_a_shift_from_opening_to_z_with_sums_told_or_walked(registers: str) -> None:
    till = line_till(f"tax_16=1&registers={registers}", shift_registers=registers == "yes")
    opened = document_of(run(till, ShiftOpen("o-1", 1, "Айгүл")))
    assert isinstance(opened, ShiftOpened) and opened.shift == 1 and opened.at.startswith("2026-07-15T10:30:")
    document_of(run(till, cash(1_000_000)))
    document_of(run(till, sale(water(), water())))
    document_of(run(till, sale(water(), key="till7-2")))
    document_of(run(till, sale(water(price_tiyn=5_000), operation=RETURN, key="till7-3")))
    running = till.driver.x_report()
    closed = document_of(run(till, z()))
    for report in (running, closed):
        assert isinstance(report, ShiftReport) and report.shift == 1
        assert (report.sales_count, report.sales_tiyn) == (2, 75_150)
        assert (report.returns_count, report.returns_tiyn) == (1, 5_000)
        assert (report.document_count, report.cash_tiyn) == (3, 1_070_150)
        assert (report.put_tiyn, report.taken_tiyn) == ((1_000_000, 0) if registers == "yes" else (0, 0))
        assert report.raw.get("not_told", []) == ([] if registers == "yes" else ["put", "taken"])
    assert (running.closed, running.number, closed.closed, closed.number) == (False, None, True, 1)
    assert len(till.sim.memory.closed) == 1


def test_a_z_stands_although_its_sums_cannot_be_added_up() -> None:
    till = line_till("tax_16=1&registers=no", shift_registers=False)
    document_of(run(till, sale(water())))
    del till.kkm.fn.filed[1]
    with pytest.raises(RegisterUnavailable) as caught:
        till.driver.x_report()
    assert caught.value.failure.code == "storage"
    report = document_of(run(till, z()))
    assert report.closed and "sold" in report.raw["not_told"]


def test_a_second_shift_counts_from_nothing() -> None:
    till = line_till("tax_16=1&registers=no", shift_registers=False)
    document_of(run(till, sale(water())))
    document_of(run(till, z()))
    document_of(run(till, sale(water(price_tiyn=7_000), key="till7-2")))
    report = document_of(run(till, ShiftClose("z-2", 2)))
    assert (report.sales_count, report.sales_tiyn, report.shift) == (1, 7_000, 2)


def test_a_z_for_another_shift_is_refused_before_anything_is_sent() -> None:
    till = line_till()
    document_of(run(till, sale(water())))
    failure = failure_of(run(till, z(shift=9)))
    assert failure.code == "other_shift" and not till.sim.memory.closed


def test_a_shift_that_is_open_or_closed_already_is_told() -> None:
    till = line_till()
    assert failure_of(run(till, z())).code == "no_shift"
    document_of(run(till, ShiftOpen("o-1", 1)))
    assert failure_of(run(till, ShiftOpen("o-2", 2))).code == "shift_open"


def test_what_the_register_shows_of_itself() -> None:
    till = line_till()
    status = till.driver.status()
    assert status.reachable and not status.shift_open and status.paper is Paper.OK
    assert status.cover_open is False and status.clock_at == "2026-07-15T10:30:00+05:00"
    document_of(run(till, sale(water())))
    till.machine.mechanics.cover_open, till.machine.mechanics.paper = True, False
    status = till.driver.status()
    assert (status.shift, status.shift_open, status.cover_open, status.paper) == (1, True, True, Paper.OUT)
    till.kkm.leave_receipt_open(100)
    assert till.driver.status().waits_for is Waiting.OPEN_DOCUMENT
    till.machine.power_off()
    assert not till.driver.status().reachable


def test_the_last_document_is_told_by_the_storage() -> None:
    till = line_till()
    assert till.driver.last_document() is None
    document_of(run(till, sale(water())))
    seen = till.driver.last_document()
    assert seen is not None and (seen.kind, seen.total_tiyn, seen.shift) == ("sale", 25_050, 1)
    assert seen.fiscal_sign == till.receipts[0].sign
    document_of(run(till, z()))
    seen = till.driver.last_document()
    assert seen is not None and (seen.kind, seen.total_tiyn) == ("shift_close", None)


def test_the_last_document_is_printed_again_and_no_other() -> None:
    till = line_till()
    first = document_of(run(till, sale(water())))
    assert till.driver.reprint(first) is Paper.OK
    assert till.sim.memory.papers[-1] == f"copy {first.raw['fd']}"
    till.machine.mechanics.paper = False
    assert till.driver.reprint(first) is Paper.OUT
    till.machine.load_paper()
    document_of(run(till, sale(water(), key="till7-2")))
    with pytest.raises(RegisterUnavailable) as caught:
        till.driver.reprint(first)
    assert caught.value.failure.code == "not_last"


def test_the_drawer_opens_where_the_model_is_said_to_have_one() -> None:
    till = line_till("tax_16=1&drawer=yes")
    till.driver.open_drawer()
    assert till.machine.mechanics.drawer_kicks == 1
    with pytest.raises(NotCapable):
        line_till().driver.open_drawer()
    lacking = line_till("tax_16=1&drawer=yes", lacks=frozenset({0x80}))
    with pytest.raises(RegisterUnavailable) as caught:
        lacking.driver.open_drawer()
    assert caught.value.failure.kind is FailureKind.CONFIGURATION


def test_what_it_can_and_what_it_cannot() -> None:
    capabilities = line_till().driver.capabilities
    assert {Ability.MARKS, Ability.RETURNS, Ability.CASH_MOVES, Ability.SHIFT_OPEN} <= capabilities.can
    assert not capabilities.can & {Ability.FIND_BY_KEY, Ability.MARK_CHECK, Ability.TELLS_SHIFT_AGE}
    assert capabilities.recovery == (Recovery.REPEAT, Recovery.COUNTERS)
    with pytest.raises(NotCapable):
        line_till().driver.find("till7-1")


@pytest.mark.parametrize("told", [True, False])
def test_the_registration_number_is_learnt_from_the_first_receipt_or_from_the_set_up(told: bool) -> None:
    till = line_till("tax_16=1", registration_in_documents=told)
    for number in range(2):
        document = document_of(run(till, sale(water(), key=f"till7-{number}")))
        assert document.registration_number == ("0000000001002292" if told else "")
    set_up = line_till("tax_16=1&rnm=600301234567", registration_in_documents=told)
    assert document_of(run(set_up, sale(water()))).registration_number == "600301234567"


def test_a_register_with_another_serial_number_is_refused() -> None:
    till = line_till("tax_16=1&identity=106126")
    status = till.driver.status()
    assert not status.reachable and status.failure is not None and status.failure.code == "identity"
    assert status.failure.text == "register 00106125 answers, the set-up names 106126"
    assert line_till("tax_16=1&identity=106125").driver.status().reachable


@pytest.mark.parametrize(
    ("options", "simulated"),
    [
        ("tax_16=1&operator_secret=till", {"mode_passwords": passwords(1234, 30)}),
        ("tax_16=1&password_secret=till", {"access_password": 1234}),
        ("tax_16=1&admin_secret=chief", {"mode_passwords": passwords(1, 77)}),
    ],
)
def test_passwords_of_the_register_come_from_secrets(options: str, simulated: dict[str, object]) -> None:
    till = line_till(options, **simulated)
    document_of(run(till, sale(water())))
    assert till.driver.x_report().sales_count == 1
    document_of(run(till, z()))
    wrong = line_till("tax_16=1", **simulated)
    if "access_password" in simulated:
        assert not wrong.driver.status().reachable
    elif "operator_secret" in options:
        assert failure_of(run(wrong, sale(water()))).kind is FailureKind.CONFIGURATION
    assert not wrong.receipts


def test_a_wrong_password_of_the_reports_is_a_fault_of_the_set_up() -> None:
    till = line_till("tax_16=1&admin_secret=till")
    document_of(run(till, sale(water())))
    failure = failure_of(run(till, z()))
    assert failure.kind is FailureKind.CONFIGURATION and not till.sim.memory.closed


def test_a_code_the_register_does_not_take_is_told_with_its_line() -> None:
    till = line_till()
    till.machine.faults.add("error", "E8", skip=1, code=0xE8)
    failure = failure_of(run(till, sale()))
    assert (failure.kind, failure.line, failure.mark) == (FailureKind.MARK_REFUSED, 0, 1)
    assert failure.place == "lines[0].marks[1]" and till.kkm.receipt is None and not till.receipts


def test_a_receipt_for_one_register_is_not_given_to_another() -> None:
    till, other = line_till(), line_till(serial="106126")
    prepared, baseline = till.driver.prepare(sale()), till.driver.baseline()
    outcome = other.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.HUMAN and not other.receipts


@pytest.mark.parametrize(("chunk", "gap_s"), [(1, 0.0), (3, 0.002)])
def test_answers_may_come_in_any_pieces(chunk: int, gap_s: float) -> None:
    till = line_till()
    till.line._chunk_max, till.machine.byte_gap_s = chunk, gap_s
    document_of(run(till, sale()))
    assert len(till.receipts) == 1


def test_every_way_of_answering_the_sources_know_sells() -> None:
    for options, simulated in (
        ("tax_16=1&marks=tag&crc=raw", {"crc_over": CrcOver.RAW}),
        ("tax_16=1&marks=tag", {"asks_again": True}),
        ("tax_16=1&marks=tag", {"lasting_stop": False}),
        ("tax_16=1&marks=tag", {"last_task": 0xDF}),
        ("tax_16=1&marks=tag", {"work_s": {}}),
        ("tax_16=1&marks=tag", {"work_s": dict.fromkeys((0x3F, 0x91, 0x92, 0xEA, 0xEB, 0xE8, 0x4A, 0x56, 0x4D), 0.7)}),
        ("tax_16=1&marks=tag", {"document_block_bytes": 16}),
    ):
        till = line_till(options, **simulated)
        # 0xFEFD tiyn: the total has to be stuffed on its way back.
        document = document_of(run(till, sale(cigarettes(price_tiyn=0xFEFD // 2, markup_tiyn=1))))
        assert document.total_tiyn == 0xFEFD and till.receipts[0].marks == (FULL, PACK), simulated


def test_a_register_whose_every_answer_takes_its_time_sells() -> None:
    till = line_till("tax_16=1&marks=tag&answer_s=10", work_s=dict.fromkeys(range(256), 0.5))
    document_of(run(till, sale(water(marks=(mark(PACK),)))))
    assert len(till.receipts) == 1


def test_twenty_receipts_more_than_there_are_numbers_for() -> None:
    till = line_till()
    for number in range(30):
        order: Receipt = sale(water(), key=f"till7-{number}")
        assert document_of(run(till, order)).number == number + 1
    assert len(till.receipts) == 30
