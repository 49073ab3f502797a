"""Whole receipts: numbers that are missing between others, and clocks that run apart."""

from __future__ import annotations

import ibis

from sync.hq.kinds import Kind
from sync.hq.reconcile.documents import with_tills
from sync.hq.reconcile.engine import Table, Value, number, text
from sync.hq.reconcile.facts import MINUTE_US, Facts
from sync.hq.witness import US_PER_S

COLUMNS = ("kind", "cause", "day", "till", "register", "shift", "number", "sign", "at", "other")


def gaps(agent: Table, ofd: Table, unsure: Table, registers: Table, tills: Table, moves: Table, facts: Facts) -> Table:
    """Numbers no witness has between two that one of them has, in one shift of one register.

    Some registers count cash moves in the same row, and tell no number of them. So no gap is where as many moves were
    made between the two receipts as numbers are missing there. `unsure`: of the same receipts, see there.

    Whatever stands behind the gap arrived, so the gap is no matter of waiting: unless only the operator has it and the
    till has not delivered up to it. Day, time and number are those of the receipt behind the gap.
    """
    told = ibis.union(_told(agent, unsure, ours=1), _told(ofd, unsure, ours=0), distinct=False)
    known = told.group_by("register", "shift", "number").agg(
        ours=told["ours"].max(),
        day=told["day"].max(),
        at=told["at"].max(),
        till=told["till"].max(),
        sign=told["sign"].max(),
    )
    window = ibis.window(group_by=[known["register"], known["shift"]], order_by=known["number"])
    known = known.mutate(before=known["number"].lag().over(window), before_at=known["at"].lag().over(window))
    behind = known.filter(known["number"] - known["before"] > 1)
    owners = registers.select("register", known_till="till")
    behind = behind.left_join(owners, "register").drop("register_right")
    behind = behind.mutate(till=ibis.ifelse(behind["till"] == "", behind["known_till"].fill_null(""), behind["till"]))
    behind = with_tills(behind, tills)
    behind = behind.filter(_arrived(behind, facts))
    between = behind.join(
        moves,
        [
            behind["till"] == moves["mover"],
            moves["moved_at"] >= behind["before_at"] - US_PER_S,
            moves["moved_at"] <= behind["at"] + US_PER_S,
        ],
    )
    key = ["register", "shift", "number"]
    moved = between.group_by(key).agg(moved=between.count())
    behind = behind.left_join(moved, key).drop(*(f"{name}_right" for name in key))
    behind = behind.filter(behind["number"] - behind["before"] - 1 > behind["moved"].fill_null(0))
    first, last = (behind["before"] + 1).cast("string"), (behind["number"] - 1).cast("string")
    return behind.select(
        kind=text(Kind.NUMBER_GAP), cause=text("receipt-numbers"), day="day", till="till", register="register",
        shift="shift", number="number", sign="sign", at="at", other=first.concat("-", last),
    )  # fmt: skip


def _arrived(behind: Table, facts: Facts) -> Value:
    """What stands behind the gap is here whole: the till's own word, or it has delivered up to there."""
    limits = facts.thresholds
    unowned = (behind["till"] == "") & (number(facts.now) - behind["at"] >= limits.late_us)
    delivered = (behind["till"] != "") & (behind["delivered"] >= behind["at"] + limits.skew_us)
    return (behind["ours"] == 1) | unowned | delivered


def unsure(agent: Table, ofd: Table) -> Table:
    """Shifts that may have a gap: those whose numbers in the journal are not a row from end to end of what anybody has.

    Told by count and sum, which a number told twice in place of a missing one does not keep.
    """
    mine, other = (receipts.filter(receipts["number"] > 0) for receipts in (agent, ofd))
    shift = ["register", "shift"]
    mine = mine.group_by(shift).agg(
        held=mine.count(), total=mine["number"].sum(), low=mine["number"].min(), high=mine["number"].max()
    )
    other = other.group_by(shift).agg(
        held=number(0), total=number(0), low=other["number"].min(), high=other["number"].max()
    )
    ends = ibis.union(mine, other, distinct=False)
    ends = ends.group_by(shift).agg(
        held=ends["held"].sum(), total=ends["total"].sum(), low=ends["low"].min(), high=ends["high"].max()
    )
    whole = ends["high"] - ends["low"] + 1
    filled = (ends["held"] == whole) & (ends["total"] * 2 == (ends["low"] + ends["high"]) * whole)
    return ends.filter(~filled).select(*shift)


def _told(receipts: Table, unsure: Table, *, ours: int) -> Table:
    counted = receipts.filter(receipts["number"] > 0).semi_join(unsure, ["register", "shift"])
    return counted.select(
        "register", "shift", "number", "day", "at", "till", "sign", ours=ibis.literal(ours, type="int64")
    )


def drifts(agent: Table, facts: Facts) -> Table:
    """Tills whose clock was off the register's on a day, by the middle one of the day's receipts; `other` in minutes.

    Receipts made without a link count: both clocks stand in the shop.
    """
    limits = facts.thresholds
    told = agent.filter(agent["noted_at"] != 0).select(
        "day", "till", "register", "shift", "number", "sign", "at", drift=agent["noted_at"] - agent["at"]
    )
    far = (told["drift"].abs() > limits.drift_us).cast("int64")
    days = told.group_by("day", "till").agg(receipts=told.count(), far=far.sum())
    told = told.semi_join(days.filter(days["far"] * 2 >= days["receipts"]), ["day", "till"])
    order = [told["drift"], told["at"], told["register"], told["sign"]]
    own = [told["day"], told["till"]]
    told = told.mutate(
        place=ibis.row_number().over(group_by=own, order_by=order), receipts=told["drift"].count().over(group_by=own)
    )
    middle = told.filter(
        (told["place"] == (told["receipts"] - 1) // 2)
        & (told["receipts"] >= limits.drift_receipts_min)
        & (told["drift"].abs() > limits.drift_us)
    )
    minutes = (middle["drift"].abs() // MINUTE_US).cast("string")
    sign = ibis.ifelse(middle["drift"] < 0, text("-"), text("+"))
    return middle.select(
        kind=text(Kind.CLOCK_DRIFT), cause=text("till-clock"), day="day", till="till", register="register",
        shift="shift", number="number", sign="sign", at="at", other=sign.concat(minutes),
    )  # fmt: skip
