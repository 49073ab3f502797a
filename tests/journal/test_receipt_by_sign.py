"""A receipt is found by its sign without reading the journal, and a journal of an older agent gets what that takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pos_agent.journal.journal import Journal
from pos_agent.journal.verify import verify
from pos_agent.till import KNOWN_AS, RECEIPTS_BY_SIGN, Till

Open = Callable[..., Journal]
INDEX = "receipt_by_sign"
ASKED = {"sign": "S-7", "most": 10, "identity": "", "number": 7, "shift": 1}


def made(rows: Any, number: int) -> list[Any]:
    sale, key = f"S{number}", f"S{number}-k"
    document = {"shift": 1, "number": number, "fiscal_sign": f"S-{number % 40}"}
    return [
        rows.opened(sale), rows.line(sale, 1), rows.intended(key, sale),
        rows.decided("made", key, sale, recovered=False, document=document),
    ]  # fmt: skip


@pytest.fixture
def sold(open_journal: Open, rows: Any) -> Journal:
    journal = open_journal()
    for number in range(60):
        journal.append(*made(rows, number))
    return journal


def plan(journal: Journal, statement: str) -> str:
    asked = {name: value for name, value in ASKED.items() if f":{name}" in statement}
    return " ".join(str(step[3]) for step in journal.query(f"EXPLAIN QUERY PLAN {statement}", asked))


@pytest.mark.parametrize("statement", [RECEIPTS_BY_SIGN, KNOWN_AS])
def test_a_sign_is_looked_up(sold: Journal, statement: str) -> None:
    assert INDEX in plan(sold, statement)
    assert "SCAN" not in plan(sold, statement)


def test_the_newest_of_one_sign_comes_first(sold: Journal) -> None:
    assert Till(sold).receipts_signed("S-7", 10) == ("S47", "S7")
    assert Till(sold).receipts_signed("S-7", 1) == ("S47",)
    assert Till(sold).receipts_signed("S-99", 10) == ()


def test_a_journal_of_an_older_agent_gets_the_index_at_its_next_start(
    sold: Journal, open_journal: Open, hand_on: Callable[[Path], Any]
) -> None:
    path = sold.database.path
    sold.close()
    hand_on(path).honestly(f"DROP INDEX {INDEX}")
    again = open_journal()
    assert INDEX in plan(again, RECEIPTS_BY_SIGN)
    assert Till(again).receipts_signed("S-7", 1) == ("S47",)
    assert verify(path).good


def test_a_damaged_row_stays_one_damaged_row(sold: Journal, open_journal: Open, hand_on: Callable[[Path], Any]) -> None:
    path = sold.database.path
    [(bad,)] = sold.query("SELECT min(number) FROM journal WHERE kind = 'document_made'", {})
    sold.close()
    hand = hand_on(path)
    hand.honestly(f"DROP INDEX {INDEX}")
    hand.change("journal", "body", "{", bad)
    again = open_journal()
    assert Till(again).receipts_signed("S-7", 10) == ("S47", "S7")
    assert not verify(path).good


def test_without_room_for_the_index_the_till_works_on(
    sold: Journal, rows: Any, caplog: pytest.LogCaptureFixture
) -> None:
    db = sold.database.connection
    db.execute(f"DROP INDEX {INDEX}")
    db.execute("VACUUM")
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
    sold.database.make_indexes()
    assert "waits for room" in caplog.text
    assert Till(sold).receipts_signed("S-7", 1) == ("S47",)
    db.execute("PRAGMA max_page_count=1000000")
    sold.append(*made(rows, 87))
    sold.database.make_indexes()
    assert INDEX in plan(sold, RECEIPTS_BY_SIGN)
    assert Till(sold).receipts_signed("S-7", 1) == ("S87",)
