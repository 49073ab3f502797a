"""Every misbehaviour of the simulated reKassa, seen from the till: what arrives and what is registered."""

from __future__ import annotations

import json

import pytest
from cloud_sides import HOUR_S, RekassaSide, code

from hw_sim.exchange import Cut, SimRequest
from hw_sim.rekassa import Repeats


def ids(side, shift=1):
    return [row["id"] for row in side.get(f"/shifts/{shift}/tickets").get("_embedded", {}).get("tickets", [])]


def test_an_answer_lost_after_registration_leaves_one_document_the_list_shows(rekassa, ticket):
    rekassa.service.faults.add("answer_lost_after")
    assert rekassa.sell(ticket(), "a").cut is Cut.AFTER
    [row] = rekassa.get("/shifts/1/tickets")["_embedded"]["tickets"]
    assert row["externalId"] == "a"
    assert rekassa.sell(ticket(), "a").json()["id"] == row["id"]
    assert len(rekassa.memory.documents) == 1


def test_an_answer_lost_before_registration_leaves_nothing(rekassa, ticket):
    rekassa.service.faults.add("answer_lost_before")
    assert rekassa.sell(ticket(), "a").cut is Cut.BEFORE
    assert ids(rekassa) == []
    assert code(rekassa.sell(ticket(), "a")) == ""


def test_late_processing_registers_after_the_client_has_given_up(rekassa, ticket):
    rekassa.service.faults.add("late_processing", seconds=30)
    assert rekassa.sell(ticket(), "a").delay_s == 30
    rekassa.clock.sleep(29)
    assert ids(rekassa) == [], "not there yet"
    rekassa.clock.sleep(1)
    assert rekassa.get("/shifts/1/tickets")["_embedded"]["tickets"][0]["messageTime"] == "2026-07-15T09:00:30.000+05:00"


def test_a_repeat_that_overtakes_the_late_first_request_still_makes_one_document(rekassa, ticket):
    rekassa.service.faults.add("late_processing", seconds=30)
    rekassa.sell(ticket(), "a")
    first = rekassa.sell(ticket(), "a").json()
    rekassa.clock.sleep(60)
    assert ids(rekassa) == [first["id"]]


@pytest.mark.parametrize(
    ("repeats", "codes", "documents"),
    [
        (Repeats.ANSWER, ["", ""], 1),
        (Repeats.REFUSE, ["", "DUPLICATE_EXTERNAL_ID"], 1),
        (Repeats.REGISTER, ["", ""], 2),
    ],
)
def test_a_repeated_key_gets_what_the_switch_says(ticket, repeats, codes, documents):
    side = RekassaSide(repeats=repeats)
    assert [code(side.sell(ticket(), "a")) for _ in range(2)] == codes
    assert len(side.memory.documents) == documents


def test_a_repeated_key_with_another_body_gets_the_first_document(rekassa, ticket):
    first = rekassa.sell(ticket(), "a").json()
    other = ticket({"domain.type": "DOMAIN_SERVICES"})
    assert rekassa.sell(other, "a").json() == first
    assert rekassa.sell(b"{", "a").json() == first


def test_without_a_key_nothing_is_a_repeat(rekassa, ticket):
    assert [code(rekassa.sell(ticket(), "")) for _ in range(2)] == ["", ""]
    assert ids(rekassa) == [50002, 50001]


def test_keys_may_be_forgotten_after_a_while_or_with_the_shift(ticket):
    side = RekassaSide(repeat_window_s=60.0)
    side.sell(ticket(), "a")
    side.clock.sleep(60)
    side.sell(ticket(), "a")
    assert len(side.memory.documents) == 1
    side.clock.sleep(1)
    side.sell(ticket(), "a")
    assert len(side.memory.documents) == 2
    side = RekassaSide(repeat_within_shift=True)
    side.sell(ticket(), "a")
    side.close(1)
    side.sell(ticket(), "a")
    assert len(side.memory.documents) == 2


def test_repeats_may_go_wrong_once(rekassa, ticket):
    first = rekassa.sell(ticket(), "a").json()
    rekassa.service.faults.add("repeat_refused")
    rekassa.service.faults.add("repeat_other_total")
    assert code(rekassa.sell(ticket(), "a")) == "DUPLICATE_EXTERNAL_ID"
    other = rekassa.sell(ticket(), "a").json()
    assert (other["id"], other["data"]["ticket"]["amounts"]["total"]) == (first["id"], {"bills": "1801", "coins": 0})
    assert rekassa.sell(ticket(), "a").json() == first


def test_an_expired_token_answers_401_in_the_middle_of_a_sale(rekassa, ticket):
    rekassa.service.faults.add("token_expired")
    assert [rekassa.sell(ticket(), "a").status for _ in range(2)] == [401, 401]
    rekassa.token = rekassa.login().json()["token"]
    assert code(rekassa.sell(ticket(), "a")) == ""
    assert len(rekassa.memory.documents) == 1


def test_an_old_shift_by_order_answers_so_until_z(rekassa, ticket):
    rekassa.service.faults.add("shift_period_expired")
    expired = "CASH_REGISTER_SHIFT_PERIOD_EXPIRED"
    assert [code(rekassa.sell(ticket(), "a")) for _ in range(2)] == [expired, expired]
    assert code(rekassa.close(1)) == ""
    assert code(rekassa.sell(ticket(), "a")) == ""


def test_refusals_by_order(rekassa, ticket):
    rekassa.service.faults.add("offline_period_expired")
    rekassa.service.faults.add("code", skip=1, code="INVALID_TOKEN")
    rekassa.service.faults.add("code", skip=1, code="WHAT_IS_THIS", text="?")
    codes = [code(rekassa.sell(ticket(), "a")) for _ in range(4)]
    assert codes == ["CASH_REGISTER_OFFLINE_PERIOD_EXPIRED", "INVALID_TOKEN", "WHAT_IS_THIS", ""]
    assert len(rekassa.memory.documents) == 1


def test_a_wrong_pin_by_order_leaves_the_shift_open(rekassa, ticket):
    rekassa.sell(ticket())
    rekassa.service.faults.add("wrong_pin")
    assert [code(rekassa.close(1)) for _ in range(2)] == ["WRONG_PASSWORD", ""]


def test_somebody_else_may_close_the_shift_first(rekassa, ticket):
    rekassa.sell(ticket())
    rekassa.service.faults.add("shift_closed_by_another")
    assert code(rekassa.close(1)) == "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN"
    assert rekassa.get("/shifts/1")["data"]["shiftNumber"] == 1


def test_the_shift_may_end_between_a_lost_answer_and_the_question_about_it(rekassa, ticket):
    rekassa.service.faults.add("answer_lost_after")
    rekassa.sell(ticket(), "a")
    rekassa.service.faults.add("shift_closed_by_another", "shifts")
    assert rekassa.get("/shifts?includeOpen=true")["_embedded"]["shifts"][0]["open"] is False
    assert ids(rekassa, 1) == [50001]
    assert rekassa.sell(ticket(), "a").json()["id"] == 50001


def test_another_program_may_sell_in_between(rekassa, ticket):
    rekassa.service.faults.add("another_program", sum_tiyn=180_000)
    mine = rekassa.sell(ticket(), "a").json()
    rows = rekassa.get("/shifts/1/tickets")["_embedded"]["tickets"]
    assert [(row["id"], row["externalId"]) for row in rows] == [(mine["id"], "a"), (mine["id"] - 1, None)]
    assert {row["data"]["ticket"]["amounts"]["total"]["bills"] for row in rows} == {"1800"}


class TestAutonomy:
    def test_a_document_made_without_the_operator_gets_its_sign_on_synchronisation(self, rekassa, ticket):
        rekassa.service.ofd.link.down = True
        answer = rekassa.sell(ticket(), "a").json()
        assert (answer["offline"], answer["ticketNumber"]) == (True, None)
        assert answer["offlineTicketNumber"] == 1_784_088_000, "the unix time of nine o'clock"
        assert f"i={answer['offlineTicketNumber']}&" in answer["qrCode"]
        assert rekassa.get("")["fdoMode"] == "OFFLINE"
        assert rekassa.get("")["offlineStartTime"] == "2026-07-15T09:00:00.000+05:00"
        rekassa.service.ofd.link.down = False
        after = rekassa.get("/tickets/50001")
        assert (after["offline"], after["offlineTicketNumber"]) == (True, None)
        assert after["ticketNumber"]
        assert f"i={after['ticketNumber']}&" in after["qrCode"]
        assert after["data"]["ticket"]["offlineTicketNumber"] == 1_784_088_000
        assert rekassa.get("")["fdoMode"] == "ONLINE"
        assert rekassa.sell(ticket(), "a").json() == after, "a repeat shows the new sign"

    def test_the_autonomous_number_may_stay(self, ticket):
        side = RekassaSide(offline_number_kept=True)
        side.service.faults.add("offline")
        number = side.sell(ticket(), "a").json()["offlineTicketNumber"]
        after = side.get("/tickets/50001")
        assert (after["offlineTicketNumber"], bool(after["ticketNumber"])) == (number, True)

    def test_two_autonomous_documents_of_one_second_have_two_numbers(self, rekassa, ticket):
        rekassa.service.ofd.link.down = True
        numbers = {rekassa.sell(ticket(), f"s{n}").json()["offlineTicketNumber"] for n in range(3)}
        assert len(numbers) == 3

    @pytest.mark.parametrize("number", ["ticketNumber", "offlineTicketNumber"])
    def test_a_return_may_name_the_old_number_or_the_new_one(self, rekassa, ticket, number):
        rekassa.service.faults.add("offline")
        first = rekassa.sell(ticket({"dateTime.time.hour": 9, "dateTime.time.minute": 0}), "a").json()
        shown = rekassa.get("/tickets/50001") if number == "ticketNumber" else first
        changes = {"parentTicketNumber": str(shown[number]), "parentTicketIsOffline": True}
        changes["parentTicketDataTime"] = first["data"]["ticket"]["dateTime"]
        back = ticket({f"parentTicket.{name}": value for name, value in changes.items()}, "return")
        assert code(rekassa.sell(back, "back")) == ""

    def test_after_72_hours_alone_no_more_documents_but_the_shift_closes(self, rekassa, ticket):
        rekassa.service.ofd.link.down = True
        rekassa.sell(ticket(), "a")
        rekassa.clock.sleep(72 * HOUR_S + 1)
        rekassa.token = rekassa.login().json()["token"]
        assert code(rekassa.close(1)) == ""
        assert code(rekassa.sell(ticket(), "b")) == "CASH_REGISTER_OFFLINE_PERIOD_EXPIRED"
        rekassa.service.ofd.link.down = False
        assert code(rekassa.sell(ticket(), "b")) == ""


@pytest.mark.parametrize(("when", "registered"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("name", ["http_500", "http_502", "http_503", "http_504", "html_page", "http_404", "http_429"])
def test_error_pages_come_before_or_after_registration(rekassa, ticket, name, when, registered):
    rekassa.service.faults.add(name, when=when)
    reply = rekassa.sell(ticket(), "a")
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert reply.status == (200 if name == "html_page" else int(name[-3:]))
    assert len(rekassa.memory.documents) == registered


@pytest.mark.parametrize("name", ["truncated_json", "partial_body", "empty_body", "slow", "extra_unknown_fields"])
def test_damaged_answers_hide_a_registered_document(rekassa, ticket, name):
    rekassa.service.faults.add(name)
    reply = rekassa.sell(ticket(), "a")
    assert len(rekassa.memory.documents) == 1
    whole = name in ("slow", "extra_unknown_fields", "partial_body")
    if not whole:
        with pytest.raises(ValueError, match=r"."):
            json.loads(reply.body)
    assert (reply.cut is Cut.MID_BODY) == (name == "partial_body")
    assert (reply.delay_s > 0) == (name == "slow")


def test_a_wrong_clock_of_the_service_shows_in_its_documents(ticket):
    side = RekassaSide(clock_offset_s=24 * 3600.0)
    assert side.sell(ticket()).json()["messageTime"].startswith("2026-07-16T09:00:00")


def test_the_control_path_shows_the_ledger_and_takes_faults_and_switches(rekassa, ticket):
    def control(method, path, body=b""):
        return rekassa.service.handle(SimRequest(method, path, {}, body))

    assert control("POST", "/sim/faults", b'{"name":"http_500"}').status == 200
    assert rekassa.sell(ticket(), "a").status == 500
    for body in (
        b'{"repeats":"register","marks":"listExciseStamp","token_life_s":60,"ofd_down":true}',
        b'{"blocked":false}',
    ):
        assert control("POST", "/sim/switches", body).status == 200
    assert (rekassa.service.profile.repeats, rekassa.service.profile.token_life_s) == (Repeats.REGISTER, 60.0)
    for body in (b'{"repeats":"sometimes"}', b'{"strict_203":1}', b'{"nothing":1}', b"[1]", b"{"):
        assert control("POST", "/sim/switches", body).status == 400
    rekassa.sell(ticket(), "a")
    [row] = control("GET", "/sim/ledger").json()
    assert (row["total_tiyn"], row["offline"], len(row["marks"])) == (180_000, True, 2)
    assert control("GET", "/sim/totals").json()["documents"] == 1
    assert [entry["operation"] for entry in control("GET", "/sim/journal").json()] == ["login", "receipt", "receipt"]
