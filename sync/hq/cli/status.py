"""`pos-hq status`: how headquarters is. Exit 0 well, 1 something waits or a till needs a person, 2 not to be told."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from sync.hq.cli.options import WARNED, ConfigOption, JsonOption, configured, opened

if TYPE_CHECKING:
    from sync.hq.config import Config
    from sync.hq.headquarters import Held

LATE_RUN_S = 26 * 3600.0  # A daily comparison, and two hours of grace.
BACKLOG_ROWS = 100_000


def status_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Tills, what waits to be landed, the last comparison, open cases."""
    settings = configured(config)
    with opened(settings) as held:
        facts = _facts(held, settings)
    facts["warnings"] = _warnings(facts)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for name, value in facts.items():
            typer.echo(f"{name:<14} {json.dumps(value, ensure_ascii=False)}")
    raise typer.Exit(WARNED if facts["warnings"] else 0)


def _facts(held: Held, config: Config) -> dict[str, Any]:
    from sqlalchemy import func, select

    from sync.hq import schema
    from sync.hq.actions.schema import document
    from sync.hq.lake.memory import waiting
    from sync.hq.pages.queries.exceptions import by_kind
    from sync.hq.pages.queries.fleet import tills
    from sync.hq.tables import run

    now_ns = time.time_ns()
    known = tills(held.engine, now_ns, config.tills.thresholds)
    with held.engine.connect() as db:
        rows = db.scalar(select(func.coalesce(func.sum(schema.till.c.arrival), 0)))
        heard_ns = db.scalar(select(func.max(schema.till.c.heard_ns)))
        newest = db.execute(select(run).where(run.c.ended_ns.is_not(None)).order_by(run.c.id.desc()).limit(1)).first()
        states = select(document.c.state, func.count()).group_by(document.c.state)
        documents = {row[0]: row[1] for row in db.execute(states)}
        cases = dict(by_kind(db))
    return {
        "tills": {"known": len(known), **Counter(str(one.standing.state) for one in known)},
        "rows": int(rows or 0),
        "newest_batch_age_s": None if heard_ns is None else round((now_ns - heard_ns) / 1e9),
        "waiting_rows": waiting(held.engine),
        "last_run": None if newest is None else {
            "id": newest.id, "engine": newest.engine, "first": str(newest.first_day), "last": str(newest.last_day),
            "age_s": round((now_ns - newest.ended_ns) / 1e9),
        },
        "open_cases": sum(cases.values()),
        "cases": cases,
        "documents": documents,
    }  # fmt: skip


def _warnings(facts: dict[str, Any]) -> list[str]:
    tills = facts["tills"]
    found = [f"{tills[state]} tills: {state}" for state in ("alarm", "silent") if tills.get(state)]
    if facts["waiting_rows"] > BACKLOG_ROWS:
        found.append(f"{facts['waiting_rows']} rows wait to be landed: is pos-hq serve running?")
    if facts["rows"] and (facts["last_run"] is None or facts["last_run"]["age_s"] > LATE_RUN_S):
        found.append("no comparison within a day")
    return found
