"""A whole day at each simulated register: the report adds up to what was sold, and the marks reach the registry."""

from __future__ import annotations

import random

import pytest
from cloud_sides import RekassaSide, UkassaSide

from hw_sim.ismpt.codes import WITHDRAWN
from hw_sim.registry import Fate
from hw_sim.world import World


def rekassa_sale(ticket, bills, coins, taken_bills):
    price = {"bills": bills, "coins": coins}
    change = taken_bills * 100 - (bills * 100 + coins)
    changes = {"items.0.commodity.quantity": 1000, "items.0.commodity.price": price, "items.0.commodity.sum": price}
    changes |= {"items.0.commodity.taxes": ..., "items.0.commodity.listExciseStamp": ...}
    changes |= {"payments.0.sum": price, "amounts.total": price}
    changes |= {"amounts.taken": {"bills": taken_bills, "coins": 0}}
    return ticket({**changes, "amounts.change": {"bills": change // 100, "coins": change % 100}})


def ukassa_sale(receipt, bills, coins, taken_bills):
    price = bills + coins / 100
    body = receipt({"items.0.price": price, "items.0.total_amount": price, "items.0.mark_code": ..., "items.1": ...})
    change = round(taken_bills - price, 2)
    return {**body, "total_amount": price, "payments": [{"payment_type": 0, "total": taken_bills, "change": change}]}


def day_of(rng):
    """Fifty prices in tenge and tiyn, each with more cash than it costs."""
    prices = [(rng.randrange(1, 5000), rng.randrange(100)) for _ in range(50)]
    return [(bills, coins, bills + rng.randrange(1, 1000)) for bills, coins in prices]


@pytest.mark.parametrize("seed", range(3))
def test_fifty_cash_sales_add_up_at_rekassa(ticket, seed):
    side, prices = RekassaSide(token_life_s=1e6), day_of(random.Random(seed))
    for number, price in enumerate(prices):
        assert side.sell(rekassa_sale(ticket, *price), f"s{number}").status == 200
        side.clock.sleep(60)
    total = sum(bills * 100 + coins for bills, coins, _ in prices)
    change = sum(taken * 100 - bills * 100 - coins for bills, coins, taken in prices)
    data = side.get("/shifts/1/reports/x")["data"]
    row = next(row for row in data["ticketOperations"] if row["operation"] == "OPERATION_SELL")
    expected = {"bills": str(total // 100), "coins": total % 100}
    assert (row["ticketsCount"], row["ticketsSum"], data["cashSum"]) == (50, expected, expected)
    assert row["payments"][0] == {"payment": "PAYMENT_CASH", "sum": expected, "count": 50}
    assert row["changeSum"] == {"bills": str(change // 100), "coins": change % 100}
    assert side.close(1).json()["data"]["ticketOperations"] == data["ticketOperations"]


@pytest.mark.parametrize("seed", range(3))
def test_fifty_cash_sales_add_up_at_ukassa(receipt, seed):
    side, prices = UkassaSide(), day_of(random.Random(seed))
    for number, price in enumerate(prices):
        reply = side.sell(ukassa_sale(receipt, *price), f"s{number}")
        assert reply.status == 200, reply.json()
        side.clock.sleep(60)
    total = sum(bills * 100 + coins for bills, coins, _ in prices)
    expected = {"bills": str(total // 100), "coins": total % 100}
    report = side.shift("get_shift_report").json()["duplicated"]
    row = report["ticket_operations"][2]
    assert (row["tickets_count"], row["tickets_sum"], report["cash_sum"]) == (50, expected, expected)
    assert row["payments"] == [{"payment": 0, "sum": expected}]
    assert sum(row["total_amount"] for row in side.get("kassa/get_shift_operations/?shift=6995")) == pytest.approx(
        total / 100
    )


@pytest.mark.parametrize("family", ["rekassa", "ukassa"])
def test_a_mark_sold_at_a_cloud_register_is_withdrawn_at_the_registry(family, clock, ticket, receipt):
    world = World(clock, random.Random(9), codes=50, mark_delay_s=(10, 60))
    unit = next(mark for mark in world.shop.codes if mark.fate is Fate.SELLABLE)
    side = {"rekassa": RekassaSide, "ukassa": UkassaSide}[family](ofd=world.ofd)
    side.clock.at_ns = clock.at_ns
    if family == "rekassa":
        body = ticket({"items.0.commodity.listExciseStamp.0": unit.text})
    else:
        body = receipt({"items.0.mark_code": unit.text})
    assert side.sell(body, "a").status == 200
    assert world.ismpt.codes.get(unit.ki).status != WITHDRAWN
    clock.sleep(60)
    world.step()
    assert world.ismpt.codes.owner_of_mark(unit.text).status == WITHDRAWN
