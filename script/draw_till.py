"""Draws docs/till/*.png: every state of the cashier's page, in Kazakh and Russian together, in Kazakh, and in Russian.

Register, registry, printer and scanner are simulated, the clock stands still and the seed is fixed, so that a picture
changes only with the page. Run inside the virtual environment, with Chromium on the machine:
.venv/bin/python script/draw_till.py [--language kk-ru] [NAME ...]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from till_counter import Counter, counter  # noqa: E402 -- lies with the tests, whose counter the pictures show.
from wedge_keys import Keys  # noqa: E402

from fiscal.register import Failure, FailureKind, Unknown  # noqa: E402
from hw_sim.registry import DEFAULT_AT_NS, Fate  # noqa: E402
from pos_agent.clock import NS_PER_S, VirtualClock  # noqa: E402
from scanners.scan import Health, HealthChange  # noqa: E402

FOLDER = ROOT / "docs" / "till"
CHROMIUM = os.environ.get("TILL_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-device-scale-factor=1"]
LANGUAGES = ("kk-ru", "kk", "ru")
COLOURS = 28  # Flat pages lose nothing, and the files stay small.
HOUR_S = 3600
PAPER = Unknown(Failure(FailureKind.PAPER, "paper", "out of paper in the middle of an operation"))


PERSON = Unknown(Failure(FailureKind.HUMAN, "person", "2 documents of this kind since the order"))


class Stage:
    """One page over one counter, and what happens on it."""

    def __init__(self, counter: Counter, page: Page, wanted: Sequence[str], language: str) -> None:
        self.counter, self.page, self.keys = counter, page, Keys(page)
        self._wanted, self._language = wanted, language

    def draw(self, name: str) -> None:
        if self._wanted and name not in self._wanted:
            return
        self.page.wait_for_timeout(150)
        with Image.open(io.BytesIO(self.page.screenshot(caret="hide"))) as picture:
            small = picture.convert("RGB").quantize(COLOURS)
            small.save(FOLDER / f"{name}-{self._language}.png", optimize=True)

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


def selling(stage: Stage) -> None:
    counter, page = stage.counter, stage.page
    stage.draw("idle")
    stage.scan(counter.unit().text)
    stage.draw("allowed")
    stage.goods()
    first = counter.unit()
    stage.scan(first.text)
    stage.keys.scan(first.text)
    stage.tone("bad")
    stage.draw("same-again")
    stage.keys.scan(counter.unit().text)
    stage.keys.scan(counter.unit().text)
    page.wait_for_timeout(300)
    stage.draw("scans-waiting")
    stage.keys.enter()
    stage.tone("good")
    for fate, name in (
        (Fate.SOLD_BEFORE, "sold-before"),
        (Fate.NOT_INTRODUCED, "not-introduced"),
        (Fate.EXPIRED, "expired"),
        (Fate.AGGREGATE, "block"),
    ):
        stage.scan(counter.mark(fate).text, "bad")
        stage.draw(name)
        stage.keys.enter()
    stage.scan(counter.gtin_of("tobacco_cigarettes")[1:], "bad")
    stage.draw("not-the-square-code")
    stage.keys.enter()
    stage.scan(counter.gtin_of("beer")[1:], "look")
    stage.draw("old-stock")
    stage.press("Escape")
    stage.scan(counter.unit().text[:20], "bad")
    stage.draw("not-complete")
    stage.keys.enter()
    page.evaluate("document.querySelector('#manual-key').click()")
    stage.keys.write(counter.plain_gtin()[1:])
    page.wait_for_timeout(400)
    stage.press("ArrowDown")
    stage.keys.write("3")
    stage.draw("manual")
    stage.keys.enter()
    stage.tone("good")
    stage.press("ArrowUp")
    stage.draw("receipt")
    stage.press("F8")
    stage.draw("drop-receipt")
    stage.press("Escape")
    stage.press("F1")
    stage.draw("help")
    stage.press("Escape")


def asking(stage: Stage) -> None:
    counter = stage.counter
    stage.scan(counter.unit().text)
    stage.scan(counter.mark(Fate.UNKNOWN).text, "bad")
    stage.draw("not-in-registry")
    stage.keys.enter()
    stage.scan(counter.gtin_of("beer")[1:], "look")
    stage.keys.enter()
    stage.shown("#ask")
    stage.page.fill("#ask-by", "Серікқызы Әйгерім")
    stage.draw("senior")
    stage.keys.enter()
    stage.tone("good")
    stage.draw("let-in")


def paying(stage: Stage) -> None:
    stage.goods()
    stage.press("F3")
    stage.shown("#pay-form")
    stage.draw("pay")
    stage.page.fill("#pay-cash", "20000")
    stage.draw("pay-change")
    stage.page.fill("#pay-cash", "500")
    stage.press("ArrowDown")
    stage.draw("pay-mixed")
    stage.page.fill("#pay-cash", "10000")
    stage.keys.enter()
    stage.shown("#result-paper .w0")
    stage.draw("sold")
    stage.keys.enter()


def without_paper(stage: Stage) -> None:
    stage.goods()
    stage.counter.paper.condition.rows_left = 0
    stage.counter.paper.settle()
    stage.pay()
    stage.shown("#result[data-tone=look]")
    stage.draw("paper-out")
    stage.press("Escape")
    stage.look()
    stage.draw("paper-out-strip")
    stage.counter.paper.condition.rows_left = None
    stage.counter.paper.settle()
    rows = [row for row in stage.counter.agent.journal.rows_after(0, 10**6) if row.kind == "document_made"]
    stage.counter.agent.closing.print_again(json.loads(rows[-1].body)["sale"])


def doubting(stage: Stage) -> None:
    counter = stage.counter
    stage.goods()
    silence(counter, made=True)
    stage.pay()
    stage.shown("#pay-wait-code:not(:empty)")
    stage.pass_time(12)
    stage.draw("checking")
    stage.press("Escape")
    stage.scan(counter.unit().text)
    stage.draw("checking-go-on")
    counter.sim.webkassa.faults.clear()
    counter.agent.closing.settle()
    stage.shown("#result-paper .w0")
    stage.draw("found")
    stage.keys.enter()
    stage.again()
    stage.goods()
    silence(counter, made=False)
    stage.pay()
    stage.shown("#pay-wait-code:not(:empty)")
    counter.sim.webkassa.faults.clear()
    counter.agent.closing.settle()
    stage.shown("#pay-form")
    stage.draw("not-made")
    stage.again()


def deciding(stage: Stage) -> None:
    counter, page = stage.counter, stage.page
    register = counter.agent.register
    before = register.settle
    stage.goods()
    counter.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    register.settle = lambda _prepared, _baseline: PERSON  # type: ignore[method-assign]
    stage.pay()
    expect(page.locator("#pay-wait-code")).to_have_text("R-215")
    counter.clock.sleep(40)
    stage.look()
    stage.draw("person-waits")
    stage.press("Escape")
    stage.draw("person")
    stage.press("F9")
    stage.shown("#decide")
    page.select_option("#decide-made", "yes")
    page.fill("#decide-by", "Серікқызы Әйгерім")
    page.fill("#decide-why", "чек на ленте, сумма та же")
    stage.draw("decide")
    register.settle = before  # type: ignore[method-assign]
    stage.again()


def stopped_for_paper(stage: Stage) -> None:
    register = stage.counter.agent.register
    before = register.settle
    stage.goods()
    silence(stage.counter, made=True)
    register.settle = lambda _prepared, _baseline: PAPER  # type: ignore[method-assign]
    stage.pay()
    expect(stage.page.locator("#pay-wait-code")).to_have_text("R-216")
    stage.look()
    stage.draw("register-without-paper")
    stage.press("Escape")
    stage.draw("register-without-paper-strip")
    register.settle = before  # type: ignore[method-assign]
    stage.again()


def returning(stage: Stage) -> None:
    counter, page = stage.counter, stage.page
    first = counter.unit()
    stage.scan(first.text)
    stage.pay()
    stage.shown("#result-paper .w0")
    stage.keys.enter()
    link = page.evaluate("document.querySelector('#result-facts dd:last-child').textContent")
    stage.press("F6")
    stage.shown("#returning")
    stage.draw("return")
    page.fill("#return-field", "1")
    stage.keys.enter()
    stage.shown("#return-found button")
    stage.draw("return-found")
    page.fill("#return-field", "999999")
    page.focus("#return-field")
    stage.keys.enter()
    stage.shown("#returning .trouble .w0")
    stage.draw("return-not-found")
    stage.press("F2")
    stage.shown("#basis")
    page.fill("#basis-sign", "4228143550")
    page.fill("#basis-rnm", "010100000001")
    page.fill("#basis-date", "20.11.2026")
    page.fill("#basis-time", "18:05")
    page.fill("#basis-total", "1800")
    stage.draw("return-five-facts")
    stage.press("Escape")
    stage.press("F6")
    page.fill("#return-field", link)
    stage.keys.enter()
    stage.shown("body.returns")
    stage.draw("return-open")
    stage.scan(counter.unit().text, "look")
    stage.draw("return-not-sold")
    stage.press("Escape")
    stage.scan(first.text)
    stage.press("F3")
    stage.shown("#pay-form")
    stage.draw("return-pay")
    stage.keys.enter()
    stage.shown("#result-paper .w0")
    stage.draw("returned")
    stage.keys.enter()


def shifts(stage: Stage) -> None:
    page = stage.page
    stage.press("F7")
    stage.shown("#shift")
    stage.draw("shift")
    page.click("#shift-in")
    page.fill("#cash-sum", "25000")
    stage.draw("cash-in")
    stage.keys.enter()
    stage.tone("good")
    stage.draw("cash-put-in")
    stage.press("F7")
    page.click("#shift-x")
    stage.shown("#report")
    stage.draw("x-report")
    stage.keys.enter()
    page.click("#shift-close")
    stage.draw("shift-close")
    stage.keys.enter()
    stage.shown("#report")
    stage.draw("z-report")
    stage.keys.enter()
    stage.look()
    stage.press("F7")
    stage.draw("shift-closed")
    page.click("#shift-open")
    stage.draw("shift-open")
    stage.press("Escape")
    stage.press("Escape")


def links(stage: Stage) -> None:
    counter, page = stage.counter, stage.page
    stage.again()
    counter.registry.link_down = True
    stage.scan(counter.mark(Fate.UNKNOWN, 1).text, "look")
    stage.look()
    stage.draw("no-registry")
    stage.press("Escape")
    stage.again()
    counter.register.link_down = True
    stage.look()
    stage.draw("no-register")
    stage.goods()
    stage.pay()
    stage.shown("#paying .trouble .w0")
    stage.draw("no-register-pay")
    stage.again()
    off = HealthChange("counter", Health.OFFLINE, counter.clock.now_ns(), "unplugged")
    counter.agent.intake.feed(off)
    stage.look()
    stage.draw("scanner-off")
    counter.agent.intake.health.clear()
    counter.down()
    page.wait_for_timeout(500)
    stage.keys.scan(counter.unit().text)
    page.wait_for_timeout(1500)
    stage.draw("agent-gone")
    counter.up()
    stage.tone("good")


def shift_ends(stage: Stage) -> None:
    stage.again()
    stage.goods()
    stage.pay()
    stage.shown("#result-paper .w0")
    stage.keys.enter()
    stage.pass_time(22.5 * HOUR_S)
    stage.draw("shift-soon")
    stage.pass_time(2 * HOUR_S)
    stage.draw("shift-over")


def broken(stage: Stage) -> None:
    path = stage.counter.agent.journal.database.path
    path.rename(path.with_name("moved.sqlite"))
    stage.keys.scan(stage.counter.unit().text)
    stage.tone("bad")
    stage.look()
    stage.draw("journal-broken")
    path.with_name("moved.sqlite").rename(path)


SCENES: Sequence[Callable[[Stage], None]] = (
    selling, asking, paying, without_paper, doubting, deciding, stopped_for_paper, returning, shifts, links, shift_ends,
    broken,
)  # fmt: skip


def silence(counter: Counter, *, made: bool) -> None:
    """The next receipt gets no answer, and for a while the register cannot be asked about it."""
    faults = counter.sim.webkassa.faults
    faults.add("answer_lost_after_fiscalising" if made else "answer_lost_before")
    faults.add("lookup_down", count=400)
    for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
        faults.add("http_500", match=path, count=400)


@contextmanager
def opened(browser: Browser, language: str, wanted: Sequence[str]) -> Iterator[Stage]:
    clock = VirtualClock(DEFAULT_AT_NS)
    with tempfile.TemporaryDirectory() as folder, counter(Path(folder), clock, ismpt=True) as till:
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


def draw(names: Sequence[str], languages: Sequence[str], scenes: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for language in languages:
            with opened(browser, language, names) as stage:
                for scene in SCENES:
                    if scenes and scene.__name__ not in scenes:
                        continue
                    stage.again()
                    scene(stage)
        browser.close()


def main() -> int:
    options = argparse.ArgumentParser(description="Draw the pictures of docs/till-page.md.")
    options.add_argument("names", nargs="*", metavar="NAME", help="pictures; all when none is given")
    options.add_argument("--language", choices=LANGUAGES, action="append", help="all when none is given")
    options.add_argument("--scene", choices=[scene.__name__ for scene in SCENES], action="append", help="only these")
    chosen = options.parse_args()
    draw(chosen.names, chosen.language or LANGUAGES, chosen.scene or ())
    return 0


if __name__ == "__main__":
    sys.exit(main())
