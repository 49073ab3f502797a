"""The JSON tasks against a simulated web server: what is made of an order, what it tells, and checks of codes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from atol_shop import FULL, PACK, WebTill, document_of, failure_of, run, sale, water, web_driver, web_till

from fiscal.register import (
    Ability,
    CashDirection,
    CashDocument,
    CashMove,
    FailureKind,
    FiscalDocument,
    Operation,
    Paper,
    Payment,
    PaymentKind,
    Recovery,
    Refused,
    RegisterUnavailable,
    ShiftClose,
    ShiftOpen,
    ShiftOpened,
    ShiftReport,
)
from hw_sim.exchange import SimReply, SimRequest

RETURN = Operation.SALE_RETURN
Z = ShiftClose("z-1", 1)
CHECK = "beginMarkingCodeValidation"


def cash(tiyn: int, direction: CashDirection = CashDirection.IN, key: str = "cash-1") -> CashMove:
    return CashMove(key, direction, tiyn)


def posted(till: WebTill) -> list[dict[str, Any]]:
    """Every task from now on, in the order they were posted; filled as they come."""
    found: list[dict[str, Any]] = []
    original = till.sim.server.handle

    def handle(request: SimRequest) -> SimReply:
        if request.method == "POST":
            found.extend(json.loads(request.body)["request"])
        return original(request)

    till.sim.server.handle = handle
    return found


def test_a_marked_sale_is_made_and_told() -> None:
    till = web_till()
    document = document_of(run(till, sale(cashier="Айгүл")))
    assert isinstance(document, FiscalDocument)
    (made,) = till.receipts
    assert (document.total_tiyn, document.number, document.shift) == (205_050, 1, 1)
    assert (document.fiscal_sign, document.raw["fd"]) == (made.sign, made.document_number)
    assert document.at.startswith("2026-07-15T10:30:") and document.at.endswith("+05:00")
    assert (document.identity, document.registration_number) == ("00106125", "0000000001002292")
    assert made.marks == (FULL, PACK)


def test_a_return_and_mixed_payments() -> None:
    till = web_till()
    document_of(run(till, cash(1_000_000)))
    document_of(run(till, sale(water(), operation=RETURN)))
    sums = {PaymentKind.CASH: 20_000, PaymentKind.CARD: 10_000, PaymentKind.MOBILE: 5_050}
    payments = tuple(Payment(kind, tiyn) for kind, tiyn in sums.items())
    document_of(run(till, sale(water(), payments=payments, key="till7-2")))
    back, made = till.receipts
    assert back.operation.value == "sale_return" and made.change == 100
    assert till.sim.memory.cash_tiyn == 1_000_000 - 25_050 + 10_000


def test_cash_goes_in_and_out_and_the_drawer_is_told() -> None:
    till = web_till()
    document = document_of(run(till, cash(1_000_000)))
    assert isinstance(document, CashDocument) and (document.balance_tiyn, document.shift) == (1_000_000, 1)
    assert document_of(run(till, cash(250_000, CashDirection.OUT, "cash-2"))).balance_tiyn == 750_000
    failure = failure_of(run(till, cash(2_000_000, CashDirection.OUT, "cash-3")))
    assert (failure.kind, failure.code) == (FailureKind.REFUSED, "atol-json:80")
    assert till.sim.memory.cash_tiyn == 750_000


def test_a_shift_from_opening_to_z() -> None:
    till = web_till()
    opened = document_of(run(till, ShiftOpen("o-1", 1, "Айгүл")))
    assert isinstance(opened, ShiftOpened) and opened.shift == 1
    document_of(run(till, cash(1_000_000)))
    document_of(run(till, sale(water(), water())))
    document_of(run(till, sale(water(price_tiyn=5_000), operation=RETURN, key="till7-2")))
    running, closed = till.driver.x_report(), document_of(run(till, Z))
    for report in (running, closed):
        assert isinstance(report, ShiftReport) and report.shift == 1
        assert (report.sales_count, report.sales_tiyn) == (1, 50_100)
        assert (report.returns_count, report.returns_tiyn) == (1, 5_000)
        assert (report.document_count, report.cash_tiyn, report.put_tiyn) == (2, 1_045_100, 1_000_000)
    assert (running.closed, closed.closed, closed.number) == (False, True, 1)
    assert failure_of(run(till, ShiftClose("z-2", 1))).code == "no_shift"
    assert document_of(run(till, ShiftOpen("o-2", 2))).shift == 2
    assert failure_of(run(till, ShiftOpen("o-3", 3))).code == "shift_open"


OLD = frozenset({"getShiftTotals", "ofdExchangeStatus"})


def test_a_driver_that_knows_no_sums_has_them_added_up_from_its_documents() -> None:
    till = web_till(unknown_tasks=OLD)
    document_of(run(till, cash(1_000_000)))
    document_of(run(till, sale(water(), water())))
    document_of(run(till, sale(water(price_tiyn=5_000), operation=RETURN, key="till7-2")))
    running, closed = till.driver.x_report(), document_of(run(till, Z))
    for report in (running, closed):
        assert (report.sales_count, report.sales_tiyn, report.document_count) == (1, 50_100, 2)
        assert (report.returns_count, report.returns_tiyn) == (1, 5_000)
        assert report.raw["not_told"] == ["cash", "put", "taken"]
    document_of(run(till, sale(water(), key="till7-3")))
    assert till.driver.x_report().sales_tiyn == 25_050


def test_a_driver_that_reads_no_documents_sells_all_the_same() -> None:
    till = web_till(unknown_tasks=OLD | {"getFnDocument"})
    document = document_of(run(till, sale()))
    assert document.total_tiyn == 205_050 and document.registration_number == "0000000001002292"
    with pytest.raises(RegisterUnavailable) as caught:
        till.driver.x_report()
    assert caught.value.failure.code == "atol-json:501"
    report = document_of(run(till, Z))
    assert report.closed and {"sales", "sold", "cash"} <= set(report.raw["not_told"])


def test_a_z_for_another_shift_is_refused_before_anything_is_sent() -> None:
    till = web_till()
    document_of(run(till, sale(water())))
    assert failure_of(run(till, ShiftClose("z-1", 9))).code == "other_shift" and not till.sim.memory.closed


def test_what_the_register_shows_of_itself() -> None:
    till = web_till()
    status = till.driver.status()
    assert status.reachable and not status.shift_open and status.paper is Paper.OK and status.cover_open is False
    document_of(run(till, sale(water())))
    status = till.driver.status()
    assert status.shift_opened_at is not None and status.shift_opened_at.startswith("2026-07-15T10:30:")
    assert (status.unsent, status.offline, status.offline_since) == (0, False, None)
    till.kkm.fn.cut_ofd()
    document_of(run(till, ShiftClose("z-1", 1)))
    status = till.driver.status()
    assert (status.unsent, status.offline) == (1, True)
    assert status.offline_since is not None and status.offline_since.startswith("2026-07-15T10:30:")
    till.sim.machine.mechanics.paper, till.sim.machine.mechanics.cover_open = False, True
    status = till.driver.status()
    assert (status.shift, status.shift_open, status.paper, status.cover_open) == (1, False, Paper.OUT, True)
    till.transport.link_down = True
    assert not till.driver.status().reachable


def test_an_old_shift_is_refused_and_closes_all_the_same() -> None:
    till = web_till()
    document_of(run(till, sale(water())))
    till.clock.sleep(25 * 3600)
    assert failure_of(run(till, sale(water(), key="till7-2"))).kind is FailureKind.SHIFT_EXPIRED
    document_of(run(till, Z))
    document_of(run(till, sale(water(), key="till7-2")))
    assert len(till.receipts) == 2


def test_a_document_is_found_by_its_key_and_as_the_last_one() -> None:
    till = web_till()
    assert till.driver.last_document() is None and till.driver.find("till7-1") is None
    document_of(run(till, sale(water())))
    document_of(run(till, cash(100)))
    document_of(run(till, Z))
    seen = till.driver.find("till7-1")
    assert seen is not None and (seen.kind, seen.total_tiyn, seen.fiscal_sign) == (
        "sale",
        25_050,
        till.receipts[0].sign,
    )
    assert till.driver.find("cash-1") is None  # It has no document of the storage.
    last = till.driver.last_document()
    assert last is not None and last.kind == "shift_close" and till.driver.find("z-1") == last


def test_the_last_receipt_is_printed_again_and_no_other() -> None:
    till = web_till()
    first = document_of(run(till, sale(water())))
    assert till.driver.reprint(first) is Paper.OK and till.sim.memory.papers[-1].startswith("copy")
    till.sim.machine.mechanics.paper = False
    assert till.driver.reprint(first) is Paper.OUT
    till.sim.machine.load_paper()
    document_of(run(till, sale(water(), key="till7-2")))
    with pytest.raises(RegisterUnavailable) as caught:
        till.driver.reprint(first)
    assert caught.value.failure.code == "not_last"


def test_the_drawer_opens() -> None:
    till = web_till()
    till.driver.open_drawer()
    assert till.sim.machine.mechanics.drawer_kicks == 1


def test_what_it_can() -> None:
    capabilities = web_till().driver.capabilities
    assert {Ability.MARKS, Ability.FIND_BY_KEY, Ability.TELLS_SHIFT_AGE, Ability.DRAWER} <= capabilities.can
    assert capabilities.recovery[0] is Recovery.KEY


def test_a_register_with_another_serial_number_is_refused() -> None:
    status = web_till("identity=106126").driver.status()
    assert status.failure is not None and status.failure.code == "identity"
    assert web_till("identity=106125").driver.status().reachable


def test_a_server_with_users_wants_name_and_password() -> None:
    users = {"till": "geheim"}
    document_of(run(web_till("user=till&password_secret=server", users=users), sale(water())))
    for options in ("", "user=till&password_secret=till"):
        failure = web_till(options, users=users).driver.status().failure
        assert failure is not None and failure.kind is FailureKind.CONFIGURATION


def test_one_of_several_registers_is_named() -> None:
    till = web_till("device=2", device_id="2")
    document_of(run(till, sale(water())))
    assert not web_till("device=3", device_id="2").driver.status().reachable


def test_another_rate_than_the_driver_knows_is_refused_by_it() -> None:
    till = web_till("tax_16=vat17")
    outcome = run(till, sale(water()))
    assert isinstance(outcome, Refused) and not till.receipts


@pytest.mark.parametrize("policy", ["strict", "warn"])
def test_codes_are_checked_by_us_and_their_answers_go_into_the_receipt(policy: str) -> None:
    till = web_till(f"mark_check=host&mark_policy={policy}")
    tasks = posted(till)
    document = document_of(run(till, sale()))
    assert document.raw["checks"] == ["good", "good"]
    (sold,) = (task for task in tasks if task["type"] == "sell")
    told = [item["imcParams"]["itemInfoCheckResult"] for item in sold["items"] if "imcParams" in item]
    assert len(told) == 2 and all(one["imcCheckFlag"] and not one["ecrStandAloneFlag"] for one in told)
    codes = [base64.b64decode(task["params"]["imc"]).decode() for task in tasks if task["type"] == CHECK]
    assert codes == [FULL, PACK] and till.receipts[0].marks == (FULL, PACK)


def test_a_code_that_is_not_to_be_sold_is_named_and_nothing_is_made() -> None:
    till = web_till("mark_check=host")
    till.sim.server.register.marks.bad.add(PACK)
    failure = failure_of(run(till, sale()))
    assert (failure.kind, failure.line, failure.mark) == (FailureKind.MARK_REFUSED, 0, 1)
    assert failure.place == "lines[0].marks[1]" and "not imcEstimatedStatusCorrect" in failure.text
    assert not till.receipts
    till.sim.server.register.marks.bad.clear()
    document_of(run(till, sale()))  # The same order, when it may be sold after all.


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("mark_server_down", "serverNoConnect"),
        ("mark_check_broken", "check of the code"),
        ("mark_check_endless", "not ready after 60 s"),
    ],
)
def test_a_check_that_tells_nothing_is_no_fault_of_the_goods(fault: str, words: str) -> None:
    till = web_till("mark_check=host")
    till.sim.server.faults.add(fault)
    failure = failure_of(run(till, sale()))
    assert failure.kind is FailureKind.REFUSED and words in failure.text and failure.mark == 0
    assert not till.receipts
    document_of(run(till, sale()))  # The check that was broken off stands in nobody's way.


@pytest.mark.parametrize("fault", ["mark_server_down", "mark_flags"])
def test_a_shop_that_only_wants_to_be_warned_sells_and_keeps_what_the_check_said(fault: str) -> None:
    till = web_till("mark_check=host&mark_policy=warn")
    till.sim.server.faults.add(fault)
    document = document_of(run(till, sale()))
    assert (
        len(document.raw["checks"]) == 2 and document.raw["checks"][0] != "good" and document.raw["checks"][1] == "good"
    )


@pytest.mark.parametrize("fault", ["mark_check_runs", "mark_check_slow", "mark_status_fails"])
def test_a_check_of_somebody_else_is_broken_off_once(fault: str) -> None:
    till = web_till("mark_check=host")
    till.sim.server.faults.add(fault)
    outcome = run(till, sale())
    if fault == "mark_status_fails":
        assert failure_of(outcome).kind is FailureKind.REFUSED
        outcome = run(till, sale())
    document_of(outcome)
    assert len(till.receipts) == 1


@pytest.mark.parametrize("tells", [True, False])
def test_a_check_inside_the_receipt_that_fails_is_named_where_the_driver_tells_it(tells: bool) -> None:
    till = web_till("mark_check=receipt", error_results=tells, refused_mark_code=409)
    till.sim.server.register.marks.bad.add(PACK)
    failure = failure_of(run(till, sale()))
    assert failure.kind is FailureKind.MARK_REFUSED and not till.receipts
    assert (failure.line, failure.mark) == ((0, 1) if tells else (None, None))
    till.sim.server.register.marks.bad.clear()
    document_of(run(till, sale()))


def test_two_tills_behind_one_server_do_not_share_a_key() -> None:
    till = web_till()
    other = web_driver(till.transport, till.clock, seed=4)
    document_of(run(till, sale(water())))
    prepared = other.prepare(sale(water(), key="till8-1"))
    document_of(other.execute(prepared, other.baseline()))
    assert len(till.receipts) == 2
