"""One order, and what each answer makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cloud_orders import KEY
from cloud_played import HTML, Played, Talk, answer, cut, refused
from ukassa_talk import (
    BASE,
    CASH,
    CLOSE,
    COUNTERS,
    EXTRA,
    LOGIN,
    OPERATION,
    OPERATIONS,
    ORDER,
    SELL,
    SHIFTS,
    SOLD,
    UNMARKED,
    USER,
    VECTORS,
    X,
    Z,
    operation,
    report,
    row,
    shifts,
    user,
)  # fmt: skip

from fiscal.register import (
    Absent,
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
    ShiftReport,
    Unknown,
)
from fiscal.ukassa.request import key_of

PUT = CashMove("till7-cash-000000009", CashDirection.IN, 1_000_000)
NONE_SOLD = report(sale=(0, 0))


def test_a_sale_goes_out_once_with_its_key_and_its_answer_is_the_document(talk: Talk, played: Played) -> None:
    played.then(SELL, SOLD)
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    document = done.document
    assert (done.recovered, document.fiscal_sign, document.number, document.shift) == (False, "4228143550", 2, 7)
    assert (document.at, document.registration_number) == ("2026-07-15T10:30:00+05:00", "010100000001")
    (sent,) = played.sent(SELL)
    assert sent.headers["IDEMPOTENCY-KEY"] == key_of(KEY)
    assert sent.headers["Authorization"] == "Token 0123456789abcdef0123456789abcdef01234567"
    assert sent.body.decode() == talk.register.prepare(ORDER).payload["body"]


def test_the_other_name_of_the_key_is_an_option(open_at: Callable[..., Talk], played: Played) -> None:
    played.then(SELL, SOLD)
    assert isinstance(open_at("key_header=IDEMPOTENCE-KEY").execute(ORDER), Done)
    assert played.sent(SELL)[0].headers["IDEMPOTENCE-KEY"] == key_of(KEY)


def test_the_older_body_goes_to_its_own_path(open_at: Callable[..., Talk], played: Played) -> None:
    path = "POST /api/v1/ofd/receipt/"
    played.then(path, {"data": {"id": 900002, "fixed_check": "4228143550", "total_amount": 1800}})
    assert isinstance(open_at("receipt=v1").execute(UNMARKED), Done)
    assert len(played.sent(path)) == 1


def test_an_answer_that_says_little_is_completed_by_its_number(talk: Talk, played: Played) -> None:
    played.then(SELL, json.loads(VECTORS["document"][1]["body"]))
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.document.number, done.document.shift, done.document.at) == (2, 7, "2026-07-15T10:30:00+05:00")
    assert done.document.qr.startswith("http://consumer.test-oofd.kz?i=4228143550")


def test_another_receipt_under_the_same_number_completes_nothing(talk: Talk, played: Played) -> None:
    played.then(SELL, json.loads(VECTORS["document"][1]["body"]))
    played.always(OPERATION, operation(fixed_check="5000000000", check_number=99))
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.document.fiscal_sign, done.document.number) == ("4228143550", 0)


def test_an_answer_that_says_little_stands_when_nothing_more_can_be_read(talk: Talk, played: Played) -> None:
    played.then(SELL, json.loads(VECTORS["document"][1]["body"]))
    for where in (OPERATION, SHIFTS, X):
        played.always(where, cut)
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.document.fiscal_sign, done.document.number, done.document.shift) == ("4228143550", 0, 7)
    assert done.document.at == "2026-07-15T09:00:00+05:00"  # That of the order: none is told.


def test_the_first_document_of_a_shift_opens_it_and_says_which(talk: Talk, played: Played) -> None:
    closed = replace(BASE, shift=6, shift_open=False, extra={**EXTRA, "counters": {}, "opened_at": None})
    played.then(SELL, json.loads(VECTORS["document"][1]["body"]))
    played.always(OPERATION, operation(shift=None))
    done = talk.execute(ORDER, closed)
    assert isinstance(done, Done) and done.document.shift == 7
    played.then(SELL, json.loads(VECTORS["document"][1]["body"]))
    played.always(SHIFTS, cut)
    done = talk.execute(ORDER, closed)
    assert isinstance(done, Done) and done.document.shift == 7  # The next after 6.


def test_a_cash_move_is_answered_by_a_sentence(talk: Talk, played: Played) -> None:
    played.then(CASH, json.loads(VECTORS["cash_answer"]["body"]))
    done = talk.execute(PUT)
    assert isinstance(done, Done) and isinstance(done.document, CashDocument)
    assert (done.document.shift, done.document.balance_tiyn) == (7, None)
    assert done.document.raw == {"message": "Операция успешно выполнена"}
    assert played.sent(CASH)[0].headers["IDEMPOTENCY-KEY"] == key_of(PUT.key)


# --- login ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", VECTORS["login"]["answer"], ids=lambda given: given["body"][:30])
def test_every_form_of_a_login_is_taken_and_the_user_is_asked_where_it_tells_no_tills(
    talk: Talk, played: Played, given: dict[str, Any]
) -> None:
    played.always(LOGIN, answer(given["body"]))
    played.always(USER, user())
    assert talk.register.status().shift == 7
    assert played.asked[0].body.decode() == VECTORS["login"]["body"]
    assert len(played.sent(USER)) == (0 if "user_kassas" in given["body"] else 1)
    assert played.asked[-1].headers["Authorization"] == f"Token {VECTORS['login']['token']}"


def test_a_login_as_a_form_is_an_option(open_at: Callable[..., Talk], played: Played) -> None:
    assert open_at("login=form").register.status().reachable
    (login,) = played.sent(LOGIN)
    assert login.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert login.body == b"email=till%40example.kz&password=integration&hashline=UK00000001"


@pytest.mark.parametrize("till", [{"factory_number": "UK00000009"}, {"id": 1}])
def test_a_number_of_another_till_is_a_mistake_of_the_set_up_and_nothing_is_sold_there(
    talk: Talk, played: Played, till: dict[str, Any]
) -> None:
    played.always(LOGIN, user(**till))
    with pytest.raises(RegisterUnavailable) as told:
        talk.register.baseline()
    assert told.value.failure.kind is FailureKind.CONFIGURATION
    assert played.sent(SHIFTS) == []


def test_a_report_of_another_till_is_for_a_person(talk: Talk, played: Played) -> None:
    other = report()
    other["duplicated"]["kassa"]["factory_number"] = "UK00000009"
    played.always(X, other)
    with pytest.raises(RegisterUnavailable) as told:
        talk.register.baseline()
    assert told.value.failure.kind is FailureKind.HUMAN


def test_a_refused_login_is_a_mistake_of_the_set_up_and_not_tried_again_at_once(talk: Talk, played: Played) -> None:
    played.always(LOGIN, answer({"message": "Неверный логин или пароль"}, 400))
    for _ in range(3):
        failure = talk.register.status().failure
        assert failure is not None
        assert (failure.kind, failure.text) == (FailureKind.CONFIGURATION, "Неверный логин или пароль")
    assert len(played.sent(LOGIN)) == 1


def test_a_token_that_has_ended_costs_one_login_and_the_same_bytes(talk: Talk, played: Played) -> None:
    played.then(SELL, answer({"detail": "Недопустимый токен."}, 401), SOLD)
    assert isinstance(talk.execute(ORDER), Done)
    first, second = played.sent(SELL)
    assert (first.body, first.headers["IDEMPOTENCY-KEY"]) == (second.body, second.headers["IDEMPOTENCY-KEY"])
    assert len(played.sent(LOGIN)) == 2


# --- a no ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, {"message": "Недостаточно наличных в кассе"}, FailureKind.REFUSED),
        (400, {"items": [{"price": ["Введите правильное число."]}]}, FailureKind.INVALID),
        (403, {"detail": "У вас недостаточно прав"}, FailureKind.CONFIGURATION),
        (404, {"detail": "Страница не найдена."}, FailureKind.CONFIGURATION),
        (429, {"detail": "Запрос был проигнорирован."}, FailureKind.UNAVAILABLE),
    ],
)
def test_a_refusal_in_the_service_s_own_words_is_believed(
    talk: Talk, played: Played, status: int, said: Any, kind: FailureKind
) -> None:
    played.then(SELL, answer(said, status))
    refusal = talk.execute(ORDER)
    assert isinstance(refusal, Refused)
    assert (refusal.failure.kind, refusal.failure.code) == (kind, f"ukassa:{status}")
    assert played.sent(OPERATIONS) == []


UNSURE = [answer(HTML, 403), answer("", 404), answer({"message": "?"}, 418), answer(["?"], 400)]


@pytest.mark.parametrize("no", UNSURE)
def test_a_no_that_leaves_doubt_is_decided_by_looking(talk: Talk, played: Played, no: Any) -> None:
    played.then(SELL, no)
    played.always(X, NONE_SOLD)
    assert isinstance(talk.execute(ORDER), Refused)
    played.then(SELL, no)
    played.always(X, report())
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and done.recovered


def test_a_refusal_in_a_shift_of_more_than_a_day_is_the_shift_s(talk: Talk, played: Played) -> None:
    old = shifts((7, True))
    old[0]["created_at"] = "14.07.2026 10:31"
    for created_at, kind in (
        ("14.07.2026 10:31", FailureKind.SHIFT_EXPIRED),
        ("14.07.2026 10:32", FailureKind.REFUSED),
    ):
        old[0]["created_at"] = created_at
        played.always(SHIFTS, old)
        played.then(SELL, answer({"message": "Смена открыта более 24 часов"}, 400))
        refusal = talk.execute(ORDER)
        assert isinstance(refusal, Refused)
        assert refusal.failure.kind is kind


def test_a_refusal_stays_what_it_is_when_the_shift_cannot_be_looked_at(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, cut)
    played.then(SELL, answer({"message": "?"}, 400))
    refusal = talk.execute(ORDER)
    assert isinstance(refusal, Refused) and refusal.failure.kind is FailureKind.REFUSED


# --- silence, rubbish, contradictions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "play",
    [cut, answer(HTML), answer(HTML, 500), answer(""), answer("[]"), answer({"message": "OK"}), answer(HTML, 302),
     answer({"data": {"id": 1}}), answer({"message": "?"}, 502), answer(HTML, 429)],
)  # fmt: skip
def test_silence_and_rubbish_leave_a_doubt(talk: Talk, played: Played, play: Any) -> None:
    played.then(SELL, play)
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown)
    assert doubt.failure.kind is FailureKind.NO_ANSWER
    assert len(played.sent(SELL)) == 1


@pytest.mark.parametrize("play", [answer("{}"), answer("[]"), answer('{"foo":1}'), cut])
def test_a_cash_move_without_its_sentence_is_a_doubt(talk: Talk, played: Played, play: Any) -> None:
    played.then(CASH, play)
    assert isinstance(talk.execute(PUT), Unknown)


def test_what_never_left_is_not_sent(talk: Talk, played: Played) -> None:
    played.then(SELL, refused)
    outcome = talk.execute(ORDER)
    assert isinstance(outcome, NotSent) and outcome.failure.kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize("change", [{"total_amount": 1799}, {"type": 3}])
def test_an_answer_that_contradicts_the_order_is_an_alarm(talk: Talk, played: Played, change: dict[str, int]) -> None:
    played.then(SELL, {"data": operation(**change)})
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown) and doubt.failure.kind is FailureKind.KEY_COLLISION


# --- 409 -----------------------------------------------------------------------------------------------------------

USED = answer({"message": "Запрос с таким ключом идемпотентности уже выполнен"}, 409)


@pytest.mark.parametrize("used", [USED, answer(HTML, 409)])
def test_a_used_key_is_looked_up_and_never_refused(talk: Talk, played: Played, used: Any) -> None:
    played.then(SELL, used)
    done = talk.execute(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.recovered, done.document.fiscal_sign) == (True, "4228143550")


def test_a_used_key_whose_document_does_not_show_is_a_doubt_until_it_does(talk: Talk, played: Played) -> None:
    played.then(SELL, USED)
    played.always(X, NONE_SOLD)
    doubt = talk.execute(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.NO_ANSWER, "ukassa:409")
    assert isinstance(talk.settle(ORDER), Unknown)
    played.always(X, report())
    assert isinstance(talk.settle(ORDER), Done)


def test_no_request_ever_forces_a_used_key_through(talk: Talk, played: Played) -> None:
    played.always(SELL, USED)
    played.always(X, NONE_SOLD)
    for _ in range(3):
        talk.execute(ORDER)
        talk.settle(ORDER)
    assert all("skip_idempotence_error" not in f"{one.target}{one.headers}{one.body!r}" for one in played.asked)
    assert len({one.headers["IDEMPOTENCY-KEY"] for one in played.sent(SELL)}) == 1


# --- Z -------------------------------------------------------------------------------------------------------------

CLOSED = shifts((6, False), (7, False))
Z_ORDER = ShiftClose("till7-z-000000007", 7)
Z_ANSWER = json.loads(VECTORS["z_answer"]["body"])


def test_a_shift_is_closed_and_its_report_is_the_document(talk: Talk, played: Played) -> None:
    played.then(SHIFTS, shifts((7, True)), CLOSED)
    played.then(CLOSE, Z_ANSWER)
    played.always(Z, report(closed=True))
    done = talk.execute(Z_ORDER)
    assert isinstance(done, Done) and isinstance(done.document, ShiftReport)
    assert (done.recovered, done.document.shift, done.document.closed) == (False, 7, True)
    assert done.document.at == "2026-07-15T22:00:00+05:00"
    assert played.sent(CLOSE)[0].body.decode() == VECTORS["close_request"]["body"]
    assert json.loads(played.sent(Z)[0].body) == {"shift": 7001}


def test_a_shift_that_is_over_is_not_closed_again(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, CLOSED)
    played.always(Z, report(closed=True))
    done = talk.execute(Z_ORDER)
    assert isinstance(done, Done) and done.recovered
    assert played.sent(CLOSE) == []


def test_the_next_shift_is_never_closed_for_the_one_before(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, [*CLOSED, *shifts((8, True))])
    played.always(Z, report(closed=True))
    assert isinstance(talk.execute(Z_ORDER), Done)
    assert played.sent(CLOSE) == []


def test_a_shift_somebody_closed_meanwhile_is_what_was_wanted(talk: Talk, played: Played) -> None:
    played.then(SHIFTS, shifts((7, True)), CLOSED)
    played.then(CLOSE, answer({"message": "Смена закрыта"}, 400))
    played.always(Z, report(closed=True))
    done = talk.execute(Z_ORDER)
    assert isinstance(done, Done) and done.recovered


def test_a_close_that_is_refused_leaves_the_shift_open(talk: Talk, played: Played) -> None:
    played.then(CLOSE, answer({"message": "?"}, 400))
    refusal = talk.execute(Z_ORDER)
    assert isinstance(refusal, Refused) and refusal.failure.code == "ukassa:400"


@pytest.mark.parametrize("play", [cut, answer(HTML), answer(HTML, 502), answer({"data": {}}), answer("[]")])
def test_a_close_without_a_good_answer_is_a_doubt_and_asked_about(talk: Talk, played: Played, play: Any) -> None:
    played.then(CLOSE, play)
    assert isinstance(talk.execute(Z_ORDER), Unknown)
    assert isinstance(talk.settle(Z_ORDER), Absent)
    played.always(SHIFTS, CLOSED)
    played.always(Z, report(closed=True))
    done = talk.settle(Z_ORDER)
    assert isinstance(done, Done) and done.recovered


@pytest.mark.parametrize("wrong", [report(), report(shift=6, closed=True), {}, []])
def test_a_close_whose_report_cannot_be_read_is_a_doubt(talk: Talk, played: Played, wrong: Any) -> None:
    played.then(SHIFTS, shifts((7, True)), CLOSED)
    played.then(CLOSE, Z_ANSWER)
    played.always(Z, answer(wrong))
    doubt = talk.execute(Z_ORDER)
    assert isinstance(doubt, Unknown) and doubt.failure.kind is FailureKind.NO_ANSWER


def test_another_shift_that_was_closed_is_for_a_person(talk: Talk, played: Played) -> None:
    played.then(SHIFTS, shifts((7, True)), [*CLOSED, *shifts((8, False))])
    played.then(CLOSE, {"data": {"z_shift": 8}})
    played.always(Z, report(shift=8, closed=True))
    doubt = talk.execute(Z_ORDER)
    assert isinstance(doubt, Unknown) and doubt.failure.kind is FailureKind.HUMAN


def test_a_shift_the_till_does_not_have_is_not_closed(talk: Talk, played: Played) -> None:
    refusal = talk.execute(ShiftClose("till7-z-8", 8))
    assert isinstance(refusal, Refused) and refusal.failure.code == "no_shift"
    assert played.sent(CLOSE) == []


# --- what it tells of itself ---------------------------------------------------------------------------------------


def test_a_baseline_holds_what_recovery_compares(talk: Talk) -> None:
    base = talk.register.baseline()
    assert (base.identity, base.shift, base.shift_open, base.document_count) == ("UK00000001", 7, True, 3)
    assert base.clock_at == "2026-07-15T10:31:00+05:00"
    assert base.extra["counters"] == {**COUNTERS, "sale": 1, "sale_tiyn": 180_000}


def test_a_till_without_an_open_shift_counts_nothing(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, CLOSED)
    base = talk.register.baseline()
    assert (base.shift, base.shift_open, base.document_count, base.clock_at) == (7, False, None, None)
    assert base.extra["counters"] == {}
    played.always(SHIFTS, [])
    assert talk.register.baseline().shift is None
    assert talk.register.last_document() is None
    with pytest.raises(RegisterUnavailable, match="no_shift"):
        talk.register.x_report()
    assert played.sent(X) == []


def test_a_report_of_another_shift_than_the_open_one_is_no_baseline(talk: Talk, played: Played) -> None:
    played.always(X, report(shift=8))
    with pytest.raises(RegisterUnavailable, match="the report is of 8"):
        talk.register.baseline()


def test_a_look_at_the_till_costs_one_question(talk: Talk, played: Played) -> None:
    talk.register.status()
    before = len(played.asked)
    status = talk.register.status()
    assert (status.shift, status.shift_open, status.shift_opened_at) == (7, True, "2026-07-15T09:00:00+05:00")
    assert len(played.asked) == before + 1


def test_the_newest_receipt_is_shown_wherever_it_stands_in_the_list(talk: Talk, played: Played) -> None:
    played.always(OPERATIONS, [row(900001), row(900002), {"id": 900009, "type": 4, "total_amount": 5}])
    shown = talk.register.last_document()
    assert shown is not None
    assert (shown.fiscal_sign, shown.number, shown.shift, shown.kind) == ("4228143550", "2", 7, "sale")


def test_a_till_that_has_not_sold_for_long_says_so(talk: Talk, played: Played) -> None:
    played.always(OPERATIONS, [])
    assert talk.register.last_document() is None
    played.always(SHIFTS, shifts((4, False), (5, False), (6, False), (7, True)))
    with pytest.raises(RegisterUnavailable, match="too_far_back"):
        talk.register.last_document()
