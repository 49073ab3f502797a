"""The driver over real sockets, where all goes well or is plainly refused: what it sends and what it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from webkassa_talk import (
    CHECK,
    LOGIN,
    OK,
    OLD_STATE,
    SHIFTS,
    STATE,
    Z_OK,
    X,
    error,
    run,
    shifts,
    state,
)

from fiscal.register import (
    Baseline,
    Done,
    FailureKind,
    FiscalDocument,
    Operation,
    Receipt,
    Refused,
    RegisterUnavailable,
    ReturnBasis,
    Unknown,
)
from fiscal.registry import OpenRegister


def test_a_sale_is_logged_in_sent_once_and_becomes_a_document(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert not outcome.recovered
    assert isinstance(outcome.document, FiscalDocument)
    assert (outcome.document.fiscal_sign, outcome.document.total_tiyn) == ("4228143550", 180000)
    assert [r.path for r in box.requests] == [LOGIN, CHECK]
    assert box.asked(LOGIN) == [{"Login": "till7", "Password": "pass-word-1"}]


def test_the_token_stands_in_the_body_only_and_the_key_in_every_header(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, OK)
    run(register, sale, base)
    assert box.asked(CHECK)[0]["Token"] == "0b8557d0139945a582fcfee661ffad49"
    for seen in box.requests:
        assert seen.headers["x-api-key"] == "integrator-key-of-the-shop"
        assert seen.headers["content-type"] == "application/json; charset=utf-8"
        assert "0b8557d0139945a582fcfee661ffad49" not in str(seen.headers)


def test_what_is_sent_is_what_was_prepared_byte_for_byte(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, OK)
    prepared = register.prepare(sale)
    register.execute(prepared, base)
    stored = prepared.payload["body"]
    assert box.raw(CHECK) == [('{"Token":"0b8557d0139945a582fcfee661ffad49",' + stored[1:]).encode()]


def test_a_return_carries_the_five_facts_of_its_original(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, {"Data": {**OK["Data"], "TicketUrl": "http://x?s=1800.00"}})
    basis = ReturnBasis("4228143550", "2026-07-15T05:30:00+00:00", "010100000001", 180000, True)
    paid = (replace(sale.payments[0], sum_tiyn=180000),)
    outcome = run(register, replace(sale, operation=Operation.SALE_RETURN, basis=basis, payments=paid), base)
    assert isinstance(outcome, Done)
    assert box.asked(CHECK)[0]["ReturnBasisDetails"] == {
        "CheckNumber": "4228143550", "DateTime": "2026-07-15 10:30:00", "RegistrationNumber": "010100000001",
        "Total": 1800, "IsOffline": True,
    }  # fmt: skip


def test_one_token_serves_many_requests(asks: Any, register: Any, sale: Receipt) -> None:
    asks.always(CHECK, OK)
    for _ in range(3):
        run(register, sale, register.baseline())
    assert len(asks.asked(LOGIN)) == 1


def test_the_x_report_and_the_status_are_read(asks: Any, register: Any) -> None:
    asks.then(X, Z_OK)
    report = register.x_report()
    assert (report.shift, report.closed, report.cash_tiyn, report.at) == (
        7,
        False,
        1090000,
        "2026-07-15T22:00:00+05:00",
    )
    status = register.status()
    assert (status.reachable, status.shift, status.shift_open) == (True, 7, True)


def test_the_baseline_is_the_state_of_the_cashbox(asks: Any, register: Any) -> None:
    assert register.baseline() == Baseline("SWK00000001", 7, True, 11, extra={"protocol": 203})


@pytest.mark.parametrize("broken", [{"status": 404}, {"body": b"<html>"}, {"body": {"Data": {}}}])
def test_a_server_without_the_state_request_is_asked_for_its_shifts(
    box: Any, register: Any, broken: dict[str, Any]
) -> None:
    for path in (STATE, OLD_STATE):
        box.always(path, broken.get("body", {}), status=broken.get("status", 200))
    box.always(SHIFTS, shifts(6, 7))
    assert register.baseline() == Baseline("SWK00000001", 7, False, None)


def test_the_older_state_request_is_tried(box: Any, register: Any) -> None:
    box.always(OLD_STATE, state(7))
    assert register.baseline().shift == 7
    assert register.baseline().shift == 7
    assert len(box.asked(STATE)) == 1


def test_a_state_of_another_cashbox_is_no_baseline(box: Any, register: Any) -> None:
    box.always(STATE, {"Data": {"UniqueNumber": "SWK99999999", "CurrentState": {"ShiftNumber": 1}}})
    with pytest.raises(RegisterUnavailable) as told:
        register.baseline()
    assert told.value.failure.code == "identity"


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (4, "", FailureKind.REFUSED),
        (5, "", FailureKind.CONFIGURATION),
        (7, "", FailureKind.CONFIGURATION),
        (8, "", FailureKind.REFUSED),
        (9, "Поле Count", FailureKind.INVALID),
        (17, "", FailureKind.INVALID),
        (18, "", FailureKind.OFFLINE_LIMIT),
        (255, "нет чека основания", FailureKind.INVALID),
        (1025, "", FailureKind.CONFIGURATION),
    ],
)
def test_a_definite_refusal_is_sent_once_and_told(
    box: Any, register: Any, sale: Receipt, base: Baseline, code: int, text: str, kind: FailureKind
) -> None:
    box.always(CHECK, error(code, text))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert (outcome.failure.kind, outcome.failure.code) == (kind, f"webkassa:{code}")
    assert outcome.failure.text
    assert len(box.asked(CHECK)) == 1


@pytest.mark.parametrize(
    "body", [error(-1), error(255, "OFD"), error(424242), error(19), {"Data": OK["Data"], **error(8)}]
)
def test_an_answer_that_decides_nothing_leaves_doubt(
    box: Any, register: Any, sale: Receipt, base: Baseline, body: dict[str, Any]
) -> None:
    box.always(CHECK, body)
    assert isinstance(run(register, sale, base), Unknown)
    assert len(box.asked(CHECK)) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, Refused), (401, Refused), (404, Refused), (413, Refused), (408, Unknown), (409, Unknown), (429, Unknown),
     (302, Unknown), (500, Unknown), (502, Unknown), (503, Unknown), (505, Unknown)],
)  # fmt: skip
def test_http_statuses_are_told_apart(
    box: Any, register: Any, sale: Receipt, base: Baseline, status: int, outcome: type
) -> None:
    box.always(CHECK, b"<html>no json</html>", status=status)
    assert isinstance(run(register, sale, base), outcome)
    assert len(box.asked(CHECK)) == 1


def test_callers_can_type_their_factories(open_at: Callable[..., OpenRegister]) -> None:
    register = open_at("http://127.0.0.1:1")
    assert register.capabilities.returns_need_basis
