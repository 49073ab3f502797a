"""What becomes of a JSON task when the register, its paper or its power is lost on the way; other mishaps."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from atol_host import Clock
from atol_web import SHIFT, Client, begin, sell, statuses

from hw_sim.atol import SimulatedWeb
from hw_sim.device.machine import POWER_PAUSE_S


@pytest.fixture
def open_shift(client: Client) -> Client:
    """The shift open: the last document is 1."""
    client.result({"type": "openShift"})
    return client


LOST = [
    # fault, documents after it, status and code of the task once the register answers again
    ("request_lost", 0, ("error", 2)),
    ("hang_up_before", 0, ("error", 2)),
    ("power_off_before", 0, ("error", 2)),
    ("power_off_midway", 0, ("error", 2)),
    ("power_off_during", 1, ("ready", 0)),
    ("power_off_after", 1, ("ready", 0)),
    ("hang_up_after", 1, ("ready", 0)),
    ("answer_lost", 1, ("ready", 0)),
    ("answer_cut", 1, ("ready", 0)),
    ("answer_damaged", 1, ("ready", 0)),
]


@pytest.mark.parametrize(("fault", "sold", "ended"), LOST)
def test_a_lost_register_blocks_the_queue_until_the_document_number_tells(
    open_shift: Client, clock: Clock, fault: str, sold: int, ended: tuple[str, int]
) -> None:
    client = open_shift
    client.sim.server.faults.add(fault, "sell")
    uuid, behind = client.post(sell(300.0)), client.post(SHIFT)
    clock.sleep(1.0)
    assert statuses(client.results(uuid)) == [("blocked", 2)]
    state = client.queue()
    assert (state["isBlocked"], state["blockedUUID"], state["blockReason"]) == (True, uuid, "connectionError")
    accepted = client.call("POST", client.path, {"uuid": "later", "request": [SHIFT]})
    assert (accepted.status, accepted.json()["isBlocked"]) == (201, True)
    assert statuses(client.results(behind)) == [("wait", 0)]
    client.sim.machine.power_on()
    (entry,) = client.await_results(uuid)
    assert (entry["status"], entry["error"]["code"]) == ended
    assert len(client.sim.memory.documents) == sold
    if sold:
        assert entry["result"]["fiscalParams"]["fiscalDocumentNumber"] == 2
        assert entry["result"]["fiscalParams"]["total"] == 300
        assert entry["result"]["fiscalParams"]["fiscalDocumentSign"] == client.sim.memory.documents[0].sign
    assert statuses(client.await_results(behind)) == [("ready", 0)]
    assert client.queue()["isBlocked"] is False


def test_a_queue_stays_blocked_as_long_as_the_power_is_gone(open_shift: Client, clock: Clock) -> None:
    open_shift.sim.server.faults.add("power_off_after", "sell")
    uuid = open_shift.post(sell(300.0))
    clock.sleep(600.0)
    assert statuses(open_shift.results(uuid)) == [("blocked", 2)]
    open_shift.sim.machine.power_on()
    clock.sleep(POWER_PAUSE_S + 3.0)
    assert statuses(open_shift.results(uuid)) == [("ready", 0)]


def test_power_that_goes_by_hand_in_the_middle_of_a_task_blocks_it_too(open_shift: Client, clock: Clock) -> None:
    uuid = open_shift.post(sell(300.0))
    clock.sleep(0.3)
    open_shift.sim.machine.power_off()
    clock.sleep(1.0)
    assert statuses(open_shift.results(uuid)) == [("blocked", 2)]
    open_shift.sim.machine.power_on()
    assert statuses(open_shift.await_results(uuid)) == [("error", 2)]
    assert open_shift.sim.memory.documents == []


def test_a_receipt_left_open_by_lost_power_is_cancelled_by_the_next_sale(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("power_off_midway", "sell", seconds=1)
    assert open_shift.code(sell(300.0)) == 2
    receipt = open_shift.sim.server.register.kkm.receipt
    assert receipt is not None
    assert receipt.total_tiyn == 30_000
    open_shift.result(sell(500.0))
    assert [document.total for document in open_shift.sim.memory.documents] == [500]
    assert open_shift.sim.memory.cancelled == 1


def test_a_receipt_may_be_lost_with_the_power(build_web: Callable[..., SimulatedWeb], clock: Clock) -> None:
    client = Client(build_web(receipt_survives_power=False), clock)
    client.sim.server.faults.add("power_off_midway", "sell", seconds=1)
    client.result({"type": "openShift"})
    assert client.code(sell(300.0)) == 2
    assert client.sim.server.register.kkm.receipt is None


def test_a_number_that_rose_by_the_opening_of_the_shift_alone_deceives_the_server(client: Client) -> None:
    """The task is called ready, and its fiscalParams are of another receipt or of none."""
    client.sim.server.faults.add("power_off_during", "sell", seconds=1)
    entry = client.one(sell(300.0))
    assert (entry["status"], entry["result"]) == ("ready", {})
    assert client.sim.memory.documents == []
    assert client.last_number() == 1


def test_a_sale_of_another_program_deceives_the_server_too(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("foreign_sale", "sell", total=7_700)
    open_shift.sim.server.faults.add("power_off_midway", "sell", seconds=1)
    params = open_shift.result(sell(300.0))["fiscalParams"]
    assert params["total"] == 77
    assert [document.total for document in open_shift.sim.memory.documents] == [77]


def test_a_register_that_cannot_be_reached_before_the_task_is_a_plain_error(open_shift: Client) -> None:
    open_shift.sim.machine.power_off()
    assert open_shift.code(sell(300.0)) == 2
    assert open_shift.code(SHIFT) == 2
    assert open_shift.queue()["isBlocked"] is False


@pytest.mark.parametrize("fault", ["request_lost", "power_off_after", "answer_lost"])
def test_a_question_that_is_lost_blocks_nothing(open_shift: Client, fault: str) -> None:
    open_shift.sim.server.faults.add(fault, "getShiftStatus", seconds=1)
    assert open_shift.code(SHIFT) == 2
    assert open_shift.queue()["isBlocked"] is False


def test_cash_that_is_lost_on_the_way_is_an_error_and_may_be_in_the_drawer(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("answer_lost", "cashIn")
    assert open_shift.code({"type": "cashIn", "cashSum": 100}) == 2
    assert open_shift.result({"type": "getCashDrawerStatus"})["counters"]["cashSum"] == 100


def test_an_error_of_the_storage_blocks_like_a_lost_link(open_shift: Client, clock: Clock) -> None:
    open_shift.sim.server.faults.add("error", "sell", driver_code=115)
    uuid = open_shift.post(sell(300.0))
    clock.sleep(1.0)
    assert statuses(open_shift.results(uuid)) == [("blocked", 115)]
    assert open_shift.queue()["blockReason"] == "fnError"
    assert statuses(open_shift.await_results(uuid)) == [("error", 115)]


def test_what_stands_behind_a_blocked_task_may_be_interrupted_at_once(
    build_web: Callable[..., SimulatedWeb], clock: Clock
) -> None:
    client = Client(build_web(behind_blocked="interrupted", recovered_params="number"), clock)
    client.sim.server.faults.add("answer_lost", "sell")
    uuid = client.post(sell(300.0), SHIFT)
    clock.sleep(1.0)
    assert statuses(client.results(uuid)) == [("blocked", 2), ("interrupted", 502)]
    entry = client.await_results(uuid)[0]
    assert entry["result"] == {"fiscalParams": {"fiscalDocumentNumber": 2}, "warnings": {"notPrinted": False}}


def test_what_stands_behind_a_blocked_task_in_its_request_runs_when_it_proves_done(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("answer_lost", "sell")
    assert statuses(open_shift.do(sell(300.0), SHIFT)) == [("ready", 0), ("ready", 0)]
    open_shift.sim.server.faults.add("request_lost", "sell")
    assert statuses(open_shift.do(sell(300.0), SHIFT)) == [("error", 2), ("interrupted", 502)]


def test_a_late_answer_makes_the_task_late(open_shift: Client, clock: Clock) -> None:
    open_shift.sim.server.faults.add("answer_late", "sell", seconds=20)
    uuid = open_shift.post(sell(300.0))
    clock.sleep(20.0)
    assert statuses(open_shift.results(uuid)) == [("inProgress", 0)]
    assert len(open_shift.sim.memory.documents) == 1
    clock.sleep(2.0)
    assert statuses(open_shift.results(uuid)) == [("ready", 0)]


def test_a_task_may_take_longer(open_shift: Client, clock: Clock) -> None:
    open_shift.sim.server.faults.add("task_slow", "sell", seconds=20)
    uuid = open_shift.post(sell(300.0))
    clock.sleep(20.0)
    assert statuses(open_shift.results(uuid)) == [("inProgress", 0)]
    assert open_shift.sim.memory.documents == []


def test_no_paper_before_a_sale_is_an_error_and_no_document(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("paper_out_before", "sell")
    assert open_shift.code(sell(300.0)) == 44
    assert open_shift.sim.memory.documents == []
    open_shift.sim.machine.load_paper()
    open_shift.result(sell(300.0))


@pytest.mark.parametrize("task", ["sell", "closeShift"])
def test_paper_that_ends_during_a_document_leaves_it_filed_and_not_printed(open_shift: Client, task: str) -> None:
    open_shift.sim.server.faults.add("paper_out_during", task)
    result = open_shift.result(sell(300.0) if task == "sell" else {"type": task})
    assert result["warnings"] == {"notPrinted": True}
    assert open_shift.last_number() == 2
    assert open_shift.code({"type": "continuePrint"}) == 44
    open_shift.sim.machine.load_paper()
    assert open_shift.result({"type": "continuePrint"}) is None
    assert open_shift.sim.memory.papers == ["shift 1", "sale 2" if task == "sell" else "Z 1"]


def test_paper_that_ends_after_a_sale_is_met_by_the_next(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("paper_out_after", "sell")
    assert "warnings" not in open_shift.result(sell(300.0))
    assert open_shift.code(sell(300.0)) == 44


@pytest.mark.parametrize(("fault", "sold"), [("paper_out_before", 0), ("paper_out_during", 1)])
def test_a_queue_may_stand_until_there_is_paper(
    build_web: Callable[..., SimulatedWeb], clock: Clock, fault: str, sold: int
) -> None:
    client = Client(build_web(block_on_print_errors=True), clock)
    client.result({"type": "openShift"})
    client.sim.server.faults.add(fault, "sell")
    uuid, behind = client.post(sell(300.0)), client.post(SHIFT)
    clock.sleep(1.0)
    assert client.queue()["blockReason"] == "paperError"
    assert statuses(client.results(uuid)) == [("ready", 0) if sold else ("blocked", 44)]
    assert statuses(client.results(behind)) == [("wait", 0)]
    client.sim.machine.load_paper()
    assert statuses(client.await_results(behind)) == [("ready", 0)]
    (entry,) = client.results(uuid)
    assert (entry["status"], entry["error"]["code"]) == (("ready", 0) if sold else ("error", 44))
    assert "warnings" not in (entry.get("result") or {})
    assert len(client.sim.memory.documents) == sold


def test_a_queue_that_found_the_register_again_may_go_on_standing_for_paper(
    build_web: Callable[..., SimulatedWeb], clock: Clock
) -> None:
    client = Client(build_web(block_on_print_errors=True), clock)
    client.result({"type": "openShift"})
    client.sim.server.faults.add("paper_out_during", "sell")
    client.sim.server.faults.add("power_off_during", "sell", seconds=1)
    uuid = client.post(sell(300.0))
    clock.sleep(1.0)
    assert client.queue()["blockReason"] == "connectionError"
    clock.sleep(10.0)
    assert client.queue()["blockReason"] == "paperError"
    assert client.results(uuid)[0]["result"]["warnings"] == {"notPrinted": True}
    client.sim.machine.load_paper()
    clock.sleep(5.0)
    assert client.queue()["isBlocked"] is False
    assert "warnings" not in client.results(uuid)[0]["result"]


def test_power_that_goes_during_a_print_and_paper_out_are_told_together(
    build_web: Callable[..., SimulatedWeb], clock: Clock
) -> None:
    client = Client(build_web(prints_on_its_own=False), clock)
    client.result({"type": "openShift"})
    client.sim.server.faults.add("paper_out_during", "sell")
    client.sim.server.faults.add("power_off_during", "sell", seconds=1)
    assert client.result(sell(300.0))["warnings"] == {"notPrinted": True}


@pytest.mark.parametrize(("fault", "by", "shown"), [("counter_jump", 2, 3), ("counter_back", 1, 0)])
def test_the_counter_may_jump_or_show_too_little(open_shift: Client, fault: str, by: int, shown: int) -> None:
    open_shift.sim.server.faults.add(fault, "getShiftStatus", by=by)
    open_shift.result(SHIFT)
    assert open_shift.last_number() == shown


def test_the_clock_may_be_wrong(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("clock_offset", "sell", seconds=-86_400)
    params = open_shift.result(sell(300.0))["fiscalParams"]
    assert params["fiscalDocumentDateTime"] == "2026-07-14T10:30:00+05:00"


def test_an_error_nobody_knows_can_be_had(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("error", "sell", driver_code=777, text="Боюсь")
    (entry,) = open_shift.do(sell(300.0))
    assert entry == {"error": {"code": 777, "description": "Боюсь"}, "status": "error"}


def test_a_shift_can_be_made_a_day_old(open_shift: Client) -> None:
    open_shift.sim.server.faults.add("shift_over_24h", "sell")
    assert open_shift.code(sell(300.0)) == 68


def test_a_check_is_forgotten_with_the_power(open_shift: Client, clock: Clock) -> None:
    open_shift.result(begin())
    open_shift.sim.machine.power_off()
    open_shift.sim.machine.power_on()
    clock.sleep(POWER_PAUSE_S)
    answer = open_shift.result({"type": "getMarkingCodeValidationStatus"})
    assert answer["driverError"]["code"] == 410
