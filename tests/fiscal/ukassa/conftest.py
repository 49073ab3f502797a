"""A uKassa till that answers as a test scripts it: shift 7 open with one sale, unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cloud_played import Played, Talk
from ukassa_talk import BASE, LOGIN, OPERATION, OPERATIONS, SHIFTS, X, operation, report, row, shifts, user

URL = "ukassa+https://ukassa.kz?hashline=UK00000001&kassa=3868&section=5&email=till@example.kz"


@pytest.fixture
def played() -> Played:
    service = Played()
    service.always(LOGIN, user())
    service.always(SHIFTS, shifts((6, False), (7, True)))
    service.always(X, report())
    service.always(OPERATIONS, [row()])
    service.always(OPERATION, operation())
    return service


@pytest.fixture
def open_at(played: Played) -> Iterator[Callable[..., Talk]]:
    opened: list[Talk] = []

    def open_(options: str = "") -> Talk:
        opened.append(Talk(played, BASE).open(f"{URL}&{options}", {"ukassa_password": "integration"}))
        return opened[-1]

    yield open_
    for talk in opened:
        talk.register.close()


@pytest.fixture
def talk(open_at: Callable[..., Talk]) -> Talk:
    return open_at()
