"""The driver over real sockets: what it sends, and what it makes of every kind of answer and silence."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from fiscal.register import (
    Absent,
    Baseline,
    CashDirection,
    CashDocument,
    CashMove,
    Done,
    FailureKind,
    FiscalDocument,
    NotSent,
    Operation,
    Receipt,
    Refused,
    RegisterUnavailable,
    ReturnBasis,
    ShiftClose,
    ShiftReport,
    Unknown,
)
from fiscal.registry import OpenRegister, open_register

CHECK, MONEY, LOGIN = "/api/v4/check", "/api/v4/MoneyOperation", "/api/v4/Authorize"
Z, X, Z_BY_SHIFT = "/api/v4/ZReport", "/api/v4/XReport", "/api/v4/ZReport/ByShiftNumber"
STATE, OLD_STATE, SHIFTS = "/api-portal/cashbox/state", "/api/cashbox/state", "/api/v4/Cashbox/ShiftHistory"
LOOKUP = "/api-history/v4/Ticket/GetTicketByExternalCheckNumber"
HISTORY, BY_NUMBER, TAPE = "/api/v4/Check/History", "/api/v4/Check/HistoryByNumber", "/api/v4/Reports/ControlTape"

OK: dict[str, Any] = {
    "Data": {
        "CheckNumber": "4228143550", "DateTime": "15.07.2026 10:30:00", "DateTimeUTC": "15.07.2026 10:30:00 +05:00",
        "OfflineMode": False, "CashboxOfflineMode": False, "CheckOrderNumber": 12, "ShiftNumber": 7,
        "Cashbox": {"UniqueNumber": "SWK00000001", "RegistrationNumber": "010100000001"},
        "TicketUrl": "http://consumer.test-oofd.kz?i=4228143550&f=010100000001&s=1800.00&t=20260715T103000",
    }
}  # fmt: skip
FOUND = {
    "Data": {
        "OperationType": 2, "ExternalCheckNumber": "till7-000000123-sale", "Number": "4228143550", "OrderNumber": 12,
        "RegistratedOn": "15.07.2026 10:30:00", "ShiftNumber": 7, "CashboxRegistrationNumber": "010100000001",
        "Total": 1800, "IsOffline": False, "TicketUrl": OK["Data"]["TicketUrl"],
    }
}  # fmt: skip
Z_OK = {
    "Data": {"ReportNumber": 41, "ShiftNumber": 7, "StartOn": "15.07.2026 09:00:00", "ReportOn": "15.07.2026 22:00:00",
             "CloseOn": "15.07.2026 22:00:00", "DocumentCount": 3, "SumInCashbox": 10900, "PutMoneySum": 10000}
}  # fmt: skip


def error(code: int, text: str = "text of the vendor") -> dict[str, Any]:
    return {"Errors": [{"Code": code, "Text": text}]}


def state(shift: int, closed: bool = False) -> dict[str, Any]:
    current = {
        "ShiftNumber": shift,
        "ShiftClosed": closed,
        "ShiftOpenedAt": "15.07.2026 09:00:00",
        "DocumentsCount": 11,
    }
    return {"Data": {"UniqueNumber": "SWK00000001", "OfdProtocolVersion": 203, "CurrentState": current}}


def shifts(*closed: int, open_: int | None = None) -> dict[str, Any]:
    rows = [{"ShiftNumber": n, "OpenDate": "14.07.2026 09:00:00", "CloseDate": "14.07.2026 22:00:00"} for n in closed]
    rows += [{"ShiftNumber": open_, "OpenDate": "15.07.2026 09:00:00"}] if open_ is not None else []
    return {"Data": {"Skip": 0, "Take": 50, "Total": len(rows), "Shifts": rows}}


@pytest.fixture
def asks(box: Any) -> Any:
    """The cashbox with its questions answerable: shift 7 is open."""
    box.always(STATE, state(7))
    box.always(SHIFTS, shifts(6, open_=7))
    return box


def run(register: OpenRegister, order: Any, base: Baseline) -> Any:
    return register.execute(register.prepare(order), base)


# --- The plain way -------------------------------------------------------------------------------------------------


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
        assert seen.headers["x-api-key"] == "integrator-key"
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


def test_cash_is_put_in(box: Any, register: Any, base: Baseline) -> None:
    box.then(MONEY, {"Data": {"DateTime": "15.07.2026 09:00:00", "ShiftNumber": 7, "Sum": 10000, "OfflineMode": False}})
    outcome = run(register, CashMove("till7-cash-9", CashDirection.IN, 1000000), base)
    assert isinstance(outcome, Done)
    assert outcome.document == CashDocument("2026-07-15T09:00:00+05:00", 7, 1000000, False, outcome.document.raw)


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


# --- Sessions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [2, 3])
def test_a_dead_token_costs_one_login_and_the_same_body(
    box: Any, register: Any, sale: Receipt, base: Baseline, code: int
) -> None:
    box.then(LOGIN, {"Data": {"Token": "a" * 32}})
    box.then(LOGIN, {"Data": {"Token": "b" * 32}})
    box.then(CHECK, error(code))
    box.then(CHECK, OK)
    assert isinstance(run(register, sale, base), Done)
    first, second = box.raw(CHECK)
    assert first.replace(b"a" * 32, b"b" * 32) == second


def test_a_token_that_dies_twice_is_a_matter_of_the_set_up(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, error(2))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.kind is FailureKind.CONFIGURATION
    assert len(box.asked(CHECK)) == 2
    assert len(box.asked(LOGIN)) == 2


def test_a_wrong_password_stops_and_does_not_knock_again(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(LOGIN, error(1, "wrong password pass-word-1"))
    outcome = run(register, sale, base)
    assert isinstance(outcome, NotSent)
    assert (outcome.failure.kind, outcome.failure.code) == (FailureKind.CONFIGURATION, "webkassa:1")
    assert "pass-word-1" not in outcome.failure.text
    assert not register.status().reachable or register.status().failure.code == "webkassa:1"
    assert len(box.asked(LOGIN)) == 1
    assert box.asked(CHECK) == []


@pytest.mark.parametrize("body", [{}, {"Data": {}}, {"Data": {"Token": 0.5}}, {"Data": []}, b"<html>"])
def test_a_login_without_a_token_leaves_the_sale_unsent(
    box: Any, register: Any, sale: Receipt, base: Baseline, body: Any
) -> None:
    box.always(LOGIN, body)
    outcome = run(register, sale, base)
    assert isinstance(outcome, NotSent)
    assert outcome.failure.kind is FailureKind.UNAVAILABLE


def test_a_lost_login_leaves_the_sale_unsent(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    box.always(LOGIN, cut="instead")
    assert isinstance(run(register, sale, base), NotSent)


def test_a_server_that_quotes_the_token_does_not_get_it_into_the_journal(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, error(9, "bad json near 0b8557d0139945a582fcfee661ffad49"))
    outcome = run(register, sale, base)
    assert outcome.failure.text == "bad json near ***"


# --- Refusals ------------------------------------------------------------------------------------------------------


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


# --- Silence and rubbish -------------------------------------------------------------------------------------------

RUBBISH: list[dict[str, Any]] = [
    {"cut": "instead"},
    {"body": OK, "cut": "inside"},
    {"body": b""},
    {"body": b"<html>200 all fine</html>"},
    {"body": b'{"Data":{"CheckNumber":"42'},
    {"body": b"x" * (4 * 1024 * 1024 + 1)},
    {"body": {}},
    {"body": {"Data": []}},
    {"body": {"Data": {}}},
    {"body": {"Data": {"CheckNumber": "1"}}},
    {"body": {"Data": {**OK["Data"], "CheckNumber": ""}}},
    {"body": {"Data": {**OK["Data"], "CheckNumber": {"a": 1}}}},
    {"body": {"Data": {**OK["Data"], "DateTime": "yesterday", "DateTimeUTC": ""}}},
    {"body": {"Data": {**OK["Data"], "ShiftNumber": "seven"}}},
    {"body": {"Data": {**OK["Data"], "OfflineMode": "no"}}},
    {"body": {"Data": {**OK["Data"], "Total": "lots"}}},
    {"body": OK, "headers": {"Content-Encoding": "gzip"}},
]


@pytest.mark.parametrize("answer", RUBBISH, ids=range(len(RUBBISH)))
def test_silence_and_rubbish_are_doubt_with_a_place_and_never_an_exception(
    box: Any, register: Any, sale: Receipt, base: Baseline, answer: dict[str, Any]
) -> None:
    box.always(CHECK, **answer)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.place
    assert len(box.asked(CHECK)) == 1


def test_an_answer_that_comes_too_late_is_doubt(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, OK, delay_s=0.25)
    register = open_at(f"http://127.0.0.1:{start_server(box)}", "write_s=0.05")
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "timeout"


class Dripping(httpx.BaseTransport):
    """Every byte comes quickly, the answer never ends; a second passes with each byte."""

    seconds = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.url.path == LOGIN:
            return httpx.Response(200, json={"Data": {"Token": "a" * 32}})
        return httpx.Response(200, content=self._drops())

    def _drops(self) -> Iterator[bytes]:
        for _ in range(1000):
            self.seconds += 1.0
            yield b" "

    def monotonic(self) -> float:
        return self.seconds


def test_an_answer_that_drips_for_ever_is_given_up_at_the_deadline(sale: Receipt, base: Baseline) -> None:
    tap = Dripping()
    register = open_register(
        "webkassa+https://kkm-one.kz?cashbox=SWK00000001&login=a",
        secret=lambda name: name,
        transport=tap,
        now=lambda: 0,
        monotonic=tap.monotonic,
        sleep=lambda _: None,
    )
    assert isinstance(run(register, sale, base), Unknown)
    assert tap.seconds == 26.0  # The deadline of a write is 25 s.
    register.close()


def test_a_session_is_renewed_before_the_vendor_s_day_is_over(
    box: Any, start_server: Any, sale: Receipt, base: Baseline
) -> None:
    clock = [0.0]
    register = open_register(
        f"webkassa+http://127.0.0.1:{start_server(box)}?cashbox=SWK00000001&login=a",
        secret=lambda name: name,
        transport=None,
        now=lambda: 0,
        monotonic=lambda: clock[0],
        sleep=lambda _: None,
    )
    box.always(CHECK, OK)
    for hour in (0, 19, 21, 22):
        clock[0] = hour * 3600.0
        assert isinstance(run(register, sale, base), Done)
    assert len(box.asked(LOGIN)) == 2
    register.close()


def test_unknown_fields_and_other_cases_of_names_change_nothing(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    data = {name.lower(): value for name, value in OK["Data"].items()} | {"newField": [1, {"x": None}]}
    box.then(CHECK, {"data": data, "errors": None, "traceId": "q"})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.document.fiscal_sign == "4228143550"  # type: ignore[union-attr]


def test_a_refused_connection_is_certainly_not_sent(open_at: Any, sale: Receipt, base: Baseline) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # Bound, not listening: refused.
        register = open_at(f"http://127.0.0.1:{unused.getsockname()[1]}")
        outcome = run(register, sale, base)
        assert isinstance(outcome, NotSent)
        assert outcome.failure.kind is FailureKind.UNAVAILABLE
        status = register.status()
    assert not status.reachable


def test_a_failed_tls_handshake_is_certainly_not_sent(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    register = open_at(f"https://127.0.0.1:{start_server(box)}")  # The server speaks plain HTTP.
    assert isinstance(run(register, sale, base), NotSent)
    assert box.requests == []


def test_an_answer_with_another_sum_is_an_alarm(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    box.then(CHECK, {"Data": {**OK["Data"], "Total": 1799.99}})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.KEY_COLLISION


def test_an_answer_of_another_cashbox_is_not_taken(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    cashbox = {"UniqueNumber": "SWK99999999"}
    box.then(CHECK, {"Data": {**OK["Data"], "Cashbox": cashbox}})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.HUMAN


# --- The key is known: code 14 -------------------------------------------------------------------------------------


def test_a_duplicate_with_its_data_is_done_after_comparing(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.then(CHECK, {**OK, **error(14)})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert [r.path for r in box.requests] == [LOGIN, CHECK]


def test_a_duplicate_of_another_sum_is_a_collision(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    other = OK["Data"]["TicketUrl"].replace("1800.00", "900.00")
    box.then(CHECK, {"Data": {**OK["Data"], "TicketUrl": other}, **error(14)})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.KEY_COLLISION
    assert "90000" in outcome.failure.text
    assert "180000" in outcome.failure.text


@pytest.mark.parametrize("body", [error(14), {"Data": {"CheckNumber": "4228143550", "ShiftNumber": 7}, **error(14)}])
def test_a_duplicate_without_all_its_data_is_looked_up(
    asks: Any, register: Any, sale: Receipt, base: Baseline, body: dict[str, Any]
) -> None:
    asks.then(CHECK, body)
    asks.then(LOOKUP, FOUND)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    document = outcome.document
    assert isinstance(document, FiscalDocument)
    assert (document.fiscal_sign, document.number, document.shift) == ("4228143550", 12, 7)
    assert asks.asked(LOOKUP)[0]["ShiftNumber"] == 7
    assert asks.asked(LOOKUP)[0]["ExternalCheckNumber"] == "till7-000000123-sale"


def test_a_duplicate_that_is_nowhere_to_be_found_needs_a_person(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(14))
    asks.always(LOOKUP, error(19))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.HUMAN
    assert {a["ShiftNumber"] for a in asks.asked(LOOKUP)} == {6, 7}


def test_a_duplicate_whose_lookup_is_down_stays_in_doubt(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(14))
    asks.always(LOOKUP, b"", status=503)
    asks.always(HISTORY, b"", status=503)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "http:503"


# --- The shift is too long: code 11, and 12, 13 --------------------------------------------------------------------


def test_a_shift_of_more_than_a_day_is_closed_and_the_sale_goes_out_again(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(11))
    asks.then(CHECK, {"Data": {**OK["Data"], "ShiftNumber": 8, "CheckOrderNumber": 1}})
    asks.then(Z, Z_OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.document.shift == 8
    (report,) = outcome.side
    assert isinstance(report, ShiftReport)
    assert (report.shift, report.closed, report.number) == (7, True, 41)
    first, second = asks.raw(CHECK)
    assert first == second


def test_the_closing_is_told_even_when_the_sale_then_fails(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    for last, kind in ((error(8), Refused), (error(-1), Unknown)):
        asks.then(CHECK, error(11))
        asks.then(CHECK, last)
        asks.then(Z, Z_OK)
        outcome = run(register, sale, base)
        assert isinstance(outcome, kind)
        assert [document.shift for document in outcome.side] == [7]


def test_a_lost_answer_to_the_closing_is_settled_before_anything_is_repeated(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    def close(_: dict[str, Any]) -> Any:
        asks.always(STATE, state(7, closed=True))
        return type(asks.fallback[LOGIN])(cut="instead")

    asks.then(CHECK, error(11))
    asks.then(CHECK, OK)
    asks.then(Z, close)
    asks.then(Z_BY_SHIFT, Z_OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert [document.shift for document in outcome.side] == [7]
    assert len(asks.asked(Z)) == 1


def test_a_sale_refused_for_the_shift_stays_refused_when_the_shift_cannot_be_closed(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(CHECK, error(11))
    asks.always(Z, error(4, "no right"))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.kind is FailureKind.SHIFT_EXPIRED
    assert "no right" in outcome.failure.text
    assert len(asks.asked(CHECK)) == 1


def test_a_server_that_says_11_for_ever_gets_one_z_report(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(CHECK, error(11))
    asks.always(Z, Z_OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert len(asks.asked(Z)) == 1
    assert len(outcome.side) == 1


def test_closing_by_itself_can_be_switched_off(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, error(11))
    register = open_at(f"http://127.0.0.1:{start_server(box)}", "auto_z=no")
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.kind is FailureKind.SHIFT_EXPIRED
    assert box.asked(Z) == []


@pytest.mark.parametrize("code", [12, 13])
def test_a_sale_told_that_no_shift_is_open_is_repeated_once(
    asks: Any, register: Any, sale: Receipt, base: Baseline, code: int
) -> None:
    asks.then(CHECK, error(code))
    asks.then(CHECK, OK)
    assert isinstance(run(register, sale, base), Done)
    asks.always(CHECK, error(code))
    assert isinstance(run(register, sale, base), Refused)
    assert len(asks.asked(CHECK)) == 4


# --- Busy: code 9 with the words of a sequence ---------------------------------------------------------------------


def test_a_busy_cashbox_is_looked_at_before_the_same_body_goes_out_again(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    asks.then(CHECK, error(9, "requests to one cashbox must be sequential"))
    asks.then(CHECK, OK)
    asks.always(LOOKUP, error(19))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert not outcome.recovered
    assert sleeps == [1.0]
    order = [r.path for r in asks.requests if r.path in (CHECK, LOOKUP)]
    assert order == [CHECK, LOOKUP, CHECK]


def test_a_busy_cashbox_may_be_busy_with_our_own_earlier_request(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(9, "Запросы выполняются последовательно"))
    asks.then(LOOKUP, FOUND)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert len(asks.asked(CHECK)) == 1


def test_a_cashbox_busy_for_ever_is_doubt(asks: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    asks.always(CHECK, error(9, "одновременные запросы"))
    asks.always(LOOKUP, error(19))
    assert isinstance(run(register, sale, base), Unknown)
    assert len(asks.asked(CHECK)) == 4


def test_a_link_that_breaks_after_busy_is_doubt_because_an_earlier_request_may_still_run(
    asks: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    routes = Routed({"kkm-one.kz": start_server(asks)})

    def absent_then_cut_off(_: dict[str, Any]) -> Any:
        routes.ports.clear()
        return type(asks.fallback[LOGIN])(error(19))

    asks.then(CHECK, error(9, "requests must be sequential"))
    asks.then(LOOKUP, absent_then_cut_off)
    outcome = run(open_at("https://kkm-one.kz", transport=routes), sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "connect"
    assert len(asks.asked(CHECK)) == 1


def test_two_drivers_of_one_cashbox_never_overlap(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, OK, delay_s=0.05)
    origin = f"http://127.0.0.1:{start_server(box)}"
    registers = [open_at(origin) for _ in range(3)]
    outcomes: list[Any] = []
    threads = [threading.Thread(target=lambda r=r: outcomes.append(run(r, sale, base))) for r in registers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(outcome) for outcome in outcomes] == [Done] * 3
    assert box.busy_most == 1


# --- Other domains: 505 --------------------------------------------------------------------------------------------


class Routed(httpx.BaseTransport):
    """Public names that lead to servers on loopback; anything else is a name that does not resolve."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.hosts: list[str] = []
        self.inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(str(request.url.copy_with(path="")))
        if request.url.host not in self.ports:
            raise httpx.ConnectError("name does not resolve")
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.ports[request.url.host])
        return self.inner.handle_request(
            httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
            )
        )

    def close(self) -> None:
        self.inner.close()


@pytest.mark.parametrize("shut", [{"status": 505, "body": b"<html>"}, {"body": error(505)}])
def test_a_shut_domain_sends_the_same_bytes_to_the_next_public_one(
    box: Any, new_box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline, shut: dict[str, Any]
) -> None:
    second = new_box()
    header = "http://127.0.0.1, https://10.0.0.1, kkm-dead.kz, https://kkm-two.kz"
    box.always(CHECK, headers={"AlternativeDomainNames": header}, **shut)
    second.always(CHECK, OK)
    routes = Routed({"kkm-one.kz": start_server(box), "kkm-two.kz": start_server(second)})
    register = open_at("https://kkm-one.kz", transport=routes)
    assert isinstance(run(register, sale, base), Done)
    assert box.raw(CHECK) == second.raw(CHECK)
    assert routes.hosts == ["https://kkm-one.kz"] * 2 + ["https://kkm-dead.kz", "https://kkm-two.kz"]
    assert isinstance(run(register, sale, base), Done)
    assert len(second.asked(CHECK)) == 2  # It stays there.


def test_a_borrowed_domain_that_dies_gives_way_to_our_own(
    box: Any, new_box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    second = new_box()
    box.then(CHECK, error(505), headers={"AlternativeDomainNames": "kkm-two.kz"})
    box.always(CHECK, OK)
    second.always(CHECK, OK)
    routes = Routed({"kkm-one.kz": start_server(box), "kkm-two.kz": start_server(second)})
    register = open_at("https://kkm-one.kz", transport=routes)
    assert isinstance(run(register, sale, base), Done)
    del routes.ports["kkm-two.kz"]
    assert isinstance(run(register, sale, base), Done)
    assert len(box.asked(CHECK)) == 2


@pytest.mark.parametrize("header", ["", "http://127.0.0.1", "localhost, 127.0.0.1:8080, https://kkm.local"])
def test_a_shut_domain_without_a_usable_other_leaves_doubt(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline, header: str
) -> None:
    box.always(CHECK, error(505), headers={"AlternativeDomainNames": header})
    routes = Routed({"kkm-one.kz": start_server(box)})
    outcome = run(open_at("https://kkm-one.kz", transport=routes), sale, base)
    assert isinstance(outcome, Unknown)
    assert set(routes.hosts) == {"https://kkm-one.kz"}


# --- Settling ------------------------------------------------------------------------------------------------------


def settle(register: OpenRegister, order: Any, base: Baseline) -> Any:
    return register.settle(register.prepare(order), base)


def test_settling_finds_what_a_lost_answer_has_made_and_sends_nothing(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    asks.then(CHECK, OK, cut="instead")
    asks.then(LOOKUP, FOUND)
    prepared = register.prepare(sale)
    assert isinstance(register.execute(prepared, base), Unknown)
    outcome = register.settle(prepared, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert isinstance(outcome.document, FiscalDocument)
    assert (outcome.document.number, outcome.document.qr) == (12, OK["Data"]["TicketUrl"])
    assert len(asks.asked(CHECK)) == 1
    assert sleeps == []


def test_a_document_that_appears_late_is_found_in_a_later_round(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    asks.then(LOOKUP, error(19))
    asks.then(LOOKUP, error(19))
    asks.then(LOOKUP, FOUND)
    assert isinstance(settle(register, sale, base), Done)
    assert sleeps == [1.0, 1.0]


@pytest.mark.parametrize("code", [15, 16, 19])
def test_absent_in_every_shift_three_times_is_absent_and_the_same_order_may_go_again(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float], code: int
) -> None:
    asks.always(LOOKUP, error(code))
    prepared = register.prepare(sale)
    asks.then(CHECK, cut="instead")
    assert isinstance(register.execute(prepared, base), Unknown)
    outcome = register.settle(prepared, base)
    assert outcome == Absent("no receipt with key till7-000000123-sale in shifts 7")
    assert sleeps == [1.0, 1.0]
    asks.then(CHECK, OK)
    assert isinstance(register.execute(prepared, base), Done)
    first, second = asks.raw(CHECK)
    assert first == second


def test_newer_shifts_are_searched_too(asks: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    asks.always(SHIFTS, shifts(6, 7, 8, open_=9))
    asks.always(STATE, state(9))
    asks.always(LOOKUP, lambda body: type(asks.fallback[LOGIN])(FOUND if body["ShiftNumber"] == 7 else error(16)))
    assert isinstance(settle(register, sale, base), Done)
    assert [a["ShiftNumber"] for a in asks.asked(LOOKUP)] == [9, 8, 7]


def test_a_shift_that_cannot_be_asked_leaves_the_question_open(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(SHIFTS, shifts(7, open_=8))
    asks.always(STATE, state(8))
    asks.always(LOOKUP, lambda body: type(asks.fallback[LOGIN])(error(19) if body["ShiftNumber"] == 8 else error(-1)))
    asks.always(HISTORY, b"<html>", status=500)
    outcome = settle(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "http:500"


def test_without_the_lookup_the_history_is_read_page_by_page(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    """The server has no lookup and hands out ten rows at a time without telling how many there are."""
    receipts: list[dict[str, Any]] = [{"Number": str(n), "ExternalCheckNumber": f"other-{n}"} for n in range(25)]
    receipts[23] = FOUND["Data"]
    answer = type(asks.fallback[LOGIN])
    asks.always(HISTORY, lambda body: answer({"Data": {"Rows": receipts[body["Skip"] : body["Skip"] + 10]}}))
    assert isinstance(settle(register, sale, base), Done)
    receipts[23] = {"Number": "23", "ExternalCheckNumber": 23}
    assert isinstance(settle(register, sale, base), Absent)


def test_a_history_that_does_not_turn_the_page_proves_nothing(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(HISTORY, {"Data": [{"Number": "1", "ExternalCheckNumber": "other"}]})
    assert isinstance(settle(register, sale, base), Unknown)
    assert len(asks.asked(HISTORY)) == 6  # Two pages a round: the second shows that it is the first again.


def test_a_found_document_of_another_sum_or_kind_is_a_collision_at_once(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    for change in ({"Total": 1800.01}, {"OperationType": 3}):
        asks.always(LOOKUP, {"Data": {**FOUND["Data"], **change}})
        outcome = settle(register, sale, base)
        assert isinstance(outcome, Unknown)
        assert outcome.failure.kind is FailureKind.KEY_COLLISION
    assert sleeps == []


def test_what_the_lookup_leaves_out_is_read_from_the_history(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(LOOKUP, {"Data": {"CheckNumber": "4228143550", "DateTime": "15.07.2026 10:30:00", "Total": 1800}})
    asks.always(BY_NUMBER, FOUND)
    outcome = settle(register, sale, base)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.document, FiscalDocument)
    assert (outcome.document.number, outcome.document.shift, outcome.document.registration_number) == (
        12,
        7,
        "010100000001",
    )
    assert asks.asked(BY_NUMBER)[0]["Number"] == "4228143550"


def test_a_found_document_without_any_sum_is_not_believed(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(LOOKUP, {"Data": {"CheckNumber": "4228143550", "DateTime": "15.07.2026 10:30:00"}})
    outcome = settle(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "no_total"


def test_with_every_question_unanswered_the_order_stays_in_doubt(
    box: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    for path in (STATE, OLD_STATE, SHIFTS, LOOKUP, HISTORY):
        box.always(path, cut="instead")
    assert isinstance(settle(register, sale, base), Unknown)
    assert sleeps == [1.0, 1.0]
    assert box.asked(CHECK) == []


def test_absence_is_not_claimed_when_newer_shifts_cannot_be_listed(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(LOOKUP, error(19))  # Shift 7 answers; whether there is a shift 8 nobody says.
    assert isinstance(settle(register, sale, base), Unknown)


def test_a_cashbox_that_never_had_a_shift_has_no_receipt(box: Any, register: Any, sale: Receipt) -> None:
    box.always(SHIFTS, shifts())
    outcome = settle(register, sale, Baseline("SWK00000001", None, False, None))
    assert isinstance(outcome, Absent)
    assert "no shift" in outcome.evidence


def test_the_newest_shifts_are_found_in_a_long_list_whatever_its_order(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    answer = type(box.fallback[LOGIN])
    for rows in (list(range(1, 121)), list(range(120, 0, -1))):
        listed = [
            {"ShiftNumber": n, "OpenDate": "", **({"CloseDate": "14.07.2026 22:00:00"} if n < 120 else {})}
            for n in rows
        ]
        box.always(
            SHIFTS, lambda b, all_=listed: answer({"Data": {"Total": 120, "Shifts": all_[b["Skip"] : b["Skip"] + 20]}})
        )
        found = register.baseline()
        assert (found.shift, found.shift_open) == (120, True)


def test_an_order_of_another_cashbox_is_neither_sent_nor_settled(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    prepared = register.prepare(sale)
    elsewhere = replace(base, identity="SWK99999999")
    assert isinstance(register.execute(prepared, elsewhere), NotSent)
    assert isinstance(register.settle(prepared, elsewhere), Unknown)
    foreign = replace(prepared, family="shtrih")
    assert isinstance(register.execute(foreign, base), NotSent)
    assert isinstance(register.settle(foreign, base), Unknown)
    assert asks.requests == []


# --- Cash moves ----------------------------------------------------------------------------------------------------

MOVE = CashMove("112233", CashDirection.IN, 1000000)
ROW: dict[str, Any] = {"OperationTypeText": "Внесение", "Sum": 10000, "Date": "15.07.2026 09:00:00", "IsOffline": False}


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


# --- Closing a shift -----------------------------------------------------------------------------------------------

CLOSE = ShiftClose("till7-z-7", 7)


def test_a_shift_is_closed(asks: Any, register: Any, base: Baseline) -> None:
    asks.then(Z, Z_OK)
    outcome = run(register, CLOSE, base)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.document, ShiftReport)
    assert (outcome.document.shift, outcome.document.closed, outcome.recovered) == (7, True, False)


@pytest.mark.parametrize("now", [state(7, closed=True), state(8)])
def test_a_shift_that_is_over_is_not_closed_again_and_never_the_next_one(
    asks: Any, register: Any, base: Baseline, now: dict[str, Any]
) -> None:
    asks.always(STATE, now)
    asks.then(Z_BY_SHIFT, Z_OK)
    outcome = run(register, CLOSE, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert asks.asked(Z) == []
    assert asks.asked(Z_BY_SHIFT)[0]["ShiftNumber"] == 7


@pytest.mark.parametrize("code", [12, 13])
def test_already_closed_is_success(asks: Any, register: Any, base: Baseline, code: int) -> None:
    asks.then(Z, error(code))
    asks.then(Z_BY_SHIFT, Z_OK)
    outcome = run(register, CLOSE, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered


def test_a_lost_z_report_is_settled_by_the_state_of_the_shift(asks: Any, register: Any, base: Baseline) -> None:
    asks.then(Z, Z_OK, cut="instead")
    assert isinstance(run(register, CLOSE, base), Unknown)
    assert isinstance(settle(register, CLOSE, base), Absent)
    asks.always(STATE, state(8))
    asks.then(Z_BY_SHIFT, Z_OK)
    assert isinstance(settle(register, CLOSE, base), Done)
    assert len(asks.asked(Z)) == 1


def test_a_shift_nobody_opened_is_not_closed(asks: Any, register: Any, base: Baseline) -> None:
    assert isinstance(run(register, ShiftClose("till7-z-8", 8), base), Refused)
    assert asks.asked(Z) == []


def test_a_z_report_that_cannot_be_prepared_for_is_not_sent(box: Any, register: Any, base: Baseline) -> None:
    box.always(SHIFTS, cut="instead")
    assert isinstance(run(register, CLOSE, base), NotSent)
    assert box.asked(Z) == []


def test_a_closed_shift_whose_report_is_not_readable_yet_stays_open_as_a_question(
    asks: Any, register: Any, base: Baseline
) -> None:
    asks.always(STATE, state(8))
    asks.always(Z_BY_SHIFT, error(1014))
    assert isinstance(settle(register, CLOSE, base), Unknown)


# --- Once and only once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["before", "after", "refused", "half"])
def test_however_the_answer_is_lost_one_key_makes_one_receipt(
    asks: Any, register: Any, sale: Receipt, base: Baseline, lost: str
) -> None:
    """A cashbox with a memory: it fiscalises a key once and answers 14 after that."""
    answer = type(asks.fallback[LOGIN])
    receipts: list[str] = []
    troubles = [lost]

    def check(body: dict[str, Any]) -> Any:
        trouble = troubles.pop() if troubles else ""
        key = body["ExternalCheckNumber"]
        if trouble == "before":
            return answer(cut="instead")
        if trouble == "refused":
            return answer(b"", status=503)
        known = key in receipts
        if not known:
            receipts.append(key)
        if trouble:
            return answer(OK, cut="inside" if trouble == "half" else "instead")
        return answer({**OK, **error(14)} if known else OK)

    asks.always(CHECK, check)
    asks.always(LOOKUP, lambda body: answer(FOUND if body["ExternalCheckNumber"] in receipts else error(19)))
    prepared = register.prepare(sale)
    outcome: Any = register.execute(prepared, base)
    assert isinstance(outcome, Unknown)
    outcome = register.settle(prepared, base)
    if isinstance(outcome, Absent):
        outcome = register.execute(prepared, base)
    assert isinstance(outcome, Done)
    assert outcome.document.fiscal_sign == "4228143550"  # type: ignore[union-attr]
    assert receipts == [sale.key]


def test_settling_twice_gives_the_same_document(asks: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    asks.always(LOOKUP, FOUND)
    prepared = register.prepare(sale)
    assert register.settle(prepared, base) == register.settle(prepared, base)


def test_callers_can_type_their_factories(open_at: Callable[..., OpenRegister]) -> None:
    register = open_at("http://127.0.0.1:1")
    assert register.capabilities.returns_need_basis
