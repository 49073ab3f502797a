"""The cashier's page in a real browser over an agent on a real socket; one browser a process, one agent a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from real_browser import PATIENCE_MS, chromium
from served_till import TillClock
from till_counter import Counter, counter
from wedge_keys import Keys

SHIFTS = """window.moved = 0; new PerformanceObserver(list => {
  for (const one of list.getEntries()) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });
window.heard = []; document.addEventListener("till:sound", event => window.heard.push(event.detail));"""

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class TillPage:
    """One page of one browser."""

    page: Page
    counter: Counter
    keys: Keys

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def tone(self, tone: str) -> None:
        expect(self.at("#verdict")).to_have_attribute("data-tone", tone)

    def code(self, code: str) -> None:
        expect(self.at("#code")).to_have_text(code)

    def scan(self, text: str, tone: str = "good", **how: Any) -> None:
        """Until the verdict is on the glass."""
        body = self.at("body")
        before = body.get_attribute("data-verdicts") or ""
        self.keys.scan(text, **how)
        expect(body).not_to_have_attribute("data-verdicts", before)
        self.tone(tone)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def lines(self, count: int) -> None:
        expect(self.at("#lines li[data-number]")).to_have_count(count)

    def pay(self) -> None:
        self.press("F3")
        expect(self.at("#pay-form")).to_be_visible()
        self.keys.enter()

    def sold(self) -> str:
        """The fiscal sign on the screen."""
        expect(self.at("#result")).to_be_visible()
        expect(self.at("#result-paper .w0")).to_be_visible()
        self.ready()
        return str(self.at("#result-facts dd").last.text_content())

    def ready(self) -> None:
        """Until what came of the payment listens to Enter."""
        expect(self.at("#result-next")).not_to_have_attribute("aria-disabled", "true")

    def heard(self) -> list[str]:
        return list(self.page.evaluate("window.heard"))

    def moved(self) -> float:
        return float(self.page.evaluate("window.moved"))

    def state(self, text: str) -> None:
        expect(self.at("#state p")).to_contain_text(text)

    def look(self) -> None:
        """The page asks the agent how it is, without waiting for its own time."""
        self.page.evaluate("dispatchEvent(new Event('till:look'))")


@dataclass
class Room:
    """Pages over one counter. Whatever a page did that no page may do stands in `trouble`."""

    browser: Browser
    counter: Counter
    opened: list[BrowserContext] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def page(self, *, words: str = "kk-ru", size: tuple[int, int] = (1024, 768), name: str = "Касса 1") -> TillPage:
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, base_url=self.counter.url, locale="ru"
        )
        self.opened.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([self.counter.cookie(name)])  # type: ignore[list-item]
        context.add_init_script(SHIFTS)
        context.add_init_script(f"localStorage.getItem('till.words') ?? localStorage.setItem('till.words', '{words}')")
        return self.shown(context.new_page())

    def beside(self, till: TillPage) -> TillPage:
        """A second page of the same browser."""
        return self.shown(till.page.context.new_page())

    def shown(self, page: Page) -> TillPage:
        page.on("pageerror", lambda error: self.trouble.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (self.trouble.append(f"dialog {dialog.message}"), dialog.dismiss())[0])
        page.on("console", lambda told: self.trouble.append(told.text) if "Content Security" in told.text else None)
        page.goto("/till")
        expect(page.locator("body")).to_have_attribute("data-ready", "yes")
        return TillPage(page, self.counter, Keys(page))

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()


@pytest.fixture(scope="module")  # One loop of Playwright in a process at a time.
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("till"), TillClock(), ismpt=True, green_s=60, doubt_wait_s=3_600.0) as built:
        yield built


@pytest.fixture
def room(browser: Browser, shop: Counter) -> Iterator[Room]:
    built = Room(browser, shop)
    yield built
    built.close()
    shop.forget_open()
    assert built.trouble == []


@pytest.fixture
def till(room: Room) -> TillPage:
    return room.page()
