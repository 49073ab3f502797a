"""The hand at a simulated service: its documents, its switches, its journal as text."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from hw_sim import rekassa, webkassa
from hw_sim.exchange import SimReply, SimRequest
from hw_sim.service_console import ServiceConsole
from hw_sim.webkassa.profile import Container

NS = 1_000_000_000
KEY = {"x-api-key": "sim-api-key"}


class Clock:
    def __init__(self) -> None:
        self.at_ns = 1_784_088_000 * NS  # 15.07.2026 04:00:00 UTC.

    def __call__(self) -> int:
        return self.at_ns


class Desk:
    """A Webkassa service, a client of it, and a hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.service = webkassa.make(self.clock, random.Random(1))
        (self.box,) = self.service.cashboxes.values()
        self.run = ServiceConsole(self.service, self.service.profile, self.box).run
        self.token = self.ask("/api/v4/Authorize", Login="till-1", Password="till-1-password").json()["Data"]["Token"]

    def ask(self, path: str, **body: Any) -> SimReply:
        return self.service.handle(SimRequest("POST", path, KEY, json.dumps(body).encode()))

    def sell(self, key: str = "till-7-1") -> SimReply:
        position = {"Count": 1, "Price": 900, "TaxType": 0, "Tax": 0, "PositionName": "Темекі", "UnitCode": 796,
                    "MarkList": ["048702498119360000001MD&5GhG"]}  # fmt: skip
        return self.ask(
            "/api/v4/check", Token=self.token, CashboxUniqueNumber="SWK00000001", OperationType=2,
            Positions=[position], Payments=[{"Sum": 900, "PaymentType": 0}], RoundType=0, ExternalCheckNumber=key,
        )  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_fiscal_memory_of_a_service_is_shown_as_that_of_a_register(desk: Desk) -> None:
    assert desk.run("documents") == "none"
    assert desk.run("totals").splitlines()[:3] == ["SWK00000001", "  documents         0", "  cash              0.00"]
    assert "CheckNumber" in desk.sell().json()["Data"]
    head, row = desk.run("documents").splitlines()
    assert head.split() == ["number", "kind", "total", "sign", "marks", "shift"]
    assert row.split()[1:3] == ["sale", "900.00"] and row.split()[-2:] == ["1", "1"]
    assert "marks         048702498119360000001MD&5GhG" in desk.run("document").splitlines()
    assert "key           till-7-1" in desk.run("document 1").splitlines()
    totals = desk.run("totals").splitlines()
    assert (
        "  cash              900.00" in totals
        and "    sale            1" in totals
        and "  shift             1" in totals
    )


def test_switches_are_set_by_word_and_shown_as_they_stand(desk: Desk) -> None:
    assert "licensed on" in desk.run("switches") and "Whether its licence is paid." in desk.run("switches")
    assert "ofd_down off The operator cannot be reached." in " ".join(desk.run("switches").split())
    assert desk.run("switch licensed off") == "licensed is off"
    assert not desk.box.licensed and "licensed off" in desk.run("switches")
    assert desk.sell().json()["Errors"][0]["Code"] == 1404
    assert "switched   licensed off" in desk.run("status").splitlines()
    desk.run("switch licensed on")
    assert "switched   nothing" in desk.run("status").splitlines()
    assert desk.run("switch status 2") == "status is 2"
    assert desk.sell().json()["Errors"][0]["Code"] == 7
    desk.run("switch status 1")
    assert desk.run("switch history_container Rows") == "history_container is Rows"
    assert desk.service.profile.history_container is Container.ROWS
    assert desk.run("switch ofd_down on") == "ofd_down is on" and desk.service.ofd.link.down
    assert "ofd_down on " in desk.run("switches")
    assert "switched   history_container Rows, ofd_down on" in desk.run("status").splitlines()
    assert desk.sell().json()["Data"]["OfflineMode"] is True
    assert desk.run("switch history_container Heap").endswith("one of Items, Rows, (empty)")
    assert desk.run("switch status two").endswith("a whole number is wanted")
    assert desk.run("switch unique_number X") == "switch: no switch 'unique_number'"
    assert desk.run("switch licnsed on") == "switch: no switch 'licnsed', did you mean 'licensed'?"
    assert desk.run("switch") == desk.run("switch status") == "usage: switch NAME VALUE"


def test_an_exchange_is_told_as_question_faults_and_answer(desk: Desk) -> None:
    told: list[str] = []
    desk.service.listeners.append(lambda exchange: told.append(exchange.page()))
    desk.run("fault answer_lost_after check")
    desk.run("fault slow check seconds=3")
    desk.sell()
    (page,) = told
    lines = page.splitlines()
    assert lines[0] == "04:00:00.000 > check  POST /api/v4/check"
    assert f'      "Token": "{desk.token}",' in lines and '              "PositionName"' not in page
    assert '          "PositionName": "Темекі",' in lines
    assert "04:00:00.000 ! answer_lost_after" in lines and "04:00:00.000 ! slow" in lines
    assert "04:00:00.000 < check  200, cut after, 3 s later" in lines
    assert desk.run("frames 1") == page


@pytest.mark.parametrize("body", [b"\xff\x00no JSON", b"[" * 3_000, b'"\x1b[2J"', b""])
def test_whatever_a_client_sends_the_journal_can_be_shown(desk: Desk, body: bytes) -> None:
    desk.service.handle(SimRequest("POST", "/api/v4/\x1bcheck", KEY, body))
    shown = desk.run("frames")
    assert "\x1b" not in shown and "> ?  POST" in shown


def test_the_open_shift_and_the_switches_of_a_service_are_told_at_one_look(desk: Desk) -> None:
    assert desk.run("status").splitlines() == [
        "switched   nothing",
        "shift      none is open",
        "documents  0",
        "faults     none",
    ]
    desk.sell()
    assert desk.run("status").splitlines()[1:3] == ["shift      1 is open", "documents  1, the last is 1"]
    service = rekassa.make(desk.clock, random.Random(1))
    run = ServiceConsole(service, service.profile).run
    service.memory.open_shift(desk.clock())
    run("switch blocked on")
    assert run("status").splitlines()[:2] == ["switched   blocked on", "shift      1 is open"]


def test_late_work_is_done_before_the_hand_comes() -> None:
    clock = Clock()
    service = rekassa.make(clock, random.Random(1))
    run = ServiceConsole(service, service.profile).run
    run("fault late_processing login seconds=10")
    login = {"number": "RK00000001", "password": "integration"}
    target = "/api/auth/login?apiKey=sim-partner-key&format=json"
    service.handle(SimRequest("POST", target, {}, json.dumps(login).encode()))
    assert run("frames").count("> login") == 1
    clock.at_ns += 11 * NS
    assert run("frames").count("> login") == 2
    assert '"localDateTime": "2026-07-15T09:00:10"' in run("frames"), "done when it was due"
