"""From the last byte of a code on a serial line to its Scan event, against a bare read of the same kind of terminal.

The scanner is a process of its own, as a device is. Both readers wait in a thread of their own, as in the agent, and
both are woken by the carriage return alone: the rest of the code was read before. So the ratio is what pyserial,
framing, the AIM table and the rule for doubles cost. The two are measured turn by turn, so that whatever else the
machine does meets both.

By the clock the product is given the codes come two seconds apart, at a cashier's pace; of codes within half a second
the rule for doubles reads each, which takes about 0.1 ms more.
"""

from __future__ import annotations

import itertools
import os
import select
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import pytest

from scanners.address import Surroundings
from scanners.scan import Scan
from scanners.serial import serial_scanner

ROUNDS = 1000
WARM_UP = 50
P99_FLOOR_MS = 2.0  # What the product promises; told, not asserted.
WAIT_S = 10.0

# Reads "port number" and answers with the time at which the carriage return left, late enough to wake nobody early.
DEVICE = """
import sys, time
from hw_sim.line_pty import PtyPort

CODE = b"]d20104870000000104213%012d\\x1d91KZF1\\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
ports = [PtyPort(), PtyPort()]
for port in ports:
    port.plug()
print(*(port.path for port in ports), flush=True)
for line in sys.stdin:
    port, number = map(int, line.split())
    ports[port].write(CODE % number)
    time.sleep(0.002)
    left_ns = time.monotonic_ns()
    ports[port].write(b"\\r")
    time.sleep(0.005)
    print(left_ns, flush=True)
"""

PACE_NS = 2_000_000_000

Arrivals = SimpleQueue[tuple[int, bytes]]  # When, by the clock that all processes share, and what.


@pytest.fixture
def device() -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", DEVICE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    with child:
        yield child
        assert child.stdin is not None
        child.stdin.close()


def run_product(path: str, stop: threading.Event, arrived: Arrivals) -> None:
    count = 0

    def now() -> int:
        return time.time_ns() + count * PACE_NS

    around = Surroundings(now=now, monotonic=time.monotonic, discovery=list)
    scanner = serial_scanner("pty", urlsplit(f"serial://{path}"), around)

    def sink(event: object) -> None:
        nonlocal count
        at_ns = time.monotonic_ns()
        if isinstance(event, Scan):
            count += 1
            arrived.put((at_ns, event.data))

    scanner.run(stop, sink)


def run_bare(path: str, stop: threading.Event, arrived: Arrivals) -> None:
    """The yardstick: wait in select, read."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    code = b""
    while not stop.is_set():
        if not select.select([fd], [], [], 0.05)[0]:
            continue
        data = os.read(fd, 4096)
        at_ns = time.monotonic_ns()
        code += data
        if data.endswith(b"\r"):
            arrived.put((at_ns, code[:-1]))
            code = b""
    os.close(fd)


def percentile_ms(times_s: list[float], part: int) -> float:
    return statistics.quantiles(times_s, n=100, method="inclusive")[part - 1] * 1e3


@pytest.mark.benchmark(group="serial byte to scan event")
def test_the_last_byte_to_the_event(
    benchmark: Any, device: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert device.stdin is not None
    assert device.stdout is not None
    arrived: tuple[Arrivals, Arrivals] = (SimpleQueue(), SimpleQueue())
    times_s: tuple[list[float], list[float]] = ([], [])
    stop = threading.Event()
    paths = device.stdout.readline().split()
    readers: tuple[Callable[[str, threading.Event, Arrivals], None], ...] = (run_product, run_bare)
    threads = [
        threading.Thread(target=reader, args=(path, stop, queue))
        for reader, path, queue in zip(readers, paths, arrived, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.2)  # What is sent before a port is open would be flushed.
    numbers = itertools.count()

    def both() -> None:
        number = next(numbers)  # Never the same again: a code read twice is one scan.
        for port in (0, 1) if number % 2 else (1, 0):
            print(port, number, file=device.stdin, flush=True)
            left_ns = int(device.stdout.readline())  # type: ignore[union-attr]
            at_ns, data = arrived[port].get(timeout=WAIT_S)
            assert b"%012d" % number in data
            times_s[port].append((at_ns - left_ns) / 1e9)

    rounds, warm_up = (ROUNDS, WARM_UP) if benchmark.enabled else (20, 1)
    try:
        for _ in range(warm_up):
            both()
        for times in times_s:
            times.clear()
        benchmark.pedantic(both, rounds=rounds if benchmark.enabled else 1)
        while len(times_s[0]) < rounds:
            both()
    finally:
        stop.set()
        for thread in threads:
            thread.join(WAIT_S)
    ours, theirs = ({part: percentile_ms(times, part) for part in (50, 99)} for times in times_s)
    benchmark.extra_info.update(
        p50_ms=round(ours[50], 3),
        p99_ms=round(ours[99], 3),
        bare_p50_ms=round(theirs[50], 3),
        bare_p99_ms=round(theirs[99], 3),
        ratio_p50=round(ours[50] / theirs[50], 2),
        ratio_p99=round(ours[99] / theirs[99], 2),
        floor_p99_ms=P99_FLOOR_MS,
        rounds=rounds,
    )
    with capsys.disabled():
        print(f"\nserial byte to scan event: {benchmark.extra_info}")
    assert len(times_s[0]) == len(times_s[1]) == rounds
