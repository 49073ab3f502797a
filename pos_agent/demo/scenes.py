"""The scenes of the live demonstration, told in Kazakh and Russian as they happen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hw_sim.registry import Fate, Mark
from marking import reasons
from marking.verdict import Decision
from marking.words import catalogue
from pos_agent.checkout import Scanned
from pos_agent.demo.live import LiveShop

STYLES = {Decision.ALLOW: ("✔", "bold green"), Decision.REFUSE: ("✖", "bold red"), Decision.ASK: ("!", "bold yellow")}
PAUSE_S = 0.4
SETTLE_S = 40.0
CODE_CHARS = 31
NOTE_TIYN = 100_000  # Cash is handed over in notes of 1000 tenge.


class Stage:
    """Where the scenes are played: the shop, the screen, and the goods still on the shelf."""

    def __init__(self, shop: LiveShop, console: Console) -> None:
        self.shop = shop
        self.console = console
        self._goods: dict[Fate, Iterator[Mark]] = {
            fate: iter([mark for mark in shop.sim.shop.codes if mark.fate is fate]) for fate in Fate
        }
        self.took_ms: list[float] = []
        self.last_sale = ""
        self.sold: list[Mark] = []

    def unit(self, fate: Fate = Fate.SELLABLE, template: str | None = None) -> Mark:
        return next(mark for mark in self._goods[fate] if template is None or mark.product.template == template)

    def title(self, key: str) -> None:
        self.console.print(f"\n[bold]{said(key)}[/] [dim]· {said(key, 'kk')}[/]")

    def say(self, text: str) -> None:
        self.console.print(f"   {text}")

    def scan(self, mark: Mark | str, how: str = "", **options: Any) -> Scanned | None:
        text = mark if isinstance(mark, str) else mark.text
        if not isinstance(mark, str):
            options.setdefault("aim", "]d2" if "\x1d" in text else "]d1")
        scanned, ms = self.shop.scan(text, **options)
        self.took_ms.append(ms)
        self.console.print(verdict_line(text, how, scanned, ms))
        time.sleep(PAUSE_S)
        return scanned

    def pay(self, kind: str = "cash") -> dict[str, Any]:
        sale = next(iter(self.shop.agent.till.open_sales()), None)
        if sale is None:
            return {}
        view = self.shop.call("GET", f"/v1/sales/{sale}", None)
        total = view["total_tiyn"]
        exact = kind == "card" or view["operation"] == "sale_return"
        handed = total if exact else -(-total // NOTE_TIYN) * NOTE_TIYN
        body = {"payments": [{"kind": kind, "sum_tiyn": handed}]}
        started = time.perf_counter()
        answer = self.shop.call("POST", f"/v1/sales/{sale}/payment", body)
        took = time.perf_counter() - started
        self.console.print(_receipt_line(answer, took))
        self.last_sale = sale
        return answer


def said(key: str, lang: str = "ru", **values: object) -> str:
    return catalogue("pos_agent", "demo").text(key, lang, **values)


def both(key: str, between: str = " · ", **values: object) -> str:
    return f"{said(key, 'ru', **values)}{between}{said(key, 'kk', **values)}"


def verdict_line(code: str, how: str, scanned: Scanned | None, ms: float) -> Text:
    """One scan on one line: mark, code, both languages, time."""
    shown = code.replace("\x1d", "␝")
    shown = shown if len(shown) <= CODE_CHARS else shown[: CODE_CHARS - 1] + "…"
    if scanned is None:
        return Text(f"   ?  {shown}  no verdict", style="bold red")
    verdict = scanned.judged.verdict
    sign, style = STYLES[verdict.decision]
    line = Text(f"   {sign} ", style=style)
    line.append(f"{shown:<{CODE_CHARS}} ", style="default")
    line.append(f"{reasons.text(verdict.reason, 'ru')} ", style=style)
    line.append(f"· {reasons.text(verdict.reason, 'kk')} ", style="default")
    line.append(f"{verdict.reason} {ms:.0f} ms", style="dim")
    if verdict.repairs or how:
        line.append(f"  [{' '.join(verdict.repairs)}{' ' if verdict.repairs and how else ''}{how}]", style="cyan")
    return line


def _receipt_line(answer: dict[str, Any], took_s: float) -> Text:
    document = answer.get("document")
    if not isinstance(document, dict):  # Refused, or in doubt, which names the document it asks for.
        return Text(f"   {answer.get('code', '?')} {answer.get('title', answer)}", style="bold red")
    number, sign = said("receipt", number=document["number"]), f"{said('receipt.sign', 'kk')} / {said('receipt.sign')}"
    text = f"   🧾 {number}, {sign} {document['fiscal_sign']}"
    text += f", {document['total_tiyn'] / 100:.2f} тг, {took_s * 1000:.0f} ms"
    if answer["recovered"]:
        text += f"  ({both('receipt.found')})"
    return Text(text, style="green")


def opening(stage: Stage) -> None:
    stage.title("opening.title")
    answer = stage.shop.call("POST", "/v1/shift/open", {"cashier": "Айгүл С."})
    stage.say(said("opening.shift", number=answer["shift"]))
    stage.shop.call("POST", "/v1/cash", {"direction": "in", "sum_tiyn": 5_000_000})


def plain_sale(stage: Stage) -> None:
    stage.title("plain_sale.title")
    for template in ("FULL44", "PACK29", "SHORT-7"):
        mark = stage.unit(template=template)
        stage.sold.append(mark)
        stage.scan(mark)
    stage.pay()


def refusals(stage: Stage) -> None:
    stage.title("refusals.title")
    mark = stage.unit(template="FULL44")
    stage.scan(mark.product.gtin[1:], "EAN", aim="]E0")
    stage.scan(mark)
    time.sleep(0.6)  # Past the scanner's double-read window: the same pack under the beam again.
    stage.scan(mark, said("how.again"))
    stage.scan(stage.sold[0], said("how.sold"))
    for fate in (Fate.SOLD_BEFORE, Fate.NOT_INTRODUCED, Fate.EXPIRED, Fate.WRITTEN_OFF, Fate.UNKNOWN):
        stage.scan(stage.unit(fate), str(fate))
    stage.scan("hello, world", said("how.no_code"))
    stage.pay("card")


def repairs(stage: Stage) -> None:
    stage.title("repairs.title")
    stage.scan(stage.unit(template="FULL44"), said("how.gs_lost"), gs="drop")
    stage.scan(stage.unit(template="FULL44"), said("how.gs_word"), gs="text")
    stage.scan(stage.unit(template="PACK29"), said("how.layout"), layout="ru", aim="")
    stage.pay()


def lost_answer(stage: Stage) -> None:
    stage.title("lost_answer.title")
    stage.shop.sim.webkassa.faults.add("answer_lost_after_fiscalising")
    stage.scan(stage.unit())
    stage.pay()


def network_cut(stage: Stage) -> None:
    stage.title("network_cut.title")
    stage.shop.cut(down=True)
    for _ in range(3):
        stage.scan(stage.unit())
        stage.pay("card")
    stage.say(f"{both('unsent', ' / ')}: {_unsent(stage)}")
    stage.shop.cut(down=False)
    until(lambda: _unsent(stage) == 0)
    stage.title("network_cut.back")
    stage.say(f"{both('unsent', ' / ')}: {_unsent(stage)}")


def take_back(stage: Stage) -> None:
    stage.title("take_back.title")
    opened = stage.shop.call("POST", "/v1/returns", {"sale": stage.last_sale})
    view = stage.shop.call("GET", f"/v1/sales/{stage.last_sale}", None)
    sold = next(line for line in view["lines"] if line["ki"])
    mark = next(mark for mark in stage.shop.sim.shop.codes if mark.ki == sold["ki"])
    stage.scan(mark)
    stage.say(f"{both('take_back.sale')}: {opened['sale']}")
    stage.pay()


def withdrawals(stage: Stage) -> None:
    stage.title("withdrawals.title")
    query = "SELECT outcome, count(*) FROM withdrawal WHERE purpose = 'sale' GROUP BY outcome"
    until(lambda: all(outcome == "withdrawn" for outcome, _ in stage.shop.agent.journal.query(query)))
    for outcome, count in stage.shop.agent.journal.query(query):
        stage.say(f"{both(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome}: {count}")
    until(lambda: _unsent(stage) == 0)


OUTCOMES = {
    "withdrawn": "outcome.withdrawn",
    "on_balance": "outcome.on_balance",
    "pending": "outcome.pending",
}
SCENES = (opening, plain_sale, refusals, repairs, lost_answer, network_cut, take_back, withdrawals)


def summary(stage: Stage) -> Table:
    """What the three witnesses say at the end."""
    witness = stage.shop.sim.witness()
    head, _ = stage.shop.agent.journal.head()
    table = Table(title=both("summary.title"), title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in (
        ("summary.receipts", witness.receipts),
        ("summary.sold_twice", len(witness.sold_twice)),
        ("summary.withdrawn", len(witness.withdrawn)),
        ("outcome.on_balance", len(witness.still_on_balance)),
        ("summary.journal", head),
        ("unsent", _unsent(stage)),
        ("summary.median", f"{sorted(stage.took_ms)[len(stage.took_ms) // 2]:.0f}"),
    ):
        table.add_row(both(name), str(value))
    return table


def _unsent(stage: Stage) -> int:
    return int(stage.shop.agent.status()["queue"]["unsent"])


def until(done: Callable[[], bool]) -> bool:
    """Wait for something that takes a while; False: it did not come about."""
    end = time.monotonic() + SETTLE_S
    while not (now := done()) and time.monotonic() < end:
        time.sleep(0.2)
    return now
