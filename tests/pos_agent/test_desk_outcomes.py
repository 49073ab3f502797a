"""The desk and every way an order can end: at once, refused, in silence, over a restart, with the journal failing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
    Outcome,
    Refused,
    ShiftClose,
    Unknown,
)
from pos_agent.desk import Case, RegisterBlocked
from pos_agent.journal.database import DiskFull, JournalUnusable
from pos_agent.journal.journal import Event
from pos_agent.journal.projection import KeyReusedError, SaleChangedError, UnitTakenError
from pos_agent.sale import TransitionError
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
