"""Every misbehaviour the reference asks a test server for, seen from the till: what arrives and what is registered."""

from __future__ import annotations

import json

import pytest

from hw_sim.exchange import Cut


def send(till, body):
    common = {"Token": till.token, "CashboxUniqueNumber": "SWK00000001"}
    return till.send("/api/v4/check", json.dumps({**body, **common}).encode())


def test_an_answer_lost_after_fiscalising_leaves_one_receipt_the_lookup_finds(till, sale):
    till.service.faults.add("answer_lost_after_fiscalising")
    assert send(till, sale("a")).cut is Cut.AFTER
    found = till.ask("lookup", {"ExternalCheckNumber": "a", "ShiftNumber": 1})
    assert found["Data"]["Total"] == 1800
    assert [error["Code"] for error in till.ask("check", sale("a"))["Errors"]] == [14]
    assert len(till.box.documents) == 1


def test_an_answer_lost_before_fiscalising_leaves_nothing(till, sale):
    till.service.faults.add("answer_lost_before")
    assert send(till, sale("a")).cut is Cut.BEFORE
    assert till.codes("lookup", {"ExternalCheckNumber": "a", "ShiftNumber": 1}) == [15]
    assert till.codes("check", sale("a")) == []


def test_a_slow_answer_is_fiscalised_at_once_and_does_not_hold_the_cashbox(till, sale):
    till.service.faults.add("slow", seconds=60)
    assert send(till, sale("a")).delay_s == 60
    assert len(till.box.documents) == 1
    assert till.codes("check", sale("b")) == []


def test_a_slow_and_busy_service_answers_sequence_violations_meanwhile(till, sale):
    till.service.faults.add("slow", seconds=60, busy=True)
    send(till, sale("a"))
    till.clock.sleep(59)
    [error] = till.ask("check", sale("b"))["Errors"]
    assert error["Code"] == 9
    assert "последовательн" in error["Text"]
    assert till.codes("lookup", {"ExternalCheckNumber": "a", "ShiftNumber": 1}) == [], "reading another service is free"
    till.clock.sleep(1)
    assert till.codes("check", sale("b")) == []


def test_late_processing_registers_after_the_client_has_given_up(till, sale):
    till.service.faults.add("late_processing", seconds=30)
    reply = send(till, sale("a"))
    assert reply.delay_s == 30
    assert till.box.documents == []
    till.clock.sleep(20)
    assert till.codes("lookup", {"ExternalCheckNumber": "a", "ShiftNumber": 1}) == [15], "not there yet"
    assert till.codes("check", sale("a")) == [9], "the first request is still being worked on"
    till.clock.sleep(15)
    data = till.ask("lookup", {"ExternalCheckNumber": "a", "ShiftNumber": 1})["Data"]
    assert data["DateTime"] == "15.07.2026 09:00:30"
    assert len(till.box.documents) == 1


def test_late_processing_gives_a_patient_client_its_answer(till, sale):
    till.service.faults.add("late_processing", seconds=5)
    reply = send(till, sale("a"))
    till.clock.sleep(5)
    assert reply.finish is not None
    first, second = reply.finish(), reply.finish()
    assert first.json()["Data"]["CheckOrderNumber"] == 1
    assert second == first
    assert len(till.box.documents) == 1


def test_duplicates_come_with_data_without_data_and_with_foreign_data(till, sale):
    first = till.ask("check", sale("a"))["Data"]
    assert till.ask("check", sale("a"))["Data"] == first
    till.service.faults.add("duplicate_without_data")
    bare = till.ask("check", sale("a"))
    assert (bare.get("Data"), bare["Errors"][0]["Code"]) == (None, 14)
    till.service.faults.add("duplicate_other_total")
    other = till.ask("check", sale("a"))
    assert other["Data"]["Total"] == 1801
    assert "s=1801.00" in other["Data"]["TicketUrl"]
    assert len(till.box.documents) == 1


def test_a_duplicate_fault_waits_for_a_duplicate(till, sale):
    till.service.faults.add("duplicate_without_data")
    assert till.codes("check", sale("a")) == []
    assert "Data" not in till.ask("check", sale("a"))


def test_an_expired_token_answers_2_until_the_next_login(till, sale):
    till.service.faults.add("token_expired", "check")
    assert till.codes("check", sale("a")) == [2]
    assert till.codes("check", sale("a")) == [2]
    till.token = till.login()
    assert till.codes("check", sale("a")) == []


def test_an_old_shift_by_order_answers_11_until_z(till, sale):
    till.service.faults.add("shift_over_24h")
    assert till.codes("check", sale("a")) == [11]
    assert till.codes("check", sale("a")) == [11]
    assert till.codes("z") == []
    assert till.codes("check", sale("a")) == []


def test_codes_by_order(till, sale):
    faults = till.service.faults
    faults.add("sequence_violation")
    faults.add("offline_over_72h", skip=1)
    faults.add("code", skip=2, code=-1)
    assert [till.codes("check", sale("a")) for _ in range(4)] == [[9], [18], [-1], []]


def test_lookup_and_print_go_down_without_touching_the_sale(till, sale):
    till.service.faults.add("lookup_down", count=2)
    till.service.faults.add("print_down")
    assert till.codes("check", sale("a")) == []
    body = json.dumps({"Token": till.token}).encode()
    for status in (503, 503, 200):
        assert till.send(till.PATHS["lookup"], body).status == status
    assert [till.send(till.PATHS["print"], body).status for _ in range(2)] == [500, 200]


@pytest.mark.parametrize("name", ["http_505", "code_505"])
def test_another_domain_is_named_hostile_ones_included(till, sale, name):
    till.service.faults.add(name)
    reply = send(till, sale("a"))
    assert dict(reply.headers)["AlternativeDomainNames"] == "kkm2.example.kz,http://127.0.0.1"
    assert reply.status == (505 if name == "http_505" else 200)
    assert till.box.documents == []


@pytest.mark.parametrize(("when", "registered"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("name", ["http_500", "http_502", "http_503", "html_page"])
def test_error_pages_come_before_or_after_registration(till, sale, name, when, registered):
    till.service.faults.add(name, when=when)
    reply = send(till, sale("a"))
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert reply.status == (200 if name == "html_page" else int(name[-3:]))
    assert len(till.box.documents) == registered


def test_damaged_bodies_hide_a_registered_receipt(till, sale):
    for number, name in enumerate(("truncated_json", "partial_body", "empty_body")):
        till.service.faults.add(name)
        reply = send(till, sale(f"s{number}"))
        if name == "partial_body":
            assert reply.cut is Cut.MID_BODY
        else:
            with pytest.raises(ValueError, match=r"."):
                json.loads(reply.body)
    assert len(till.box.documents) == 3


def test_strange_but_legal_answers_keep_their_meaning(till, sale):
    for number, name in enumerate(("extra_unknown_fields", "mixed_case_fields", "unsorted")):
        till.service.faults.add(name)
        answer = send(till, sale(f"s{number}")).json()
        data = {k.lower(): v for k, v in {k.lower(): v for k, v in answer.items()}["data"].items()}
        assert data["checknumber"] == till.box.documents[-1].sign
        assert ("xfuturefield" in data) == (name == "extra_unknown_fields")


def test_the_key_may_be_unique_only_within_a_shift(till, sale):
    till.service.profile.key_scope = type(till.service.profile.key_scope).SHIFT
    till.ask("check", sale("a"))
    till.ask("z")
    assert till.codes("check", sale("a")) == []
    assert len(till.box.documents) == 2


def test_processing_time_makes_parallel_requests_visible(till, sale):
    till.service.profile.processing_s = (0.5, 0.5)
    assert send(till, sale("a")).delay_s == 0.5
    assert till.codes("check", sale("b")) == [9]
    till.clock.sleep(0.5)
    assert till.codes("check", sale("b")) == []
