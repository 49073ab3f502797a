"""The simulated uKassa and its vectors alone: requests as documented get the documented answers, to the last field."""

from __future__ import annotations

import json

import pytest
from cloud_sides import HOUR_S, UkassaSide, token_in, vectors, with_history

from hw_sim.exchange import SimRequest
from hw_sim.ledger import tiyn
from hw_sim.ukassa import TokenField

VECTORS = vectors("ukassa")
SALES = [row for row in VECTORS["request"] if row["operation"] == "sale"]


def of(name, kind="request"):
    """The first entry whose name starts so."""
    return next(row for row in VECTORS[kind] if row["name"].startswith(name))


def sell(side, name):
    row = of(name)
    return side.sell(row["body"].encode(), row["key"], row["path"].removeprefix("/api/"))


def cash_in(side):
    row = of("cash in", "cash_request")
    return side.cash(row["body"].encode(), row["key"])


@pytest.fixture
def day():
    """Cash in at nine, the sale at half past ten, the return a quarter of an hour later, ten in the evening now."""
    side = with_history(UkassaSide())
    cash_in(side)
    side.clock.sleep(1.5 * HOUR_S)
    sell(side, "sale")
    side.clock.sleep(HOUR_S / 4)
    assert sell(side, "return").status == 200
    side.clock.sleep(11.25 * HOUR_S)
    return side


@pytest.mark.parametrize("row", SALES, ids=lambda row: row["name"])
def test_every_sale_of_the_vectors_is_registered_with_its_sum_and_marks(ukassa, row):
    reply = ukassa.sell(row["body"].encode(), row["key"], row["path"].removeprefix("/api/"))
    assert reply.status == 200, reply.json()
    [document] = ukassa.memory.documents
    assert tiyn(document.total) == row["total_tiyn"]
    assert list(document.marks) == [mark for line in row["line"] for mark in line.get("marks", [])]
    names = {"cash": 0, "card": 1, "mobile": 4}
    handed = {kind: tiyn(amount) for kind, amount in document.payments}
    assert handed == {names[paid["kind"]]: paid["sum_tiyn"] for paid in row["payments"]}


def test_cash_in_gets_the_documented_answer(ukassa):
    assert cash_in(ukassa).json() == json.loads(VECTORS["cash_answer"]["body"])
    assert ukassa.memory.cash_tiyn == 1_000_000


def test_the_sale_gets_the_documented_answer_and_is_read_back_alike(ukassa_day):
    cash_in(ukassa_day)
    ukassa_day.clock.sleep(1.5 * HOUR_S)
    answer = of("answer to the sale", "document")
    reply = sell(ukassa_day, "sale")
    assert (reply.status, reply.json()) == (answer["status"], json.loads(answer["body"]))
    assert ukassa_day.get("operation/900002/") == json.loads(VECTORS["operation"]["body"])


def test_the_least_answer_of_the_vectors_is_part_of_what_the_service_prints(covers):
    side = with_history(UkassaSide(decimals_as_text=True, receipt_status=201, first_operation_id=900_002))
    answer = of("the least", "document")
    reply = sell(side, "sale")
    assert reply.status == answer["status"]
    assert covers(reply.json(), json.loads(answer["body"]))


def test_the_operations_of_the_shift_are_the_documented_ones(day):
    assert day.get("kassa/get_shift_operations/?shift=7001") == json.loads(VECTORS["operations"]["body"])


def test_the_shifts_are_the_documented_ones(day):
    assert day.get("kassa/get_shift_list/?kassa=3868") == json.loads(VECTORS["shifts"]["body"])


def test_user_and_departments_are_the_documented_ones(ukassa):
    assert ukassa.get("auth/get_user/") == json.loads(VECTORS["user"]["body"])
    assert ukassa.get("department/") == json.loads(VECTORS["departments"]["body"])


def test_x_is_the_documented_report(day):
    row = VECTORS["x_request"]
    reply = day.send(row["method"], row["path"].removeprefix("/api/"), row["body"].encode())
    assert reply.json() == json.loads(of("X before", "report")["body"])


def test_z_is_answered_as_documented_and_its_report_stays(day, covers):
    row = VECTORS["close_request"]
    reply = day.send(row["method"], row["path"].removeprefix("/api/"), row["body"].encode())
    assert reply.json() == json.loads(VECTORS["z_answer"]["body"])
    expected = json.loads(of("get_z_report_section", "report")["body"])
    got = day.send("POST", "kassa/get_z_report_section/", {"shift": 7001}).json()
    used = {"ticket_operations": "tickets_count", "money_placements": "operations_count"}
    for name, count in used.items():
        got["duplicated"][name] = [entry for entry in got["duplicated"][name] if entry[count]]
    assert covers(got, expected)


@pytest.mark.parametrize("answer", VECTORS["login"]["answer"], ids=lambda answer: answer["body"][:30])
def test_login_answers_the_token_under_every_documented_name(answer, covers):
    expected = json.loads(answer["body"])
    names = {**expected, **expected.get("data", {})}
    [field] = [name for name in TokenField if name.value in names]
    side = UkassaSide(token_field=field, token_in_data="data" in expected)
    got = side.login().json()
    token = token_in(got)
    assert covers(json.loads(json.dumps(got).replace(token, VECTORS["login"]["token"])), expected)
    assert len(token) == len(VECTORS["login"]["token"])
    assert side.get("auth/get_user/")["email"] == VECTORS["email"]


def test_a_form_logs_in_like_json(ukassa):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = b"email=till%40example.kz&password=integration&hashline=UK00000001&code="
    reply = ukassa.service.handle(SimRequest("POST", "/api/auth/login/", headers, body))
    assert token_in(reply.json())
