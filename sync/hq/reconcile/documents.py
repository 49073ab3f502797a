"""Units in documents, and where units stand: what the second pass judges.

A document of a unit is named by code, register, sign and operation, in the journal and at the operator alike; nothing
depends on whose clock said what, and rows told twice (two imports of one receipt) are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import pyarrow as pa

from sync.hq.lake.layout import SCHEMAS
from sync.hq.reconcile.engine import Engine, Table, Value, number, text
from sync.hq.reconcile.hot import blocked_to, class_of, expired_from

KEY = ("ki", "register", "sign", "operation")
RECEIPT = ("register", "sign")
SALE, RETURN = 1, -1


def _without(table: str, *unread: str) -> pa.Schema:
    return pa.schema([field for field in SCHEMAS[table] if field.name not in unread])


GATHERED: Mapping[str, pa.Schema] = {
    "agent": _without("agent", "source", "source_row"),
    "ofd": _without("ofd", "source", "source_row"),
    "registry": _without("registry", "raw_status", "source", "source_row"),
}
"""Columns of the rows that are gathered, `day` beside them: all that the second pass reads."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Whole rows of the codes that are looked at, from all days, and tables of Facts. See sync.hq.reconcile.run."""

    agent: Table
    ofd: Table
    registry: Table
    unmarked_ours: Table  # Lines without a mark of receipts in which a unit is not matched; the journal's ...
    unmarked_theirs: Table  # ... and the operator's.
    receipts_ours: Table  # Receipts of the journal (register, sign, offline) of those receipts.
    receipts_theirs: Table  # Receipts the operator has (register, sign), from his receipts or his lines.
    unsaid: Table  # Receipts (register, sign) the operator has without saying what was sold in them.
    registers: Table  # register, till
    tills: Table  # till, shop, delivered, doubt
    operators: Table  # register, through
    terms: Table  # day, due_at
    moves: Table  # mover, moved_at: cash put in and taken at a till, which spends numbers in some registers' count.


def documents(agent: Table, ofd: Table, registers: Table) -> Table:
    """One row per unit and document: who has it and what each says. The journal's word comes first."""
    told = ibis.union(_told(agent, ours=True), _told(ofd, ours=False), distinct=False)
    ours, theirs = told["ours"], ~told["ours"]

    def word(column: str) -> Value:
        return ibis.coalesce(told[column].max(where=ours), told[column].max(where=theirs))

    found = told.group_by(KEY).agg(
        in_agent=ours.cast("int64").max() == 1,
        in_ofd=theirs.cast("int64").max() == 1,
        day=word("day"),
        at=word("at"),
        till=ibis.coalesce(told["till"].max(where=ours), told["till"].max(where=theirs), text("")),
        shift=word("shift"),
        number=word("number"),
        line=word("line"),
        ours_tiyn=told["sum_tiyn"].max(where=ours).fill_null(0),
        theirs_tiyn=told["sum_tiyn"].max(where=theirs).fill_null(0),
        gtin_ours=told["gtin"].max(where=ours).fill_null(""),
        gtin_theirs=told["gtin"].max(where=theirs).fill_null(""),
    )
    known = registers.select("register", known_till=registers["till"])
    found = found.left_join(known, "register").drop("register_right")
    return found.mutate(
        till=ibis.ifelse(found["till"] == "", found["known_till"].fill_null(""), found["till"]),
        gtin=ibis.ifelse(found["gtin_ours"] == "", found["gtin_theirs"], found["gtin_ours"]),
    ).drop("known_till")


def believed(docs: Table, gathered: Gathered, *, trusting: bool) -> Table:
    """Adds `believed`: the operator cannot speak against the journal's unit, so its receipt is taken at its word.

    He has the receipt, but his list tells no marks; or, `trusting`, he told nothing of that register at all.
    """
    unsaid = gathered.unsaid.mutate(unsaid=ibis.literal(True))
    found = docs.left_join(unsaid, list(RECEIPT)).drop("register_right", "sign_right")
    heard = gathered.operators.select("register", heard=ibis.literal(True))
    found = found.left_join(heard, "register").drop("register_right")
    silent = ~found["heard"].fill_null(False) if trusting else ibis.literal(False)
    alone = found["in_agent"] & ~found["in_ofd"]
    return found.mutate(believed=alone & (found["unsaid"].fill_null(False) | silent)).drop("unsaid", "heard")


def _told(lines: Table, *, ours: bool) -> Table:
    marked = lines.filter(lines["ki"] != "")
    return marked.select(
        *KEY, "day", "at", "till", "shift", "number", "line", "sum_tiyn", "gtin", ours=ibis.literal(ours)
    )


@dataclass(frozen=True, slots=True)
class Stands:
    every: Table  # All standings, with `told_class`, `blocked`.
    newest: Table  # One row per code: ki, status, status_at, observed_at, gtin_registry, expired, blocked, told_day.


def standings(engine: Engine, registry: Table, skew: int) -> Stands:
    every = registry.select(
        "ki",
        "day",
        "gtin",
        "status",
        "status_at",
        "expires_at",
        "observed_at",
        told_class=class_of(registry["status"]),
        blocked=blocked_to(registry, skew),
    )
    every = engine.keep(every)
    return Stands(every, engine.keep(_newest(every)))


def _newest(every: Table) -> Table:
    found = latest(every)
    return found.select(
        "ki",
        "status",
        "status_at",
        "observed_at",
        "told_class",
        "blocked",
        gtin_registry=found["gtin"],
        told_day=found["day"],
        expired=ibis.ifelse(found["expires_at"] == 0, ibis.null("int64"), expired_from(found["expires_at"])),
    )


def latest(standing: Table) -> Table:
    """One standing per code, the same whatever order the rows came in."""
    order = [
        ibis.desc(standing[name])
        for name in ("observed_at", "told_class", "status", "status_at", "expires_at", "gtin", "day")
    ]
    ranked = standing.mutate(rank=ibis.row_number().over(group_by=standing["ki"], order_by=order))
    return ranked.filter(ranked["rank"] == 0).drop("rank")


def with_tills(found: Table, tills: Table) -> Table:
    """Adds `shop`, `delivered` and `doubt` of a row's till; of a till nobody knows "", 0 and null."""
    known = tills.select(known="till", shop="shop", delivered="delivered", doubt="doubt")
    joined = found.left_join(known, found["till"] == known["known"]).drop("known")
    return joined.mutate(shop=joined["shop"].fill_null(""), delivered=joined["delivered"].fill_null(number(0)))
