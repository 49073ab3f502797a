"""After the scenes the shop stays open: the cashier's page in a browser, and a letter for each thing that can happen.

Lines and not single keys: they work on every terminal, through a pipe, and on Windows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from hw_sim.registry import Fate
from pos_agent.demo.scenes import Stage, both, until
from pos_agent.pages.sessions import Role

REFUSED = (Fate.SOLD_BEFORE, Fate.EXPIRED, Fate.NOT_INTRODUCED, Fate.WRITTEN_OFF, Fate.UNKNOWN)
QUIT = "q"
RECEIPT_CALL = "/api/v4/check"  # Of Webkassa, at which the line is lost.


def addresses(stage: Stage) -> tuple[str, str]:
    """Links of the cashier's page and of store IT's. Each signs one browser in: the code after # is sent to nobody."""
    sessions, port = stage.shop.agent.sessions, stage.shop.port
    codes = (sessions.offer(role, f"demo {role}") for role in (Role.TILL, Role.IT))
    till, it = (f"http://127.0.0.1:{port}/sign-in#{code}" for code in codes)
    return till, it


class Play:
    """What a visitor may do to the shop."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._is_cut = self._is_out = self._is_pulled = False
        self._refused: Iterator[Fate] = itertools.cycle(REFUSED)

    @property
    def moves(self) -> Mapping[str, Callable[[], object]]:
        """Letter -> what happens; the words of each are `play.LETTER`."""
        moves: dict[str, Callable[[], object]] = {
            "s": lambda: self._stage.scan(self._stage.unit()),
            "r": lambda: self._stage.scan(self._stage.unit(next(self._refused))),
            "p": self._stage.pay,
            "n": self._network,
            "b": self._paper,
            "l": self._lose_answer,
            "c": self._crash,
        }
        if self._stage.shop.scanner is not None:
            moves["u"] = self._scanner
        return moves

    def run(self, lines: Iterable[str]) -> bool:
        """Until `q` (True) or the end of the lines (False)."""
        self._help()
        for line in lines:
            letter = line.strip().lower()[:1]
            if letter == QUIT:
                return True
            if move := self.moves.get(letter):
                move()
            else:
                self._help()
        return False

    def _help(self) -> None:
        for letter in (*self.moves, QUIT):
            self._stage.console.print(f"   [bold]{letter}[/]  {both(f'play.{letter}')}")

    def _network(self) -> None:
        self._is_cut = not self._is_cut
        self._stage.shop.cut(down=self._is_cut)
        self._stage.say(both("play.n.cut" if self._is_cut else "play.n.back"))

    def _paper(self) -> None:
        self._is_out = not self._is_out
        with self._stage.shop.printer.printer() as printer:
            printer.condition.rows_left = 0 if self._is_out else None
        self._stage.say(both("play.b.out" if self._is_out else "play.b.in"))

    def _scanner(self) -> None:
        scanner = self._stage.shop.scanner
        if scanner is None:
            return
        self._is_pulled = not self._is_pulled
        if self._is_pulled:
            scanner.unplug()
        else:
            scanner.replug()
        self._stage.say(both("play.u.out" if self._is_pulled else "play.u.in"))

    def _lose_answer(self) -> None:
        self._stage.shop.sim.webkassa.faults.add("answer_lost_after_fiscalising")
        self._stage.say(both("play.l.next"))

    def _crash(self) -> None:
        """The power fails between the register's receipt and its answer; the open receipt is paid for that."""
        stage, shop = self._stage, self._stage.shop
        if not any(shop.agent.till.sale(sale).lines for sale in shop.agent.till.open_sales()):
            stage.scan(stage.unit())
        shop.register_line.falls_at = RECEIPT_CALL
        stage.pay("card")
        paid = stage.last_sale
        shop.die()
        stage.say(both("play.c.dead"))
        shop.register_line.link_down, shop.register_line.falls_at = False, ""
        shop.come_back()
        settled = until(lambda: not shop.agent.till.undecided())
        receipt = shop.call("GET", f"/v1/sales/{paid}/receipt", None).get("document") or {}
        stage.say(both("play.c.found" if settled and receipt else "play.c.doubt", number=receipt.get("number", "")))
