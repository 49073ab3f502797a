"""The golden exchanges of the web server and the simulated one alone: a day of a register, in order."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atol_host import HALF_PAST_TEN_NS, Clock
from atol_web import Client, begin

from hw_sim.atol import SimulatedWeb
from hw_sim.atol.json_marks import ERROR_NAMES, FLAGS
from hw_sim.atol.problems import DriverProblem, Problem
from hw_sim.ledger import Operation

VECTORS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "vectors" / "atol_json.toml").read_text(encoding="utf-8")
)
VALIDATIONS = {vector["name"]: json.loads(vector["body"]) for vector in VECTORS["validation"]}


def holds(there: object, told: object) -> bool:
    """Whether everything told is there; lists entry by entry."""
    if isinstance(told, dict):
        return isinstance(there, dict) and all(name in there and holds(there[name], told[name]) for name in told)
    if isinstance(told, list):
        return isinstance(there, list) and len(there) == len(told) and all(map(holds, there, told))
    return type(there) is type(told) and there == told


@pytest.fixture
def day(build_web: Callable[..., SimulatedWeb]) -> SimulatedWeb:
    """Shift 7 open with 11 receipts, the last document 1234, 5000.00 in the drawer, 15.07.2026 10:30."""
    sim = build_web()
    kkm = sim.server.register.kkm
    sim.memory.next_shift = 7
    kkm.open_shift()
    kkm.receipts_in_shift, kkm.fn.last_number = 11, 1234
    kkm.fn.next_sign = lambda: "4228143550"
    sim.memory.cash_tiyn = 500_000
    return sim


def test_the_server_goes_through_the_golden_day(day: SimulatedWeb, clock: Clock) -> None:
    client = Client(day, clock)
    seen = []
    for exchange in VECTORS["exchange"]:
        clock.at_ns = max(clock.at_ns, HALF_PAST_TEN_NS)
        reply = client.call(exchange["method"], exchange["path"], exchange["body"])
        assert reply.status == exchange["status"], exchange["name"]
        assert holds(reply.json(), json.loads(exchange["answer"])), (exchange["name"], reply.body.decode())
        if "results" in exchange:
            uuid = json.loads(exchange["body"])["uuid"]
            told, came = json.loads(exchange["results"]), client.await_results(uuid)
            assert holds(_minute(came), told), (exchange["name"], came)
            clock.sleep(1.0)
        seen.append(exchange["name"])
    assert len(seen) == len(VECTORS["exchange"])
    marks = [tuple(exchange["marks"]) for exchange in VECTORS["exchange"] if "marks" in exchange]
    assert [document.marks for document in day.memory.documents if document.operation.is_receipt] == marks
    assert [document.operation for document in day.memory.documents] == [
        Operation.SALE,
        Operation.CASH_IN,
        Operation.SALE_RETURN,
    ]


def _minute(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The register's clock as the vectors have it: they stand still at 10:30:00."""
    for entry in entries:
        status = (entry.get("result") or {}).get("deviceStatus")
        if status:
            status["currentDateTime"] = status["currentDateTime"][:17] + "00" + status["currentDateTime"][19:]
    return entries


@pytest.mark.parametrize(
    ("vector", "fault", "params"),
    [
        ("not ready", "mark_check_endless", {}),
        ("good", "", {}),
        ("status not to be sold", "mark_flags", {"flags": 0b00111}),
        ("no link with the marking server", "mark_server_down", {}),
        ("the status call itself failed", "mark_status_fails", {}),
    ],
)
def test_a_check_of_a_mark_ends_as_published(
    web: SimulatedWeb, client: Client, clock: Clock, vector: str, fault: str, params: dict[str, Any]
) -> None:
    if fault:
        web.server.faults.add(fault, **params)
    client.result(begin())
    clock.sleep(2.0)
    told = VALIDATIONS[vector]
    told.get("onlineValidation", {}).pop("imcBarcode", None)  # The simulator does not take marks apart.
    answer = client.result({"type": "getMarkingCodeValidationStatus"})
    assert holds(answer, told)
    assert set(answer) == set(told)


def test_every_driver_code_the_simulator_names_is_published() -> None:
    known = set(VECTORS["errors"])
    assert {str(problem.driver_code) for problem in DriverProblem} <= known
    assert {str(code) for code in ERROR_NAMES} <= known
    shared = [problem for problem in Problem if str(problem.driver_code) in known]
    assert len(shared) >= 15


def test_the_flags_stand_in_the_order_of_their_bits() -> None:
    (fact,) = (fact for fact in VECTORS["fact"] if fact["id"] == "info-check-bits")
    assert all(f"{bit} {name}" in fact["says"] for bit, name in enumerate(FLAGS))


def test_every_open_point_of_the_vectors_is_an_option_of_the_simulator(
    build_web: Callable[..., SimulatedWeb],
) -> None:
    named = {"true": True, "false": False, "{}": {}}
    plain = build_web().server.profile
    for fact in VECTORS["fact"]:
        name, _, written = fact.get("switch", "").partition(" = ")
        values = [named.get(value, int(value) if value.isdecimal() else value) for value in written.split(" | ")]
        for value in values if name else []:
            assert getattr(build_web(**{name: value}).server.profile, name) == value
        assert not name or getattr(plain, name) == values[0]
