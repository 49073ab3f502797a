"""The ground of the simulated registers, on a register that knows one command: "+", which adds one tenge sale."""

from __future__ import annotations

import csv
import io
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hw_sim.device.console import Console
from hw_sim.device.faults import MOMENTS, Moment
from hw_sim.device.hosts import PtyHost, TcpHost
from hw_sim.device.lines import InProcessLine
from hw_sim.device.machine import POWER_PAUSE_S, Machine
from hw_sim.device.memory import FiscalMemory
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import NS
from hw_sim.ledger import Operation
from hw_sim.line_pty import PtyPort


class Adder(Machine):
    """Answers each "+" with "=" and the number of sales."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__(now, random.Random(1))
        self.memory = FiscalMemory()

    def take_bytes(self, data: bytes) -> None:
        for byte in data:
            if self.heard("add", bytes((byte,))):
                self.memory.register(Operation.SALE, 100, self.now())
                if self.executed("add"):
                    self.say("add", b"=%d" % len(self.memory.documents))

    def lose_power(self) -> None:
        """Nothing but the memory."""


class Clock:
    def __init__(self) -> None:
        self.at_ns = 1_000 * NS

    def now(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def adder(clock: Clock) -> Adder:
    return Adder(clock.now)


@pytest.fixture
def line(adder: Adder, clock: Clock) -> InProcessLine:
    opened = InProcessLine(adder, clock.sleep)
    opened.open()
    return opened


def asked(line: InProcessLine, timeout_s: float = 1.0) -> bytes:
    line.write(b"+")
    return line.read(timeout_s)


def test_a_healthy_line_carries_every_answer(line: InProcessLine, adder: Adder) -> None:
    assert [asked(line) for _ in range(3)] == [b"=1", b"=2", b"=3"]
    assert adder.memory.cash_tiyn == 300


@pytest.mark.parametrize(
    ("fault", "made", "heard"),
    [("request_lost", 0, b""), ("answer_lost", 1, b""), ("answer_cut", 1, b"="), ("answer_twice", 1, b"=1")],
)
def test_what_a_fault_leaves_in_the_memory_and_on_the_line(
    line: InProcessLine, adder: Adder, fault: str, made: int, heard: bytes
) -> None:
    adder.faults.add(fault)
    assert asked(line) == heard
    assert len(adder.memory.documents) == made


def test_a_late_answer_comes_late_and_does_not_hold_up_the_next_one(line: InProcessLine, adder: Adder) -> None:
    adder.faults.add("answer_late", seconds=30)
    assert asked(line) == b""
    assert asked(line) == b"=2"
    assert line.read(40) == b"=1"


def test_a_damaged_answer_has_exactly_one_wrong_bit(line: InProcessLine, adder: Adder) -> None:
    adder.faults.add("answer_damaged")
    wrong = int.from_bytes(asked(line), "big") ^ int.from_bytes(b"=1", "big")
    assert wrong.bit_count() == 1


@pytest.mark.parametrize(("fault", "made"), [("hang_up_before", 0), ("hang_up_after", 1)])
def test_a_cut_line_breaks_until_it_is_opened_again(line: InProcessLine, adder: Adder, fault: str, made: int) -> None:
    adder.faults.add(fault)
    line.write(b"+")
    with pytest.raises(ConnectionResetError):
        line.read(1)
    line.open()
    assert asked(line) == b"=%d" % (made + 1)


def test_a_register_may_finish_speaking_before_it_drops_the_line(line: InProcessLine, adder: Adder) -> None:
    adder.faults.add("answer_late", seconds=3)
    line.write(b"+")
    adder.hang_up_when_said()
    assert line.read(5) == b"=1"
    with pytest.raises(ConnectionResetError):
        line.read(1)
    line.open()
    assert asked(line) == b"=2"
    adder.hang_up_when_said()
    assert adder.hung_up  # Nothing was left to say.


def test_a_new_connection_does_not_get_the_answers_of_the_old_one_when_the_family_says_so(
    line: InProcessLine, adder: Adder
) -> None:
    adder.faults.add("answer_late", seconds=3)
    assert asked(line) == b""
    adder.forget_said()
    assert line.read(5) == b""


@pytest.mark.parametrize(("fault", "made"), [("power_off_before", 0), ("power_off_after", 1)])
def test_power_that_goes_keeps_the_fiscal_memory(
    line: InProcessLine, adder: Adder, clock: Clock, fault: str, made: int
) -> None:
    adder.faults.add(fault)
    line.write(b"+")
    with pytest.raises(ConnectionResetError):
        line.read(1)
    with pytest.raises(ConnectionRefusedError):
        line.open()
    adder.power_on()
    line.open()
    assert asked(line) == b""  # Still starting.
    clock.sleep(POWER_PAUSE_S)
    assert asked(line) == b"=%d" % (made + 1)


def test_power_comes_back_by_itself_when_told_so(adder: Adder, clock: Clock) -> None:
    line = InProcessLine(adder, clock.sleep, drops=False)
    line.open()
    adder.faults.add("power_off_before", seconds=5)
    assert asked(line, 10) == b""
    clock.sleep(POWER_PAUSE_S)
    assert asked(line) == b"=1"


def test_a_serial_cable_only_falls_silent(adder: Adder, clock: Clock) -> None:
    line = InProcessLine(adder, clock.sleep, drops=False)
    line.open()
    adder.power_off()
    assert asked(line) == b""
    before = clock.at_ns
    assert line.read(2.5) == b""
    assert clock.at_ns - before == 2.5 * NS


def test_pieces_are_never_longer_than_told_and_nothing_is_lost(adder: Adder, clock: Clock) -> None:
    line = InProcessLine(adder, clock.sleep, chunk_max=1)
    line.open()
    line.write(b"++")
    assert [line.read(1) for _ in range(5)] == [b"=", b"1", b"=", b"2", b""]


def test_bytes_may_come_one_after_another_with_a_gap(line: InProcessLine, adder: Adder, clock: Clock) -> None:
    adder.byte_gap_s = 0.5
    began = clock.at_ns
    assert (asked(line), line.read(1), line.read(1)) == (b"=", b"1", b"")
    assert clock.at_ns - began == 1.5 * NS


class Alarm(Adder):
    """Says "!" by itself at a time it was told."""

    at_ns: int | None = None

    def wakes_ns(self) -> int | None:
        return self.at_ns

    def time_passed(self) -> None:
        if self.at_ns is not None and self.now() >= self.at_ns:
            self.at_ns = None
            self.say_plainly(b"!")


def test_a_register_may_do_something_by_itself_when_its_time_comes(clock: Clock) -> None:
    alarm = Alarm(clock.now)
    line = InProcessLine(alarm, clock.sleep, drops=False)
    line.open()
    alarm.at_ns = clock.at_ns + 3 * NS
    assert (line.read(2), line.read(2)) == (b"", b"!")
    alarm.at_ns = clock.at_ns + NS
    alarm.power_off()
    assert line.read(2) == b"" and alarm.next_due_ns() is None  # Without power it does nothing.


def test_every_kind_of_fault_acts_at_one_moment_and_says_what_it_does(adder: Adder) -> None:
    assert set(MOMENTS.values()) == set(Moment)
    assert all(adder.faults.kinds[name].about.startswith(moment) for name, moment in MOMENTS.items())
    with pytest.raises(ValueError, match="did you mean 'answer_lost'"):
        adder.faults.add("answer_lst")
    with pytest.raises(ValueError, match="no fault"):
        adder.faults.add("http_500")


@pytest.mark.parametrize(
    ("name", "params", "told"),
    [
        ("answer_late", {"seconds": "soon"}, "seconds=soon will not do"),
        ("answer_late", {"seconds": "nan"}, "a number up to 1000000000 is wanted"),
        ("answer_cut", {"keep": "half"}, "keep=half will not do"),
        ("noise", {"bytes": "0G"}, "bytes=0G will not do"),
        ("noise", {"seconds": 1}, "takes no 'seconds'; it takes: bytes"),
        ("answer_lost", {"count": "two"}, "count is a whole number"),
        ("answer_lost", {"skip": -1}, "skip one of at least 0"),
    ],
)
def test_a_fault_that_could_not_strike_is_refused_when_it_is_given(
    adder: Adder, name: str, params: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        adder.faults.add(name, **params)
    assert adder.faults.waiting() == []


def test_a_test_may_stop_the_host_before_any_of_its_writes(line: InProcessLine, adder: Adder) -> None:
    def stop(number: int, data: bytes) -> None:
        if number == 1:
            raise KeyboardInterrupt

    line.before_write = stop
    assert asked(line) == b"=1"
    with pytest.raises(KeyboardInterrupt):
        line.write(b"+")
    assert len(adder.memory.documents) == 1


def test_the_journal_of_frames_can_be_read(line: InProcessLine, adder: Adder) -> None:
    adder.faults.add("answer_lost")
    asked(line)
    lines = [note.text() for note in adder.frames]
    assert lines == ["00:16:40.000 > add      2B", "00:16:40.000 ! answer_lost"]
    adder.note("<", "sum", b"=2", "the sum\n  two")
    adder.note("<", "sum", b"=2", "\n  two")
    assert [note.text() for note in adder.frames][2:] == [
        "00:16:41.000 < sum      3D 32  the sum\n  two",
        "00:16:41.000 < sum      3D 32\n  two",
    ]


def test_a_long_frame_is_told_on_80_columns_with_its_meaning_first(adder: Adder) -> None:
    adder.note(">", "sum", b"12345678", "eight")
    adder.note("<", "sum", bytes(range(33)), "many\n  of them")
    short, long = adder.frames
    assert short.page() == short.text() == "00:16:40.000 > sum      31 32 33 34 35 36 37 38  eight"
    first = bytes(range(24)).hex(" ").upper()
    assert long.page() == (f"00:16:40.000 < sum      many\n    {first}\n    18 19 1A 1B 1C 1D 1E 1F 20\n  of them")
    assert long.page(24) == f"00:16:40.000 < sum      many\n    {first}\n    ... 33 bytes\n  of them"
    assert max(map(len, long.page().splitlines())) <= 80


def test_the_memory_counts_shifts_sums_and_the_drawer() -> None:
    memory = FiscalMemory()
    memory.register(Operation.CASH_IN, 10_000, 1)
    sale = memory.register(Operation.SALE, 90_000, 2, payments_tiyn={0: 50_000, 1: 40_000}, cash_tiyn=50_000)
    memory.register(Operation.SALE_RETURN, 20_000, 3)
    assert (sale.order_number, sale.document_number, sale.shift) == (2, 2, 1)
    assert memory.cash_tiyn == 40_000
    closed = memory.close_shift(4)
    assert closed.sums_tiyn[Operation.SALE] == 90_000 and closed.counts[Operation.SALE_RETURN] == 1
    with pytest.raises(ValueError, match="no shift"):
        memory.close_shift(5)
    assert memory.register(Operation.SALE, 100, 6).shift == 2
    numbered = memory.register(Operation.SALE, 100, 7, document_number=1235, order_number=12)
    assert (numbered.document_number, numbered.order_number) == (1235, 12)
    assert memory.totals()["documents"] == 5


def test_the_console_does_what_a_hand_can_do_and_names_what_it_does_not_know(adder: Adder) -> None:
    console = Console(adder, adder.memory, {"other": lambda rest: f"other {rest}"})
    assert console.run("frames") == "none"
    adder.take_bytes(b"+")
    assert "> add" in console.run("frames 2") and "> add" not in console.run("frames 1")
    assert console.run("paper out") == "done" and not adder.mechanics.can_print
    assert console.run("paper load") == "done" and adder.mechanics.can_print
    assert console.run("cover open") == "done" and not adder.mechanics.can_print
    assert console.run("power off") == "done" and not adder.powered
    assert console.run("power on") == "done" and adder.powered
    assert console.run("other 1") == "other ['1']"
    assert console.run("paper") == "paper: one of out, load, low"
    assert console.run("power off soon") == "usage: power off [SECONDS]|on"
    assert console.run("nonsense").startswith("nonsense: no such command; known: help, status, documents")
    assert console.run("papper").startswith("papper: no such command, did you mean 'paper'? Known: help")
    assert console.run("") == console.run("help")
    assert console.run("\x1b[2J").startswith("\\x1b[2J: no such command")


def test_faults_are_ordered_looked_at_and_forgotten_by_hand(adder: Adder) -> None:
    console = Console(adder, adder.memory)
    assert console.run("fault answer_lost add count=2 skip=1") == "answer_lost waits"
    assert console.run("fault noise match=add bytes=0055") == "noise waits"
    assert console.run("faults") == "answer_lost add count=2 skip=1\nnoise add count=1 bytes=0055"
    assert console.run("clear answer_late") == "clear: no fault 'answer_late' waits"
    assert console.run("clear answer_lost") == "cleared" and console.run("faults") == "noise add count=1 bytes=0055"
    assert console.run("clear") == "cleared" and console.run("faults") == "none"
    assert console.run("clear") == "cleared"
    assert console.run("fault nonsense").startswith("fault: no fault 'nonsense'")
    assert console.run("fault nonsense").endswith("; `fault` alone lists them")
    assert console.run("fault answer_lost add again") == "fault: again: key=value is wanted"
    assert console.run("fault answer_lost count=x").startswith("fault: fault 'answer_lost': count is a whole number")
    assert "answer_twice" in console.run("fault") and max(map(len, console.run("fault").splitlines())) <= 80


def test_how_a_register_stands_is_told_at_one_look(adder: Adder) -> None:
    console = Console(adder, adder.memory)
    assert console.run("status").splitlines() == [
        "power      on",
        "paper      in",
        "cover      closed",
        "shift      none is open",
        "documents  0",
        "faults     none",
    ]
    adder.memory.register(Operation.SALE, 100, adder.now())
    for line in ("paper low", "cover open", "fault answer_lost add", "power off"):
        console.run(line)
    assert console.run("status").splitlines() == [
        "power      off",
        "paper      low",
        "cover      open",
        "shift      1 is open",
        "documents  1, the last is 1",
        "faults     answer_lost add count=1",
    ]
    console.run("paper out")
    assert "paper      out" in console.run("status").splitlines()


def test_documents_are_a_table_one_of_them_whole_and_a_spreadsheet(adder: Adder, tmp_path: Path) -> None:
    console = Console(adder, adder.memory)
    assert console.run("documents") == console.run("document") == "none"
    adder.memory.register(Operation.CASH_IN, 10_000_000, adder.now())
    adder.memory.register(
        Operation.SALE,
        187_575,
        adder.now(),
        sign="1234567890",
        payments_tiyn={0: 200_000},
        change_tiyn=12_425,
        marks=("0104870000000104215A\x1d91KZF1", '04870249811936"1'),
        key="=till-7",
        offline=True,
    )
    assert console.run("documents") == (
        "number  kind          total  sign        marks  shift\n"
        "     1  cash_in  100 000.00  -               0      1\n"
        "     2  sale       1 875.75  1234567890      2      1"
    )
    assert console.run("documents 1").split()[6:] == ["2", "sale", "1", "875.75", "1234567890", "2", "1"]
    whole = console.run("document 2")
    assert whole == console.run("document")
    for line in ("total         1 875.75", "payments      0: 2 000.00", "marks         0104870000000104215A<GS>91KZF1"):
        assert line in whole.splitlines()
    assert "autonomous    yes" in whole and "at            1970-01-01T00:16:40Z" in whole
    assert console.run("document 3") == "there is no document 3"
    assert console.run("documents 0") == "documents: 0: how many? A whole number, at least 1"
    assert console.run("documents --csv") == "usage: documents [N]|--csv FILE"
    assert console.run(f"documents --csv {tmp_path / 'none' / 'x.csv'}").startswith("documents: [Errno 2]")

    target = tmp_path / "made by hand.csv"
    assert console.run(f"documents --csv {target}") == f"2 documents written to {target}"
    text = target.read_bytes().decode("utf-8-sig")
    assert text.endswith("\r\n")
    head, cash, sale = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    read = dict(zip(head, sale, strict=True))
    assert (read["total"], read["payments"], read["change"]) == ("1875,75", "0: 2000,00", "124,25")
    assert read["marks"] == '0104870000000104215A<GS>91KZF1 04870249811936"1' and read["marks_count"] == "2"
    assert (read["key"], read["autonomous"], read["at"]) == ("'=till-7", "yes", "1970-01-01T00:16:40Z")
    assert dict(zip(head, cash, strict=True))["kind"] == "cash_in"


def test_totals_are_told_in_tenge(adder: Adder) -> None:
    console = Simulated("adder", adder, adder.memory).console()
    assert "shift               none" in console.run("totals").splitlines()
    adder.memory.register(Operation.SALE, 187_575, adder.now())
    assert console.run("totals") == (
        "serial              00012345\n"
        "documents           1\n"
        "cancelled           0\n"
        "cash                1 875.75\n"
        "closed_shifts       0\n"
        "shift\n"
        "  number            1\n"
        "  counts\n"
        "    sale            1\n"
        "  sums\n"
        "    sale            1 875.75"
    )


def test_who_listens_is_told_every_line_of_the_journal(line: InProcessLine, adder: Adder) -> None:
    told: list[str] = []
    adder.listeners.append(lambda note: told.append(note.text()))
    asked(line)
    adder.end_paper()
    assert told == [note.text() for note in adder.frames] and len(told) == 3


def test_a_register_on_a_tcp_port_answers_and_hangs_up(adder: Adder) -> None:
    with TcpHost(adder) as host:
        with socket.create_connection((host.host, host.port), timeout=5) as client:
            client.sendall(b"+")
            assert client.recv(10) == b"=1"
            with host.machine() as machine:
                machine.faults.add("hang_up_after")
            client.sendall(b"+")
            assert client.recv(10) == b""
        with socket.create_connection((host.host, host.port), timeout=5) as client:
            client.sendall(b"+")
            assert client.recv(10) == b"=3"


def test_a_register_on_a_pseudo_terminal_answers(adder: Adder, tmp_path: Path) -> None:
    import serial

    with PtyHost(adder, tmp_path / "ttyREG") as host, serial.Serial(str(host.path), timeout=5) as port:
        port.write(b"+")
        assert port.read(2) == b"=1"
        with host.machine() as machine:
            machine.hang_up()
        while True:
            with host.machine() as machine:
                if not machine.hung_up:
                    break
        port.write(b"+")
        assert port.read(2) == b"=2"
    assert not PtyPort().plugged
