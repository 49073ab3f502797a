"""Every misbehaviour of the simulated uKassa, seen from the till: what arrives and what is registered."""

from __future__ import annotations

import json

import pytest
from cloud_sides import HOUR_S, UkassaSide, uuid4

from hw_sim.exchange import Cut, SimRequest
from hw_sim.ukassa import KeyHeader, OtherBody, Repeats

FIRST_SHIFT = 6995


def ids(side, shift=FIRST_SHIFT):
    return [row["id"] for row in side.get(f"kassa/get_shift_operations/?shift={shift}")]


def test_an_answer_lost_after_registration_leaves_one_document_the_list_shows(ukassa, receipt):
    ukassa.service.faults.add("answer_lost_after")
    assert ukassa.sell(receipt(), "a").cut is Cut.AFTER
    assert ids(ukassa) == [900_001]
    assert ukassa.sell(receipt(), "a").json()["data"]["id"] == 900_001
    assert len(ukassa.memory.documents) == 1


def test_an_answer_lost_before_registration_leaves_nothing(ukassa, receipt):
    ukassa.service.faults.add("answer_lost_before")
    assert ukassa.sell(receipt(), "a").cut is Cut.BEFORE
    assert ids(ukassa) == []
    assert ukassa.sell(receipt(), "a").status == 200


def test_late_processing_registers_after_the_client_has_given_up(ukassa, receipt):
    ukassa.service.faults.add("late_processing", seconds=30)
    assert ukassa.sell(receipt(), "a").delay_s == 30
    ukassa.clock.sleep(29)
    assert ids(ukassa) == [], "not there yet"
    ukassa.clock.sleep(1)
    assert ids(ukassa) == [900_001]
    assert ukassa.sell(receipt(), "a").json()["data"]["id"] == 900_001


@pytest.mark.parametrize(
    ("repeats", "statuses", "documents"),
    [(Repeats.ANSWER, [200, 200], 1), (Repeats.CONFLICT, [200, 409], 1), (Repeats.REGISTER, [200, 200], 2)],
)
def test_a_repeated_key_with_the_same_body_gets_what_the_switch_says(receipt, repeats, statuses, documents):
    side = UkassaSide(repeats=repeats)
    assert [side.sell(receipt(), "a").status for _ in range(2)] == statuses
    assert len(side.memory.documents) == documents


@pytest.mark.parametrize(("other", "statuses"), [(OtherBody.CONFLICT, [200, 409]), (OtherBody.ANSWER, [200, 200])])
def test_a_repeated_key_with_another_body_never_makes_a_second_document(receipt, other, statuses):
    side = UkassaSide(other_body=other)
    bodies = (receipt(), receipt({"customer": {"phone": "77010000000"}}))
    assert [side.sell(body, "a").status for body in bodies] == statuses
    assert len(side.memory.documents) == 1


def test_the_order_of_fields_is_not_another_body(ukassa, receipt):
    body = receipt()
    assert ukassa.sell(body, "a").status == 200
    assert ukassa.sell(dict(reversed(body.items())), "a").status == 200
    assert len(ukassa.memory.documents) == 1


def test_the_flag_that_skips_the_protection_makes_a_second_document(receipt):
    side = UkassaSide(repeats=Repeats.CONFLICT)
    side.sell(receipt(), "a")
    assert side.sell({**receipt(), "skip_idempotence_error": True}, "a").status == 200
    assert len(side.memory.documents) == 2


def test_without_a_key_nothing_is_a_repeat_unless_the_service_insists_on_one(ukassa, receipt):
    assert [ukassa.sell(receipt()).status for _ in range(2)] == [200, 200]
    assert len(ukassa.memory.documents) == 2
    assert UkassaSide(key_required=True).sell(receipt()).status == 400


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("till7-000000123-sale", 400),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", 400),  # Version 1.
        ("886313e1-3b8a-5372-9b90-0c9aee199e5d", 400),  # Version 5.
        ("9B2C4E50-6F1A-4D3B-8E7C-0A1B2C3D4E5F", 200),
    ],
)
def test_a_key_is_a_uuid_of_version_4(ukassa, receipt, key, status):
    assert ukassa.send("POST", ukassa.TICKET, receipt(), idempotency_key=key).status == status
    side = UkassaSide(key_uuid4_only=False)
    assert side.send("POST", side.TICKET, receipt(), idempotency_key=key).status == 200


@pytest.mark.parametrize("header", list(KeyHeader))
def test_the_header_of_the_key_has_two_names(receipt, header):
    for name in ("idempotency_key", "idempotence_key"):
        side = UkassaSide(key_header=header)
        for _ in range(2):
            side.send("POST", side.TICKET, receipt(), **{name: uuid4("a")})
        known = header in (KeyHeader.BOTH, name.replace("_", "-"))
        assert len(side.memory.documents) == (1 if known else 2)


def test_keys_may_be_forgotten_after_a_while(receipt):
    side = UkassaSide(repeat_window_s=60.0)
    side.sell(receipt(), "a")
    side.clock.sleep(60)
    side.sell(receipt(), "a")
    assert len(side.memory.documents) == 1
    side.clock.sleep(1)
    side.sell(receipt(), "a")
    assert len(side.memory.documents) == 2


def test_a_sale_and_a_cash_move_do_not_share_a_key(ukassa, receipt):
    ukassa.sell(receipt(), "a")
    assert ukassa.cash({"kassa": 3868, "operation_type": 0, "amount": 1}, "a").status == 409


def test_repeats_may_go_wrong_once(ukassa, receipt):
    first = ukassa.sell(receipt(), "a").json()
    ukassa.service.faults.add("repeat_conflict")
    ukassa.service.faults.add("repeat_other_total")
    assert ukassa.sell(receipt(), "a").status == 409
    other = ukassa.sell(receipt(), "a").json()["data"]
    assert (other["id"], other["total_amount"]) == (first["data"]["id"], 1801)
    assert ukassa.sell(receipt(), "a").json() == first


def test_an_expired_token_answers_401_in_the_middle_of_a_sale(ukassa, receipt):
    ukassa.service.faults.add("token_expired")
    assert [ukassa.sell(receipt(), "a").status for _ in range(2)] == [401, 401]
    ukassa.token = ukassa.login().json()["auth_token"]
    assert ukassa.sell(receipt(), "a").status == 200
    assert len(ukassa.memory.documents) == 1


def test_an_old_shift_by_order_is_refused_until_z(ukassa, receipt):
    ukassa.service.faults.add("shift_period_expired")
    assert [ukassa.sell(receipt(), "a").status for _ in range(2)] == [400, 400]
    assert ukassa.shift("close_z_shift").status == 200
    assert ukassa.sell(receipt(), "a").status == 200


def test_refusals_by_order(ukassa, receipt):
    ukassa.service.faults.add("refuse")
    ukassa.service.faults.add("refuse", status=403, message="нельзя")
    replies = [ukassa.sell(receipt(), "a") for _ in range(3)]
    assert [reply.status for reply in replies] == [400, 403, 200]
    assert replies[1].json() == {"message": "нельзя"}


def test_somebody_else_may_close_the_shift_first(ukassa, receipt):
    ukassa.sell(receipt())
    ukassa.service.faults.add("shift_closed_by_another")
    assert ukassa.shift("close_z_shift").json() == {"message": "Смена закрыта"}
    assert ukassa.get("kassa/get_shift_list/?kassa=3868")[0]["is_active"] is False


def test_the_shift_may_end_between_a_lost_answer_and_the_question_about_it(ukassa, receipt):
    ukassa.service.faults.add("answer_lost_after")
    ukassa.sell(receipt(), "a")
    ukassa.service.faults.add("shift_closed_by_another", "shifts")
    [row] = ukassa.get("kassa/get_shift_list/?kassa=3868")
    assert row["is_active"] is False
    assert ids(ukassa, row["id"]) == [900_001]


def test_another_program_may_sell_in_between(ukassa, receipt):
    ukassa.service.faults.add("another_program", sum_tiyn=180_000)
    mine = ukassa.sell(receipt(), "a").json()["data"]["id"]
    rows = ukassa.get(f"kassa/get_shift_operations/?shift={FIRST_SHIFT}")
    assert [(row["id"], row["total_amount"]) for row in rows] == [(mine, 1800), (mine - 1, 1800)]


def test_a_document_made_without_the_operator_says_so(ukassa, receipt):
    ukassa.service.ofd.link.down = True
    data = ukassa.sell(receipt(), "a").json()["data"]
    assert (data["is_offline"], len(data["fixed_check"])) == (True, 12)
    ukassa.service.ofd.link.down = False
    assert ukassa.get("operation/900001/")["fixed_check"] == data["fixed_check"]
    ukassa.service.faults.add("offline")
    assert ukassa.sell(receipt(), "b").json()["data"]["is_offline"] is True


def test_after_72_hours_alone_no_more_documents(ukassa, receipt):
    ukassa.service.ofd.link.down = True
    ukassa.sell(receipt(), "a")
    ukassa.clock.sleep(72 * HOUR_S + 1)
    ukassa.token = ukassa.login().json()["auth_token"]
    assert ukassa.shift("close_z_shift").status == 200
    assert "72" in ukassa.sell(receipt(), "b").json()["message"]
    ukassa.service.ofd.link.down = False
    assert ukassa.sell(receipt(), "b").status == 200


@pytest.mark.parametrize(("when", "registered"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("name", ["http_500", "http_502", "http_503", "http_504", "html_page", "http_404", "http_429"])
def test_error_pages_come_before_or_after_registration(ukassa, receipt, name, when, registered):
    ukassa.service.faults.add(name, when=when)
    reply = ukassa.sell(receipt(), "a")
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert reply.status == (200 if name == "html_page" else int(name[-3:]))
    assert len(ukassa.memory.documents) == registered


@pytest.mark.parametrize("name", ["truncated_json", "partial_body", "empty_body", "slow", "extra_unknown_fields"])
def test_damaged_answers_hide_a_registered_document(ukassa, receipt, name):
    ukassa.service.faults.add(name)
    reply = ukassa.sell(receipt(), "a")
    assert len(ukassa.memory.documents) == 1
    if name in ("truncated_json", "empty_body"):
        with pytest.raises(ValueError, match=r"."):
            json.loads(reply.body)
    assert (reply.cut is Cut.MID_BODY) == (name == "partial_body")
    assert (reply.delay_s > 0) == (name == "slow")


def test_a_wrong_clock_of_the_service_shows_in_its_documents(receipt):
    side = UkassaSide(clock_offset_s=24 * 3600.0)
    assert side.sell(receipt()).json()["data"]["created_at"] == "16.07.2026 09:00"


def test_the_control_path_shows_the_ledger_and_takes_faults_and_switches(ukassa, receipt):
    def control(method, path, body=b""):
        return ukassa.service.handle(SimRequest(method, path, {}, body))

    assert control("POST", "/sim/faults", b'{"name":"http_500"}').status == 200
    assert ukassa.sell(receipt(), "a").status == 500
    switches = b'{"repeats":"conflict","token_life_s":60,"ofd_down":true,"receipt_status":201}'
    assert control("POST", "/sim/switches", switches).status == 200
    for body in (b'{"repeats":"sometimes"}', b'{"key_required":1}', b'{"nothing":1}', b"[1]", b"{"):
        assert control("POST", "/sim/switches", body).status == 400
    assert [ukassa.sell(receipt(), "a").status for _ in range(2)] == [201, 409]
    [row] = control("GET", "/sim/ledger").json()
    assert (row["total_tiyn"], row["offline"], len(row["marks"])) == (180_000, True, 2)
    assert control("GET", "/sim/totals").json()["documents"] == 1
