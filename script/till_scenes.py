"""What happens at the till in the pictures of docs/till-page.md, scene by scene."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from playwright.sync_api import expect
from till_stage import Counter, Stage

from fiscal.register import Failure, FailureKind, Unknown
from hw_sim.registry import Fate
from scanners.scan import Health, HealthChange

HOUR_S = 3600
PAPER = Unknown(Failure(FailureKind.PAPER, "paper", "out of paper in the middle of an operation"))
PERSON = Unknown(Failure(FailureKind.HUMAN, "person", "2 documents of this kind since the order"))
# The receipt is on the paper, and Enter is listened to.
PAID = "#result:has(#result-paper .w0) #result-next:not([aria-disabled=true])"


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
    stage.shown(PAID)
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
    stage.shown(PAID)
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
    stage.shown(PAID)
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
    stage.shown(PAID)
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
    stage.shown(PAID)
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


def silence(counter: Counter, *, made: bool) -> None:
    """The next receipt gets no answer, and for a while the register cannot be asked about it."""
    faults = counter.sim.webkassa.faults
    faults.add("answer_lost_after_fiscalising" if made else "answer_lost_before")
    faults.add("lookup_down", count=400)
    for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
        faults.add("http_500", match=path, count=400)


SCENES: Sequence[Callable[[Stage], None]] = (
    selling, asking, paying, without_paper, doubting, deciding, stopped_for_paper, returning, shifts, links, shift_ends,
    broken,
)  # fmt: skip
