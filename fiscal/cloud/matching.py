"""Which of the documents made since a baseline is ours, where the service does not tell our key. Pure.

    nothing of our kind since the order           -> Missing
    one with exactly our marks                    -> Found: a unit is sold once
    one, and kind, sum and time fit               -> Found
    anything else                                 -> Unclear: a person lays them beside ours

An equal sum proves nothing (two equal sales in a row are common), another sum disproves.
Sources: incidents published in github erpnet/ErpNet.FP issues 90 and 126, and in fiskaltrust's printer middleware.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fiscal.cloud.seen import Seen
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Prepared

CLOCK_SLACK = dt.timedelta(minutes=2)  # Also for times that are told to the minute.


@dataclass(frozen=True, slots=True)
class Found:
    seen: Seen


@dataclass(frozen=True, slots=True)
class Missing:
    evidence: str


@dataclass(frozen=True, slots=True)
class Unclear:
    failure: Failure


Search = Found | Missing | Unclear


@dataclass(frozen=True, slots=True)
class Window:
    """When our document can have been made, by the same clock as the documents' times; "" is not known."""

    since: str = ""
    until: str = ""
    slack: dt.timedelta = CLOCK_SLACK

    def holds(self, at: str) -> bool:
        """Unknown times pass."""
        moment = dt.datetime.fromisoformat(at) if at else None
        late = moment and self.until and moment > dt.datetime.fromisoformat(self.until) + self.slack
        early = moment and self.since and moment < dt.datetime.fromisoformat(self.since) - self.slack
        return not (late or early)


def person(code: str, text: str) -> Unclear:
    return Unclear(Failure(FailureKind.HUMAN, code, text))


def ours_among(new: Sequence[Seen], prepared: Prepared, marks: Sequence[str], window: Window) -> Search:
    """`new` is every document since the baseline; `marks` are those of our order."""
    same = [seen for seen in new if seen.kind == prepared.kind]
    if not same:
        return Missing(f"no {prepared.kind} since the order, {len(new)} other documents")
    marked = [seen for seen in same if marks and sorted(seen.marks) == sorted(marks)]
    if len(marked) == 1:
        return _of_our_sum(marked[0], prepared)
    if len(same) > 1:
        return person("several", f"{len(same)} documents of kind {prepared.kind} since the order: {_signs(same)}")
    seen = same[0]
    if marks and seen.marks:
        return person("other_marks", f"document {seen.fiscal_sign or seen.id} has other marking codes than ours")
    if not window.holds(seen.at):
        text = f"document {seen.fiscal_sign or seen.id} is of {seen.at}, not of the time of the order"
        return person("other_time", text)
    return _of_our_sum(seen, prepared)


def _of_our_sum(seen: Seen, prepared: Prepared) -> Search:
    if seen.total_tiyn == prepared.total_tiyn:
        return Found(seen)
    text = f"document {seen.fiscal_sign or seen.id} has {seen.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
    return person("other_sum", text)


def _signs(several: Sequence[Seen]) -> str:
    return ", ".join(seen.fiscal_sign or str(seen.id) for seen in several)
