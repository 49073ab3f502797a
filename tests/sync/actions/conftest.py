"""Headquarters with open exceptions, a simulated registry, and a clock that only moves when told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from hq_office import SHOES, SHOP_PLACE, START_NS, Clock, Office
from sqlalchemy import Engine, insert

from hw_sim.inprocess import SimTransport
from hw_sim.ismpt import Account, Code, Ismpt
from sync.hq.actions import schema as _actions  # noqa: F401 - its tables join the metadata
from sync.hq.schema import metadata
from sync.hq.tables import place
from sync.ismpt.documents import DocumentClient
from sync.ismpt.profile import XTRACE_KZ, Profile


@pytest.fixture
def clock() -> Clock:
    return Clock(START_NS)


@pytest.fixture
def registry(clock: Clock) -> Ismpt:
    codes = [Code(ki, "04870000000104") for ki in SHOES]
    return Ismpt(clock.now, random.Random(1), codes, [Account("office", "secret")])


@pytest.fixture
def open_client(registry: Ismpt, clock: Clock) -> Iterator[Callable[..., DocumentClient]]:
    opened = []

    def make(profile: Profile = XTRACE_KZ) -> DocumentClient:
        client = DocumentClient(
            "https://test.markirovka.kz",
            "office",
            "secret",
            transport=SimTransport(registry, clock.sleep),
            now=clock.now,
            monotonic=clock.monotonic,
            profile=profile,
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client: Callable[..., DocumentClient]) -> DocumentClient:
    return open_client()


@pytest.fixture
def office(engine: Engine, clock: Clock, client: DocumentClient) -> Office:
    metadata.create_all(engine)
    with engine.begin() as db:
        db.execute(
            insert(place).values(
                till="T1", shop="almaty-03", shop_name="Алматы 3", region="Алматы", business_place_id=SHOP_PLACE
            )
        )
        db.execute(
            insert(place).values(till="T9", shop="new", shop_name="Жаңа", region="Алматы", business_place_id=None)
        )
    return Office(engine, clock, client)
