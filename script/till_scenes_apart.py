"""States that register, headquarters and store IT bring about, for docs/till-page.md: a counter with headquarters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from till_stage import Office, Stage

from fiscal.register import Waiting
from pos_agent.journal.database import DiskFull

HOUR_S = 3600


OFFICE = Office()


@contextmanager
def told(stage: Stage, **status: Any) -> Iterator[None]:
    """The register tells that of itself, beside what it tells."""
    stage.counter.register_tells(**status)
    stage.look()
    try:
        yield
    finally:
        stage.counter.register_tells()
        stage.look()


def alone(stage: Stage) -> None:
    """The register works without its operator."""
    with told(stage, offline=True, offline_since=stage.counter.hours_ago(30)):
        stage.goods()
        stage.draw("autonomous")
    with told(stage, offline=True):
        stage.draw("autonomous-since")
    stage.counter.sim.webkassa.faults.add("offline_over_72h")
    with told(stage, offline=True, offline_since=stage.counter.hours_ago(72.5)):
        stage.draw("autonomous-over")
        stage.pay()
        stage.tone("bad")
        stage.draw("autonomous-refused")
        stage.keys.enter()
    stage.counter.sim.webkassa.faults.clear()


def of_the_register(stage: Stage) -> None:
    with told(stage, clock_at=stage.counter.hours_ago(2)):
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
