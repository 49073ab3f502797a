"""States of the register, the shift and headquarters: what the page says of them, and what still works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from till_counter import Counter, Office, counter

from fiscal.register import Waiting
from hw_sim.registry import DEFAULT_AT_NS
from pos_agent.clock import NS_PER_S, VirtualClock

from .conftest import Room, TillPage

HOUR_S = 3_600


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def shop(tmp_path: Path, office: Office) -> Iterator[Counter]:
    """A shop of its own for every test: time passes in it."""
    with counter(tmp_path, VirtualClock(DEFAULT_AT_NS), green_s=60, office=office) as built:
        yield built


@pytest.fixture
def till(room: Room) -> TillPage:
    page = room.page()
    looked(page)
    return page


def looked(till: TillPage) -> None:
    """What the timers of agent and page would do by now."""
    till.counter.agent.register_watch.look()
    till.page.clock.set_fixed_time(till.counter.clock.now_ns() / NS_PER_S)
    till.look()


def passes(till: TillPage, hours: float) -> None:
    till.counter.clock.sleep(hours * HOUR_S)
    looked(till)


def told(till: TillPage, **status: Any) -> None:
    """The register tells that of itself, beside what it tells."""
    till.counter.register_tells(**status)
    looked(till)


def uncut(till: TillPage) -> None:
    """No word of the strip or of the line below it is cut off."""
    cut = "() => [...document.querySelectorAll('#strip li, #state, #state p')].filter(one => " + (
        "one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight).map(one => one.innerText)"
    )
    assert till.page.evaluate(cut) == []


def chip(till: TillPage, name: str, tone: str) -> None:
    expect(till.at(f"#strip-{name}")).to_have_attribute("data-tone", tone)
    uncut(till)


def sells(till: TillPage) -> None:
    before = till.counter.receipts()
    till.scan(till.counter.unit().text)
    till.pay()
    till.sold()
    assert till.counter.receipts() == before + 1


def test_a_register_on_its_own_sells_and_the_hours_left_are_told(till: TillPage) -> None:
    told(till, offline=True, offline_since=till.counter.hours_ago(30))
    till.state("Касса работает без связи. Продавать можно, на чеке будет отметка; осталось 42 ч")
    chip(till, "register", "look")
    till.counter.sim.webkassa.faults.add("offline")
    sells(till)
    expect(till.at("#result-notes")).to_contain_text("без связи")


def test_a_register_that_does_not_tell_since_when_is_not_said_to_have_all_the_time(till: TillPage) -> None:
    told(till, offline=True, offline_since=None)
    till.state("Продавать можно до 72 часов с обрыва")
    expect(till.at("#state p")).not_to_contain_text("осталось")
    uncut(till)


def test_after_72_hours_without_its_operator_the_register_refuses_and_nothing_is_sold(till: TillPage) -> None:
    before = till.counter.receipts()
    told(till, offline=True, offline_since=till.counter.hours_ago(72.5))
    till.state("Касса без связи больше 72 часов, продажа остановлена")
    till.counter.sim.webkassa.faults.add("offline_over_72h")
    till.scan(till.counter.unit().text)
    till.pay()
    till.code("R-207")
    till.tone("bad")
    expect(till.at("#reason")).to_contain_text("Касса без связи больше 72 часов: продажа заблокирована")
    till.keys.enter()
    till.lines(1)  # The customer's goods are still on the screen.
    assert till.counter.receipts() == before


def test_a_shift_of_24_hours_is_closed_from_where_the_page_says_so(till: TillPage) -> None:
    sells(till)
    till.keys.enter()
    passes(till, 0.5)
    expect(till.at("#strip-unsent")).to_contain_text("30 мин")
    uncut(till)
    passes(till, 22)
    till.state("До конца смены 1 ч 30 мин")
    chip(till, "shift", "look")
    passes(till, 2)
    till.state("Смена длиннее 24 часов")
    chip(till, "shift", "bad")
    till.press("F9")  # What the state itself offers.
    expect(till.at("#shift")).to_be_visible()
    till.page.click("#shift-close")
    expect(till.at("#confirm")).to_be_visible()
    till.keys.enter()
    expect(till.at("#report")).to_be_visible()
    till.keys.enter()
    looked(till)
    chip(till, "shift", "calm")
    sells(till)
    chip(till, "shift", "good")


@pytest.mark.parametrize(
    ("status", "words", "tone"),
    [
        (503, "Нет связи с офисом. Продавать можно; записи уйдут сами", "look"),
        (401, "Офис не принимает эту кассу. Продавать можно; позовите технического специалиста", "bad"),
    ],
)
def test_headquarters_that_is_away_or_refuses_stops_no_sale(
    till: TillPage, office: Office, status: int, words: str, tone: str
) -> None:
    office.status = status
    delivery = till.counter.agent.delivery
    assert delivery is not None
    delivery.step()
    looked(till)
    till.state(words)
    chip(till, "hq", tone)
    sells(till)


def test_a_register_whose_clock_is_off_is_named_with_by_how_much(till: TillPage) -> None:
    told(till, clock_at=till.counter.hours_ago(2))
    till.state("Часы кассы расходятся с компьютером на 2 ч")
    chip(till, "clock", "look")
    sells(till)


def test_a_register_that_waits_for_a_person_says_where_to_look(till: TillPage) -> None:
    told(till, waits_for=Waiting.PERSON)
    till.state("Касса ждёт человека. Посмотрите на экран кассы")
    chip(till, "register", "look")
