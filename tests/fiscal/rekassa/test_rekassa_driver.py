"""One order, and what each answer makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cloud_orders import KEY, line, mark, sale
from cloud_played import HTML, Played, Talk, answer, cut, refused
from rekassa_talk import (
    BASE,
    CASH,
    CLOSE,
    DOCUMENTS,
    LOGIN,
    ORDER,
    SELL,
    SHIFT,
    TILL,
    TILLS,
    VECTORS,
    error,
    golden,
    listed,
    sold,
    till,
)

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
    Refused,
    RegisterUnavailable,
    ShiftClose,
    Unknown,
)

PUT = CashMove("till7-cash-000000009", CashDirection.IN, 1_000_000)


def test_a_sale_goes_out_once_with_its_key_and_its_answer_is_the_document(talk: Talk, played: Played) -> None:
    played.then(SELL, sold())
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.recovered, done.document.fiscal_sign, done.document.number) == (False, "4228143550", 2)
    (sent,) = played.sent(SELL)
    assert sent.headers["X-Request-ID"] == KEY
    assert sent.headers["Authorization"] == "Bearer the-token-of-the-till"
    assert sent.headers["Content-Type"] == "application/json"
    assert "X-Geo-Latitude" not in sent.headers
    assert sent.body.decode() == talk.register.prepare(ORDER).payload["body"]


def test_a_place_is_told_with_receipts_alone(open_at: Callable[..., Talk], played: Played) -> None:
    talk = open_at("geo=43.238949,76.889709")
    played.then(SELL, sold())
    played.then(CASH, golden_cash())
    assert isinstance(talk.execute(ORDER), Done)
    assert isinstance(talk.execute(PUT), Done)
    (receipt,), (cash,) = played.sent(SELL), played.sent(CASH)
    assert (receipt.headers["X-Geo-Latitude"], receipt.headers["X-Geo-Longitude"]) == ("43.238949", "76.889709")
    assert "X-Geo-Latitude" not in cash.headers


def golden_cash() -> dict[str, Any]:
    return dict(json.loads(VECTORS["cash_answer"]["body"]))


def test_a_cash_move_is_answered_by_its_document(talk: Talk, played: Played) -> None:
    played.then(CASH, golden_cash())
    done = talk.execute(PUT)
    assert isinstance(done, Done) and isinstance(done.document, CashDocument)
    assert (done.document.shift, done.document.balance_tiyn) == (7, None)
    assert played.sent(CASH)[0].headers["X-Request-ID"] == PUT.key


def test_the_path_of_the_vendor_goes_before_every_call(open_at: Callable[..., Talk], played: Played) -> None:
    for where, play in list(played.fallback.items()):
        method, _, path = where.partition(" ")
        played.always(f"{method} /partner{path}", play)
    played.then("POST /partner/api/crs/1042/tickets", sold())
    assert isinstance(open_at(path="/partner").execute(ORDER), Done)
    assert all(one.target.startswith("/partner/api/") for one in played.asked)


# --- login ---------------------------------------------------------------------------------------------------------


def test_the_login_names_the_till_and_keeps_its_key_out_of_the_failures(talk: Talk, played: Played) -> None:
    played.then(LOGIN, refused)
    told = talk.register.status()
    assert not told.reachable and told.failure is not None
    assert (told.failure.kind, told.failure.place) == (FailureKind.UNAVAILABLE, "/api/auth/login")
    assert "partner" not in told.failure.text
    (sent,) = played.asked
    assert sent.target == "/api/auth/login?apiKey=partner%20key%26&format=json"
    assert sent.body == b'{"number":"RK00000001","password":"integration"}'


def test_a_bare_token_is_taken_and_the_till_is_found_in_the_list(open_at: Callable[..., Talk], played: Played) -> None:
    played.always(LOGIN, answer("the-bare-token"))
    roles = [{"cashRegister": {"id": 7, "serialNumber": "RK00000002"}}, {"cashRegister": till()}]
    played.always(TILLS, {"_embedded": {"userCashRegisterRoles": roles}})
    talk = open_at("login=bare")
    assert talk.register.status().shift == 7
    assert played.asked[0].target == "/api/auth/login?apiKey=partner%20key%26"
    assert played.asked[1].headers["Accept"] == "application/hal+json"
    assert played.asked[2].headers["Authorization"] == "Bearer the-bare-token"


def test_a_login_without_our_till_is_a_mistake_of_the_set_up(open_at: Callable[..., Talk], played: Played) -> None:
    played.always(LOGIN, answer("the-bare-token"))
    played.always(TILLS, listed())
    failure = open_at("login=bare").register.status().failure
    assert failure is not None
    assert (failure.kind, failure.code) == (FailureKind.CONFIGURATION, "no_till")


def test_the_number_of_the_till_can_be_said(open_at: Callable[..., Talk], played: Played) -> None:
    played.always(LOGIN, answer("the-bare-token"))
    assert open_at("login=bare&till=1042").register.status().shift == 7
    assert played.sent(TILLS) == []


def test_a_login_of_another_till_is_a_mistake_of_the_set_up(talk: Talk, played: Played) -> None:
    played.always(LOGIN, {"id": 1, "serialNumber": "RK00000009", "token": "t"})
    failure = talk.register.status().failure
    assert failure is not None
    assert (failure.kind, failure.code) == (FailureKind.CONFIGURATION, "identity")


def test_a_token_that_has_ended_costs_one_login_and_the_same_bytes(talk: Talk, played: Played) -> None:
    played.then(SELL, answer(error("ACCESS_DENIED"), 401), sold())
    assert isinstance(talk.execute(ORDER), Done)
    first, second = played.sent(SELL)
    assert (first.body, first.headers["X-Request-ID"]) == (second.body, second.headers["X-Request-ID"])
    assert len(played.sent(LOGIN)) == 2


def test_a_token_that_is_never_taken_is_refused_and_no_loop(talk: Talk, played: Played) -> None:
    played.always(SELL, answer(error("ACCESS_DENIED"), 401))
    refusal = talk.execute(ORDER)
    assert isinstance(refusal, Refused)
    assert refusal.failure.kind is FailureKind.CONFIGURATION
    assert (len(played.sent(SELL)), len(played.sent(LOGIN))) == (2, 2)


def test_an_old_token_is_renewed_before_it_ends(talk: Talk, played: Played) -> None:
    talk.register.status()
    talk.sleep(12 * 60)
    talk.register.status()
    assert len(played.sent(LOGIN)) == 1
    talk.sleep(60)
    talk.register.status()
    assert len(played.sent(LOGIN)) == 2


def test_a_refused_login_is_not_tried_again_at_once(talk: Talk, played: Played) -> None:
    played.always(LOGIN, answer(error("WRONG_PASSWORD", "пароль integration неверен"), 400))
    for _ in range(3):
        failure = talk.register.status().failure
        assert failure is not None
        assert (failure.kind, failure.text) == (FailureKind.CONFIGURATION, "пароль *** неверен")
    assert len(played.sent(LOGIN)) == 1
    talk.sleep(61)
    talk.register.status()
    assert len(played.sent(LOGIN)) == 2


def test_a_login_that_fails_by_the_line_is_tried_again_and_the_order_has_not_left(talk: Talk, played: Played) -> None:
    for play in (cut, answer(HTML, 502), answer(HTML), answer("{}"), answer('{"token":"a b"}')):
        played.then(LOGIN, play)
        outcome = talk.execute(ORDER)
        assert isinstance(outcome, NotSent)
        assert outcome.failure.kind is FailureKind.UNAVAILABLE
    assert played.sent(SELL) == []


# --- a no ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 403, 409, 500])
def test_a_code_goes_before_its_status(talk: Talk, played: Played, status: int) -> None:
    played.then(SELL, answer(error("NOT_ENOUGH_CASH"), status))
    refusal = talk.execute(ORDER)
    assert isinstance(refusal, Refused)
    assert (refusal.failure.kind, refusal.failure.code) == (FailureKind.REFUSED, "rekassa:NOT_ENOUGH_CASH")
    assert played.sent(DOCUMENTS) == []


def test_a_document_with_status_error_is_a_refusal(talk: Talk, played: Played) -> None:
    played.then(SELL, {**sold(), "status": "ERROR", "errorType": "CASH_REGISTER_SHIFT_PERIOD_EXPIRED"})
    refusal = talk.execute(ORDER)
    assert isinstance(refusal, Refused)
    assert refusal.failure.kind is FailureKind.SHIFT_EXPIRED


UNSURE = [
    answer(error("INVALID_TOKEN"), 400),
    answer(error("NEVER_SEEN"), 400),
    answer({"status": "ERROR", "errorType": "NEVER_SEEN"}),
    answer(HTML, 403),
    answer("", 404),
]


@pytest.mark.parametrize("no", UNSURE)
def test_a_no_that_leaves_doubt_is_believed_when_nothing_is_there(talk: Talk, played: Played, no: Any) -> None:
    played.then(SELL, no)
    assert isinstance(talk.execute(ORDER), Refused)
    assert len(played.sent(DOCUMENTS)) == 3
    assert talk.pauses == [1.0, 1.0]


@pytest.mark.parametrize("no", UNSURE)
def test_a_no_that_leaves_doubt_is_no_no_when_the_document_is_there(talk: Talk, played: Played, no: Any) -> None:
    played.then(SELL, no)
    played.always(DOCUMENTS, listed(sold()))
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and done.recovered


def test_a_no_that_leaves_doubt_stays_one_when_nobody_can_be_asked(talk: Talk, played: Played) -> None:
    played.then(SELL, answer(error("NEVER_SEEN"), 400))
    played.always(TILL, cut)
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown)
    assert doubt.failure.kind is FailureKind.NO_ANSWER


# --- silence and rubbish -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "play",
    [cut, answer(HTML), answer(HTML, 500), answer("", 200), answer("[]"), answer('{"id":1}'), answer(HTML, 302),
     answer(error("NEVER_SEEN"), 500), answer('{"code":[]}', 502), answer(HTML, 429)],
)  # fmt: skip
def test_silence_and_rubbish_leave_a_doubt(talk: Talk, played: Played, play: Any) -> None:
    played.then(SELL, play)
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown)
    assert doubt.failure.kind is FailureKind.NO_ANSWER
    assert len(played.sent(SELL)) == 1


def test_what_never_left_is_not_sent(talk: Talk, played: Played) -> None:
    played.then(SELL, refused)
    outcome = talk.execute(ORDER)
    assert isinstance(outcome, NotSent)
    assert outcome.failure.kind is FailureKind.UNAVAILABLE


# --- an answer that is not ours ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "kind", "said"),
    [
        (sold(total=1799), FailureKind.KEY_COLLISION, "179900 tiyn"),
        (sold(externalId="another"), FailureKind.HUMAN, "for key another"),
        (golden_cash() | {"externalId": KEY}, FailureKind.KEY_COLLISION, "names a cash_in"),
    ],
)
def test_an_answer_that_contradicts_the_order_is_for_a_person(
    talk: Talk, played: Played, other: Any, kind: FailureKind, said: str
) -> None:
    played.then(SELL, other)
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown)
    assert doubt.failure.kind is kind
    assert said in doubt.failure.text


def test_an_answer_of_another_till_is_for_a_person(talk: Talk, played: Played) -> None:
    other = sold()
    other["data"]["service"]["regInfo"]["kkm"]["serialNumber"] = "RK00000009"
    played.then(SELL, other)
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown) and doubt.failure.kind is FailureKind.HUMAN


def test_another_till_under_our_number_is_never_sold_at(talk: Talk, played: Played) -> None:
    played.always(TILL, till(serialNumber="RK00000009"))
    with pytest.raises(RegisterUnavailable) as told:
        talk.register.baseline()
    assert told.value.failure.kind is FailureKind.HUMAN


@pytest.mark.parametrize("change", [{"family": "ukassa"}, {"payload": {"register": "RK00000009"}}])
def test_an_order_of_another_set_up_is_neither_sent_nor_settled(
    talk: Talk, played: Played, change: dict[str, Any]
) -> None:
    prepared = replace(talk.register.prepare(ORDER), **change)
    outcome = talk.register.execute(prepared, BASE)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.HUMAN
    settlement = talk.register.settle(prepared, BASE)
    assert isinstance(settlement, Unknown) and settlement.failure.kind is FailureKind.HUMAN
    assert played.asked == []


def test_a_baseline_of_another_till_proves_nothing(talk: Talk) -> None:
    settlement = talk.settle(ORDER, replace(BASE, identity="RK00000009"))
    assert isinstance(settlement, Unknown) and settlement.failure.kind is FailureKind.HUMAN


# --- the key is used -----------------------------------------------------------------------------------------------


def test_the_same_answer_to_a_repeat_is_recovered(talk: Talk, played: Played) -> None:
    played.then(SELL, sold())
    done = talk.execute(ORDER, replace(BASE, extra={**BASE.extra, "counters": {"last_id": 50002}}))
    assert isinstance(done, Done) and done.recovered


def test_a_used_key_is_looked_up_and_never_refused(talk: Talk, played: Played) -> None:
    played.then(SELL, answer(error("DUPLICATE_EXTERNAL_ID"), 409))
    played.always(DOCUMENTS, listed(sold(50003, externalId="other"), sold()))
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.recovered, done.document.fiscal_sign) == (True, "4228143550")


def test_a_used_key_is_looked_for_before_the_baseline_too(talk: Talk, played: Played) -> None:
    later = replace(BASE, shift=9, extra={**BASE.extra, "counters": {"last_id": 60000}})
    played.always(TILL, till(shiftNumber=9))
    for shift in (*range(1, 7), 8, 9):
        played.always(f"GET /api/crs/1042/shifts/{shift}/tickets", listed())
    played.always(DOCUMENTS, listed(sold()))
    played.then(SELL, answer(error("DUPLICATE_EXTERNAL_ID"), 409))
    done = talk.execute(ORDER, later)
    assert isinstance(done, Done) and done.recovered


def test_a_used_key_without_a_document_stays_a_doubt_until_it_shows(talk: Talk, played: Played) -> None:
    for shift in range(1, 7):
        played.always(f"GET /api/crs/1042/shifts/{shift}/tickets", listed())
    played.then(SELL, answer(error("DUPLICATE_EXTERNAL_ID"), 409))
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.NO_ANSWER, "rekassa:DUPLICATE_EXTERNAL_ID")
    again = talk.settle(ORDER)
    assert isinstance(again, Unknown)  # Without the no of before it would be absent.
    played.always(DOCUMENTS, listed(sold()))
    assert isinstance(talk.settle(ORDER), Done)
    played.always(DOCUMENTS, listed())
    assert isinstance(talk.settle(ORDER), Absent)


def test_without_keys_a_used_key_is_known_by_what_was_made(open_at: Callable[..., Talk], played: Played) -> None:
    talk = open_at("keys=none")
    played.then(SELL, answer(error("DUPLICATE_EXTERNAL_ID"), 409))
    made = sold(externalId=None)
    made["data"]["ticket"]["dateTime"]["time"] = {"hour": 9, "minute": 0, "second": 0}
    played.always(DOCUMENTS, listed(made))
    done = talk.execute(replace(ORDER, lines=(line(quantity_milli=2_000),)))
    assert isinstance(done, Done) and done.recovered


# --- Z -------------------------------------------------------------------------------------------------------------

CLOSED = golden("report", "Z")
OPEN = {"shiftNumber": 7, "open": True, "openTime": "2026-07-15T09:00:00.000+05:00", "closeTime": None}
Z = ShiftClose("till7-z-000000007", 7)


def test_a_shift_is_closed_with_the_pin_and_its_report_is_the_document(talk: Talk, played: Played) -> None:
    played.then(SHIFT, OPEN)
    played.then(CLOSE, CLOSED)
    done = talk.execute(Z)
    assert isinstance(done, Done)
    assert (done.recovered, done.document.shift) == (False, 7)
    (sent,) = played.sent(CLOSE)
    assert (sent.headers["cash-register-password"], sent.headers["X-Request-ID"]) == ("1234", Z.key)
    assert sent.body == b"{}"


def test_a_shift_that_is_over_is_not_closed_again(talk: Talk, played: Played) -> None:
    played.then(SHIFT, CLOSED)
    done = talk.execute(Z)
    assert isinstance(done, Done) and done.recovered
    assert played.sent(CLOSE) == []


def test_a_shift_somebody_closed_meanwhile_is_what_was_wanted(talk: Talk, played: Played) -> None:
    played.then(SHIFT, OPEN, CLOSED)
    played.then(CLOSE, answer(error("CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN"), 400))
    done = talk.execute(Z)
    assert isinstance(done, Done) and done.recovered


def test_a_wrong_pin_is_a_mistake_of_the_set_up(talk: Talk, played: Played) -> None:
    played.always(SHIFT, OPEN)
    played.then(CLOSE, answer(error("WRONG_PASSWORD"), 400))
    refusal = talk.execute(Z)
    assert isinstance(refusal, Refused) and refusal.failure.kind is FailureKind.CONFIGURATION


@pytest.mark.parametrize("play", [cut, answer(HTML), answer(HTML, 502), answer(OPEN), answer('{"shiftNumber":7}')])
def test_a_close_without_a_good_answer_is_a_doubt_and_asked_about(talk: Talk, played: Played, play: Any) -> None:
    played.then(SHIFT, OPEN)
    played.then(CLOSE, play)
    assert isinstance(talk.execute(Z), Unknown)
    played.then(SHIFT, OPEN, OPEN, OPEN)
    assert isinstance(talk.settle(Z), Absent)
    played.then(SHIFT, OPEN, CLOSED)
    done = talk.settle(Z)
    assert isinstance(done, Done) and done.recovered


def test_another_shift_that_was_closed_is_for_a_person(talk: Talk, played: Played) -> None:
    played.then(SHIFT, OPEN)
    played.then(CLOSE, {**CLOSED, "shiftNumber": 8, "data": {**CLOSED["data"], "shiftNumber": 8}})
    doubt = talk.execute(Z)
    assert isinstance(doubt, Unknown) and doubt.failure.kind is FailureKind.HUMAN


def test_a_shift_the_till_has_not_reached_is_not_closed(talk: Talk, played: Played) -> None:
    refusal = talk.execute(ShiftClose("till7-z-8", 8))
    assert isinstance(refusal, Refused) and refusal.failure.code == "no_shift"
    settlement = talk.settle(ShiftClose("till7-z-8", 8))
    assert isinstance(settlement, Unknown) and settlement.failure.kind is FailureKind.HUMAN


def test_a_shift_that_cannot_be_looked_at_is_not_closed(talk: Talk, played: Played) -> None:
    played.then(SHIFT, cut)
    outcome = talk.execute(Z)
    assert isinstance(outcome, NotSent)
    assert played.sent(CLOSE) == []


def test_marks_go_out_and_come_back_the_same(talk: Talk, played: Played) -> None:
    code = "0104870000000104215\x1d91KZF1\x1d92\"\\/<>&'é="
    played.then(SELL, sold(total=900))
    assert isinstance(talk.execute(sale(line(marks=(mark(code),)))), Done)
    sent = json.loads(played.sent(SELL)[0].body)
    assert sent["items"][0]["commodity"]["listExciseStamp"] == [code]


def test_a_baseline_holds_what_recovery_compares(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(sold(50002), sold(50001)))
    base: Baseline = talk.register.baseline()
    assert (base.identity, base.shift, base.shift_open, base.document_count) == ("RK00000001", 7, True, 3)
    assert base.extra["counters"] == {"last_id": 50002}
    assert base.extra["read_ns"] == talk.at_ns
