"""A serial scanner against everything a shop does to it: nothing is lost, split, glued or doubled without a word."""

from __future__ import annotations

import errno
import fcntl
import gc
import os
import random
import struct
import subprocess
import sys
import termios
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import serial

from hw_sim.scanner.memory import MemoryLine
from hw_sim.scanner.script import Chunk, Wire
from hw_sim.scanner.sim import ScannerSim
from scanners.duplicates import DuplicateFilter
from scanners.framing import Framing
from scanners.line import LineScanner
from scanners.plain import PlainText
from scanners.ports import LineSettings, PortUnavailable, SerialOpener, SerialPort, UsbIdentity, unavailable
from scanners.scan import DroppedRead, Health, HealthChange, Scan, ScannerEvent, Terminator

CODE = b"]d20104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = b"04870249811936t1Xrb-xQWhpeGhG"
SETTINGS = LineSettings(read_timeout_s=0.02)
TIOCGEXCL = 0x80045440  # Asks whether TIOCEXCL is set; the standard library does not name it.
NOBODY = 65534


@dataclass
class Listed:
    """One line of the system's port list."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None


def made(opener: Any, clock: Any, **options: Any) -> LineScanner:
    return LineScanner("left", opener, PlainText(Framing()), now=clock.now, monotonic=clock.monotonic, **options)


def healths(events: list[ScannerEvent]) -> list[Health]:
    return [event.health for event in events if isinstance(event, HealthChange)]


@contextmanager
def unprivileged() -> Iterator[None]:
    """Let permissions count, for root passes them all."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def exclusive(fd: int) -> bool:
    return bool(struct.unpack("i", fcntl.ioctl(fd, TIOCGEXCL, struct.pack("i", 0)))[0])


# Ports


def test_an_open_port_is_closed_to_programs_that_do_not_ask_and_keeps_dtr(line: Any) -> None:
    line.plug()
    far_end = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    try:
        settings = termios.tcgetattr(far_end)
        settings[2] |= termios.HUPCL
        termios.tcsetattr(far_end, termios.TCSANOW, settings)
        port = SerialPort(str(line.path), SETTINGS)
        assert exclusive(far_end)
        assert not termios.tcgetattr(far_end)[2] & termios.HUPCL
        with unprivileged(), pytest.raises(OSError, match=r"busy|denied"):
            os.open(os.ttyname(far_end), os.O_RDWR | os.O_NOCTTY)
        port.close()
        assert not exclusive(far_end)
    finally:
        os.close(far_end)


def test_a_program_that_holds_the_port_is_told_until_it_lets_go(
    line: Any, clock: Any, poll_until: Any, data_of: Any
) -> None:
    line.plug()
    program = (
        "import fcntl, os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY);"
        "fcntl.flock(fd, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(line.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    scanner = made(SerialOpener(str(line.path), SETTINGS), clock)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert healths(scanner.poll()) == [Health.BUSY]
        clock.pass_ms(500)
        assert scanner.poll() == []
        assert holder.stdin is not None
        holder.stdin.close()
    clock.pass_ms(1000)
    assert healths(scanner.poll()) == [Health.ONLINE]
    line.send(PACK + b"\r")
    assert data_of(poll_until(scanner)) == [PACK]
    scanner.close()


def test_a_permission_that_is_taken_and_given_is_told(line: Any, clock: Any, poll_until: Any, data_of: Any) -> None:
    line.plug()
    device = Path(os.path.realpath(line.path))
    scanner = made(SerialOpener(str(device), SETTINGS), clock)
    device.chmod(0)
    with unprivileged():
        (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.DENIED
    assert str(device) in change.text
    assert "dialout" in change.text
    device.chmod(0o666)
    clock.pass_ms(500)
    with unprivileged():
        assert healths(scanner.poll()) == [Health.ONLINE]
        line.send(PACK + b"\r")
        assert data_of(poll_until(scanner)) == [PACK]
    scanner.close()


def test_a_scanner_without_serial_number_is_found_by_its_socket_under_another_name(line: Any, tmp_path: Path) -> None:
    line.plug()
    old, new = str(line.path), tmp_path / "ttyACM1"
    ports = [Listed(old, 0x05E0, 0x1701, None, "1-2"), Listed("/dev/ttyACM9", 0x05E0, 0x1701, None, "1-3")]
    opener = SerialOpener(old, SETTINGS, lambda: ports)
    opener().close()
    line.unplug()
    line.path = new
    line.plug()
    ports[:] = [Listed(old, 0x05E0, 0x1701, None, "1-3"), Listed(str(new), 0x05E0, 0x1701, None, "1-2")]
    port = opener()
    line.send(b"x")
    assert port.read(10) == b"x"
    port.close()


def test_a_scanner_without_serial_number_may_move_to_another_socket(line: Any) -> None:
    line.plug()
    ports = [Listed(str(line.path), 0x05E0, 0x1701, None, "1-2")]
    opener = SerialOpener(str(line.path), SETTINGS, lambda: ports)
    opener().close()
    ports[:] = [Listed(str(line.path), 0x05E0, 0x1701, None, "1-4")]
    opener().close()
    ports[:] = [Listed(str(line.path), 0x0403, 0x6001, None, "1-4")]
    with pytest.raises(PortUnavailable, match="another device now"):
        opener()


def test_every_unplug_under_another_name_keeps_every_scan(tmp_path: Path, line: Any, clock: Any) -> None:
    rng = random.Random(3)
    identity = UsbIdentity(0x05E0, 0x1701, "S123")
    ports: list[Listed] = []
    scanner = made(SerialOpener(identity, SETTINGS, lambda: ports), clock)
    events: list[ScannerEvent] = []
    sent: list[bytes] = []
    halves: list[bytes] = []
    for turn in range(12):
        line.path = tmp_path / f"ttyACM{rng.randrange(9)}"
        line.plug()
        ports[:] = [Listed(str(line.path), identity.vid, identity.pid, identity.serial_number)]
        clock.pass_ms(5000)
        events += scanner.poll()
        for number in range(rng.randrange(3)):
            sent.append(b"%07d" % (turn * 10 + number))
            line.send(sent[-1] + b"\r")
        halves.append(CODE[: rng.randrange(1, 80)])
        line.send(halves[-1])
        for _ in range(6):
            events += scanner.poll()
        line.unplug()
        ports.clear()
        for _ in range(3):
            events += scanner.poll()
    scans = [event for event in events if isinstance(event, Scan)]
    assert [scan.data for scan in scans if scan.terminator is Terminator.SUFFIX] == sent
    assert [scan.data for scan in scans if scan.terminator is Terminator.UNPLUG] == halves
    assert healths(events) == [Health.ONLINE, Health.OFFLINE] * 12
    scanner.close()


# Bluetooth


def bluetooth(line: Any, tmp_path: Path, clock: Any) -> LineScanner:
    line.path = tmp_path / "rfcomm0"
    line.plug()
    scanner = made(SerialOpener(str(line.path), SETTINGS), clock)
    assert healths(scanner.poll()) == [Health.ONLINE]
    return scanner


def test_a_lost_bluetooth_link_is_told_in_words_and_comes_back(
    line: Any, tmp_path: Path, clock: Any, poll_until: Any, data_of: Any
) -> None:
    scanner = bluetooth(line, tmp_path, clock)
    line.send(CODE[:33])
    assert scanner.poll() == []
    line.unplug()
    partial, change = poll_until(scanner)
    assert (partial.data, partial.terminator) == (CODE[:33], Terminator.UNPLUG)
    assert change.health is Health.OFFLINE
    assert change.text == (
        f"{line.path}: the Bluetooth link is lost: the scanner is switched off, out of range or out of battery"
    )
    line.plug()
    clock.pass_ms(500)
    scanner.poll()
    line.send(CODE + b"\r")
    assert data_of(poll_until(scanner)) == [CODE]
    scanner.close()


@pytest.mark.parametrize("name", ["EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ECONNREFUSED"])
def test_a_bluetooth_scanner_that_does_not_answer_is_told_as_that(name: str) -> None:
    error = serial.SerialException(getattr(errno, name), "could not open port")
    told = unavailable("/dev/rfcomm0", error)
    assert told.health is Health.OFFLINE
    assert told.text.startswith("/dev/rfcomm0: the Bluetooth scanner does not answer")
    assert "Bluetooth" not in unavailable("/dev/ttyACM0", error).text


@pytest.mark.parametrize("size", [1, 2, 3, 20, 63, 64, 127])
def test_any_chunks_of_a_radio_give_the_same_scans(size: int, clock: Any) -> None:
    memory, scanner = in_memory(clock)
    sim = ScannerSim(Wire(packet_bytes=size), suffix=b"\r\n")
    events: list[ScannerEvent] = []
    for code in (CODE, PACK, CODE[3:]):
        memory.feed(sim.scan(code))
        memory.feed([Chunk(1.0, b"")])
        events += played(memory, scanner, clock)
    assert [event.data for event in events if isinstance(event, Scan)] == [CODE, PACK, CODE[3:]]
    assert healths(events) == [Health.ONLINE]


# Bad input


def in_memory(clock: Any, **options: Any) -> tuple[MemoryLine, LineScanner]:
    memory = MemoryLine(clock.monotonic, lambda seconds: clock.pass_ms(seconds * 1000))

    class Held:
        """The memory line as a port; it is given back by nobody."""

        def read(self, max_bytes: int) -> bytes:
            return memory.read(max_bytes)

        def write(self, data: bytes) -> None:
            memory.write(data)

        def close(self) -> None: ...

    def opener() -> Any:
        if not memory.plugged:
            raise PortUnavailable(Health.OFFLINE, "not plugged in")
        return Held()

    return memory, made(opener, clock, **options)


def played(memory: MemoryLine, scanner: LineScanner, clock: Any, step_ms: float = 5) -> list[ScannerEvent]:
    """Poll until everything fed was read, and half a second on."""
    events = []
    end_s = max(memory.next_at or 0.0, clock.monotonic()) + 0.5
    while clock.monotonic() < end_s or memory.next_at is not None:
        events += scanner.poll()
        clock.pass_ms(step_ms)
    return events


def test_ten_megabytes_without_an_end_are_told_and_take_no_memory(clock: Any) -> None:
    noise = random.Random(1).randbytes(4096).translate(bytes(byte | 0x20 for byte in range(256)))

    class Endless:
        """A device that is no scanner: ten megabytes, then a code."""

        def __init__(self) -> None:
            self.left = 10_000_000 // len(noise)

        def read(self, max_bytes: int) -> bytes:
            self.left -= 1
            clock.pass_ms(1)
            return noise if self.left > 0 else b"\r" + PACK + b"\r" if self.left == 0 else b""

        def write(self, data: bytes) -> None: ...

        def close(self) -> None: ...

    scanner = made(Endless, clock)
    events: list[ScannerEvent] = []
    tracemalloc.start()
    for _ in range(10_000_000 // len(noise) + 3):
        events += scanner.poll()
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 200_000
    online, overflow, notice, scan = events
    assert (overflow.data, overflow.terminator) == (noise[:512], Terminator.OVERFLOW)  # type: ignore[union-attr]
    assert "no end of a code came within 512 bytes" in notice.text  # type: ignore[union-attr]
    assert scan.data == PACK  # type: ignore[union-attr]
    assert healths(events) == [Health.ONLINE, Health.ONLINE]
    assert online is events[0]


def test_overflow_is_explained_once_an_opening(clock: Any) -> None:
    memory, scanner = in_memory(clock)
    memory.feed([Chunk(0.01, b"x" * 600 + b"\r") for _ in range(5)])
    events = played(memory, scanner, clock)
    assert len([event for event in events if isinstance(event, Scan)]) == 5
    assert len(healths(events)) == 2
    memory.unplug()
    events = scanner.poll()
    memory.replug()
    clock.pass_ms(500)
    memory.feed([Chunk(0.01, b"x" * 600 + b"\r")])
    assert len(healths(played(memory, scanner, clock))) == 2


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_neither_crash_nor_leak_and_every_byte_is_accounted_for(seed: int, clock: Any) -> None:
    rng = random.Random(seed)
    memory, scanner = in_memory(clock)
    received = 0

    def minute() -> None:
        nonlocal received
        for _ in range(600):
            memory.feed([Chunk(0.01, rng.randbytes(rng.randrange(200)))])
            clock.pass_ms(100 if rng.random() < 0.9 else 700)
            for event in scanner.poll():
                scan = event.scan if isinstance(event, DroppedRead) else event
                received += len(scan.data) if isinstance(scan, Scan) else 0

    minute()
    tracemalloc.start()
    minute()
    gc.collect()
    first_bytes, _ = tracemalloc.get_traced_memory()
    for _ in range(4):
        minute()
    gc.collect()
    last_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last_bytes - first_bytes < 50_000
    assert received > 200_000
    assert scanner.health is Health.ONLINE
    memory.feed([Chunk(1.0, PACK + b"\r")])
    assert PACK in [event.data for event in played(memory, scanner, clock) if isinstance(event, Scan)]


def test_a_scanner_that_repeats_one_code_for_ever_is_one_scan_and_takes_no_memory(clock: Any) -> None:
    memory, scanner = in_memory(clock)
    scans = drops = 0

    def minutes(count: int) -> int:
        nonlocal scans, drops
        for _ in range(count * 60 * 10):
            memory.feed([Chunk(0.0, CODE + b"\r")])
            clock.pass_ms(100)
            for event in scanner.poll():
                scans += isinstance(event, Scan)
                drops += isinstance(event, DroppedRead)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    early_bytes = minutes(1)
    late_bytes = minutes(5)
    tracemalloc.stop()
    assert (scans, drops) == (1, 6 * 600 - 1)
    assert late_bytes - early_bytes < 10_000


def test_the_same_text_of_another_symbology_is_another_scan(clock: Any) -> None:
    memory, scanner = in_memory(clock)
    memory.feed([Chunk(0.01, b"]E04870249811936\r]d14870249811936\r]E04870249811936\r")])
    events = played(memory, scanner, clock)
    assert [event.data for event in events if isinstance(event, Scan)] == [b"]E04870249811936", b"]d14870249811936"]
    assert len([event for event in events if isinstance(event, DroppedRead)]) == 1


# Every fault the simulator has: what comes out is known beforehand.

Fault = tuple[dict[str, Any], list[tuple[bytes, Terminator]]]
WHOLE, GAP, UNPLUG = Terminator.SUFFIX, Terminator.GAP, Terminator.UNPLUG
FAULTS: dict[str, Fault] = {
    "none": ({}, [(PACK, WHOLE)]),
    "AIM identifier": ({"aim": "]d1"}, [(b"]d1" + PACK, WHOLE)]),
    "one byte a piece": ({"chunk": 1}, [(PACK, WHOLE)]),
    "a pause inside that is short": ({"chunk": 10, "gap_ms": 250}, [(PACK, WHOLE)]),
    "a pause inside that is long": (
        {"chunk": 16, "gap_ms": 400},
        [(PACK[:16], GAP), (PACK[16:], WHOLE)],
    ),
    "no suffix": ({"suffix": b""}, [(PACK, GAP)]),
    "two line ends": ({"suffix": b"\r\n"}, [(PACK, WHOLE)]),
    "cut": ({"cut_at": 20}, [(PACK[:20], GAP)]),
    "glued": ({"glue": (PACK,)}, [(PACK + PACK, WHOLE)]),
    "bit flipped": ({"flip_bit": 7}, [(b"1" + PACK[1:], WHOLE)]),
    # What comes in the very moment of the unplugging dies with the kernel's buffer.
    "unplugged inside": ({"chunk": 6, "unplug_after": 12}, [(PACK[:6], UNPLUG)]),
    "read twice": ({"repeat": 2, "repeat_gap_ms": 900}, [(PACK, WHOLE), (PACK, WHOLE)]),
    "read twice at once": ({"repeat": 2, "repeat_gap_ms": 100}, [(PACK, WHOLE)]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_the_line_gives_what_it_must(fault: str, clock: Any) -> None:
    options, expected = FAULTS[fault]
    memory, scanner = in_memory(clock)
    scanner.poll()
    memory.feed(ScannerSim(**options).scan(PACK))
    events = read_out(memory, scanner, clock)
    assert [(event.data, event.terminator) for event in events if isinstance(event, Scan)] == expected
    dropped = sum(isinstance(event, DroppedRead) for event in events)
    assert dropped == (fault == "read twice at once")


def read_out(memory: MemoryLine, scanner: LineScanner, clock: Any) -> list[ScannerEvent]:
    """A cable that came out gives what the kernel had handed over by then: poll often enough to have it."""
    events: list[ScannerEvent] = []
    for _ in range(6000):
        events += scanner.poll()
        clock.pass_ms(0.5)
    return events


def test_a_burst_of_stored_scans_loses_none_and_doubles_none(line: Any, clock: Any) -> None:
    line.plug()
    scanner = made(SerialOpener(str(line.path), SETTINGS), clock, duplicates=DuplicateFilter())
    events = scanner.poll()
    codes = [PACK[:14] + b"%07d" % number + PACK[21:] for number in range(120)]
    for code in codes:
        line.send(code + b"\r")
    for _ in range(20):
        events += scanner.poll()
    scanner.close()
    assert [event.data for event in events if isinstance(event, Scan)] == codes
