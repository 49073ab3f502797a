"""A counter that goes back around the decisive command: no sale is made twice, and none is given another's document.

A counter that shows less than it has hides a document, so that nothing may be called "not made" by it. The till may be
sure all the same where the documents themselves speak; else a person is told what to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from recovery_families import RIGS
from recovery_rigs import DeviceRig
from recovery_shop import START_NS, Shop

from hw_sim.ledger import Operation
from pos_agent.clock import VirtualClock
from pos_agent.desk import RegisterBlocked
from pos_agent.sale import SaleState

BYTE_FAMILIES = [name for name, rig in RIGS.items() if issubclass(rig, DeviceRig) and not rig.lags]
# A Z-report sets the counters back; a journal without times, as the simulated Datecs P has it, cannot tell then that it
# gave a number twice (docs/registers/datecs.md).
DATED_FAMILIES = [name for name in BYTE_FAMILIES if name != "datecs p"]
TAKES_S = 0.1  # A command on its way: the clocks of registers show no less than a second.
Fault = Callable[[DeviceRig, int], None]


def _back(rig: DeviceRig, by: int, match: str) -> None:
    rig.simulated.machine.faults.add("counter_back", match, by=by)


# When it goes back, seen from the decisive command.
WHEN: Mapping[str, tuple[Fault | None, Fault | None]] = {
    "before": (lambda rig, by: _back(rig, by, "*"), None),
    "at": (lambda rig, by: _back(rig, by, rig.decisive), None),
    "after": (None, lambda rig, by: _back(rig, by, "*")),
}
# What happens to the decisive command besides.
LOSSES = ("", "answer_lost", "hang_up_after", "power_off_after", "request_lost", "power_off_before")


@pytest.mark.parametrize("by", [1, 2])
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("family", BYTE_FAMILIES)
def test_recovery_with_a_counter_that_goes_back_makes_no_sale_twice(
    folder: Path, family: str, loss: str, when: str, by: int
) -> None:
    _sold_once(folder, family, loss, when, by, closed=False)


@pytest.mark.parametrize("by", [1, 2])
@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("family", DATED_FAMILIES)
def test_recovery_with_a_counter_that_goes_back_and_a_z_in_between_makes_no_sale_twice(
    folder: Path, family: str, loss: str, when: str, by: int
) -> None:
    _sold_once(folder, family, loss, when, by, closed=True)


def _sold_once(folder: Path, family: str, loss: str, when: str, by: int, *, closed: bool) -> None:
    rig: Any = RIGS[family](VirtualClock(START_NS), folder)
    rig.takes_s = TAKES_S
    shop = Shop(folder, rig)
    lines = shop.basket()
    for _ in range(3):
        earlier, order = shop.open_sale([lines[2]])  # Equal sums: the sum alone must not pass for a proof.
        shop.pay(earlier, order)
    before = _sales(rig)
    sale, order = shop.open_sale([lines[2]])
    during, afterwards = WHEN[when]
    if during is not None:
        during(rig, by)
    if loss:
        count = 20 if loss == "answer_lost" else 1  # Over every repeat the protocol has.
        rig.simulated.machine.faults.add(loss, rig.decisive, count=count)
    shop.pay(sale, order)
    rig.mend()
    if closed and shop.till.undecided():
        rig.close_shift_elsewhere()
    if afterwards is not None:
        afterwards(rig, by)
    for _ in range(4):
        rig.clock.sleep(rig.pause_s)
        shop.desk.settle_all()
        if shop.state(sale) is SaleState.HELD:
            _pay(shop, sale, order)
    made = [one for one in _sales(rig) if one not in before]
    assert len(made) <= 1
    if shop.state(sale) is SaleState.FISCALISED:
        assert len(made) == 1 and rig.is_same(made[0], shop.document(sale))
    elif shop.state(sale) is SaleState.HELD:
        assert not made
    else:
        assert shop.handed_over() == 1
        told = shop.till.handed_over(order.key, 0)
        assert told is not None and told.register is not None
    shop.close()


def _pay(shop: Shop, sale: str, order: Any) -> None:
    try:
        shop.pay(sale, order)
    except RegisterBlocked:
        return  # The cashier sees why, and waits for a person.


def _sales(rig: Any) -> list[Any]:
    return [one for one in rig.registered() if one.operation is Operation.SALE]
