"""A day at the demo till in virtual time: the customers of the plan, the mishaps between them, the hours after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fiscal.register import CashDirection, Operation, Payment, PaymentKind
from hw_sim.scanner.memory import MemoryLine
from hw_sim.scanner.sim import ScannerSim
from marking.verdict import Decision
from pos_agent.agent import Agent
from pos_agent.basket import lines_from, total_tiyn
from pos_agent.checkout import Scanned
from pos_agent.clock import VirtualClock
from pos_agent.demo.mishaps import Mishaps
from pos_agent.demo.plan import Mishap, Pick, Visit
from pos_agent.problems import Problem
from pos_agent.sale import SaleState
from pos_agent.till import SaleView

STEP_S = 0.01
SCAN_WAIT_S = 2.0  # A scan that gives nothing for so long gives nothing at all.
CASHIER_S = (0.3, 1.5)  # Between two scans.
CUSTOMER_S = (5.0, 25.0)  # Between two customers.
RESCAN = "rescan"
ROUNDING_TIYN = 100_000  # Cash is handed over in notes of 1000 tenge.
PAY_TRIES = 20
PAY_PAUSE_S = 15.0
AFTERWARDS_S = 120.0
AFTERWARDS_STEPS = 1_000


@dataclass(slots=True)
class Diary:
    """What the day looked like from the counter."""

    scans: int = 0
    latencies_s: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    approved: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    sales: list[str] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)


Watch = Callable[[str, Pick | None, Scanned | None], None]  # (what, pick, result): the people looking on.


class TillDay:
    """Plays a plan on one agent. `agent_of` gives the agent of this moment: a mishap may have restarted it."""

    def __init__(
        self,
        agent_of: Callable[[], Agent],
        clock: VirtualClock,
        line: MemoryLine,
        scanner: ScannerSim,
        mishaps: Mishaps,
        pause: Callable[[tuple[float, float]], float],
        watch: Watch = lambda _what, _pick, _scanned: None,
    ) -> None:
        self._agent_of = agent_of
        self._clock = clock
        self._line = line
        self._scanner = scanner
        self._mishaps = mishaps
        self._pause = pause
        self._watch = watch
        self.diary = Diary()

    @property
    def agent(self) -> Agent:
        return self._agent_of()

    def play(self, visits: Iterable[Visit]) -> Diary:
        """Morning, every customer, evening."""
        self._drain_scanner(0.1)
        self.agent.shifts.open("Айгүл С.")
        self.agent.shifts.cash(CashDirection.IN, 5_000_000)
        for visit in visits:
            self._serve(visit)
            self._workers()
            self._clock.sleep(self._pause(CUSTOMER_S))
        self._mishaps.network(down=False)
        self._mishaps.operator(down=False)
        self.agent.shifts.close()
        return self.diary

    def afterwards(self, done: Callable[[], bool]) -> None:
        """Let the evening pass until everything is delivered and every sold unit has been looked at."""
        for _ in range(AFTERWARDS_STEPS):
            self._workers()
            if done():
                return
            self._clock.sleep(AFTERWARDS_S)

    def _serve(self, visit: Visit) -> None:
        if visit.mishap is not Mishap.NONE:
            self.diary.mishaps[visit.mishap] += 1
        self._mishaps.network(down=visit.mishap is Mishap.NETWORK_CUT)
        if visit.mishap is Mishap.UNPLUGGED:
            self._replug()
        for pick in visit.picks:
            self._scan(pick, approves=visit.approves)
            self._clock.sleep(self._pause(CASHIER_S))
        sale = self._open_sale()
        if sale is not None:
            self._close(sale, visit)
        if visit.returns and self.diary.sales:
            self._take_back(self.diary.sales[-1 - len(self.diary.returns) % len(self.diary.sales)])

    def _open_sale(self) -> SaleView | None:
        for name in self.agent.till.open_sales():
            view = self.agent.till.sale(name)
            if view.state is SaleState.HELD:
                return view
        return None

    def _scan(self, pick: Pick, *, approves: bool) -> None:
        started = self._clock.monotonic()
        self._line.feed(self._scanner.scan(pick.code, **pick.options))
        repeats = int(pick.options.get("repeat", 1))
        results = self._drain_scanner(SCAN_WAIT_S, enough=1)
        self.diary.scans += 1
        for scanned in results:
            self.diary.latencies_s.append(self._clock.monotonic() - started)
            self._note(pick, scanned, approves=approves)
        if repeats > 1:
            for scanned in self._drain_scanner(SCAN_WAIT_S):
                self._note(pick, scanned, approves=approves)

    def _note(self, pick: Pick, scanned: Scanned, *, approves: bool) -> None:
        verdict = scanned.judged.verdict
        self._watch("scan", pick, scanned)
        if verdict.decision is Decision.REFUSE:
            self.diary.refused[verdict.reason] += 1
            if verdict.action == RESCAN and pick.damaged:
                self._clock.sleep(self._pause(CASHIER_S))
                self._scan(pick.clean(), approves=approves)
        elif verdict.decision is Decision.ASK:
            self.diary.asked[verdict.reason] += 1
            if approves:
                self._approve(scanned)

    def _approve(self, scanned: Scanned) -> None:
        try:
            self.agent.checkout.approve(scanned.sale, scanned.scan, "Старшая смены", "demo")
            self.diary.approved += 1
        except Problem as problem:
            self.diary.problems[problem.kind.code] += 1

    def _drain_scanner(self, wait_s: float, enough: int = 1_000) -> list[Scanned]:
        """Let virtual time pass in small steps until the line has nothing more and every timer has run out."""
        results: list[Scanned] = []
        end = self._clock.monotonic() + wait_s
        while self._clock.monotonic() < end and len(results) < enough:
            for scanner in self.agent.scanners:
                for event in scanner.poll():
                    results += self.agent.intake.feed(event)
            results += self.agent.intake.tick(self._clock.now_ns())
            if len(results) < enough:
                self._clock.sleep(STEP_S)
        return results

    def _replug(self) -> None:
        self._line.unplug()
        self._drain_scanner(0.5)
        self._line.replug()
        self._drain_scanner(6.0)

    def _close(self, view: SaleView, visit: Visit) -> None:
        total = total_tiyn(lines_from(view.lines))
        if total == 0:
            self.agent.checkout.cancel(view.sale, "nothing could be sold")
            return
        self._mishaps.before_payment(visit.mishap)
        self._pay(view.sale, payments(visit.payment, total), visit.mishap)
        self._mishaps.after_payment(visit.mishap)

    def _pay(self, sale: str, paid: list[Payment], mishap: Mishap) -> None:
        for _ in range(PAY_TRIES):
            try:
                self.agent.closing.pay(sale, paid)
            except Problem as problem:
                self.diary.problems[problem.kind.code] += 1
                self._watch(problem.kind.code, None, None)
                self._mishaps.cashier_waits(mishap)
                self._clock.sleep(PAY_PAUSE_S)
            else:
                operation = self.agent.till.sale(sale).operation
                (self.diary.sales if operation is Operation.SALE else self.diary.returns).append(sale)
                self._watch("paid", None, None)
                return

    def _take_back(self, sale: str) -> None:
        """A customer returns the first unit of an earlier sale."""
        sold = lines_from(self.agent.till.sale(sale).lines)
        unit = next((line for line in sold if line.full is not None), None)
        if unit is None or unit.full is None or self.agent.till.returns_of(sale):
            return
        name = self.agent.checkout.open(Operation.SALE_RETURN, "Айгүл С.", original=sale)
        self._scan(Pick(unit.full, "taken back", {"aim": "]d2"}), approves=True)
        view = self.agent.till.sale(name)
        if not view.lines:
            self.agent.checkout.cancel(name, "the unit could not be taken back")
            return
        self._pay(name, [Payment(PaymentKind.CASH, total_tiyn(lines_from(view.lines)))], Mishap.NONE)

    def _workers(self) -> None:
        agent = self.agent
        if agent.delivery is not None:
            agent.delivery.step()
        if agent.recheck is not None:
            agent.recheck.step()


def payments(how: str, total: int) -> list[Payment]:
    """Cash in round notes, a card to the tiyn, or half and half."""
    if how == "card":
        return [Payment(PaymentKind.CARD, total)]
    if how == "cash":
        return [Payment(PaymentKind.CASH, -(-total // ROUNDING_TIYN) * ROUNDING_TIYN)]
    half = total // 2
    return [Payment(PaymentKind.CARD, half), Payment(PaymentKind.CASH, total - half)]
