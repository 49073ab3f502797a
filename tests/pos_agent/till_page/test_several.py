"""More than one reader of one till: two pages, and the agent's own scanners."""

from __future__ import annotations

from playwright.sync_api import APIResponse, Route, expect

from hw_sim.registry import Fate

from .conftest import Room, TillPage


def test_two_pages_follow_one_sale_and_sell_it_once(room: Room, till: TillPage) -> None:
    other = room.beside(till)
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    other.lines(1)
    other.scan(other.counter.unit().text)
    till.lines(2)
    till.press("F3")
    other.press("F3")
    expect(till.at("#pay-form")).to_be_visible()
    expect(other.at("#pay-form")).to_be_visible()
    till.page.bring_to_front()
    till.keys.enter()
    till.sold()
    expect(other.at("#paying")).to_be_hidden()
    other.tone("good")
    expect(other.at("#word")).to_contain_text("ПРОДАНО")
    other.lines(0)
    assert till.counter.receipts() == before + 1


def test_two_pages_that_pay_at_one_moment_make_one_receipt(room: Room, till: TillPage) -> None:
    other = room.page(name="Касса 2")  # Another browser: nothing of its memory is shared.
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    other.lines(1)
    for page in (till, other):
        page.press("F3")
        expect(page.at("#pay-form")).to_be_visible()
    for page in (till, other):
        page.page.evaluate("document.getElementById('pay-do').click()")
    till.sold() if till.at("#result").is_visible() else None
    expect(till.at("#paying")).to_be_hidden()
    expect(other.at("#paying")).to_be_hidden()
    till.lines(0)
    other.lines(0)
    assert till.counter.receipts() == before + 1


NEWEST = """() => {
  const list = document.getElementById("lines");
  window.newest = [];
  const numbers = () => [...list.querySelectorAll("[data-number]")].map(one => one.dataset.number);
  const note = () => window.newest.push(Math.max(0, ...numbers()));
  new MutationObserver(note).observe(list, { childList: true });
}"""


def test_an_answer_older_than_what_the_page_did_since_takes_no_line_away(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    late: list[tuple[Route, APIResponse]] = []
    till.page.route("**/v1/sales", lambda route: late.append((route, route.fetch())), times=1)
    till.counter.scanned_by_agent(till.counter.unit().text)  # The page hears of it and asks for the sales.
    while not late:
        till.page.wait_for_timeout(5)
    till.page.evaluate(NEWEST)
    till.scan(till.counter.unit().text)
    [(route, answer)] = late
    route.fulfill(response=answer)
    till.lines(3)
    till.pay()
    till.sold()
    shown = till.page.evaluate("window.newest")
    assert shown[: shown.index(0)] == sorted(shown[: shown.index(0)])


def test_a_scanner_of_the_agent_shows_here_and_its_red_waits_too(till: TillPage) -> None:
    mark = till.counter.unit()
    till.counter.scanned_by_agent(mark.text)
    till.tone("good")
    till.lines(1)
    till.counter.scanned_by_agent(till.counter.mark(Fate.SOLD_BEFORE).text)
    till.tone("bad")
    expect(till.at("#goods")).to_contain_text("₸")
    till.keys.enter()
    till.tone("idle")
    assert till.heard() == ["good", "bad"]
