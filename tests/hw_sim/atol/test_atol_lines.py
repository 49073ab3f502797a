"""The simulated ATOL register of level 3 on real lines, at its console, and under bytes nobody meant."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from atol_host import Clock, Host, item, unwrapped, wrapped
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.atol import make
from hw_sim.atol.packets import CrcOver
from hw_sim.atol.register import AtolRegister
from hw_sim.device.hosts import PtyHost, TcpHost
from hw_sim.device.simulated import Simulated
from hw_sim.ledger import Operation

ENTER = b"\xc1\x01\x01\0\0\x56\x01\0\0\0\x01"
OPEN_SHIFT = b"\xc1\x01\x02\0\0\x9a\0"
SHIFT_OPENED = [(2, b"\xa1"), (0xF0, b"\xa6\x02\x55\0\0")]


def real(**options: object) -> Simulated:
    """A quick register that lives in real time."""
    return make(time.time_ns, random.Random(1), work_s={0x9A: 0.01}, **options)


def read_packets(read: Callable[[], bytes], count: int) -> list[tuple[int, bytes]]:
    """So many packets of the device or more; nothing in them is stuffed, none is longer than 127."""
    came = b""
    while True:
        last = came[came.rfind(b"\xfe") :]
        if came.count(b"\xfe") >= count and len(last) > 1 and len(last) == 5 + last[1]:
            return unwrapped(came)
        came += read()


def test_a_host_on_a_tcp_port_opens_a_shift_and_hears_of_it_later() -> None:
    sim = real()
    with TcpHost(sim.machine) as there, socket.create_connection((there.host, there.port), timeout=5) as client:
        client.sendall(wrapped(1, ENTER) + wrapped(2, OPEN_SHIFT))  # Glued.
        came = read_packets(lambda: client.recv(100), 3)
    assert came == [(1, b"\xa3\x55\0\0"), *SHIFT_OPENED]
    assert sim.memory.shift is not None


def test_a_task_begun_on_one_tcp_connection_is_asked_for_on_the_next() -> None:
    sim = real()
    with TcpHost(sim.machine) as there:
        with socket.create_connection((there.host, there.port), timeout=5) as client:
            with there.machine() as machine:
                machine.faults.add("hang_up_added", "9A")
            client.sendall(wrapped(1, ENTER) + wrapped(2, OPEN_SHIFT))
            while client.recv(100):
                """Until the register hangs up."""
        with socket.create_connection((there.host, there.port), timeout=5) as client:
            answer = b"\xa1"
            while answer in (b"\xa1", b"\xa2"):
                client.sendall(wrapped(3, b"\xc3\x02"))
                for number, data in read_packets(lambda: client.recv(100), 1):
                    answer = data if number == 3 else answer  # The event may come on this connection too.
    assert answer == b"\xa3\x55\0\0"


def test_a_host_on_a_pseudo_terminal_opens_a_shift(tmp_path: Path) -> None:
    import serial

    sim = real(network=False)
    with PtyHost(sim.machine, tmp_path / "ttyATOL") as there, serial.Serial(str(there.path), timeout=5) as port:
        for byte in wrapped(1, ENTER) + wrapped(2, OPEN_SHIFT):
            port.write(bytes((byte,)))  # Split.
        came = read_packets(lambda: port.read(1), 3)
    assert came == [(1, b"\xa3\x55\0\0"), *SHIFT_OPENED]
    assert sim.memory.shift is not None


@pytest.mark.parametrize("chunk_max", [1, 3, 7])
def test_a_whole_day_goes_over_a_line_of_small_pieces(
    sim: Simulated, connect: Callable[..., Host], clock: Clock, chunk_max: int
) -> None:
    host = connect(sim, chunk_max=chunk_max, rng=random.Random(chunk_max))
    host.enter(1)
    assert host.sell(30_000, 12_550, given=50_000) == b"\x55\0\0"
    host.enter(3)
    assert host.do(0x5A) == b"\x55\0\0"
    clock.sleep(5)
    assert host.last_number() == 3
    assert sim.memory.papers == ["shift 1", "sale 2", "Z 1"]


def test_a_length_of_two_bytes_is_understood(host: Host) -> None:
    host.do(0x92, b"\0\x01")
    host.do(0xEA, b"\0\x01\0")
    name = "Сок яблочный " * 12
    host.do(0xEB, item(30_000, name=name))
    receipt = host.register.kkm.receipt
    assert receipt is not None
    assert receipt.lines[0].name == name.rstrip()


def test_the_journal_of_frames_can_be_read_by_a_person(host: Host) -> None:
    host.register.faults.add("error", "92", code=0x9B)
    host.add(0x9A, b"\0")
    host.heard(2.0)
    host.add(0x92, b"\0\x01")
    host.ask()
    host.line.write(b"\xfe\x01\x00\x09\xc4\x00")
    host.say(b"\xc4")
    ours, told = [note.text()[13:] for note in host.register.frames][4:], []
    for way, name, number, data, about in [
        (">", "9A", 3, "C1 01 03 00 00 9A 00", "task 03: open shift"),
        ("<", "9A", 3, "A1", "pending"),
        ("<", "F0", 0xF0, "A6 03 55 00 00", "event: result of 03"),
        (">", "92", 4, "C1 01 04 00 00 92 00 01", "task 04: open receipt"),
        ("<", "92", 4, "A4 55 9B 00", "error (9Bh)"),
        (">", "C3", 5, "C3 04", "ask for 04"),
        ("<", "C3", 5, "A4 55 9B 00", "error (9Bh)"),
        (">", "C4", 6, "C4", "abort"),
        ("<", "C4", 6, "A3", "result"),
    ]:
        told.append(f"{way} {name:<8} {wrapped(number, bytes.fromhex(data)).hex(' ').upper()}  {about}")
    told.insert(4, "! error")
    told.insert(8, "! dropped  FE 01 00 09 C4 00  wrong CRC")
    assert ours == told


def test_the_console_does_what_other_hands_can_do(sim: Simulated, clock: Clock) -> None:
    console = sim.console()
    assert console.run("state") == (
        "FN 9999078900012345, document 0, shift 1 closed, receipt 0, none open, all printed"
    )
    assert "document 2, shift 1 open, receipt 1, none open" in console.run("foreign sale 7700")
    assert "open: 100 tiyn" in console.run("foreign receipt 100")
    assert console.run("foreign sale") == "foreign: the register refuses: Документ открыт - операция невозможна"
    assert console.run("shift close") == "shift: the register refuses: Документ открыт - операция невозможна"
    register = sim.machine
    assert isinstance(register, AtolRegister)
    register.kkm.cancel()
    console.run("shift age 25")
    assert register.kkm.shift_expired
    assert console.run("shift close") == "Z 1"
    assert "document 8" in console.run("counter jump 5")
    assert "document 7" in console.run("counter show -1")
    assert console.run("clock 3600") == "15.07.2026 11:30:00"
    assert "FN 123" in console.run("fn 123")
    console.run("printer off")
    assert not register.kkm.printer_link
    console.run("printer on")
    assert register.kkm.printer_link
    assert console.run("foreign") == "usage: foreign receipt [TIYN]|sale [TIYN]"
    assert console.run("shift open") == "usage: shift close|age HOURS"
    assert console.run("counter jump x") == "usage: counter jump BY|show BY"
    helped = console.run("help")
    assert all(f"\n{word} " in helped for word in ("foreign", "shift", "counter", "clock", "fn", "printer", "state"))
    assert [document.operation for document in sim.memory.documents] == [Operation.SALE]


def test_the_greeting_says_what_it_is_and_what_a_register_url_must_say(
    sim: Simulated, build: Callable[..., Simulated]
) -> None:
    assert "FN 9999078900012345" in sim.greeting[0] and "1 20 %, 2 10 %" in sim.greeting[1]
    url = "atol+tcp://127.0.0.1:5555?tax_16=1&tax_10=2&tax_0=5&tax_none=6&marks=tag"
    assert sim.reach.url("tcp", "127.0.0.1:5555") == url
    assert (sim.reach.marks, sim.family) == ("field", "atol")
    old = build(model="ffd10", crc_over=CrcOver.RAW, access_password=12, tax_rates={4: 1600}).reach
    assert old.url("serial", "/dev/pts/1") == (
        "atol+serial:///dev/pts/1?format=ffd10&tax_16=4&crc=raw&password_secret=atol_password_secret"
    )
    assert (old.secrets, old.marks) == ({"atol_password_secret": "12"}, "none")


def test_a_register_cannot_be_made_of_nonsense(clock: Clock) -> None:
    for wrong in ({"model": "ffd9"}, {"serial": "12345678X"}, {"serial": "123456789"}):
        with pytest.raises(ValueError, match=r"model|serial"):
            make(clock, random.Random(1), **wrong)
    with pytest.raises(TypeError):
        make(clock, random.Random(1), flux_capacitor=True)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_are_survived_and_make_no_document(pieces: list[bytes]) -> None:
    clock = Clock()
    sim = make(clock, random.Random(1))
    sim.machine.host_opened()
    for piece in pieces:
        sim.machine.receive(piece)
        clock.sleep(1.0)
        sim.machine.take()
    assert (sim.memory.documents, sim.memory.shift) == ([], None)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0xC1, 0xC2, 0xC3, 0xC4, 0xC5]), st.binary(max_size=60)), max_size=12))
def test_any_words_of_the_queue_are_survived_and_make_no_document(words: list[tuple[int, bytes]]) -> None:
    clock = Clock()
    sim = make(clock, random.Random(1))
    sim.machine.host_opened()
    for number, (word, rest) in enumerate(words, 1):
        sim.machine.receive(wrapped(number, bytes((word,)) + rest))
        clock.sleep(1.0)
        while sim.machine.take():
            """Everything it says."""
    assert (sim.memory.documents, sim.memory.shift) == ([], None)


COMMANDS = [0x3F, 0x45, 0x48, 0x49, 0x4A, 0x4D, 0x4F, 0x55, 0x56, 0x59, 0x5A, 0x67, 0x75, 0x80, 0x91]
COMMANDS += [0x92, 0x95, 0x9A, 0xA4, 0xA5, 0xE6, 0xEA, 0xEB]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.binary(max_size=60)), max_size=12))
def test_any_parameters_of_any_command_are_survived_and_sell_nothing(commands: list[tuple[int, bytes]]) -> None:
    clock = Clock()
    sim = make(clock, random.Random(1))
    sim.machine.host_opened()
    sim.machine.receive(wrapped(1, ENTER))
    for number, (code, params) in enumerate(commands, 2):
        sim.machine.receive(wrapped(number, bytes((0xC1, 3, number, 0, 0, code)) + params))
        clock.sleep(5.0)
        while sim.machine.take():
            """Everything it says."""
    assert [document for document in sim.memory.documents if document.operation.is_receipt] == []
