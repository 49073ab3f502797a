"""Logins and tokens: renewed in time, refreshed once, never hammered."""

from __future__ import annotations

import threading

import pytest
from ismpt_registry import (
    LOGIN,
    PUBLIC,
    RECORD,
    REFRESH,
    SHOE,
    VECTORS,
    WORKS,
    Answer,
)


def renewing(registry):
    registry.fallback[REFRESH] = Answer(VECTORS["login_answer"].replace("A1", WORKS).replace("R1", "R2"))


@pytest.mark.parametrize(
    "refusal", [Answer("", 401), Answer(VECTORS["inactive_token"], 403), Answer(VECTORS["inactive_token"])]
)
def test_a_refused_token_is_refreshed_once_and_the_call_repeated(client, registry, refusal):
    renewing(registry)
    registry.then(PUBLIC, refusal)
    assert client.check([SHOE], deadline_s=5).unavailable is None
    assert registry.paths() == [LOGIN, PUBLIC, REFRESH, PUBLIC]
    refresh, repeated = registry.seen[2:]
    assert (refresh.body, refresh.headers["Content-Type"]) == (
        VECTORS["refresh_request"],
        "application/x-www-form-urlencoded",
    )
    assert repeated.headers["Authorization"] == f"Bearer {WORKS}"


def test_a_session_that_is_over_is_replaced_by_one_login(client, registry):
    client.check([SHOE], deadline_s=5)
    registry.seen.clear()
    registry.fallback[REFRESH] = Answer("", 401)
    registry.then(PUBLIC, Answer("", 401))
    assert client.check([SHOE], deadline_s=5).unavailable is None
    assert registry.paths() == [PUBLIC, REFRESH, LOGIN, PUBLIC]


def test_a_registry_that_refuses_every_token_is_left_alone_for_a_minute(client, registry, clock):
    client.check([SHOE], deadline_s=5)
    renewing(registry)
    registry.fallback[PUBLIC] = Answer("", 401)
    registry.seen.clear()
    assert client.check([SHOE], deadline_s=5).unavailable.startswith("configuration")
    assert registry.paths() == [PUBLIC, REFRESH, PUBLIC, LOGIN, PUBLIC]
    assert client.check_background([SHOE]).unavailable.startswith("configuration")
    assert len(registry.seen) == 5
    clock.ahead += 61
    registry.fallback[PUBLIC] = Answer(RECORD)
    assert client.check([SHOE], deadline_s=5).unavailable is None


def test_a_wrong_password_is_tried_once_a_minute_and_never_quoted(open_client, registry, clock):
    client = open_client()
    registry.fallback[LOGIN] = Answer(VECTORS["wrong_password"].replace("{}", '{"you sent":"***!"}'), 400)
    for _ in range(5):
        assert "user-incorrect-login-or-password" in client.check([SHOE], deadline_s=5).unavailable
    assert registry.paths() == [LOGIN]
    clock.ahead += 61
    client.check([SHOE], deadline_s=5)
    assert registry.count(LOGIN) == 2


def test_a_login_that_fails_for_a_moment_is_tried_again(client, registry):
    registry.then(LOGIN, Answer("", 503))
    assert client.check_background([SHOE]).unavailable is None
    assert registry.paths() == [LOGIN, LOGIN, PUBLIC]


@pytest.mark.parametrize("token", ["", "with space", "line\\nbreak", "токен"])
def test_a_token_that_cannot_stand_in_a_header_is_no_token(client, registry, token):
    registry.fallback[LOGIN] = Answer(VECTORS["login_answer"].replace("A1", token))
    assert client.check([SHOE], deadline_s=5).unavailable == "login: the answer has no token"


def test_a_token_is_renewed_at_four_fifths_of_its_life(client, registry, clock):
    renewing(registry)
    client.check([SHOE], deadline_s=5)
    clock.ahead = 1435
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 0
    clock.ahead = 1445
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 1
    assert registry.seen[-1].headers["Authorization"] == f"Bearer {WORKS}"


@pytest.mark.parametrize("life", ['"soon"', "null", '"NaN"', "-1", "true", "1800000", "[]"])
def test_a_life_that_is_not_told_is_half_an_hour(client, registry, clock, life):
    registry.fallback[LOGIN] = Answer(VECTORS["login_answer"].replace('"1800000"', life))
    renewing(registry)
    client.check([SHOE], deadline_s=5)
    clock.ahead = 1435
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 0
    clock.ahead = 1445
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 1


def test_while_the_old_token_works_a_failed_renewal_costs_no_answer(client, registry, clock):
    client.check([SHOE], deadline_s=5)
    registry.fallback[REFRESH] = Answer(cut=True)
    clock.ahead = 1500
    for _ in range(3):
        assert client.check([SHOE], deadline_s=5).unavailable is None
    assert (registry.count(REFRESH), registry.count(LOGIN)) == (1, 1)


def test_threads_that_start_together_log_in_once(client, registry):
    start = threading.Barrier(4)
    answers = []

    def ask():
        start.wait()
        answers.append(client.check([SHOE], deadline_s=5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.unavailable for answer in answers] == [None] * 4
    assert (registry.count(LOGIN), registry.count(PUBLIC)) == (1, 4)
