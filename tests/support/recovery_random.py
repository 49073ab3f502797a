"""Random days of a till: mishap upon mishap from one seed, other people at the register, then everything is mended.

Nobody says beforehand what must come out. The judge is the simulator's ledger: every sale, return and cash move the
journal calls made stands there exactly once, none it calls not made stands there at all, and what it leaves open has
been laid before a person. Sales are told apart by their marks and, where the register keeps none, by their sums.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from recovery_chance import payments, steps
from recovery_day import Day, ending_of
from recovery_faults import FAULTS
from recovery_judge import Judge, Sold, Wrong, prefix_of
from recovery_shop import START_NS, Killed, NotApplicable, Rig, Shop

from fiscal.orders import CashDirection, CashMove, OrderInvalid, Receipt
from fiscal.register import NotSent, Outcome, Refused
from hw_sim.ledger import Operation
from pos_agent.basket import BasketLine, lines_from
from pos_agent.clock import VirtualClock
from pos_agent.desk import RegisterBlocked, shift_close
from pos_agent.journal.journal import Event
from pos_agent.sale import SaleState, TransitionError

DEEDS = 30
CHECKED_EVERY = 5
LATE_S = 300.0  # Longer than anything that comes late.
ROUNDS_MAX = 12
Build = Callable[[VirtualClock, Path], Rig]


class RandomDay:
    def __init__(self, folder: Path, build: Build, seed: int, deeds: int = DEEDS) -> None:
        self.rng = random.Random(seed)
        self.rig = build(VirtualClock(START_NS), folder)
        self.rig.vary(self.rng)
        self.shop = Shop(folder, self.rig)
        self.day = Day(self.rig.name, seed)
        self.deeds = deeds
        self.judge = Judge(self.shop, self.rig)
        self.sold = self.judge.sold
        self.alone = True  # Nobody else was at the register or its clock, and it is the one it was.
        self.returned: set[str] = set()
        self.invalid: set[str] = set()  # Returns of a sale whose paper lacks what the register asks for.
        self._names = iter(range(1, 10**6))
        self._last_apples = 0

    def run(self) -> Day:
        """The whole day. Wrong says what came out wrong; whatever is raised has a note of all that had happened."""
        try:
            self._happen(lambda: self.shop.put_cash(50_000_000), "cash for change")
            for number in range(1, self.deeds + 1):
                self._deed()
                if number % CHECKED_EVERY == 0:
                    self.judge.check(final=False)
            self._mended()
            self.judge.check(final=True)
            self._sell_what_is_left()
            self.judge.check(final=True)
            self.day.made = sum(self.shop.state(name) is SaleState.FISCALISED for name in self.sold)
            self.day.persons = self.shop.handed_over()
            self.shop.close()
        except Exception as error:
            error.add_note(self.day.told())
            raise
        return self.day

    # What happens

    def _deed(self) -> None:
        deeds: Sequence[tuple[Callable[[], None], int]] = (
            (self._sell, 40), (self._again, 14), (self._settle, 10), (self._restart, 5), (self._wait, 6),
            (self._others_sell, 4), (self._others_close, 2), (self._close_shift, 3), (self._move_cash, 5),
            (self._give_back, 5), (self._walk_away, 2), (self._mend, 14), (self._decide, 8), (self._clock, 1),
            (self._exchange, 1),
        )  # fmt: skip
        deed = self.rng.choices([one for one, _ in deeds], [weight for _, weight in deeds])[0]
        if self.rng.random() < 0.6:
            self._mishap()
        deed()
        self.rig.clock.sleep(self.rng.choice((0.0, 0.2, 1.0, 5.0, 20.0)))

    def _mishap(self) -> None:
        """One or two things that will go wrong at some command to come."""
        for _ in range(self.rng.choice((1, 1, 2))):
            if self.rng.random() < 0.4:
                self._note(f"wild {self.rig.wild(self.rng)}")
                continue
            fault, step = self.rng.choice(list(FAULTS)), steps(self.rng)
            try:
                self.rig.plant(fault, step)
            except NotApplicable:
                continue
            self._note(f"{fault} @{step}")

    def _sell(self) -> None:
        lines = self._basket()
        name, order = self.shop.open_sale(lines)
        total = sum(line.amount_tiyn for line in lines)
        order = replace(order, payments=payments(self.rng, total, self.shop.register.capabilities.payments))
        self._keep(name, order, total)
        self._pay(name, order)

    def _basket(self) -> list[BasketLine]:
        """Two marked units and apples, whose price makes the sum one of its own, or that of the sale before."""
        lines = self.shop.basket()
        if self.rng.random() < 0.75 or not self._last_apples:
            self._last_apples = 45_050 + 2 * next(self._names)
        return [*lines[:2], replace(lines[2], price_tiyn=self._last_apples)]

    def _keep(self, name: str, order: Receipt, total: int) -> None:
        marks = frozenset(prefix_of(mark.full) for line in order.lines for mark in line.marks)
        self.sold[name] = Sold(name, order, total, marks)
        self.day.sales += 1

    def _pay(self, name: str, order: Receipt) -> Outcome | None:
        def work() -> Outcome:
            try:
                return self.shop.pay(name, order)
            except OrderInvalid:
                self.invalid.add(name)
                raise

        return self._happen(work, f"pay {name}")

    def _again(self) -> None:
        held = [one for one in self.sold.values() if self.shop.state(one.name) is SaleState.HELD]
        if held:
            one = self.rng.choice(held)
            self._pay(one.name, one.order)

    def _settle(self) -> None:
        self._happen(self.shop.desk.settle_all, "settle")

    def _restart(self) -> None:
        self._note("restart")
        self.shop.restart()

    def _wait(self) -> None:
        seconds = self.rng.choice((10.0, 60.0, 700.0, 3600.0, 30 * 3600.0))
        self._note(f"{seconds:g} s")
        self.rig.clock.sleep(seconds)

    def _others_sell(self) -> None:
        if self.rig.others(self.rig.ring_up_elsewhere):
            self._note("others sell")
        self.alone = False

    def _others_close(self) -> None:
        before = self.rig.closed_shifts()
        if self.rig.others(self.rig.close_shift_elsewhere):
            self._note("others make a Z")
        self.alone = False
        self.judge.z_elsewhere += self.rig.closed_shifts() - before

    def _close_shift(self) -> None:
        shift = self._happen(lambda: self.shop.register.status().shift, "status")
        if shift is not None:
            order = shift_close(self.shop.journal, self.shop.till, shift)
            with suppress(TransitionError):  # It is closed, and the journal knows.
                self._happen(lambda: self.shop.submit(order), f"Z {shift}")

    def _move_cash(self) -> None:
        direction = self.rng.choice(list(CashDirection))
        order = CashMove(f"till7-d-{next(self._names)}", direction, self.rng.randint(1, 90_000))
        self._happen(lambda: self.shop.submit(order), f"cash {direction}")

    def _give_back(self) -> None:
        sold = [
            one.name for one in self.sold.values()
            if one.operation is Operation.SALE and one.name not in self.returned
            and self.shop.state(one.name) is SaleState.FISCALISED and not self.shop.document(one.name).offline
        ]  # fmt: skip
        if not sold:
            return
        original = self.rng.choice(sold)
        self.returned.add(original)
        lines = lines_from(self.shop.till.sale(original).lines)
        name, order = self.shop.open_sale(lines, original=original)
        self._keep(name, order, self.sold[original].total_tiyn)
        self._pay(name, order)

    def _walk_away(self) -> None:
        """The customer leaves a sale that was not made.

        Where a request may be carried out long after the till has given it up, only one that was never asked for.
        """
        held = [one for one in self.sold.values() if self.shop.state(one.name) is SaleState.HELD]
        if self.rig.tells_apart:
            held = [one for one in held if self.shop.till.document(one.order.key) is None]
        if held:
            name = self.rng.choice(held).name
            self._note(f"{name} is cancelled")
            self.shop.journal.append(Event("sale_cancelled", {"sale": name, "why": "the customer left"}))

    def _mend(self) -> None:
        self._note("mend")
        self.rig.mend()
        if self.rng.random() < 0.3:
            self._note("somebody clears the register")
            self.rig.clear()

    def _clock(self) -> None:
        if self.rig.has_clock:
            seconds = self.rng.uniform(-4 * 3600.0, 4 * 3600.0)
            self._note(f"clock {seconds:+.0f}")
            self.alone = False
            self.rig.set_clock_off(seconds)

    def _exchange(self) -> None:
        if self.rig.can_be_swapped and self.rng.random() < 0.3:
            self._note("another register")
            self.alone = False
            self.rig.swap()

    def _happen(self, work: Callable[[], Any], what: str) -> Any:
        """Do something; a killed agent is started again, a blocked register is left alone."""
        self._note(what)
        try:
            outcome = work()
        except Killed:
            self._note("killed")
            self.shop.restart()
            return None
        except (RegisterBlocked, OrderInvalid):
            return None
        if isinstance(outcome, NotSent | Refused):
            self.day.refused[str(outcome.failure.kind)] += 1
        self.day.deeds[-1] += ending_of(outcome)
        return outcome

    def _note(self, deed: str) -> None:
        self.day.deeds.append(deed)

    # The end

    def _mended(self) -> None:
        """People mend everything; the till asks until it knows, or has told a person."""
        self._note("all is mended")
        for _ in range(ROUNDS_MAX):
            self.rig.mend()
            self.rig.clock.sleep(LATE_S)
            self._settle()
            self._happen(lambda: self.rig.catch_up(self.shop.register), "catch up")
            if not self.shop.till.undecided() and not self.rig.lags:
                break
        for pending in self.shop.till.undecided():
            if self.shop.desk.handed_over(pending.key) is None:
                raise Wrong(f"{pending.key} is {pending.state} for ever, and nobody was told")
            if self.rig.tells_apart and self.alone:
                raise Wrong(f"{pending.key} is left to a person, and the register could say it")

    def _sell_what_is_left(self) -> None:
        """Persons decide; what was not made is made now: marks are free, the register works."""
        for number in range(ROUNDS_MAX):
            self._mended()
            self.rig.service()
            self._decide()
            held = [one for one in self.sold.values() if self.shop.state(one.name) is SaleState.HELD]
            if not held and not self.shop.till.undecided():
                break
            if not self.shop.till.undecided():
                self.rig.clear()  # Of what another program left there.
            if number == 1:
                self._close_shift()  # It may be over 24 hours, which not every register tells.
            if number == 2 and not self.shop.till.undecided():
                self._others_close()  # A Datecs whose RAM was reset shows no shift, and may refuse without saying why.
            for one in held:
                self._pay(one.name, one.order)
        self._mended()
        for one in self.sold.values():
            done = self.shop.state(one.name) in (SaleState.FISCALISED, SaleState.CANCELLED)
            if not done and one.name not in self.invalid:
                raise Wrong(f"{one.name} is {self.shop.state(one.name)} although everything works")

    # A person, who looks at what the register has printed

    def _decide(self) -> None:
        pending = next(iter(self.shop.till.undecided()), None)
        if pending is None or self.shop.desk.handed_over(pending.key) is None:
            return
        self.rig.mend()
        self.rig.clear()
        self.rig.clock.sleep(LATE_S)
        self._settle()
        pending = next(iter(self.shop.till.undecided()), None)
        if pending is None:
            return
        verdict = self.judge.verdict(pending)
        self.judge.z_by_person += pending.kind == "shift_close" and verdict.made
        self._happen(lambda: self.shop.desk.decide(pending.key, verdict), f"person on {pending.key}: {verdict.made}")
