"""What three witnesses say of a few units, written by hand: a shop, its tills, and a lake of it."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sync.hq.lake.layout import Lake, to_arrow
from sync.hq.reconcile.facts import DAY_US, HOUR_US, MINUTE_US, Facts
from sync.hq.reconcile.run import Result, reconcile
from sync.hq.witness import US_PER_S, Line, Operation, Receipt, Standing, UnitStatus, day_of
from sync.zone import ZONE

GTIN = "04870004001234"
OTHER_GTIN = "04870004005678"
TABLES = ("agent", "ofd", "registry", "agent_receipt", "ofd_receipt")
REGISTERS = {"R1": "almaty-1", "R2": "almaty-2", "R3": "oral-1"}
SHOPS = {"almaty-1": "almaty", "almaty-2": "almaty", "oral-1": "oral"}


def at(day: int, hour: int = 12, minute: int = 0, second: int = 0) -> int:
    """A moment of November 2026 in Kazakhstan, as UTC microseconds."""
    return int(dt.datetime(2026, 11, day, hour, minute, second, tzinfo=ZONE).timestamp()) * US_PER_S


def code(number: int, gtin: str = GTIN) -> str:
    """Serial numbers that differ in more than two places, as those of real units do."""
    return f"01{gtin}21{random.Random(number).getrandbits(52):013x}"


NOW = at(10)


def facts(**other: Any) -> Facts:
    known = {
        "now": NOW,
        "delivered": dict.fromkeys(SHOPS, NOW),
        "registers": REGISTERS,
        "shops": SHOPS,
    }
    return Facts(**(known | other))


@dataclass(frozen=True)
class Unit:
    ki: str
    sum_tiyn: int = 50_000
    gtin: str = GTIN


@dataclass
class Told:
    """Rows of all witnesses; `receipt` and `stands` add what all agree on, and the lists are there to be spoilt."""

    agent: list[Line] = field(default_factory=list)
    ofd: list[Line] = field(default_factory=list)
    agent_receipt: list[Receipt] = field(default_factory=list)
    ofd_receipt: list[Receipt] = field(default_factory=list)
    registry: list[Standing] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def receipt(
        self,
        *units: Unit,
        when: int,
        register: str = "R1",
        sign: str | None = None,
        operation: Operation = Operation.SALE,
        shift: int = 1,
        drift: int = 0,
        offline: bool = False,
        witnesses: str = "agent ofd",
    ) -> str:
        number = self.numbers[register] = self.numbers.get(register, 0) + 1
        named = sign or f"{register}-{number:06}"
        till = REGISTERS.get(register, "")
        head = Receipt(
            day_of(when), operation, when, when + drift, till, register, shift, number, named,
            sum(unit.sum_tiyn for unit in units), len(units), offline, "journal", number,
        )  # fmt: skip
        lines = [
            Line(
                day_of(when), unit.ki, unit.gtin, operation, when, till, register, shift, number, named, place,
                unit.sum_tiyn, "journal", number,
            )
            for place, unit in enumerate(units, 1)
        ]  # fmt: skip
        if "agent" in witnesses:
            self.agent_receipt.append(head)
            self.agent.extend(lines)
        if "ofd" in witnesses:
            self.ofd_receipt.append(replace(head, till="", source="file", noted_at=when))
            self.ofd.extend(replace(line, till="", source="file") for line in lines)
        return named

    def stands(
        self,
        unit: Unit,
        status: UnitStatus,
        *,
        since: int,
        seen: int,
        day: dt.date | None = None,
        expires: int = 0,
        gtin: str | None = None,
    ) -> None:
        self.registry.append(
            Standing(
                day or day_of(since or seen), unit.ki, unit.gtin if gtin is None else gtin, status, status.value,
                since, expires, seen, "api", 0,
            )
        )  # fmt: skip

    def sold(self, *units: Unit, when: int, **other: Any) -> str:
        """Sold, fiscalised and withdrawn: nothing to be found."""
        named = self.receipt(*units, when=when, **other)
        for unit in units:
            self.stands(unit, UnitStatus.WITHDRAWN, since=when + MINUTE_US, seen=when + DAY_US + HOUR_US)
        return named

    def apart(self, number: int) -> Told:
        """The same with codes, signs and shifts of its own, so that many stories lie in one lake."""

        def line(one: Line) -> Line:
            return replace(one, ki=one.ki and own(one.ki), sign=f"{number}:{one.sign}", shift=number)

        def head(one: Receipt) -> Receipt:
            return replace(one, sign=f"{number}:{one.sign}", shift=number)

        def own(ki: str) -> str:
            return f"{ki}{number:03}"

        return Told(
            [line(one) for one in self.agent],
            [line(one) for one in self.ofd],
            [head(one) for one in self.agent_receipt],
            [head(one) for one in self.ofd_receipt],
            [replace(one, ki=own(one.ki)) for one in self.registry],
        )

    def add(self, other: Told) -> None:
        for table in TABLES:
            getattr(self, table).extend(getattr(other, table))

    def write(self, root: Path, *, files: int = 1, shuffle: int = 0) -> Lake:
        lake = Lake(root)
        for table in TABLES:
            rows = list(getattr(self, table))
            random.Random(shuffle).shuffle(rows)
            for number in range(files):
                part: Iterable[Any] = rows[number::files]
                lake.write(table, to_arrow(part), f"part-{number}")
        return lake

    def compared(self, root: Path, days: tuple[dt.date, dt.date] | None = None, **other: Any) -> Result:
        engine = other.pop("engine", "duckdb")
        return reconcile(self.write(root), days, engine=engine, facts=facts(**other))


def found(result: Result) -> list[tuple[str, str]]:
    return [(str(one.kind), one.cause) for one in result.findings]
