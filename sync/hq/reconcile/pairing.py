"""Which line of the operator is which line of the journal, in a receipt where their marks do not agree.

Lines of one receipt that nobody matched are paired in three rounds: same GTIN and most alike on both sides; then a line
of the journal with a line of the same GTIN that the operator has without a mark; then what is left, by order of lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from sync.hq.reconcile.documents import RECEIPT, Gathered
from sync.hq.reconcile.engine import Engine, Table, Value

SAME = (*RECEIPT, "operation")
DAMAGE_MAX = 2  # Characters a damaged code differs in; two units of one good differ in more, as a rule.


@dataclass(frozen=True, slots=True)
class Pairs:
    ours: Table  # Documents of the journal alone, all of them; the rest of what is here is parts of these.
    theirs: Table  # Documents of the operator alone.
    differing: Table  # register, sign, operation, ki, other (the operator's code), other_tiyn
    unmarked: Table  # Documents of the journal whose line the operator has without its mark.
    lost: Table  # Documents of the journal that no line of the operator answers.
    foreign: Table  # Documents of the operator that no line of the journal answers.


def pairs(engine: Engine, docs: Table, gathered: Gathered) -> Pairs:
    ours = engine.keep(docs.filter(docs["in_agent"] & ~docs["in_ofd"] & ~docs["believed"]))
    theirs = engine.keep(docs.filter(docs["in_ofd"] & ~docs["in_agent"]))
    alike = engine.keep(_most_alike(ours, theirs))
    rest_ours = engine.keep(ours.anti_join(alike, [*SAME, "ki"]))
    rest_theirs = engine.keep(theirs.anti_join(alike, [*SAME, (theirs["ki"] == alike["other"])]))
    unmarked = engine.keep(_unmarked(rest_ours, gathered))
    left_ours = engine.keep(rest_ours.anti_join(unmarked, [*SAME, "ki"]))
    in_order = engine.keep(_in_order(left_ours, rest_theirs))
    return Pairs(
        ours,
        theirs,
        ibis.union(alike, in_order, distinct=False),
        unmarked,
        engine.keep(left_ours.anti_join(in_order, [*SAME, "ki"])),
        engine.keep(rest_theirs.anti_join(in_order, [*SAME, (rest_theirs["ki"] == in_order["other"])])),
    )


def _most_alike(ours: Table, theirs: Table) -> Table:
    other = theirs.select(*SAME, other="ki", other_gtin=_gtin(theirs), other_line="line", other_tiyn="theirs_tiyn")
    mine = ours.select(*SAME, "ki", "line", mine_gtin=_gtin(ours))
    both = mine.join(other, [*SAME, (mine["mine_gtin"] == other["other_gtin"])])
    both = both.mutate(
        distance=both["ki"].levenshtein(both["other"]).cast("int64"), apart=(both["line"] - both["other_line"]).abs()
    )
    both = both.mutate(
        mine_first=_rank(both, "ki", ("distance", "apart", "other")),
        other_first=_rank(both, "other", ("distance", "apart", "ki")),
    )
    chosen = both.filter((both["mine_first"] == 0) & (both["other_first"] == 0))
    return chosen.select(*SAME, "ki", "other", "other_tiyn")


def _in_order(ours: Table, theirs: Table) -> Table:
    mine = ours.select(*SAME, "ki", place=_rank(ours, None, ("line", "ki")))
    other = theirs.select(*SAME, other="ki", other_tiyn="theirs_tiyn", place=_rank(theirs, None, ("line", "ki")))
    return mine.join(other, [*SAME, "place"]).select(*SAME, "ki", "other", "other_tiyn")


def _unmarked(ours: Table, gathered: Gathered) -> Table:
    """Where the operator has more lines without a mark of a GTIN than the journal has, so many units lost theirs."""
    same = [*SAME, "gtin"]
    without_ours = gathered.unmarked_ours.select(*same, "line").distinct()
    mine = without_ours.group_by(same).agg(mine=without_ours.count())
    without_theirs = gathered.unmarked_theirs.select(*same, "line", "sum_tiyn").distinct()
    other = without_theirs.group_by(same).agg(other=without_theirs.count(), other_tiyn=without_theirs["sum_tiyn"].max())
    more = other.left_join(mine, same)
    more = more.select(*same, "other_tiyn", more=more["other"] - more["mine"].fill_null(0))
    ranked = ours.mutate(place=_rank(ours, "gtin", ("line", "ki")))
    found = ranked.join(more, same)
    found = found.filter(found["place"] < found["more"])
    return found.mutate(theirs_tiyn=found["other_tiyn"]).select(ours.columns)


def _rank(lines: Table, within: str | None, order: tuple[str, ...]) -> Value:
    group = [lines[name] for name in SAME] + ([] if within is None else [lines[within]])
    return ibis.row_number().over(group_by=group, order_by=[lines[name] for name in order])


def _gtin(lines: Table) -> Value:
    """A line's GTIN; where its witness says none, the one its code begins with (01, then 14 digits)."""
    return ibis.ifelse(lines["gtin"] == "", lines["ki"].substr(2, 14), lines["gtin"])


def damaged(ki: Value, other: Value, known: Value) -> Value:
    """Whether `other` is this code badly read: nearly the same, and nobody knows it as a unit of its own."""
    short = ibis.ifelse(ki.length() < other.length(), ki, other)
    near = (
        (ki.levenshtein(other) <= DAMAGE_MAX)
        | (ki.lower() == other.lower())
        | (ki.substr(0, short.length()) == other.substr(0, short.length()))
    )
    return near & ~known
