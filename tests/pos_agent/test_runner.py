"""The threads of an agent: a step that fails is tried again, and nothing waiting is lost at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from shop_till import ShopTill

from fiscal.register import Operation
from hw_sim.registry import Fate
from pos_agent import runner as runner_module
from pos_agent.checkout import Scanned
from pos_agent.demo.shop import SECRETS
from pos_agent.journal.database import JournalBusy
from pos_agent.runner import Runner
from pos_agent.wiring import World, build
from scanners.scan import Scan, ScannerEvent, Signal

WAIT_S = 20


class Hand:
    """A scanner whose trigger a test pulls."""

    name = "hand"

    def __init__(self) -> None:
        self.told: list[Signal] = []
        self._reads: list[Scan] = []
        self._pulled = threading.Condition()

    def pull(self, *reads: Scan) -> None:
        with self._pulled:
            self._reads += reads
            self._pulled.notify()

    def signal(self, signal: Signal) -> None:
        self.told.append(signal)

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        while not stop.is_set():
            with self._pulled:
                self._pulled.wait(0.02)
                reads, self._reads = self._reads, []
            for read in reads:
                sink(read)

    def close(self) -> list[ScannerEvent]:
        return []


class Running:
    """A runner with one hand-held scanner, and what it told its sink."""

    def __init__(self, till: ShopTill) -> None:
        self.hand = Hand()
        self.seen: list[Scanned] = []
        self._told = threading.Condition()
        agent = replace(till.agent, scanners=(self.hand,))
        self.runner = Runner(agent, sink=self._take)

    def _take(self, scanned: Scanned) -> None:
        with self._told:
            self.seen.append(scanned)
            self._told.notify_all()

    def wait_for(self, count: int) -> None:
        with self._told:
            assert self._told.wait_for(lambda: len(self.seen) >= count, WAIT_S)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


def test_scans_become_lines_and_a_half_is_judged_by_the_ticking_thread(till: ShopTill) -> None:
    running = Running(till)
    running.runner.start()
    first = till.unit()
    running.hand.pull(till.frame(first.text))
    running.wait_for(1)
    running.hand.pull(till.frame(till.unit().ki))
    till.clock.sleep(1)
    running.wait_for(2)
    running.runner.stop()
    assert [scanned.line is not None for scanned in running.seen] == [True, False]


@pytest.mark.parametrize("error", [JournalBusy("another program holds it"), RuntimeError("a mistake of ours")])
def test_a_scan_that_fails_does_not_blind_the_till(till: ShopTill, error: Exception) -> None:
    running = Running(till)
    intake = till.agent.intake
    original = intake.feed

    def fail_once(event: ScannerEvent) -> list[Scanned]:
        intake.feed = original  # type: ignore[method-assign]
        raise error

    intake.feed = fail_once  # type: ignore[method-assign]
    running.runner.start()
    running.hand.pull(till.frame("lost"), till.frame(till.unit().text))
    running.wait_for(1)
    running.runner.stop()
    assert running.seen[0].line is not None


def test_a_driver_that_fails_is_run_again(till: ShopTill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "RETRY_S", 0.01)
    running = Running(till)
    original = running.hand.run
    runs: list[int] = []

    def fail_once(stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("a mistake of ours")
        original(stop, sink)

    monkeypatch.setattr(running.hand, "run", fail_once)
    running.runner.start()
    running.hand.pull(till.frame(till.unit().text))
    running.wait_for(1)
    running.runner.stop()
    assert len(runs) == 2
    assert running.seen[0].line is not None


def test_what_still_waits_for_its_half_is_judged_at_the_end(till: ShopTill) -> None:
    running = Running(till)
    running.runner.start()
    mark = next(one for one in till.sim.shop.codes if one.fate is Fate.SELLABLE and "\x1d" in one.text)
    head = till.frame(mark.text.split("\x1d")[0])
    till.agent.intake.feed(head)  # In virtual time its join time never ends by itself.
    running.runner.stop()
    assert [scanned.judged.data for scanned in running.seen] == [head.data]


def test_a_scanner_is_told_of_its_own_reads_and_of_no_others(till: ShopTill) -> None:
    till.agent.close()
    hands = {name: Hand() for name in ("left", "right")}
    for name, hand in hands.items():
        hand.name = name
    world = World(
        clock=till.clock,
        secret=SECRETS.__getitem__,
        register_transport=till.register,
        printer=lambda _config: None,
        scanners=lambda _config, _around: hands.values(),  # type: ignore[arg-type, return-value]
    )
    seen: list[Scanned] = []
    runner = Runner(build(till.agent.config, world), sink=seen.append)
    runner.start()
    hands["left"].pull(till.frame(till.unit().text, device="left"), till.frame(b"nonsense", device="left"))
    hands["right"].pull(till.frame(b"\xff", device="right"))
    sale = runner.agent.checkout.open(Operation.SALE, "Айгүл")
    runner.agent.checkout.scan(sale, till.unit().text.encode())  # Of no device: nobody to tell.
    runner.agent.intake.feed(till.frame(till.unit().text, device="gone"))
    for _ in range(200):
        if len(seen) == 3:
            break
        threading.Event().wait(0.05)
    runner.stop()
    assert (hands["left"].told, hands["right"].told) == ([Signal.ACCEPTED, Signal.REFUSED], [Signal.REFUSED])
