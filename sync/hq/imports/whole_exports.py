"""How far the registry is known as a whole: up to when a code that no export holds is none of its codes."""

from __future__ import annotations

import json

from sqlalchemy import Engine, select

from sync.hq.imports.ledger import Kind, State, imports


def complete_to(engine: Engine, age_us: int) -> int:
    """Every code of ours that the registry had at this time is known, UTC microseconds; 0 where no such export is in.

    Counts: a file a person fetched from the cabinet, read to its end, and no row of it refused, for that could have
    been the code. An export ordered here is of one GTIN and says nothing of others. The file may be `age_us` older than
    its import.
    """
    ended = (
        select(imports.c.position)
        .where(
            imports.c.kind == Kind.REGISTRY_EXPORT.value,
            imports.c.state == State.DONE.value,
            imports.c.refused == 0,
            imports.c.taken > 0,
        )
        .order_by(imports.c.id.desc())
    )
    with engine.connect() as db:
        found = [json.loads(text) for text in db.scalars(ended)]
    whole = [int(position["observed"]) for position in found if "order" not in position]
    return max(0, max(whole, default=0) - age_us)
