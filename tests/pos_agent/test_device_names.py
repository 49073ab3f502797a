"""Scanners that call the agent share one address: a read names its connection, and the configured scanner is known."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_till import ShopTill

from hw_sim.scanner import Scan as Trigger
from hw_sim.scanner import payload
from pos_agent.agent import Agent
from pos_agent.cli.devices_watch import Watch, run
from pos_agent.clock import SystemClock
from pos_agent.demo.shop import SECRETS
from pos_agent.device_names import configured_name
from pos_agent.wiring import World, build
from scanners.registry import Scanner, Surroundings, open_scanner
from scanners.scan import Health, Scan, ScannerEvent, Signal
from scanners.tcp_server import TcpServerScanner

CODE = "0104870000000128213hB?7tR\x1d93aB9+"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


class Told:
    """A driver that keeps what it is told."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.signals: list[Signal] = []

    def signal(self, signal: Signal) -> None:
        self.signals.append(signal)

    def close(self) -> list[ScannerEvent]:
        return []


@pytest.fixture
def hand(till: ShopTill) -> Told:
    return Told("hand")


@pytest.fixture
def agent(till: ShopTill, hand: Told) -> Iterator[Agent]:
    """The till's agent again, with a scanner to tell things."""
    till.agent.close()
    world = World(
        clock=till.clock,
        secret=SECRETS.__getitem__,
        register_transport=till.register,
        printer=lambda _config: None,
        scanners=lambda _config, _around: [hand],  # type: ignore[list-item]
    )
    built = build(till.agent.config, world)
    yield built
    built.close()


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("hand", "hand"),
        ("hand@192.168.1.31", "hand"),
        ("hand@192.168.1.31#2", "hand"),
        ("hand@fd00::1", "hand"),
        ("left@till", "left@till"),
        ("left@till@192.168.1.31", "left@till"),
        ("left@192.168.1.31", None),
        ("handy", None),
        ("@hand", None),
        ("", None),
    ],
)
def test_the_name_of_the_configuration_is_found(device: str, name: str | None) -> None:
    assert configured_name(device, {"hand", "left@till"}) == name


def test_a_verdict_is_told_to_the_scanner_whose_connection_it_was(till: ShopTill, agent: Agent, hand: Told) -> None:
    for device, data in [
        ("hand@192.168.1.31", till.unit().text.encode()),
        ("hand@192.168.1.32#2", b"nonsense"),
        ("left@192.168.1.33", b"nonsense"),
    ]:
        agent.intake.feed(till.frame(data, device=device))
    assert hand.signals == [Signal.ACCEPTED, Signal.REFUSED]


def calling(scanner: Scanner) -> socket.socket:
    """A hand-held of this machine that has called."""
    assert isinstance(scanner, TcpServerScanner)
    scanner.poll()
    assert scanner.port
    return socket.create_connection(("127.0.0.1", scanner.port), timeout=5)


@pytest.fixture
def listening() -> Iterator[Scanner]:
    clock = SystemClock()
    scanner = open_scanner("hand", "tcp-listen://127.0.0.1:0", Surroundings(clock.now_ns, clock.monotonic))
    yield scanner
    scanner.close()


def test_a_real_listener_has_one_line_of_health_and_reads_of_each_device(till: ShopTill, listening: Scanner) -> None:
    mark, intake, lines = till.unit(), till.agent.intake, 0
    with calling(listening) as device:
        device.sendall(payload(Trigger(mark.text, aim="]d2")))
        for _ in range(200):
            lines += sum(one.line is not None for event in listening.poll() for one in intake.feed(event))
            if lines:
                break
    assert lines == 1
    assert till.agent.status()["scanners"] == {"hand": "online"}
    assert till.agent.status()["scanner_text"]["hand"]["text"] == "connected: 127.0.0.1"
    assert till.rows("scan_judged")[0]["device"] == "hand@127.0.0.1"


def test_watching_a_listener_counts_each_device_and_ends_well(listening: Scanner) -> None:
    watch, seen = Watch(["hand"]), []

    def tell(event: ScannerEvent) -> None:
        watch.lines(event)
        seen.append(event)

    with calling(listening) as device:
        device.sendall(payload(Trigger(CODE, aim="]d2")))
        run([listening], SystemClock(), tell, seconds=10, count=1)
    assert [event.source for event in seen if isinstance(event, Scan)] == ["hand@127.0.0.1"]
    assert {name: tally.was_online for name, tally in watch.tallies.items()} == {"hand": True, "hand@127.0.0.1": True}
    assert watch.tallies["hand"].health is Health.ONLINE
    assert "hand@127.0.0.1: 1 scan, GS in 1; connected" in "\n".join(text for text, _ in watch.summary_lines())
