"""SIGKILL at every durable write of a sale, and around the register's work: one receipt, one sale, each time.

The child process is a real agent on a real socket; the parent is the register (hw_sim), which survives. After the kill
a second child starts on the same files, and the till does what a till does: it goes on with the open sale.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crash_child import sell
from crash_shop import NEVER, Shop, processes

UNITS = 2


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Any]:
    opened: list[Shop] = []
    context = processes()

    def one(name: str) -> Shop:
        opened.append(Shop(tmp_path / name, context, sell, UNITS))
        return opened[-1]

    yield one
    for shop in opened:
        shop.serving.close()


def test_killed_at_every_durable_write_a_sale_has_one_receipt_and_one_journal_sale(shops: Any) -> None:
    point = 0
    while True:
        point += 1
        shop = shops(f"point-{point}")
        code = shop.child(kill_at=point)
        if code == 0:
            shop.check_one_of_each()
            break
        assert code == -signal.SIGKILL
        assert shop.child() == 0
        shop.check_one_of_each()
        shop.serving.close()
    # start 1, open 1, a scan for each unit, intent, outcome: a BEGIN and a COMMIT each.
    assert point - 1 >= 2 * (4 + UNITS)


def test_killed_again_while_recovering_it_still_has_one_receipt(shops: Any) -> None:
    for point in range(1, 9):
        shop = shops(f"again-{point}")
        shop.register.kill_after = True
        assert shop.child() == -signal.SIGKILL
        while shop.child(kill_at=point) != 0:
            point = NEVER
        shop.check_one_of_each()
        shop.serving.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_the_register_works_the_receipt_is_found_or_made_once(shops: Any, moment: str) -> None:
    shop = shops(moment)
    setattr(shop.register, f"kill_{moment}", True)
    assert shop.child() == -signal.SIGKILL
    assert shop.child() == 0
    shop.check_one_of_each()
