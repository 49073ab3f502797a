"""A doubt as a caller meets it: asked about, handed over, decided by a senior; and the register's own state."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served_till import Served, assert_problem, cash

from fiscal.register import Failure, FailureKind, RegisterStatus, Unknown
from pos_agent.journal.verify import verify

HUMAN = Unknown(Failure(FailureKind.HUMAN, "person", "2 documents of this kind since the order"))
PAPER = Unknown(Failure(FailureKind.PAPER, "paper", "out of paper in the middle of an operation"))
SENIOR = {"by": "Старшая смены", "why": "на ленте чека нет"}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()
    assert verify(tmp_path / "journal.sqlite").good


@pytest.fixture
def doubtful(till: Served, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A sale the register made without answering, and then cannot speak of: its name and its document's key."""
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_after")
    monkeypatch.setattr(till.agent.register, "settle", lambda _prepared, _baseline: HUMAN)
    body = assert_problem(till.post(f"/v1/sales/{sale}/payment", cash(total)), 409, "R-215")
    return sale, str(body["document"])


def test_the_cashier_and_the_next_sale_see_why_they_wait(till: Served, doubtful: tuple[str, str]) -> None:
    sale, key = doubtful
    (doubt,) = till.http.get("/v1/doubts").json()["doubts"]
    assert (doubt["document"], doubt["sale"], doubt["decides"]) == (key, sale, "person")
    ours, shown = doubt["compare"]["ours"], doubt["compare"]["register"]
    assert shown["total_tiyn"] == ours["total_tiyn"] and shown["kind"] == ours["kind"] == "sale"
    assert till.http.get("/v1/status").json()["doubts"][0]["document"] == key
    other, total, _ = till.with_unit()
    body = assert_problem(till.post(f"/v1/sales/{other}/payment", cash(total)), 409, "R-204")
    assert (body["because"], body["document"]) == ("R-215", key)
    assert body["compare"]["register"]["fiscal_sign"] == shown["fiscal_sign"]
    assert_problem(till.post(f"/v1/sales/{sale}/cancellation"), 409, "T-102")


@pytest.mark.parametrize(("settlement", "code"), [(HUMAN, "R-215"), (PAPER, "R-216")])
def test_a_repeat_of_the_call_says_what_the_first_one_said(
    till: Served, monkeypatch: pytest.MonkeyPatch, settlement: Unknown, code: str
) -> None:
    monkeypatch.setattr(till.agent.register, "settle", lambda _prepared, _baseline: settlement)
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_after")
    for key in ("pay", "pay", "another"):
        assert_problem(till.post(f"/v1/sales/{sale}/payment", cash(total), key=key), 409, code)
    assert till.receipts() == 1


def test_a_repeat_of_a_cash_move_says_what_the_first_call_said(till: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till.agent.register, "settle", lambda _prepared, _baseline: HUMAN)
    till.sim.webkassa.faults.add("answer_lost_after", match="/MoneyOperation")
    for _ in range(2):
        body = {"direction": "in", "sum_tiyn": 500_000}
        assert_problem(till.post("/v1/cash", body, key="cash"), 409, "R-215")


def test_a_senior_who_finds_the_receipt_ends_the_doubt(till: Served, doubtful: tuple[str, str]) -> None:
    sale, key = doubtful
    shown = till.http.get("/v1/doubts").json()["doubts"][0]["compare"]["register"]
    word = {**SENIOR, "made": True, "fiscal_sign": shown["fiscal_sign"], "number": int(shown["number"]),
            "at": shown["at"], "shift": shown["shift"]}  # fmt: skip
    answer = till.post(f"/v1/doubts/{key}/decision", word, key="word")
    assert answer.json() == {"document": key, "state": "MADE", "sale": sale}
    assert till.post(f"/v1/doubts/{key}/decision", word, key="word").json() == answer.json()
    assert till.http.get(f"/v1/sales/{sale}/receipt").json()["document"]["fiscal_sign"] == shown["fiscal_sign"]
    assert till.receipts() == 1 and till.http.get("/v1/doubts").json() == {"doubts": []}


@pytest.mark.parametrize("written", ["%Y%m%dT%H%M%S%z", "%G-W%V-%uT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"])
def test_a_decided_receipt_can_be_returned_whatever_its_time_was_written_like(
    till: Served, doubtful: tuple[str, str], written: str
) -> None:
    sale, key = doubtful
    shown = till.http.get("/v1/doubts").json()["doubts"][0]["compare"]["register"]
    at = dt.datetime.fromisoformat(shown["at"]).strftime(written)
    word = {**SENIOR, "made": True, "fiscal_sign": shown["fiscal_sign"], "number": int(shown["number"]), "at": at,
            "shift": shown["shift"], "registration_number": till.sim.ledger()[-1].registration_number}  # fmt: skip
    assert till.post(f"/v1/doubts/{key}/decision", word).status_code == 200
    back = till.post("/v1/returns", {"sale": sale}).json()["sale"]
    (line,) = till.http.get(f"/v1/sales/{sale}").json()["lines"]
    code = next(mark.text for mark in till.sim.shop.codes if mark.ki == line["ki"])
    assert till.post(f"/v1/sales/{back}/scans", {"code": code}).json()["line"]["ki"] == line["ki"]
    answer = till.post(f"/v1/sales/{back}/payment", cash(line["amount_tiyn"]))
    assert answer.status_code == 200, answer.text


def test_a_senior_who_finds_none_gives_the_sale_back(till: Served, doubtful: tuple[str, str]) -> None:
    sale, key = doubtful
    answer = till.post(f"/v1/doubts/{key}/decision", {**SENIOR, "made": False})
    assert answer.json()["state"] == "ABSENT"
    assert till.http.get(f"/v1/sales/{sale}").json()["state"] == "HELD"


def test_words_that_cannot_stand_are_turned_away(till: Served, doubtful: tuple[str, str]) -> None:
    _, key = doubtful
    path = f"/v1/doubts/{key}/decision"
    assert_problem(till.post(path, {**SENIOR, "made": True}), 422, "T-120")
    assert_problem(till.post(path, {**SENIOR, "made": True, "at": "yesterday"}), 422, "P-407")
    assert_problem(till.post(path, {**SENIOR, "made": True, "at": "2026-11-30T10:00:00"}), 422, "P-407")
    assert_problem(till.post(path, {"made": False, "by": "", "why": ""}), 422, "P-407")
    assert_problem(till.post("/v1/doubts/no-such-key/decision", {**SENIOR, "made": False}), 404, "P-408")


def test_nobody_decides_what_the_register_is_asked_about(till: Served) -> None:
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_after")
    for path in ("/GetTicketByExternalCheckNumber", "/Check/History", "/Cashbox/ShiftHistory", "/cashbox/state"):
        till.sim.webkassa.faults.add("http_500", match=path, count=60, skip=0 if "state" not in path else 1)
    body = assert_problem(till.post(f"/v1/sales/{sale}/payment", cash(total)), 503, "R-203")
    assert_problem(till.post(f"/v1/doubts/{body['document']}/decision", {**SENIOR, "made": False}), 409, "T-119")
    till.sim.webkassa.faults.clear()
    till.post("/v1/register/settle")
    assert till.http.get(f"/v1/sales/{sale}").json()["state"] == "FISCALISED" and till.receipts() == 1


def test_the_register_is_looked_at(till: Served) -> None:
    state = till.http.get("/v1/register").json()
    assert (state["family"], state["reachable"], state["recovery"]) == ("webkassa", True, ["key"])
    assert "find-by-key" in state["can"]
    assert till.http.get("/v1/status").json()["register"]["at"] == state["at"]
    assert till.http.get("/v1/register/last").json() == {"document": None}
    _, answer = till.paid()
    last: dict[str, Any] = till.http.get("/v1/register/last").json()["document"]
    assert last["fiscal_sign"] == answer["document"]["fiscal_sign"]
    key = till.sim.ledger()[-1].external_number
    assert till.http.get(f"/v1/register/documents/{key}").json()["document"]["number"] == last["number"]
    assert till.http.get("/v1/register/documents/unknown").json() == {"document": None}
    assert_problem(till.post("/v1/register/drawer"), 409, "T-121")
    till.register.link_down = True
    assert till.http.get("/v1/register").json()["reachable"] is False
    assert_problem(till.http.get("/v1/register/last"), 503, "R-202")


def test_a_page_that_asks_for_the_register_again_and_again_does_not_stop_the_till(
    till: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.http.get("/v1/register")
    asked, answers = threading.Event(), threading.Event()

    def status() -> RegisterStatus:
        asked.set()
        assert answers.wait(30)
        return RegisterStatus(True)

    monkeypatch.setattr(till.agent.register, "status", status)
    with httpx.Client(base_url=till.http.base_url, headers=till.http.headers, timeout=30) as page:
        first = threading.Thread(target=page.get, args=("/v1/register",))
        first.start()
        assert asked.wait(30)
        for _ in range(50):  # More than the server has threads.
            assert till.http.get("/v1/register").status_code == 200
        assert till.http.get("/v1/status").status_code == 200
        answers.set()
        first.join(30)
