"""Draws docs/it/*.png: the pages for store IT of a till on which much is wrong, in Russian and Kazakh.

The clock stands still and the shop comes from tests/support/it_shop.py, so that a picture changes only with the pages
and with what is told of the machine they are drawn on: its ports, disk and system.
Run inside the virtual environment, with Chromium on the machine: .venv/bin/python script/draw_it_pages.py [NAME ...]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import it_shop  # noqa: E402 -- lies with the tests, whose shop the pictures show.
from real_browser import chromium, keep_picture  # noqa: E402

from hw_sim.optics.camera import VirtualCamera  # noqa: E402
from hw_sim.optics.frames import one  # noqa: E402
from pos_agent.api.guard import COOKIE  # noqa: E402
from pos_agent.clock import SystemClock  # noqa: E402

FOLDER = ROOT / "docs" / "it"
COLOURS = 64  # Flat pages lose nothing, and the files stay small.
PHOTO_COLOURS = 256
CODE = "0104870000000128213hB?7tR␝93aB9+"


def _nothing(_page: Page, _shop: it_shop.ItShop) -> None:
    """The page as it comes."""


def _tested(page: Page, shop: it_shop.ItShop) -> None:
    page.click("form[action$='/start'] button")
    page.wait_for_selector("[data-stream]")
    shop.agent.intake.feed(shop.frame(f"]d2{shop.unit().text}", device="counter"))
    page.wait_for_selector("article.read")


def _seen(page: Page, _shop: it_shop.ItShop) -> None:
    page.wait_for_function("document.querySelector('figure img').naturalWidth > 0")


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
CAMERA = "cameras"  # Drawn of another till: one camera, and a pack before it.
DRAWINGS = tuple(f"{name}-{lang}" for name in (*PAGES, CAMERA) for lang in ("ru", "kk"))


def draw(names: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        shop = it_shop.ItShop(Path(folder, "troubled"))
        shop.troubled()
        with it_shop.served(shop) as desk:
            for name in (name for name in names if not name.startswith(CAMERA)):
                path, first = PAGES[name.rpartition("-")[0]]
                _draw(browser, desk, name, path, first)
        shop.agent.close()
        if names := [name for name in names if name.startswith(CAMERA)]:
            _draw_cameras(browser, Path(folder, "camera"), names)


def _draw_cameras(browser: Browser, folder: Path, names: list[str]) -> None:
    """In real time: a camera gives its frames when they are due. The pack before it is the same each time."""
    camera = VirtualCamera(one(7, "shelf", 3).image, time.monotonic, time.sleep)
    shop = it_shop.ItShop(folder, camera=camera, clock=SystemClock())
    (scanner,) = shop.agent.scanners
    with it_shop.served(shop) as desk:
        while not scanner.counts.read:  # type: ignore[attr-defined]
            for event in scanner.poll():
                shop.agent.intake.feed(event)
        for name in names:
            _draw(browser, desk, name, "/it/devices/cameras", _seen)
    shop.agent.close()


def _draw(
    browser: Browser, desk: it_shop.Desk, name: str, path: str, first: Callable[[Page, it_shop.ItShop], None]
) -> None:
    context = browser.new_context(viewport={"width": 1024, "height": 768}, locale=name.rpartition("-")[2])
    kept = {"name": COOKIE, "value": desk.shop.cookie(), "url": desk.url}
    context.add_cookies([kept])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(desk.url + path)
    first(page, desk.shop)
    page.wait_for_load_state("load")
    page.evaluate("document.activeElement.blur()")
    colours = PHOTO_COLOURS if name.startswith(CAMERA) else COLOURS
    keep_picture(page, FOLDER / f"{name}.png", colours, full_page=True)
    context.close()


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
