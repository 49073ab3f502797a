"""Two that want the same at the desk: units, sales, keys and answers have one owner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fiscal.register import (
    Done,
    Outcome,
)
from pos_agent.desk import Case
from pos_agent.journal.journal import Event
from pos_agent.journal.projection import KeyReusedError, SaleChangedError, UnitTakenError
from pos_agent.sale import TransitionError


def executed(register: Any) -> list[str]:
    return [key for what, key in register.calls if what == "execute"]


def test_a_one_shot_receipt_is_one_row_and_takes_its_units(bench: Any, register: Any, words: Any) -> None:
    lines = [words.line(number, f"KI-{number}").as_body() for number in (1, 2)]
    request = {"client": "pos", "key": "idem-1", "fingerprint": "ab" * 32}
    case = Case(order=words.receipt("O1-key"), sale="O1", lines=lines, scans=[{"ki": "KI-1"}], request=request)
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.NOTHING_THERE)
    assert isinstance(bench.desk.submit(case), Done)
    assert [line["ki"] for line in bench.till.sale("O1").lines] == ["KI-1", "KI-2"]
    intents = [row for row in bench.journal.rows_after(0, 100) if row.kind == "document_intended"]
    assert [("lines" in bench.till.intent(row.number)) for row in intents] == [True, False]
    answer = bench.till.answer("pos", "idem-1")
    assert (answer.status, answer.document) == (None, "O1-key")
    assert bench.till.unit_states(["KI-1", "KI-2"], None) == {"KI-1": "sold", "KI-2": "sold"}
    assert bench.verify().good


def test_a_one_shot_receipt_with_a_unit_of_another_sale_is_refused_before_the_register(
    bench: Any, register: Any, words: Any
) -> None:
    bench.sale("S1", "KI-1")
    case = Case(order=words.receipt("O1-key"), sale="O1", lines=[words.line(1, "KI-1").as_body()])
    with pytest.raises(UnitTakenError):
        bench.desk.submit(case)
    assert executed(register) == [] and bench.till.document("O1-key") is None


def test_a_line_scanned_while_the_receipt_was_computed_stops_it(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    view = bench.till.sale("S1")
    case = replace(bench.case("S1"), seen=view.seen)
    bench.journal.append(Event("line_added", {"sale": "S1", "line": {"number": 2, "ki": "KI-2"}}))
    with pytest.raises(SaleChangedError):
        bench.desk.submit(case)
    bench.journal.append(Event("line_removed", {"sale": "S1", "number": 1}))
    bench.journal.append(Event("line_removed", {"sale": "S1", "number": 2}))
    bench.journal.append(Event("line_added", {"sale": "S1", "line": {"number": 1, "ki": "KI-2"}}))
    with pytest.raises(SaleChangedError):  # As many lines under the same numbers, but others.
        bench.desk.submit(case)
    assert executed(register) == []
    assert isinstance(bench.desk.submit(replace(case, seen=bench.till.sale("S1").seen)), Done)


def test_a_sale_paid_twice_at_once_is_made_once(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    bench.desk.submit(bench.case("S1"))
    with pytest.raises(TransitionError):
        bench.desk.submit(bench.case("S1"))
    assert list(register.ledger) == ["S1-key"]


def test_one_key_never_names_two_cash_moves(bench: Any, register: Any, words: Any) -> None:
    register.outcomes.append(words.NO)
    bench.desk.submit(Case(order=words.cash("C1", 100_000)))
    with pytest.raises(KeyReusedError):
        bench.desk.submit(Case(order=words.cash("C1", 200_000)))
    bench.desk.submit(Case(order=words.cash("C1", 100_000)))
    with pytest.raises(TransitionError):
        bench.desk.submit(Case(order=words.cash("C1", 100_000)))
    assert list(register.ledger) == ["C1"]


def test_the_answer_to_the_call_is_committed_with_the_outcome(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    request = {"client": "pos", "key": "idem-1", "fingerprint": "ab" * 32}

    def answer(outcome: Outcome) -> list[Event]:
        return [Event("answered", {"request": request, "status": 200, "body": '{"ok":true}'})]

    batches: list[list[str]] = []
    bench.journal.subscribe(lambda rows: batches.append([row.kind for row in rows]))
    bench.desk.submit(replace(bench.case("S1"), request=request, answer=answer))
    assert batches[-1] == ["shift_opened", "document_made", "answered"]
    assert (bench.till.answer("pos", "idem-1").status, bench.till.answer("pos", "idem-1").body) == (200, {"ok": True})
