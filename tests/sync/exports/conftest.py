"""Headquarters with exceptions and documents, receivers on real sockets, and a deliverer on a clock of its own."""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hook_receiver import Receiver
from hq_office import SHOP_PLACE, START_NS, Clock, Office
from sqlalchemy import Engine, insert

from sync.hq.exports import schema as _exports
from sync.hq.exports.guard import Guard
from sync.hq.exports.webhooks import Deliverer, DeliveryPace, add
from sync.hq.schema import metadata
from sync.hq.tables import place
from sync.ismpt.deadline import DeadlineTransport

SECRET = b"secret-of-the-erp"
LOOPBACK = Guard(networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))


@pytest.fixture
def clock() -> Clock:
    return Clock(START_NS)


@pytest.fixture
def office(engine: Engine, clock: Clock) -> Office:
    metadata.create_all(engine)
    with engine.begin() as db:
        db.execute(
            insert(place).values(till="T1", shop="s", shop_name="Алматы 3", region="r", business_place_id=SHOP_PLACE)
        )
    return Office(engine, clock, None)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    opened = Receiver(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def open_deliverer(office: Office, clock: Clock, receiver: Receiver) -> Iterator[Callable[..., Deliverer]]:
    opened = []

    def make(guard: Guard = LOOPBACK, **pace: float) -> Deliverer:
        made = Deliverer(
            office.engine,
            guard,
            secret={"env:ERP": SECRET}.__getitem__,
            now=clock.now,
            monotonic=time.monotonic,
            rng=random.Random(len(opened)),
            pace=DeliveryPace(**pace),
            transport=DeadlineTransport(time.monotonic, admits=guard.admits, context=receiver.context),
        )
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.close()


@pytest.fixture
def deliverer(open_deliverer: Callable[..., Deliverer]) -> Deliverer:
    return open_deliverer()


@pytest.fixture
def hook(office: Office, receiver: Receiver, clock: Clock) -> Callable[..., int]:
    def make(*events: str, url: str = "", reference: str = "env:ERP") -> int:
        return add(
            office.engine,
            url or receiver.url(),
            secret=reference,
            events=events or ("exception.opened", "exception.healed", "exception.resolved"),
            who="Айгүл С.",
            now_ns=clock.now(),
            guard=LOOPBACK,
        )

    return make


@pytest.fixture
def delivered(office: Office) -> Callable[[], list[Any]]:
    def read() -> list[Any]:
        with office.engine.connect() as db:
            return list(db.execute(_exports.delivery.select().order_by(_exports.delivery.c.id)))

    return read
