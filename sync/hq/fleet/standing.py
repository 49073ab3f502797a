"""Is this till well? One answer from everything headquarters knows of it. Pure; thresholds are configuration.

    ok      heard lately, nothing waits
    late    it is behind: heartbeat, queue, cache, shift or clock beyond what is usual, or rows without content
    silent  nothing heard for long: power, link or machine
    alarm   a person must act, however well the rest looks

The worst reason is the till's state; all reasons are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sync.heartbeat import Heartbeat
from sync.hq.dispute import Alarm, AlarmKind

NS_PER_S = 1_000_000_000


class FleetState(StrEnum):
    OK = "ok"
    LATE = "late"
    SILENT = "silent"
    ALARM = "alarm"


ORDER = tuple(FleetState)  # From well to bad.
GRAVE = frozenset({"undecided", "journal", "set-aside"})  # Of what a till tells: the rest a shop sees and mends itself.


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Seconds; a value is passed when it is above."""

    late_s: float = 180.0  # Three heartbeats missed.
    silent_s: float = 3_600.0
    queue_late_s: float = 900.0  # Age of the oldest row that waits.
    cache_late_s: float = 86_400.0
    shift_late_s: float = 86_400.0  # A shift is closed within 24 hours.
    clock_late_s: float = 120.0
    clock_alarm_s: float = 43_200.0  # The agent itself sells nothing with a register so far off.
    gap_alarm_s: float = 600.0  # A gap is usually filled at the next try.


@dataclass(frozen=True, slots=True)
class Heard:
    """A heartbeat as it came in."""

    received_ns: int
    offset_ns: int  # The till's clock less ours.
    heartbeat: Heartbeat


@dataclass(frozen=True, slots=True)
class Reason:
    state: FleetState
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TillStanding:
    state: FleetState
    reasons: tuple[Reason, ...]  # Worst first.


def standing(
    now_ns: int,
    heard: Heard | None,
    *,
    rows_heard_ns: int | None = None,
    missing: int = 0,
    alarms: Sequence[Alarm] = (),
    thresholds: Thresholds | None = None,
) -> TillStanding:
    """`rows_heard_ns`: when rows last came; a till that delivers is not silent. Cleared alarms are passed over."""
    limits = thresholds or Thresholds()
    times_ns = (rows_heard_ns, None if heard is None else heard.received_ns)
    last_ns = max((at for at in times_ns if at is not None), default=None)
    found = [
        *_silence(now_ns, last_ns, heard, limits),
        *_alarms(now_ns, alarms, limits),
        *(() if heard is None else _told(now_ns, heard, limits)),
    ]
    if missing:
        found.append(Reason(FleetState.LATE, "missing", f"{missing} rows without their content"))
    reasons = sorted(found, key=lambda reason: -ORDER.index(reason.state))
    return TillStanding(reasons[0].state if reasons else FleetState.OK, tuple(reasons))


def _silence(now_ns: int, last_ns: int | None, heard: Heard | None, limits: Thresholds) -> Iterator[Reason]:
    if last_ns is None:
        yield Reason(FleetState.SILENT, "never", "never heard")
    elif _over(now_ns - last_ns, limits.silent_s):
        yield Reason(FleetState.SILENT, "silent", f"nothing heard for {_ago(now_ns - last_ns)}")
    elif heard is not None and _over(now_ns - heard.received_ns, limits.late_s):
        yield Reason(FleetState.LATE, "heartbeat", f"last heartbeat {_ago(now_ns - heard.received_ns)} ago")


def _alarms(now_ns: int, alarms: Sequence[Alarm], limits: Thresholds) -> Iterator[Reason]:
    for alarm in alarms:
        is_young_gap = alarm.kind == AlarmKind.GAP and not _over(now_ns - alarm.first_ns, limits.gap_alarm_s)
        if alarm.is_open:
            state = FleetState.LATE if is_young_gap else FleetState.ALARM
            yield Reason(state, alarm.kind, f"{alarm.kind} at row {alarm.number}")


def _told(now_ns: int, heard: Heard, limits: Thresholds) -> Iterator[Reason]:
    told, since_s = heard.heartbeat, (now_ns - heard.received_ns) / NS_PER_S
    if told.delivery in ("refused", "conflict"):
        yield Reason(FleetState.ALARM, "delivery", f"delivery: {told.delivery}")
    for trouble in told.problems:
        state = FleetState.ALARM if trouble.kind in GRAVE else FleetState.LATE
        yield Reason(state, trouble.kind, trouble.text)
    off_s = abs(heard.offset_ns) / NS_PER_S
    if off_s > limits.clock_late_s:
        state = FleetState.ALARM if off_s > limits.clock_alarm_s else FleetState.LATE
        way = "ahead" if heard.offset_ns > 0 else "behind"
        yield Reason(state, "clock", f"clock {way} by {_ago(abs(heard.offset_ns))}")
    # Ages were true when they were told; they have gone on since.
    ages = (
        ("queue", "oldest unsent row", told.oldest_age_s, limits.queue_late_s),
        ("cache", "statuses of codes", told.cache_age_s, limits.cache_late_s),
        ("shift", "open shift", _shift_age_s(told), limits.shift_late_s),
    )
    for kind, words, age_s, limit_s in ages:
        if age_s is not None and age_s + since_s > limit_s:
            yield Reason(FleetState.LATE, kind, f"{words}: {_ago(round((age_s + since_s) * NS_PER_S))} old")


def _shift_age_s(told: Heartbeat) -> int | None:
    """By the till's own clock, which wrote both."""
    if told.shift is None or told.shift_opened_ns is None:
        return None
    return max(0, told.at_ns - told.shift_opened_ns) // NS_PER_S


def _over(ns: int, limit_s: float) -> bool:
    return ns > limit_s * NS_PER_S


def _ago(ns: int) -> str:
    minutes = ns // NS_PER_S // 60
    if minutes < 1:
        return f"{ns // NS_PER_S} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
