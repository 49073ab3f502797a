"""What the comparison has to know and no witness says: the state of the tills, thresholds, the time. Pure.

Times are UTC microseconds, durations microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.hq.reconcile.calendar import Calendar, kazakhstan
from sync.hq.witness import US_PER_S

MINUTE_US = 60 * US_PER_S
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


@dataclass(frozen=True, slots=True)
class Thresholds:
    withdrawal_grace_us: int = 24 * HOUR_US  # A sale may take so long from the register to the registry.
    operator_grace_us: int = HOUR_US  # ... and so long to the operator, where nothing says how far his data reach.
    late_us: int = 75 * HOUR_US  # A register may work 72 h without a link; then it still has to send.
    skew_us: int = 10 * MINUTE_US  # Clocks of tills, registers and the registry may differ so much.
    drift_us: int = 5 * MINUTE_US
    drift_receipts_min: int = 2  # One receipt that waited for its answer is not a clock.
    silent_us: int = 24 * HOUR_US
    trust_where_operator_is_silent: bool = False  # Registers he told nothing of: the register's own answer is enough.
    term_working_days: int = 3  # To bring a returned unit back, or to file a withdrawal outside of the till.


@dataclass(frozen=True, slots=True)
class Facts:
    now: int
    delivered: Mapping[str, int] = field(default_factory=dict)  # Till -> its newest row here; absent: none yet.
    doubts: Mapping[str, int] = field(default_factory=dict)  # Till -> its oldest receipt without an outcome.
    registers: Mapping[str, str] = field(default_factory=dict)  # Factory number -> till.
    shops: Mapping[str, str] = field(default_factory=dict)  # Till -> shop.
    heartbeats: Mapping[str, int] = field(default_factory=dict)  # Till -> when last heard.
    missing_rows: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # Till -> journal rows.
    cash_moves: tuple[tuple[str, int], ...] = ()  # (till, time) of cash put in and taken, by the register's clock.
    operator_through: Mapping[str, int] = field(default_factory=dict)  # Register -> operator's data are whole so far.
    registry_complete_to: int = 0  # A full export is in: a sale up to then without a row is not in the registry.
    known_since: int = 0  # What was withdrawn before is older than the lake and nobody's fault.
    returns_carry_marks: bool = False  # Whether the operator has the mark of a return: registers differ.
    thresholds: Thresholds = field(default_factory=Thresholds)
    calendar: Calendar = field(default_factory=kazakhstan)
