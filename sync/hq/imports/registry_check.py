"""check_registry: what the registry says now of our sold codes and of those that need a look.

The registry leaves out of its answer what it does not know, and sometimes what it does: a code that is missing is asked
once more by itself before it counts as not found. When the registry answers half of a batch and then nothing, the half
is kept, and the rest is asked when the check is begun again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine, select

from marking.statuses import CodeStatus, Status
from sync.hq.imports.ledger import (
    Counts,
    Imported,
    Kind,
    Ledger,
    ProgressTold,
    State,
    digest_of,
    progress_of,
    source_of,
)
from sync.hq.imports.records import standing_of_status
from sync.hq.imports.standings import land_standings
from sync.hq.lake.layout import AGENT, REGISTRY, Lake
from sync.hq.tables import exception
from sync.ismpt.answers import CheckAnswer
from sync.ismpt.ports import Registry

CHUNK_CODES = 1000
NS_PER_US = 1000


def check_registry(
    client: Registry,
    codes: Iterable[str],
    *,
    engine: Engine,
    lake: Lake,
    now: Callable[[], int],
    progress: ProgressTold | None = None,
    chunk_codes: int = CHUNK_CODES,
) -> Imported:
    """Ask about each code once and land the answers. A check of the same codes that did not end is gone on with.

    A registry that does not answer stops the check with the reason in `trouble`. Raises ImportBusy, OSError.
    """
    ledger = Ledger(engine, now)
    asked = sorted(set(codes) - {""})
    at = ledger.begin(Kind.REGISTRY_CHECK, f"check of {len(asked)} codes", digest_of(*asked), anew=True)
    done = int(at.position.get("done", 0))
    left = [str(ki) for ki in at.position.get("left", [])]
    size = int(at.position.get("chunk", chunk_codes))
    numbers = {ki: number for number, ki in enumerate(asked, 1)}
    if at.position:
        lake.remove(REGISTRY, _name(at))  # What a process that died left of this step.
    while True:
        chunk = left or asked[done : done + size]
        answer = _answered(client, chunk) if chunk else CheckAnswer({})
        seen = now() // NS_PER_US
        rows = [
            standing_of_status(answer.statuses[ki], observed_at=seen, source=source_of(at.id), row=numbers[ki])
            for ki in chunk
            if ki in answer.statuses
        ]
        remarks = land_standings(lake, rows, _name(at))
        done = done if left else min(done + size, len(asked))
        left = [ki for ki in chunk if ki not in answer.statuses]
        silent = answer.unavailable or ("the registry passed over codes it was asked about" if left else "")
        state = State.STOPPED if silent else State.DONE if done == len(asked) else State.RUNNING
        share = done / len(asked) if asked else 1.0
        position = {"done": done, "left": left, "chunk": size, "step": int(at.position.get("step", 0)) + 1}
        counts = Counts(rows_read=len(rows), taken=len(rows))
        at = ledger.advance(at, position, counts, remarks, state=state, share=share, trouble=silent)
        if progress is not None:
            progress(progress_of(at, share))
        if state is not State.RUNNING:
            return at


def codes_to_check(engine: Engine, lake: Lake, days: Iterable[dt.date]) -> list[str]:
    """Codes that tills sold or took back on these days, and those of every open case."""
    found: set[str] = set()
    for path in lake.files(AGENT, days):
        column = pq.read_table(path, columns=["ki"], partitioning=None)["ki"]
        found.update(pc.unique(column).to_pylist())
    with engine.connect() as db:
        found.update(db.scalars(select(exception.c.ki).where(exception.c.state == "open").distinct()))
    return sorted(found - {""})


def _answered(client: Registry, chunk: Sequence[str]) -> CheckAnswer:
    """One look, and a second one at what the first did not find."""
    first = client.check_background(chunk)
    missing = [ki for ki in chunk if _is_missing(first.statuses.get(ki))]
    if first.unavailable is not None or not missing:
        # A "not found" of a registry that broke off meanwhile is no word of its own.
        told = {ki: status for ki, status in first.statuses.items() if ki not in missing}
        return CheckAnswer(told, first.unavailable)
    second = client.check_background(missing)
    statuses = {**first.statuses, **second.statuses}
    if second.unavailable is not None:
        statuses = {ki: status for ki, status in statuses.items() if ki not in missing or ki in second.statuses}
    return CheckAnswer(statuses, second.unavailable)


def _is_missing(status: CodeStatus | None) -> bool:
    return status is not None and status.status is Status.NOT_FOUND


def _name(at: Imported) -> str:
    return f"{source_of(at.id)}-{int(at.position.get('step', 0)):08}"
