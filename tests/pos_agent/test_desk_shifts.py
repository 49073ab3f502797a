"""Shifts that open and close on the way of an order, as the journal keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fiscal.register import Ability, Done, Failure, FailureKind, NotSent, Outcome, ShiftClose
from pos_agent.desk import Case, RegisterBlocked
from pos_agent.journal.journal import Event


@pytest.mark.parametrize(
    ("end", "kinds"),
    [
        ("done", ["shift_closed", "shift_opened", "document_made"]),
        ("refused", ["shift_closed", "document_refused"]),
        ("not sent", ["shift_closed", "document_refused"]),
        ("unknown", ["shift_closed", "document_in_doubt"]),
    ],
)
def test_a_shift_the_register_closed_on_the_way_is_kept_whatever_became_of_the_order(
    bench: Any, register: Any, words: Any, end: str, kinds: list[str]
) -> None:
    bench.journal.append(Event("shift_opened", {"shift": 1, "by": "Айгүл"}))
    bench.sale("S1", "KI-1")
    side = (words.z_report(1),)
    outcomes: dict[str, Outcome] = {
        "done": Done(words.fiscal(1, shift=2), side=side),
        "refused": replace(words.NO, side=side),
        "not sent": replace(words.NO_LINK, side=side),
        "unknown": replace(words.SILENCE, side=side),
    }
    register.outcomes.append(outcomes[end])
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S1"))
    assert bench.kinds()[-len(kinds) - 1 :] == ["document_intended", *kinds]
    closed = bench.body("shift_closed")
    assert (closed["shift"], closed["automatic"], closed["report"]["closed"]) == (1, True, True)
    shift = bench.till.open_shift()
    assert (shift.number if shift else None) == (2 if end == "done" else None)
    assert bench.verify().good


def test_a_shift_closed_while_the_register_was_asked_is_kept_too(bench: Any, register: Any, words: Any) -> None:
    bench.journal.append(Event("shift_opened", {"shift": 1, "by": "Айгүл"}))
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(replace(words.SILENCE, side=(words.z_report(1),)))
    bench.desk.submit(bench.case("S1"))
    assert bench.kinds()[-3:] == ["document_in_doubt", "shift_closed", "document_in_doubt"]
    assert bench.till.open_shift() is None


def test_a_z_report_closes_the_shift_in_the_row_after_its_document(bench: Any, register: Any) -> None:
    bench.journal.append(Event("shift_opened", {"shift": 1, "by": "Айгүл"}))
    bench.desk.submit(Case(order=ShiftClose("Z1", 1)))
    assert bench.kinds()[-3:] == ["document_intended", "document_made", "shift_closed"]
    assert bench.body("shift_closed")["automatic"] is False
    assert bench.till.open_shift() is None
    assert bench.verify().good


def shift_facts(bench: Any) -> Callable[[], tuple[int | None, list[tuple[int, bool]]]]:
    def facts() -> tuple[int | None, list[tuple[int, bool]]]:
        known = bench.till.open_shift()
        stored = bench.journal.query("SELECT number, closed_row IS NULL FROM shift ORDER BY number")
        return (known.number if known else None), [(number, bool(is_open)) for number, is_open in stored]

    return facts


def test_a_document_of_the_next_shift_closes_the_one_we_believed_open(bench: Any, register: Any, words: Any) -> None:
    facts = shift_facts(bench)
    bench.journal.append(Event("shift_opened", {"shift": 1, "by": "Айгүл"}))
    register.shift = 2  # Closed and opened in the vendor's cabinet.
    bench.desk.submit(Case(order=words.cash("C1")))
    assert facts() == (2, [(1, False), (2, True)])
    assert bench.body("shift_closed") == {"shift": 1, "automatic": True, "report": None}


def test_a_late_found_document_of_an_earlier_shift_does_not_open_that_shift_again(
    bench: Any, register: Any, words: Any
) -> None:
    facts = shift_facts(bench)
    bench.sale("S1", "KI-1")
    bench.sale("S2", "KI-2")
    bench.desk.submit(bench.case("S1"))  # Shift 1 is open now.
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S2"))
    bench.journal.append(Event("shift_closed", {"shift": 1, "automatic": True, "report": None}))
    bench.journal.append(Event("shift_opened", {"shift": 2, "by": "Айгүл"}))
    register.settlements.append(Done(words.fiscal(2, shift=1), recovered=True))
    bench.desk.settle_all()
    assert bench.state("S2") == "FISCALISED"
    assert facts() == (2, [(1, False), (2, True)])


def test_a_new_register_that_counts_its_shifts_anew_opens_a_known_number_again(bench: Any, register: Any) -> None:
    facts = shift_facts(bench)
    for number in (1, 2, 3):
        bench.journal.append(Event("shift_opened", {"shift": number, "by": "Айгүл"}))
        bench.journal.append(Event("shift_closed", {"shift": number, "automatic": False, "report": None}))
    bench.sale("S1", "KI-1")
    register.shift = 1
    bench.desk.submit(bench.case("S1"))
    assert facts() == (1, [(1, True), (2, False), (3, False)])
    assert bench.verify().good


def test_an_expired_shift_of_a_number_that_was_closed_before_does_not_stop_the_till(bench: Any, register: Any) -> None:
    """Two registers, one after the other, each with a shift of the same number that the journal never saw opened."""
    expired = NotSent(Failure(FailureKind.SHIFT_EXPIRED, "shift_expired", "the shift is over 24 hours"))
    for name in ("S1", "S2", "S3"):
        bench.sale(name, f"KI-{name}")
        register.outcomes.append(expired)
        assert isinstance(bench.desk.submit(bench.case(name)), Done)
        bench.journal.append(Event("shift_closed", {"shift": 1, "automatic": True, "report": None}))
    reports = [key for key in register.ledger if "-z1-" in key]
    assert len(reports) == len(set(reports)) == 3
    assert bench.verify().good


def intended(bench: Any) -> list[str]:
    rows = bench.journal.rows_after(0, 1_000)
    return [json.loads(row.body)["kind"] for row in rows if row.kind == "document_intended"]


def opens_by_command(register: Any) -> None:
    register.abilities |= {Ability.SHIFT_OPEN}
    register.shift_open = False

    def opened() -> None:
        register.shift_open = True

    register.during = opened


def test_a_register_with_a_command_for_it_gets_its_shift_opened_before_the_first_sale(
    bench: Any, register: Any
) -> None:
    opens_by_command(register)
    bench.sale("S1", "KI-1")
    assert isinstance(bench.desk.submit(bench.case("S1")), Done)
    assert intended(bench) == ["shift_open", "sale"]
    assert bench.kinds()[-5:] == [
        "document_intended", "shift_opened", "document_made", "document_intended", "document_made",
    ]  # fmt: skip
    assert bench.body("document_intended")["baseline"]["shift_open"] is True, (
        "the counters of the sale are those after the opening"
    )
    bench.sale("S2", "KI-2")
    assert isinstance(bench.desk.submit(bench.case("S2")), Done)
    assert bench.kinds()[-2:] == ["document_intended", "document_made"] and bench.verify().good


@pytest.mark.parametrize("end", ["refused", "unknown"])
def test_a_shift_that_does_not_open_leaves_the_sale_as_it_was(bench: Any, register: Any, words: Any, end: str) -> None:
    opens_by_command(register)
    bench.sale("S1", "KI-1")
    register.outcomes.append({"refused": words.NO, "unknown": words.SILENCE}[end])
    register.settlements.append(words.SILENCE)
    register.during = lambda: None
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, NotSent) and bench.state("S1") == "HELD"
    if end == "unknown":
        with pytest.raises(RegisterBlocked):
            register.settlements.append(words.SILENCE)
            bench.desk.submit(bench.case("S1"))
    assert bench.verify().good


def test_a_register_without_such_a_command_opens_its_shift_with_the_sale(bench: Any, register: Any) -> None:
    register.shift_open = False
    bench.sale("S1", "KI-1")
    bench.desk.submit(bench.case("S1"))
    assert intended(bench) == ["sale"]
