"""The simulated ATOL web server on a real socket, at its console, and under JSON nobody meant."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from atol_host import Clock
from atol_web import MARK, Client, begin, imc, marked, sell
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.atol import SimulatedWeb, make_json
from hw_sim.atol.faults import JSON_KINDS
from hw_sim.http import serve

QUICK = {"sell": 0.01, "beginMarkingCodeValidation": 0.01}


def called(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def awaited(port: int, uuid: str) -> list[dict[str, Any]]:
    while True:
        status, answer = called(port, "GET", f"/api/v2/requests/{uuid}")
        assert status == 200
        entries: list[dict[str, Any]] = answer["results"]
        if all(entry["status"] not in ("wait", "inProgress", "blocked") for entry in entries):
            return entries


def test_a_marked_sale_goes_over_real_http() -> None:
    sim = make_json(time.time_ns, random.Random(1), task_s=QUICK, mark_check_s=0.02)
    with serve(sim.server) as server:
        post = {"uuid": "a", "request": [{"type": "clearMarkingCodeValidationResult"}, begin()]}
        assert called(server.port, "POST", "/api/v2/requests", post)[0] == 201
        assert [entry["status"] for entry in awaited(server.port, "a")] == ["ready", "ready"]
        poll, ready = 0, False
        while not ready:
            poll += 1
            post = {"uuid": f"poll {poll}", "request": [{"type": "getMarkingCodeValidationStatus"}]}
            assert called(server.port, "POST", "/api/v2/requests", post)[0] == 201
            ready = awaited(server.port, f"poll%20{poll}")[0]["result"]["ready"]
        post = {"uuid": "b", "request": [{"type": "acceptMarkingCode"}, marked(sell(900.0))]}
        assert called(server.port, "POST", "/api/v2/requests", post)[0] == 201
        accepted, sold = awaited(server.port, "b")
        assert accepted["result"]["itemInfoCheckResult"]["imcCheckResult"] is True
        assert sold["result"]["fiscalParams"]["total"] == 900
        assert called(server.port, "POST", "/api/v2/requests", post)[0] == 409
        status, ledger = called(server.port, "GET", "/sim/ledger")
        assert (status, [row["marks"] for row in ledger]) == (200, [[MARK]])
    assert sim.memory.documents[0].marks == (MARK,)


def test_a_cut_connection_is_a_cut_connection() -> None:
    sim = make_json(time.time_ns, random.Random(1), task_s=QUICK)
    with serve(sim.server) as server:
        assert called(server.port, "POST", "/sim/faults", {"name": "answer_lost_after", "match": "sell"})[0] == 200
        post = {"uuid": "a", "request": [sell(300.0)]}
        with pytest.raises((http.client.HTTPException, OSError)):
            called(server.port, "POST", "/api/v2/requests", post)
        assert awaited(server.port, "a")[0]["status"] == "ready"


def test_the_register_behind_the_server_can_be_switched_over_http(web: SimulatedWeb, client: Client) -> None:
    for switches in ({"paper": False}, {"power": False}, {"power": True}, {"paper": True}, {"printer": False}):
        assert client.call("POST", "/sim/switches", switches).status == 200
    assert web.machine.powered
    assert web.machine.mechanics.paper
    assert not web.server.register.kkm.printer_link
    assert client.call("GET", "/sim/totals").json()["documents"] == 0


def test_the_console_does_what_other_hands_can_do(web: SimulatedWeb, client: Client, clock: Clock) -> None:
    console = web.console()
    assert "document 2, shift 1 open, receipt 1, none open" in console.run("foreign sale 7700")
    assert console.run("queue") == "0 unfinished, 0 finished, not blocked"
    assert console.run("fault answer_lost sell") == "answer_lost waits"
    uuid = client.post(sell(300.0))
    assert console.run("queue") == "1 unfinished, 0 finished, not blocked"
    clock.sleep(1.0)
    assert console.run("queue") == f"1 unfinished, 0 finished, blocked by {uuid}: connectionError"
    assert console.run("mark") == "mark: bad MARK | good MARK, <GS> for the separator"
    console.run("mark bad 0104<GS>91")
    assert web.server.register.marks.bad == {"0104\x1d91"}
    assert "mark_server_down" in console.run("fault")
    assert "\nmark bad|good MARK " in console.run("help") and "\nqueue " in console.run("help")


def test_the_journal_can_be_read_by_a_person(web: SimulatedWeb, client: Client) -> None:
    web.server.faults.add("paper_out_during", "openShift")
    client.result({"type": "openShift"})
    lines = [note.text() for note in web.machine.frames]
    assert lines[0] == '05:30:00.600 > openShift   {"type": "openShift"}'
    assert lines[1] == "05:30:00.600 ! paper out"
    assert lines[2].startswith('05:30:00.600 < openShift   {"fiscalParams": {"fiscalDocumentDateTime"')
    assert client.call("GET", "/sim/frames").json() == lines


def test_the_greeting_says_which_address_to_configure(
    web: SimulatedWeb, build_web: Callable[..., SimulatedWeb]
) -> None:
    rates = "tax_0=vat0&tax_10=vat10&tax_12=vat12&tax_16=vat16"
    assert web.reach.url("http", "127.0.0.1:1") == f"atol-json+http://127.0.0.1:1?{rates}"
    assert "no authorization" in web.greeting[0]
    guarded = build_web(users={"till": "secret"})
    assert "users till" in guarded.greeting[0]
    assert guarded.reach.url("http", "h:1").endswith("&user=till&password_secret=atol_password")
    assert guarded.reach.secrets == {"atol_password": "secret"}
    assert web.family == "atol-json"


def test_a_server_cannot_be_made_of_nonsense(build_web: Callable[..., SimulatedWeb]) -> None:
    with pytest.raises(ValueError, match="serial"):
        build_web(serial="x")
    with pytest.raises(ValueError, match="v3"):
        build_web(api="v3")
    with pytest.raises(TypeError):
        build_web(flux_capacitor=True)


@pytest.mark.parametrize("fault", sorted(JSON_KINDS))
def test_no_fault_of_the_family_breaks_the_simulator(client: Client, clock: Clock, fault: str) -> None:
    for match in ("", "*", "sell"):
        client.sim.server.faults.add(fault, match, **({"seconds": 5} if fault == "task_slow" else {}))
    client.post({"type": "clearMarkingCodeValidationResult"}, begin())
    clock.sleep(2.0)
    client.post({"type": "getMarkingCodeValidationStatus"})
    client.sim.machine.power_on()
    clock.sleep(10.0)
    uuid = client.post({**marked(sell(300.0)), "validateMarkingCodes": True})
    clock.sleep(10.0)
    client.sim.machine.power_on()
    (entry,) = client.await_results(uuid)
    assert entry["status"] in ("ready", "error")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FIELDS = ["items", "payments", "operator", "total", "params", "cashSum", "electronically", "validateMarkingCodes"]


@settings(deadline=None)
@given(st.sampled_from(["POST", "GET", "DELETE", "PUT", ""]), st.text(max_size=20), st.binary(max_size=80))
def test_any_request_is_answered_and_makes_no_document(method: str, tail: str, body: bytes) -> None:
    clock = Clock()
    client = Client(make_json(clock, random.Random(1)), clock)
    for path in ("/api/v2/requests", "/api/v2/requests/", "/"):
        reply = client.call(method, path + tail, body.decode("latin-1"))
        assert reply.status in (200, 201, 400, 401, 404, 405, 409)
    assert client.sim.memory.documents == []


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["sell", "sellReturn", "cashIn", "beginMarkingCodeValidation", "openShift", "nonsense"]),
    st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5),
)
def test_any_fields_of_any_task_are_survived_and_sell_nothing(kind: str, task: dict[str, Any]) -> None:
    clock = Clock()
    client = Client(make_json(clock, random.Random(1)), clock)
    client.one({**task, "type": kind})
    assert [document for document in client.sim.memory.documents if document.operation.is_receipt] == []


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["type", "name", "price", "quantity", "amount", "tax", "department", "imcParams", "paymentObject"]),
    json_values,
)
def test_any_value_of_any_field_of_an_item_is_survived(name: str, value: object) -> None:
    clock = Clock()
    client = Client(make_json(clock, random.Random(1)), clock)
    task = sell(300.0)
    task["items"][0] |= {"imcParams": {"imc": imc()}, name: value}
    entry = client.one(task)
    assert entry["status"] in ("ready", "error")
    assert len(client.sim.memory.documents) == (entry["status"] == "ready")
