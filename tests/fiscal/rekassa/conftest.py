"""A reKassa till that answers as a test scripts it: till 1042, shift 7 open, no documents, unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cloud_played import Played, Talk
from rekassa_talk import BASE, DOCUMENTS, LOGIN, TILL, till

SECRETS = {"rekassa_password": "integration", "rekassa_api_key": "partner key&", "rekassa_pin": "1234"}


@pytest.fixture
def played() -> Played:
    service = Played()
    service.always(LOGIN, {"id": 1042, "serialNumber": "RK00000001", "token": "the-token-of-the-till"})
    service.always(TILL, till())
    service.always(DOCUMENTS, {"page": {"totalElements": 0}})
    return service


@pytest.fixture
def open_at(played: Played) -> Iterator[Callable[..., Talk]]:
    opened: list[Talk] = []

    def open_(options: str = "", path: str = "") -> Talk:
        url = f"rekassa+https://app.rekassa.kz{path}?number=RK00000001&{options}"
        opened.append(Talk(played, BASE).open(url, SECRETS))
        return opened[-1]

    yield open_
    for talk in opened:
        talk.register.close()


@pytest.fixture
def talk(open_at: Callable[..., Talk]) -> Talk:
    return open_at()
