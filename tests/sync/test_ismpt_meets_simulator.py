"""The client and the worker meet an independent registry: over sockets, and in virtual time."""

from __future__ import annotations

import random
import time

import pytest

from hw_sim.http import serve
from hw_sim.inprocess import SimTransport
from hw_sim.ismpt import SHRINK_READ, Account, Code, ErrorShape, Ismpt, Shape
from marking.statuses import Status
from sync.ismpt.client import IsMptClient
from sync.ismpt.profile import XTRACE_KZ, Profile
from sync.ismpt.recheck import RecheckWorker

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS
SHOE, PACK, GONE = "0104870000000104213kZ7q_W<2hT9m", "04870000000135kR4_vZ8", "0104870000000104213neverWas0001"
PRIVATE = Profile("xtrace-kz-full", private=True)


class Clock:
    def __init__(self):
        self.at_ns = NINE_OCLOCK_NS

    def now(self):
        return self.at_ns

    def monotonic(self):
        return self.at_ns / NS

    def sleep(self, seconds):
        self.at_ns += round(seconds * NS)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def registry(clock):
    codes = [
        Code(SHOE, "04870000000104", SHOE + "\x1d91KZF1\x1d92abcd"),
        Code(PACK, "04870000000135", PACK + "AbCdX!f1", template="PG", status="WITHDRAWN"),
    ]
    return Ismpt(
        clock.now,
        random.Random(1),
        codes,
        [Account("shop", "secret"), Account("weak", "w", rights=frozenset({SHRINK_READ}))],
    )


@pytest.fixture
def transport(registry, clock):
    return SimTransport(registry, clock.sleep)


@pytest.fixture
def open_client(transport, clock):
    opened = []

    def make(login="shop", word="secret", profile=XTRACE_KZ):
        client = IsMptClient(
            "https://test.markirovka.kz",
            login,
            word,
            transport=transport,
            now=clock.now,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            rng=random.Random(2),
            profile=profile,
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def seen(answer):
    assert answer.unavailable is None
    return {ki: status.status for ki, status in answer.statuses.items()}


ALL = {SHOE: Status.IN_CIRCULATION, PACK: Status.WITHDRAWN, GONE: Status.NOT_FOUND}


def test_over_real_sockets_the_registry_answers_and_a_slow_one_is_left(registry):
    with serve(registry) as server:
        client = IsMptClient(
            server.url,
            "shop",
            "secret",
            now=time.time_ns,
            monotonic=time.monotonic,
            sleep=time.sleep,
            rng=random.Random(2),
        )
        assert seen(client.check([SHOE, PACK, GONE], deadline_s=5)) == ALL
        registry.faults.add("slow", seconds=20)
        assert "in time" in client.check([SHOE], deadline_s=0.1).unavailable
        assert seen(client.check([SHOE], deadline_s=5)) == {SHOE: Status.IN_CIRCULATION}
        client.close()


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("full", [False, True], ids=["ki", "full code"])
def test_every_shape_and_either_form_of_a_code_is_understood(registry, open_client, shape, full):
    registry.shape, registry.full_codes = shape, full
    client = open_client()
    assert seen(client.check([SHOE, PACK, GONE], deadline_s=5)) == ALL
    assert seen(client.check([PACK], deadline_s=5)) == {PACK: Status.WITHDRAWN}


@pytest.mark.parametrize("fault", ["extra_unknown_fields", "mixed_case_fields", "unsorted", "token_expired"])
def test_oddities_of_an_answer_do_not_change_it(registry, open_client, fault):
    registry.faults.add(fault)
    assert seen(open_client().check([SHOE, PACK, GONE], deadline_s=5)) == ALL


@pytest.mark.parametrize(
    "fault", ["truncated_json", "empty_body", "html_page", "partial_body", "not_acceptable", "denied"]
)
def test_a_spoilt_answer_is_no_answer(registry, open_client, fault):
    registry.faults.add(fault)
    answer = open_client().check([SHOE], deadline_s=5)
    assert answer.statuses == {}
    assert answer.unavailable


@pytest.mark.parametrize("shape", list(ErrorShape))
def test_a_day_of_checks_survives_the_end_of_every_token(registry, open_client, clock, shape):
    registry.error_shape = shape
    client = open_client()
    for hour in range(30):
        clock.sleep(3600)
        if hour % 3 == 0:
            registry.faults.add("refresh_fails")
        assert seen(client.check([SHOE], deadline_s=5)) == {SHOE: Status.IN_CIRCULATION}


@pytest.mark.parametrize("shape", list(ErrorShape))
def test_a_wrong_password_is_tried_once_whatever_the_refusal_looks_like(registry, open_client, shape):
    registry.error_shape = shape
    client = open_client(word="wrong")
    for _ in range(3):
        assert client.check([SHOE], deadline_s=5).unavailable.startswith("configuration: login: HTTP 401")
    assert [entry.operation for entry in registry.journal] == ["authenticate"]


def test_the_cap_of_the_server_is_found(registry, open_client):
    registry.batch_max = 1
    assert seen(open_client().check_background([SHOE, PACK, GONE])) == ALL


def test_full_records_name_the_owner_and_a_weak_login_gets_the_short_ones(open_client):
    strong = open_client(profile=PRIVATE).check([SHOE, GONE], deadline_s=5)
    assert strong.statuses[SHOE].owner_tin == "000000000000"
    assert strong.statuses[GONE].status is Status.NOT_FOUND
    weak = open_client("weak", "w", PRIVATE)
    assert weak.check([SHOE], deadline_s=5).statuses[SHOE].owner_tin is None
    assert seen(weak.check([SHOE, PACK, GONE], deadline_s=5)) == ALL


def test_a_black_hole_costs_no_more_than_the_deadline(transport, open_client, clock):
    transport.black_hole = True
    began = clock.monotonic()
    assert open_client().check([SHOE], deadline_s=1.5).unavailable
    assert clock.monotonic() - began == pytest.approx(0.5)


class Watch:
    def __init__(self, units):
        self.units = units
        self.recorded = []

    def due(self, now_ns, limit):
        return self.units[:limit]

    def record(self, results, at_ns):
        self.recorded += [(unit.ki, status.status) for unit, status in results]
        self.units = []


def test_the_worker_sees_a_sale_arrive_at_the_registry_after_an_outage(transport, open_client, clock):
    watch = Watch([Code(PACK), Code(SHOE)])
    turned = RecheckWorker(open_client(), watch, now=clock.now, monotonic=clock.monotonic, rng=random.Random(3))
    transport.link_down = True
    assert turned.step().unavailable
    transport.link_down = False
    clock.sleep(turned.step().next_in_s)
    result = turned.step()
    assert (result.checked, result.unavailable) == (2, None)
    assert watch.recorded == [(PACK, Status.WITHDRAWN), (SHOE, Status.IN_CIRCULATION)]
