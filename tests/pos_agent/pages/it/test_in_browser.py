"""The live parts in a real browser: the scan tester with a scanner on a real line and with one that types; the look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from it_shop import Desk, ItShop, served
from playwright.sync_api import Locator, Page, expect
from real_browser import CONTRASTS

from hw_sim.scanner.pty import PtyScanner
from hw_sim.scanner.script import Scan
from pos_agent.clock import SystemClock
from scanners.scan import Health

if TYPE_CHECKING:
    from .conftest import Visitor

PAGES = ("", "/devices", "/devices/test", "/register", "/cache", "/queue", "/settings", "/log", "/pages")
CODE = "0104870000000128213hB?7tR\u001d93aB9+"

UNNAMED = """() => [...document.querySelectorAll("input, select, textarea, button, a, summary")]
  .filter(one => one.type !== "hidden" && one.checkVisibility())
  .filter(one => !(one.labels?.length || one.ariaLabel || one.textContent.trim()))
  .map(one => one.outerHTML.slice(0, 120))"""

SMALL = """() => [...document.querySelectorAll("main button, main input, main select, main .button")]
  .filter(one => one.type !== "hidden" && one.type !== "checkbox" && one.checkVisibility())
  .filter(one => one.getBoundingClientRect().height < 40).map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("lang", ["ru", "kk"])
def test_no_page_breaks_at_1024_or_at_the_width_of_a_phone_and_all_text_can_be_read(
    troubled: Desk, visitor: Visitor, lang: str
) -> None:
    page = visitor.visit(troubled, "/it", lang)
    for path in PAGES:
        page.set_viewport_size({"width": 1024, "height": 768})
        page.goto(f"/it{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024, path
        assert [found for found in page.evaluate(CONTRASTS) if found[0] < 7] == [], path
        assert page.evaluate(UNNAMED) == [], path
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
        assert page.evaluate(SMALL) == [], path


def test_the_overview_looks_again_by_itself(desk: Desk, visitor: Visitor) -> None:
    page = visitor.visit(desk, "/it/log")
    page.clock.install()
    page.goto("/it")
    expect(page.locator("main")).not_to_contain_text("Scanner hand is not there")
    desk.shop.health("hand", Health.OFFLINE, "no such port")
    page.clock.fast_forward(15_000)
    expect(page.locator("main")).to_contain_text("Scanner hand is not there")


class Line:
    """An agent that reads a scanner on a real line."""

    def __init__(self, desk: Desk, scanner: PtyScanner) -> None:
        self.desk, self.scanner = desk, scanner


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with PtyScanner(link=tmp_path / "scanner") as scanner:
        shop = ItShop(tmp_path / "till", port=scanner.path, clock=SystemClock())
        with shop.reading(), served(shop) as desk:
            yield Line(desk, scanner)
        shop.agent.close()


def test_what_a_scanner_sends_shows_on_the_page_and_is_sold_to_nobody(line: Line, visitor: Visitor) -> None:
    page = visitor.visit(line.desk, "/it/devices/test")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.get_by_role("button", name="Begin the test").focus()
    page.keyboard.press("Enter")
    with page.expect_response("**/events"):
        expect(page.get_by_role("status").first).to_be_visible()
    mark = line.desk.shop.unit()
    line.scanner.scan(Scan(f"]d2{mark.text}"))
    read = page.locator("article.read").first
    expect(read).to_contain_text("may be sold")
    expect(read).to_contain_text("GS1 Data Matrix")
    expect(read.locator(".gs").first).to_be_visible()
    expect(read.locator("tbody tr")).not_to_have_count(0)
    assert line.desk.shop.agent.till.open_sales() == ()
    assert line.desk.http.get("/v1/status").json()["scan_test"]["by"] == "Ерлан, ноутбук"
    left = page.locator("[data-left]")
    expect(left).to_have_text(re.compile(r"^\d+ s left\.$"))
    line.desk.http.post("/it/devices/test/stop")
    expect(left).to_contain_text("The test is over")


def test_leaving_the_page_ends_the_test_and_the_next_read_is_sold(line: Line, visitor: Visitor) -> None:
    page = visitor.visit(line.desk, "/it/devices/test")
    with page.expect_response("**/events"):
        page.get_by_role("button", name="Begin the test").click()
    page.goto("/it/queue")
    told(line.desk, "scan_test_ended")
    line.scanner.scan(Scan(line.desk.shop.unit().text))
    told(line.desk, "line_added")
    assert len(line.desk.shop.agent.till.open_sales()) == 1


def told(desk: Desk, kind: str) -> None:
    """Wait until the journal has a row of that kind."""
    with desk.http.stream("GET", "/v1/events?after=0") as stream:
        for text in stream.iter_lines():
            if text == f"event: {kind}":
                return
    raise AssertionError(kind)


def fact(page: Page, name: str) -> Locator:
    return page.locator(f"[data-{name}]")


def test_a_scanner_that_types_shows_its_keys_its_gs_and_what_the_code_means(calm: Desk, visitor: Visitor) -> None:
    page = visitor.visit(calm, "/it/devices/test")
    page.focus("#wedge")
    head, tail = CODE.split("\u001d")
    page.keyboard.type(head)
    page.keyboard.press("Control+BracketRight")
    page.keyboard.type(tail)
    page.keyboard.press("Enter")
    expect(fact(page, "layout")).to_have_text("English")
    expect(fact(page, "gs")).to_have_text("came as Ctrl+]")
    expect(fact(page, "caps")).to_have_text("off")
    expect(fact(page, "list")).to_contain_text("Ctrl+BracketRight")
    expect(fact(page, "meaning")).to_contain_text("SHORT-7")
    expect(fact(page, "meaning")).to_contain_text("hidden, 4 characters")
    expect(page).to_have_url(re.compile("/it/devices/test$"))
    page.keyboard.press("Tab")
    expect(page.locator("#code")).to_be_focused()


# What a machine with another layout makes of the keys: the places stay, the letters do not.
TYPED = """([field, keys]) => {
  const target = document.querySelector(field);
  for (const [code, key, held] of keys) {
    const told = {code, key, bubbles: true, cancelable: true, ...held};
    target.dispatchEvent(new KeyboardEvent("keydown", told));
    target.dispatchEvent(new KeyboardEvent("keyup", told));
  }
}"""
DIGITS = [(f"Digit{digit}", digit, {}) for digit in "04870000000135"]


@pytest.mark.parametrize(
    ("keys", "layout", "caps", "gs"),
    [
        ([*DIGITS, ("KeyK", "л", {}), ("KeyR", "К", {"shiftKey": True})], "Russian", "off", "did not come"),
        ([("Digit0", "қ", {}), ("Digit4", "ң", {}), ("KeyK", "л", {})], "Kazakh", "off", "did not come"),
        ([*DIGITS, ("KeyK", "K", {}), ("KeyR", "r", {"shiftKey": True})], "English", "on", "did not come"),
        (
            [
                *DIGITS,
                ("Numpad0", "0", {"altKey": True}),
                ("Numpad2", "2", {"altKey": True}),
                ("Numpad9", "9", {"altKey": True}),
                ("AltLeft", "Alt", {}),
            ],
            "English",
            "off",
            "came as Alt+029",
        ),
        ([("", digit, {}) for digit in "0487"], "not known", "off", "did not come"),
    ],
)
def test_the_layout_a_machine_types_in_is_guessed(
    calm: Desk, visitor: Visitor, keys: list[object], layout: str, caps: str, gs: str
) -> None:
    page = visitor.visit(calm, "/it/devices/test")
    page.evaluate(TYPED, ["#wedge", keys])
    expect(fact(page, "layout")).to_contain_text(layout)
    expect(fact(page, "caps")).to_contain_text(caps)
    expect(fact(page, "gs")).to_contain_text(gs)
    expect(fact(page, "meaning")).not_to_be_empty()


def test_a_reader_chooses_the_language_and_stays_on_the_page(calm: Desk, visitor: Visitor) -> None:
    page = visitor.visit(calm, "/it/queue")
    page.get_by_label("Қазақша").click()
    expect(page).to_have_url(re.compile("/it/queue$"))
    expect(page.locator("h1")).to_have_text("Кезек")
