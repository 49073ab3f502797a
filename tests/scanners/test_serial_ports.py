"""A serial scanner against everything a shop does to its port: held, forbidden, moved, pulled out, out of reach."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import serial
from serial_made import CODE, PACK, SETTINGS, healths, made

from scanners.line import LineScanner
from scanners.ports import PortUnavailable, SerialOpener, SerialPort, UsbIdentity, unavailable
from scanners.scan import Health, HealthChange, Scan, ScannerEvent, Terminator

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
