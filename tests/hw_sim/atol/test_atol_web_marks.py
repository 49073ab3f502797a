"""Marks through driver 10 on the simulated register: checks one at a time, verdicts, receipts that carry them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from atol_host import Clock
from atol_web import GOOD, MARK, Client, begin, imc, marked, sell

from hw_sim.atol import SimulatedWeb


def test_marks_are_kept_exactly_as_they_were_sent(client: Client) -> None:
    whole = "0104870249811936215)bTg4\x1d91EE10\x1d92abcDEF=="
    client.result(marked(sell(900.0), whole))
    client.result(marked(sell(900.0), imc=MARK))  # No base64: taken as it stands.
    assert [document.marks for document in client.sim.memory.documents] == [(whole,), (MARK,)]


def test_a_check_is_begun_polled_and_accepted(client: Client, clock: Clock) -> None:
    client.result({"type": "clearMarkingCodeValidationResult"})
    client.result(begin())
    assert client.result({"type": "getMarkingCodeValidationStatus"}) == {"ready": False}
    assert client.code({"type": "acceptMarkingCode"}) == 410
    clock.sleep(1.0)
    assert client.result({"type": "getMarkingCodeValidationStatus"})["ready"] is True
    assert client.result({"type": "acceptMarkingCode"}) == {"itemInfoCheckResult": GOOD}
    assert client.code({"type": "acceptMarkingCode"}) == 410
    assert client.sim.server.register.marks.table == {MARK: 0b01111}


def test_one_check_runs_at_a_time_and_can_be_cancelled(client: Client, clock: Clock) -> None:
    client.result(begin())
    assert client.code(begin("another")) == 401
    assert client.result({"type": "cancelMarkingCodeValidation"}) is None
    assert client.code({"type": "cancelMarkingCodeValidation"}) == 410
    client.result(begin("another"))
    clock.sleep(1.0)
    client.result({"type": "declineMarkingCode"})
    assert client.sim.server.register.marks.table == {}


def test_a_check_somebody_else_began_is_in_the_way_until_it_is_cancelled(client: Client) -> None:
    client.sim.server.faults.add("mark_check_runs")
    assert client.code(begin()) == 401
    assert client.code(begin()) == 401
    client.result({"type": "cancelMarkingCodeValidation"})
    client.result(begin())


def test_a_status_without_a_check_is_a_driver_error_and_no_ready(client: Client) -> None:
    error = {"code": 410, "description": "Неверное состояние", "error": "imcCheckWrongState"}
    assert client.result({"type": "getMarkingCodeValidationStatus"}) == {"driverError": error}


def test_a_check_may_get_ready_only_after_so_many_polls(client: Client, clock: Clock) -> None:
    client.sim.server.faults.add("mark_check_slow", polls=4)
    client.result(begin())
    clock.sleep(5.0)
    polls = [client.result({"type": "getMarkingCodeValidationStatus"})["ready"] for _ in range(5)]
    assert polls == [False, False, False, True, True]


def test_a_check_may_break_off_or_find_no_server(client: Client, clock: Clock) -> None:
    for fault, code, name in (
        ("mark_check_broken", 403, "imcCheckBreak"),
        ("mark_server_down", 411, "serverNoConnect"),
    ):
        client.sim.server.faults.add(fault)
        client.result(begin())
        clock.sleep(1.0)
        answer = client.result({"type": "getMarkingCodeValidationStatus"})
        assert (answer["ready"], answer["driverError"]["code"], answer["driverError"]["error"]) == (True, code, name)
        assert "onlineValidation" not in answer
        client.result({"type": "declineMarkingCode"})


def test_a_mark_that_may_not_be_sold_shows_it_in_its_flags(client: Client, clock: Clock) -> None:
    assert client.sim.console().run(f"mark bad {MARK}") == "1 may not be sold"
    client.result(begin())
    clock.sleep(1.0)
    online = client.result({"type": "getMarkingCodeValidationStatus"})["onlineValidation"]
    assert online["itemInfoCheckResult"] == {**GOOD, "imcEstimatedStatusCorrect": False}
    assert online["markOperatorResponse"] == {"responseStatus": True, "itemStatusCheck": False}
    assert client.sim.console().run(f"mark good {MARK}") == "0 may not be sold"


def test_a_receipt_that_checks_its_marks_is_refused_when_one_does_not_pass(client: Client) -> None:
    client.sim.server.register.marks.bad.add(MARK)
    task = {**marked(sell(900.0)), "validateMarkingCodes": True}
    assert client.code(task) == 421
    assert client.sim.memory.documents == []
    client.sim.server.register.marks.bad.clear()
    client.sim.server.faults.add("clock_offset", "sell", seconds=-86_400)  # Of the register, not of the check.
    assert client.result(task)["fiscalParams"]["total"] == 900


@pytest.mark.parametrize("fault", ["mark_server_down", "mark_check_broken", "mark_check_endless", "mark_flags"])
def test_a_receipt_that_checks_its_marks_meets_the_faults_of_a_check(
    build_web: Callable[..., SimulatedWeb], clock: Clock, fault: str
) -> None:
    client = Client(build_web(error_results=True, refused_mark_code=404), clock)
    client.sim.server.faults.add(fault, "sell", **({"flags": 0} if fault == "mark_flags" else {}))
    entry = client.one({**marked(sell(900.0)), "validateMarkingCodes": True})
    assert (entry["status"], entry["error"]["code"]) == ("error", 404)
    assert len(entry["result"]["validateMarks"]) == 1
    assert client.sim.memory.documents == []


def test_a_wrong_kind_of_code_is_refused_at_the_begin_too(client: Client) -> None:
    task = begin()
    task["params"]["imcType"] = "imcOfDreams"
    assert client.code(task) == 501
    assert client.code({"type": "beginMarkingCodeValidation"}) == 501
    numbered = {"imcType": 256, "imc": imc(), "itemEstimatedStatus": 1}
    assert client.result({"type": "beginMarkingCodeValidation", "params": numbered}) is not None
