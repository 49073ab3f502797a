"""Draws docs/it/*.png: the pages for store IT of a till on which much is wrong, in Russian and Kazakh.

The clock stands still and the shop comes from tests/support/it_shop.py, so that a picture changes only with the pages
and with what is told of the machine they are drawn on: its ports, disk and system.
Run inside the virtual environment, with Chromium on the machine: .venv/bin/python script/draw_it_pages.py [NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import it_shop  # noqa: E402 -- lies with the tests, whose shop the pictures show.
from real_browser import chromium, keep_picture  # noqa: E402

from pos_agent.api.guard import COOKIE  # noqa: E402

FOLDER = ROOT / "docs" / "it"
COLOURS = 64  # Flat pages lose nothing, and the files stay small.
CODE = "0104870000000128213hB?7tR␝93aB9+"


def _nothing(_page: Page, _shop: it_shop.ItShop) -> None:
    """The page as it comes."""


def _tested(page: Page, shop: it_shop.ItShop) -> None:
    page.click("form[action$='/start'] button")
    page.wait_for_selector("[data-stream]")
    shop.agent.intake.feed(shop.frame(f"]d2{shop.unit().text}", device="counter"))
    page.wait_for_selector("article.read")


def _pasted(page: Page, _shop: it_shop.ItShop) -> None:
    page.fill("#code", CODE)
    page.click("form[action$='/code'] button")


def _asked(page: Page, _shop: it_shop.ItShop) -> None:
    page.click("form[action$='/look'] button")


def _found(page: Page, shop: it_shop.ItShop) -> None:
    page.fill("#code", shop.sim.shop.products[0].gtin)
    page.click("main form button")


def _code(page: Page, _shop: it_shop.ItShop) -> None:
    page.fill("#name", "Касса 2")
    page.click("form[action$='/code'] button")


# name of the section -> (address, what a technician does there first)
PAGES: Mapping[str, tuple[str, Callable[[Page, it_shop.ItShop], None]]] = {
    "overview": ("/it", _nothing),
    "devices": ("/it/devices", _nothing),
    "test": ("/it/devices/test", _tested),
    "code": ("/it/devices/test", _pasted),
    "register": ("/it/register", _asked),
    "cache": ("/it/cache", _found),
    "queue": ("/it/queue", _nothing),
    "settings": ("/it/settings?origin=file", _nothing),
    "log": ("/it/log", _nothing),
    "pages": ("/it/pages", _code),
}
DRAWINGS = tuple(f"{name}-{lang}" for name in PAGES for lang in ("ru", "kk"))


def draw(names: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        shop = it_shop.ItShop(Path(folder))
        shop.troubled()
        with it_shop.served(shop) as desk:
            cookie = {"name": COOKIE, "value": shop.cookie(), "url": desk.url}
            for name in names:
                section, _, language = name.rpartition("-")
                path, first = PAGES[section]
                context = browser.new_context(viewport={"width": 1024, "height": 768}, locale=language)
                context.add_cookies([cookie])  # type: ignore[list-item]
                page = context.new_page()
                page.goto(desk.url + path)
                first(page, shop)
                page.wait_for_load_state("load")
                page.evaluate("document.activeElement.blur()")
                keep_picture(page, FOLDER / f"{name}.png", COLOURS, full_page=True)
                context.close()
        shop.agent.close()


def main() -> int:
    options = argparse.ArgumentParser(description="Draw the pages of docs/it.")
    options.add_argument("names", nargs="*", metavar="NAME", help=f"all when none is given: {', '.join(DRAWINGS)}")
    chosen = options.parse_args().names or list(DRAWINGS)
    unknown = [name for name in chosen if name not in DRAWINGS]
    if unknown:
        sys.stderr.write(f"no such picture: {', '.join(unknown)}\n")
        return 1
    draw(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
