"""The desk and the ways an order can end: at once, refused, in silence, in doubt."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.register import (
    Absent,
    Done,
    Failure,
    FailureKind,
    NotSent,
    Operation,
    OrderInvalid,
    Refused,
    Unknown,
)
from pos_agent.desk import Case, RegisterBlocked
from pos_agent.journal.journal import Event
from pos_agent.stored import load_baseline, load_order, load_prepared


def executed(register: Any) -> list[str]:
    return [key for what, key in register.calls if what == "execute"]


def test_a_made_document_leaves_intent_then_outcome_and_the_unit_sold(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, Done) and not outcome.recovered
    assert bench.kinds() == ["sale_opened", "line_added", "document_intended", "shift_opened", "document_made"]
    assert bench.state("S1") == "FISCALISED"
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "sold"}
    assert bench.till.undecided() == ()
    assert bench.till.document("S1-key").state == "MADE"
    assert bench.body("document_made")["document"]["raw"] == {"CheckNumber": 1, "nested": {"list": [1, None, "қ"]}}
    assert bench.verify().good


def test_the_intent_holds_all_that_a_restart_needs(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    case = bench.case("S1")
    bench.desk.submit(case)
    intent = bench.body("document_intended")
    assert load_order(intent["order"]) == case.order
    prepared = load_prepared(intent["prepared"])
    assert prepared == register.prepare(case.order)
    assert load_baseline(intent["baseline"]).extra == {"calls": 1}


def test_the_intent_is_on_the_disk_before_the_register_hears_anything(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    seen: list[str] = []
    register.during = lambda: seen.extend(bench.kinds())
    bench.desk.submit(bench.case("S1"))
    assert seen[-1] == "document_intended"
    assert [what for what, _ in register.calls] == ["baseline", "execute"]


@pytest.mark.parametrize("outcome", ["refused", "not sent"])
def test_a_refusal_gives_the_sale_back_to_the_cashier(bench: Any, register: Any, words: Any, outcome: str) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.NO if outcome == "refused" else words.NO_LINK)
    got = bench.desk.submit(bench.case("S1"))
    assert isinstance(got, Refused if outcome == "refused" else NotSent)
    assert bench.kinds()[-2:] == ["document_intended", "document_refused"]
    assert bench.body("document_refused")["sent"] is (outcome == "refused")
    assert bench.state("S1") == "HELD"
    assert bench.till.unit_states(["KI-1"], "S1") == {"KI-1": "held_here"}
    assert isinstance(bench.desk.submit(bench.case("S1")), Done)  # The same key, as nothing stands under it.
    assert executed(register) == ["S1-key", "S1-key"]
    assert bench.verify().good


def test_an_order_that_cannot_be_expressed_leaves_no_row(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    head = bench.journal.head()
    register.invalid = OrderInvalid("lines[0].marks", "no")
    with pytest.raises(OrderInvalid):
        bench.desk.submit(bench.case("S1"))
    assert bench.journal.head() == head


def test_a_register_that_cannot_be_read_is_no_reason_for_an_intent(bench: Any, register: Any) -> None:
    bench.sale("S1", "KI-1")
    head = bench.journal.head()
    register.unavailable = Failure(FailureKind.UNAVAILABLE, "connect", "no link")
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, NotSent) and outcome.failure is register.unavailable
    assert bench.journal.head() == head


def test_silence_is_asked_about_at_once_and_the_document_found(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(Done(words.fiscal(7), recovered=True))
    outcome = bench.desk.submit(bench.case("S1"))
    assert outcome.recovered and outcome.document.number == 7
    assert bench.kinds()[-4:] == ["document_intended", "document_in_doubt", "shift_opened", "document_made"]
    assert executed(register) == ["S1-key"]
    assert bench.body("document_made")["recovered"] is True
    assert bench.verify().good


def test_after_the_register_proved_it_has_nothing_the_same_request_goes_out_once_more(
    bench: Any, register: Any, words: Any
) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.extend([words.SILENCE])
    register.settlements.append(words.NOTHING_THERE)
    assert isinstance(bench.desk.submit(bench.case("S1")), Done)
    kinds = bench.kinds()[2:]
    assert kinds == [
        "document_intended",
        "document_in_doubt",
        "document_absent",
        "document_intended",
        "shift_opened",
        "document_made",
    ]
    assert executed(register) == ["S1-key", "S1-key"]
    intents = [row for row in bench.journal.rows_after(0, 100) if row.kind == "document_intended"]
    first, second = (bench.till.intent(row.number) for row in intents)
    assert first["prepared"] == second["prepared"] and first["order"] == second["order"]
    # The counters were read anew: silence makes the old ones worthless.
    assert first["baseline"] != second["baseline"]
    assert bench.verify().good


def test_after_two_proofs_of_absence_the_cashier_has_the_sale_back(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.extend([words.SILENCE, words.SILENCE])
    register.settlements.extend([words.NOTHING_THERE, Absent("looked again")])
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, Refused) and outcome.failure.kind is FailureKind.NO_ANSWER
    assert "looked again" in outcome.failure.text
    assert executed(register) == ["S1-key", "S1-key"]
    assert bench.state("S1") == "HELD" and bench.till.undecided() == ()
    assert bench.till.document("S1-key").state == "ABSENT"
    assert bench.verify().good


def test_absent_and_then_out_of_reach_is_certainly_not_sent(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.NOTHING_THERE)

    def unplug() -> None:
        register.unavailable = Failure(FailureKind.UNAVAILABLE, "connect", "no link")

    register.during = unplug
    assert isinstance(bench.desk.submit(bench.case("S1")), NotSent)
    assert executed(register) == ["S1-key"]
    assert bench.state("S1") == "HELD"


def test_while_one_document_is_undecided_no_other_goes_out(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    bench.sale("S2", "KI-2")
    register.outcomes.append(words.SILENCE)
    register.settlements.extend([words.SILENCE] * 4)
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, Unknown)
    assert bench.state("S1") == "IN_DOUBT"
    head = bench.journal.head()
    for other in (bench.case("S2"), Case(order=words.cash("C1")), bench.case("S1")):
        with pytest.raises(RegisterBlocked, match="S1-key is undecided") as caught:
            bench.desk.submit(other)
        assert caught.value.pending.sale == "S1"
    assert bench.journal.head() == head  # More of the same silence is no news.
    assert executed(register) == ["S1-key"]
    assert bench.till.unit_states(["KI-1"], "S1") == {"KI-1": "in_doubt"}


def test_the_next_sale_settles_the_undecided_one_first(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    bench.sale("S2", "KI-2")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S1"))
    register.settlements.append(Done(words.fiscal(1), recovered=True))
    assert isinstance(bench.desk.submit(bench.case("S2")), Done)
    assert [call for call in register.calls if call[0] != "baseline"] == [
        ("execute", "S1-key"),
        ("settle", "S1-key"),
        ("settle", "S1-key"),
        ("execute", "S2-key"),
    ]
    assert bench.state("S1") == bench.state("S2") == "FISCALISED"
    assert bench.verify().good


def test_a_sale_in_doubt_whose_document_is_absent_is_the_cashiers_again(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("S1"))
    ((pending, settlement),) = bench.desk.settle_all()
    assert pending.key == "S1-key" and isinstance(settlement, Absent)
    assert bench.state("S1") == "HELD"
    assert isinstance(bench.desk.submit(bench.case("S1")), Done)
    assert bench.desk.settle_all() == ()


def test_a_return_in_doubt_keeps_its_unit_and_the_sale_it_came_from(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    bench.desk.submit(bench.case("S1"))
    bench.sale("R1", "KI-1", operation=Operation.SALE_RETURN, original="S1")
    register.outcomes.append(words.SILENCE)
    register.settlements.append(words.SILENCE)
    bench.desk.submit(bench.case("R1", operation=Operation.SALE_RETURN))
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "in_doubt"}
    bench.desk.settle_all()
    assert bench.state("R1") == "HELD"
    bench.journal.append(Event("sale_cancelled", {"sale": "R1", "why": "buyer left"}))
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "sold"}
    assert bench.verify().good
