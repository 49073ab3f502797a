"""First pass: which codes have to be looked at, from fingerprints and numbers alone.

The rule is one of agreement, and errs on the side of looking: a code passes only when the journal and the operator each
have exactly one line of it, both of the same sale, receipt, sum and GTIN, and nothing the registry ever said of it can
be held against that sale. A code only the registry knows passes unless it stands withdrawn. Everything else, returns
and second sales with it, goes to the second pass (sync.hq.reconcile.judgement), which decides.

Lines without a mark are filed under their receipt (fp = rfp) and are looked up there when a receipt needs them.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from sync.hq.reconcile.engine import DAY_US, Table, Value, number, only_date
from sync.hq.reconcile.facts import Facts
from sync.hq.witness import UnitStatus

HARMLESS, OPEN, GONE = 0, 1, 2
CLASS_OF = {
    UnitStatus.ISSUED: OPEN,
    UnitStatus.APPLIED: OPEN,
    UnitStatus.IN_CIRCULATION: OPEN,
    UnitStatus.NOT_FOUND: OPEN,
    UnitStatus.WITHDRAWN: GONE,
}
"""Of what the registry says last: still to be withdrawn, withdrawn; the rest says nothing against a sale."""
BLOCKED = (UnitStatus.WITHDRAWN, UnitStatus.WRITTEN_OFF)
CLASSES = 4  # A standing is packed as time x CLASSES + class: one maximum then gives the newest.

OURS, THEIRS, RETURNED = 1, 1 << 20, 1 << 40  # Lines of one code in one number: one sum instead of three.

LINE_COLUMNS = ("fp", "rfp", "operation", "at", "sum_tiyn", "gtin")
STANDING_COLUMNS = ("fp", "gtin", "status", "status_at", "expires_at", "observed_at")


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of Facts this pass needs."""

    grace: int
    skew: int
    complete_to: int

    @classmethod
    def of(cls, facts: Facts) -> Limits:
        limits = facts.thresholds
        return cls(limits.withdrawal_grace_us, limits.skew_us, facts.registry_complete_to)


def dirty(agent: Table, ofd: Table, registry: Table, limits: Limits) -> Table:
    """Fingerprints (`fp`, distinct) of the codes that do not pass."""
    told = ibis.union(
        _lines(agent, sale=OURS), _lines(ofd, sale=THEIRS), _standings(registry, limits.skew), distinct=False
    )
    units = told.group_by("fp").agg(
        lines=told["lines"].sum(),
        receipt_low=told["rfp"].min(),  # Not bit_xor: Ibis does not tell it to Spark.
        receipt_high=told["rfp"].max(),
        sum_low=told["sum_tiyn"].min(),
        sum_high=told["sum_tiyn"].max(),
        gtin_low=told["gtin"].min(),
        gtin_high=told["gtin"].max(),
        at=told["at"].max(),
        newest=told["newest"].max(),
        blocked=told["blocked"].min(),
        expired=told["expired"].min(),
    )
    held = ibis.ifelse(units["lines"] > 0, _against_sale(units, limits), units["newest"] % CLASSES == GONE)
    return units.filter(held.fill_null(True)).select("fp")


def _against_sale(units: Table, limits: Limits) -> Value:
    still_open = (units["newest"] % CLASSES == OPEN) & (units["newest"] >= (units["at"] + limits.grace) * CLASSES)
    return (
        (units["lines"] != OURS + THEIRS)
        | (units["receipt_low"] != units["receipt_high"])
        | (units["sum_low"] != units["sum_high"])
        | (units["gtin_low"] != units["gtin_high"]).fill_null(False)
        | still_open.fill_null(False)
        | (units["newest"].isnull() & (units["at"] <= limits.complete_to))
        | (units["blocked"] < units["at"]).fill_null(False)
        | (units["expired"] <= units["at"]).fill_null(False)
    )


def _lines(lines: Table, *, sale: int) -> Table:
    marked = lines.filter(lines["fp"] != lines["rfp"])
    nothing = ibis.null("int64")
    return marked.select(
        fp=marked["fp"],
        lines=ibis.ifelse(marked["operation"] == 1, number(sale), number(RETURNED)),
        rfp=marked["rfp"],
        at=marked["at"] if sale == OURS else nothing,
        sum_tiyn=marked["sum_tiyn"],
        gtin=_as_number(marked["gtin"]),
        newest=nothing,
        blocked=nothing,
        expired=nothing,
    )


def _standings(registry: Table, skew: int) -> Table:
    nothing = ibis.null("int64")
    return registry.select(
        fp=registry["fp"],
        lines=number(0),
        rfp=nothing,
        at=nothing,
        sum_tiyn=nothing,
        gtin=_as_number(registry["gtin"]),
        newest=registry["observed_at"] * CLASSES + class_of(registry["status"]),
        blocked=blocked_to(registry, skew),
        expired=ibis.ifelse(registry["expires_at"] == 0, nothing, expired_from(registry["expires_at"])),
    )


def _as_number(gtin: Value) -> Value:
    """Numbers are compared many times faster than texts. Not told: null; no number: one that agrees with none."""
    return ibis.ifelse(gtin == "", ibis.null("int64"), gtin.try_cast("int64").fill_null(number(-1)))


def class_of(status: Value) -> Value:
    return status.cases(
        *((str(one), ibis.literal(value, type="int64")) for one, value in CLASS_OF.items()),
        else_=ibis.literal(HARMLESS, type="int64"),
    )


def blocked_to(registry: Table, skew: int) -> Value:
    """Sales later than this came after the block; null where there is none. A bare date may be any time of its day."""
    known = registry["status_at"] != 0
    since = ibis.ifelse(known, registry["status_at"], registry["observed_at"])
    slack = ibis.ifelse(known & only_date(registry["status_at"]), number(DAY_US), number(skew))
    return ibis.ifelse(registry["status"].isin([str(one) for one in BLOCKED]), since + slack, ibis.null("int64"))


def expired_from(expires_at: Value) -> Value:
    """First moment a unit may no longer be sold. A bare date is good to its end."""
    return ibis.ifelse(only_date(expires_at), expires_at + DAY_US, expires_at)


def elsewhere(day: Table, others: list[Table]) -> Table:
    """Fingerprints of `day` that other days have too (`fp`, `day`): looked at whatever they look like here."""
    return ibis.union(*(other.select("fp", "day") for other in others), distinct=False).semi_join(day, "fp").distinct()
