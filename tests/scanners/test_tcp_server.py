"""Scanners call the agent over TCP: several at a time, never mixed."""

from __future__ import annotations

import ipaddress
import os
import random
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from scanners.address import ScannerAddressInvalid, Surroundings
from scanners.scan import Health, HealthChange, Scan, ScannerEvent, Terminator
from scanners.tcp import TCP_SERVER_OPTIONS, tcp_server_scanner
from scanners.tcp_listener import Admission, IpAddress
from scanners.tcp_server import TcpServerScanner

CODE = b"]d20104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"

Server = Callable[..., TcpServerScanner]
Caller = Callable[..., socket.socket]


@pytest.fixture
def server(clock: Any) -> Iterator[Server]:
    opened: list[TcpServerScanner] = []

    def make(url: str = "tcp-listen://127.0.0.1:0") -> TcpServerScanner:
        around = Surroundings(now=clock.now, monotonic=clock.monotonic, read_timeout_s=0.02)
        scanner = tcp_server_scanner("hall", urlsplit(url), around)
        assert isinstance(scanner, TcpServerScanner)
        opened.append(scanner)
        return scanner

    yield make
    for scanner in opened:
        scanner.close()


@pytest.fixture
def call() -> Iterator[Caller]:
    opened: list[socket.socket] = []

    def connect(scanner: TcpServerScanner, host: str = "127.0.0.1", source: str | None = None) -> socket.socket:
        assert scanner.port is not None
        opened.append(socket.create_connection((host, scanner.port), 5, (source, 0) if source else None))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def polled(scanner: TcpServerScanner, count: int = 1) -> list[ScannerEvent]:
    """Poll until so many events came."""
    events: list[ScannerEvent] = []
    for _ in range(200):
        events += scanner.poll()
        if len(events) >= count:
            return events
    return events


def reads(events: list[ScannerEvent]) -> list[tuple[str, bytes]]:
    return [(event.source, event.data) for event in events if isinstance(event, Scan)]


def changes(events: list[ScannerEvent]) -> list[tuple[Health, str]]:
    return [(event.health, event.text) for event in events if isinstance(event, HealthChange)]


def test_a_caller_is_told_read_and_named(server: Server, call: Caller, clock: Any) -> None:
    scanner = server()
    assert changes(scanner.poll()) == [(Health.OFFLINE, "waiting for a scanner to connect")]
    device = call(scanner)
    assert changes(polled(scanner)) == [(Health.ONLINE, "connected: 127.0.0.1")]
    device.sendall(CODE + b"\r")
    assert polled(scanner) == [
        Scan(CODE, "]d2", "hall@127.0.0.1", clock.utc_ns, Terminator.SUFFIX, first_at_ns=clock.utc_ns)
    ]
    device.close()
    assert changes(polled(scanner)) == [
        (Health.OFFLINE, "127.0.0.1 closed the connection; waiting for a scanner to connect")
    ]


def test_the_bytes_of_two_devices_never_meet_in_one_code(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?allow=127.0.0.0/8")
    scanner.poll()
    left, right = call(scanner, source="127.0.0.2"), call(scanner, source="127.0.0.3")
    events = polled(scanner, 2)
    assert scanner.health is Health.ONLINE
    for start in range(0, 90, 10):
        left.sendall((CODE + b"\r")[start : start + 10])
        right.sendall((PACK + b"\r")[start : start + 10])
        events += scanner.poll()
    while len(reads(events)) < 2:
        more = polled(scanner)
        assert more
        events += more
    assert sorted(reads(events)) == [("hall@127.0.0.2", CODE), ("hall@127.0.0.3", PACK)]


def test_two_open_connections_from_one_address_have_two_names(server: Server, call: Caller) -> None:
    scanner = server()
    scanner.poll()
    first = call(scanner)
    polled(scanner)
    second = call(scanner)
    first.sendall(b"from the first\r")
    second.sendall(b"from the second\r")
    events = polled(scanner, 2) + scanner.poll()
    assert sorted(reads(events)) == [("hall@127.0.0.1", b"from the first"), ("hall@127.0.0.1#2", b"from the second")]
    first.close()
    polled(scanner)
    call(scanner).sendall(b"back again\r")
    assert reads(polled(scanner, 2)) == [("hall@127.0.0.1", b"back again")]


def test_a_lost_caller_leaves_its_unfinished_code_as_evidence_of_its_own(server: Server, call: Caller) -> None:
    scanner = server()
    scanner.poll()
    device = call(scanner)
    device.sendall(CODE[:30])
    polled(scanner)
    device.close()
    events = polled(scanner, 2)
    (partial,) = [event for event in events if isinstance(event, Scan)]
    assert (partial.source, partial.data, partial.terminator) == ("hall@127.0.0.1", CODE[:30], Terminator.UNPLUG)
    call(scanner).sendall(CODE[30:] + b"\r")
    assert reads(polled(scanner, 2)) == [("hall@127.0.0.1", CODE[30:])]


def test_the_same_unit_from_two_devices_is_two_scans_and_from_one_it_is_one(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?allow=127.0.0.0/8")
    scanner.poll()
    left, right = call(scanner, source="127.0.0.2"), call(scanner, source="127.0.0.3")
    left.sendall(CODE + b"\r")
    polled(scanner, 3)
    right.sendall(CODE + b"\r" + CODE[3:] + b"\r")
    (scan, dropped) = polled(scanner, 2)
    assert reads([scan]) == [("hall@127.0.0.3", CODE)]
    assert not isinstance(dropped, Scan)


def test_who_is_not_allowed_is_refused_and_told_once(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?allow=192.168.1.0/24,127.0.0.2")
    scanner.poll()
    for _ in range(3):
        stranger = call(scanner)
        scanner.poll()
        assert stranger.recv(10) == b""
    assert scanner.health is Health.OFFLINE
    call(scanner, source="127.0.0.2").sendall(PACK + b"\r")
    assert reads(polled(scanner, 2)) == [("hall@127.0.0.2", PACK)]


def test_a_refusal_says_who_and_why(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?allow=192.168.1.0/24")
    scanner.poll()
    call(scanner)
    assert changes(polled(scanner)) == [(Health.OFFLINE, "refused 127.0.0.1: it is not in allow=")]
    call(scanner)
    assert [scanner.poll() for _ in range(5)] == [[]] * 5


def test_one_more_than_the_limit_is_told_busy(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?allow=127.0.0.0/8&clients=1")
    scanner.poll()
    first = call(scanner, source="127.0.0.2")
    polled(scanner)
    second = call(scanner, source="127.0.0.3")
    assert changes(polled(scanner)) == [
        (Health.ONLINE, "refused 127.0.0.3: busy: 1 connected already, the limit of clients=")
    ]
    assert second.recv(10) == b""
    first.sendall(PACK + b"\r")
    assert reads(polled(scanner)) == [("hall@127.0.0.2", PACK)]


def test_a_scanner_that_lost_its_radio_takes_the_place_of_its_own_dead_connection(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?clients=1")
    scanner.poll()
    call(scanner).sendall(CODE[:20])
    polled(scanner)
    again = call(scanner)
    again.sendall(PACK + b"\r")
    events = polled(scanner, 2)
    assert reads(events) == [("hall@127.0.0.1", CODE[:20]), ("hall@127.0.0.1", PACK)]
    assert scanner.health is Health.ONLINE
    for number in range(4):  # The system gives a connection the number of one that was closed.
        call(scanner).sendall(b"%07d\r" % number)
        assert reads(polled(scanner)) == [("hall@127.0.0.1", b"%07d" % number)]


def test_a_connection_that_loses_its_place_is_read_to_its_end(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?clients=1&burst_per_s=0")
    scanner.poll()
    old = call(scanner)
    scanner.poll()
    sent = [b"%07d" % number for number in range(2000)]  # More than one read takes.
    old.sendall(b"".join(code + b"\r" for code in sent))
    call(scanner)
    assert [data for _, data in reads(scanner.poll())] == sent


def test_a_silent_caller_is_asked_whether_it_is_still_there(server: Server, call: Caller) -> None:
    scanner = server()
    scanner.poll()
    caller = call(scanner)
    polled(scanner)
    here, there = f":{scanner.port:04X}", f":{caller.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    (ours,) = [row for row in rows if row[1].endswith(here) and row[2].endswith(there)]
    assert ours[5].startswith("02:")  # The timer that runs is that of keep-alive (man proc(5), /proc/net/tcp).


def test_a_port_in_use_is_busy_and_tried_again(server: Server, clock: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        scanner = server(f"tcp-listen://127.0.0.1:{port}")
        assert changes(scanner.poll()) == [
            (Health.BUSY, f"127.0.0.1:{port} is in use by another program: end it, or take another port")
        ]
        assert scanner.poll() == []
    clock.pass_ms(500)
    assert changes(scanner.poll()) == [(Health.OFFLINE, "waiting for a scanner to connect")]
    assert scanner.port == port


def test_an_address_this_machine_does_not_have_is_offline(server: Server) -> None:
    ((health, text),) = changes(server("tcp-listen://192.0.2.1:0?allow=0.0.0.0/0").poll())
    assert health is Health.OFFLINE
    assert "192.0.2.1:0: this machine does not have that address now" in text


@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
def test_one_listener_on_every_address_takes_ipv6_and_ipv4(server: Server, call: Caller, host: str) -> None:
    scanner = server("tcp-listen://[::]:0?allow=127.0.0.0/8,::1")
    scanner.poll()
    call(scanner, host).sendall(PACK + b"\r")
    assert reads(polled(scanner, 2)) == [(f"hall@{host}", PACK)]


def test_a_notice_of_one_device_names_it(server: Server, call: Caller) -> None:
    scanner = server()
    scanner.poll()
    call(scanner).sendall(b"x" * 600)
    events = polled(scanner, 3)
    (scan,) = [event for event in events if isinstance(event, Scan)]
    assert scan.terminator is Terminator.OVERFLOW
    assert changes(events)[-1][1].startswith("127.0.0.1: no end of a code came within 512 bytes")


def test_closing_hands_over_what_every_device_had_unfinished(server: Server, call: Caller) -> None:
    scanner = server("tcp-listen://127.0.0.1:0?allow=127.0.0.0/8")
    scanner.poll()
    for source in ("127.0.0.2", "127.0.0.3"):
        call(scanner, source=source).sendall(b"half")
    polled(scanner, 2)
    scanner.poll()
    assert reads(scanner.close()) == [("hall@127.0.0.2", b"half"), ("hall@127.0.0.3", b"half")]
    assert scanner.close() == []
    assert scanner.port is None


def test_the_thread_serves_many_devices_and_stops_with_the_rest() -> None:
    url = urlsplit("tcp-listen://127.0.0.1:0?allow=127.0.0.0/8&duplicate_ms=0&burst_per_s=0&gap_ms=10000")
    scanner = tcp_server_scanner("hall", url, Surroundings(now=time.time_ns, monotonic=time.monotonic))
    assert isinstance(scanner, TcpServerScanner)
    events: list[ScannerEvent] = []
    listening, stop, all_there = threading.Event(), threading.Event(), threading.Event()

    def sink(event: ScannerEvent) -> None:
        events.append(event)
        listening.set()
        if len(reads(events)) == 200:
            all_there.set()

    def feed(number: int, port: int) -> None:
        rng = random.Random(number)
        with socket.create_connection(("127.0.0.1", port), 5, (f"127.0.0.{number}", 0)) as device:
            rest = b"".join(b"%d-%07d\r" % (number, count) for count in range(50))
            while rest:
                size = rng.randrange(1, 40)
                device.sendall(rest[:size])
                rest = rest[size:]
            stop.wait(10)

    thread = threading.Thread(target=scanner.run, args=(stop, sink))
    thread.start()
    feeders: list[threading.Thread] = []
    try:
        assert listening.wait(10)
        assert scanner.port is not None
        feeders = [threading.Thread(target=feed, args=(number, scanner.port)) for number in range(2, 6)]
        for feeder in feeders:
            feeder.start()
        assert all_there.wait(10)
    finally:
        stop.set()
        for one in (thread, *feeders):
            one.join(10)
    assert not thread.is_alive()
    for number in range(2, 6):
        name = f"hall@127.0.0.{number}"
        assert [data for source, data in reads(events) if source == name] == [
            b"%d-%07d" % (number, count) for count in range(50)
        ]


def test_a_refused_caller_is_remembered_without_end_of_memory() -> None:
    admission = Admission(())
    addresses: list[IpAddress] = [ipaddress.IPv4Address(number) for number in range(1000)]
    assert all(admission.is_news(address, "no") for address in addresses)
    assert not admission.is_news(addresses[-1], "no")
    assert admission.is_news(addresses[0], "no")


@pytest.mark.parametrize(
    ("url", "place", "words"),
    [
        ("tcp-listen://0.0.0.0:7000", "allow", "which network may send"),
        ("tcp-listen://[::]:7000", "allow", "which network may send"),
        ("tcp-listen://shop-pc:7000", "allow", "which network may send"),
        ("tcp-listen://127.0.0.1:7000?allow=192.168.1", "allow", "IPv4 or IPv6 network"),
        ("tcp-listen://127.0.0.1:7000?clients=0", "clients", "1 to 64"),
        ("tcp-listen://127.0.0.1:7000?burst_per_s=x", "burst_per_s", "whole number"),
        ("tcp-listen://127.0.0.1", "address", "HOST:PORT"),
        ("tcp-listen://127.0.0.1:7000?connect_ms=100", "connect_ms", "unknown"),
    ],
)
def test_a_wrong_address_names_the_place(url: str, place: str, words: str, server: Server) -> None:
    with pytest.raises(ScannerAddressInvalid, match=words) as wrong:
        server(url)
    assert wrong.value.place == place


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "[::1]", "localhost"])
def test_this_machine_alone_needs_no_permission(host: str, server: Server) -> None:
    assert server(f"tcp-listen://{host}:0").health is None


def test_every_option_has_its_words() -> None:
    assert all(TCP_SERVER_OPTIONS.values())
    assert {"allow", "clients", "suffix", "keepalive_s"} < set(TCP_SERVER_OPTIONS)


def test_too_few_descriptors_to_listen_are_told_and_tried_again(server: Server, clock: Any) -> None:
    scanner = server()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as taken:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
        taken.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        spare = taken.enter_context(Path(os.devnull).open("rb"))
        with suppress(OSError):
            while True:
                taken.enter_context(Path(os.devnull).open("rb"))
        spare.close()  # Enough for the socket, not for the wait over it.
        ((health, text),) = changes(scanner.poll())
        assert (health, "Too many open files" in text) == (Health.OFFLINE, True)
        assert scanner.port is None
        Path(os.devnull).open("rb").close()  # The socket was given back.
    clock.pass_ms(500)
    scanner.poll()
    assert scanner.port
