"""What counts as trouble, how bad it is, and what makes none: a table of facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import pos_agent.troubles as table
from pos_agent.troubles import IDS, Facts, ScannerSeen, Severity, troubles

WELL: Mapping[str, Any] = {
    "at": "2026-11-30T10:00:00Z", "reachable": True, "failure": None, "shift": 3, "shift_open": True,
    "shift_age_s": 60, "offline": False, "offline_age_s": None, "unsent": 0, "paper": "ok", "cover_open": False,
    "clock_skew_s": 1, "waits_for": None,
}  # fmt: skip
H = 3_600
GOOD = Facts(register=WELL, scanners=(ScannerSeen("counter", "online"),), products=5, codes_age_s=60, headquarters=True)


def changed(**facts: Any) -> Facts:
    from dataclasses import replace

    return replace(GOOD, **facts)


def register(**facts: Any) -> Facts:
    return changed(register={**WELL, **facts})


def found(facts: Facts) -> list[tuple[str, Severity]]:
    return [(one.id, one.severity) for one in troubles(facts)]


BAD, WARN = Severity.FAILURE, Severity.WARNING


def test_a_till_that_is_well_has_no_trouble() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (changed(journal_broken=True), ("journal", BAD)),
        (changed(journal_text="no"), ("journal", BAD)),
        (changed(disk_free_bytes=400 * 2**20), ("disk", WARN)),
        (changed(disk_free_bytes=0), ("disk", BAD)),
        (changed(doubts=({"document": "d", "age_s": 1, "decides": "person"},)), ("doubt.person", BAD)),
        (changed(doubts=({"document": "d", "age_s": 1, "decides": "register"},)), ("doubt.asked", WARN)),
        (changed(register=None), ("register.unknown", WARN)),
        (register(reachable=False, paper="out"), ("register.silent", BAD)),
        (register(failure={"kind": "device", "code": "x", "text": "y"}), ("register.failure", BAD)),
        (register(waits_for="continue"), ("register.waits", BAD)),
        (register(paper="out"), ("register.paper_out", BAD)),
        (register(paper="low"), ("register.paper_low", WARN)),
        (register(cover_open=True), ("register.cover", BAD)),
        (register(offline=True), ("register.offline", WARN)),
        (register(offline=True, offline_age_s=72 * H), ("register.offline", BAD)),
        (register(clock_skew_s=-120), ("register.clock", WARN)),
        (register(clock_skew_s=43_201), ("register.clock", BAD)),
        (register(shift_age_s=22 * H), ("shift.old", WARN)),
        (register(shift_age_s=24 * H), ("shift.expired", BAD)),
        (changed(register={**WELL, "shift_age_s": None}, shift_age_s=25 * H), ("shift.expired", BAD)),
        (changed(scanners=()), ("scanner.none", WARN)),
        (changed(scanners=(ScannerSeen("a", "offline"),)), ("scanner.offline", BAD)),
        (changed(scanners=(ScannerSeen("a", "denied"),)), ("scanner.denied", BAD)),
        (changed(scanners=(ScannerSeen("a", "busy"),)), ("scanner.busy", BAD)),
        (changed(scanners=(ScannerSeen("a", "online", "GS is lost"),)), ("scanner.advice", WARN)),
        (changed(printer="paper_out"), ("printer.paper_out", BAD)),
        (changed(printer="offline"), ("printer.offline", BAD)),
        (changed(printer="cover_open"), ("printer.cover_open", BAD)),
        (changed(printer="error"), ("printer.error", BAD)),
        (changed(set_aside=1), ("queue.set_aside", WARN)),
        (changed(delivery="refused", unsent_age_s=99 * H), ("queue.refused", BAD)),
        (changed(delivery="conflict"), ("queue.conflict", BAD)),
        (changed(unsent_age_s=H), ("queue.old", WARN)),
        (changed(unsent_age_s=24 * H), ("queue.old", BAD)),
        (changed(cache_text="damaged"), ("cache.unusable", BAD)),
        (changed(products=0), ("cache.empty", BAD)),
        (changed(codes_age_s=73 * H, codes_max_age_s=72 * H), ("cache.old", WARN)),
        (changed(registry_text="timeout"), ("registry.silent", WARN)),
        (changed(overdue=1, overdue_age_s=24 * H), ("registry.overdue", WARN)),
        (changed(overdue=1, overdue_age_s=72 * H), ("registry.overdue", BAD)),
        (changed(scan_test=True), ("scan_test", WARN)),
    ],
)
def test_each_fact_makes_its_one_trouble(facts: Facts, wanted: tuple[str, Severity]) -> None:
    assert found(facts) == [wanted]


@pytest.mark.parametrize(
    "facts",
    [
        changed(register=None, looks_at_register=False),
        register(paper="unknown", cover_open=None, clock_skew_s=None, shift_age_s=None, offline=None),
        register(clock_skew_s=119, shift_age_s=22 * H - 1),
        changed(register={**WELL, "shift_age_s": None, "shift_open": False}, shift_age_s=25 * H),
        changed(scanners=(ScannerSeen("a", None),)),
        changed(printer="unknown"),
        changed(headquarters=False, unsent=9, unsent_age_s=99 * H),
        changed(unsent_age_s=H - 1, delivery="waiting", delivery_text="no link"),
        changed(codes_age_s=None, codes_max_age_s=1),
        changed(overdue=0, overdue_age_s=None),
    ],
)
def test_what_is_not_known_or_not_yet_late_is_no_trouble(facts: Facts) -> None:
    assert found(facts) == []


def test_the_worst_comes_first_and_every_id_is_in_the_list() -> None:
    facts = changed(set_aside=1, printer="error", scan_test=True, journal_broken=True)
    assert [one for _, one in found(facts)] == [BAD, BAD, WARN, WARN]
    written = Path(table.__file__).read_text()
    made = set(re.findall(r'(?:_bad|_warn|Trouble)\("([\w.]+)"', written))
    assert made <= set(IDS)
    assert len(set(IDS)) == len(IDS)
