"""The wired world and its witness: receipts, marks on their way, and the account an auditor gets."""

from __future__ import annotations

import io
import json
import random
import re

import httpx
import pytest

from hw_sim.__main__ import main
from hw_sim.exchange import SimRequest
from hw_sim.ofd import NEVER
from hw_sim.registry import Fate
from hw_sim.world import World


@pytest.fixture
def world(clock):
    return World(clock, random.Random(9), codes=300, mark_delay_s=(10, 60))


class Cashier:
    """A cashier who can only sell one unit for 900 tenge, and take it back."""

    def __init__(self, world):
        self.world = world
        login = self.send("/api/v4/Authorize", {"Login": "till-1", "Password": "till-1-password"})
        self.token = login["Data"]["Token"]

    def send(self, path, fields):
        common = {"Token": getattr(self, "token", ""), "CashboxUniqueNumber": "SWK00000001"}
        body = json.dumps({**common, **fields}).encode()
        return self.world.webkassa.handle(SimRequest("POST", path, {"x-api-key": "sim-api-key"}, body)).json()

    def sell(self, key, *marks, **more):
        row = {"Count": 1, "Price": 900, "TaxType": 100, "TaxPercent": 16, "Tax": 124.14, "PositionName": "P"}
        rows = [{**row, "UnitCode": 796, "Mark": mark} for mark in marks]
        paid = [{"Sum": 900 * len(marks), "PaymentType": 0}]
        fields = {"OperationType": 2, "Positions": rows, "Payments": paid, "RoundType": 0, "ExternalCheckNumber": key}
        return self.send("/api/v4/check", {**fields, **more})


@pytest.fixture
def units(world):
    return [mark for mark in world.shop.codes if mark.fate is Fate.SELLABLE]


def test_a_sale_travels_to_the_registry_and_withdraws_the_code(world, clock, units):
    Cashier(world).sell("a", units[0].text, units[1].ki)
    before = world.witness()
    assert (before.sales, before.sale_total_tiyn, before.withdrawn) == (1, 180_000, ())
    assert set(before.still_on_balance) == {units[0].ki, units[1].ki}
    clock.sleep(60)
    after = world.witness()
    assert set(after.withdrawn) == {units[0].ki, units[1].ki}
    assert after.still_on_balance == ()
    assert after.marks[units[0].ki].sales == ("SWK00000001/1",)


def test_a_mark_the_operator_lost_stays_on_balance(world, clock, units):
    world.ofd.tell(units[0].ki, NEVER)
    Cashier(world).sell("a", units[0].text, units[1].text)
    clock.sleep(3600)
    assert world.witness().still_on_balance == (units[0].ki,)


def test_the_witness_names_double_sales_and_unknown_marks(world, clock, units):
    stranger = next(mark for mark in world.shop.codes if mark.fate is Fate.UNKNOWN)
    counter = Cashier(world)
    counter.sell("a", units[0].text)
    counter.sell("b", units[0].text.replace("\x1d", ""), stranger.text)
    witness = world.witness()
    assert witness.sold_twice == (units[0].ki,)
    assert witness.unknown == (stranger.text,)


def test_a_sale_and_its_return_leave_nothing_sold(world, clock, units):
    counter = Cashier(world)
    sold = counter.sell("a", units[0].text)["Data"]
    basis = {"CheckNumber": sold["CheckNumber"], "DateTime": "2026-07-15 09:00:00", "Total": 900, "IsOffline": False}
    basis["RegistrationNumber"] = sold["Cashbox"]["RegistrationNumber"]
    back = counter.sell("a-return", units[0].text, OperationType=3, ReturnBasisDetails=basis)
    assert "Errors" not in back
    clock.sleep(60)
    witness = world.witness()
    assert (witness.sales, witness.returns, witness.marks[units[0].ki].sold) == (1, 1, 0)
    assert witness.marks[units[0].ki].withdrawn, "a return receipt does not reintroduce by itself"
    assert (witness.sold_twice, witness.cash_tiyn) == ((), {"SWK00000001": 0})


def test_units_nobody_knows_are_not_in_the_registry(world):
    for mark in world.shop.codes:
        assert (world.ismpt.codes.get(mark.ki) is None) == (mark.fate is Fate.UNKNOWN)


def test_the_same_seed_gives_the_same_ledger(clock, units):
    def ledger(seed):
        world = World(clock, random.Random(seed), codes=50)
        Cashier(world).sell("a", world.shop.codes[0].text)
        return world.ledger_rows()

    assert ledger(4) == ledger(4)
    assert ledger(4) != ledger(5)


@pytest.mark.parametrize(
    ("what", "services"), [("webkassa", 1), ("rekassa", 1), ("ukassa", 1), ("ismpt", 1), ("world", 2)]
)
def test_the_command_prints_addresses_that_answer(what, services):
    out, statuses = io.StringIO(), []

    def visit():
        statuses.extend(httpx.get(url).status_code for url in re.findall(r"http://\S+/sim/faults", out.getvalue()))

    assert main([what, "--codes", "20", "--seed", "3"], out, visit) == 0
    assert statuses == [200] * services
    assert ("till-1-password" in out.getvalue()) == (what in ("webkassa", "world"))
    assert ("password integration" in out.getvalue()) == (what in ("rekassa", "ukassa"))
