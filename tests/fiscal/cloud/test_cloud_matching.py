"""Which document is ours, where no key tells it: found only what fits, and a person for the rest."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal.cloud.matching import CLOCK_SLACK, Found, Missing, Unclear, Window, ours_among
from fiscal.cloud.seen import Seen, contradiction, document_of, marks_in
from fiscal.failures import FailureKind
from fiscal.https.fields import AnswerMalformed
from fiscal.orders import Prepared
from fiscal.register import CashDocument, FiscalDocument

ALMATY = dt.timezone(dt.timedelta(hours=5))
TEN = dt.datetime(2026, 7, 15, 10, 0, tzinfo=ALMATY)
KINDS = ("sale", "sale_return", "cash_in", "4")
MARKS = ("a", "b", "c")


def order(kind: str = "sale", total: int = 1) -> Prepared:
    return Prepared("k", "any", kind, total, {})


def seen(**change: Any) -> Seen:
    return Seen(**{"id": 1, "kind": "sale", "total_tiyn": 1, **change})


documents = st.builds(
    seen,
    id=st.integers(1, 99),
    kind=st.sampled_from(KINDS),
    total_tiyn=st.sampled_from([None, 1, 2]),
    at=st.sampled_from(["", TEN.isoformat(), (TEN + dt.timedelta(hours=1)).isoformat()]),
    marks=st.lists(st.sampled_from(MARKS), max_size=2).map(tuple),
)


@examples(deadline=None, max_examples=500)
@given(st.lists(documents, max_size=4), st.sampled_from(KINDS[:3]), st.lists(st.sampled_from(MARKS), max_size=2))
def test_what_is_found_fits_and_nothing_else_of_its_kind_could_be_it(
    new: list[Seen], kind: str, marks: list[str]
) -> None:
    window = Window(TEN.isoformat(), TEN.isoformat())
    same = [one for one in new if one.kind == kind]
    found = ours_among(new, order(kind), marks, window)
    if isinstance(found, Missing):
        assert same == []
    elif isinstance(found, Found):
        assert (found.seen.kind, found.seen.total_tiyn) == (kind, 1)
        by_marks = bool(marks) and sorted(found.seen.marks) == sorted(marks)
        assert by_marks or (len(same) == 1 and not (marks and found.seen.marks) and window.holds(found.seen.at))
        assert not by_marks or [one for one in same if sorted(one.marks) == sorted(marks)] == [found.seen]
    else:
        assert isinstance(found, Unclear) and found.failure.kind is FailureKind.HUMAN
        assert same != []


@pytest.mark.parametrize(
    ("since", "until", "at", "holds"),
    [
        ("", "", TEN, True),
        (TEN, "", TEN - CLOCK_SLACK, True),
        (TEN, "", TEN - CLOCK_SLACK - dt.timedelta(seconds=1), False),
        ("", TEN, TEN + CLOCK_SLACK, True),
        ("", TEN, TEN + CLOCK_SLACK + dt.timedelta(seconds=1), False),
        (TEN, TEN, "", True),
        (TEN, TEN, TEN.astimezone(dt.UTC), True),
    ],
)
def test_a_window_has_slack_and_what_is_not_known_passes(since: Any, until: Any, at: Any, holds: bool) -> None:
    since, until, at = (value if value == "" else value.isoformat() for value in (since, until, at))
    assert Window(since, until).holds(at) is holds


@pytest.mark.parametrize(
    ("value", "marks"),
    [
        ({"items": [{"commodity": {"listExciseStamp": ["a", "b"]}}, {"commodity": {"exciseStamp": "c"}}]}, "abc"),
        ([{"mark_code": "a"}, {"mark_code": None}, {"Mark_Code": "b"}], "ab"),
        ({"list_excise_stamp": ["a", 1, None], "excise_stamp": {"x": "b"}, "mark": "c"}, "a"),
        ("a", ""),
    ],
)
def test_marks_are_found_in_any_message(value: Any, marks: str) -> None:
    assert list(marks_in(value)) == list(marks)


def test_nothing_speaks_against_an_answer_that_says_little() -> None:
    assert contradiction(seen(kind="", total_tiyn=None), order(), "RK1") is None
    assert contradiction(seen(identity="rk1", key="k"), order(), "RK1") is None


def test_a_document_needs_its_time_its_shift_and_its_sign() -> None:
    whole = {"at": TEN.isoformat(), "shift": 7, "fiscal_sign": "1"}
    made = document_of(seen(**whole), order(), "RK1")
    assert isinstance(made, FiscalDocument)
    assert (made.number, made.offline, made.identity) == (0, False, "RK1")
    for name, said in (("at", "time"), ("shift", "shift"), ("fiscal_sign", "fiscal sign")):
        less = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(AnswerMalformed, match=f"^{said}: is missing"):
            document_of(seen(**less), order(), "RK1")
    cash = document_of(seen(at=TEN.isoformat(), shift=7), order("cash_in"), "RK1")
    assert isinstance(cash, CashDocument) and cash.balance_tiyn is None
