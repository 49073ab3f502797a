"""A print job from end to end: order, status rules, paper out, silence, TCP, pseudo-terminal and file."""

import os
import pty
import select
import socket
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fiscal.escpos import commands
from fiscal.escpos.address import PrinterUrlError, parse_url
from fiscal.escpos.job import PrintJob
from fiscal.escpos.lines import PAPER_58, Cut, Text
from fiscal.escpos.links import LinkFailed, SerialAddress, TcpAddress
from fiscal.escpos.printer import BLOCK_BYTES_MAX, Handover, Printer, messages, open_printer
from fiscal.escpos.profiles import Cutter, QrDialect, profile, profiles
from fiscal.escpos.raster import FontMissing
from fiscal.escpos.status import PrintState
from fiscal.escpos.text import Method

READY = {1: b"\x12", 2: b"\x12", 3: b"\x12", 4: b"\x12"}
BODY = b"\x1b@" + b"receipt\n" * 3
TAIL = b"\x1dVB\x00"
JOB = PrintJob(BODY, TAIL)

Answers = Callable[[int, bytes], bytes]  # (query, what was printed so far) -> answer


def steady(**changes: bytes) -> Answers:
    answers = READY | {int(key[1:]): value for key, value in changes.items()}
    return lambda query, _printed: answers[query]


@dataclass
class Machine:
    """A printer's controller as the command reference has it: real-time queries never reach the paper."""

    answers: Answers
    printed: bytes = b""
    asked: list[int] = field(default_factory=list)
    waiting: bytes = b""

    def receive(self, data: bytes) -> bytes:
        self.waiting += data
        out = b""
        while self.waiting:
            if self.waiting.startswith(b"\x10\x04"):
                if len(self.waiting) < 3:
                    break
                number = self.waiting[2]
                self.asked.append(number)
                out += self.answers(number, self.printed)
                self.waiting = self.waiting[3:]
            elif self.waiting == b"\x10":
                break
            else:
                self.printed += self.waiting[:1]
                self.waiting = self.waiting[1:]
        return out


@dataclass
class VirtualLink:
    """The machine on a line in virtual time: silence costs its wait, and nothing else does."""

    machine: Machine
    clock: list[float]
    one_way: bool = False
    paperless: bool = False
    writes: list[bytes] = field(default_factory=list)
    incoming: bytes = b""
    fail_on: bytes | None = None
    cause: str = "stalled"
    closed: int = 0

    def open(self) -> "VirtualLink":
        return self

    def write(self, data: bytes) -> None:
        if self.fail_on is not None and self.fail_on in data:
            raise LinkFailed(self.cause, "no more")
        self.writes.append(data)
        self.incoming += self.machine.receive(data)

    def settle(self) -> None:
        pass

    def read(self, timeout_s: float) -> bytes:
        if not self.incoming:
            self.clock[0] += timeout_s
            return b""
        data, self.incoming = self.incoming[:1], self.incoming[1:]
        return data

    def close(self) -> None:
        self.closed += 1


def virtual(answers: Answers, supported: bool | None = None) -> tuple[Printer, VirtualLink]:
    clock = [0.0]
    link = VirtualLink(Machine(answers), clock)

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    printer = Printer(
        link, profile("epson-tm-t20"), monotonic=lambda: clock[0], sleep=sleep, status_supported=supported
    )
    return printer, link


def test_the_order_of_a_job_is_ask_send_ask_cut() -> None:
    printer, link = virtual(steady())
    outcome = printer.print_job(JOB)
    assert outcome.state is PrintState.OK
    assert outcome.handover is Handover.ALL
    q1, q2, q4 = (bytes([0x10, 0x04, n]) for n in (1, 2, 4))
    assert link.writes == [q1, q4, BODY, q1, q2, q4, TAIL]
    assert link.closed == 1
    assert printer.kept is None
    assert printer.status_supported is True


def test_a_job_goes_out_in_blocks_of_four_kilobytes() -> None:
    printer, link = virtual(steady())
    printer.print_job(b"x" * 10000)
    assert [len(data) for data in link.writes if data.startswith(b"x")] == [4096, 4096, 1808]
    assert BLOCK_BYTES_MAX == 4096


@pytest.mark.parametrize(
    ("answers", "state", "cause"),
    [
        ({"q4": b"\x72"}, PrintState.PAPER_OUT, "paper_out"),
        ({"q4": b"\x52"}, PrintState.PAPER_OUT, "paper_out"),
        ({"q1": b"\x1a", "q2": b"\x16"}, PrintState.COVER_OPEN, "cover_open"),
        ({"q1": b"\x1a", "q2": b"\x52", "q3": b"\x1a"}, PrintState.ERROR, "cutter"),
        ({"q1": b"\x1a"}, PrintState.OFFLINE, "offline"),
    ],
)
def test_a_printer_that_cannot_print_gets_no_byte_of_the_job(
    answers: dict[str, bytes], state: PrintState, cause: str
) -> None:
    printer, link = virtual(steady(**answers))
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.cause, outcome.handover) == (state, cause, Handover.NONE)
    assert link.machine.printed == b""
    assert outcome.action.ru and outcome.action.kk
    assert printer.kept == JOB


def test_paper_out_in_mid_receipt_keeps_the_job_and_reprints_the_whole_copy() -> None:
    loaded = False

    def answers(query: int, printed: bytes) -> bytes:
        out = b"receipt" in printed and not loaded
        return {1: b"\x1a", 2: b"\x32", 4: b"\x72"}.get(query, b"\x12") if out else b"\x12"

    printer, link = virtual(answers)
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.handover) == (PrintState.PAPER_OUT, Handover.PART)
    assert TAIL not in link.machine.printed
    assert printer.reprint() is not None
    assert link.machine.printed.count(b"receipt") == 3, "still out of paper: nothing more is sent"
    loaded = True
    again = printer.reprint()
    assert again is not None
    assert again.state is PrintState.OK
    assert link.machine.printed == BODY + TAIL + BODY + TAIL, "the torn half is cut off, then all of it again"
    assert printer.reprint() is None


def test_silence_is_unknown_after_three_tries_and_the_receipt_is_still_sent() -> None:
    printer, link = virtual(lambda _query, _printed: b"")
    outcome = printer.print_job(JOB)
    assert outcome.state is PrintState.UNKNOWN
    assert outcome.handover is Handover.ALL
    assert link.machine.printed == BODY + TAIL
    assert link.machine.asked == [1, 1, 1, 1]
    assert link.clock[0] == pytest.approx(0.9 + 0.3)
    assert printer.status_supported is False
    assert printer.kept == JOB, "a copy may be needed"


def test_a_printer_known_to_be_mute_is_asked_once_and_heard_when_it_speaks_again() -> None:
    printer, link = virtual(steady(), supported=False)
    assert printer.print_job(JOB).state is PrintState.OK
    assert printer.status_supported is True
    mute, mute_link = virtual(lambda _query, _printed: b"", supported=False)
    assert mute.print_job(JOB).state is PrintState.UNKNOWN
    assert mute_link.machine.asked == [1, 1]
    assert link.machine.asked == [1, 4, 1, 2, 4]


def test_a_printer_that_answered_before_keeps_its_status_support_through_a_silence() -> None:
    printer, _ = virtual(lambda _query, _printed: b"", supported=True)
    assert printer.print_job(JOB).state is PrintState.UNKNOWN
    assert printer.status_supported is True


@pytest.mark.parametrize("noise", [b"\x00", b"\xff", b"\x13\x11\x00"])
def test_noise_is_not_an_answer(noise: bytes) -> None:
    printer, _ = virtual(lambda _query, _printed: noise)
    assert printer.print_job(JOB).state is PrintState.UNKNOWN
    heard, _ = virtual(lambda query, _printed: noise + READY[query])
    assert heard.print_job(JOB).state is PrintState.OK


def test_an_answer_that_comes_late_is_not_taken_for_the_next_question() -> None:
    asked: list[int] = []

    def answers(query: int, _printed: bytes) -> bytes:
        asked.append(query)
        # The first query 1 is answered together with its repetition; the paper query gets its own.
        return {1: b"" if len(asked) == 1 else b"\x12\x12", 4: b"\x72"}[query]

    printer, _ = virtual(answers)
    assert printer.print_job(JOB).state is PrintState.PAPER_OUT


def test_the_near_end_of_the_roll_is_warned_of_once() -> None:
    paper = [b"\x1e"]
    printer, _ = virtual(lambda query, _printed: paper[0] if query == 4 else b"\x12")
    first, second = printer.print_job(JOB), printer.print_job(JOB)
    assert (first.state, first.paper_low, first.warn_paper) == (PrintState.OK, True, True)
    assert (second.paper_low, second.warn_paper) == (True, False)
    paper[0] = b"\x12"
    assert not printer.print_job(JOB).paper_low
    paper[0] = b"\x1e"
    assert printer.print_job(JOB).warn_paper


def test_a_cleared_cutter_jam_is_recovered_before_the_copy() -> None:
    jammed = [True]

    def answers(query: int, printed: bytes) -> bytes:
        if b"\x10\x05\x02" in printed:
            jammed[0] = False
        return {1: b"\x1a", 2: b"\x52", 3: b"\x1a", 4: b"\x12"}[query] if jammed[0] else b"\x12"

    printer, link = virtual(answers)
    assert printer.print_job(JOB).cause == "cutter"
    outcome = printer.reprint()
    assert outcome is not None
    assert outcome.state is PrintState.OK
    assert link.machine.printed.endswith(BODY + TAIL)


def test_a_printer_that_stops_taking_data_is_asked_why() -> None:
    printer, link = virtual(
        lambda query, _printed: {4: b"\x72"}.get(query, b"\x12") if len(link.writes) > 2 else b"\x12"
    )
    link.fail_on = b"receipt"
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.handover) == (PrintState.PAPER_OUT, Handover.PART)


@pytest.mark.parametrize("cause", ["stalled", "closed"])
def test_a_line_that_fails_gives_an_outcome_and_never_an_exception(cause: str) -> None:
    printer, link = virtual(steady())
    link.fail_on, link.cause = b"receipt", cause
    outcome = printer.print_job(JOB)
    assert (outcome.state, outcome.cause, outcome.handover) == (PrintState.OFFLINE, cause, Handover.PART)
    assert outcome.detail
    assert link.closed == 1


def test_the_drawer_opens_without_touching_the_kept_job() -> None:
    printer, link = virtual(steady(q4=b"\x72"))
    printer.print_job(JOB)
    link.machine.answers = steady()
    assert printer.open_drawer().state is PrintState.OK
    assert link.machine.printed == commands.drawer(2)
    assert printer.kept == JOB


def test_check_prints_nothing() -> None:
    printer, link = virtual(steady(q1=b"\x1a", q2=b"\x16"))
    assert printer.check().state is PrintState.COVER_OPEN
    assert link.machine.printed == b""


def test_every_cause_has_its_words_in_both_languages() -> None:
    for cause, (message, action) in messages().items():
        assert message.kk and message.ru and message.en
        assert cause == "ok" or (action.kk and action.ru and action.en)


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


def opened(url: str, supported: bool | None = None) -> Printer:
    return open_printer(url, monotonic=time.monotonic, sleep=time.sleep, status_supported=supported)


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


def test_a_printer_that_hangs_up_is_an_outcome() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        outcome = opened(f"escpos+tcp://127.0.0.1:{listener.getsockname()[1]}").print_job(JOB)
        thread.join(5)
    assert (outcome.state, outcome.cause) == (PrintState.OFFLINE, "closed")


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


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("tcp://host", "scheme"),
        ("escpos+tcp://", "host"),
        ("escpos+tcp://host:99999", "port"),
        ("escpos+tcp://host?profil=generic", "profil"),
        ("escpos+tcp://host?profile=epson", "profile"),
        ("escpos+tcp://host?baud=9600", "baud"),
        ("escpos+tcp://host?timeout_s=0", "timeout_s"),
        ("escpos+tcp://host?raster=maybe", "raster"),
        ("escpos+tcp://host?page=kz1048", "page_number"),
        ("escpos+tcp://host?page_number=256", "page_number"),
        ("escpos+tcp://host?page", "query"),
        ("escpos+serial:///dev/ttyUSB0?baud=fast", "baud"),
        ("escpos+serial:///dev/ttyUSB0?flow=water", "flow"),
        ("escpos+serial:///?baud=9600", "path"),
        ("escpos+file://", "path"),
    ],
)
def test_a_wrong_url_is_refused_with_its_place(url: str, place: str) -> None:
    with pytest.raises(PrinterUrlError) as refused:
        parse_url(url, time.monotonic, time.sleep)
    assert refused.value.place == place


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(PrinterUrlError, match="'profile'"):
        parse_url("escpos+tcp://host?profil=generic", time.monotonic, time.sleep)


@pytest.mark.parametrize(
    ("url", "device"),
    [
        ("escpos+serial:///dev/ttyUSB0", "/dev/ttyUSB0"),
        ("escpos+serial:///COM3", "COM3"),
        ("escpos+serial://COM3", "COM3"),
    ],
)
def test_serial_devices_of_linux_and_windows_are_read(url: str, device: str) -> None:
    opener = parse_url(url, time.monotonic, time.sleep).opener
    assert isinstance(opener, SerialAddress)
    assert opener.device == device


def test_what_set_up_learnt_goes_before_the_profile() -> None:
    url = "escpos+tcp://host?profile=xprinter&page=kz1048&page_number=60&qr=raster&cutter=none&paper=58"
    learnt = parse_url(url, time.monotonic, time.sleep).profile
    assert (learnt.page, learnt.page_number, learnt.qr, learnt.cutter) == ("kz1048", 60, QrDialect.RASTER, Cutter.NONE)
    assert learnt.paper == PAPER_58


@pytest.mark.parametrize(
    ("baud", "raster", "drawn"),
    [(9600, "auto", False), (38400, "auto", False), (115200, "auto", True), (9600, "always", True)],
)
def test_lines_are_drawn_only_where_the_line_is_fast_enough(baud: int, raster: str, drawn: bool) -> None:
    url = f"escpos+serial:///dev/ttyS0?profile=clone-58&baud={baud}&raster={raster}"
    assert (Method.RASTER in parse_url(url, time.monotonic, time.sleep).profile.methods) == drawn


def test_a_configured_font_that_is_missing_stops_the_set_up(tmp_path: Path) -> None:
    with pytest.raises(FontMissing):
        opened(f"escpos+tcp://host?profile=clone-58&font={tmp_path / 'none.ttf'}")


def test_every_profile_opens() -> None:
    for name in profiles():
        assert opened(f"escpos+tcp://host?profile={name}").profile.name == name
