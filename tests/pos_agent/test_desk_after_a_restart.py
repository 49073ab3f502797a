"""The desk over a restart, and with the journal's disk failing: one document, whatever was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fiscal.register import (
    Done,
)
from pos_agent.journal.database import DiskFull, JournalUnusable


def executed(register: Any) -> list[str]:
    return [key for what, key in register.calls if what == "execute"]


def test_an_intent_found_at_the_start_is_asked_about_and_never_sent_again(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")

    class PowerCut(BaseException):
        pass

    def cut() -> None:
        raise PowerCut

    register.during = cut
    with pytest.raises(PowerCut):
        bench.desk.submit(bench.case("S1"))
    bench.restart()
    assert [pending.state for pending in bench.till.undecided()] == ["INTENDED"]
    assert bench.state("S1") == "FISCALISING"
    ((_, settlement),) = bench.desk.settle_all()
    assert isinstance(settlement, Done) and settlement.recovered
    assert bench.kinds()[-4:] == ["document_intended", "document_in_doubt", "shift_opened", "document_made"]
    assert bench.body("document_in_doubt")["failure"]["code"] == "agent-stopped"
    assert executed(register) == ["S1-key"] and list(register.ledger) == ["S1-key"]
    assert bench.verify().good


def test_an_intent_that_never_reached_the_register_frees_the_sale_at_the_start(
    bench: Any, register: Any, words: Any
) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)  # The bytes got lost: the ledger stays empty.

    def cut() -> None:
        raise KeyboardInterrupt

    register.during = cut
    with pytest.raises(KeyboardInterrupt):
        bench.desk.submit(bench.case("S1"))
    bench.restart()
    register.during = lambda: None
    bench.desk.settle_all()
    assert bench.state("S1") == "HELD"
    assert isinstance(bench.desk.submit(bench.case("S1")), Done)
    assert executed(register) == ["S1-key", "S1-key"] and list(register.ledger) == ["S1-key"]


def test_two_starts_in_a_row_leave_one_document(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S1"))
    bench.restart()
    register.settlements.append(words.SILENCE)
    bench.desk.settle_all()
    bench.restart()
    bench.desk.settle_all()
    assert bench.state("S1") == "HELD"
    assert bench.verify().good


@pytest.mark.parametrize("failing", ["outcome", "doubt"])
def test_a_full_disk_at_the_outcome_is_settled_after_a_restart_without_a_second_document(
    bench: Any, register: Any, words: Any, failing: str
) -> None:
    bench.sale("S1", "KI-1")
    db = bench.journal.database.connection

    def fill() -> None:
        db.execute("PRAGMA max_page_count=1")  # SQLite takes the present size instead: nothing may grow.
        db.execute("CREATE TEMP TABLE IF NOT EXISTS unused (x)")

    if failing == "doubt":
        big = replace(words.SILENCE, failure=replace(words.SILENCE.failure, text="x" * 200_000))
        register.outcomes.append(big)
    else:
        register.outcomes.append(Done(replace(words.fiscal(1), raw={"big": "x" * 200_000})))
    register.during = fill
    with pytest.raises(DiskFull):
        bench.desk.submit(bench.case("S1"))
    assert bench.kinds()[-1] == "document_intended"
    register.during = lambda: None
    bench.restart()
    assert [pending.key for pending in bench.till.undecided()] == ["S1-key"]
    if failing == "doubt":
        register.ledger["S1-key"] = words.fiscal(1)  # The register had made it all the same.
    bench.desk.settle_all()
    assert bench.state("S1") == "FISCALISED"
    assert executed(register) == ["S1-key"]
    assert bench.verify().good


def test_a_disk_that_fails_at_the_outcome_stops_the_till_and_a_restart_finds_the_document(
    bench: Any, register: Any
) -> None:
    bench.sale("S1", "KI-1")
    bench.sale("S2", "KI-2")
    path = bench.journal.database.path
    held: list[Any] = []

    def fail() -> None:  # The file goes away under the agent, as with a disk that is pulled.
        held.append(path.rename(path.with_name("moved.sqlite")))

    register.during = fail
    with pytest.raises(JournalUnusable):
        bench.desk.submit(bench.case("S1"))
    register.during = lambda: None
    assert bench.journal.is_broken
    with pytest.raises(JournalUnusable):
        bench.desk.submit(bench.case("S2"))
    with pytest.raises(JournalUnusable):
        bench.desk.settle_all()
    assert executed(register) == ["S1-key"]
    held[0].rename(path)
    bench.restart()
    bench.desk.settle_all()
    assert bench.state("S1") == "FISCALISED"
    assert isinstance(bench.desk.submit(bench.case("S2")), Done)
    assert list(register.ledger) == ["S1-key", "S2-key"]
    assert bench.verify().good


def test_a_full_disk_refuses_the_sale_before_the_register_is_touched(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    db = bench.journal.database.connection
    db.execute("PRAGMA max_page_count=1")
    case = bench.case("S1")
    big = replace(case, request={"client": "pos", "key": "k" * 50_000, "fingerprint": "f"})
    with pytest.raises(DiskFull):
        bench.desk.submit(big)
    assert executed(register) == []
    assert bench.state("S1") == "HELD" and bench.till.undecided() == ()
    db.execute("PRAGMA max_page_count=1000000")
    assert isinstance(bench.desk.submit(case), Done)
