"""The JSON tasks with one thing going wrong at a time: one document or none, and the till knows which or asks."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from atol_host import Clock
from atol_shop import WebTill, document_of, failure_of, run, sale, water, web_driver, web_till

from fiscal.atol.web import attempts
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
from hw_sim.exchange import SimReply, SimRequest

CASH = CashMove("cash-1", CashDirection.IN, 50_000)
Z = ShiftClose("z-1", 1)
FIRST = attempts.uuid_of("till7-1", 0)
SECOND = attempts.uuid_of("till7-1", 1)


def begun(till: WebTill, order: Order) -> tuple[Prepared, Baseline]:
    return till.driver.prepare(order), till.driver.baseline()


def again(till: WebTill) -> Any:
    """Another process on the same server."""
    return web_driver(till.transport, till.clock, "tax_16=vat16", seed=11)


def cut_behind(till: WebTill, body: bytes) -> None:
    """The server takes a request that holds this, and its line to the till is cut."""
    original = till.sim.server.handle

    def handle(request: SimRequest) -> SimReply:
        reply = original(request)
        if body in request.body:
            till.transport.link_down = True
        return reply

    till.sim.server.handle = handle


def settled(till: WebTill, prepared: Prepared, baseline: Baseline, after_s: float = 10.0) -> Settlement:
    """What another process finds out after everything was mended."""
    machine = till.sim.machine
    till.sim.server.faults.clear()
    till.transport.link_down = till.transport.black_hole = False
    if not machine.mechanics.paper:
        machine.load_paper()
    if not machine.powered:
        machine.power_on()
    till.clock.sleep(after_s)
    settlement: Settlement = again(till).settle(prepared, baseline)
    return settlement


def ended(till: WebTill, prepared: Prepared, baseline: Baseline) -> Done:
    """Execute, and everything it takes until there is a document."""
    outcome: Any = till.driver.execute(prepared, baseline)
    if not isinstance(outcome, Done):
        outcome = settled(till, prepared, baseline, 300.0)
    if isinstance(outcome, Absent):
        other = again(till)
        outcome = other.execute(prepared, other.baseline())
    assert isinstance(outcome, Done), outcome
    return outcome


HTTP_FAULTS = (
    "answer_lost_before", "answer_lost_after", "partial_body", "truncated_json", "empty_body", "html_page", "http_500",
    "http_404", "http_403", "http_400", "late_processing", "slow", "extra_unknown_fields", "unsorted",
)  # fmt: skip


@pytest.mark.parametrize("operation", ["sell", "poll"])
@pytest.mark.parametrize("fault", HTTP_FAULTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_recovery_of_an_exchange_that_had_trouble_is_one_receipt(operation: str, fault: str, when: str) -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add(fault, operation, when=when)
    document = ended(till, prepared, baseline).document
    assert len(till.receipts) == 1 and document.raw["fd"] == till.receipts[0].document_number


REGISTER_FAULTS = (
    "request_lost", "hang_up_before", "hang_up_after", "power_off_before", "power_off_after", "power_off_during",
    "power_off_midway", "answer_lost", "paper_out_before", "paper_out_during", "paper_out_after", "task_slow",
)  # fmt: skip


@pytest.mark.parametrize("fault", REGISTER_FAULTS)
@pytest.mark.parametrize("recovered", ["whole", "number"])
@pytest.mark.parametrize("on_paper", [False, True])
@pytest.mark.parametrize("shift_open", [False, True])
def test_recovery_of_a_link_that_breaks_behind_the_server_is_one_receipt(
    fault: str, recovered: str, on_paper: bool, shift_open: bool
) -> None:
    till = web_till(recovered_params=recovered, block_on_print_errors=on_paper)
    if shift_open:
        document_of(run(till, ShiftOpen("o-1", 1)))
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add(fault, "sell", **({"seconds": 200.0} if fault == "task_slow" else {}))
    document = ended(till, prepared, baseline).document
    (made,) = till.receipts
    assert document.fiscal_sign == made.sign and document.raw["fd"] == made.document_number
    assert document.registration_number == "0000000001002292" and document.total_tiyn == 205_050


@pytest.mark.parametrize("kind", ["cash_in", "cash_out", "shift_open", "shift_close"])
@pytest.mark.parametrize(
    "fault",
    ["answer_lost_before", "answer_lost_after", "request_lost", "hang_up_after", "power_off_before", "power_off_after"],
)
def test_recovery_of_a_cash_move_or_a_shift_is_done_once(kind: str, fault: str) -> None:
    orders: dict[str, Callable[[], Order]] = {
        "cash_in": lambda: CASH,
        "cash_out": lambda: CashMove("cash-2", CashDirection.OUT, 30_000),
        "shift_open": lambda: ShiftOpen("o-1", 2),
        "shift_close": lambda: Z,
    }
    tasks = {"cash_in": "cashIn", "cash_out": "cashOut", "shift_open": "openShift", "shift_close": "closeShift"}
    till = web_till()
    document_of(run(till, CashMove("cash-0", CashDirection.IN, 100_000)))
    if kind == "shift_open":
        document_of(run(till, Z))
    drawer, shifts = till.sim.memory.cash_tiyn, len(till.sim.memory.closed)
    prepared, baseline = begun(till, orders[kind]())
    till.sim.server.faults.add(fault, tasks[kind])
    ended(till, prepared, baseline)
    moved = {"cash_in": 50_000, "cash_out": -30_000}.get(kind, 0)
    assert till.sim.memory.cash_tiyn == drawer + moved
    assert len(till.sim.memory.closed) == shifts + (kind == "shift_close")
    assert (till.sim.memory.shift is not None) == (kind != "shift_close")


def test_recovery_asks_for_the_order_itself_whatever_else_was_sold() -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    cut_behind(till, b'"type":"sell"')
    assert isinstance(till.driver.execute(prepared, baseline), Unknown)
    till.clock.sleep(5.0)
    till.sim.machine.settle()
    till.kkm.sell_elsewhere(205_050)
    document = document_of(settled(till, prepared, baseline))
    assert document.fiscal_sign == till.receipts[0].sign


@pytest.mark.parametrize("recovered", ["whole", "number"])
@pytest.mark.parametrize("before", [water(), water(price_tiyn=205_050)])
def test_recovery_never_takes_the_receipt_of_the_customer_before_for_ours(recovered: str, before: Any) -> None:
    till = web_till(recovered_params=recovered)
    first = document_of(run(till, sale(before, key="till7-0")))
    document_of(run(till, Z))
    prepared, baseline = begun(till, sale())
    # The receipt opens the shift, and the power goes before it is closed: the number has risen, so it is "ready".
    till.sim.server.faults.add("power_off_midway", "sell", seconds=2)
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and len(till.receipts) == 1
    settlement = settled(till, prepared, baseline)
    if recovered == "whole" and first.total_tiyn == 205_050:
        failure = failure_of(settlement)
        assert failure.kind is FailureKind.HUMAN and "which was there before" in failure.text
        return
    assert isinstance(settlement, Absent)
    other = again(till)
    document = document_of(other.execute(prepared, other.baseline()))
    assert len(till.receipts) == 2 and document.fiscal_sign == till.receipts[1].sign != first.fiscal_sign


def test_recovery_of_a_receipt_whose_document_cannot_be_read_back_at_once_is_one_receipt() -> None:
    till = web_till(recovered_params="number")
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add("power_off_after", "sell", seconds=2)
    till.sim.server.faults.add("error", "getFnDocument")
    assert isinstance(till.driver.execute(prepared, baseline), Unknown)
    document = document_of(settled(till, prepared, baseline))
    assert len(till.receipts) == 1 and document.fiscal_sign == till.receipts[0].sign


def test_recovery_from_a_server_that_forgot_everything_reads_the_documents() -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    cut_behind(till, b'"type":"sell"')
    assert isinstance(till.driver.execute(prepared, baseline), Unknown)
    till.clock.sleep(5.0)
    till.sim.machine.settle()
    till.sim.server.queue._requests.clear()
    document = document_of(settled(till, prepared, baseline))
    assert (document.fiscal_sign, document.total_tiyn) == (till.receipts[0].sign, 205_050)
    assert (document.registration_number, document.number) == ("0000000001002292", 1)


@pytest.mark.parametrize("more", [1, 40])
def test_recovery_from_a_server_that_forgot_with_others_at_work_is_a_persons_case(more: int) -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    document_of(till.driver.execute(prepared, baseline))
    till.sim.server.queue._requests.clear()
    for _ in range(more):
        till.kkm.sell_elsewhere(100)
    failure = failure_of(settled(till, prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "carried nothing out for this order" in failure.text


@pytest.mark.parametrize(("fault", "by"), [("counter_back", 1), ("counter_jump", 3)])
def test_recovery_with_counters_that_cannot_be_is_a_persons_case(fault: str, by: int) -> None:
    till = web_till()
    document_of(run(till, sale(water())))
    prepared, baseline = begun(till, sale(key="till7-2"))
    till.sim.server.faults.add(fault, "getDeviceStatus", by=by)
    failure = failure_of(again(till).settle(prepared, baseline))
    assert failure.kind is FailureKind.HUMAN


def test_an_order_that_was_refused_takes_the_next_uuid_and_never_the_old_one() -> None:
    till = web_till()
    till.sim.server.faults.add("error", "sell", driver_code=999)
    outcome = run(till, sale())
    assert isinstance(outcome, Refused) and outcome.failure.code == "atol-json:999"
    assert outcome.failure.kind is FailureKind.DEVICE
    document_of(run(till, sale()))
    assert len(till.receipts) == 1
    queue = till.sim.server.queue
    assert queue.get(FIRST) is not None and queue.get(SECOND) is not None
    assert document_of(run(till, sale())).fiscal_sign == till.receipts[0].sign  # Asked for again: the same document.
    assert len(till.receipts) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [(68, FailureKind.SHIFT_EXPIRED), (44, FailureKind.PAPER), (82, FailureKind.REFUSED), (66, FailureKind.TOTALS)],
)
def test_an_error_is_a_failure_of_its_kind(code: int, kind: FailureKind) -> None:
    till = web_till()
    till.sim.server.faults.add("error", "sell", driver_code=code, text="слова драйвера")
    failure = failure_of(run(till, sale()))
    assert failure.kind is kind and "слова драйвера" in failure.text and not till.receipts


def test_a_request_the_server_does_not_take_is_refused() -> None:
    till = web_till()
    original = till.sim.server.handle

    def handle(request: SimRequest) -> SimReply:
        body = request.body.replace(b'"request":', b'"requests":') if b'"type":"sell"' in request.body else request.body
        return original(SimRequest(request.method, request.target, request.headers, body))

    till.sim.server.handle = handle
    outcome = run(till, sale())
    assert isinstance(outcome, Refused) and outcome.failure.code == "atol-json:http400" and not till.receipts


def test_a_request_that_never_begins_is_cancelled_and_the_order_is_known_not_to_be_made() -> None:
    till = web_till("tax_16=vat16&work_s=5")
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add("task_slow", "getFnInfo", seconds=60)
    body = b'{"uuid":"somebody","request":[{"type":"getFnInfo"}]}'
    till.sim.server.handle(SimRequest("POST", "/api/v2/requests", {}, body))
    outcome = till.driver._run(prepared, baseline)  # The look before would have met the same queue.
    assert isinstance(outcome, Refused | Unknown)
    till.clock.sleep(120)
    assert isinstance(settled(till, prepared, baseline), Absent) and not till.receipts


def test_a_task_that_takes_too_long_stays_in_doubt_until_it_ends() -> None:
    till = web_till("tax_16=vat16&work_s=5")
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add("task_slow", "sell", seconds=60)
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.code == "timeout"
    assert isinstance(settled(till, prepared, baseline), Unknown)
    till.clock.sleep(60)
    assert isinstance(settled(till, prepared, baseline), Done) and len(till.receipts) == 1


def test_a_blocked_queue_is_told_before_anything_is_sent() -> None:
    till = web_till(block_on_print_errors=True)
    document_of(run(till, ShiftOpen("o-1", 1)))
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add("paper_out_during", "sell")
    document_of(till.driver.execute(prepared, baseline))  # It is made, and waits for paper.
    other = till.driver.execute(till.driver.prepare(sale(key="till7-2")), baseline)
    assert isinstance(other, NotSent) and other.failure.kind is FailureKind.PAPER
    assert failure_of(again(till).settle(prepared, baseline)).kind is FailureKind.PAPER
    assert isinstance(settled(till, prepared, baseline), Done) and len(till.receipts) == 1


def test_a_receipt_the_server_holds_back_for_want_of_paper_is_in_doubt_until_there_is_some() -> None:
    till = web_till(block_on_print_errors=True)
    prepared, baseline = begun(till, sale())
    till.sim.server.faults.add("paper_out_during", "sell")  # Of the shift it opens.
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, Unknown) and outcome.failure.kind is FailureKind.PAPER
    assert isinstance(settled(till, prepared, baseline), Absent) and not till.receipts


def test_a_receipt_that_is_not_on_paper_is_printed_when_there_is_some() -> None:
    till = web_till(prints_on_its_own=False)
    document_of(run(till, ShiftOpen("o-1", 1)))
    till.sim.server.faults.add("paper_out_during", "sell")
    document_of(run(till, sale(water())))
    assert till.driver.finish_printing() is Paper.OUT
    till.sim.machine.load_paper()
    assert till.driver.finish_printing() is Paper.OK and till.sim.memory.papers[-1] == "sale 2"
    assert till.driver.finish_printing() is Paper.OK  # Nothing left to print.


def test_a_receipt_of_another_program_is_cancelled_by_the_driver_itself() -> None:
    till = web_till()
    till.sim.server.faults.add("foreign_receipt", "sell")
    document_of(run(till, sale()))
    assert len(till.receipts) == 1 and till.kkm.receipt is None


def test_a_server_that_is_not_there_is_told_as_such() -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    till.transport.link_down = True
    outcome = till.driver.execute(prepared, baseline)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.UNAVAILABLE
    assert isinstance(settled(till, prepared, baseline), Absent)


def test_recovery_against_another_register_is_a_persons_case() -> None:
    till, other = web_till(), web_till(serial="106126")
    prepared, baseline = begun(till, sale())
    failure = failure_of(other.driver.settle(prepared, baseline))
    assert failure.kind is FailureKind.HUMAN and "106126" in failure.text


def test_recovery_without_counters_in_the_baseline_is_a_persons_case() -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    bare = Baseline(**{**{name: getattr(baseline, name) for name in baseline.__slots__}, "extra": {}})
    failure = failure_of(till.driver.settle(prepared, bare))
    assert failure.kind is FailureKind.HUMAN and "holds no counters" in failure.text


def test_every_request_carries_the_device_and_who_asks() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    driver = web_driver(httpx.MockTransport(answer), Clock(), "device=a%20b&user=till&password_secret=server")
    assert not driver.status().reachable
    assert seen[0].url.raw_path == b"/api/v2/getRequestsQueueStatus?deviceID=a%20b"
    assert seen[0].headers["authorization"] == "Basic " + base64.b64encode(b"till:geheim").decode()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html></html>", b'{"results":"ready"}', b'{"isBlocked":1}', b"\xff"]
)
@pytest.mark.parametrize("status", [200, 201, 204, 302, 401, 403, 404, 409, 429, 500, 503])
def test_any_answer_of_anybody_on_the_way_is_no_document(status: int, body: bytes) -> None:
    till = web_till()
    prepared, baseline = begun(till, sale())
    answer = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    driver = web_driver(answer, till.clock)
    assert not driver.status().reachable
    assert isinstance(driver.execute(prepared, baseline), NotSent)
    assert isinstance(driver.settle(prepared, baseline), Unknown)
