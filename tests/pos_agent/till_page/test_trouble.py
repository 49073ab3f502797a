"""What a cashier sees when something is wrong, and that nothing is sold twice or lost on the way out of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from fiscal.register import Failure, FailureKind, Unknown
from hw_sim.registry import Fate
from pos_agent import __version__
from pos_agent.journal.database import DiskFull
from pos_agent.journal.journal import Event
from pos_agent.pages.sessions import Role
from scanners.scan import Health, HealthChange

from .conftest import Room, TillPage

PERSON = Unknown(Failure(FailureKind.HUMAN, "person", "2 documents of this kind since the order"))
PAPER = Unknown(Failure(FailureKind.PAPER, "paper", "out of paper in the middle of an operation"))


def _silence(till: TillPage, *, made: bool) -> None:
    """The next receipt gets no answer, and for a while the register cannot be asked about it."""
    faults = till.counter.sim.webkassa.faults
    faults.add("answer_lost_after_fiscalising" if made else "answer_lost_before")
    faults.add("lookup_down", count=400)
    for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
        faults.add("http_500", match=path, count=400)


def _heard_again(till: TillPage) -> None:
    till.counter.sim.webkassa.faults.clear()
    till.counter.agent.closing.settle()


@pytest.fixture
def doubtful(till: TillPage) -> Iterator[TillPage]:
    """A payment whose answer was lost."""
    till.scan(till.counter.unit().text)
    _silence(till, made=True)
    till.pay()
    expect(till.at("#pay-wait-code")).to_have_text("R-203")
    yield till
    _heard_again(till)


def test_a_lost_answer_is_looked_for_and_found_and_there_is_one_receipt(doubtful: TillPage) -> None:
    till, before = doubtful, doubtful.counter.receipts()
    expect(till.at("#pay-wait-words")).to_contain_text("Проверяем, пробит ли чек")
    till.press("Escape")
    till.state("Проверяем, пробит ли чек")
    till.scan(till.counter.unit().text)  # Scanning goes on.
    till.press("F3")
    till.code("R-204")  # Nothing else is paid.
    till.tone("look")
    expect(till.at("#paying")).to_be_hidden()
    _heard_again(till)
    till.sold()
    expect(till.at("#result-notes")).to_contain_text("второго нет")
    assert till.counter.receipts() == before


def test_a_receipt_that_was_not_made_is_paid_again_from_the_same_form(till: TillPage) -> None:
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    _silence(till, made=False)
    till.pay()
    expect(till.at("#pay-wait-code")).to_have_text("R-203")
    _heard_again(till)
    expect(till.at("#paying .trouble")).to_contain_text("Чек не пробит")
    till.keys.enter()
    till.sold()
    assert till.counter.receipts() == before + 1


def test_a_payment_goes_on_after_a_reload_as_the_very_same_call(doubtful: TillPage) -> None:
    till, before = doubtful, doubtful.counter.receipts()
    kept = till.page.evaluate("localStorage['till.payment']")
    till.page.reload()
    expect(till.at("#pay-wait-code")).to_have_text("R-203")
    assert till.page.evaluate("localStorage['till.payment']") == kept
    _heard_again(till)
    till.sold()
    assert till.counter.receipts() == before
    assert till.page.evaluate("localStorage['till.payment']") is None


def test_a_payment_of_long_ago_is_repeated_only_when_somebody_says_so(till: TillPage) -> None:
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    till.counter.register.link_down = True
    till.pay()
    expect(till.at("#paying .trouble")).to_contain_text("R-202")
    till.counter.register.link_down = False
    till.page.evaluate(
        "localStorage['till.payment'] = JSON.stringify({ ...JSON.parse(localStorage['till.payment']), at: 1 })"
    )
    till.page.reload()
    expect(till.at("#confirm-what")).to_contain_text("незаконченная оплата")
    assert till.counter.receipts() == before
    till.keys.enter()
    till.sold()
    assert till.counter.receipts() == before + 1


def test_a_senior_compares_and_decides(till: TillPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till.counter.agent.register, "settle", lambda _prepared, _baseline: PERSON)
    till.scan(till.counter.unit().text)
    till.counter.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    till.pay()
    expect(till.at("#pay-wait-code")).to_have_text("R-215")
    till.state("Позовите старшего")
    till.press("Escape")
    till.press("F9")
    expect(till.at("#decide-rows tr").nth(1).locator("td").nth(1)).to_contain_text("₸")
    till.keys.enter()
    expect(till.at("#decide .trouble")).to_contain_text("Есть ли этот чек на ленте?")
    till.page.select_option("#decide-made", "yes")
    expect(till.at("#decide-sign")).not_to_have_value("")
    till.page.fill("#decide-by", "Әйгерім С.")
    till.page.fill("#decide-why", "чек на ленте, сумма та же")
    till.keys.enter()
    till.sold()
    assert till.counter.agent.till.undecided() == ()


def test_a_register_stopped_without_paper_goes_on_and_makes_no_second_document(
    till: TillPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = till.counter.receipts()
    monkeypatch.setattr(till.counter.agent.register, "settle", lambda _prepared, _baseline: PAPER)
    till.scan(till.counter.unit().text)
    till.counter.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    till.pay()
    expect(till.at("#pay-wait-code")).to_have_text("R-216")
    till.state("Бумага кончилась посреди чека")
    monkeypatch.undo()
    till.press("F9")
    till.sold()
    assert till.counter.receipts() == before + 1


def test_paper_that_ran_out_is_printed_later_and_is_the_same_receipt(till: TillPage) -> None:
    before = till.counter.receipts()
    till.counter.paper.condition.rows_left = 3
    till.counter.paper.settle()
    till.scan(till.counter.unit().text)
    till.pay()
    expect(till.at("#result-paper")).to_contain_text("кончилась бумага")
    assert till.heard()[-1] == "look"
    till.counter.paper.condition.rows_left = None
    till.counter.paper.settle()
    till.ready()
    till.keys.enter()
    expect(till.at("#result-paper")).to_contain_text("Чек напечатан")
    till.keys.enter()
    expect(till.at("#result")).to_be_hidden()
    assert till.counter.receipts() == before + 1


def test_without_the_registry_a_senior_decides_and_the_page_says_what_still_works(till: TillPage) -> None:
    till.counter.registry.link_down = True
    till.scan(till.counter.mark(Fate.UNKNOWN).text, "look")
    till.look()
    till.state("Нет связи с реестром. Продавать можно")
    expect(till.at("#strip-ismpt")).to_have_attribute("data-tone", "look")
    till.press("Escape")
    till.scan(till.counter.unit().text)


def test_the_page_waits_for_a_register_that_is_away_and_pays_once_it_is_back(till: TillPage) -> None:
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    till.counter.register.link_down = True
    till.counter.agent.register_watch.look()
    till.look()
    till.state("Нет связи с кассой. Сканировать можно")
    till.pay()
    expect(till.at("#paying .trouble")).to_contain_text("R-202")
    till.counter.register.link_down = False
    till.keys.enter()
    till.sold()
    assert till.counter.receipts() == before + 1
    till.counter.agent.register_watch.look()


def test_a_scanner_of_the_agent_that_is_off_is_named(till: TillPage) -> None:
    off = HealthChange("counter", Health.OFFLINE, till.counter.clock.now_ns(), "unplugged")
    till.counter.agent.intake.feed(off)
    till.look()
    till.state("Сканер «counter» отключён")
    till.counter.agent.intake.health.clear()


def test_a_test_of_the_scanners_by_store_it_is_told_with_what_it_means(till: TillPage) -> None:
    till.counter.agent.scan_test.start("Ерлан")
    till.look()
    till.state("Сканеры проверяет Ерлан: в чек ничего не попадает")
    till.counter.agent.scan_test.stop()
    till.look()
    expect(till.at("#state p")).not_to_contain_text("Сканеры проверяет")


def test_the_page_outlives_a_restart_of_the_agent_and_a_scan_made_meanwhile(till: TillPage) -> None:
    till.scan(till.counter.unit().text)
    till.counter.down()
    till.keys.scan(till.counter.unit().text)
    till.state("Программа кассы не отвечает")
    till.counter.up()
    till.lines(2)
    till.state("Всё работает")
    till.counter.scanned_by_agent(till.counter.unit().text)  # The stream is back, too.
    till.lines(3)


def test_a_page_that_was_sent_out_is_led_to_the_door(room: Room) -> None:
    till = room.page(name="украден")
    till.counter.agent.sessions.revoke(name="украден")
    till.look()
    expect(till.page).to_have_url(f"{room.counter.url}/sign-in?next=/till")


def test_a_technician_may_use_the_cashiers_page(room: Room) -> None:
    context = room.browser.new_context(base_url=room.counter.url)
    room.opened.append(context)
    context.add_cookies([room.counter.cookie("ноутбук", Role.IT)])  # type: ignore[list-item]
    room.shown(context.new_page())


def test_a_full_disk_stops_the_sale_before_the_register_and_the_same_call_goes_on_later(till: TillPage) -> None:
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    till.press("F3")
    expect(till.at("#pay-form")).to_be_visible()
    journal = till.counter.agent.journal
    db = journal.database.connection
    limit = db.execute("PRAGMA max_page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
    for size in (3_000, 300, 1):  # To the last byte: the intent must not find a place that is left.
        with pytest.raises(DiskFull):
            while True:
                journal.append(Event("scan_dropped", {"sale": None, "data": "x" * size}))
    till.keys.enter()
    expect(till.at("#paying .trouble")).to_contain_text("S-301")
    till.state("На диске нет места")
    assert till.counter.receipts() == before
    db.execute(f"PRAGMA max_page_count={limit}")
    till.keys.enter()
    till.sold()
    till.state("Всё работает")
    assert till.counter.receipts() == before + 1


def test_a_page_left_open_over_an_update_loads_itself_anew(room: Room) -> None:
    till = room.page()
    till.page.route("**/till", lambda route: _changed(route, __version__, "0.0.1"), times=1)
    till.page.reload()
    expect(till.at("body")).to_have_attribute("data-version", __version__)
    expect(till.at("body")).to_have_attribute("data-ready", "yes")


def test_green_goes_by_itself_and_red_does_not(room: Room) -> None:
    till = room.page()
    till.page.route("**/till", lambda route: _changed(route, 'green-ms="60000"', 'green-ms="1500"'), times=1)
    till.page.reload()
    expect(till.at("body")).to_have_attribute("data-ready", "yes")
    till.keys.scan(room.counter.unit().text)
    till.lines(1)
    till.tone("idle")
    till.scan(room.counter.mark(Fate.EXPIRED).text, "bad")
    till.page.wait_for_timeout(1_600)  # Longer than green would have stayed.
    till.tone("bad")


def _changed(route: Route, was: str, becomes: str) -> None:
    answer = route.fetch()
    assert was in answer.text()
    route.fulfill(response=answer, body=answer.text().replace(was, becomes))
