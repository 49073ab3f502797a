"""The pages' ports over the lake: one unit's life, and how often the tills' caches decided."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
from sqlalchemy import Engine

from sync.hq.lake.layout import EVENT, Lake
from sync.hq.lake.life import life
from sync.hq.pages import formats
from sync.hq.pages.ports import CacheShare, LifeEvent
from sync.hq.witness import Line, Mention, Standing, Witness

# Only scans that needed a status: structure and the till's own records answer before any cache.
_SHARES = """
SELECT till, count(*), count(*) FILTER (json_extract_string(brief, '$.evidence') = 'cache')
FROM read_parquet($1, hive_partitioning = false)
WHERE kind = 'scan_judged' AND json_extract_string(brief, '$.evidence') IN ('cache', 'online')
GROUP BY till
"""


class LakeLives:
    """sync.hq.lake.life as the page shows it."""

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self._lake, self._engine = lake, engine

    def events(self, ki: str) -> Sequence[LifeEvent]:
        found = life(self._lake, self._engine, ki)
        told = [_event(moment.at, moment.witness, moment.row) for moment in found.moments]
        unmarked = [_line(Witness.OFD, line, "receipt_unmarked") for line in found.unmarked]
        # A sort that keeps equals in place: rows of one journal stay in the order of the journal.
        return sorted([*told, *unmarked], key=lambda event: event.at)


def _event(at: int, witness: Witness, row: Mention | Line | Standing) -> LifeEvent:
    if isinstance(row, Mention):
        return _mention(row)
    if isinstance(row, Line):
        return _line(witness, row, f"receipt_{row.operation}")
    times = (("status_at", row.status_at), ("expires_at", row.expires_at))
    facts = [("raw_status", row.raw_status)] if row.raw_status else []
    facts += [(name, formats.time_us(moment)) for name, moment in times if moment]
    return LifeEvent(at, str(witness), str(row.status), "", "", tuple(facts), row.source, row.source_row)


def _mention(row: Mention) -> LifeEvent:
    brief = json.loads(row.brief)
    who = str(brief.pop("cashier", ""))
    return LifeEvent(row.at, "agent", row.kind, row.till, who, tuple(_facts(brief)), "journal", row.number)


def _facts(brief: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in brief.items():
        if name.endswith("_tiyn") and isinstance(value, int):
            yield name.removesuffix("_tiyn"), formats.tenge(value)
        else:
            yield name, "✔" if value is True else str(value)


def _line(witness: Witness, row: Line, what: str) -> LifeEvent:
    facts = (("number", row.number), ("shift", row.shift), ("register", row.register), ("sign", row.sign))
    shown = [(name, str(value)) for name, value in facts if value]
    shown.append(("sum", formats.tenge(row.sum_tiyn)))
    return LifeEvent(row.at, str(witness), what, row.till, "", tuple(shown), row.source, row.source_row)


class LakeCoverage:
    """Counted once for each day as long as its files stay the same."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._days: dict[dt.date, tuple[tuple[Path, ...], Sequence[CacheShare]]] = {}

    def shares(self, first: dt.date, last: dt.date) -> Sequence[CacheShare]:
        asked: Counter[str] = Counter()
        known: Counter[str] = Counter()
        for day in self._lake.days(EVENT):
            if first <= day <= last:
                for share in self._of_day(day):
                    asked[share.till] += share.asked
                    known[share.till] += share.known
        return [CacheShare(till, asked[till], known[till]) for till in sorted(asked)]

    def _of_day(self, day: dt.date) -> Sequence[CacheShare]:
        files = tuple(self._lake.files(EVENT, [day]))
        kept = self._days.get(day)
        if kept is not None and kept[0] == files:
            return kept[1]
        with duckdb.connect() as db:
            rows = db.execute(_SHARES, [[str(path) for path in files]]).fetchall() if files else []
        counted = [CacheShare(*row) for row in rows]
        self._days[day] = (files, counted)
        return counted
