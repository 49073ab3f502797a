"""Webhooks over real TLS to a receiver that fails on command."""

from __future__ import annotations

import random
import threading

import pytest
from hook_receiver import Answer, Receiver
from hq_office import SHOES
from sqlalchemy import insert, select

from sync.hq.actions.outbox import cancel
from sync.hq.actions.proposals import prepare
from sync.hq.exports.guard import Guard
from sync.hq.exports.schema import source, webhook
from sync.hq.exports.signature import holds
from sync.hq.exports.webhook_events import SETTLING_NS, Gatherer
from sync.hq.exports.webhooks import WebhookRefused, add, remove, switch
from sync.hq.kinds import Kind
from sync.hq.tables import exception_event

HOUR_S = 3600.0


def told(receiver):
    return [(heard.content["event"], heard.content["data"].get("exception")) for heard in receiver.heard]


def row(office, number):
    with office.engine.connect() as db:
        return db.execute(select(webhook).where(webhook.c.id == number)).one()


def test_an_opened_exception_is_told_signed_and_once(office, receiver, deliverer, hook, clock, delivered):
    hook()
    case = office.case(SHOES[0], due_at=1_795_600_000_000_000)
    assert deliverer.step() == 1
    (heard,) = receiver.heard
    headers = heard.headers
    assert holds(
        b"secret-of-the-erp", headers["x-hq-time"], headers["x-hq-signature"], heard.body, clock.now() // 10**9
    )
    assert (heard.path, headers["x-hq-event"], headers["content-type"]) == (
        "/hook",
        "exception.opened",
        "application/json; charset=utf-8",
    )
    data = heard.content["data"]
    assert (data["exception"], data["kind"], data["ki"]) == (case, "sold-not-withdrawn", SHOES[0])
    assert (data["region"], data["receipt"]) == ("Алматы", {"shift": 154, "number": 28, "sign": "S1"})
    assert data["due_at"] == "2026-11-25T09:46:40Z"
    for _ in range(5):
        clock.sleep(120)
        assert deliverer.step() == 0
    (kept,) = delivered()
    assert (kept.state, kept.attempts, kept.status) == ("delivered", 1, 204)


def test_each_event_has_its_name_and_a_webhook_hears_only_what_it_asked_for(office, receiver, deliverer, hook, clock):
    hook("exception.healed", "exception.resolved", "till.silent")
    first, second = office.case(SHOES[0]), office.case(SHOES[1], sign="2")
    silent = office.case("", Kind.TILL_SILENT)
    office.close(first)
    office.close(second, "resolved")
    office.reopen(silent)
    deliverer.step()
    assert told(receiver) == [
        ("till.silent", silent),
        ("exception.healed", first),
        ("exception.resolved", second),
        ("till.silent", silent),
    ]


def test_every_state_of_a_document_is_told(office, receiver, deliverer, hook, clock):
    hook("document.state")
    office.case(SHOES[0])
    (number,) = prepare(office.engine, clock.now()).documents
    office.approve(number)
    cancel(office.engine, number, who="Болат", why="қате", now_ns=clock.now())
    deliverer.step()
    assert [(heard.content["data"]["document"], heard.content["data"]["state"]) for heard in receiver.heard] == [
        (number, "PREPARED"),
        (number, "APPROVED"),
        (number, "CANCELLED"),
    ]
    assert "Болат" not in receiver.heard[-1].body.decode()


def test_what_was_before_the_webhook_is_not_told(office, receiver, deliverer, hook):
    office.case(SHOES[0])
    hook()
    later = office.case(SHOES[1], sign="2")
    deliverer.step()
    assert told(receiver) == [("exception.opened", later)]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(503, {"Retry-After": "7"}),
        Answer(429),
        Answer(404),
        Answer(301, {"Location": "https://localhost/elsewhere"}),
        Answer(drop=True),
    ],
    ids=["500", "503", "429", "404", "redirect", "no answer"],
)
def test_a_failure_is_tried_again_after_a_pause_with_the_same_body(
    office, receiver, deliverer, hook, clock, delivered, answer
):
    number = hook()
    office.case(SHOES[0])
    receiver.answers = [answer]
    deliverer.step()
    assert delivered()[0].state == "waiting"
    paused = row(office, number)
    assert paused.failures == 1
    assert clock.now() <= paused.next_ns <= clock.now() + 7 * 10**9
    deliverer.step()
    clock.sleep(HOUR_S)
    deliverer.step()
    assert len(receiver.heard) == 2
    assert receiver.heard[0].body == receiver.heard[1].body
    assert receiver.heard[0].headers["x-hq-delivery"] == receiver.heard[1].headers["x-hq-delivery"]
    assert receiver.heard[0].headers["x-hq-signature"] != receiver.heard[1].headers["x-hq-signature"]
    assert (delivered()[0].state, row(office, number).failures) == ("delivered", 0)


def test_a_redirect_is_not_followed(office, receiver, deliverer, hook, clock, tmp_path):
    other = Receiver()
    hook()
    office.case(SHOES[0])
    receiver.usual = Answer(307, {"Location": other.url()})
    for _ in range(4):
        deliverer.step()
        clock.sleep(HOUR_S)
    other.close()
    assert other.heard == []
    assert len(receiver.heard) == 4


def test_a_receiver_that_never_ends_its_answer_costs_one_deadline(
    office, receiver, open_deliverer, hook, clock, delivered
):
    hook()
    office.case(SHOES[0])
    receiver.answers = [Answer(hang=True), Answer(drip=True)]
    quick = open_deliverer(answer_s=0.4)
    quick.step()
    clock.sleep(HOUR_S)
    quick.step()
    kept = delivered()[0]
    assert (kept.state, kept.attempts, kept.status) == ("waiting", 2, None)
    assert "Timeout" in kept.error


def test_events_stay_in_order_behind_one_that_fails(office, receiver, deliverer, hook, clock):
    hook()
    cases = [office.case(ki, sign=ki) for ki in SHOES[:4]]
    receiver.answers = [Answer(), Answer(503)]
    deliverer.step()
    assert len(receiver.heard) == 2
    clock.sleep(HOUR_S)
    deliverer.step()
    assert [case for _, case in told(receiver)] == [cases[0], cases[1], cases[1], cases[2], cases[3]]


def test_an_event_that_is_refused_again_and_again_is_given_up_and_the_rest_goes_on(
    office, receiver, deliverer, hook, clock, delivered
):
    hook()
    poison, good = office.case(SHOES[0]), office.case(SHOES[1], sign="2")
    receiver.answers = [Answer(422, body="жоқ".encode())] * 8
    for _ in range(20):
        deliverer.step()
        clock.sleep(HOUR_S)
    assert [case for _, case in told(receiver)] == [poison] * 8 + [good]
    assert [kept.state for kept in delivered()] == ["given-up", "delivered"]
    assert delivered()[0].error == "HTTP 422: жоқ"


def test_a_dead_receiver_is_tried_for_72_hours_and_no_longer(office, receiver, deliverer, hook, clock, delivered):
    hook()
    office.case(SHOES[0])
    receiver.usual = Answer(500)
    tries = 0
    while delivered() == [] or delivered()[0].state == "waiting":
        deliverer.step()
        clock.sleep(900)
        tries += 1
        assert tries < 400
    assert delivered()[0].state == "given-up"
    assert clock.now() - delivered()[0].created_ns >= 72 * 3600 * 10**9


def test_pauses_grow_to_the_cap_and_are_kept_over_a_restart(office, receiver, open_deliverer, hook, clock):
    number = hook()
    office.case(SHOES[0])
    receiver.usual = Answer(500)
    pauses = []
    for _ in range(14):
        open_deliverer().step()
        next_ns = row(office, number).next_ns
        pauses.append((next_ns - clock.now()) / 10**9)
        clock.at_ns = next_ns
    bounds = [min(3600.0, 5.0 * 2**n) for n in range(14)]
    assert all(0 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    assert len({round(pause, 3) for pause in pauses}) == 14
    assert max(pauses[10:]) > 300


def test_one_bad_receiver_does_not_keep_the_others_waiting(office, receiver, deliverer, hook):
    gone = Receiver()
    gone.close()
    hook(url=f"https://localhost:{gone.port}/")
    hook()
    case = office.case(SHOES[0])
    deliverer.step()
    assert told(receiver) == [("exception.opened", case)]


def test_without_its_secret_nothing_is_sent(office, receiver, deliverer, hook, delivered):
    hook(reference="env:OTHER")
    office.case(SHOES[0])
    deliverer.step()
    assert receiver.heard == []
    assert "no secret" in delivered()[0].error


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_an_address_in_the_house_is_not_reached_without_configuration(
    office, receiver, open_deliverer, hook, delivered, host
):
    hook(url=receiver.url(host))
    office.case(SHOES[0])
    open_deliverer(Guard()).step()
    assert receiver.heard == []
    assert "not allowed" in delivered()[0].error


def test_a_certificate_of_another_is_not_accepted(office, receiver, deliverer, hook, delivered, tmp_path):
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other = Receiver(other_folder)
    hook(url=other.url())
    office.case(SHOES[0])
    deliverer.step()
    other.close()
    assert other.heard == []
    assert "CERTIFICATE_VERIFY_FAILED" in delivered()[0].error


def test_a_webhook_that_is_switched_off_hears_later_what_it_missed(office, receiver, deliverer, hook, clock):
    number = hook()
    first = office.case(SHOES[0])
    deliverer.step()
    switch(office.engine, number, active=False, now_ns=clock.now())
    second = office.case(SHOES[1], sign="2")
    deliverer.step()
    switch(office.engine, number, active=True, now_ns=clock.now())
    deliverer.step()
    assert [case for _, case in told(receiver)] == [first, second]


def test_a_webhook_that_is_removed_leaves_nothing(office, receiver, deliverer, hook, clock, delivered):
    number = hook()
    office.case(SHOES[0])
    receiver.usual = Answer(500)
    deliverer.step()
    remove(office.engine, number)
    clock.sleep(HOUR_S)
    deliverer.step()
    assert (len(receiver.heard), delivered()) == (1, [])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "http://example.kz"}, "only https"),
        ({"events": ["exception.opend"]}, "unknown: exception.opend"),
        ({"events": []}, "none given"),
        ({"secret": "hunter2"}, "never as its value"),
    ],
)
def test_a_webhook_that_will_not_do_is_not_entered(office, values, words):
    good = {"url": "https://example.kz", "events": ["exception.opened"], "secret": "env:ERP"}
    with pytest.raises(WebhookRefused, match=words):
        add(office.engine, who="x", now_ns=1, guard=Guard(), **{**good, **values})


def test_two_workers_tell_each_event_once(office, receiver, open_deliverer, hook):
    hook()
    cases = [office.case(ki, sign=ki) for ki in SHOES]
    workers = [threading.Thread(target=open_deliverer().step) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    open_deliverer().step()
    assert sorted(case for _, case in told(receiver)) == cases


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_an_event_whose_number_is_older_than_one_already_told_is_not_lost(office, engine, clock, hook):
    """A transaction takes its number early and commits late, long after a later number was told."""
    hook()
    case = office.case(SHOES[0])
    gatherer = Gatherer(engine, clock.now)
    made = 0
    with engine.begin() as slow:
        slow.execute(insert(exception_event).values(exception=case, at_ns=1, who="", what="healed", detail=""))
        office.case(SHOES[1], sign="2")
        for _ in range(5):
            made += gatherer.gather()
            clock.at_ns += SETTLING_NS
        assert made == 2
    for _ in range(5):
        made += gatherer.gather()
        clock.at_ns += SETTLING_NS
    assert made == 3


def test_the_cursor_follows_so_that_old_events_are_not_looked_through_for_ever(office, engine, clock, hook):
    hook()
    for ki in SHOES:
        office.case(ki, sign=ki)
    gatherer = Gatherer(engine, clock.now)
    for _ in range(3):
        gatherer.gather()
        clock.at_ns += SETTLING_NS
    with engine.connect() as db:
        through = dict(db.execute(select(source.c.source, source.c.through)).all())
        newest = db.execute(select(exception_event.c.id).order_by(exception_event.c.id.desc()).limit(1)).scalar_one()
    assert through["exception"] == newest


@pytest.mark.parametrize("seed", range(3))
def test_over_days_of_failures_every_event_arrives_in_order(office, receiver, open_deliverer, hook, clock, seed):
    chance = random.Random(seed)
    hook()
    cases = []
    for number in range(30):
        if number < 12:
            cases.append(office.case(SHOES[number], sign=str(number)))
        receiver.answers = [chance.choice([Answer(), Answer(500), Answer(drop=True), Answer(429)]) for _ in range(3)]
        open_deliverer().step()
        clock.sleep(chance.uniform(60, 7200))
    receiver.answers = []
    clock.sleep(HOUR_S)
    open_deliverer().step()
    heard = [case for _, case in told(receiver)]
    assert list(dict.fromkeys(heard)) == cases
