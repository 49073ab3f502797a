from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fake_sysfs
import pytest

from scanners.address import ScannerAddressInvalid
from scanners.claims import lock
from scanners.evdev.driver import GRABBED, SHARED
from scanners.hidpos.driver import HIDRAW
from scanners.nodes import NodeIdentity, NodeOpener, NodePort, node_address, unavailable
from scanners.ports import LineClosed, PortUnavailable
from scanners.scan import Health
from scanners.sysfs import USB, Node

POS = "0c2e:0b81"
IDENTITY = NodeIdentity(0x0C2E, 0x0B81)
FREE = replace(HIDRAW, claim=lambda _: None)


class Machine(fake_sysfs.FakeMachine):
    """The nodes are pipes, so that they can be opened and spoken through."""

    def pipe(self, node: str) -> str:
        path = Path(node)
        path.unlink()
        os.mkfifo(path)
        return node

    def remove(self, kind: str, name: str) -> None:
        (self.root / "sys/class" / kind / name).unlink()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def scanner(machine: Machine) -> Callable[..., str]:
    def plug(number: int, serial: str = "", report: bytes = fake_sysfs.HID_POS_REPORT, ids: str = POS) -> str:
        return machine.pipe(machine.hid(number, USB, ids, "Scanner", report, serial))

    return plug


def opened(machine: Machine, address: str | NodeIdentity, kind: Any = FREE) -> str:
    """Open, send a byte through the node that was meant, and say which it was."""
    opener = NodeOpener(kind, address, machine.root, 0.01)
    return reached(machine, opener)


def reached(machine: Machine, opener: NodeOpener) -> str:
    port = opener()
    try:
        for node in sorted((machine.root / "dev").glob("**/*")):
            if node.is_symlink() or not node.is_fifo():
                continue
            try:
                fd = os.open(node, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue
            os.write(fd, b"x")
            os.close(fd)
            if port.read(64) == b"x":
                return node.name
    finally:
        port.close()
    raise AssertionError("no node was opened")


def refused(machine: Machine, address: str | NodeIdentity, kind: Any = FREE) -> PortUnavailable:
    with pytest.raises(PortUnavailable) as error:
        NodeOpener(kind, address, machine.root, 0.01)()
    return error.value


@pytest.mark.parametrize(
    ("url", "options", "address"),
    [
        ("hidpos:///dev/hidraw0", {}, "/dev/hidraw0"),
        ("evdev:///dev/input/by-id/usb-Symbol-event-kbd", {}, "/dev/input/by-id/usb-Symbol-event-kbd"),
        ("hidpos://usb/0c2e:0B81", {}, NodeIdentity(0x0C2E, 0x0B81)),
        ("hidpos://usb/0c2e:0b81", {"serial": "S1"}, NodeIdentity(0x0C2E, 0x0B81, "S1")),
        ("hidpos://usb/0c2e:0b81", {"location": "usb-1"}, NodeIdentity(0x0C2E, 0x0B81, location="usb-1")),
    ],
)
def test_an_address_names_a_node_or_an_identity(url: str, options: dict[str, str], address: object) -> None:
    assert node_address(urlsplit(url), options) == address


@pytest.mark.parametrize("url", ["hidpos://", "hidpos:///", "hidpos://hidraw0", "hidpos://usb/0c2e", "hidpos://usb/"])
def test_an_address_that_names_nothing_is_refused(url: str) -> None:
    with pytest.raises(ScannerAddressInvalid, match=r"^address: "):
        node_address(urlsplit(url), {})


def test_a_scanner_is_found_by_its_identity_under_any_name(machine: Machine, scanner: Any) -> None:
    scanner(0, "S1")
    scanner(3, "S2")
    assert opened(machine, NodeIdentity(0x0C2E, 0x0B81, "S2")) == "hidraw3"
    assert opened(machine, NodeIdentity(0x0C2E, 0x0B81, location="usb-0000:00:14.0-0")) == "hidraw0"


def test_of_the_nodes_of_one_scanner_the_one_that_sends_codes_is_opened(machine: Machine, scanner: Any) -> None:
    scanner(0, "S1", fake_sysfs.VENDOR_REPORT)
    scanner(1, "S1")
    assert opened(machine, IDENTITY) == "hidraw1"


def test_a_scanner_in_another_mode_is_told_as_such(machine: Machine, scanner: Any) -> None:
    scanner(0, "S1", fake_sysfs.KEYBOARD_REPORT)
    told = refused(machine, IDENTITY)
    assert told.health is Health.OFFLINE
    assert "not as a HID POS scanner" in told.text


def test_two_equal_scanners_are_not_guessed_between(machine: Machine, scanner: Any) -> None:
    scanner(0)
    scanner(1)
    told = refused(machine, IDENTITY)
    assert told.health is Health.OFFLINE
    assert "hidraw0 (location usb-0000:00:14.0-0)" in told.text
    assert "location=" in told.text


def test_a_scanner_that_is_not_plugged_in_is_offline(machine: Machine) -> None:
    assert (refused(machine, IDENTITY).health, refused(machine, IDENTITY).text) == (
        Health.OFFLINE,
        "USB 0c2e:0b81: not plugged in",
    )
    assert refused(machine, str(machine.root / "dev/hidraw9")).health is Health.OFFLINE


def test_a_keyboard_is_found_by_its_keys_and_not_by_its_volume_buttons(machine: Machine) -> None:
    machine.pipe(machine.input(2, USB, "05e0:1200", "Scanner", fake_sysfs.KEYBOARD_KEYS, "S1"))
    machine.pipe(machine.input(3, USB, "05e0:1200", "Scanner Consumer Control", fake_sysfs.MOUSE_KEYS, "S1"))
    assert opened(machine, NodeIdentity(0x05E0, 0x1200), replace(SHARED, claim=lambda _: None)) == "event2"


def test_a_scanner_named_by_path_is_found_after_a_replug_under_another_name(machine: Machine, scanner: Any) -> None:
    old = scanner(0, "S1")
    opener = NodeOpener(FREE, old, machine.root, 0.01)
    assert reached(machine, opener) == "hidraw0"
    machine.remove("hidraw", "hidraw0")
    Path(old).unlink()
    scanner(4, "S1")
    assert reached(machine, opener) == "hidraw4"


def test_a_link_to_a_node_is_known_for_the_node(machine: Machine, scanner: Any) -> None:
    link = machine.root / "dev/by-id"
    link.symlink_to(scanner(0, "S1"))
    opener = NodeOpener(FREE, str(link), machine.root, 0.01)
    assert reached(machine, opener) == "hidraw0"
    link.unlink()
    machine.remove("hidraw", "hidraw0")
    scanner(5, "S1")
    assert reached(machine, opener) == "hidraw5"


def test_another_device_under_the_old_name_is_not_opened(machine: Machine, scanner: Any) -> None:
    old = scanner(0, "S1")
    opener = NodeOpener(FREE, old, machine.root, 0.01)
    reached(machine, opener)
    machine.remove("hidraw", "hidraw0")
    other = machine.hid(7, USB, "046d:c52b", "Mouse", fake_sysfs.KEYBOARD_REPORT, "M1")
    machine.remove("hidraw", "hidraw7")
    (machine.root / "sys/class/hidraw/hidraw0").symlink_to(
        next(machine.root.glob("sys/devices/**/hidraw/hidraw7")), target_is_directory=True
    )
    Path(other).unlink()
    with pytest.raises(PortUnavailable, match="another device now"):
        opener()


@pytest.mark.parametrize(
    ("kind", "number", "health", "words"),
    [
        (GRABBED, errno.EBUSY, Health.BUSY, ["/dev/x", "another program"]),
        (HIDRAW, errno.EAGAIN, Health.BUSY, ["/dev/x", "another program"]),
        (GRABBED, errno.EACCES, Health.DENIED, ["/dev/x", "group input", "usermod -aG input", "USB 0c2e:0b81"]),
        (HIDRAW, errno.EACCES, Health.DENIED, ["/dev/x", "60-pos-agent-scanners.rules", "USB 0c2e:0b81"]),
        (HIDRAW, errno.ENOENT, Health.OFFLINE, ["/dev/x", "not plugged in"]),
        (HIDRAW, errno.ENODEV, Health.OFFLINE, ["/dev/x", "not plugged in"]),
        (GRABBED, errno.ENOTTY, Health.OFFLINE, ["/dev/x", "no keyboard scanner"]),
        (HIDRAW, errno.EIO, Health.OFFLINE, ["/dev/x", "Input/output"]),
    ],
)
def test_an_error_at_opening_says_what_to_do(kind: Any, number: int, health: Health, words: list[str]) -> None:
    error = OSError(number, os.strerror(number))
    told = unavailable(kind, "/dev/x", error, Node("/dev/x", 0x0C2E, 0x0B81))
    assert told.health is health
    assert [word for word in words if word not in told.text] == []


def test_a_device_that_another_program_grabbed_is_busy_and_closed_again(machine: Machine, scanner: Any) -> None:
    node = scanner(0, "S1")
    seen: list[int] = []

    def grab(fd: int) -> None:
        seen.append(fd)
        raise OSError(errno.EBUSY, "Device or resource busy")

    assert refused(machine, node, replace(FREE, claim=grab)).health is Health.BUSY
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(seen[0])


def test_a_second_reader_of_a_locked_node_is_refused(machine: Machine, scanner: Any) -> None:
    scanner(0, "S1")
    kind = replace(HIDRAW, claim=lock)
    first = NodeOpener(kind, IDENTITY, machine.root, 0.01)()
    assert refused(machine, IDENTITY, kind).health is Health.BUSY
    first.close()
    assert opened(machine, IDENTITY, kind) == "hidraw0"


Pair = tuple[NodePort, socket.socket]


@pytest.fixture
def reports() -> Iterator[Pair]:
    """Packets keep their borders, as the reports of hidraw do."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    port = NodePort(ours.detach(), "/dev/hidraw0", 0.05, report_bytes=64)
    yield port, theirs
    port.close()
    theirs.close()


def test_reports_of_other_sizes_do_not_shift_the_ones_after_them(reports: Pair) -> None:
    port, device = reports
    for report in (b"\x05\x63", b"\x02" * 64, b"\x06" * 80):
        device.send(report)
    assert port.read(4096) == b"\x05\x63".ljust(64, b"\0") + b"\x02" * 64 + b"\x06" * 64


def test_every_output_report_is_a_write_of_its_own(reports: Pair) -> None:
    port, device = reports
    port.write(b"a" * 64 + b"b" * 64)
    assert [device.recv(4096) for _ in range(2)] == [b"a" * 64, b"b" * 64]


def test_what_was_read_before_the_end_is_handed_over_before_the_end_is_told(reports: Pair) -> None:
    port, device = reports
    device.send(b"\x02" * 64)
    device.close()
    assert port.read(4096) == b"\x02" * 64
    with pytest.raises(LineClosed, match="/dev/hidraw0: unplugged"):
        port.read(4096)


def test_a_silent_node_gives_nothing_after_the_wait(reports: Pair) -> None:
    assert reports[0].read(4096) == b""


def test_a_node_that_may_only_be_read_takes_no_lamp_and_does_not_complain() -> None:
    reading, writing = os.pipe()
    port = NodePort(reading, "/dev/input/event0", 0.01, may_write=False)
    port.write(b"lamp")
    os.write(writing, b"key")
    assert port.read(4096) == b"key"
    port.close()
    os.close(writing)
