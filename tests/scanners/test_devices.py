"""What `devices list` finds, on machines made of files."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_sysfs import HID_POS_REPORT, KEYBOARD_KEYS, KEYBOARD_REPORT, MOUSE_KEYS, VENDOR_REPORT, FakeMachine

from scanners import guess
from scanners.devices import Device, Kind, inventory, likely, probe
from scanners.guess import Confidence, Role
from scanners.occupancy import State
from scanners.ports import LineSettings, SerialOpener, UsbIdentity, parse_address
from scanners.sysfs import serial_nodes


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def only(machine: FakeMachine, **wanted: object) -> Device:
    found = [
        device
        for device in inventory(machine.root).devices
        if all(getattr(device, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1
    return found[0]


@dataclass
class Listed:
    """One line of Windows' port list, as pyserial gives it."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None
    description: str = ""
    manufacturer: str | None = None
    product: str | None = None
    hwid: str = ""


@pytest.mark.parametrize(
    ("ids", "product", "what", "role", "confidence"),
    [
        ("05e0:1701", "Symbol Bar Code Scanner", "Zebra scanner, serial mode (CDC)", Role.SCANNER, Confidence.SURE),
        ("1eab:1d06", "", "Newland scanner, serial mode (CDC)", Role.SCANNER, Confidence.SURE),
        ("1eab:8306", "", "Newland scanner, serial mode (CDC)", Role.SCANNER, Confidence.SURE),
        ("0c2e:ffff", "", "Honeywell scanner, serial mode (CDC)", Role.SCANNER, Confidence.LIKELY),
        ("05f9:4204", "", "Datalogic Gryphon, QuickScan scanner", Role.SCANNER, Confidence.SURE),
        ("1234:5678", "2D Barcode Scanner", "scanner, serial mode (CDC)", Role.SCANNER, Confidence.LIKELY),
        ("1234:5678", "Arduino Uno", "USB-serial adapter", Role.ADAPTER, Confidence.PERHAPS),
        ("0483:5740", "STM32 Virtual ComPort", "STMicroelectronics", Role.ADAPTER, Confidence.PERHAPS),
        ("2c7c:0125", "EC25", "GSM modem, no scanner", Role.MODEM, Confidence.LIKELY),
        ("2912:0005", "", "fiscal register?", Role.REGISTER, Confidence.LIKELY),
        ("04b8:0202", "", "receipt printer", Role.PRINTER, Confidence.LIKELY),
    ],
)
def test_a_serial_port_is_guessed_by_its_numbers_and_name(
    machine: FakeMachine, ids: str, product: str, what: str, role: Role, confidence: Confidence
) -> None:
    machine.acm(0, "1-1", ids, "S1", product)
    found = only(machine, kind=Kind.SERIAL)
    assert what in found.guess.what
    assert (found.guess.role, found.guess.confidence) == (role, confidence)
    assert (found.usb_id, bool(found.url)) == (ids, role in (Role.SCANNER, Role.ADAPTER))


@pytest.mark.parametrize(
    ("maker", "product", "model"),
    [
        ("Symbol Technologies", "Bar Code Scanner", "Symbol Technologies Bar Code Scanner"),
        ("Honeywell", "HONEYWELL Voyager 1450g", "HONEYWELL Voyager 1450g"),
        ("", "Scanner", "Scanner"),
        ("Newland", "", "Newland"),
        ("", "", ""),
    ],
)
def test_a_model_is_what_the_device_calls_itself_its_maker_once(
    machine: FakeMachine, maker: str, product: str, model: str
) -> None:
    machine.usb("1-1", "05e0:1701", product=product, maker=maker, release="0305")
    machine.acm(0, "1-1", "05e0:1701")
    found = only(machine, kind=Kind.SERIAL)
    assert (found.model, found.release) == (model, "3.05")


def test_a_hid_pos_scanner_is_told_by_its_descriptor_whatever_its_number(machine: FakeMachine) -> None:
    machine.hid(1, 3, "1234:5678", "Unheard of", HID_POS_REPORT, "987")
    found = only(machine, kind=Kind.HIDRAW)
    assert (found.guess.what, found.guess.confidence) == ("scanner, HID POS", Confidence.SURE)
    assert found.url == "hidpos://usb/1234:5678?serial=987"


def test_a_keyboard_scanner_is_told_once_with_its_switch_to_serial(machine: FakeMachine) -> None:
    machine.hid(1, 3, "0c2e:0204", "Metrologic Scanner", KEYBOARD_REPORT, "S1", event=4)
    assert [device.kind for device in inventory(machine.root).devices if likely(device)] == [Kind.KEYBOARD]
    found = only(machine, kind=Kind.KEYBOARD)
    assert found.guess.what == "Honeywell MS7120 scanner, keyboard mode"
    assert "terminal id 130" in found.guess.advice
    assert found.url == "evdev://usb/0c2e:0204?serial=S1"


def test_a_scanner_in_a_mode_without_driver_says_how_to_leave_it(machine: FakeMachine) -> None:
    machine.hid(1, 3, "05e0:1900", "Symbol Bar Code Scanner", VENDOR_REPORT)
    found = only(machine, kind=Kind.HIDRAW)
    assert "SNAPI" in found.guess.what
    assert "CDC COM Port Emulation" in found.guess.advice
    assert (found.url, likely(found)) == ("", True)


def test_a_service_channel_and_a_mouse_are_left_out(machine: FakeMachine) -> None:
    machine.hid(1, 3, "0c2e:0b87", "Honeywell", VENDOR_REPORT)
    machine.input(2, 3, "046d:c077", "Mouse", MOUSE_KEYS)
    (channel,) = inventory(machine.root).devices
    assert not likely(channel)


def test_the_cashiers_keyboard_is_never_called_a_scanner(machine: FakeMachine) -> None:
    machine.input(3, 3, "046d:c31c", "Logitech USB Keyboard", KEYBOARD_KEYS)
    machine.input(0, 0x11, "0001:0001", "AT Translated Set 2 keyboard", KEYBOARD_KEYS)
    for device in inventory(machine.root).devices:
        assert (device.guess.role, device.guess.confidence) == (Role.UNKNOWN, Confidence.PERHAPS)
        assert "only if a scan types here" in device.guess.advice


def test_a_camera_gets_the_number_of_its_node(machine: FakeMachine) -> None:
    machine.camera(2, "1-9", "046d:0825", "C270")
    machine.camera(3, "1-9", "046d:0825", "C270", 1)
    assert [device.url for device in inventory(machine.root).devices if likely(device)] == ["camera:2"]


def test_a_bluetooth_and_a_board_port_are_addressed_by_name(machine: FakeMachine) -> None:
    blue, board = machine.rfcomm(0, "00:11:22:33:44:55"), machine.uart(0, 4)
    assert {device.url for device in inventory(machine.root).devices} == {f"serial://{blue}", f"serial://{board}"}


@pytest.mark.parametrize(
    "plug",
    [
        lambda m: m.acm(0, "1-1", "05e0:1701", "S 1/&?"),
        lambda m: [m.acm(n, f"1-{n}", "05e0:1701", f"S{n}") for n in (1, 2)],
        lambda m: [m.usb_serial(n, f"1-{n}", "1a86:7523") for n in (1, 2)],
        lambda m: [m.usb_serial(n, f"1-{n}", "10c4:ea60", "0001") for n in (1, 2)],  # All CP2102 are number 0001.
        lambda m: [m.acm(n, "1-1", "067e:0803", "S1", interface=2 * n) for n in (0, 1)],
    ],
)
def test_the_address_of_a_usb_port_means_this_port_and_no_other(
    machine: FakeMachine, plug: Callable[[FakeMachine], object]
) -> None:
    plug(machine)
    ports = serial_nodes(machine.root)
    assert ports
    for device in inventory(machine.root).devices:
        url = urlsplit(device.url)
        options = {name: values[0] for name, values in parse_qs(url.query).items()}
        address = parse_address(url.netloc, url.path, options.get("serial"), options.get("location"))
        assert isinstance(address, UsbIdentity)
        assert [port.device for port in ports if address.matches(port)] == [device.port]  # type: ignore[arg-type]


def test_equal_hid_devices_without_numbers_are_addressed_by_node(machine: FakeMachine) -> None:
    nodes = [machine.hid(n, 3, "0c2e:0b81", "Honeywell", HID_POS_REPORT) for n in (1, 2)]
    assert [device.url for device in inventory(machine.root).devices] == [f"hidpos://{node}" for node in nodes]


def test_a_port_of_the_agent_is_held_as_it_should_be(machine: FakeMachine) -> None:
    port = machine.acm(0, "1-1", "05e0:1701", "S1")
    machine.process(812, "pos-agent", port)
    found = only(machine, port=port)
    assert found.state is State.HELD
    assert "pos-agent (pid 812): as it should be" in found.remedy


def test_a_port_of_the_modem_manager_is_held_with_the_remedy(machine: FakeMachine) -> None:
    port = machine.acm(0, "1-1", "05e0:1701", "S1")
    machine.process(7, "ModemManager", port)
    assert "ID_MM_DEVICE_IGNORE" in only(machine, port=port).remedy
    assert inventory(machine.root).modem_manager


def test_a_port_this_user_may_not_open_is_denied_with_its_group(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = machine.acm(0, "1-1", "05e0:1701", "S1")
    group = os.getgid() or 20
    os.chown(port, -1, group)
    (machine.root / "etc/group").write_text(f"dialout:x:{group}:\n")
    hidraw = machine.hid(1, 3, "0c2e:0b81", "Honeywell", HID_POS_REPORT)
    Path(hidraw).chmod(0o600)
    monkeypatch.setattr(os, "access", lambda *_: False)  # Tests may run as root, who may open everything.
    denied = {device.port: device for device in inventory(machine.root).devices}
    assert {device.state for device in denied.values()} == {State.DENIED}
    assert "sudo usermod -aG dialout USER" in denied[port].remedy
    assert "udev rule" in denied[hidraw].remedy


def test_a_keyboard_that_the_desktop_reads_is_free(machine: FakeMachine) -> None:
    keyboard = machine.input(3, 3, "046d:c31c", "Logitech USB Keyboard", KEYBOARD_KEYS)
    machine.process(700, "Xorg", keyboard)
    assert only(machine, port=keyboard).state is State.FREE


def test_on_windows_serial_ports_come_from_the_systems_list(tmp_path: Path) -> None:
    listed = [
        Listed("COM5", 0x05E0, 0x1701, "S123", "1-1", "USB Serial Device (COM5)", "Zebra"),
        Listed("COM7", description="Standard Serial over Bluetooth link (COM7)", hwid=r"BTHENUM\{00001101}"),
    ]
    found = inventory(tmp_path, lambda: listed)
    assert [device.url for device in found.devices] == ["serial://usb/05e0:1701?serial=S123", "serial://COM7"]
    assert [device.state for device in found.devices] == [State.UNKNOWN] * 2
    assert (found.serial_only, found.devices[1].guess.what) == (True, "Bluetooth serial port")


def test_nothing_is_opened_to_list_devices(machine: FakeMachine) -> None:
    """Every node is a pipe without a writer: opening one for reading would wait for ever."""
    nodes = [machine.acm(0, "1-1", "05e0:1701", "S1"), machine.hid(1, 3, "0c2e:0b81", "H", HID_POS_REPORT)]
    for node in map(Path, nodes):
        node.unlink()
        os.mkfifo(node)
    child = [sys.executable, "-c", "import sys; from scanners.devices import *; inventory(Path(sys.argv[1]))"]
    subprocess.run([*child, str(machine.root)], check=True, timeout=20)


def device_at(port: str, kind: Kind = Kind.SERIAL, state: State = State.UNKNOWN) -> Device:
    found = guess.Guess("x", Role.SCANNER, Confidence.SURE, "", "serial")
    return Device(kind, port, None, None, "", "", found, f"serial://{port}", state)


def test_a_probe_opens_and_lets_go(line: object) -> None:
    line.plug()  # type: ignore[attr-defined]
    port = str(line.path)  # type: ignore[attr-defined]
    assert probe(device_at(port)).state is State.FREE
    holder = SerialOpener(port, LineSettings(), list)()
    try:
        told = probe(device_at(port))
        assert (told.state, "another program" in told.remedy) == (State.HELD, True)
    finally:
        holder.close()
    assert probe(device_at(port)).state is State.FREE


def test_a_probe_of_a_node_tells_what_the_system_says(tmp_path: Path) -> None:
    node = tmp_path / "hidraw0"
    node.touch()
    assert probe(device_at(str(node), Kind.HIDRAW)).state is State.FREE
    told = probe(device_at(str(tmp_path / "hidraw1"), Kind.HIDRAW))
    assert (told.state, os.strerror(errno.ENOENT) in told.remedy) == (State.UNKNOWN, True)


def test_a_probe_leaves_a_held_port_alone(tmp_path: Path) -> None:
    held = device_at(str(tmp_path / "missing"), state=State.HELD)
    assert probe(held) is held


def test_every_row_of_the_table_is_whole_and_every_product_has_a_maker() -> None:
    vendors, products = guess._tables()
    assert len(vendors) > 20
    assert len(products) > 20
    for row in vendors.values():
        assert Role(str(row["role"]))
        assert row["name"]
        assert row["source"]
    for (vid, pid), row in products.items():
        known = guess.known(vid, pid)
        assert known is not None
        assert known.maker
        assert row["mode"] in ("serial", "keyboard", "hidpos", "other")
        assert row["source"]
