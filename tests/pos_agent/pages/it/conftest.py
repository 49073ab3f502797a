"""A troubled till behind its API, one for each module that only looks, and a fresh one for tests that change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from it_shop import Desk, ItShop, served
from playwright.sync_api import Browser, BrowserContext, Page, expect
from real_browser import PATIENCE_MS, chromium

from pos_agent.api.guard import COOKIE
from pos_agent.journal.verify import verify

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Only to be looked at."""
    shop = ItShop(tmp_path_factory.mktemp("troubled"))
    shop.troubled()
    with served(shop) as desk:
        yield desk
    shop.agent.close()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A till on which nothing has happened; for what must change nothing."""
    shop = ItShop(tmp_path_factory.mktemp("calm"))
    with served(shop) as desk:
        yield desk
    shop.agent.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    shop = ItShop(tmp_path)
    with served(shop) as one:
        yield one
    shop.agent.close()
    assert verify(tmp_path / "journal.sqlite").good


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Desk]:
    """Nothing but a register."""
    shop = ItShop(tmp_path, plain=True)
    with served(shop) as one:
        yield one
    shop.agent.close()


@pytest.fixture(scope="module")  # One loop of Playwright in a process at a time.
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Visitor:
    """A technician's browser. What no page may do (dialogs, script errors, requests to elsewhere) is noted."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[BrowserContext] = []
        self.trouble: list[str] = []

    def visit(self, desk: Desk, path: str, lang: str = "en", width: int = 1024) -> Page:
        context = self._browser.new_context(viewport={"width": width, "height": 768}, locale=lang, base_url=desk.url)
        context.set_default_timeout(PATIENCE_MS)
        kept = {"name": COOKIE, "value": desk.shop.cookie(), "url": desk.url}
        context.add_cookies([kept])  # type: ignore[list-item]
        self._opened.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: (self.trouble.append(f"dialog {dialog.message}"), dialog.dismiss())[0])
        page.on("pageerror", lambda error: self.trouble.append(f"script {error}"))
        page.on("console", lambda told: self.trouble.append(told.text) if told.type == "error" else None)
        page.on("request", lambda asked: self._asked(asked.url, desk.url))
        page.goto(path)
        return page

    def _asked(self, url: str, own: str) -> None:
        if not url.startswith((own, "data:")):
            self.trouble.append(url)

    def close(self) -> None:
        for context in self._opened:
            context.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    one = Visitor(browser)
    yield one
    one.close()
    assert one.trouble == []
