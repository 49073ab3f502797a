"""What the tests of `pos-agent webkassa` share: secrets of the environment, and what has been sold."""

from __future__ import annotations

from webkassa_shop import MARK, Shop

from fiscal.register import CashDirection, CashMove, ShiftClose

SECRETS = {"WK_PASSWORD": "till-1-password", "WK_KEY": "sim-api-key", "WK_READER": "reader-password"}


def sell(shop: Shop, count: int = 1) -> None:
    for _ in range(count):
        shop.sell(MARK)


def a_day(shop: Shop) -> None:
    """Shift 1: cash in, two sales, closed. Shift 2: one sale, open."""
    shop.run(CashMove("in-1", CashDirection.IN, 500000))
    sell(shop, 2)
    shop.run(ShiftClose("z-1", 1))
    sell(shop)
