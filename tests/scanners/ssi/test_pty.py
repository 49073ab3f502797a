"""A whole LineScanner on a pseudo-terminal with the simulated scanner behind it: cables, lost answers, storms."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hw_sim.line_pty import PtyPort
from hw_sim.scanner.ssi import SsiScanner, converse
from scanners.address import Scanner, Surroundings
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent, Signal, Terminator
from scanners.ssi.driver import ssi_scanner


class PtyBench:
    """Both ends in one thread. The clock moves only while nothing is between the two, so the kernel costs no time."""

    def __init__(self, link: Path, clock: Any, query: str, device: SsiScanner) -> None:
        self.clock = clock
        self.device = device
        self.port = PtyPort(link)
        self.port.plug()
        self.seen: list[ScannerEvent] = []
        surroundings = Surroundings(clock.now, clock.monotonic, list, read_timeout_s=0.002)
        self.scanner: Scanner = ssi_scanner("left", urlsplit(f"ssi+serial://{link}?{query}"), surroundings)
        self.poll()

    def poll(self) -> None:
        self.seen += self.scanner.poll()

    def exchange(self) -> None:
        """Until both have been quiet for two looks."""
        quiet = 0
        while quiet < 2:
            before = len(self.seen)
            moved = converse(
                self.device, lambda size: self.port.read(size, 0.001), self.port.write, self.clock.monotonic()
            )
            self.poll()
            quiet = 0 if moved or len(self.seen) != before else quiet + 1

    def wait(self, ms: float) -> None:
        while ms > 0:
            step = min(ms, 210.0)
            self.clock.pass_ms(step)
            ms -= step
            self.exchange()

    def settle(self) -> None:
        self.exchange()
        for _ in range(60):
            if not self.device.busy:
                return
            self.wait(210)
        raise AssertionError("the two wait for each other for ever")

    def unplug(self) -> None:
        self.port.unplug()
        for _ in range(100):
            self.poll()
            if self.scanner.health is Health.OFFLINE:
                return
        raise AssertionError("the scanner did not notice")

    def replug(self) -> None:
        self.port.plug()
        self.clock.pass_ms(5000)
        self.poll()
        assert self.scanner.health is Health.ONLINE

    @property
    def scans(self) -> list[bytes]:
        return [e.data for e in self.seen if isinstance(e, Scan) and e.terminator is Terminator.LENGTH]

    @property
    def torn(self) -> list[bytes]:
        return [e.data for e in self.seen if isinstance(e, Scan) and e.terminator is Terminator.UNPLUG]

    @property
    def reasons(self) -> set[DropReason]:
        return {event.reason for event in self.seen if isinstance(event, DroppedRead)}


@pytest.fixture
def opened(tmp_path: Path, clock: Any) -> Iterator[Any]:
    benches: list[PtyBench] = []

    def opener(query: str = "duplicate_ms=0&burst_per_s=0", device: SsiScanner | None = None) -> PtyBench:
        benches.append(PtyBench(tmp_path / "scanner", clock, query, device or SsiScanner()))
        return benches[-1]

    yield opener
    for bench in benches:
        bench.scanner.close()
        bench.port.unplug()


def code_of(number: int) -> bytes:
    return b"0104870000000104213%06d_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9C" % number


def test_every_scan_sent_is_received_once_and_in_order_whatever_the_line_does(opened: Any) -> None:
    rng = random.Random(20260301)
    table = opened(query="duplicate_ms=0&burst_per_s=0&led=2&start=enable,revision")
    device, sent, storms = table.device, [], 0
    for number in range(80):
        code = code_of(number)
        chance = rng.random()
        if chance < 0.15:
            device.troubles.deaf_to_acks = rng.randrange(1, 3)
        elif chance < 0.3:
            device.troubles.flip_bits.extend(rng.randrange(500) for _ in range(rng.randrange(1, 3)))
        elif chance < 0.4:
            device.troubles.cut_to.append(rng.randrange(1, 60))
        elif chance < 0.5:
            device.troubles.nak_commands = 50
            storms += 1
        device.packet_bytes = rng.choice([250, 250, 20])
        device.scan(code, 0xC1)
        table.scanner.signal(rng.choice(list(Signal)))
        table.settle()
        sent.append(code)
        device.troubles.nak_commands = 0
        table.wait(rng.choice([5, 300, 900]))
    assert table.scans == sent == device.delivered
    assert device.failed == []
    assert table.reasons == {DropReason.RETRANSMITTED}
    assert storms > 5
    assert {event.symbology for event in table.seen if isinstance(event, Scan)} == {"]d2"}
    assert table.port.overrun_bytes == 0


def test_a_cable_pulled_in_mid_code_leaves_evidence_and_the_cashier_scans_again(opened: Any) -> None:
    rng = random.Random(5)
    table = opened()
    sent = []
    for number in range(25):
        code = code_of(number)
        if number % 3 == 0:
            cut = rng.randrange(6, 60)
            table.device.troubles.cut_to.append(cut)
            table.device.scan(code, 0xC1)
            table.exchange()
            table.unplug()
            table.device.power_off()
            assert code.startswith(table.torn[-1]) or table.torn[-1].startswith(b"\x40")  # Or the header alone.
            table.replug()
        table.device.scan(code, 0xC1)
        table.settle()
        sent.append(code)
    assert table.scans == sent == table.device.delivered
    assert len(table.torn) == 9
    assert table.reasons == set()


def test_a_scanner_with_its_own_battery_goes_on_after_the_cable_was_out(opened: Any) -> None:
    table = opened()
    for number, lost in enumerate(("the acknowledgement", "the read")):
        if lost == "the read":
            table.device.troubles.cut_to.append(30)
        else:
            table.device.troubles.deaf_to_acks = 1
        table.device.scan(code_of(number), 0xC1)
        table.exchange()
        table.unplug()
        table.port.plug()
        table.clock.pass_ms(600)
        table.poll()
        table.settle()
    assert table.scans == [code_of(0), code_of(1)] == table.device.delivered
    assert table.reasons == {DropReason.RETRANSMITTED}


def test_health_is_told_once_a_change_and_a_dumb_scanner_once(opened: Any) -> None:
    table = opened(query="duplicate_ms=0&burst_per_s=0&start=enable")
    table.device.troubles.silent_to_commands = 10
    table.wait(5000)
    table.unplug()
    table.replug()
    changes = [(event.health, event.text[:30]) for event in table.seen if isinstance(event, HealthChange)]
    assert [health for health, _ in changes] == [Health.ONLINE, Health.ONLINE, Health.OFFLINE, Health.ONLINE]
    assert changes[1][1] == "the scanner did not answer the"[:30]
