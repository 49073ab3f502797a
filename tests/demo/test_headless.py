"""A day in virtual time: the same seed gives the same day, and the auditor sees what was taken from it or added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pos_agent.demo.audit import audit, percentile_ms
from pos_agent.demo.headless import TILL, HeadlessDemo, run_headless
from pos_agent.journal.verify import verify
from sync.wire import Row

SALES, SEED = 12, 3


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HeadlessDemo, dict[str, Any]]]:
    demo = HeadlessDemo(tmp_path_factory.mktemp("day"), SEED, SALES, codes=600)
    yield demo, demo.run()
    demo.close()


def rows_of(demo: HeadlessDemo) -> Sequence[Row]:
    return demo.agent.journal.rows_after(0, demo.agent.journal.head()[0])


def found(demo: HeadlessDemo, **changed: Any) -> tuple[int, int]:
    """How much the auditor finds lost and doubled, with one witness changed."""
    facts = {"rows": rows_of(demo), "hq_rows": demo.hq_rows(), "scans": 0, **changed}
    findings = audit(facts["rows"], demo.sim, facts["hq_rows"], facts["scans"])
    return len(findings.lost), len(findings.duplicates)


def test_the_same_seed_gives_the_same_day_to_the_last_hash(tmp_path: Path) -> None:
    first = run_headless(tmp_path / "first", SEED, SALES)
    assert run_headless(tmp_path / "second", SEED, SALES) == first
    assert (first["lost"], first["duplicates"], first["in_doubt"]) == (0, 0, 0)
    assert first["sold"] >= 1
    assert first["fiscalised"] == first["sold"] + first["returned"]
    assert verify(tmp_path / "first" / "journal.sqlite").good


def test_another_seed_gives_another_day(day: tuple[HeadlessDemo, dict[str, Any]], tmp_path: Path) -> None:
    other = HeadlessDemo(tmp_path, SEED + 1, SALES, codes=600)
    try:
        assert other.run()["journal_head"] != day[1]["journal_head"]
    finally:
        other.close()


def test_a_whole_day_has_nothing_lost_and_nothing_doubled(day: tuple[HeadlessDemo, dict[str, Any]]) -> None:
    demo, totals = day
    assert found(demo, scans=totals["scanned"]) == (0, 0)


@pytest.fixture
def ledger(day: tuple[HeadlessDemo, dict[str, Any]]) -> Iterator[list[Any]]:
    """The register's documents, put back afterwards."""
    (box,) = day[0].sim.webkassa.cashboxes.values()
    kept = list(box.documents)
    yield box.documents
    box.documents[:] = kept


def test_a_receipt_the_register_does_not_have_is_lost(
    day: tuple[HeadlessDemo, dict[str, Any]], ledger: list[Any]
) -> None:
    ledger.remove(next(one for one in ledger if one.operation.is_receipt))
    assert found(day[0]) == (1, 0)


def test_a_receipt_made_twice_is_doubled(day: tuple[HeadlessDemo, dict[str, Any]], ledger: list[Any]) -> None:
    ledger.append(next(one for one in ledger if one.operation.is_receipt))
    assert found(day[0])[1] >= 1


def test_a_receipt_the_journal_does_not_know_is_lost(
    day: tuple[HeadlessDemo, dict[str, Any]], ledger: list[Any]
) -> None:
    first = next(one for one in ledger if one.operation.is_receipt)
    ledger.append(replace(first, external_number="somebody-elses", marks=()))
    assert found(day[0]) == (1, 0)


def test_a_row_headquarters_lacks_or_has_otherwise_or_twice_is_found(
    day: tuple[HeadlessDemo, dict[str, Any]],
) -> None:
    demo, _ = day
    held = demo.hq_rows()
    assert found(demo, hq_rows=held[1:]) == (1, 0)
    assert found(demo, hq_rows=[(held[0][0], bytes(32)), *held[1:]]) == (1, 0)
    assert found(demo, hq_rows=[*held, held[0]]) == (0, 1)


def test_a_scan_the_journal_lacks_is_lost(day: tuple[HeadlessDemo, dict[str, Any]]) -> None:
    demo, totals = day
    kept = sum(row.kind in ("scan_judged", "scan_dropped") for row in rows_of(demo))
    assert kept >= totals["scanned"]
    assert found(demo, scans=kept + 1) == (1, 0)


def test_delivered_counts_what_headquarters_holds(day: tuple[HeadlessDemo, dict[str, Any]]) -> None:
    demo, totals = day
    assert totals["delivered"] == len(list(demo.collector.rows(TILL)))


def test_percentiles_are_nearest_rank() -> None:
    seconds = [index / 1_000 for index in range(1, 101)]
    assert (percentile_ms(seconds, 0.5), percentile_ms(seconds, 0.99)) == (50.0, 99.0)
    assert percentile_ms([], 0.5) == 0.0
