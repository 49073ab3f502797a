"""Units per day, till and shift, as the pages show them: the journal's lines, and what the other two say of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis

from sync.hq.reconcile.engine import Table
from sync.hq.reconcile.hot import CLASSES, GONE, OPEN, class_of

BY = ("day", "till", "shift")
NUMBERS = ("sold", "returned", "fiscalised", "at_operator", "withdrawn", "on_balance", "sum_tiyn")


@dataclass(frozen=True, slots=True)
class Count:
    day: dt.date
    till: str
    shift: int
    sold: int
    returned: int
    fiscalised: int  # Documents with a fiscal sign.
    at_operator: int
    withdrawn: int  # Of the units sold, by what the registry said last.
    on_balance: int
    sum_tiyn: int  # Sales less returns.


def counts(agent: Table, ofd: Table, registry: Table) -> Table:
    """Of lines with a mark. Parts of a lake may be counted one by one and added: a code lies in one bucket."""
    lines = agent.filter(agent["fp"] != agent["rfp"])
    arrived = ofd.select("fp", "rfp", "operation").distinct().mutate(arrived=ibis.literal(1, type="int64"))
    packed = registry["observed_at"] * CLASSES + class_of(registry["status"])
    newest = registry.group_by("fp").agg(newest=packed.max())
    lines = lines.left_join(arrived, ["fp", "rfp", "operation"]).drop("fp_right", "rfp_right", "operation_right")
    lines = lines.left_join(newest, "fp").drop("fp_right")
    sold = (lines["operation"] == 1).cast("int64")
    stands = lines["newest"] % CLASSES
    counted = lines.group_by(BY).agg(
        sold=sold.sum(),
        returned=(1 - sold).sum(),
        fiscalised=(lines["sign"] != "").cast("int64").sum(),
        at_operator=lines["arrived"].fill_null(0).sum(),
        withdrawn=(sold * (stands == GONE).fill_null(False).cast("int64")).sum(),
        on_balance=(sold * (stands == OPEN).fill_null(False).cast("int64")).sum(),
        sum_tiyn=(lines["operation"].cast("int64") * lines["sum_tiyn"]).sum(),
    )
    return counted.select(*BY, **{name: counted[name].cast("int64") for name in NUMBERS})
