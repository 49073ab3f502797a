"""The kernel's formats: Documentation/ABI, and what an ordinary machine shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_sysfs import HID_POS_REPORT, KEYBOARD_KEYS, KEYBOARD_REPORT, MOUSE_KEYS, FakeMachine

from scanners.sysfs import hidraw_nodes, input_nodes, serial_nodes, video_nodes


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def test_a_machine_without_sys_has_no_nodes(tmp_path: Path) -> None:
    assert [nodes(tmp_path) for nodes in (serial_nodes, hidraw_nodes, input_nodes, video_nodes)] == [[], [], [], []]


def test_a_hidraw_node_tells_ids_names_and_descriptor(machine: FakeMachine) -> None:
    machine.hid(10, 3, "0c2e:0b81", "Honeywell Voyager", HID_POS_REPORT, "18061B4A3C")
    machine.hid(2, 5, "05e0:1200", "Zebra DS2278", KEYBOARD_REPORT, "94:fb:29:00:11:22")
    bluetooth, scanner = hidraw_nodes(machine.root)
    assert (scanner.device, scanner.vid, scanner.pid) == (str(machine.root / "dev/hidraw10"), 0x0C2E, 0x0B81)
    assert (scanner.serial_number, scanner.name, scanner.bus) == ("18061B4A3C", "Honeywell Voyager", 3)
    assert (scanner.place, scanner.report) == ("usb-0000:00:14.0-10/input0", HID_POS_REPORT)
    assert (bluetooth.bus, bluetooth.serial_number) == (5, "94:fb:29:00:11:22")


@pytest.mark.parametrize(
    "uevent", ["", "HID_ID=0003:000005E0", "HID_ID=x:y:z\nHID_NAME", "HID_ID=0003:000005E0:00001900:1"]
)
def test_a_uevent_without_ids_gives_a_node_without_ids(machine: FakeMachine, uevent: str) -> None:
    machine.hid(0, 3, "05e0:1900", "Symbol", b"")
    (machine.root / "sys/class/hidraw/hidraw0/device/uevent").write_text(uevent)
    (node,) = hidraw_nodes(machine.root)
    assert (node.vid, node.pid, node.bus) == (None, None, 0)


def test_an_input_node_tells_its_keys(machine: FakeMachine) -> None:
    machine.input(4, 3, "046d:c31c", "Logitech USB Keyboard", KEYBOARD_KEYS, "")
    machine.input(3, 3, "046d:c077", "Logitech Mouse", MOUSE_KEYS)
    mouse, keyboard = input_nodes(machine.root)
    assert {1, 2, 16, 28, 30, 44, 57, 96, 97} <= keyboard.keys
    assert (keyboard.vid, keyboard.pid, keyboard.bus, keyboard.name) == (0x046D, 0xC31C, 3, "Logitech USB Keyboard")
    assert mouse.keys == frozenset(range(0x110, 0x115))  # BTN_LEFT to BTN_EXTRA.


def test_a_cdc_port_is_told_with_its_usb_device(machine: FakeMachine) -> None:
    machine.usb("1-1.2", "05e0:1701", "S123", "Symbol Bar Code Scanner", interfaces=1)
    machine.acm(0, "1-1.2", "05e0:1701")
    (port,) = serial_nodes(machine.root)
    assert (port.device, port.vid, port.pid) == (str(machine.root / "dev/ttyACM0"), 0x05E0, 0x1701)
    assert (port.serial_number, port.product, port.driver) == ("S123", "Symbol Bar Code Scanner", "cdc_acm")
    assert port.location == "1-1.2"


@pytest.mark.parametrize(
    ("told", "release"), [("0305", "3.05"), ("0100", "1.00"), ("1063", "10.63"), ("", ""), ("1", ""), ("03a5", "")]
)
def test_every_kind_of_node_tells_maker_and_version_of_its_usb_device(
    machine: FakeMachine, told: str, release: str
) -> None:
    machine.usb("1-1", "05e0:1701", product="Bar Code Scanner", maker="Symbol Technologies", release=told)
    machine.acm(0, "1-1", "05e0:1701")
    machine.usb("1-2", "0c2e:0b81", maker="Honeywell", release=told)
    machine.hid(2, 3, "0c2e:0b81", "Honeywell Voyager", HID_POS_REPORT, event=4)
    machine.usb("1-3", "046d:0825", maker="Logitech", release=told)
    machine.camera(0, "1-3", "046d:0825", "UVC Camera")
    port, hid, keys, camera = (
        nodes(machine.root)[0] for nodes in (serial_nodes, hidraw_nodes, input_nodes, video_nodes)
    )
    assert [port.release, hid.release, keys.release, camera.release] == [release] * 4
    assert [port.manufacturer, hid.maker, keys.maker, camera.maker] == [
        "Symbol Technologies", "Honeywell", "Honeywell", "Logitech"
    ]  # fmt: skip


def test_ports_of_one_device_differ_by_interface(machine: FakeMachine) -> None:
    machine.acm(0, "1-6", "2c7c:0125", interface=0)
    machine.acm(1, "1-6", "2c7c:0125", interface=2)
    assert [port.location for port in serial_nodes(machine.root)] == ["1-6:1.0", "1-6:1.2"]


def test_a_converter_is_told_with_its_usb_device(machine: FakeMachine) -> None:
    machine.usb_serial(0, "1-3", "0403:6001", "A50285BI", "FT232R USB UART")
    (port,) = serial_nodes(machine.root)
    assert (port.vid, port.pid, port.serial_number, port.location) == (0x0403, 0x6001, "A50285BI", "1-3")


def test_a_uart_without_chip_and_a_name_without_node_are_no_ports(machine: FakeMachine) -> None:
    there = machine.uart(0, 4)
    machine.uart(1, 0)
    Path(machine.acm(0, "1-1", "05e0:1701")).unlink()
    assert [port.device for port in serial_nodes(machine.root)] == [there]


def test_a_bluetooth_port_tells_the_other_end(machine: FakeMachine) -> None:
    machine.rfcomm(0, "00:11:22:33:44:55")
    (port,) = serial_nodes(machine.root)
    assert (port.bluetooth, port.vid) == ("00:11:22:33:44:55", None)


def test_a_camera_shows_two_nodes_of_which_the_first_gives_pictures(machine: FakeMachine) -> None:
    machine.camera(10, "1-9", "046d:0825", "C270", 1)
    machine.camera(2, "1-9", "046d:0825", "C270", 0)
    first, second = video_nodes(machine.root)
    assert (first.device, first.name, first.index) == (str(machine.root / "dev/video2"), "C270", 0)
    assert (first.vid, first.pid, second.index) == (0x046D, 0x0825, 1)


def test_a_device_unplugged_while_we_look_is_told_as_far_as_it_was_seen(machine: FakeMachine) -> None:
    machine.hid(0, 3, "0c2e:0b81", "Honeywell", HID_POS_REPORT)
    (machine.root / "sys/class/hidraw/hidraw0/device").unlink()
    (machine.root / "sys/class/tty/ttyACM7").symlink_to(machine.root / "gone")
    assert [node.vid for node in hidraw_nodes(machine.root)] == [None]
    assert serial_nodes(machine.root) == []
