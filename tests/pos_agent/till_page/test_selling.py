"""A sale at the cashier's page: scanned, refused, asked about, paid; by keyboard alone."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from playwright.sync_api import expect
from real_browser import CONTRASTS

from hw_sim.registry import Fate
from marking.groups import standard
from pos_agent.cache.importing import Kind, import_file
from pos_agent.cache.lines import BadRow
from pos_agent.cache.rows import Context

from .conftest import Room, TillPage

HOSTILE = "<img src=x onerror=alert(1)> & «Сүт» <b>1 л</b>"
HOSTILE_GTIN = "04870000000111"


def _rows(till: TillPage, kind: str) -> list[Any]:
    return [json.loads(row.body) for row in till.counter.agent.journal.rows_after(0, 10**6) if row.kind == kind]


def test_a_whole_sale_by_keyboard_alone_moves_nothing_on_the_screen(till: TillPage) -> None:
    before, moved = till.counter.receipts(), till.moved()
    till.scan(till.counter.unit().text)
    till.code("M-001")
    till.scan(till.counter.unit().text)
    till.lines(2)
    assert till.moved() == moved
    till.press("F3")
    expect(till.at("#pay-cash")).to_be_focused()
    till.page.fill("#pay-cash", "100000")
    total = till.at("#pay-sum").text_content()
    expect(till.at("#pay-change")).not_to_have_text("0 ₸")
    change = till.at("#pay-change").text_content()
    till.keys.enter()
    sign = till.sold()
    assert till.at("#result-facts dd").all_text_contents()[:2] == [total, change]
    assert till.counter.receipts() == before + 1
    assert sign.isdigit()
    assert till.heard() == ["good", "good", "good"]
    till.keys.enter()
    expect(till.at("#result")).to_be_hidden()
    till.lines(0)


def test_the_reason_is_told_in_both_languages_and_f4_goes_round(till: TillPage) -> None:
    till.scan(till.counter.mark(Fate.NOT_INTRODUCED).text, "bad")
    code = till.at("#code").text_content()
    expect(till.at("#reason")).to_have_text("Тауар айналымға енгізілмегенТовар не введён в оборот")
    for words in ("Тауар айналымға енгізілмеген", "Товар не введён в оборот", "Not put into circulation"):
        till.press("F4")
        expect(till.at("#reason")).to_have_text(words)
        till.code(str(code))
    till.press("F4")
    expect(till.at("#word")).to_have_text("БОЛМАЙДЫНЕЛЬЗЯ")


def test_red_is_closed_by_a_person_and_never_by_a_scanner(till: TillPage) -> None:
    till.scan(till.counter.mark(Fate.SOLD_BEFORE).text, "bad")
    next_one = till.counter.unit()
    till.keys.scan(next_one.text)  # With its Enter.
    expect(till.at("#press")).to_contain_text("Ждут сканирования: 1")
    till.page.keyboard.press("Enter")  # Up at once: no finger is that quick.
    till.tone("bad")
    till.lines(0)
    assert till.heard() == ["bad", "look"]
    till.keys.enter()
    till.tone("good")
    till.lines(1)
    till.scan(next_one.text, "bad")
    till.code("M-201")
    till.keys.enter()
    till.tone("idle")


def test_what_a_senior_lets_in_is_kept_with_name_and_reason(till: TillPage) -> None:
    till.scan(till.counter.gtin_of("beer")[1:], "look")
    till.code("M-131")
    till.keys.enter()
    expect(till.at("#ask-by")).to_be_focused()
    till.keys.enter()
    expect(till.at("#ask .trouble")).to_contain_text("Напишите имя")
    till.page.fill("#ask-by", "Әйгерім С.")
    till.keys.enter()
    till.tone("good")
    till.lines(1)
    assert _rows(till, "line_added")[-1]["line"]["approved_by"] == "Әйгерім С.: old-stock"
    till.scan(till.counter.gtin_of("medicines")[1:], "look")
    till.press("Escape")
    till.tone("idle")
    till.lines(1)


def test_goods_without_marks_are_typed_with_a_quantity_and_taken_out(till: TillPage) -> None:
    number = till.counter.plain_gtin()
    till.keys.write(number[1:3])  # The first digit opens the form by itself.
    expect(till.at("#manual-number")).to_have_value(number[1:3])
    till.page.fill("#manual-number", number[1:])
    expect(till.at("#manual-found")).to_contain_text("₸")
    till.press("ArrowDown")
    till.page.fill("#manual-quantity", "2,5")
    till.keys.enter()
    till.tone("good")
    till.lines(1)
    assert _rows(till, "line_added")[-1]["line"]["quantity_milli"] == 2_500
    till.press("ArrowUp")
    expect(till.at("#lines .picked")).to_have_count(1)
    till.press("Delete")
    till.lines(0)
    expect(till.at("#reason")).to_contain_text("Убрано из чека")


def test_a_receipt_is_dropped_after_a_question(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.press("F8")
    expect(till.at("#confirm")).to_be_visible()
    till.press("Escape")
    till.lines(1)
    till.press("F8")
    till.keys.enter()
    till.lines(0)
    assert till.counter.agent.till.open_sales() == ()


def test_cash_and_card_together_and_the_buyers_number(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.press("F3")
    till.page.fill("#pay-cash", "100")
    till.press("ArrowDown")
    expect(till.at("#pay-card")).to_be_focused()
    till.page.fill("#pay-xin", "12345")
    till.keys.enter()
    expect(till.at("#paying .trouble")).to_contain_text("12 цифр")
    till.page.fill("#pay-xin", "123456789012")
    till.page.focus("#pay-card")
    till.keys.enter()
    till.sold()
    order = _rows(till, "document_intended")[-1]["order"]
    assert [payment["kind"] for payment in order["payments"]] == ["cash", "card"]
    assert (order["payments"][0]["sum_tiyn"], order["customer_xin"]) == (10_000, "123456789012")


def test_pay_pressed_twice_sells_once(till: TillPage) -> None:
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    till.press("F3")
    till.page.dblclick("#pay-do")
    till.sold()
    till.keys.enter()
    till.scan(till.counter.unit().text)
    till.press("F3")
    expect(till.at("#pay-form")).to_be_visible()
    till.page.evaluate("document.activeElement.blur()")
    till.keys.enter(times=2)
    till.sold()
    assert till.counter.receipts() == before + 2


WHEN_PAID = """() => new MutationObserver((_, watch) => {
  if (document.getElementById("result").hidden) return;
  watch.disconnect();
  document.getElementById("result-next").click();
}).observe(document.getElementById("result"), { attributes: true })"""


def test_the_second_of_two_presses_does_not_take_the_change_away(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.page.evaluate(WHEN_PAID)
    till.pay()
    till.sold()
    till.keys.enter()
    expect(till.at("#result")).to_be_hidden()


def test_a_name_with_markup_is_text(till: TillPage) -> None:
    cells = [HOSTILE_GTIN, HOSTILE.replace('"', '""'), HOSTILE.replace('"', '""'), "796", "base", "100.00"]
    line = "gtin,name_ru,name_kk,unit,vat,price\n" + ",".join(f'"{cell}"' for cell in cells) + "\n"
    bad: list[BadRow] = []
    agent = till.counter.agent
    context = Context(standard(), agent.clock.now_ns())
    import_file(agent.cache, io.BytesIO(line.encode()), context, kind=Kind.CATALOGUE, on_bad=bad.append)
    assert not bad
    till.scan(HOSTILE_GTIN[1:])
    expect(till.at("#lines .name .w0")).to_have_text(HOSTILE)
    expect(till.at("#goods")).to_contain_text(HOSTILE)
    assert till.at("img").count() == 0


def test_shift_and_drawer_by_keyboard(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.pay()
    till.sold()
    till.keys.enter()
    till.press("F7")
    expect(till.at("#shift")).to_be_visible()
    till.page.keyboard.press("3", delay=40)
    expect(till.at("#cash-sum")).to_be_focused()
    till.page.fill("#cash-sum", "1500,50")
    till.keys.enter()
    expect(till.at("#reason")).to_contain_text("Внесено: 1 500,50 ₸")
    till.press("F7")
    till.page.keyboard.press("2", delay=40)
    expect(till.at("#report-facts")).to_contain_text("1 500,50 ₸")
    till.keys.enter()
    till.press("Escape")
    till.press("F7")
    till.page.keyboard.press("6", delay=40)
    expect(till.at("#confirm-what")).to_contain_text("Закрыть смену")
    till.press("Escape")
    expect(till.at("#confirm")).to_be_hidden()
    till.page.keyboard.press("6", delay=40)
    expect(till.at("#confirm")).to_be_visible()
    till.keys.enter()
    expect(till.at("#report-title")).to_contain_text("Z-отчёт")
    assert till.counter.agent.till.open_shift() is None


@pytest.mark.parametrize(
    ("words", "size"),
    [("kk-ru", (1024, 768)), ("kk", (1024, 768)), ("ru", (1024, 768)), ("en", (1366, 768)), ("kk-ru", (1366, 768))],
)
def test_everything_fits_on_the_screen(room: Room, words: str, size: tuple[int, int]) -> None:
    till = room.page(words=words, size=size)
    for _ in range(3):
        till.scan(room.counter.unit().text)
    till.scan(room.counter.mark(Fate.EXPIRED).text, "bad")
    assert _overflowing(till) == []
    till.keys.enter()
    for key, layer in (("F1", "#help"), ("F2", "#manual"), ("F3", "#paying"), ("F7", "#shift"), ("F8", "#confirm")):
        till.press(key)
        expect(till.at(layer)).to_be_visible()
        assert _overflowing(till) == [], layer
        till.press("Escape")
        expect(till.at(layer)).to_be_hidden()


def _overflowing(till: TillPage) -> list[str]:
    return list(till.page.evaluate(OVERFLOWING))


OVERFLOWING = """() => {
  const [width, height] = [innerWidth, innerHeight];
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > width || root.scrollHeight > height) found.push("scrollbar");
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility({ visibilityProperty: true }) || !node.getClientRects().length) continue;
    const box = node.getBoundingClientRect();
    const cut = getComputedStyle(node).textOverflow === "ellipsis" || node.closest("#lines");
    if (box.right > width + 1 || box.bottom > height + 1 && !cut) found.push(`outside ${node.id || node.className}`);
    if (!cut && node.scrollWidth > node.clientWidth + 2 && node.clientWidth && !node.matches("input, select"))
      found.push(`wide ${node.tagName} ${node.id || node.className} ${node.textContent.slice(0, 40)}`);
    const clips = getComputedStyle(node).overflowY !== "visible";
    if (!cut && clips && node.clientHeight && node.scrollHeight > node.clientHeight + 4)
      found.push(`high ${node.tagName} ${node.id || node.className} ${node.textContent.slice(0, 40)}`);
    if (node.matches("button, input, select") && (box.height < 48 || box.width < 48) && box.width)
      found.push(`small ${node.id} ${box.width}x${box.height}`);
  }
  return found;
}"""


def test_every_text_stands_out_seven_to_one(till: TillPage) -> None:
    assert _faint(till) == []
    till.scan(till.counter.unit().text)
    assert _faint(till) == []
    till.scan(till.counter.mark(Fate.EXPIRED).text, "bad")
    assert _faint(till) == []
    till.keys.enter()
    till.scan(till.counter.gtin_of("beer")[1:], "look")
    assert _faint(till) == []
    till.press("Escape")
    for key in ("F1", "F3", "F7"):
        till.press(key)
        assert _faint(till) == [], key
        till.press("Escape")


def _faint(till: TillPage) -> list[object]:
    return [found for found in till.page.evaluate(CONTRASTS) if found[0] < 7]
