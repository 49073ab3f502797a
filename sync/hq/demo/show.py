"""The made-up chain played against headquarters as it is: collector over HTTP, landing, imports, comparison, cases.

trade       three days of journals delivered, operators' files and the registry's export imported
first look  the morning after: what waits is there beside what is wrong
the rest    tills that were cut off for 72 hours deliver, late receipts and withdrawals arrive
last look   what healed has closed itself; what is left is what was planted
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from sync.hq.comparing import compare, fill_places
from sync.hq.demo.delivery import Wire
from sync.hq.demo.goods import Till
from sync.hq.demo.journals import NS, Journal, write_journals
from sync.hq.demo.numbering import Registry, number
from sync.hq.demo.operators import MAPPINGS, write_files
from sync.hq.demo.planting import Case, Planted, plant
from sync.hq.demo.registry import write_export
from sync.hq.demo.story import Story, plain_story
from sync.hq.demo.timeline import HOUR, MINUTE, timeline
from sync.hq.demo.told import said
from sync.hq.demo.vendor import vendor
from sync.hq.finding import Finding
from sync.hq.imports import State, import_export_file, import_file, import_webkassa, load_mappings
from sync.hq.lake.lander import land
from sync.hq.lake.layout import Lake
from sync.hq.tables import exception

Key = tuple[str, str, str]  # Kind, cause, subject.
Tell = Callable[[str, str, str], None]  # A step begins or has ended: its name, Russian text, English text.


def silently(_step: str, _russian: str, _english: str) -> None:
    """For who does not listen."""


@dataclass(slots=True)
class Clock:
    """Headquarters' clock of the demo: it stands until it is moved. UTC nanoseconds."""

    ns: int

    def now(self) -> int:
        return self.ns


@dataclass(frozen=True, slots=True)
class World:
    """The chain, whole and known beforehand."""

    story: Story
    registry: Registry
    journals: list[Journal]
    planted: Planted
    digest: str  # Of all journals: the same seed gives the same.


def make_world(seed: int, shops: int, now: int) -> World:
    """Raises ValueError for a chain that is too small for everything that is planted."""
    story = plain_story(seed, shops, timeline(now))
    planted = plant(story, seed)
    number(story, seed)
    registry = Registry(story)
    journals = write_journals(story, registry)
    digest = hashlib.sha256(b"".join(journal.rows[-1].hash for journal in journals)).hexdigest()
    for case in [*planted.stays, *planted.heals]:
        if case.cause == "journal-rows":
            row = next(one.aside for one in journals if one.till is case.till)
            case.other = f"{row}-{row}"
    return World(story, registry, journals, planted, digest)


@dataclass(slots=True)
class Seen:
    """What both looks gave."""

    first: set[Key] = field(default_factory=set)
    last: set[Key] = field(default_factory=set)
    states: dict[Key, str] = field(default_factory=dict)  # Of the cases in the end.
    rows: dict[str, int] = field(default_factory=dict)


class Show:
    """Plays a world. `url` is where the collector on `engine` answers; `clock` is its clock."""

    def __init__(self, world: World, engine: Engine, lake: Lake, folder: Path, clock: Clock, url: str, seed: int):
        self._world, self._engine, self._lake, self._clock = world, engine, lake, clock
        self._folder = folder
        self.wire = Wire(url, seed)
        self.seen = Seen()
        self._mappings = load_mappings(MAPPINGS)

    def play(self, tell: Tell = silently) -> Seen:
        story, when = self._world.story, self._world.story.timeline
        fill_places(self._engine, [place_of(till) for till in story.tills])
        self._trade(tell)
        self.seen.first = self._look(tell, "first-look", when.first_look)
        self._catch_up(tell)
        self.seen.last = self._look(tell, "last-look", when.now)
        self.seen.states = self._states()
        return self.seen

    def speak(self, count: int) -> None:
        """A heartbeat of every till that lives; `count` grows from one to the next."""
        for journal in self._world.journals:
            if journal.till is not self._world.story.silent:
                self.wire.heartbeat(journal, self._clock.now() // NS, count, shift=None, troubled=False)

    def close(self) -> None:
        self.wire.close()

    def _trade(self, tell: Tell) -> None:
        when = self._world.story.timeline
        tell("deliver", *said("step.deliver"))
        for day in range(len(when.days)):
            for journal in self._world.journals:
                until = when.moment(day + 1, 0)
                self._at(until)
                self.wire.deliver(journal, min(until, self._cut(journal.till, until)))
        self._at(when.first_look - 10 * MINUTE)
        for journal in self._world.journals:
            at = self._cut(journal.till, when.first_look - 10 * MINUTE)
            self.wire.deliver(journal, at)
            self._at(at)
            self.wire.heartbeat(journal, at, 1, shift=None, troubled=False)
        self._import(tell, "first", when.first_look)

    def _catch_up(self, tell: Tell) -> None:
        story, when = self._world.story, self._world.story.timeline
        tell("late", *said("step.late"))
        for journal in self._world.journals:
            is_silent = journal.till is story.silent
            until = self._cut(journal.till, when.now, late=False)
            self._at(when.back if journal.till in story.late else when.now - HOUR)
            self.wire.deliver(journal, until)
            if journal.till.name in story.released:
                self.wire.release(journal)
            if not is_silent:
                self._at(when.now - MINUTE)
                self.wire.heartbeat(journal, when.now - MINUTE, 2, shift=None, troubled=False)
        self._import(tell, "second", when.now)

    def _cut(self, till: Till, until: int, *, late: bool = True) -> int:
        """Up to when this till's rows get through."""
        story = self._world.story
        if till is story.silent:
            return min(until, story.silent_from)
        if late and till in story.late:
            return min(until, story.of(till)[0].at + 2 * MINUTE)
        return until

    def _import(self, tell: Tell, name: str, at: int) -> None:
        self._at(at - 5 * MINUTE)
        tell("land", *said("step.land"))
        land(self._engine, self._lake, self._clock.now())
        tell("import", *said("step.import"))
        world = self._world
        for mapping, path in write_files(world.story, world.registry, self._folder, at - 10 * MINUTE, name):
            done = import_file(path, self._mappings[mapping], engine=self._engine, lake=self._lake, now=self._clock.now)
            _require(done.state, done.trouble or f"{done.refused} rows refused", path, done.refused)
        with vendor(world.story, world.registry, self._clock.now) as link:
            cashbox = world.story.of_vendor.register
            for done in import_webkassa(link, cashbox, engine=self._engine, lake=self._lake, now=self._clock.now):
                _require(done.state, done.trouble, Path(done.name), done.refused)
        path = write_export(world.registry, self._folder / f"ismpt-{name}.zip", at - 5 * MINUTE)
        done = import_export_file(path, engine=self._engine, lake=self._lake, now=self._clock.now)
        _require(done.state, done.trouble, path, done.refused)

    def _look(self, tell: Tell, step: str, at: int) -> set[Key]:
        tell(step, *said("step.look"))
        self._at(at)
        compared = compare(self._engine, self._lake, self._clock.now())
        self.seen.rows = dict(compared.result.rows)
        found = keys(compared.result.findings)
        tell(step, *said("step.found", count=len(found)))
        return found

    def _at(self, at: int) -> None:
        self._clock.ns = at * NS

    def _states(self) -> dict[Key, str]:
        columns = exception.c
        query = select(columns.kind, columns.cause, columns.subject, columns.state)
        with self._engine.connect() as db:
            return {(kind, cause, subject): state for kind, cause, subject, state in db.execute(query)}


def place_of(till: Till) -> dict[str, Any]:
    shop = till.shop
    return {
        "till": till.name,
        "shop": shop.id,
        "shop_name": shop.name,
        "region": shop.region,
        "business_place_id": shop.business_place_id,
    }


def keys(findings: Iterable[Finding]) -> set[Key]:
    return {(str(one.kind), one.cause, one.subject) for one in findings}


def keys_of(cases: Iterable[Case], story: Story) -> set[Key]:
    return keys(case.finding(story) for case in cases)


def verdict(world: World, seen: Seen) -> dict[str, Any]:
    """What was planted and what was found, per kind and cause; `missing`, `extra` and `unhealed` name the cases."""
    stays, heals = (keys_of(cases, world.story) for cases in (world.planted.stays, world.planted.heals))
    missing, extra = stays - seen.last, seen.last - stays
    invented = seen.first - stays - heals
    not_opened = heals - seen.first
    unhealed = {key for key in heals if seen.states.get(key) != "healed"}
    wrong_state = {key for key in stays if seen.states.get(key) != "open"}
    return {
        "planted": _counted(stays),
        "found": _counted(seen.last),
        "missing": _named(missing),
        "extra": _named(extra | invented),
        "healing": {
            "planted": _counted(heals),
            "opened": _counted(heals & seen.first),
            "healed": _counted({key for key in heals if seen.states.get(key) == "healed"}),
            "not_opened": _named(not_opened),
            "not_healed": _named(unhealed),
        },
        "not_open": _named(wrong_state - missing),
        "equal": not (missing or extra or invented or not_opened or unhealed or wrong_state),
    }


def _counted(found: Iterable[Key]) -> dict[str, dict[str, int]]:
    """Kind -> cause -> cases."""
    counts = Counter((kind, cause) for kind, cause, _ in found)
    told: dict[str, dict[str, int]] = {}
    for (kind, cause), count in sorted(counts.items()):
        told.setdefault(kind, {})[cause] = count
    return told


def _named(found: Iterable[Key]) -> list[dict[str, str]]:
    return [
        {"kind": kind, "cause": cause, "subject": subject.replace("\x1f", "|")}
        for kind, cause, subject in sorted(found)
    ]


def _require(state: State, trouble: str, path: Path, refused: int) -> None:
    if state is not State.DONE or refused:
        raise RuntimeError(f"{path.name}: {state}: {trouble}")
