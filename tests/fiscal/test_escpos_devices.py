"""Printers behind device nodes and USB numbers: found again after a replug, answered where there is a way back."""

import os
import select
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from escpos_machine import BODY, JOB, TAIL, Machine, opened, steady

from fiscal.escpos.address import PrinterUrlError, parse_url
from fiscal.escpos.links import LinkFailed, SerialAddress
from fiscal.escpos.links_device import DeviceLink, UsbAddress
from fiscal.escpos.outcome import Handover
from fiscal.escpos.printer import Printer
from fiscal.escpos.profiles import profile
from fiscal.escpos.status import PrintState
from fiscal.escpos.usb import UsbId, UsbNotOne, parse_id, printer_node, serial_port
from hw_sim.printer import model_named
from hw_sim.printer.pty import PtyPrinter

EPSON = UsbId(0x04B8, 0x0E15, "J5TY012345")


@dataclass
class Bus:
    """As much of /sys and /dev as a printer has."""

    root: Path

    @property
    def system_class(self) -> Path:
        return self.root / "class"

    @property
    def nodes(self) -> Path:
        return self.root / "dev"

    def plug(self, node: str, wanted: UsbId, target: Path | None = None) -> None:
        device = self.root / "devices" / f"{wanted.vendor:04x}-{node}"
        (device / "1.0").mkdir(parents=True)
        (device / "idVendor").write_text(f"{wanted.vendor:04x}\n")
        (device / "idProduct").write_text(f"{wanted.product:04x}\n")
        if wanted.serial:
            (device / "serial").write_text(f"{wanted.serial}\n")
        entry = self.system_class / node
        entry.mkdir(parents=True)
        (entry / "device").symlink_to(device / "1.0")
        self.nodes.mkdir(exist_ok=True)
        (self.nodes / node).symlink_to(target or "/dev/null")

    def unplug(self, node: str) -> None:
        (self.system_class / node / "device").unlink()
        (self.system_class / node).rmdir()
        (self.nodes / node).unlink()


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    return Bus(tmp_path)


def test_a_usb_printer_is_found_by_its_numbers_whatever_its_node(bus: Bus) -> None:
    bus.plug("lp0", UsbId(0x0416, 0x5011))
    bus.plug("lp1", EPSON)
    assert printer_node(EPSON, bus.system_class, bus.nodes) == bus.nodes / "lp1"
    assert printer_node(UsbId(0x04B8, 0x0E15), bus.system_class, bus.nodes) == bus.nodes / "lp1"
    bus.unplug("lp1")
    with pytest.raises(UsbNotOne, match="no printer 04b8:0e15, serial number J5TY012345"):
        printer_node(EPSON, bus.system_class, bus.nodes)
    bus.plug("lp3", EPSON)
    assert printer_node(EPSON, bus.system_class, bus.nodes) == bus.nodes / "lp3"


def test_two_printers_of_a_kind_need_their_serial_number(bus: Bus) -> None:
    bus.plug("lp0", EPSON)
    bus.plug("lp1", UsbId(0x04B8, 0x0E15, "OTHER"))
    with pytest.raises(UsbNotOne, match="lp0 and lp1 are all 04b8:0e15: name one by its serial number"):
        printer_node(UsbId(0x04B8, 0x0E15), bus.system_class, bus.nodes)


def test_a_replugged_printer_prints_the_next_receipt_from_its_new_node(bus: Bus) -> None:
    address = UsbAddress(EPSON, 5.0, bus.system_class, bus.nodes)
    printer = Printer(address, profile("epson-tm-t20"), monotonic=time.monotonic, sleep=time.sleep)
    with PtyPrinter(model_named("epson")) as first:
        bus.plug("lp0", EPSON, first.path)
        assert printer.print_job(JOB).state is PrintState.OK
        bus.unplug("lp0")
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.OFFLINE, "not_found", Handover.NONE)
    with PtyPrinter(model_named("epson")) as second:
        bus.plug("lp1", EPSON, second.path)
        again = printer.reprint()
        assert again is not None
        assert again.state is PrintState.OK
        with second.printer() as simulated:
            assert simulated.paper.lines[:3] == ["receipt"] * 3


@dataclass
class Port:
    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None = None


def test_a_usb_serial_printer_is_found_among_the_ports() -> None:
    ports = [
        Port("/dev/ttyS0", None, None),
        Port("/dev/ttyUSB0", 0x0416, 0x5011, "A"),
        Port("COM7", 0x0416, 0x5011, "B"),
    ]
    assert serial_port(UsbId(0x0416, 0x5011, "B"), lambda: ports) == "COM7"
    with pytest.raises(UsbNotOne, match="ttyUSB0 and COM7"):
        serial_port(UsbId(0x0416, 0x5011), lambda: ports)
    with pytest.raises(UsbNotOne, match="no printer 0416:5012"):
        serial_port(UsbId(0x0416, 0x5012), lambda: ports)


def test_a_serial_printer_that_is_unplugged_is_not_found() -> None:
    outcome = opened("escpos+serial://usb/ffff:fffe?profile=epson-tm-t20").print_job(JOB)
    assert (outcome.state, outcome.cause) == (PrintState.OFFLINE, "not_found")
    assert "ffff:fffe" in outcome.detail


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("escpos+usb://epson", "usb"),
        ("escpos+usb://04b8", "usb"),
        ("escpos+serial://usb/0416", "usb"),
        ("escpos+serial:///dev/ttyUSB0?serial=A", "serial"),
        ("escpos+usb://04b8:0e15?baud=9600", "baud"),
    ],
)
def test_a_wrong_usb_number_is_refused_with_its_place(url: str, place: str) -> None:
    with pytest.raises(PrinterUrlError) as refused:
        parse_url(url, time.monotonic, time.sleep)
    assert refused.value.place == place


def test_usb_urls_name_vendor_product_and_serial_number() -> None:
    found = parse_url("escpos+usb://04B8:0E15?serial=J5TY012345&timeout_s=2", time.monotonic, time.sleep).opener
    assert found == UsbAddress(EPSON, 2.0)
    port = parse_url("escpos+serial://usb/0416:5011?baud=115200", time.monotonic, time.sleep).opener
    assert isinstance(port, SerialAddress)
    assert port.device == UsbId(0x0416, 0x5011)
    assert parse_id("0416:501") is None


@contextmanager
def node_machine(machine: Machine) -> Iterator[Path]:
    """The machine behind a character device."""
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    stop_read, stop_write = os.pipe()

    def serve() -> None:
        while True:
            ready, _, _ = select.select([ours, stop_read], [], [], 5)
            if stop_read in ready or not ready:
                return
            if answer := machine.receive(os.read(ours, 4096)):
                os.write(ours, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Path(os.ttyname(theirs))
    finally:
        os.write(stop_write, b"x")
        thread.join(5)
        for descriptor in (ours, theirs, stop_read, stop_write):
            os.close(descriptor)


def test_a_device_node_that_has_a_way_back_tells_its_state() -> None:
    machine = Machine(steady())
    with node_machine(machine) as node:
        outcome = opened(f"escpos+file://{node}?profile=epson-tm-t20").print_job(JOB)
        assert outcome.state is PrintState.OK
        out = Machine(steady(q4=b"\x7e"))
    assert machine.asked == [1, 4, 1, 2, 4]
    assert BODY in machine.printed
    with node_machine(out) as node:
        assert opened(f"escpos+file://{node}?profile=epson-tm-t20").print_job(JOB).state is PrintState.PAPER_OUT


def test_a_node_whose_printer_takes_nothing_more_does_not_hold_the_till() -> None:
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    link = DeviceLink(Path(os.ttyname(theirs)), timeout_s=0.05)
    with pytest.raises(LinkFailed) as stalled:
        link.write(b"x" * 1_000_000)
    assert stalled.value.cause == "stalled"
    link.close()
    link.close()
    for descriptor in (ours, theirs):
        os.close(descriptor)


def test_a_node_that_ends_at_once_is_one_way_and_not_asked_again() -> None:
    link = DeviceLink(Path("/dev/null"))
    assert link.one_way is False
    assert link.read(5.0) == b""
    assert link.one_way is True
    link.close()


def test_a_plain_file_stays_a_plain_file(tmp_path: Path) -> None:
    target = tmp_path / "paper.bin"
    assert opened(f"escpos+file://{target}?profile=epson-tm-t20").print_job(JOB).state is PrintState.OK
    assert target.read_bytes() == BODY + TAIL
