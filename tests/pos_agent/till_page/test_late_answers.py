"""Answers that come when the cashier has gone on: they change nothing else that stands on the screen."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Route, expect

from hw_sim.registry import Fate
from pos_agent import __version__

from .conftest import TillPage
from .test_coming_back import Late

SOON_MS = 300  # For a scan or an Enter that must do nothing yet.


def _let_in(till: TillPage) -> Late:
    """A senior has let goods in; the agent has not answered yet."""
    till.scan(till.counter.gtin_of("beer")[1:], "look")
    till.keys.enter()
    till.page.fill("#ask-by", "Әйгерім С.")
    late = Late(till, "**/approval", "POST")
    till.keys.enter()
    late.wait(till)
    return late


def test_a_late_answer_to_a_senior_takes_no_red_away(till: TillPage) -> None:
    late = _let_in(till)
    till.press("Escape")
    till.press("Escape")
    till.keys.scan(till.counter.mark(Fate.SOLD_BEFORE).text)
    till.page.wait_for_timeout(SOON_MS)
    late.let_through()
    till.lines(1)
    till.page.wait_for_timeout(SOON_MS)
    till.tone("bad")


def test_a_senior_who_presses_enter_twice_lets_in_once(till: TillPage) -> None:
    late = _let_in(till)
    till.keys.enter()
    till.page.wait_for_timeout(SOON_MS)
    late.let_through()
    till.lines(1)
    expect(till.at("#ask")).to_be_hidden()
    till.page.wait_for_timeout(SOON_MS)
    till.tone("good")


def test_goods_scanned_while_a_receipt_is_dropped_are_of_the_next_one(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    [dropped] = till.counter.agent.till.open_sales()
    late = Late(till, "**/cancellation", "POST")
    till.press("F8")
    till.keys.enter()
    late.wait(till)
    till.keys.enter()
    till.press("Escape")
    till.keys.scan(till.counter.unit().text)
    till.page.wait_for_timeout(SOON_MS)
    late.let_through()
    expect(till.at("#confirm")).to_be_hidden()
    expect(till.at("#receipt-note")).not_to_have_text(dropped)
    till.tone("good")
    till.lines(1)
    [following] = till.counter.agent.till.open_sales()
    assert following != dropped


@pytest.mark.parametrize(("key", "title"), [("4", "#cash-title"), ("6", "#confirm-title")])
def test_a_dialog_is_called_what_it_does_after_another_language(till: TillPage, key: str, title: str) -> None:
    till.scan(till.counter.unit().text)
    till.pay()
    till.sold()
    till.keys.enter()
    till.press("F7")
    till.page.keyboard.press(key, delay=40)
    expect(till.at(title)).to_be_visible()
    before = till.at(title).text_content()
    for words in ("kk", "ru", "en", "kk-ru"):
        till.press("F4")
        expect(till.at("body")).to_have_attribute("data-words", words)
    assert till.at(title).text_content() == before


def test_an_empty_receipt_that_cannot_be_dropped_is_told_and_not_tried_for_ever(till: TillPage) -> None:
    till.scan(till.counter.mark(Fate.SOLD_BEFORE).text, "bad")
    till.keys.enter()
    calls: list[str] = []

    def full(route: Route) -> None:
        calls.append(route.request.url)
        body = {"code": "S-301", "messages": {}, "retry": True}
        route.fulfill(status=507, content_type="application/json", body=json.dumps(body))

    till.page.route("**/cancellation", full)
    till.press("F6")
    till.tone("bad")
    till.code("S-301")
    till.page.wait_for_timeout(SOON_MS)
    assert len(calls) == 1


def test_an_update_of_the_agent_takes_no_red_away(till: TillPage) -> None:
    till.scan(till.counter.mark(Fate.SOLD_BEFORE).text, "bad")
    till.page.evaluate("document.body.dataset.version = '0.0.1'")
    with till.page.expect_response("**/v1/status"):
        till.look()
    till.page.wait_for_timeout(2 * SOON_MS)
    till.tone("bad")
    till.keys.enter()
    expect(till.at("body")).to_have_attribute("data-version", __version__)
    expect(till.at("body")).to_have_attribute("data-ready", "yes")


def _paid(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.pay()
    till.sold()


def test_what_became_of_the_copy_of_one_receipt_is_not_told_of_the_next(till: TillPage) -> None:
    _paid(till)
    late = Late(till, "**/copy", "POST")
    till.press("F9")
    late.wait(till)
    expect(till.at("#result-paper")).to_contain_text("Печатается")
    till.counter.paper.condition.rows_left = 0
    till.scan(till.counter.unit().text)
    till.pay()
    expect(till.at("#result-paper")).to_contain_text("бумага")
    late.let_through()
    till.page.wait_for_timeout(SOON_MS)
    expect(till.at("#result-paper")).to_contain_text("бумага")
    till.counter.paper.condition.rows_left = None


def test_a_key_held_down_takes_one_line_out(till: TillPage) -> None:
    for _ in range(3):
        till.scan(till.counter.unit().text)
    for _ in range(4):  # Without a release in between, the browser tells of a repeat.
        till.page.keyboard.down("Delete")
    till.page.keyboard.up("Delete")
    till.lines(2)
    till.page.wait_for_timeout(SOON_MS)
    till.lines(2)
    till.tone("look")  # And nothing was asked for twice.


def test_facts_that_are_being_typed_outlive_a_scan(till: TillPage) -> None:
    till.press("F6")
    expect(till.at("#return-field")).to_be_focused()
    till.press("F2")
    till.page.fill("#basis-sign", "4228143550")
    till.keys.scan(till.counter.unit().text)
    till.page.wait_for_timeout(SOON_MS)
    expect(till.at("#basis-sign")).to_have_value("4228143550")
    assert till.counter.agent.till.open_sales() == ()
    till.press("Escape")
    till.lines(1)  # It waited.


def test_the_qr_of_a_receipt_at_a_scanner_of_the_agent_closes_no_payment(till: TillPage) -> None:
    _paid(till)
    till.keys.enter()
    made = [row for row in till.counter.agent.journal.rows_after(0, 10**6) if row.kind == "document_made"][-1]
    till.scan(till.counter.unit().text)
    till.press("F3")
    expect(till.at("#pay-form")).to_be_visible()
    with till.page.expect_event("console", lambda told: told.text == "heard"):
        till.page.evaluate("document.addEventListener('till:sound', () => console.log('heard'), { once: true })")
        till.counter.scanned_by_agent(json.loads(made.body)["document"]["qr"])
    expect(till.at("#pay-form")).to_be_visible()


def test_a_refused_cash_move_is_told_where_it_was_asked_for_however_late(till: TillPage) -> None:
    _paid(till)
    till.keys.enter()
    till.press("F7")
    till.page.keyboard.press("4", delay=40)
    till.page.fill("#cash-sum", "900000")
    late = Late(till, "**/v1/cash", "POST")
    till.keys.enter()
    late.wait(till)
    till.press("Escape")
    expect(till.at("#cash")).to_be_visible()
    late.let_through()
    expect(till.at("#cash .trouble")).to_contain_text("R-2")
    till.press("Escape")
    expect(till.at("#cash")).to_be_hidden()


def test_a_sum_that_was_worked_out_for_another_total_is_not_counted_as_money_given(till: TillPage) -> None:
    for _ in range(2):
        till.scan(till.counter.unit().text)
    till.counter.register.link_down = True
    till.pay()
    expect(till.at("#paying .trouble")).to_contain_text("R-202")
    till.counter.register.link_down = False
    till.press("Escape")
    till.press("Delete")
    till.lines(1)
    till.press("F3")
    expect(till.at("#pay-form")).to_be_visible()
    expect(till.at("#pay-cash")).to_have_value("")
    expect(till.at("#pay-change")).to_have_text("0 ₸")
