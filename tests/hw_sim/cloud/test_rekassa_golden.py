"""The simulated reKassa and its vectors alone: requests as documented get the documented answers, to the last field."""

from __future__ import annotations

import json

import pytest
from cloud_sides import HOUR_S, RekassaSide, vectors, with_history

from hw_sim.exchange import SimRequest
from hw_sim.ledger import tiyn
from hw_sim.rekassa import Enums, Times
from hw_sim.rekassa.errors import Refusal

VECTORS = vectors("rekassa")
SALES = [row for row in VECTORS["request"] if row["operation"] == "sale"]
REFUSALS = [row for row in VECTORS["error"] if row["status"] != 200]


def of(name, kind="request"):
    """The first entry whose name starts so."""
    return next(row for row in VECTORS[kind] if row["name"].startswith(name))


def cash_in(side):
    row = of("cash in", "cash_request")
    return side.cash(row["body"].encode(), row["key"])


def sale(side):
    row = of("sale")
    return side.sell(row["body"].encode(), row["key"])


def give_back(side):
    row = of("return")
    return side.sell(row["body"].encode(), row["key"])


@pytest.fixture
def day():
    """Cash in at nine, the sale at half past ten, the return a quarter of an hour later."""
    side = with_history(RekassaSide())
    cash_in(side)
    side.clock.sleep(1.5 * HOUR_S)
    side.token = side.login().json()["token"]
    sale(side)
    side.clock.sleep(HOUR_S / 4)
    side.token = side.login().json()["token"]
    give_back(side)
    return side


def at_ten_pm(side):
    side.clock.sleep(11.25 * HOUR_S)
    side.token = side.login().json()["token"]


@pytest.mark.parametrize("row", SALES, ids=lambda row: row["name"])
def test_every_sale_of_the_vectors_is_registered_with_its_sum_and_marks(rekassa, row):
    reply = rekassa.sell(row["body"].encode(), row["key"])
    assert reply.status == 200, reply.json()
    [document] = rekassa.memory.documents
    assert tiyn(document.total) == row["total_tiyn"]
    assert document.external_number == row["key"]
    assert list(document.marks) == [mark for line in row["line"] for mark in line.get("marks", [])]
    handed = {kind: tiyn(amount) for kind, amount in document.payments}
    names = {"cash": 0, "card": 1, "mobile": 4}
    assert handed == {names[paid["kind"]]: paid["sum_tiyn"] for paid in row["payments"]}


def test_the_sale_of_the_vectors_has_the_vat_computed_by_hand(rekassa):
    sale(rekassa)
    assert rekassa.memory.rows()[0]["tax_tiyn"] == 24_828


def test_cash_in_gets_the_documented_answer(rekassa_day):
    assert cash_in(rekassa_day).json() == json.loads(VECTORS["cash_answer"]["body"])


def test_the_sale_gets_the_documented_answer(rekassa_day):
    cash_in(rekassa_day)
    rekassa_day.clock.sleep(1.5 * HOUR_S)
    rekassa_day.token = rekassa_day.login().json()["token"]
    assert sale(rekassa_day).json() == json.loads(of("answer to the sale", "document")["body"])


def test_the_list_of_the_shift_is_newest_first_and_holds_the_documented_values(day, covers):
    assert covers(day.get("/shifts/7/tickets?page=0&size=20"), json.loads(VECTORS["tickets"]["body"]))


def test_a_page_behind_the_last_has_no_embedded_list(day):
    page = day.get("/shifts/7/tickets?page=1&size=20")
    assert page == json.loads(VECTORS["empty_list"]["body"])


def test_the_shifts_are_the_documented_ones(day, covers):
    assert covers(day.get("/shifts?includeOpen=true&page=0&size=20"), json.loads(VECTORS["shifts"]["body"]))


def test_the_registers_are_the_documented_ones(day):
    reply = day.service.handle(SimRequest("GET", "/api/crs", {"authorization": f"Bearer {day.token}"}))
    expected = json.loads(VECTORS["registers"]["body"])
    row = reply.json()["_embedded"]["userCashRegisterRoles"][0]
    [wanted] = expected["_embedded"]["userCashRegisterRoles"]
    assert {**row["cashRegister"], "shiftCloseTime": None} == {**wanted["cashRegister"], "shiftCloseTime": None}
    assert (row["organization"], row["roles"]) == (wanted["organization"], wanted["roles"])
    assert reply.json()["page"] == expected["page"]


def test_x_is_the_documented_report(day):
    at_ten_pm(day)
    assert day.get("/shifts/7/reports/x") == json.loads(of("X before the shift is closed", "report")["body"])


def test_z_is_the_documented_report_on_closing_and_afterwards(day, covers):
    at_ten_pm(day)
    day.service.profile.enums = Enums.NAMES
    expected = json.loads(of("Z: answer to close, and the same by shifts/7", "report")["body"])
    closed = day.close(7).json()
    assert closed == day.get("/shifts/7")
    for name in ("shiftNumber", "shiftTicketNumber", "shiftDocumentNumber", "open", "openTime", "closeTime"):
        assert closed[name] == expected[name]
    for name in ("cashSum", "nonNullableSums", "openShiftTime", "closeShiftTime"):
        got = closed["data"][name]
        rows = [row for row in got if row["sum"]["bills"] != "0"] if isinstance(got, list) else got
        assert covers(rows, expected["data"][name])


def test_login_answers_a_bare_token_or_json(rekassa):
    bare = rekassa.login("apiKey=sim-partner-key")
    assert dict(bare.headers)["Content-Type"].startswith("text/plain")
    assert bare.body.count(b".") == 2
    rekassa.token = bare.body.decode()
    assert rekassa.get("")["id"] == 1042
    expected = json.loads(VECTORS["login"]["answer_json"])
    assert {**rekassa.login().json(), "token": ""} == {**expected, "token": ""}


def test_every_printed_form_of_a_document_is_the_same_document(day, covers):
    """Numbers for enums, plain numbers, no zero coins, a local time: the values stay."""
    profile = day.service.profile
    profile.enums, profile.wide_as_text, profile.zero_coins = Enums.NUMBERS, False, False
    profile.times = Times.LOCAL
    shown = day.get("/tickets/50002")
    expected = json.loads(of("the same sale with enum numbers", "document")["body"])
    expected["ticketNumber"] = str(expected["ticketNumber"])
    del expected["messageTime"], expected["data"]["ticket"]["dateTime"]
    assert covers(shown, expected)
    assert "coins" not in shown["data"]["ticket"]["amounts"]["total"]
    assert shown["messageTime"] == "2026-07-15T10:30:00.000"
    profile.times = Times.UTC
    assert day.get("/tickets/50002")["messageTime"] == "2026-07-15T05:30:00.000Z"


@pytest.mark.parametrize("row", REFUSALS, ids=lambda row: json.loads(row["body"])["code"])
def test_refusals_have_the_documented_form(row):
    expected = json.loads(row["body"])
    reply = Refusal(expected["code"], expected["message"], expected.get("meta")).reply()
    assert (reply.status, reply.json()) == (row["status"], expected)
