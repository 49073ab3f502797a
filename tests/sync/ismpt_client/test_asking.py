"""What the client asks, and what it makes of every answer and of silence."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import replace

import pytest
from ismpt_registry import (
    LOGIN,
    NOW_NS,
    PACK,
    PUBLIC,
    RECORD,
    SHOE,
    VECTORS,
    Answer,
)

from marking.statuses import Status
from sync.ismpt.client import IsMptClient


def test_a_check_logs_in_and_asks_as_the_description_says(client, registry):
    answer = client.check([SHOE], deadline_s=5)
    assert answer.unavailable is None
    assert (answer.statuses[SHOE].status, answer.statuses[SHOE].at_ns) == (Status.IN_CIRCULATION, NOW_NS)
    login, asked = registry.seen
    assert (login.path, login.body) == (LOGIN, VECTORS["login_request"])
    assert "Authorization" not in login.headers
    assert (asked.path, asked.body) == (PUBLIC, VECTORS["code_request"])
    assert {name: asked.headers[name] for name in ("Authorization", "Accept", "Content-Type")} == {
        "Authorization": "Bearer A1",
        "Accept": "*/*",
        "Content-Type": "application/json",
    }


def test_every_asked_code_is_in_the_answer_and_each_is_asked_once(client, registry):
    answer = client.check([PACK, SHOE, PACK], deadline_s=5)
    assert {ki: status.status for ki, status in answer.statuses.items()} == {
        SHOE: Status.IN_CIRCULATION,
        PACK: Status.NOT_FOUND,
    }
    assert registry.sizes() == [2]
    assert client.check([], deadline_s=5).statuses == {}


@pytest.mark.parametrize("part", ["head", "body"])
@pytest.mark.parametrize("path", [LOGIN, PUBLIC])
def test_a_server_that_trickles_does_not_outlast_the_deadline(client, registry, path, part):
    registry.then(path, replace(registry.fallback[path], trickle=part, headers={"X-Long": "x" * 80}))
    answer = client.check([SHOE], deadline_s=0.3)
    assert answer.statuses == {}
    assert "in time" in answer.unavailable
    assert not registry.trickled_out


def test_a_check_without_time_sends_nothing(client, registry):
    assert "in time" in client.check([SHOE], deadline_s=0).unavailable
    assert registry.seen == []


def test_the_client_works_again_after_a_missed_deadline(client, registry):
    registry.then(PUBLIC, Answer(RECORD, trickle="head"))
    assert client.check([SHOE], deadline_s=0.2).unavailable
    assert client.check([SHOE], deadline_s=5).unavailable is None


def test_a_dead_line_is_an_answer_and_not_an_exception(open_client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = open_client(f"http://127.0.0.1:{unused.getsockname()[1]}")
        answer = client.check([SHOE], deadline_s=2)
    assert answer.statuses == {}
    assert answer.unavailable.startswith("Connect")


@pytest.mark.parametrize("url", ["", "prod.markirovka.kz", "ftp://x", "http://"])
def test_a_base_url_that_is_none_is_refused_at_once(open_client, url):
    with pytest.raises(ValueError, match="address"):
        IsMptClient(url, "a", "b", now=lambda: 0, monotonic=time.monotonic, sleep=time.sleep, rng=random.Random(1))


@pytest.mark.parametrize(
    "answer",
    [
        Answer("", 500),
        Answer("<html>bad gateway</html>", 502),
        Answer("[]", 503),
        Answer("[]", 429),
        Answer(cut=True),
    ],
    ids=["500", "502", "503", "429", "cut"],
)
def test_an_interactive_check_asks_once_and_a_background_one_three_times(client, registry, clock, answer):
    registry.fallback[PUBLIC] = answer
    assert client.check([SHOE], deadline_s=5).unavailable
    assert (registry.count(PUBLIC), clock.slept) == (1, [])
    assert client.check_background([SHOE]).unavailable
    assert registry.count(PUBLIC) == 4
    first, second = clock.slept
    assert 0.1 <= first <= 0.2 <= second <= 0.4


def test_a_background_check_waits_as_long_as_the_server_asks(client, registry, clock):
    registry.then(PUBLIC, Answer("", 429, {"Retry-After": "7"}))
    assert client.check_background([SHOE]).unavailable is None
    assert 7.0 <= clock.slept[0] <= 7.1
    registry.then(PUBLIC, Answer("", 503, {"Retry-After": "3600"}))
    assert client.check_background([SHOE]).unavailable == "HTTP 503"
    assert len(clock.slept) == 1


@pytest.mark.parametrize("status", [301, 403, 404, 405, 406])
def test_a_refusal_that_will_not_change_is_not_repeated(client, registry, status):
    registry.fallback[PUBLIC] = Answer("denied", status)
    assert client.check_background([SHOE]).unavailable == f"HTTP {status}: denied"
    assert registry.count(PUBLIC) == 1


def test_a_page_with_status_200_is_no_answer(client, registry):
    registry.fallback[PUBLIC] = Answer("<html>pay for your internet</html>")
    assert client.check([SHOE], deadline_s=5).statuses == {}


def test_an_error_text_that_quotes_us_does_not_carry_the_token_on(client, registry):
    token = "b7f3c1d9e5"
    registry.fallback[LOGIN] = Answer(VECTORS["login_answer"].replace("A1", token))
    registry.fallback[PUBLIC] = Answer(f"rejected {token} with {SHOE}\x1d91KZF1", 403)
    assert client.check([SHOE], deadline_s=5).unavailable == f"HTTP 403: rejected *** with {SHOE}***"


def test_a_closed_client_answers_that_it_is_closed(client):
    client.close()
    assert client.check([SHOE], deadline_s=5).unavailable == "the client is closed"
