"""The filing worker against a simulated registry: one document there, whatever happens on the way."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace

import pytest
from hq_office import SHOES
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from hw_sim.ismpt import Code, documents
from sync.hq.actions.filing import Filing
from sync.hq.actions.outbox import NotPossible, cancel, decide, move
from sync.hq.actions.proposals import prepare
from sync.hq.actions.schema import attempt, document, document_event
from sync.hq.actions.states import FINAL, TRANSITIONS, UNAPPROVED, DocumentState
from sync.hq.engine import writing
from sync.hq.kinds import Kind
from sync.ismpt.profile import XTRACE_KZ


@pytest.fixture
def approved(office):
    """A document of three units, approved."""
    for ki in SHOES[:3]:
        office.case(ki, sign=ki)
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    return number


def filed(registry):
    return list(registry.documents.documents.values())


def statuses(registry, *kis):
    return [registry.codes.get(ki).status for ki in kis]


class TestNothingIsFiledWithoutAPerson:
    def test_the_worker_leaves_what_is_only_prepared(self, office, registry):
        office.case(SHOES[0])
        (number,) = prepare(office.engine, office.clock.now()).documents
        for _ in range(20):
            assert office.filing.step().document is None
            office.clock.sleep(3600)
        assert office.state(number) == "PREPARED"
        assert list(registry.journal) == []

    def test_the_database_holds_no_filed_document_without_a_name(self, office):
        office.case(SHOES[0])
        (number,) = prepare(office.engine, office.clock.now()).documents
        for state in set(DocumentState) - UNAPPROVED:
            with pytest.raises(IntegrityError), office.engine.begin() as db:
                db.execute(update(document).where(document.c.id == number).values(state=str(state)))

    def test_every_way_to_a_sent_document_leads_through_approved(self):
        def onward(start, without):
            reached, waiting = set(), [start]
            while waiting:
                for state in TRANSITIONS[waiting.pop()] - reached - without:
                    reached.add(state)
                    waiting.append(state)
            return reached

        assert DocumentState.SENDING in onward(DocumentState.PREPARED, set())
        assert onward(DocumentState.PREPARED, {DocumentState.APPROVED}) == {DocumentState.CANCELLED}

    def test_refused_codes_wait_for_a_person_again(self, office, registry, approved):
        registry.documents.refused_codes = {SHOES[0]: "incorrect-code-status"}
        office.work()
        assert office.states()[approved] == "PARTIAL"
        office.clock.sleep(86_400)
        assert office.filing.step().document is None
        assert len(filed(registry)) == 1

    def test_a_move_outside_the_table_is_an_error(self, office, approved):
        with writing(office.engine) as db, pytest.raises(ValueError, match="PREPARED does not lead to SENDING"):
            move(db, approved, [DocumentState.PREPARED], DocumentState.SENDING, 1)

    def test_no_state_after_the_end_leads_anywhere(self):
        assert {str(state) for state in FINAL} == {"SUCCESS", "PARTIAL", "ERROR", "CANCELLED"}


def test_an_approved_document_withdraws_its_units(office, registry, approved):
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert set(office.codes(approved).values()) == {"DONE"}
    assert statuses(registry, *SHOES[:4]) == ["WITHDRAWN"] * 3 + ["INTRODUCED"]
    (at_registry,) = filed(registry)
    assert office.row(approved).document_id == at_registry.number
    assert at_registry.body["primaryDocument"] == {"type": "ACT", "date": "2026-11-24", "number": f"HQ-{approved}"}
    assert at_registry.body["withdrawalDate"] == "2026-11-23T11:55:37Z"


def test_a_return_brings_a_unit_back_with_its_receipt(office, registry):
    registry.codes.add(Code("04870000000135kR4_vZ8", "04870000000135", template="PG", status="WITHDRAWN"))
    office.case("04870000000135kR4_vZ8", Kind.RETURN_OVERDUE)
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    office.work()
    assert office.state(number) == "SUCCESS"
    assert statuses(registry, "04870000000135kR4_vZ8") == ["INTRODUCED"]
    (at_registry,) = filed(registry)
    assert at_registry.body["primaryDocument"] == {"type": "RECEIPT", "date": "2026-11-23", "number": "154-28"}


def test_the_registry_is_asked_after_2_5_15_60_seconds_and_then_every_ten_minutes(office, registry, approved):
    office.filing.step()
    asked = []
    began = office.clock.at_ns
    registry.faults.add("http_503", "storage", count=7)
    while len(asked) < 7:
        step = office.filing.step()
        if step.document is None:
            office.clock.sleep(1)
        else:
            asked.append((office.clock.at_ns - began) // 1_000_000_000)
    assert [later - before for before, later in zip([0, *asked], asked, strict=False)] == [2, 5, 15, 60, 600, 600, 600]
    assert office.state(approved) == "SENT"
    office.work()
    assert office.state(approved) == "SUCCESS"


LOST = [
    ("answer_lost_before", {}, 0),
    ("answer_lost_after", {}, 1),
    ("http_500", {}, 0),
    ("http_500", {"when": "after"}, 1),
    ("http_503", {}, 0),
    ("http_504", {"when": "after"}, 1),
    ("http_429", {}, 0),
    ("partial_body", {}, 1),
    ("truncated_json", {}, 1),
    ("empty_body", {}, 1),
    ("html_page", {}, 0),
    ("slow", {"seconds": 40}, 1),
    ("late_processing", {"seconds": 100}, 0),
]


@pytest.mark.parametrize("brackets", [False, True], ids=["plain types", "types with brackets"])
@pytest.mark.parametrize(("fault", "how", "there"), LOST)
def test_a_lost_answer_is_searched_for_and_there_is_one_document(
    office, registry, approved, fault, how, there, brackets
):
    registry.documents.trailing_brackets = brackets
    registry.faults.add(fault, "withdrawal", **how)
    office.filing.step()
    assert office.state(approved) == "UNKNOWN_RESULT"
    assert len(filed(registry)) == there
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert len(filed(registry)) == 1


def test_it_is_never_resent_at_once_and_never_while_the_registry_cannot_be_searched(office, registry, approved):
    registry.faults.add("answer_lost_before", "withdrawal")
    office.filing.step()
    registry.faults.add("http_500", "storage", count=1000)
    office.work(12)
    assert office.state(approved) == "UNKNOWN_RESULT"
    assert "HTTP 500" in office.row(approved).reason
    assert [entry.operation for entry in registry.journal].count("withdrawal") == 1
    registry.faults.clear()
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert [entry.operation for entry in registry.journal].count("withdrawal") == 2


def test_a_document_that_shows_in_the_search_only_later_is_not_filed_twice(office, registry, approved):
    registry.faults.add("answer_lost_after", "withdrawal")
    registry.documents.search_lag_s = 800
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert len(filed(registry)) == 1


def test_a_document_it_cannot_read_keeps_it_from_resending(office, registry, approved):
    registry.faults.add("http_500", "withdrawal")
    office.filing.step()
    other = {"businessPlaceId": 1, "withdrawalType": "WITHDRAWAL", "withdrawalDate": "x", "withdrawalReason": "OTHER"}
    registry.documents.accept("withdrawal", _envelope({**other, "codes": [{"code": SHOES[9]}]}))
    registry.faults.add("http_403", "json", count=1000)
    for number in registry.documents.documents:
        registry.faults.add("http_403", f"/json/{number}", count=1000)
    office.work(6)
    assert office.state(approved) == "UNKNOWN_RESULT"
    assert "HTTP 403" in office.row(approved).reason


def test_a_similar_document_of_somebody_else_is_not_taken_for_ours(office, registry, approved):
    registry.faults.add("http_500", "withdrawal")
    office.filing.step()
    with office.engine.connect() as db:
        sent = json.loads(db.execute(select(attempt.c.body)).scalar_one())
    sent["primaryDocument"]["number"] = "by hand"
    registry.documents.accept("withdrawal", _envelope(sent))
    office.work(1)
    assert office.row(approved).document_id not in (None, filed(registry)[0].number)
    assert len(filed(registry)) == 2


def _envelope(content):
    text_ = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return {"documentBody": base64.b64encode(text_.encode()).decode()}


@pytest.mark.parametrize("there", [True, False])
def test_a_person_who_looked_in_the_cabinet_may_decide(office, registry, approved, there):
    registry.faults.add("answer_lost_after" if there else "answer_lost_before", "withdrawal")
    office.filing.step()
    found = filed(registry)[0].number if there else None
    with pytest.raises(ValueError, match="a name and a reason"):
        decide(office.engine, approved, document_id=found, who="", why="", now_ns=office.clock.now())
    decide(office.engine, approved, document_id=found, who="Болат", why="кабинет", now_ns=office.clock.now())
    with pytest.raises(NotPossible):
        decide(office.engine, approved, document_id=found, who="Болат", why="кабинет", now_ns=office.clock.now())
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert len(filed(registry)) == 1


def test_the_number_of_another_document_settles_no_unknown_result(office, registry, approved):
    """A slip of the hand: the other document's success would count for units that nobody withdrew."""
    office.work()
    other = filed(registry)[0].number
    office.case(SHOES[3], sign="4")
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    registry.faults.add("answer_lost_before", "withdrawal")
    office.filing.step()
    with pytest.raises(NotPossible, match=f"document {approved}"):
        decide(office.engine, number, document_id=other, who="Болат", why="кабинет", now_ns=office.clock.now())
    assert office.state(number) == "UNKNOWN_RESULT"


def test_without_a_login_nothing_leaves_and_the_document_waits(office, registry, approved):
    registry.sessions.accounts["office"].password = "changed"
    office.work(3)
    assert office.state(approved) == "APPROVED"
    assert "user-incorrect-login-or-password" in office.row(approved).reason
    assert filed(registry) == []
    registry.sessions.accounts["office"].password = "secret"
    office.work()
    assert office.state(approved) == "SUCCESS"


def test_a_refused_request_is_an_error_with_the_words_of_the_registry(office, registry, approved):
    registry.sessions.accounts["office"].rights = frozenset()
    office.work()
    assert office.state(approved) == "ERROR"
    assert "access-denied" in office.row(approved).reason
    assert set(office.codes(approved).values()) == {"FAILED"}


def test_an_unsorted_body_would_be_refused_and_ours_is_not(office, registry, approved):
    assert registry.documents.strict_order
    office.work()
    assert office.state(approved) == "SUCCESS"


def test_partial_failures_are_read_page_by_page_and_requeued(office, registry, open_client):
    for ki in SHOES:
        office.case(ki, sign=ki)
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    registry.documents.refused_codes = dict.fromkeys(SHOES[:7], "incorrect-code-status")
    narrow = open_client(replace(XTRACE_KZ, page_max=3))
    office.work_with(Filing(office.engine, narrow, now=office.clock.now, rng=random.Random(6)))
    assert [entry.target for entry in registry.journal if "/errors/" in entry.target and "lastIndex" in entry.target]
    assert office.state(number) == "PARTIAL"
    assert office.codes(number) == {**dict.fromkeys(SHOES[:7], "FAILED"), **dict.fromkeys(SHOES[7:], "DONE")}
    (again,) = set(office.states()) - {number}
    row = office.row(again)
    assert (row.state, row.follows, row.approved_by) == ("PREPARED", number, "")
    assert office.codes(again) == dict.fromkeys(SHOES[:7], "WAITING")
    registry.documents.refused_codes = {}
    office.approve(again)
    office.work()
    assert office.state(again) == "SUCCESS"
    assert statuses(registry, *SHOES) == ["WITHDRAWN"] * 12
    assert len(filed(registry)) == 2


def test_when_all_codes_are_refused_it_is_an_error_and_is_not_prepared_again_by_itself(office, registry, approved):
    registry.documents.refused_codes = dict.fromkeys(SHOES, "incorrect-code-status")
    office.work()
    assert office.state(approved) == "ERROR"
    assert prepare(office.engine, office.clock.now()).documents == ()


def test_codes_that_healed_meanwhile_are_left_out(office, registry):
    cases = [office.case(ki, sign=ki) for ki in SHOES[:3]]
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    office.close(cases[0])
    office.close(cases[2], "resolved")
    office.work()
    assert office.state(number) == "SUCCESS"
    assert office.codes(number) == {SHOES[0]: "HEALED", SHOES[1]: "DONE", SHOES[2]: "HEALED"}
    assert filed(registry)[0].body["codes"] == [{"code": SHOES[1]}]


def test_when_every_code_healed_nothing_is_sent(office, registry):
    case = office.case(SHOES[0])
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    office.close(case)
    office.work()
    assert office.state(number) == "CANCELLED"
    assert list(registry.journal) == []
    office.reopen(case)
    assert len(prepare(office.engine, office.clock.now()).documents) == 1


def test_an_earlier_attempt_is_recognised_though_a_code_healed_before_the_next(office, registry):
    """The search missed the document for long; meanwhile one code healed, and both bodies are looked for."""
    cases = [office.case(ki, sign=ki) for ki in SHOES[:2]]
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.approve(number)
    registry.faults.add("answer_lost_after", "withdrawal")
    registry.documents.search_lag_s = 2000
    registry.faults.add("http_500", "withdrawal", skip=1)
    while office.row(number).attempts < 2:
        step = office.filing.step()
        office.clock.sleep(step.next_in_s)
        if office.state(number) == "UNKNOWN_RESULT" and office.row(number).attempts == 1:
            with office.engine.begin() as db:
                db.execute(text("UPDATE hq_exception SET state='healed' WHERE id=:id"), {"id": cases[0]})
    office.work()
    assert office.state(number) == "SUCCESS"
    assert office.row(number).accepted == 1
    assert len(filed(registry)) == 1
    assert office.codes(number) == {SHOES[0]: "DONE", SHOES[1]: "DONE"}


def test_a_partial_answer_that_names_no_row_leaves_the_codes_to_a_person(office, registry, approved):
    office.filing.step()
    (at_registry,) = filed(registry)
    at_registry.final = "PARTIALLY_PROCESSED"
    at_registry.errors = [{"propertyName": "codes", "index": 99, "errorCode": "odd", "errorTags": {"a": "1"}}]
    office.work()
    assert office.state(approved) == "PARTIAL"
    assert set(office.codes(approved).values()) == {"UNCLEAR"}
    assert "odd" in office.row(approved).reason


def test_a_document_under_way_cannot_be_cancelled(office, registry, approved):
    office.filing.step()
    with pytest.raises(NotPossible, match="is SENT"):
        cancel(office.engine, approved, who="Айгүл С.", why="передумали", now_ns=office.clock.now())


def test_an_approved_document_can_still_be_cancelled(office, registry, approved):
    cancel(office.engine, approved, who="Айгүл С.", why="передумали", now_ns=office.clock.now())
    office.work()
    assert office.state(approved) == "CANCELLED"
    assert list(registry.journal) == []


def test_two_workers_file_each_document_once(office, registry, clock, client):
    for ki in SHOES:
        office.case(ki, sign=ki, till="T1", gtin=ki[-14:])
    numbers = prepare(office.engine, office.clock.now()).documents
    office.approve(*numbers)
    second = Filing(office.engine, client, now=clock.now, rng=random.Random(5))
    for _ in range(200):
        for worker in (office.filing, second):
            if worker.step().document is None:
                clock.sleep(1)
    assert set(office.states().values()) == {"SUCCESS"}
    assert len(filed(registry)) == len(numbers) == 12


def test_the_history_of_a_document_is_whole(office, approved):
    office.work()
    with office.engine.connect() as db:
        events = db.execute(select(document_event.c.what).order_by(document_event.c.id)).scalars().all()
    assert events == ["PREPARED", "APPROVED", "SENDING", "SENT", "SUCCESS"]


def test_a_document_under_another_type_than_expected_is_found_all_the_same(office, registry, approved, monkeypatch):
    monkeypatch.setitem(documents._TYPES, "withdrawal", "WRITE_OFF_NOTICE")
    registry.faults.add("answer_lost_after", "withdrawal")
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert len(filed(registry)) == 1


def test_a_search_is_read_to_its_last_page(office, registry, approved, open_client):
    other = {"businessPlaceId": 1, "withdrawalType": "WITHDRAWAL", "withdrawalDate": "x", "withdrawalReason": "OTHER"}
    for ki in SHOES[5:]:
        registry.documents.accept("withdrawal", _envelope({**other, "codes": [{"code": ki}]}))
    registry.faults.add("answer_lost_after", "withdrawal")
    narrow = open_client(replace(XTRACE_KZ, page_max=2))
    office.work_with(Filing(office.engine, narrow, now=office.clock.now, rng=random.Random(6)))
    assert office.state(approved) == "SUCCESS"
    assert len(filed(registry)) == len(SHOES[5:]) + 1


@pytest.mark.parametrize("operation", ["withdrawal", "storage"])
def test_a_token_that_ends_in_between_is_renewed_and_the_document_filed_once(office, registry, approved, operation):
    registry.faults.add("token_expired", operation, count=3)
    office.work()
    assert office.state(approved) == "SUCCESS"
    assert len(filed(registry)) == 1
