"""The scanner behind a line in memory and behind a pseudo-terminal."""

import os
import select
import sys

import pytest
import serial

from hw_sim.scanner import RS232, MemoryLine, Scan, ScannerSim, Wire

FULL = "0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="


class VirtualTime:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@pytest.fixture
def clock() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def line(clock: VirtualTime) -> MemoryLine:
    return MemoryLine(clock, clock.sleep)


def test_bytes_can_be_read_only_from_their_moment_on(line, clock):
    end = line.feed(ScannerSim(RS232).scan("123", chunk=2))
    assert end == pytest.approx(100.00417, abs=1e-5)
    assert line.read(64) == b""
    assert line.next_at == pytest.approx(100.00208, abs=1e-5)
    clock.now = line.next_at
    assert (line.in_waiting, line.read(64)) == (2, b"12")
    clock.now = end
    assert line.read(64) == b"3\r"
    assert line.next_at is None


def test_a_second_scan_queues_behind_the_first(line, clock):
    scanner = ScannerSim(Wire(9600))
    line.feed(scanner.scan("1"))
    assert line.feed(scanner.scan("2")) == pytest.approx(100 + 4 * 10 / 9600)
    clock.now += 1
    assert line.read(64) == b"1\r2\r"


def test_read_waits_for_size_or_timeout_as_pyserial_does(clock):
    line = MemoryLine(clock, clock.sleep, timeout_s=0.05)
    line.feed(ScannerSim(RS232).scan("123"))
    assert line.read(4) == b"123\r"
    assert clock.now == pytest.approx(100.00417, abs=1e-5)
    assert line.read(4) == b""
    assert clock.now == pytest.approx(100.05417, abs=1e-5)


def test_a_read_of_one_byte_leaves_the_rest(line, clock):
    line.feed(ScannerSim().scan("12"))
    clock.now += 1
    assert [line.read() for _ in range(4)] == [b"1", b"2", b"\r", b""]


def test_unplugging_in_the_middle_raises_and_loses_what_was_not_fetched(line, clock):
    line.feed(ScannerSim().scan(FULL, unplug_after=70))
    clock.now = line.next_at
    assert len(line.read(512)) == 64
    clock.now = line.next_at
    with pytest.raises(OSError, match="unplugged"):
        line.read(512)
    with pytest.raises(OSError, match="unplugged"):
        line.write(b"x")
    line.replug()
    line.feed(ScannerSim().scan("1"))
    clock.now += 1
    assert line.read(512) == b"1\r"


def test_a_waiting_read_meets_the_unplugging(clock):
    line = MemoryLine(clock, clock.sleep, timeout_s=1.0)
    line.feed(ScannerSim().unplug(0.3))
    with pytest.raises(OSError, match="unplugged"):
        line.read(1)
    assert clock.now == pytest.approx(100.3)


def test_what_the_host_writes_is_kept(line):
    assert line.write(b"\x04\xe9") == 2
    assert line.written == b"\x04\xe9"


if sys.platform != "win32":
    from hw_sim.scanner.pty import PtyScanner

    def test_a_host_with_pyserial_reads_a_scan_byte_for_byte(tmp_path):
        with PtyScanner(link=tmp_path / "scanner") as scanner:
            with serial.Serial(str(scanner.path), 115200, timeout=2.0, exclusive=True) as host:
                scanner.scan(Scan(FULL, aim="]d2"))
                assert host.read_until(b"\r") == b"]d2" + FULL.encode() + b"\r"
                host.write(b"\x16T\r")
                assert scanner.received(16, 2.0) == b"\x16T\r"
            assert scanner.overrun_bytes == 0

    def test_delays_of_the_script_are_spent_through_the_injected_sleep():
        spent: list[float] = []
        with PtyScanner(Wire(9600), sleep=spent.append) as scanner:
            scanner.scan(Scan("123", chunk=2))
        assert spent == pytest.approx([0.00208, 0.00208], abs=1e-5)

    def test_unplugging_breaks_the_host_and_the_link_leads_to_the_new_terminal(tmp_path):
        link = tmp_path / "scanner"
        with PtyScanner(link=link) as scanner:
            host = os.open(link, os.O_RDWR | os.O_NOCTTY)
            try:
                scanner.scan(Scan(FULL, unplug_after=70))
                assert not scanner.plugged
                assert not link.is_symlink()
                assert select.select([host], [], [], 2.0)[0]
                assert gone(host)
            finally:
                os.close(host)
            scanner.replug()
            with serial.Serial(str(link), timeout=2.0) as again:
                scanner.scan(Scan("1"))
                assert again.read_until(b"\r") == b"1\r"

    def gone(host: int) -> bool:
        """Read to the end: bytes the kernel still had, then an error or nothing."""
        try:
            while os.read(host, 512):
                continue
        except OSError:
            return True
        return True
