"""What became of a uKassa order whose answer was lost, from what the till's reports count and its lists show.

No answer tells our key. The reports of every shift since the order are counted against those before it, and the newest
operations of that kind are read one by one; marks, where they are told, make it certain (fiscal/cloud/matching.py).
Cash moves stand in no list and are known by the reports alone.
Sources: tests/vectors/ukassa.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fiscal.cloud.matching import Found, Missing, Search, Unclear, Window, ours_among, person
from fiscal.cloud.messages import Counted
from fiscal.cloud.seen import Seen
from fiscal.documents import Baseline
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Prepared
from fiscal.ukassa.answers import ShiftRow
from fiscal.ukassa.reading import Reading

KINDS = ("sale", "sale_return", "cash_in", "cash_out")
SHIFTS_MAX = 10  # Searched for one document; more shifts than this since the order is a case for a person.
COMPARED_MAX = 10  # Documents of one kind since the order that are read one by one.


@dataclass(frozen=True, slots=True)
class Since:
    """One shift since the order: what its report counts now, and what it counted before."""

    shift: ShiftRow
    now: Counted
    before: Counted
    clock_at: str  # Of the report, where the shift is open.

    @property
    def made(self) -> int:
        return self.now.count - self.before.count


def search(reading: Reading, prepared: Prepared, baseline: Baseline) -> Search:
    """Raises RegisterUnavailable."""
    shifts = reading.shifts()
    least = (baseline.shift or 0) if baseline.shift_open else (baseline.shift or 0) + 1
    shifts = [shift for shift in shifts if shift.number >= least]
    if len(shifts) > SHIFTS_MAX:
        return person("too_many_shifts", f"more than {SHIFTS_MAX} shifts since the order")
    if baseline.shift_open and all(shift.number != baseline.shift for shift in shifts):
        return person("no_shift", f"the till does not show shift {baseline.shift} any more")
    rows = [_since(reading, shift, prepared.kind, baseline) for shift in shifts]
    if any(row.made < 0 for row in rows):
        return person("counter", f"the count of {prepared.kind} went back")
    made = sum(row.made for row in rows)
    if made == 0:
        where = ", ".join(str(shift.number) for shift in shifts) or "none"
        return Missing(f"no {prepared.kind} since the order in the reports of shifts {where}")
    if made > COMPARED_MAX:
        return person("several", f"{made} documents of kind {prepared.kind} since the order")
    if prepared.kind.startswith("cash_"):
        return _cash_among(rows, prepared)
    return _receipt_among(reading, rows, prepared, baseline)


def _since(reading: Reading, shift: ShiftRow, kind: str, baseline: Baseline) -> Since:
    report = reading.x_report() if shift.open else reading.z_report(shift)
    counters = baseline.extra["counters"] if shift.number == baseline.shift else {}
    before = Counted(counters.get(kind, 0), counters.get(f"{kind}_tiyn", 0))
    return Since(shift, report.counted[kind], before, report.shift.at if shift.open else "")


def _receipt_among(reading: Reading, rows: list[Since], prepared: Prepared, baseline: Baseline) -> Search:
    new: list[Seen] = []
    for row in filter(lambda row: row.made, rows):
        same = [seen for seen in reading.operations(row.shift) if seen.kind == prepared.kind]
        if len(same) != row.now.count:
            text = f"shift {row.shift.number} counts {row.now.count} of {prepared.kind} and lists {len(same)}"
            return Unclear(Failure(FailureKind.NO_ANSWER, "list", text))
        for seen in same[: row.made]:
            whole = reading.operation(seen.id or 0).filled_from(seen)
            new.append(replace(whole, shift=row.shift.number))
    window = Window(baseline.clock_at or "", max((row.clock_at for row in rows), default=""))
    return ours_among(new, prepared, prepared.payload.get("marks", ()), window)


def _cash_among(rows: list[Since], prepared: Prepared) -> Search:
    """Cash moves stand in no list: one more of this kind, and the sum of that kind is higher by ours."""
    moved = [row for row in rows if row.made]
    more = sum(row.now.sum_tiyn - row.before.sum_tiyn for row in moved)
    if len(moved) > 1 or moved[0].made > 1:
        return person("several", f"{sum(row.made for row in moved)} cash moves of this kind since the order")
    if more != prepared.total_tiyn:
        return person("other_sum", f"a cash move of {more} tiyn since the order, ours is {prepared.total_tiyn}")
    return Found(replace(cash_seen(prepared), total_tiyn=more, shift=moved[0].shift.number))


def cash_seen(prepared: Prepared, raw: Mapping[str, Any] | None = None) -> Seen:
    """A cash move of which the service says no more than that it is there: its time is that of the order."""
    return Seen(id=None, kind=prepared.kind, total_tiyn=None, at=prepared.payload["at"], raw=raw or {})
