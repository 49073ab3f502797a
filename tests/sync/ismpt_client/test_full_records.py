"""Full and short records, and redirects between them: followed once at most, without our secrets."""

from __future__ import annotations

import pytest
from ismpt_registry import (
    LOGIN,
    PACK,
    PRIVATE,
    PUBLIC,
    SHOE,
    VECTORS,
    Answer,
    Registry,
)

from marking.statuses import Status


def test_a_login_without_the_right_to_full_records_is_led_to_the_short_ones(open_client, registry):
    client = open_client(private=True)
    registry.fallback[PRIVATE] = Answer("", 307, {"Location": PUBLIC})
    for _ in range(2):
        assert client.check([SHOE], deadline_s=5).statuses[SHOE].status is Status.IN_CIRCULATION
    assert registry.paths() == [LOGIN, PRIVATE, PUBLIC, PUBLIC]
    led = registry.seen[2]
    assert (led.body, led.headers["Authorization"]) == (VECTORS["code_request"], "Bearer A1")


def test_the_full_look_up_names_the_owner_and_403_falls_back(open_client, registry):
    client = open_client(private=True)
    registry.then(PRIVATE, Answer(VECTORS["private_answer"]), Answer("", 403))
    assert client.check([PACK], deadline_s=5).statuses[PACK].owner_tin == "000000000000"
    assert client.check([SHOE], deadline_s=5).unavailable is None
    assert registry.paths() == [LOGIN, PRIVATE, PRIVATE, PUBLIC]


def test_the_token_is_not_shown_to_another_host(client, registry):
    elsewhere = Registry()
    try:
        registry.fallback[PUBLIC] = Answer("", 307, {"Location": elsewhere.url + PUBLIC})
        assert client.check([SHOE], deadline_s=5).statuses[SHOE].status is Status.IN_CIRCULATION
        assert "Authorization" not in elsewhere.seen[0].headers
        assert elsewhere.seen[0].body == VECTORS["code_request"]
        elsewhere.fallback[PUBLIC] = Answer("", 401)
        assert client.check([SHOE], deadline_s=5).unavailable == "HTTP 401"
        assert registry.count(LOGIN) == 1
    finally:
        client.close()
        elsewhere.close()


@pytest.mark.parametrize("location", [PUBLIC, "ftp://127.0.0.1/", "javascript:1", "https://", ""])
def test_a_redirect_is_followed_once_at_most(client, registry, location):
    registry.fallback[PUBLIC] = Answer("", 307, {"Location": location})
    assert client.check([SHOE], deadline_s=5).unavailable
    assert registry.count(PUBLIC) == (2 if location == PUBLIC else 1)


def test_the_password_is_not_led_anywhere(client, registry):
    registry.fallback[LOGIN] = Answer("", 307, {"Location": PUBLIC})
    assert "HTTP 307" in client.check([SHOE], deadline_s=5).unavailable
    assert registry.paths() == [LOGIN]
