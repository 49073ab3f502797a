"""What the register cannot say: laid before a person with what to compare, decided once, and kept with a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fiscal.register import (
    Ability,
    Absent,
    CashDocument,
    Done,
    Failure,
    FailureKind,
    FiscalDocument,
    SeenDocument,
    ShiftOpened,
    ShiftReport,
    Unknown,
)
from pos_agent.desk import Case, RegisterBlocked
from pos_agent.doubts import Verdict
from pos_agent.problems import Problem

SECOND = 1_000_000_000
HUMAN = Unknown(Failure(FailureKind.HUMAN, "person", "2 documents of this kind since the order"))
PAPER = Unknown(Failure(FailureKind.PAPER, "paper", "out of paper in the middle of an operation"))
SHOWN = SeenDocument("124", "sale", 50_000, "2026-07-15T09:00:03+05:00", 7, "4228143550")
MADE = Verdict("Старшая смены", "чек на ленте", True, "4228143550", 124, "2026-07-15T09:00:03+05:00", 7, "020200000002")
NOT_MADE = Verdict("Старшая смены", "на ленте чека нет", False)


@pytest.fixture
def doubtful(bench: Any, register: Any, words: Any) -> Any:
    """A sale whose answer was lost, at a register that shows one document."""
    register.abilities |= {Ability.LAST_DOCUMENT}
    register.shown = SHOWN
    register.outcomes.append(words.SILENCE)
    bench.sale("S1", "KI-1")
    return bench


def submitted(bench: Any, register: Any, *settlements: Any) -> Any:
    register.settlements.extend(settlements)
    return bench.desk.submit(bench.case("S1"))


def test_a_doubt_the_register_cannot_settle_is_handed_over_at_once_with_what_to_compare(
    doubtful: Any, register: Any
) -> None:
    assert isinstance(submitted(doubtful, register, HUMAN), Unknown)
    assert doubtful.kinds()[-3:] == ["document_intended", "document_in_doubt", "document_handed_over"]
    body = doubtful.body("document_handed_over")
    assert body["ours"] == {"kind": "sale", "total_tiyn": 50_000, "at": "2026-07-15T04:00:00.000000Z", "key": "S1-key"}
    assert body["register"]["number"] == "124" and body["register"]["total_tiyn"] == 50_000
    assert (body["failure"]["text"], body["register_silent"]) == (HUMAN.failure.text, "")
    assert doubtful.state("S1") == "IN_DOUBT"
    assert doubtful.desk.handed_over("S1-key").register["fiscal_sign"] == "4228143550"
    assert doubtful.verify().good


def test_silence_is_handed_over_when_the_wait_is_over_and_only_once(doubtful: Any, register: Any, words: Any) -> None:
    submitted(doubtful, register, words.SILENCE)
    for seconds, handed in ((30, 0), (59, 0), (60, 1), (90, 1)):
        doubtful.at_ns = doubtful.journal.row(4).at_ns + seconds * SECOND
        register.settlements.append(words.SILENCE)
        doubtful.desk.settle_all()
        assert doubtful.kinds().count("document_handed_over") == handed


def test_the_wait_goes_on_over_a_restart(doubtful: Any, register: Any, words: Any) -> None:
    submitted(doubtful, register, words.SILENCE)
    doubtful.restart()
    doubtful.at_ns += 61 * SECOND
    register.settlements.append(words.SILENCE)
    doubtful.desk.settle_all()
    assert doubtful.kinds()[-1] == "document_handed_over"


def test_a_clock_that_was_set_back_does_not_keep_a_doubt_from_a_person(
    doubtful: Any, register: Any, words: Any
) -> None:
    """Rows never step back in time: the intent may stand hours after now."""
    submitted(doubtful, register, words.SILENCE)
    set_back_ns = doubtful.at_ns - 3600 * SECOND
    for seconds, handed in ((0, 0), (59, 0), (60, 1)):
        doubtful.at_ns = set_back_ns + seconds * SECOND
        register.settlements.append(words.SILENCE)
        doubtful.desk.settle_all()
        assert doubtful.kinds().count("document_handed_over") == handed


def test_a_register_without_paper_waits_for_paper_and_for_nobodys_decision(doubtful: Any, register: Any) -> None:
    submitted(doubtful, register, PAPER)
    doubtful.at_ns += 3600 * SECOND
    register.settlements.append(PAPER)
    doubtful.desk.settle_all()
    assert "document_handed_over" not in doubtful.kinds()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"abilities": frozenset()}, "cannot be asked for its last document"),
        ({"shown": None}, "the register holds no document"),
        ({"silent_about_last": Failure(FailureKind.UNAVAILABLE, "connect", "no link")}, "connect: no link"),
    ],
)
def test_a_register_that_shows_nothing_says_why(doubtful: Any, register: Any, change: dict[str, Any], why: str) -> None:
    for name, value in change.items():
        setattr(register, name, value)
    submitted(doubtful, register, HUMAN)
    body = doubtful.body("document_handed_over")
    assert body["register"] is None and why in body["register_silent"]


def test_the_next_order_is_told_why_it_has_to_wait(doubtful: Any, register: Any, words: Any) -> None:
    submitted(doubtful, register, HUMAN)
    register.settlements.append(HUMAN)
    with pytest.raises(RegisterBlocked) as caught:
        doubtful.desk.submit(Case(order=words.cash("c1")))
    assert caught.value.pending.key == "S1-key"
    assert caught.value.handed_over is not None
    assert caught.value.handed_over.comparison()["register"]["number"] == "124"


def test_a_person_who_found_the_receipt_makes_it_the_document_of_the_sale(doubtful: Any, register: Any) -> None:
    submitted(doubtful, register, HUMAN)
    register.settlements.append(HUMAN)
    decided = doubtful.desk.decide("S1-key", MADE)
    assert isinstance(decided, Done) and isinstance(decided.document, FiscalDocument)
    assert (decided.document.number, decided.document.total_tiyn) == (124, 50_000)
    body = doubtful.body("document_made")
    assert body["decided"] == {"by": "Старшая смены", "why": "чек на ленте", "register": HUMAN.failure.text}
    assert body["document"]["fiscal_sign"] == "4228143550" and body["recovered"] is True
    assert doubtful.state("S1") == "FISCALISED" and doubtful.till.undecided() == ()
    assert doubtful.desk.decide("S1-key", MADE) is None
    assert doubtful.verify().good


def test_a_person_who_found_nothing_gives_the_sale_back(doubtful: Any, register: Any) -> None:
    submitted(doubtful, register, HUMAN)
    register.settlements.append(HUMAN)
    assert isinstance(doubtful.desk.decide("S1-key", NOT_MADE), Absent)
    assert doubtful.body("document_absent")["decided"]["by"] == "Старшая смены"
    assert doubtful.state("S1") == "HELD"
    assert doubtful.till.unit_states(["KI-1"], "S1") == {"KI-1": "held_here"}
    assert isinstance(doubtful.desk.submit(doubtful.case("S1")), Done)


def test_what_the_register_can_say_by_then_goes_before_the_person(doubtful: Any, register: Any, words: Any) -> None:
    submitted(doubtful, register, HUMAN)
    register.settlements.append(Done(words.fiscal(9), recovered=True))
    decided = doubtful.desk.decide("S1-key", NOT_MADE)
    assert isinstance(decided, Done) and decided.document.number == 9
    assert "decided" not in doubtful.body("document_made")


def test_nobody_decides_what_the_register_is_still_asked_about(doubtful: Any, register: Any, words: Any) -> None:
    submitted(doubtful, register, words.SILENCE)
    with pytest.raises(Problem, match="T-119"):
        doubtful.desk.decide("S1-key", MADE)
    assert doubtful.desk.decide("unknown-key", MADE) is None


@pytest.mark.parametrize("missing", [{"fiscal_sign": ""}, {"number": 0}, {"at": ""}])
def test_a_receipt_that_was_made_is_described_whole(doubtful: Any, register: Any, missing: dict[str, Any]) -> None:
    submitted(doubtful, register, HUMAN)
    register.settlements.append(HUMAN)
    facts = {name: getattr(MADE, name) for name in MADE.__slots__} | missing
    with pytest.raises(Problem, match="T-120"):
        doubtful.desk.decide("S1-key", Verdict(**facts))
    assert doubtful.state("S1") == "IN_DOUBT"


@pytest.mark.parametrize(
    ("kind", "expected"), [("cash_in", CashDocument), ("shift_open", ShiftOpened), ("shift_close", ShiftReport)]
)
def test_other_documents_are_decided_by_time_and_shift(
    bench: Any, register: Any, words: Any, kind: str, expected: type
) -> None:
    from fiscal.register import ShiftClose, ShiftOpen

    orders = {"cash_in": words.cash("k"), "shift_open": ShiftOpen("k", 2), "shift_close": ShiftClose("k", 1)}
    register.outcomes.append(words.SILENCE)
    register.settlements.extend([HUMAN, HUMAN])
    assert isinstance(bench.desk.submit(Case(order=orders[kind])), Unknown)
    decided = bench.desk.decide("k", MADE)
    assert isinstance(decided, Done) and isinstance(decided.document, expected)
    assert bench.verify().good


def test_the_shift_is_not_guessed_when_none_was_open_before_the_receipt(doubtful: Any, register: Any) -> None:
    """The receipt opened the next one: the number the register showed before is that of a closed shift."""
    register.shift_open = False
    submitted(doubtful, register, HUMAN)
    register.settlements.append(HUMAN)
    with pytest.raises(Problem, match="T-120"):
        doubtful.desk.decide("S1-key", replace(MADE, shift=None))
    assert doubtful.state("S1") == "IN_DOUBT"


def test_a_decided_receipt_can_be_returned_without_typing_the_registers_number(
    bench: Any, register: Any, words: Any
) -> None:
    bench.sale("S0", "KI-0")
    bench.desk.submit(bench.case("S0"))
    register.outcomes.append(words.SILENCE)
    bench.sale("S1", "KI-1")
    submitted(bench, register, HUMAN)
    register.settlements.append(HUMAN)
    bench.desk.decide("S1-key", replace(MADE, registration_number=""))
    assert bench.body("document_made")["document"]["registration_number"] == "010100000001"
    register.outcomes.append(words.SILENCE)
    bench.sale("S2", "KI-2")
    register.settlements.extend([HUMAN, HUMAN])
    bench.desk.submit(bench.case("S2"))
    bench.desk.decide("S2-key", replace(MADE, fiscal_sign="4228143551", number=125))
    assert bench.body("document_made")["document"]["registration_number"] == MADE.registration_number


def test_the_receipt_of_another_sale_is_not_given_to_this_one(doubtful: Any, register: Any, words: Any) -> None:
    """The senior reads the last receipt off the tape, and it is that of the sale before."""
    doubtful.sale("S0", "KI-0")
    register.outcomes.appendleft(Done(words.fiscal(124, shift=7)))
    doubtful.desk.submit(doubtful.case("S0"))
    submitted(doubtful, register, HUMAN)
    register.settlements.append(HUMAN)
    theirs = replace(MADE, fiscal_sign=words.fiscal(124).fiscal_sign)
    with pytest.raises(Problem, match=r"T-120.*S0-key") as caught:
        doubtful.desk.decide("S1-key", theirs)
    assert caught.value.facts == {"document": "S0-key"}
    assert doubtful.state("S1") == "IN_DOUBT"
    register.settlements.append(HUMAN)
    assert isinstance(doubtful.desk.decide("S1-key", MADE), Done)
