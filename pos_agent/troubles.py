"""What is wrong with this till, as far as a running agent knows it by itself. Pure: facts in, troubles out.

Each trouble has a stable id; its words stand in the catalogue `it` as `trouble.ID` and `trouble.ID.fix`. Nothing here
asks a device or the network: a page must answer at once. pos_agent/till_facts.py gathers the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
SHIFT_MAX_S: Final = DAY_S  # A shift may not last longer: the register refuses receipts.
SHIFT_WARN_S: Final = 22 * HOUR_S
OFFLINE_MAX_S: Final = 72 * HOUR_S  # So long a register may sell without its operator.
OFFLINE_WARN_S: Final = 48 * HOUR_S
CLOCK_WARN_S: Final = 120
UNSENT_WARN_S: Final = HOUR_S
UNSENT_MAX_S: Final = DAY_S
WITHDRAWAL_WARN_S: Final = DAY_S
WITHDRAWAL_MAX_S: Final = 3 * DAY_S
DISK_WARN_BYTES: Final = 500 * 2**20
DISK_MAX_BYTES: Final = 50 * 2**20


class Severity(IntEnum):
    """How bad: the worst comes first on a page."""

    FAILURE = 2  # Something does not work.
    WARNING = 1  # It will stop working, or should be set right.


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line. `values` fill the words; `detail` is what a device or server said itself, in its own language."""

    id: str
    severity: Severity
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""
    page: str = ""  # Of the pages of store IT: where more of it stands.


@dataclass(frozen=True, slots=True)
class ScannerSeen:
    name: str
    health: str | None  # scanners.scan.Health; None: the driver has not tried yet.
    text: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """None is "not known" or "does not apply", never "well"."""

    register: Mapping[str, Any] | None = None  # pos_agent.register_watch.facts_of
    looks_at_register: bool = True
    clock_skew_max_s: float = 43_200.0
    shift_age_s: int | None = None  # As the till counts it; the register's own word goes before it.
    doubts: tuple[Mapping[str, Any], ...] = ()  # pos_agent.agent.Agent.doubts
    journal_broken: bool = False
    journal_text: str = ""  # Why it cannot be read.
    unsent: int = 0
    unsent_age_s: int | None = None
    headquarters: bool = False  # One is configured.
    delivery: str | None = None  # sync.delivery_state.DeliveryState
    delivery_text: str = ""
    set_aside: int = 0
    cache_text: str = ""  # Why the code list cannot be read.
    products: int | None = None
    codes_age_s: int | None = None
    codes_max_age_s: int | None = None  # So old may they be while the registry cannot be asked.
    registry: bool = False  # IS MPT is asked.
    registry_text: str = ""  # Why it did not answer the last time.
    overdue: int = 0  # Units sold more than WITHDRAWAL_WARN_S ago that IS MPT still counts as in circulation.
    overdue_age_s: int | None = None  # Of the oldest.
    scanners: tuple[ScannerSeen, ...] = ()
    printer: str | None = None  # fiscal.escpos.status.PrintState of the last print.
    printer_text: str = ""
    disk_free_bytes: int | None = None
    data: str = ""
    scan_test: bool = False


Check = Callable[[Facts], Iterable[Trouble]]


def troubles(facts: Facts) -> tuple[Trouble, ...]:
    """The worst first, otherwise in the order of the table."""
    found = [trouble for check in CHECKS for trouble in check(facts)]
    return tuple(sorted(found, key=lambda trouble: -trouble.severity))


def _bad(name: str, page: str = "", detail: str = "", /, **values: Any) -> Trouble:
    return Trouble(name, Severity.FAILURE, values, detail, page)


def _warn(name: str, page: str = "", detail: str = "", /, **values: Any) -> Trouble:
    return Trouble(name, Severity.WARNING, values, detail, page)


def _graded(value: float | None, warn: float, limit: float) -> Severity | None:
    if value is None or value < warn:
        return None
    return Severity.FAILURE if value >= limit else Severity.WARNING


def _journal(facts: Facts) -> Iterator[Trouble]:
    if facts.journal_broken or facts.journal_text:
        yield _bad("journal", "log", facts.journal_text)


def _doubts(facts: Facts) -> Iterator[Trouble]:
    for doubt in facts.doubts:
        words = {"document": doubt["document"], "age_s": doubt["age_s"]}
        if doubt["decides"] == "person":
            yield _bad("doubt.person", "register", **words)
        else:
            yield _warn("doubt.asked", "register", **words)


def _register(facts: Facts) -> Iterator[Trouble]:
    seen = facts.register
    if seen is None:
        if facts.looks_at_register:
            yield _warn("register.unknown", "register")
        return
    failure = seen["failure"]
    if not seen["reachable"]:
        detail = "" if failure is None else f"{failure['code']}: {failure['text']}"
        yield _bad("register.silent", "register", detail)
        return
    if failure is not None:
        yield _bad("register.failure", "register", f"{failure['code']}: {failure['text']}")
    if seen["waits_for"] is not None:
        yield _bad("register.waits", "register", waits_for=seen["waits_for"])
    if seen["paper"] == "out":
        yield _bad("register.paper_out", "register")
    elif seen["paper"] == "low":
        yield _warn("register.paper_low", "register")
    if seen["cover_open"]:
        yield _bad("register.cover", "register")
    yield from _register_ages(facts, seen)


def _register_ages(facts: Facts, seen: Mapping[str, Any]) -> Iterator[Trouble]:
    grade = _graded(seen["offline_age_s"], OFFLINE_WARN_S, OFFLINE_MAX_S)
    if seen["offline"]:
        age = {"age_s": seen["offline_age_s"]}
        yield Trouble("register.offline", grade or Severity.WARNING, age, page="register")
    skew = seen["clock_skew_s"]
    if skew is not None and abs(skew) >= CLOCK_WARN_S:
        severity = Severity.FAILURE if abs(skew) > facts.clock_skew_max_s else Severity.WARNING
        yield Trouble("register.clock", severity, {"age_s": abs(skew)}, page="register")


def _shift(facts: Facts) -> Iterator[Trouble]:
    seen = facts.register or {}
    age_s = seen.get("shift_age_s")
    age_s = facts.shift_age_s if age_s is None and seen.get("shift_open") is not False else age_s
    severity = _graded(age_s, SHIFT_WARN_S, SHIFT_MAX_S)
    if severity is not None:
        name = "shift.expired" if severity is Severity.FAILURE else "shift.old"
        yield Trouble(name, severity, {"age_s": age_s}, page="register")


def _scanners(facts: Facts) -> Iterator[Trouble]:
    if not facts.scanners:
        yield _warn("scanner.none", "devices")
    for scanner in facts.scanners:
        if scanner.health is None:
            continue  # The agent has only just started.
        if scanner.health != "online":
            yield _bad(f"scanner.{scanner.health}", "devices", scanner.text, name=scanner.name)
        elif scanner.text:
            yield _warn("scanner.advice", "devices", scanner.text, name=scanner.name)


def _printer(facts: Facts) -> Iterator[Trouble]:
    if facts.printer not in (None, "ok", "unknown"):
        yield _bad(f"printer.{facts.printer}", "devices", facts.printer_text)


def _queue(facts: Facts) -> Iterator[Trouble]:
    if facts.set_aside:
        yield _warn("queue.set_aside", "queue", rows=facts.set_aside)
    if not facts.headquarters:
        return
    if facts.delivery in ("refused", "conflict"):
        yield _bad(f"queue.{facts.delivery}", "queue", facts.delivery_text)
        return
    severity = _graded(facts.unsent_age_s, UNSENT_WARN_S, UNSENT_MAX_S)
    if severity is not None:
        values = {"rows": facts.unsent, "age_s": facts.unsent_age_s}
        yield Trouble("queue.old", severity, values, facts.delivery_text, "queue")


def _codes(facts: Facts) -> Iterator[Trouble]:
    if facts.cache_text:
        yield _bad("cache.unusable", "cache", facts.cache_text)
        return
    if facts.products == 0:
        yield _bad("cache.empty", "cache")
        return
    limit, age_s = facts.codes_max_age_s, facts.codes_age_s
    if limit is not None and age_s is not None and age_s > limit:
        yield _warn("cache.old", "cache", age_s=age_s)


def _registry(facts: Facts) -> Iterator[Trouble]:
    if facts.registry_text:
        yield _warn("registry.silent", "queue", facts.registry_text)
    severity = _graded(facts.overdue_age_s, WITHDRAWAL_WARN_S, WITHDRAWAL_MAX_S)
    if facts.overdue and severity is not None:
        values = {"units": facts.overdue, "age_s": facts.overdue_age_s}
        yield Trouble("registry.overdue", severity, values, page="queue")


def _disk(facts: Facts) -> Iterator[Trouble]:
    free = facts.disk_free_bytes
    if free is not None and free < DISK_WARN_BYTES:
        severity = Severity.FAILURE if free < DISK_MAX_BYTES else Severity.WARNING
        yield Trouble("disk", severity, {"free_mib": free // 2**20, "data": facts.data}, page="log")


def _scan_test(facts: Facts) -> Iterator[Trouble]:
    if facts.scan_test:
        yield _warn("scan_test", "devices/test")


CHECKS: Final[tuple[Check, ...]] = (
    _journal, _disk, _doubts, _register, _shift, _scanners, _printer, _queue, _codes, _registry, _scan_test,
)  # fmt: skip

# Every id there is, for the words and for whoever joins this table with another.
IDS: Final = (
    "journal", "disk", "doubt.person", "doubt.asked", "register.unknown", "register.silent", "register.failure",
    "register.waits", "register.paper_out", "register.paper_low", "register.cover", "register.offline",
    "register.clock", "shift.expired", "shift.old", "scanner.none", "scanner.offline", "scanner.denied",
    "scanner.busy", "scanner.advice", "printer.paper_out", "printer.offline", "printer.cover_open", "printer.error",
    "queue.set_aside", "queue.refused", "queue.conflict", "queue.old", "cache.unusable", "cache.empty", "cache.old",
    "registry.silent", "registry.overdue", "scan_test",
)  # fmt: skip
