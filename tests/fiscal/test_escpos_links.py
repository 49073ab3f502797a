"""Jobs over a real TCP socket, a pseudo-terminal and files."""

import os
import pty
import select
import socket
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from escpos_machine import BODY, JOB, TAIL, Machine, opened, steady

from fiscal.escpos.address import parse_url
from fiscal.escpos.lines import Cut, Text
from fiscal.escpos.links import LinkFailed, TcpAddress
from fiscal.escpos.outcome import Handover
from fiscal.escpos.printer import Printer
from fiscal.escpos.profiles import profile
from fiscal.escpos.status import PrintState


@contextmanager
def tcp_machine(machine: Machine) -> Iterator[int]:
    """The machine behind port 9100's protocol, on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                while data := connection.recv(4096):
                    if answer := machine.receive(data):
                        connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_a_network_printer_prints_and_answers() -> None:
    machine = Machine(steady())
    with tcp_machine(machine) as port:
        printer = opened(f"escpos+tcp://127.0.0.1:{port}?profile=epson-tm-t20-58&timeout_s=2")
        outcome = printer.print_lines([Text("Құны"), Cut()])
        assert outcome.state is PrintState.OK
        second = printer.print_job(JOB)
    assert second.state is PrintState.OK, "the link is opened for each job and closed after it"
    assert bytes.fromhex("8D A2 ED FB 0A") + TAIL in machine.printed
    assert machine.printed.endswith(BODY + TAIL)
    assert machine.asked == [1, 4, 1, 2, 4] * 2


def test_a_network_printer_out_of_paper_says_so() -> None:
    machine = Machine(steady(q4=b"\x7e"))
    with tcp_machine(machine) as port:
        assert opened(f"escpos+tcp://127.0.0.1:{port}").print_job(JOB).state is PrintState.PAPER_OUT
    assert machine.printed == b""


def test_a_mute_network_printer_gets_its_receipt() -> None:
    machine = Machine(lambda _query, _printed: b"")
    with tcp_machine(machine) as port:
        outcome = opened(f"escpos+tcp://127.0.0.1:{port}", supported=False).print_job(JOB)
    assert outcome.state is PrintState.UNKNOWN
    assert machine.printed == BODY + TAIL


def test_a_refused_connection_is_tried_three_times_and_then_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waits: list[float] = []
    printer = Printer(
        TcpAddress("127.0.0.1", port, 1.0), profile("generic"), monotonic=time.monotonic, sleep=waits.append
    )
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.OFFLINE, "busy", Handover.NONE)
    assert waits == [0.3, 0.6]


def test_a_printer_that_takes_the_call_and_hangs_up_serves_somebody_else_and_is_tried_three_times() -> None:
    calls: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for number in range(3):
                listener.accept()[0].close()
                calls.append(number)

        thread = threading.Thread(target=serve)
        thread.start()
        waits: list[float] = []
        address = TcpAddress("127.0.0.1", listener.getsockname()[1], 1.0)
        printer = Printer(address, profile("generic"), monotonic=time.monotonic, sleep=waits.append)
        outcome = printer.print_job(JOB)
        thread.join(5)
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.OFFLINE, "busy", Handover.NONE)
    assert (calls, waits) == ([0, 1, 2], [0.3, 0.6])
    assert printer.kept == JOB


@contextmanager
def pty_machine(machine: Machine) -> Iterator[str]:
    """The machine behind a pseudo-terminal: the till opens the other side as its serial port."""
    ours, theirs = pty.openpty()
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
        yield os.ttyname(theirs)
    finally:
        os.write(stop_write, b"x")
        thread.join(5)
        for descriptor in (ours, theirs, stop_read, stop_write):
            os.close(descriptor)


def settled(machine: Machine, end: bytes) -> bool:
    """The last bytes of a closed port reach the other side a moment later."""
    for _ in range(100):
        if machine.printed.endswith(end):
            return True
        time.sleep(0.01)
    return False


def test_a_serial_printer_prints_and_answers() -> None:
    machine = Machine(steady())
    with pty_machine(machine) as device:
        printer = opened(f"escpos+serial://{device}?profile=epson-tm-t20&baud=115200&flow=none&timeout_s=2")
        outcome = printer.print_job(JOB)
        assert outcome.state is PrintState.OK
        assert settled(machine, BODY + TAIL)
    assert machine.asked == [1, 4, 1, 2, 4]


def test_a_serial_port_keeps_the_settings_of_its_url() -> None:
    machine = Machine(steady())
    with pty_machine(machine) as device:
        address = parse_url(f"escpos+serial://{device}?baud=19200&flow=xonxoff", time.monotonic, time.sleep)
        link = address.opener.open()
        descriptor = os.open(device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        flags = termios.tcgetattr(descriptor)
        os.close(descriptor)
        with pytest.raises(LinkFailed) as taken:
            address.opener.open()
        link.close()
    assert flags[4] == termios.B19200
    assert flags[0] & termios.IXON
    assert taken.value.cause == "busy"


def test_a_serial_printer_pulled_out_in_mid_job_is_an_outcome() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    device = os.ttyname(theirs)

    def serve() -> None:
        os.read(ours, 3)
        os.close(ours)

    thread = threading.Thread(target=serve)
    thread.start()
    outcome = opened(f"escpos+serial://{device}?profile=epson-tm-t20&baud=115200&flow=none").print_job(JOB)
    thread.join(5)
    os.close(theirs)
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.OFFLINE, "closed", Handover.NONE)


def test_a_serial_port_that_is_not_there_is_not_found() -> None:
    outcome = opened("escpos+serial:///dev/ttyNOPE9?baud=9600&profile=epson-tm-t20").print_job(JOB)
    assert (outcome.state, outcome.cause) == (PrintState.OFFLINE, "not_found")


def test_a_file_takes_every_job_one_after_the_other(tmp_path: Path) -> None:
    target = tmp_path / "receipts.bin"
    printer = opened(f"escpos+file://{target}?profile=epson-tm-t20")
    assert printer.print_job(JOB).state is PrintState.OK
    assert printer.print_job(JOB).state is PrintState.OK
    assert target.read_bytes() == (BODY + TAIL) * 2
    assert printer.kept is None


def test_a_one_way_device_prints_and_leaves_the_state_unknown() -> None:
    outcome = opened("escpos+file:///dev/null?profile=epson-tm-t20").print_job(JOB)
    assert (outcome.state, outcome.handover) == (PrintState.UNKNOWN, Handover.ALL)


def test_an_unplugged_device_is_not_replaced_by_a_file() -> None:
    outcome = opened("escpos+file:///dev/usb-lp-of-nobody?profile=epson-tm-t20").print_job(JOB)
    assert (outcome.state, outcome.cause) == (PrintState.OFFLINE, "not_found")
    assert not Path("/dev/usb-lp-of-nobody").exists()


def test_a_full_device_is_an_outcome() -> None:
    outcome = opened("escpos+file:///dev/full?profile=epson-tm-t20").print_job(JOB)
    assert (outcome.state, outcome.cause) == (PrintState.OFFLINE, "closed")
