"""Passwords, keys and session tokens of a whole day: in no journal row, log record, answer or text of an object."""

from __future__ import annotations

import logging
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import TOKEN, api_of

from hw_sim.inprocess import SimTransport
from hw_sim.ismpt import Account
from hw_sim.registry import DEFAULT_AT_NS, Fate
from hw_sim.webkassa import Profile, User
from hw_sim.world import ISMPT_LOGIN, WEBKASSA_LOGIN
from hw_sim.world import World as SimWorld
from pos_agent.clock import VirtualClock
from pos_agent.config import from_mapping
from pos_agent.demo.shop import SECRETS, configuration, stock_cache
from pos_agent.wiring import World, build, start

PASSWORD, KEY, REGISTRY = "Кассаның-құпия-сөзі", "0123-integrator-key-4567", "пароль-реестра-89"


def of_day(http: httpx.Client, sim: SimWorld, sessions: list[str]) -> list[httpx.Response]:
    """A shift with what a till meets: sales, a lost answer, refusals, a login the service no longer takes."""
    answers: list[httpx.Response] = []

    def call(method: str, path: str, body: Any = None) -> Any:
        headers = {"Idempotency-Key": f"call-{len(answers)}"}
        answers.append(http.request(method, path, json=body, headers=headers))
        return answers[-1].json()

    def sold(*faults: str) -> None:
        mark = next(codes)
        sale = call("POST", "/v1/sales", {})["sale"]
        call("POST", f"/v1/sales/{sale}/scans", {"code": mark.text})
        total = call("GET", f"/v1/sales/{sale}")["total_tiyn"]
        for fault in faults:
            sim.webkassa.faults.add(fault)
        call("POST", f"/v1/sales/{sale}/payment", {"payments": [{"kind": "cash", "sum_tiyn": total}]})
        call("GET", f"/v1/sales/{sale}/receipt")

    codes = iter([mark for mark in sim.shop.codes if mark.fate is Fate.SELLABLE])
    call("POST", "/v1/shift/open", {"cashier": "Айгүл"})
    sold()
    sold("answer_lost_after")
    sold("html_page")
    sold("http_403")
    call("POST", "/v1/cash", {"direction": "in", "sum_tiyn": 100_000})
    for path in ("register", "register/last", "status", "doubts", "shift/x-report", "nothing"):
        call("GET", f"/v1/{path}")
    sessions.append(sim.webkassa.users[WEBKASSA_LOGIN[0]].token)
    sim.webkassa.users[WEBKASSA_LOGIN[0]] = User(WEBKASSA_LOGIN[0], "changed in the cabinet")
    sim.webkassa.faults.add("code", code=2, text="session expired")
    sold()
    call("POST", "/v1/shift/close")
    answers.append(http.get("/openapi.json"))
    return answers


def test_no_secret_of_a_day_shows_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    clock = VirtualClock(DEFAULT_AT_NS)
    sim = SimWorld(
        clock.now_ns, random.Random(5), codes=60, profile=Profile(api_keys=frozenset({KEY})),
        users=[User(WEBKASSA_LOGIN[0], PASSWORD)], accounts=[Account(ISMPT_LOGIN[0], REGISTRY)],
    )  # fmt: skip
    given = {**SECRETS, "env:DEMO_REGISTER_PASSWORD": PASSWORD, "env:DEMO_REGISTER_KEY": KEY,
             "env:DEMO_ISMPT_PASSWORD": REGISTRY}  # fmt: skip
    world = World(
        clock=clock, rng=random.Random(1), secret=given.__getitem__, scanners=lambda _config, _around: [],
        register_transport=SimTransport(sim.webkassa, clock.sleep),
        ismpt_transport=SimTransport(sim.ismpt, clock.sleep),
    )  # fmt: skip
    agent = build(configuration(tmp_path).model_copy(update={"sync": from_mapping({}).sync}), world)
    start(agent)
    stock_cache(agent.cache, sim.shop, clock.now_ns())
    sessions: list[str] = []
    with api_of(agent) as http:
        answers = of_day(http, sim, sessions)
    register: Any = agent.register
    places = {
        "journal": "\n".join(row.body for row in agent.journal.rows_after(0, 1_000)),
        "log": "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records),
        "answers": "\n".join(answer.text for answer in answers),
        "objects": f"{agent!r} {register._session!r} {agent.config!r} {world!r}",
    }
    agent.close()
    assert [answer.status_code for answer in answers].count(200) > 10 and "R-205" in places["answers"]
    secrets = {"password": PASSWORD, "key": KEY, "registry": REGISTRY, "api": TOKEN, "session": sessions[0]}
    assert all(len(secret) > 8 for secret in secrets.values())
    shown = [(name, place) for name, secret in secrets.items() for place, text in places.items() if secret in text]
    assert shown == []
