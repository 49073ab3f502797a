"""What the desk does by itself: the Z-report of a shift over 24 h, and a register whose clock cannot be right."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.register import Done, Failure, FailureKind, NotSent, Refused, ShiftClose
from pos_agent.desk import Case, DeskRules

EXPIRED = Failure(FailureKind.SHIFT_EXPIRED, "shtrih:4E", "the shift is over 24 hours")


@pytest.mark.parametrize("outcome", [NotSent(EXPIRED), Refused(EXPIRED)])
def test_an_expired_shift_is_closed_as_a_document_of_its_own_and_the_sale_goes_on(
    bench: Any, register: Any, outcome: Any
) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.append(outcome)
    assert isinstance(bench.desk.submit(bench.case("S1")), Done)
    assert bench.kinds()[2:] == [
        "document_intended", "document_refused",
        "document_intended", "document_made", "shift_closed",
        "document_intended", "shift_opened", "document_made",
    ]  # fmt: skip
    assert [key for what, key in register.calls if what == "execute"] == ["S1-key", "till-1-z1-0-k3x9aw", "S1-key"]
    assert bench.body("shift_closed")["automatic"] is True
    assert bench.state("S1") == "FISCALISED" and bench.verify().good


def test_an_expired_shift_is_left_alone_where_the_shop_says_so(bench: Any, register: Any) -> None:
    bench.rules = DeskRules(auto_z=False)
    bench.restart()
    bench.sale("S1", "KI-1")
    register.outcomes.append(NotSent(EXPIRED))
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, NotSent) and outcome.failure is EXPIRED
    assert bench.state("S1") == "HELD"


def test_a_z_report_that_is_not_made_leaves_the_sale_refused(bench: Any, register: Any, words: Any) -> None:
    bench.sale("S1", "KI-1")
    register.outcomes.extend([NotSent(EXPIRED), words.NO])
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, NotSent) and outcome.failure is EXPIRED
    assert bench.state("S1") == "HELD" and len(register.outcomes) == 0


def test_a_shift_that_cannot_be_closed_because_it_has_expired_is_no_endless_loop(bench: Any, register: Any) -> None:
    register.outcomes.append(Refused(EXPIRED))
    outcome = bench.desk.submit(Case(order=ShiftClose("z", 1)))
    assert isinstance(outcome, Refused) and [what for what, _ in register.calls].count("execute") == 1


def test_a_one_shot_receipt_over_an_expired_shift_opens_its_sale_once(bench: Any, register: Any, words: Any) -> None:
    register.outcomes.append(NotSent(EXPIRED))
    lines = [words.line(1, "KI-1").as_body()]
    assert isinstance(bench.desk.submit(Case(order=words.receipt("O1-key"), sale="O1", lines=lines)), Done)
    assert bench.state("O1") == "FISCALISED" and bench.verify().good


@pytest.mark.parametrize(
    ("clock_at", "made"),
    [
        ("2026-07-15T09:00:00+05:00", True),
        ("2026-07-15T20:59:00+05:00", True),  # Hours off are decided by number all the same.
        ("2026-07-16T09:00:00+05:00", False),
        ("2026-07-14T09:00:00+05:00", False),
        (None, True),
    ],
)
def test_a_register_whose_clock_is_off_by_a_day_sells_nothing(
    bench: Any, register: Any, clock_at: str | None, made: bool
) -> None:
    register.clock_at = clock_at
    bench.sale("S1", "KI-1")
    outcome = bench.desk.submit(bench.case("S1"))
    assert isinstance(outcome, Done) is made
    if isinstance(outcome, NotSent):
        assert outcome.failure.kind is FailureKind.CLOCK and "24.0 hours" in outcome.failure.text
        assert bench.kinds()[-1] == "line_added"
    assert isinstance(bench.desk.submit(Case(order=ShiftClose("z", 1))), Done)  # A shift can always be ended.
