"""Which exceptions become documents, and which do not again."""

from __future__ import annotations

import threading

import pytest
from hq_office import SHOES, SHOP_PLACE
from sqlalchemy import func, select

from sync.hq.actions.documents import Terms
from sync.hq.actions.outbox import NotPossible, approve, cancel
from sync.hq.actions.proposals import WITH_DOCUMENT, prepare
from sync.hq.actions.schema import code, document, document_event
from sync.hq.kinds import KINDS, Kind


def reasons(prepared):
    return {skipped.exception: skipped.reason for skipped in prepared.skipped}


def test_every_kind_that_names_a_document_is_proposed_and_no_other(office):
    cases = {kind: office.case(SHOES[0] + kind.value, kind) for kind in Kind}
    prepared = prepare(office.engine, office.clock.now())
    with office.engine.connect() as db:
        taken = set(db.execute(select(code.c.exception)).scalars())
        kinds = dict(db.execute(select(code.c.exception, document.c.kind).join(document)).all())
    assert taken == {cases[kind] for kind, about in KINDS.items() if about.document}
    assert kinds == {cases[kind]: wanted for kind, wanted in WITH_DOCUMENT.items()}
    assert prepared.skipped == ()


def test_a_prepared_document_says_what_it_will_file_and_until_when(office):
    office.case(SHOES[0], due_at=77)
    (number,) = prepare(office.engine, office.clock.now(), group_of=lambda _gtin: "shoes").documents
    row = office.row(number)
    assert (row.kind, row.state, row.product_group, row.place) == ("withdrawal", "PREPARED", "shoes", SHOP_PLACE)
    assert (row.paper_type, row.paper_date, row.paper_number) == ("ACT", "2026-11-24", f"HQ-{number}")
    assert (row.due_at, row.prepared_by, row.attempts) == (77, "", 0)


def test_preparing_again_adds_nothing(office):
    office.case(SHOES[0])
    (number,) = prepare(office.engine, office.clock.now()).documents
    again = prepare(office.engine, office.clock.now())
    assert again.documents == ()
    assert [(skipped.reason, skipped.document) for skipped in again.skipped] == [("in-document", number)]


def test_two_exceptions_of_one_unit_make_one_document(office):
    office.case(SHOES[0])
    office.case(SHOES[0], Kind.MARK_DIFFERS)
    (number,) = prepare(office.engine, office.clock.now()).documents
    assert office.codes(number) == {SHOES[0]: "WAITING"}


def test_what_cannot_be_filed_is_named_with_its_reason(office):
    nowhere, unknown = office.case(SHOES[0], till="T9"), office.case(SHOES[1], till="never-seen")
    bare = office.case("", Kind.FISCAL_WITHOUT_MARK)
    prepared = prepare(office.engine, office.clock.now())
    assert prepared.documents == ()
    assert reasons(prepared) == {nowhere: "no-business-place", unknown: "no-business-place", bare: "no-code"}


def test_a_closed_exception_is_not_proposed(office):
    office.close(office.case(SHOES[0]))
    office.close(office.case(SHOES[1]), "resolved")
    assert prepare(office.engine, office.clock.now()).documents == ()


def test_what_a_person_cancelled_is_not_proposed_again_unless_it_reopens_or_is_asked_for(office):
    case = office.case(SHOES[0])
    (number,) = prepare(office.engine, office.clock.now()).documents
    cancel(office.engine, number, who="Айгүл С.", why="қайтарылды", now_ns=office.clock.now())
    assert office.codes(number) == {SHOES[0]: "DROPPED"}
    assert reasons(prepare(office.engine, office.clock.now())) == {case: "decided"}
    office.clock.sleep(60)
    asked = prepare(office.engine, office.clock.now(), exceptions=[case], who="Айгүл С.")
    (second,) = asked.documents
    assert office.row(second).prepared_by == "Айгүл С."
    cancel(office.engine, second, who="Айгүл С.", why="қате", now_ns=office.clock.now())
    office.clock.sleep(60)
    office.close(case)
    office.reopen(case)
    assert len(prepare(office.engine, office.clock.now()).documents) == 1


def test_a_large_day_is_divided(office):
    for ki in SHOES[:7]:
        office.case(ki, sign=ki)
    numbers = prepare(office.engine, office.clock.now(), terms=Terms(codes_max=3)).documents
    assert [len(office.codes(number)) for number in numbers] == [3, 3, 1]


def test_two_who_prepare_at_once_make_each_document_once(office):
    for ki in SHOES:
        office.case(ki, sign=ki)
    together = threading.Barrier(4)
    failures = []

    def work():
        together.wait()
        try:
            prepare(office.engine, office.clock.now())
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    with office.engine.connect() as db:
        assert db.execute(select(func.count()).select_from(code)).scalar_one() == len(SHOES)


@pytest.mark.parametrize(("who", "why"), [("", "reason"), ("name", ""), (" ", "reason"), ("name", "\t")])
def test_a_decision_without_a_name_or_a_reason_is_none(office, who, why):
    office.case(SHOES[0])
    (number,) = prepare(office.engine, office.clock.now()).documents
    for decision in (approve, cancel):
        with pytest.raises(ValueError, match="a name and a reason"):
            decision(office.engine, number, who=who, why=why, now_ns=1)
    assert office.state(number) == "PREPARED"


def test_who_approved_when_and_why_stays(office):
    office.case(SHOES[0])
    (number,) = prepare(office.engine, office.clock.now()).documents
    office.clock.sleep(60)
    office.approve(number)
    row = office.row(number)
    assert (row.approved_by, row.approved_why, row.approved_ns) == (
        "Айгүл С.",
        "чек 28 пробит, выбытия нет",
        office.clock.now(),
    )
    with office.engine.connect() as db:
        events = db.execute(select(document_event.c.what, document_event.c.who).order_by(document_event.c.id)).all()
    assert [tuple(event) for event in events] == [("PREPARED", ""), ("APPROVED", "Айгүл С.")]
    with pytest.raises(NotPossible, match="is APPROVED"):
        office.approve(number)
    with pytest.raises(NotPossible, match="no document 99"):
        office.approve(99)
