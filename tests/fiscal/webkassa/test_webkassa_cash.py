"""Cash moves: put in, and found again on the control tape."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from webkassa_talk import (
    MONEY,
    TAPE,
    error,
    run,
    settle,
)

from fiscal.register import (
    Absent,
    Baseline,
    CashDirection,
    CashDocument,
    CashMove,
    Done,
    FailureKind,
    Unknown,
)

MOVE = CashMove("112233", CashDirection.IN, 1000000)
ROW: dict[str, Any] = {"OperationTypeText": "Внесение", "Sum": 10000, "Date": "15.07.2026 09:00:00", "IsOffline": False}


def test_cash_is_put_in(box: Any, register: Any, base: Baseline) -> None:
    box.then(MONEY, {"Data": {"DateTime": "15.07.2026 09:00:00", "ShiftNumber": 7, "Sum": 10000, "OfflineMode": False}})
    outcome = run(register, CashMove("till7-cash-9", CashDirection.IN, 1000000), base)
    assert isinstance(outcome, Done)
    assert outcome.document == CashDocument("2026-07-15T09:00:00+05:00", 7, 1000000, False, outcome.document.raw)


@pytest.mark.parametrize("name", ["112233", 112233])
def test_a_cash_move_is_found_on_the_control_tape(asks: Any, register: Any, base: Baseline, name: Any) -> None:
    sold = {
        "OperationTypeText": "Продажа",
        "Sum": 10000,
        "Date": "15.07.2026 09:00:00",
        "Number": "1",
        "ExternalOperationId": name,
    }
    asks.always(TAPE, {"Data": [sold, {**ROW, "ExternalOperationId": name}]})
    outcome = settle(register, MOVE, base)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.document, CashDocument)
    assert (outcome.document.shift, outcome.document.at) == (7, "2026-07-15T09:00:00+05:00")
    json.dumps(outcome.document.raw)


def test_a_cash_move_that_is_on_no_tape_is_absent(asks: Any, register: Any, base: Baseline) -> None:
    asks.always(TAPE, {"Data": [{**ROW, "ExternalOperationId": "other"}, {**ROW, "Sum": 1}]})
    assert isinstance(settle(register, MOVE, base), Absent)


def test_a_tape_row_of_our_sum_without_a_key_proves_nothing(asks: Any, register: Any, base: Baseline) -> None:
    asks.always(TAPE, {"Data": [ROW]})
    outcome = settle(register, MOVE, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.HUMAN


def test_a_repeated_cash_move_is_done_and_one_of_another_sum_a_collision(
    asks: Any, register: Any, base: Baseline
) -> None:
    asks.always(MONEY, error(14))
    asks.always(TAPE, {"Data": [{**ROW, "ExternalOperationId": "112233"}]})
    assert isinstance(run(register, MOVE, base), Done)
    outcome = run(register, replace(MOVE, sum_tiyn=1), base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.KEY_COLLISION
