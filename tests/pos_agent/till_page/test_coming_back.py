"""Goods coming back at the till page: by the QR, the number or five facts; nothing scanned meanwhile goes astray."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from .conftest import TillPage


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


class Late:
    """Answers of the agent that do not come before they are let through, each to one call."""

    def __init__(self, till: TillPage, address: str, method: str) -> None:
        self._method = method
        self._held: list[Route] = []
        till.page.route(address, self._meet)

    def _meet(self, route: Route) -> None:
        if route.request.method == self._method and not self._held:
            self._held.append(route)
        else:
            route.continue_()

    def wait(self, till: TillPage) -> None:
        """Until the call is on its way."""
        while not self._held:
            till.page.wait_for_timeout(20)

    def let_through(self) -> None:
        self._held[0].continue_()


def _by_sign(till: TillPage) -> str:
    """A sold unit; the sign of its receipt is asked for and not answered yet."""
    text, _link = _sold_unit(till)
    sign = _bodies(till, "document_made")[-1]["document"]["fiscal_sign"]
    till.press("F6")
    till.page.fill("#return-field", sign)
    return text


def _comes_back(till: TillPage) -> None:
    """The one unit stands in the return, and no sale was opened for it."""
    till.tone("good")
    till.lines(1)
    expect(till.at("body.returns")).to_be_visible()
    assert len(till.counter.agent.till.open_sales()) == 1


@pytest.mark.parametrize(
    ("address", "method"), [("**/v1/receipts?*", "GET"), ("**/v1/returns", "POST")], ids=["looked for", "begun"]
)
def test_goods_scanned_while_a_return_is_prepared_are_of_the_return(till: TillPage, address: str, method: str) -> None:
    text = _by_sign(till)
    late = Late(till, address, method)
    till.keys.enter()
    late.wait(till)
    till.keys.enter()  # Twice opens one.
    till.keys.scan(text)
    till.page.wait_for_timeout(300)
    late.let_through()
    _comes_back(till)


def test_a_verdict_of_the_first_goods_stays_while_the_page_still_asks_for_the_sales(till: TillPage) -> None:
    text = _by_sign(till)
    late = Late(till, "**/v1/sales", "GET")
    till.keys.enter()
    late.wait(till)
    expect(till.at("body.returns")).to_be_visible()
    till.scan(text)
    late.let_through()
    till.page.wait_for_timeout(300)
    _comes_back(till)


def test_goods_scanned_on_the_heels_of_the_receipt_are_of_the_return(till: TillPage) -> None:
    text, link = _sold_unit(till)
    late = Late(till, "**/v1/receipts?*", "GET")
    till.keys.scan(link)
    till.keys.scan(text)
    late.wait(till)
    till.page.wait_for_timeout(300)
    late.let_through()
    _comes_back(till)
