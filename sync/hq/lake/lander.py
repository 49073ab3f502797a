"""From headquarters' rows to the lake: each content once, whatever dies on the way.

    1  the batch is fixed: which arrivals of which tills, under which name        committed
    2  its files are written, named after the batch                               a second time they replace themselves
    3  cursors, what waits, counts, what could not be read                        committed together

A crash before 1 changed nothing. One before 3 leaves a batch that is done again, from the same rows and the same
memory, into the same files. Many small tills share a batch: files follow rows, not tills.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from sync.hq.extract import Extractor
from sync.hq.journal_facts import Facts
from sync.hq.lake import anew
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, EVENT, REGISTRY
from sync.hq.lake.durable import make_folder
from sync.hq.lake.layout import Lake, to_arrow
from sync.hq.lake.memory import Batch, keep, next_batch, prepare, remembered, rows_of, waiting
from sync.hq.lake.parts import alone_in
from sync.hq.lake.placing import place

ROWS_MAX = 50_000  # Of a batch: some 100 MB of bodies, read one after the other.

Progress = Callable[[int, int], object]  # (contents landed, contents in all as far as known)


@dataclass(frozen=True, slots=True)
class Landed:
    """What one call brought into the lake."""

    batches: int = 0
    rows: int = 0
    lines: int = 0
    receipts: int = 0
    mentions: int = 0
    standings: int = 0
    unreadable: int = 0


def land(
    engine: Engine, lake: Lake, now_ns: int, progress: Progress | None = None, *, rows_max: int = ROWS_MAX
) -> Landed:
    """Land everything that has arrived. One landing at a time: another process waits until this one is done.

    Raises LakeAhead when the database was restored from an older copy (sync.hq.lake.anew), OSError and
    sqlalchemy.exc.SQLAlchemyError; what was not finished is done by the next call.
    """
    total = Landed()
    prepare(engine)
    make_folder(lake.root)
    with alone_in(lake.root):
        anew.finish(engine, lake)
        expected = waiting(engine)
        while (batch := next_batch(engine, rows_max, now_ns)) is not None:
            total = _added(total, _land(engine, lake, batch, now_ns))
            if progress is not None:
                progress(total.rows, max(total.rows, expected))
    return total


def _land(engine: Engine, lake: Lake, batch: Batch, now_ns: int) -> Landed:
    anew.check(lake, batch.id, again=batch.again)
    states = remembered(engine, [one.till for one in batch.ranges])
    facts, rows = Facts(), 0
    extractors = {till: Extractor(till, state, facts) for till, state in states.items()}
    for till, row in rows_of(engine, batch.ranges):
        extractors[till].take(row)
        rows += 1
    lake.write(AGENT, to_arrow(facts.lines), batch.name)
    lake.write(AGENT_RECEIPT, to_arrow(facts.receipts), batch.name)
    lake.write(EVENT, to_arrow(facts.mentions), batch.name)
    if batch.again:
        lake.remove(REGISTRY, batch.name)  # Lines may have come since, and a row's day with them.
    lake.write(REGISTRY, to_arrow(place(lake, facts.standings, decided=True)), batch.name)
    keep(engine, batch, states, facts, now_ns)
    return Landed(
        batches=1,
        rows=rows,
        lines=len(facts.lines),
        receipts=len(facts.receipts),
        mentions=len(facts.mentions),
        standings=len(facts.standings),
        unreadable=len(facts.unreadable),
    )


def _added(one: Landed, other: Landed) -> Landed:
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in Landed.__dataclass_fields__})
