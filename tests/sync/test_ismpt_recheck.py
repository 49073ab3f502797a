"""The worker that looks after sold units, in virtual time."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass

import pytest

from marking.statuses import CodeStatus, Status
from sync.ismpt.answers import CheckAnswer
from sync.ismpt.recheck import RecheckWorker

NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Sold:
    ki: str


class Shop:
    """A memory of units, a registry and a clock, all in hand."""

    def __init__(self):
        self.at_s = 1000.0
        self.units = []
        self.recorded = []
        self.asked = []
        self.unavailable = None
        self.silent = set()

    def now(self):
        return int(self.at_s * NS_PER_S)

    def monotonic(self):
        return self.at_s

    def due(self, now_ns, limit):
        assert now_ns == self.now()
        return self.units[:limit]

    def record(self, results, at_ns):
        self.recorded.append(([(unit.ki, str(status.status)) for unit, status in results], at_ns))
        self.units = [unit for unit in self.units if unit not in [settled for settled, _ in results]]

    def check_background(self, kis):
        self.asked.append(list(kis))
        known = {ki: CodeStatus(ki, Status.WITHDRAWN, self.now()) for ki in kis if ki not in self.silent}
        return CheckAnswer({} if self.unavailable and not self.silent else known, self.unavailable)


@pytest.fixture
def shop():
    return Shop()


def worker(shop, seed=1, **more):
    return RecheckWorker(shop, shop, now=shop.now, monotonic=shop.monotonic, rng=random.Random(seed), **more)


def test_due_units_are_asked_in_their_order_and_recorded(shop):
    shop.units = [Sold("b"), Sold("a")]
    result = worker(shop).step()
    assert (result.checked, result.unavailable, result.next_in_s) == (2, None, 30.0)
    assert shop.asked == [["b", "a"]]
    assert shop.recorded == [([("b", "WITHDRAWN"), ("a", "WITHDRAWN")], 1000 * NS_PER_S)]


def test_before_its_time_the_worker_does_nothing(shop):
    turned = worker(shop)
    turned.step()
    shop.units = [Sold("a")]
    shop.at_s += 29
    assert (turned.step().next_in_s, shop.asked) == (1.0, [])
    shop.at_s += 1
    assert turned.step().checked == 1


def test_with_nothing_due_nobody_is_asked(shop):
    assert worker(shop).step().next_in_s == 30.0
    assert (shop.asked, shop.recorded) == ([], [])


def test_a_full_batch_is_followed_soon_by_the_next(shop):
    shop.units = [Sold(str(n)) for n in range(5)]
    turned = worker(shop, batch=3)
    assert (turned.step().next_in_s, len(shop.units)) == (1.0, 2)
    shop.at_s += 1
    assert (turned.step().next_in_s, len(shop.units)) == (30.0, 0)


def test_an_outage_is_waited_out_with_growing_capped_and_random_pauses(shop):
    shop.units, shop.unavailable = [Sold("a")], "HTTP 503"
    pauses = {}
    for seed in range(40):
        turned = worker(shop, seed)
        for turn in range(12):
            result = turned.step()
            assert (result.checked, result.unavailable) == (0, "HTTP 503")
            pauses.setdefault(turn, []).append(result.next_in_s)
            shop.at_s += result.next_in_s
    assert shop.recorded == []
    assert all(1.0 <= pause <= 60.0 for pause in pauses[0])
    assert max(pauses[1]) > 60.0
    assert 450.0 < max(pauses[11]) <= 900.0
    assert min(pauses[11]) < 300.0


def test_after_an_outage_the_pace_is_the_usual_one(shop):
    shop.units, shop.unavailable = [Sold("a")], "timeout"
    for seed in range(20):
        turned = worker(shop, seed)
        for _ in range(6):
            shop.at_s += turned.step().next_in_s
        shop.units, shop.unavailable = [Sold("a")], None
        assert turned.step().next_in_s == 30.0
        shop.at_s += 30
        shop.units, shop.unavailable = [Sold("a")], "timeout"
        assert turned.step().next_in_s <= 60.0


def test_what_was_answered_before_the_line_broke_is_recorded(shop):
    shop.units, shop.unavailable, shop.silent = [Sold("a"), Sold("b")], "HTTP 500", {"b"}
    result = worker(shop).step()
    assert (result.checked, result.unavailable) == (1, "HTTP 500")
    assert shop.recorded[0][0] == [("a", "WITHDRAWN")]


def test_the_loop_ends_when_told(shop):
    stop = threading.Event()
    thread = threading.Thread(target=worker(shop).run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
