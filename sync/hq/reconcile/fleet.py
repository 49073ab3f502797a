"""What is wrong with a till whatever it sold: nothing heard of it, or rows of its journal that never came. Pure."""

from __future__ import annotations

from sync.hq.finding import Finding
from sync.hq.kinds import Kind
from sync.hq.reconcile.facts import Facts
from sync.hq.witness import day_of


def silent(facts: Facts) -> list[Finding]:
    """Tills that were heard once and are no longer. A till never heard is not there yet, and no finding."""
    since = facts.now - facts.thresholds.silent_us
    return [
        Finding(Kind.TILL_SILENT, "silent", day=day_of(heard), till=till, at=heard)
        for till, heard in sorted(facts.heartbeats.items())
        if 0 < heard < since
    ]


def missing_rows(facts: Facts) -> list[Finding]:
    """Rows that travel without their content: set aside at the till, or cleaned away before they arrived."""
    return [
        Finding(
            Kind.NUMBER_GAP,
            "journal-rows",
            day=day_of(facts.delivered.get(till, facts.now)),
            till=till,
            at=facts.delivered.get(till, 0),
            other=f"{first}-{last}",
        )
        for till, runs in sorted(facts.missing_rows.items())
        for first, last in runs
    ]
