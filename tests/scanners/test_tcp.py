"""The agent calls a scanner over TCP; both ends are real sockets on this machine."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from hw_sim.line import Weather
from hw_sim.line_socket import SocketRelay
from scanners.address import Scanner, ScannerAddressInvalid, Surroundings
from scanners.scan import DroppedRead, Health, HealthChange, Scan, ScannerEvent, Terminator
from scanners.tcp import TCP_OPTIONS, tcp_scanner
from scanners.tcp_connection import TcpOpener, keep_alive

CODE = b"]d20104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"


class Device:
    """A scanner that listens: one connection at a time, as the boxes that turn RS-232 into TCP do."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self.listener = socket.create_server((host, 0), family=family)
        self.listener.settimeout(5)
        self.port = self.listener.getsockname()[1]
        self.connection: socket.socket | None = None

    def accept(self) -> socket.socket:
        self.hang_up()
        self.connection, _ = self.listener.accept()
        return self.connection

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def reset(self) -> None:
        """Break off without a goodbye."""
        assert self.connection is not None
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()

    def close(self) -> None:
        self.hang_up()
        self.listener.close()


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.close()


@pytest.fixture
def open_tcp(clock: Any) -> Iterator[Callable[[str], Scanner]]:
    opened = []

    def make(url: str) -> Scanner:
        around = Surroundings(now=clock.now, monotonic=clock.monotonic, read_timeout_s=0.02)
        opened.append(tcp_scanner("door", urlsplit(url), around))
        return opened[-1]

    yield make
    for scanner in opened:
        scanner.close()


def healths(events: list[ScannerEvent]) -> list[Health]:
    return [event.health for event in events if isinstance(event, HealthChange)]


def test_a_code_comes_whole_however_the_network_cuts_it(
    device: Device, open_tcp: Any, clock: Any, poll_until: Any
) -> None:
    scanner = open_tcp(f"tcp://127.0.0.1:{device.port}")
    assert healths(scanner.poll()) == [Health.ONLINE]
    connection = device.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for start in range(0, len(CODE), 7):
        connection.sendall(CODE[start : start + 7])
        assert scanner.poll() == []
    connection.sendall(b"\r")
    assert poll_until(scanner) == [Scan(CODE, "]d2", "door", clock.utc_ns, Terminator.SUFFIX, first_at_ns=clock.utc_ns)]


def test_several_codes_in_one_packet_are_several_scans(
    device: Device, open_tcp: Any, poll_until: Any, data_of: Any
) -> None:
    scanner = open_tcp(f"tcp://127.0.0.1:{device.port}?suffix=crlf")
    scanner.poll()
    device.accept().sendall(CODE + b"\r\n" + PACK + b"\r\n")
    assert data_of(poll_until(scanner)) == [CODE, PACK]


def test_a_hang_up_leaves_the_unfinished_code_as_evidence_and_the_scanner_is_called_again(
    device: Device, open_tcp: Any, clock: Any, poll_until: Any, data_of: Any
) -> None:
    scanner = open_tcp(f"tcp://127.0.0.1:{device.port}")
    scanner.poll()
    device.accept().sendall(PACK + b"\r" + CODE[:40])
    device.hang_up()
    events = poll_until(scanner) + poll_until(scanner)
    whole, partial, change = events
    assert [(event.data, event.terminator) for event in (whole, partial)] == [
        (PACK, Terminator.SUFFIX),
        (CODE[:40], Terminator.UNPLUG),
    ]
    assert (change.health, change.text) == (Health.OFFLINE, f"127.0.0.1:{device.port} closed the connection")
    clock.pass_ms(499)
    assert scanner.poll() == []
    clock.pass_ms(1)
    assert healths(scanner.poll()) == [Health.ONLINE]
    device.accept().sendall(CODE[40:] + b"\r")
    assert data_of(poll_until(scanner)) == [CODE[40:]]  # Never stuck to the head of before.


def test_a_broken_connection_is_told_and_loses_nothing_that_had_come(
    device: Device, open_tcp: Any, poll_until: Any, data_of: Any
) -> None:
    scanner = open_tcp(f"tcp://127.0.0.1:{device.port}")
    scanner.poll()
    device.accept().sendall(CODE + b"\r")
    assert data_of(poll_until(scanner)) == [CODE]
    device.reset()
    (change,) = poll_until(scanner)
    assert change.health is Health.OFFLINE
    assert f"127.0.0.1:{device.port}: the connection broke" in change.text


def test_a_port_where_nobody_listens_is_offline_with_its_remedy(device: Device, open_tcp: Any, clock: Any) -> None:
    device.close()
    scanner = open_tcp(f"tcp://127.0.0.1:{device.port}")
    (change,) = scanner.poll()
    assert change.health is Health.OFFLINE
    assert change.text == (
        f"127.0.0.1:{device.port} refuses the connection: is the port right, and is the scanner a TCP server?"
    )
    clock.pass_ms(500)
    assert scanner.poll() == []


def test_a_host_that_does_not_answer_holds_up_a_poll_for_no_longer_than_the_limit(open_tcp: Any) -> None:
    with socket.socket() as full:  # A queue of length 0 that is full: further calls are not answered at all.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        scanner = open_tcp(f"tcp://127.0.0.1:{port}?connect_ms=100")
        began_s = time.monotonic()
        (change,) = scanner.poll()
        took_s = time.monotonic() - began_s
        for caller in waiting:
            caller.close()
    assert took_s >= 0.1
    assert (change.health, change.text) == (
        Health.OFFLINE, f"127.0.0.1:{port} does not answer: is it on, and in this network?",
    )  # fmt: skip


def test_a_name_that_does_not_exist_is_offline(open_tcp: Any) -> None:
    (change,) = open_tcp("tcp://[fe80::1%25nosuch]:9100").poll()  # No network card of that name; asks no name server.
    assert change.health is Health.OFFLINE
    assert change.text.startswith("[fe80::1%nosuch]:9100: no such host")


def test_ipv6_is_called_too(open_tcp: Any, poll_until: Any, data_of: Any) -> None:
    device = Device(socket.AF_INET6, "::1")
    try:
        scanner = open_tcp(f"tcp://[::1]:{device.port}")
        scanner.poll()
        device.accept().sendall(PACK + b"\r")
        assert data_of(poll_until(scanner)) == [PACK]
        device.hang_up()
        (change,) = poll_until(scanner)
        assert change.text == f"[::1]:{device.port} closed the connection"
    finally:
        device.close()


def test_silence_shorter_than_a_repeated_packet_does_not_cut_a_code(
    device: Device, open_tcp: Any, clock: Any, poll_until: Any, data_of: Any
) -> None:
    scanner = open_tcp(f"tcp://127.0.0.1:{device.port}")
    scanner.poll()
    connection = device.accept()
    connection.sendall(PACK[:9])
    assert scanner.poll() == []
    clock.pass_ms(900)
    connection.sendall(PACK[9:] + b"\r")
    assert data_of(poll_until(scanner)) == [PACK]
    connection.sendall(PACK[:9])
    assert scanner.poll() == []
    clock.pass_ms(1001)
    (scan,) = poll_until(scanner)
    assert (scan.data, scan.terminator) == (PACK[:9], Terminator.GAP)


def test_keep_alive_is_on_and_timed(device: Device) -> None:
    port = TcpOpener("127.0.0.1", device.port, keepalive_s=30)()
    connection = port._connection  # type: ignore[attr-defined]
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            assert connection.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value
    port.close()


def test_keep_alive_can_be_turned_off() -> None:
    with socket.socket() as connection:
        keep_alive(connection, 0)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


def test_without_a_wait_a_poll_returns_at_once(device: Device, clock: Any, data_of: Any) -> None:
    around = Surroundings(now=clock.now, monotonic=clock.monotonic, read_timeout_s=0)
    scanner = tcp_scanner("door", urlsplit(f"tcp://127.0.0.1:{device.port}"), around)
    scanner.poll()
    connection = device.accept()
    assert scanner.poll() == []
    connection.sendall(PACK + b"\r")
    events: list[ScannerEvent] = []
    for _ in range(100_000):
        if events := scanner.poll():
            break
    assert data_of(events) == [PACK]
    scanner.close()


def test_a_hostile_network_loses_only_what_it_broke(device: Device, open_tcp: Any, clock: Any, data_of: Any) -> None:
    rng = random.Random(11)
    codes = [PACK[:14] + b"%07d" % number + PACK[21:] for number in range(300)]
    with SocketRelay(("127.0.0.1", device.port), rng, down=Weather(chunk_max=9)) as relay:
        scanner = open_tcp(f"tcp://127.0.0.1:{relay.port}?duplicate_ms=0&burst_per_s=0")
        scanner.poll()
        connection = device.accept()
        feeder = threading.Thread(target=lambda: connection.sendall(b"".join(code + b"\r" for code in codes)))
        feeder.start()
        events: list[ScannerEvent] = []
        for _ in range(5000):
            events += scanner.poll()
            if len(data_of(events)) == len(codes):
                break
        feeder.join(5)
        relay.down.cut()
        for _ in range(200):
            events += scanner.poll()
            if scanner.health is Health.OFFLINE:
                break
    assert data_of(events) == codes
    assert not [event for event in events if isinstance(event, DroppedRead)]
    assert healths(events) == [Health.OFFLINE]


@pytest.mark.parametrize(
    ("url", "place", "words"),
    [
        ("tcp://", "address", "HOST:PORT"),
        ("tcp://192.168.1.20", "address", "HOST:PORT"),
        ("tcp://192.168.1.20:0", "address", "HOST:PORT"),
        ("tcp://192.168.1.20:99999", "address", "[Pp]ort"),
        ("tcp://192.168.1.20:abc", "address", "[Pp]ort"),
        ("tcp://192.168.1.20:9100/path", "address", "no more"),
        (f"tcp://{'x' * 64}:9100", "address", "HOST:PORT"),
        ("tcp://user@192.168.1.20:9100", "address", "no more"),
        ("tcp://h:1?sufix=cr", "sufix", "did you mean 'suffix'"),
        ("tcp://h:1?baud=9600", "baud", "unknown"),
        ("tcp://h:1?connect_ms=10", "connect_ms", "50 to 10000"),
        ("tcp://h:1?keepalive_s=9999", "keepalive_s", "0 to 7200"),
        ("tcp://h:1?gap_ms=5", "gap_ms", "too short"),
        ("tcp://h:1?burst_per_s=101", "burst_per_s", "0 to 100"),
    ],
)
def test_a_wrong_address_names_the_place(url: str, place: str, words: str, open_tcp: Any) -> None:
    with pytest.raises(ScannerAddressInvalid, match=words) as wrong:
        open_tcp(url)
    assert wrong.value.place == place


def test_every_option_has_its_words() -> None:
    assert set(TCP_OPTIONS) == {
        "connect_ms", "suffix", "prefix", "gap_ms", "keepalive_s", "duplicate_ms", "burst_per_s",
    }  # fmt: skip
    assert all(TCP_OPTIONS.values())
