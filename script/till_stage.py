"""One till page over one simulated counter, for script/draw_till.py: what its scenes do, and where the pictures go."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from real_browser import chromium, keep_picture  # noqa: E402 -- lies with the tests, whose counter the pictures show.
from till_counter import Counter, Office, counter  # noqa: E402
from wedge_keys import Keys  # noqa: E402

from hw_sim.registry import DEFAULT_AT_NS  # noqa: E402
from pos_agent.clock import NS_PER_S, VirtualClock  # noqa: E402

__all__ = ["FOLDER", "LANGUAGES", "Counter", "Office", "Stage", "chromium", "opened"]

FOLDER = ROOT / "docs" / "till"
LANGUAGES = ("kk-ru", "kk", "ru")
COLOURS = 28  # Flat pages lose nothing, and the files stay small.


class Stage:
    """One page over one counter, and what happens on it."""

    def __init__(self, counter: Counter, page: Page, wanted: Sequence[str], language: str) -> None:
        self.counter, self.page, self.keys = counter, page, Keys(page)
        self._wanted, self._language = wanted, language

    def draw(self, name: str) -> None:
        if self._wanted and name not in self._wanted:
            return
        self.page.wait_for_timeout(150)
        keep_picture(self.page, FOLDER / f"{name}-{self._language}.png", COLOURS)

    def tone(self, tone: str) -> None:
        expect(self.page.locator("#verdict")).to_have_attribute("data-tone", tone)

    def scan(self, text: str, tone: str = "good") -> None:
        body = self.page.locator("body")
        before = body.get_attribute("data-verdicts") or ""
        self.keys.scan(text)
        expect(body).not_to_have_attribute("data-verdicts", before)
        self.tone(tone)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def shown(self, selector: str) -> None:
        expect(self.page.locator(selector)).to_be_visible()

    def pass_time(self, seconds: float) -> None:
        self.counter.clock.sleep(seconds)
        self.look()

    def look(self) -> None:
        """What the agent's timers would do by now; the page asks again."""
        self.counter.agent.register_watch.look()
        self.page.evaluate("fetch('/v1/status')")
        self.page.clock.set_fixed_time(self.counter.clock.now_ns() / NS_PER_S)
        self.page.evaluate("dispatchEvent(new Event('till:look'))")
        self.page.wait_for_timeout(250)

    def again(self) -> None:
        """A fresh page, as between two customers."""
        self.counter.forget_open()
        self.page.evaluate("localStorage.removeItem('till.payment')")
        self.page.reload()
        self.page.wait_for_selector("body[data-ready]")
        self.look()

    def goods(self) -> None:
        for _ in range(3):
            self.scan(self.counter.unit().text)

    def pay(self) -> None:
        self.press("F3")
        self.shown("#pay-form")
        self.keys.enter()


@contextmanager
def opened(
    browser: Browser,
    language: str,
    wanted: Sequence[str],
    *,
    office: Callable[[httpx.Request], httpx.Response] | None = None,
) -> Iterator[Stage]:
    clock = VirtualClock(DEFAULT_AT_NS)
    with tempfile.TemporaryDirectory() as folder, counter(Path(folder), clock, ismpt=True, office=office) as till:
        context = browser.new_context(viewport={"width": 1024, "height": 768}, base_url=till.url)
        context.set_default_timeout(15_000)
        context.add_cookies([till.cookie()])  # type: ignore[list-item]
        context.add_init_script(f"localStorage.setItem('till.words', '{language}')")
        page = context.new_page()
        page.on("pageerror", lambda error: sys.stderr.write(f"{error}\n"))
        page.goto("/till")
        page.wait_for_selector("body[data-ready]")
        stage = Stage(till, page, wanted, language)
        stage.look()
        yield stage
        context.close()
