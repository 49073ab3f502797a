"""What the killed processes of the filing test run. A module of its own, so that a forked child can import it."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

from sqlalchemy import event, select

from sync.hq.actions.filing import Filing, Pace
from sync.hq.actions.schema import document
from sync.hq.engine import open_engine
from sync.ismpt.documents import DocumentClient

UNDER_WAY = ("APPROVED", "SENDING", "SENT", "UNKNOWN_RESULT")


class HurriedClock:
    """The machine's clock plus what was skipped: nobody waits ten minutes between two questions."""

    def __init__(self) -> None:
        self.skipped_ns = 0

    def now(self) -> int:
        return time.time_ns() + self.skipped_ns

    def sleep(self, seconds: float) -> None:
        self.skipped_ns += round(seconds * 1_000_000_000)


def file_all(database: str, registry_url: str, kill_at: int, skipped_ns: int) -> None:
    """Work until nothing is under way. Statement `kill_at` of those that begin or end a transaction never runs."""
    engine = open_engine(database)
    count = 0

    def counted(_connection: Any) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "begin", counted)
    event.listen(engine, "commit", counted)
    clock = HurriedClock()
    clock.skipped_ns = skipped_ns
    client = DocumentClient(registry_url, "office", "secret", now=clock.now, monotonic=time.monotonic)
    filing = Filing(engine, client, now=clock.now, rng=random.Random(1), pace=Pace(lease_s=20.0, absent_s=0.0))
    while True:
        step = filing.step()
        if step.document is not None:
            continue
        with engine.connect() as db:
            states = db.execute(select(document.c.state).where(document.c.state.in_(UNDER_WAY))).all()
        if not states:
            break
        clock.sleep(60.0)
    client.close()
    engine.dispose()
