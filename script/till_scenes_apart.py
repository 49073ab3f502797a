"""States that register, headquarters and store IT bring about, for docs/till-page.md: a counter with headquarters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
from till_stage import Stage

from fiscal.register import Waiting
from pos_agent.clock import NS_PER_S
from pos_agent.journal.database import DiskFull

HOUR_S = 3600


class Office:
    """Headquarters, as far as a delivery sees it."""

    status = 503

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, stream=httpx.ByteStream(b"{}"))


OFFICE = Office()


@contextmanager
def told(stage: Stage, **status: Any) -> Iterator[None]:
    """The register tells that of itself, beside what it tells."""
    register: Any = stage.counter.agent.register
    own = register.status
    register.status = lambda: replace(own(), **status)
    stage.look()
    try:
        yield
    finally:
        del register.status
        stage.look()


def ago(stage: Stage, hours: float) -> str:
    seconds = stage.counter.clock.now_ns() / NS_PER_S - hours * HOUR_S
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def alone(stage: Stage) -> None:
    """The register works without its operator."""
    with told(stage, offline=True, offline_since=ago(stage, 30)):
        stage.goods()
        stage.draw("autonomous")
    with told(stage, offline=True):
        stage.draw("autonomous-since")
    stage.counter.sim.webkassa.faults.add("offline_over_72h")
    with told(stage, offline=True, offline_since=ago(stage, 72.5)):
        stage.draw("autonomous-over")
        stage.pay()
        stage.tone("bad")
        stage.draw("autonomous-refused")
        stage.keys.enter()
    stage.counter.sim.webkassa.faults.clear()


def of_the_register(stage: Stage) -> None:
    with told(stage, clock_at=ago(stage, 2)):
        stage.draw("register-clock")
    with told(stage, waits_for=Waiting.PERSON):
        stage.draw("register-waits")


def of_the_office(stage: Stage) -> None:
    delivery = stage.counter.agent.delivery
    assert delivery is not None  # noqa: S101 - for the type checker
    for status, name in ((503, "office-away"), (401, "office-refuses")):
        OFFICE.status = status
        stage.counter.clock.sleep(HOUR_S / 2)  # It is tried again only then.
        delivery.step()
        stage.look()
        stage.draw(name)


def of_store_it(stage: Stage) -> None:
    stage.counter.agent.scan_test.start("Ерлан, ноутбук")
    stage.look()
    stage.draw("scan-test")
    stage.counter.agent.scan_test.stop()


def no_room(stage: Stage) -> None:
    journal: Any = stage.counter.agent.journal
    own = journal.append

    def full(*_events: object) -> None:
        raise DiskFull("the disk is full")

    journal.append = full
    stage.scan(stage.counter.unit().text, "bad")
    stage.look()
    stage.draw("disk-full")
    journal.append = own


APART: Sequence[Callable[[Stage], None]] = (alone, of_the_register, of_the_office, of_store_it, no_room)
