"""What headquarters does by itself while it serves: land, compare, keep the lake in few files; what goes outside is in
sync/hq/outside.py.

Each chore is a thread that works, says what it did in the log, and waits. A chore that fails says why and tries again
later; the others go on. All of them end soon after they are told to.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from sync.hq.comparing import compare
from sync.hq.config import Config
from sync.hq.imports import ImportBusy
from sync.hq.lake.compaction import tidy
from sync.hq.lake.lander import land
from sync.hq.lake.layout import SCHEMAS, Lake
from sync.hq.lake.parts import SUFFIX, WHOLE, LakeError, counting, current
from sync.secret_reference import SecretMissing
from sync.zone import ZONE

LAND_EVERY_S = 5.0
COMPARE_LOOK_S = 10.0
RETRY_S = 60.0
STOP_S = 120.0  # A comparison that is under way is waited for so long.
TABLES = ("agent", "agent_receipt", "ofd", "ofd_receipt", "registry")
# Of a day: what its files hold -> when it was written, 0 once compacted.
Contents = Mapping[tuple[Path, str], int]
log = logging.getLogger("pos-hq")


class Stopping(Exception):
    """The service ends: a comparison under way breaks off, and nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    run: Callable[[threading.Event], None]  # Until told to stop.


@contextmanager
def background(chores: Sequence[Chore]) -> Iterator[threading.Event]:
    """Run them beside whatever is done inside."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,), name=one.name, daemon=True) for one in chores]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        until = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                log.warning("%s did not end in %.0f s", thread.name, STOP_S)


def repeated(name: str, every_s: float, step: Callable[[threading.Event], object]) -> Chore:
    """A chore of one step, over and over."""

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            pause_s = every_s
            try:
                step(stop)
            except Stopping:
                return
            except (SQLAlchemyError, OSError, LakeError, ImportBusy, SecretMissing, RuntimeError) as error:
                log.error("%s: %s; again in %.0f s", name, str(error).splitlines()[0], RETRY_S)  # noqa: TRY400
                pause_s = max(every_s, RETRY_S)
            stop.wait(pause_s)

    return Chore(name, run)


def landing(engine: Engine, lake: Lake) -> Chore:
    def step(_stop: threading.Event) -> None:
        done = land(engine, lake, time.time_ns())
        if done.rows:
            log.info(
                "landed %d rows: %d lines, %d receipts, %d words of the registry; %d not understood",
                done.rows, done.lines, done.receipts, done.standings, done.unreadable,
            )  # fmt: skip

    return repeated("landing", LAND_EVERY_S, step)


def tidying(lake: Lake, config: Config) -> Chore:
    def step(stop: threading.Event) -> None:
        began, compacted = time.monotonic(), 0
        # Day by day, so that the service need not wait for a whole lake when it ends.
        for day in sorted({day for table in SCHEMAS for day in lake.days(table)}):
            if stop.is_set():
                break
            compacted += tidy(lake, time.time_ns(), [day])
        if compacted:
            log.info("tidied: %d days of tables made one file each, %.1f s", compacted, time.monotonic() - began)

    return repeated("tidy", config.hq.tidy_every_h * 3600, step)


def comparing(engine: Engine, lake: Lake, config: Config) -> Chore:
    timetable = Timetable(config, lake)

    def step(stop: threading.Event) -> None:
        days = timetable.due(dt.datetime.now(ZONE))
        if days is None:
            return

        def progress(stage: str, done: int, of: int) -> None:
            log.debug("compare: %s %d of %d", stage, done, of)
            if stop.is_set():
                raise Stopping

        began = time.monotonic()
        settings = config.reconcile
        found = compare(
            engine, lake, time.time_ns(), days=days, with_engine=settings.engine, thresholds=settings.thresholds,
            progress=progress, clock=time.time_ns, export_age_us=config.ismpt.export_age_us,
        ).result  # fmt: skip
        timetable.done(days)
        took_s = time.monotonic() - began
        log.info("compared %s to %s: %d cases, %.1f s", days[0], days[1], len(found.findings), took_s)

    return repeated("compare", min(COMPARE_LOOK_S, config.reconcile.on_arrival_min * 60), step)


@dataclass(slots=True)
class Timetable:
    """Which days are to be compared now: those something arrived for, and once a day all of the last weeks."""

    config: Config
    lake: Lake
    _seen: dict[dt.date, Contents] = field(default_factory=dict)  # As compared.
    _pending: dict[dt.date, Contents] = field(default_factory=dict)
    _next: dt.datetime | None = None  # Not before, for what arrived.
    _daily: dt.date | None = None  # Newest daily run.

    def due(self, now: dt.datetime) -> tuple[dt.date, dt.date] | None:
        settings = self.config.reconcile
        first = now.date() - dt.timedelta(days=settings.look_back_days - 1)
        found = {day: self._contents(day) for day in self._days() if first <= day <= now.date()}
        if not found:
            return None
        if self._daily != now.date() and now.time() >= settings.at:
            self._pending, self._daily = found, now.date()
            return min(found), max(found)
        changed = [day for day, held in found.items() if _differ(self._seen.get(day), held)]
        if not changed or (self._next is not None and now < self._next):
            return None
        self._next = now + dt.timedelta(minutes=settings.on_arrival_min)
        self._pending = {day: found[day] for day in found if min(changed) <= day <= max(changed)}
        return min(changed), max(changed)

    def done(self, days: tuple[dt.date, dt.date]) -> None:
        """What was there when the run began counts as compared; what came meanwhile does not."""
        self._seen |= {day: held for day, held in self._pending.items() if days[0] <= day <= days[1]}

    def _days(self) -> list[dt.date]:
        return sorted({day for table in TABLES for day in self.lake.days(table)})

    def _contents(self, day: dt.date) -> Contents:
        found: dict[tuple[Path, str], int] = {}
        for folder in (folder for table in TABLES for folder in self.lake.folders(table, [day])):
            for path in counting(folder):
                if not path.name.startswith(WHOLE):
                    found[folder, path.name.removesuffix(SUFFIX)] = path.stat().st_mtime_ns
            found |= {(folder, name): 0 for name in current(folder).names}
        return found


def _differ(seen: Contents | None, held: Contents) -> bool:
    """Whether something came, went or was written anew. What compaction only moved is the same."""
    if seen is None or seen.keys() != held.keys():
        return True
    return any(written not in (0, seen[name]) for name, written in held.items())
