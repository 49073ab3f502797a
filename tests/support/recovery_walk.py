"""One fault at one command after another, until a receipt goes through untouched: one document, or a person.

The till's own work is real: journal, desk, driver. The register is the family's simulator, and its ledger the judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from recovery_shop import START_NS, Ending, Killed, NotApplicable, Rig, Shop
from recovery_steps import FAR, worth_walking

from fiscal.failures import FailureKind
from fiscal.orders import CashDirection, CashMove, Order, ShiftClose
from fiscal.register import Ability, Done, NotSent, Refused
from hw_sim.ledger import Operation
from pos_agent.clock import VirtualClock
from pos_agent.desk import RegisterBlocked
from pos_agent.doubts import Verdict
from pos_agent.sale import DocumentState, SaleState

STEPS_MAX = 400
ROUNDS_MAX = 12
Build = Callable[[VirtualClock, Path], Rig]


class Walk:
    """A shop that goes through one fault at every step. `first_of_shift`: of a receipt that has its shift opened."""

    def __init__(self, folder: Path, build: Build, fault: str, *, first_of_shift: bool = False) -> None:
        self.first_of_shift = first_of_shift
        self.fault = fault
        self.rig = build(VirtualClock(START_NS), folder)
        self.shop = Shop(folder, self.rig)
        self.decided = 0
        self.person = 0

    def run(self) -> Ending:
        """Walk to the end. AssertionError says at which step what was wrong; NotApplicable says why there is none."""
        self._sell_untouched()
        for walked, step in enumerate(self._steps()):
            if not self._one(step):
                assert self.decided + self.person == walked
                self.shop.close()
                return Ending(self.rig.name, self.fault, walked, self.decided, self.person)
        raise AssertionError(f"{self.fault}: the receipt has more than {STEPS_MAX} commands")

    def _sell_untouched(self) -> None:
        sale, order = self.shop.open_sale()
        self.shop.pay(sale, order)
        assert self.shop.state(sale) is SaleState.FISCALISED

    def _steps(self) -> Iterable[int]:
        if not self.rig.reads:
            return range(STEPS_MAX)
        sale, order = self.shop.open_sale()
        if self.first_of_shift:
            self._close_shift(FAR)
        steps = steps_of(self.rig, self.fault, lambda: self.shop.pay(sale, order))
        assert self.shop.state(sale) is SaleState.FISCALISED
        return steps

    def _one(self, step: int) -> bool:
        """A sale with the fault at command `step`; False when the sale ended before the fault came."""
        shop, rig = self.shop, self.rig
        sales_before, handed_before = len(self._sales()), shop.handed_over()
        sale, order = shop.open_sale()
        if self.first_of_shift:
            self._close_shift(step)
        rig.plant(self.fault, step)
        self._alive(lambda: shop.pay(sale, order))
        met = rig.was_met()
        for _ in range(ROUNDS_MAX):
            if shop.state(sale) is SaleState.FISCALISED:
                break
            rig.clock.sleep(rig.pause_s)
            self._alive(shop.desk.settle_all)
            rig.mend()
            if shop.state(sale) is SaleState.HELD:
                self._pay_again(sale, order)
        rig.mend()
        where = f"{rig.name}, {self.fault}, command {step}"
        if shop.state(sale) is not SaleState.FISCALISED:
            self._by_a_person(where, sale, sales_before, handed_before)
        else:
            assert shop.handed_over() == handed_before, f"{where}: a person was asked, and the register could say it"
            self.decided += met
        rig.catch_up(shop.register)
        made = self._sales()[sales_before:]
        assert len(made) == 1, f"{where}: {len(made)} documents"
        assert rig.is_same(made[0], shop.document(sale)), f"{where}: {made[0]} is not {shop.document(sale)}"
        if Ability.FIND_BY_KEY in shop.register.capabilities.can:
            found = shop.register.find(order.key)
            assert found is not None and found.fiscal_sign == made[0].sign, f"{where}: {found}"
        assert len(made[0].marks) == self.rig.marks_a_sale, f"{where}: marks {made[0].marks}"
        assert shop.till.undecided() == (), where
        return met

    def _close_shift(self, step: int) -> None:
        shift = self.shop.register.status().shift
        assert shift is not None
        assert isinstance(self.shop.submit(ShiftClose(f"till7-before-{step}", shift)), Done)

    def _alive(self, work: Callable[[], object]) -> None:
        """Do something; a killed agent is started again."""
        try:
            work()
        except Killed:
            self.shop.restart()
        except RegisterBlocked:
            return  # The cashier sees why, and waits.

    def _pay_again(self, sale: str, order: object) -> None:
        outcome = None
        try:
            outcome = self.shop.pay(sale, order)  # type: ignore[arg-type]
        except RegisterBlocked:
            return
        except Killed:
            self.shop.restart()
        if isinstance(outcome, NotSent | Refused):
            allowed = (FailureKind.UNAVAILABLE, FailureKind.PAPER, FailureKind.NO_ANSWER)
            assert outcome.failure.kind in allowed, outcome.failure

    def _by_a_person(self, where: str, sale: str, sales_before: int, handed_before: int) -> None:
        """The declared exception: the doubt was handed over with what to compare; a senior looks and decides."""
        shop = self.shop
        assert self.fault in self.rig.exceptions, f"{where}: still {shop.state(sale)}"
        for _ in range(ROUNDS_MAX):
            self.rig.clock.sleep(10.0)
            shop.desk.settle_all()
        assert shop.handed_over() == handed_before + 1, f"{where}: nobody was told what to compare"
        pending = shop.till.undecided()[0]
        made = self._sales()[sales_before:]
        if made:
            one = made[0]
            at = shop.register.baseline().clock_at or "2026-07-15T09:00:00+05:00"
            sign, number = one.sign or "0", one.order_number
            verdict = Verdict("Старшая", "чек на ленте", True, sign, number, at, one.shift, one.registration_number)
        else:
            verdict = Verdict("Старшая", "на ленте чека нет", False)
        shop.desk.decide(pending.key, verdict)
        if shop.state(sale) is SaleState.HELD:
            _, order = shop.till.sale(sale), shop.till.order(pending.intent_row)
            self._pay_again(sale, order)
        assert shop.state(sale) is SaleState.FISCALISED, where
        self.person += 1

    def _sales(self) -> list[object]:
        return [one for one in self.rig.registered() if one.operation is Operation.SALE]


def steps_of(rig: Rig, fault: str, work: Callable[[], object]) -> Iterable[int]:
    """Every command of a document, or those of a family with very many reads that are worth it."""
    rig.plant(fault, FAR)
    track = rig.tracked(work)
    assert not rig.was_met()
    rig.mend()
    return worth_walking(track, rig.reads, STEPS_MAX)


def walked(folder: Path, name: str, build: Build, fault: str) -> Ending:
    try:
        return Walk(folder, build, fault).run()
    except NotApplicable as reason:
        return Ending(name, fault, 0, 0, 0, str(reason))


class Others:
    """The same walk for cash moves and Z-reports: after each, exactly one of them, and the journal knows it."""

    def __init__(self, shop: Shop, rig: Rig, kind: str, fault: str) -> None:
        self.shop, self.rig, self.kind, self.fault = shop, rig, kind, fault
        shop.put_cash(100_000_000)

    def run(self) -> None:
        for walked, step in enumerate(self._steps()):
            self._something_to_close()
            if not self._one(step):
                assert walked > 0
                return
        raise AssertionError(f"{self.kind} has more than {STEPS_MAX} commands")

    def _steps(self) -> Iterable[int]:
        if not self.rig.reads:
            return range(STEPS_MAX)
        self._something_to_close()
        order = self._order(f"till7-{self.kind}-untouched")
        return steps_of(self.rig, self.fault, lambda: self.shop.submit(order))

    def _something_to_close(self) -> None:
        if self.kind == "shift_close":
            sale, receipt = self.shop.open_sale()
            self.shop.pay(sale, receipt)

    def _one(self, step: int) -> bool:
        shop, rig = self.shop, self.rig
        before, handed = self._made(), shop.handed_over()
        key = f"till7-{self.kind}-{step}"
        order = self._order(key)
        rig.plant(self.fault, step)
        self._try(order)
        met = rig.was_met()
        for _ in range(ROUNDS_MAX):
            known = shop.till.document(key)
            if known is not None and known.state is DocumentState.MADE:
                break
            rig.clock.sleep(rig.pause_s)
            self._try(None)
            rig.mend()
            known = shop.till.document(key)
            if known is None or known.state in (DocumentState.REFUSED, DocumentState.ABSENT):
                self._try(order)
        rig.mend()
        rig.catch_up(shop.register)
        known = shop.till.document(key)
        where = f"{rig.name}, {self.kind}, {self.fault}, command {step}"
        assert known is not None and known.state is DocumentState.MADE, f"{where}: {known}"
        assert self._made() - before == 1, f"{where}: {self._made() - before} made"
        assert shop.handed_over() == handed, where
        return met

    def _order(self, key: str) -> Order:
        if self.kind == "shift_close":
            shift = self.shop.register.status().shift
            assert shift is not None
            return ShiftClose(key, shift)
        direction = CashDirection.IN if self.kind == "cash_in" else CashDirection.OUT
        return CashMove(key, direction, 12_345)

    def _made(self) -> int:
        return self.rig.closed_shifts() if self.kind == "shift_close" else self.rig.cash_moves(self.kind)

    def _try(self, order: Order | None) -> None:
        try:
            if order is None:
                self.shop.desk.settle_all()
            else:
                self.shop.submit(order)
        except Killed:
            self.shop.restart()
        except RegisterBlocked:
            return
