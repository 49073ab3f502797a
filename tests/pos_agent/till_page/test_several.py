"""More than one reader of one till: two pages, the agent's own scanners, and goods that come back."""

from __future__ import annotations

import json
from typing import Any

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


def _sold_unit(till: TillPage) -> tuple[str, str]:
    """Text of a unit and the link in the QR of its receipt."""
    text = till.counter.unit().text
    till.scan(text)
    till.pay()
    till.sold()
    till.keys.enter()
    return text, str(_bodies(till, "document_made")[-1]["document"]["qr"])


def _bodies(till: TillPage, kind: str) -> list[Any]:
    return [json.loads(row.body) for row in till.counter.agent.journal.rows_after(0, 10**6) if row.kind == kind]


def _returned(till: TillPage, text: str, before: int) -> None:
    expect(till.at("body.returns")).to_be_visible()
    till.scan(text)
    till.lines(1)
    till.pay()
    till.sold()
    expect(till.at("#result-word")).to_contain_text("ВОЗВРАТ")
    assert till.counter.receipts() == before + 1


def test_goods_come_back_by_the_qr_of_their_receipt(till: TillPage) -> None:
    text, link = _sold_unit(till)
    before = till.counter.receipts()
    till.keys.scan(link, layout="ru")
    _returned(till, text, before)


def test_the_qr_may_be_read_by_a_scanner_of_the_agent(till: TillPage) -> None:
    text, link = _sold_unit(till)
    before = till.counter.receipts()
    till.counter.scanned_by_agent(link)
    _returned(till, text, before)


def test_goods_come_back_by_the_number_of_their_receipt(till: TillPage) -> None:
    text, _link = _sold_unit(till)
    number = str(till.at("#result-facts dd").nth(2).text_content())
    before = till.counter.receipts()
    till.press("F6")
    till.page.fill("#return-field", number)
    till.keys.enter()
    expect(till.at("#return-found button").first).to_be_focused()
    till.keys.enter()
    _returned(till, text, before)


def test_the_qr_of_another_till_fills_in_four_of_the_five_facts(till: TillPage) -> None:
    till.press("F6")
    expect(till.at("#return-field")).to_be_focused()
    till.keys.scan("http://consumer.oofd.kz/?i=4228143550&f=010100000001&s=1800.00&t=20260715T103000")
    expect(till.at("#basis-sign")).to_have_value("4228143550")
    expect(till.at("#basis-date")).to_have_value("15.07.2026")
    expect(till.at("#basis-time")).to_have_value("10:30:00")
    expect(till.at("#basis-total")).to_have_value("1800")
    till.page.fill("#basis-date", "31.02.2026")
    till.page.focus("#basis-date")
    till.keys.enter()
    expect(till.at("#basis .trouble")).to_contain_text("Неверные данные")
    till.page.fill("#basis-date", "15.07.2026")
    till.keys.enter()
    expect(till.at("body.returns")).to_be_visible()
    assert _bodies(till, "sale_opened")[-1]["basis"] == {
        "fiscal_sign": "4228143550",
        "at": "2026-07-15T10:30:00+05:00",
        "registration_number": "010100000001",
        "total_tiyn": 180_000,
        "offline": False,
    }


def test_goods_come_back_on_five_facts_typed_off_the_paper(till: TillPage) -> None:
    text, _link = _sold_unit(till)
    before = till.counter.receipts()
    document = _bodies(till, "document_made")[-1]["document"]
    day, clock = document["at"][:10].split("-"), document["at"][11:19]
    till.press("F6")
    expect(till.at("#return-field")).to_be_focused()
    till.press("F2")
    till.page.fill("#basis-sign", document["fiscal_sign"])
    till.page.fill("#basis-rnm", document["registration_number"])
    till.page.fill("#basis-date", ".".join(reversed(day)))
    till.page.fill("#basis-time", clock)
    till.page.fill("#basis-total", f"{document['total_tiyn'] / 100:.2f}")
    till.keys.enter()
    _returned(till, text, before)


def test_an_open_receipt_is_finished_before_goods_come_back(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.press("F6")
    expect(till.at("#reason")).to_contain_text("Сначала закончите")
    till.lines(1)
