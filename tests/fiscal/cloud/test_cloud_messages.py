"""The protocol's values in JSON: both spellings, sums and moments exactly, and nothing but malformed for the rest."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from spoiled_json import JSON

from fiscal.cloud import messages
from fiscal.cloud.messages import OPERATIONS, PLACEMENTS, Counted
from fiscal.https.fields import AnswerMalformed, Fields, load
from fiscal.options import KAZAKHSTAN

UNTIMED = examples(deadline=None)


def fields(value: Any) -> Fields:
    return Fields.of(load(json.dumps(value).encode()), "")


@UNTIMED
@given(st.integers(0, 10**14))
def test_a_sum_is_read_as_it_was_written(tiyn: int) -> None:
    assert messages.tiyn(fields({"a": messages.money(tiyn)}), "a") == tiyn


@pytest.mark.parametrize(
    ("value", "tiyn"),
    [({"bills": "900", "coins": 5}, 90_005), ({"bills": 900}, 90_000), ({"coins": 7}, 7), ({"bills": "0"}, 0),
     (None, None)],
)  # fmt: skip
def test_sums_of_every_seen_form_are_read(value: Any, tiyn: int | None) -> None:
    assert messages.tiyn(fields({"a": value}), "a") == tiyn


@pytest.mark.parametrize(
    "value",
    [{}, {"bills": -1}, {"bills": 1, "coins": 100}, {"bills": 1, "coins": -1}, {"bills": 10**13}, {"bills": "x"}, 5],
)
def test_what_is_no_sum_is_malformed(value: Any) -> None:
    with pytest.raises(AnswerMalformed, match=r"^a"):
        messages.tiyn(fields({"a": value}), "a")


@UNTIMED
@given(st.integers(0, 4 * 10**9))
def test_a_moment_is_read_as_it_was_written(seconds: int) -> None:
    at = dt.datetime.fromtimestamp(seconds, dt.timezone(KAZAKHSTAN))
    assert messages.moment_at(fields({"a": messages.moment(at)}), KAZAKHSTAN, "a") == at.isoformat()


DATE = {"year": 2026, "month": 7, "day": 15}


@pytest.mark.parametrize(
    "value",
    [{}, {"date": DATE}, {"date": DATE, "time": {}}, {"date": {**DATE, "month": 13}, "time": {"hour": 1, "minute": 1}},
     {"date": {"year": 2026, "month": 7}, "time": {"hour": 1, "minute": 1, "second": 1}}, "2026-07-15"],
)  # fmt: skip
def test_what_is_no_moment_is_malformed(value: Any) -> None:
    with pytest.raises(AnswerMalformed, match=r"^a"):
        messages.moment_at(fields({"a": value}), KAZAKHSTAN, "a")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-07-15T10:30:00.000+05:00", "2026-07-15T10:30:00+05:00"),
        ("2026-07-15T05:30:00Z", "2026-07-15T10:30:00+05:00"),
        ("15.07.2026 10:30", "2026-07-15T10:30:00+05:00"),
        ("", ""),
        (None, ""),
    ],
)
def test_moments_in_writing_become_local(text: str | None, iso: str) -> None:
    assert messages.written_at(fields({"a": text}), KAZAKHSTAN, "a") == iso


@pytest.mark.parametrize(
    ("told", "ours"),
    [("OPERATION_SELL", "sale"), (2, "sale"), ("2", "sale"), (3, "sale_return"), ("OPERATION_NEW", "OPERATION_NEW"),
     (9, "9"), (None, "")],
)  # fmt: skip
def test_enums_are_read_by_name_and_by_number_and_a_new_one_is_kept(told: Any, ours: str) -> None:
    assert messages.word(fields({"a": told}), OPERATIONS, "a") == ours


def test_the_tables_are_those_of_the_protocol() -> None:
    assert [number for _, number in OPERATIONS.values()] == [0, 1, 2, 3]
    assert [number for _, number in PLACEMENTS.values()] == [0, 1]
    assert [number for _, number in messages.PAYMENTS.values()] == [0, 1, 4]


SNAKE = {
    "shift_number": 7,
    "date_time": {"date": DATE, "time": {"hour": 10, "minute": 0}},
    "cash_sum": {"bills": "1"},
    "ticket_operations": [{"operation": 2, "tickets_count": 3, "tickets_sum": {"bills": 5}}],
    "money_placements": [{"operation": 1, "operations_count": 1, "operations_sum": {"bills": "2", "coins": 50}}],
}
CAMEL = {
    "shiftNumber": 7,
    "dateTime": {"date": DATE, "time": {"hour": 10, "minute": 0}},
    "cashSum": {"bills": "1"},
    "ticketOperations": [{"operation": "OPERATION_SELL", "ticketsCount": 3, "ticketsSum": {"bills": 5}}],
    "moneyPlacements": [
        {"operation": "MONEY_PLACEMENT_WITHDRAWAL", "operationsCount": 1, "operationsSum": {"bills": "2", "coins": 50}}
    ],
}


@pytest.mark.parametrize("report", [SNAKE, CAMEL, {**SNAKE, "cash_sum": None, "cashSum": {"bills": 1}}])
def test_a_report_is_read_in_either_spelling(report: dict[str, Any]) -> None:
    made = messages.shift_report(fields(report), KAZAKHSTAN, {})
    assert (made.shift, made.closed, made.at) == (7, False, "2026-07-15T10:00:00+05:00")
    assert (made.sales_count, made.sales_tiyn, made.taken_tiyn, made.cash_tiyn) == (3, 500, 250, 100)
    assert (made.returns_count, made.put_tiyn, made.document_count) == (0, 0, 4)
    assert messages.counted(fields(report))["cash_out"] == Counted(1, 250)


@pytest.mark.parametrize("name", ["shift_number", "date_time", "cash_sum"])
def test_a_report_without_what_it_cannot_be_without_is_malformed(name: str) -> None:
    with pytest.raises(AnswerMalformed, match="is missing"):
        messages.shift_report(fields({**SNAKE, name: None}), KAZAKHSTAN, {})


@pytest.mark.parametrize("name", ["operation", "tickets_count", "tickets_sum"])
def test_a_row_that_does_not_count_is_malformed(name: str) -> None:
    rows = [{**SNAKE["ticket_operations"][0], name: None}]  # type: ignore[index]
    with pytest.raises(AnswerMalformed, match="has no operation, no count or no sum"):
        messages.counted(fields({**SNAKE, "ticket_operations": rows}))


@UNTIMED
@given(st.dictionaries(st.sampled_from([*SNAKE, *CAMEL, "openShiftTime"]), JSON, max_size=6))
def test_any_report_is_read_or_malformed(report: dict[str, Any]) -> None:
    with contextlib.suppress(AnswerMalformed):
        messages.shift_report(fields({**SNAKE, **report}), KAZAKHSTAN, {})
