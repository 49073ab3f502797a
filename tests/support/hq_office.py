"""The controller's side of headquarters: exceptions by hand, decisions, and a filing worker that is turned."""

from __future__ import annotations

import datetime as dt
import math
import random
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, func, insert, select, update

from sync.hq.actions.filing import Filing
from sync.hq.actions.outbox import approve
from sync.hq.actions.schema import code, document
from sync.hq.kinds import KINDS, Kind
from sync.hq.tables import exception, exception_event

NS = 1_000_000_000
DAY = dt.date(2026, 11, 23)
SOLD_AT = int(dt.datetime(2026, 11, 23, 11, 55, 37, tzinfo=dt.UTC).timestamp()) * 1_000_000
START_NS = int(dt.datetime(2026, 11, 24, 4, 0, tzinfo=dt.UTC).timestamp()) * NS
SHOP_PLACE = 1001
SHOES = [f"0104870000000104213kZ7q_W<2hT{n:03d}" for n in range(12)]
UNDER_WAY = ("APPROVED", "SENDING", "SENT", "UNKNOWN_RESULT")


@dataclass
class Clock:
    at_ns: int

    def now(self) -> int:
        return self.at_ns

    def monotonic(self) -> float:
        return self.at_ns / NS

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


class Office:
    def __init__(self, engine: Engine, clock: Clock, client: Any) -> None:
        self.engine = engine
        self.clock = clock
        self.client = client
        self.filing = Filing(engine, client, now=clock.now, rng=random.Random(4))

    def case(self, ki: str, kind: Kind = Kind.SOLD_NOT_WITHDRAWN, **values: Any) -> int:
        """An open exception."""
        row = {
            "kind": str(kind),
            "subject": f"{ki}|R1|{values.get('sign', 'S1')}",
            "state": "open",
            "severity": str(KINDS[kind].severity),
            "cause": "still-in-circulation",
            "ki": ki,
            "gtin": ki[2:16] if ki.startswith("01") else ki[:14],
            "day": DAY,
            "region": "Алматы",
            "shop": "almaty-03",
            "till": "T1",
            "register": "R1",
            "shift": 154,
            "number": 28,
            "sign": "S1",
            "at": SOLD_AT,
            "ours_tiyn": 0,
            "theirs_tiyn": 0,
            "other": "",
            "status": "IN_CIRCULATION",
            "status_at": 0,
            "due_at": 0,
            "owner": "",
            "first_seen_ns": self.clock.now(),
            "last_seen_ns": self.clock.now(),
            "run": 1,
            **values,
        }
        with self.engine.begin() as db:
            number: int = db.execute(insert(exception).values(**row).returning(exception.c.id)).scalar_one()
            db.execute(_event(number, self.clock.now(), "opened"))
        return number

    def close(self, number: int, state: str = "healed") -> None:
        with self.engine.begin() as db:
            db.execute(update(exception).where(exception.c.id == number).values(state=state))
            db.execute(_event(number, self.clock.now(), state))

    def reopen(self, number: int) -> None:
        with self.engine.begin() as db:
            db.execute(update(exception).where(exception.c.id == number).values(state="open"))
            db.execute(_event(number, self.clock.now(), "reopened"))

    def approve(self, *numbers: int) -> None:
        for number in numbers:
            approve(self.engine, number, who="Айгүл С.", why="чек 28 пробит, выбытия нет", now_ns=self.clock.now())

    def row(self, number: int) -> Row[Any]:
        with self.engine.connect() as db:
            return db.execute(select(document).where(document.c.id == number)).one()

    def state(self, number: int) -> str:
        return str(self.row(number).state)

    def states(self) -> dict[int, str]:
        with self.engine.connect() as db:
            return dict(db.execute(select(document.c.id, document.c.state)).all())

    def codes(self, number: int) -> dict[str, str]:
        with self.engine.connect() as db:
            rows = db.execute(select(code.c.ki, code.c.state).where(code.c.document == number))
            return dict(rows.all())

    def work(self, hours: float = 2.0) -> None:
        """Let the worker turn for so long; turns at which nothing is due are passed over."""
        self.work_with(self.filing, hours)

    def work_with(self, filing: Filing, hours: float = 2.0) -> None:
        until = self.clock.at_ns + round(hours * 3600 * NS)
        while self.clock.at_ns < until:
            step = filing.step()
            with self.engine.connect() as db:
                due_ns = db.execute(
                    select(func.min(document.c.next_ns)).where(document.c.state.in_(UNDER_WAY))
                ).scalar()
            if due_ns is None:
                return
            if step.document is None:
                turns = (min(due_ns, until) - self.clock.at_ns) / NS / step.next_in_s
                self.clock.sleep(max(1, math.ceil(turns)) * step.next_in_s)


def _event(number: int, at_ns: int, what: str) -> Any:
    return insert(exception_event).values(exception=number, at_ns=at_ns, who="", what=what, detail="")
