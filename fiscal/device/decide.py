"""What became of an order whose answer was lost, from what the register shows. Pure: a look in, one next move out.

    the register is busy                               -> WAIT, and look again
    it wants to be told to go on                       -> GO_ON
    our document is open, nothing paid                 -> CANCEL, which makes it "not done"
    our document is open, money taken                  -> FINISH, the only way out
    nothing open, counter as before                    -> ABSENT
    nothing open, one document more, and it fits ours  -> DONE
    anything else                                      -> PERSON: lay the register's last document beside ours

An equal sum proves nothing by itself (two equal sales in a row are common) and another sum disproves; the counter
decides, sum, kind and time confirm. An open document is never finished because its sum is right: the last marking code
may be missing, so it is cancelled and built again, unless money was taken, which no step before the codes does.
Sources: recovery tables of the vendors' protocols (Shtrih-M, ATOL, Datecs); incidents published in github
erpnet/ErpNet.FP issues 90 and 126, and in fiskaltrust's printer middleware.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from fiscal.device.looks import Look, Made
from fiscal.documents import Baseline, SeenDocument, Waiting
from fiscal.orders import Prepared

CLOCK_SLACK = dt.timedelta(minutes=2)


class Move(StrEnum):
    WAIT = "wait"
    GO_ON = "go_on"
    CANCEL = "cancel"
    FINISH = "finish"
    ABSENT = "absent"
    DONE = "done"
    PAPER = "paper"  # It stands still for want of paper, and what it was doing cannot be seen before it has some.
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Decision:
    move: Move
    why: str


def decide(prepared: Prepared, baseline: Baseline, look: Look, made: Made) -> Decision:
    """The one next move. The caller carries it out, looks again, and asks again, within its limits."""
    if look.identity != baseline.identity:
        text = f"the order went to register {baseline.identity}, {look.identity} answers"
        return Decision(Move.PERSON, text)
    if look.waiting is Waiting.PRINTING:
        return Decision(Move.WAIT, "it is printing")
    if look.waiting is Waiting.CONTINUE:
        return Decision(Move.GO_ON, "paper is back, it waits to be told to go on")
    if look.document is not None:
        return _open(prepared, look, made)
    decision = _closed(prepared, baseline, look, made)
    if decision.move is Move.PERSON and look.waiting is Waiting.PERSON:
        return Decision(Move.PERSON, f"{decision.why}; {look.person or 'someone has to act at the register'}")
    return decision


def _open(prepared: Prepared, look: Look, made: Made) -> Decision:
    assert look.document is not None  # noqa: S101 - for the type checker; the caller has looked
    if made.count != 0:
        return Decision(Move.PERSON, f"a document is open, and {_counted(made)}")
    if look.document.kind not in ("", prepared.kind):
        return Decision(Move.PERSON, f"the open document is a {look.document.kind}, ours is a {prepared.kind}")
    if look.document.paid_tiyn > 0:
        if look.document.total_tiyn not in (None, prepared.total_tiyn):
            text = f"money was taken on {look.document.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
            return Decision(Move.PERSON, text)
        if look.waiting is Waiting.PAPER:
            return Decision(Move.PAPER, "money was taken, it cannot be closed without paper")
        return Decision(Move.FINISH, "money was taken, it can only be closed")
    if look.waiting is Waiting.PAPER:
        return Decision(Move.PAPER, "out of paper inside the document")
    return Decision(Move.CANCEL, "the document is open and unpaid")


def _closed(prepared: Prepared, baseline: Baseline, look: Look, made: Made) -> Decision:
    if made.count is None:
        return Decision(Move.PERSON, f"the counters cannot be compared: {made.why}")
    if made.count < 0:
        return Decision(Move.PERSON, f"the counter of {prepared.kind} went back: {made.why}")
    if made.count > 1:
        return Decision(Move.PERSON, f"{_counted(made)}: somebody else uses the register")
    if made.count == 1:
        return _fits(prepared, baseline, look, made)
    if look.waiting is Waiting.PAPER:
        return Decision(Move.PAPER, "out of paper in the middle of an operation")
    if look.memory_lost:
        return Decision(Move.PERSON, "the register lost its memory, and no document is counted")
    return Decision(Move.ABSENT, f"no {prepared.kind} since the order: {made.why}")


def _fits(prepared: Prepared, baseline: Baseline, look: Look, made: Made) -> Decision:
    seen = made.document
    if seen is None:
        return Decision(Move.PERSON, f"{_counted(made)}, but it cannot be read back")
    if seen.kind not in ("", prepared.kind):
        return Decision(Move.PERSON, f"document {seen.number} is a {seen.kind}, ours is a {prepared.kind}")
    if prepared.total_tiyn and seen.total_tiyn is None:
        return Decision(Move.PERSON, f"document {seen.number} does not tell its sum")
    if prepared.total_tiyn and seen.total_tiyn != prepared.total_tiyn:
        text = f"document {seen.number} has {seen.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
        return Decision(Move.PERSON, text)
    if not _in_time(seen, baseline, look):
        return Decision(Move.PERSON, f"document {seen.number} is of {seen.at}, not of the time of the order")
    return Decision(Move.DONE, f"document {seen.number} is ours: {made.why}")


def _counted(made: Made) -> str:
    if made.count is None:
        return f"the counters cannot be compared ({made.why})"
    return f"{made.count} document{'' if made.count == 1 else 's'} of this kind since the order ({made.why})"


def _in_time(seen: SeenDocument, baseline: Baseline, look: Look) -> bool:
    """By the register's own clock on both sides, so that a wrong clock does no harm; unknown times pass."""
    if not (seen.at and baseline.clock_at and look.clock_at):
        return True
    at, since, until = (dt.datetime.fromisoformat(text) for text in (seen.at, baseline.clock_at, look.clock_at))
    return since - CLOCK_SLACK <= at <= until + CLOCK_SLACK
