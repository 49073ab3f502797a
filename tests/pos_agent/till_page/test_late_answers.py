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
