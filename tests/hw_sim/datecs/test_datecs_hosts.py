"""A simulated Datecs printer on real lines, at a console, and as it is made."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Any

import pytest
from datecs_talk import Clock, Talk, answer, request

from hw_sim.datecs import MODELS, Amounts, Datecs, Protocol, make
from hw_sim.device.hosts import PtyHost, TcpHost
from hw_sim.device.simulated import Simulated

SALE = {
    "p": [(0x30, b"1,0000,1"), (0x31, b"Milk\tB900.00*1.000"), (0x35, b"\tP1000.00"), (0x38, b"")],
    "x": [(0x30, b"1\t1\t1\t\t"), (0x31, b"Milk\t2\t900.00\t1.000\t\t\t0\t"), (0x35, b"0\t1000.00\t\t"), (0x38, b"")],
}
CLOSED = {"p": "0001,0001", "x": "0\t1\t"}
PROTOCOLS = pytest.mark.parametrize("protocol", ["p", "x"])


def printer(protocol: str, **options: Any) -> Simulated:
    return make(Clock(), random.Random(1), protocol=protocol, **options)


@PROTOCOLS
def test_a_sale_over_tcp(protocol: str) -> None:
    simulated = printer(protocol)
    with (
        TcpHost(simulated.machine) as host,
        socket.create_connection((host.host, host.port), timeout=5) as client,
    ):
        for number, (command, data) in enumerate(SALE[protocol]):
            client.sendall(request(protocol, 0x30 + number, command, data))
            raw = b""
            while not raw.endswith(b"\x03"):
                raw += client.recv(100)
        assert answer(protocol, raw).data == CLOSED[protocol]
        with host.machine() as machine:
            machine.faults.add("hang_up_after", "4A")
        client.sendall(request(protocol, 0x40, 0x4A, b""))
        assert client.recv(100) == b""
    assert simulated.memory.cash_tiyn == 90_000


@PROTOCOLS
def test_a_sale_over_a_serial_line(protocol: str, tmp_path: Path) -> None:
    import serial

    simulated = printer(protocol)
    with (
        PtyHost(simulated.machine, tmp_path / "ttyREG") as host,
        serial.Serial(str(host.path), 115_200, timeout=5) as port,
    ):
        for number, (command, data) in enumerate(SALE[protocol]):
            port.write(request(protocol, 0x30 + number, command, data))
            raw = port.read_until(b"\x03")
        assert answer(protocol, raw).data == CLOSED[protocol]
    assert simulated.memory.cash_tiyn == 90_000


@PROTOCOLS
def test_a_sale_through_an_in_process_line_that_breaks_everything_into_bytes(protocol: str) -> None:
    talk = Talk(protocol, drops=True, chunk_max=1)
    assert talk.sale().data == CLOSED[protocol]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_sells(model: str) -> None:
    talk = Talk(MODELS[model].protocol.value, model=model)
    talk.sale()
    assert talk.memory.rows()[0]["cashbox"] == MODELS[model].serial


@PROTOCOLS
def test_the_greeting_tells_a_person_how_to_reach_it(protocol: str) -> None:
    greeting = "\n".join(printer(protocol).greeting)
    groups = "ABCDEF" if protocol == "p" else "123456"
    rates = ("tax_16", "tax_12", "tax_10", "tax_5", "tax_0", "tax_none")
    query = "&".join(f"{rate}={group}" for rate, group in zip(rates, groups, strict=True))
    url = printer(protocol).reach.url("tcp", "127.0.0.1:3999")
    assert url == f"datecs-{protocol}+tcp://127.0.0.1:3999?{query}"
    assert ("password 0000" if protocol == "p" else "password 1,") in greeting
    assert ("B 12.00 %" if protocol == "p" else "2 12.00 %") in greeting and "off" in greeting


def test_a_register_url_says_what_is_not_as_from_the_factory() -> None:
    changes: dict[str, Any] = {"passwords": {3: "4321"}, "taxes": (0, 1600, None, None, None, None, None, None)}
    reach = printer("p", columns=32, code_page="kz1048", utc_offset_h=6, **changes).reach
    assert reach.url("tcp", "h:1") == (
        "datecs-p+tcp://h:1?tax_0=A&tax_16=B&operator=3&password_secret=datecs_password&columns=32&codepage=kz1048"
        "&utc_offset=06:00"
    )
    assert (reach.secrets, reach.marks) == ({"datecs_password": "4321"}, "text")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "q"}, "q"),
        ({"model": "fp-80"}, "did you mean 'fp-800'"),
        ({"protocol": "x", "model": "fp-800"}, "speaks protocol p"),
        ({"keep_answer": True}, "did you mean 'keeps_answer'"),
        ({"amounts": "decimals"}, "decimals"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(Clock(), random.Random(1), **options)


def test_an_option_is_any_field_of_a_profile() -> None:
    machine = printer("x", amounts="minor", columns=48, code_page="kz1048").machine
    assert isinstance(machine, Datecs)
    assert (machine.profile.amounts, machine.profile.text_max) == (Amounts.MINOR, 46)
    assert machine.profile.protocol is Protocol.X


def test_a_printer_with_a_kazakh_code_page_reads_kazakh_names() -> None:
    talk = Talk("p", code_page="kz1048")
    talk.open()
    name = "Қымыз әңгіме өрік ұн үлкен"
    raw = talk.send(request("p", 0x60, 0x31, f"{name}\tB900.00".encode("kz1048")))
    assert "0.0" not in answer("p", raw).bits
    talk.pay()
    talk.close()
    assert talk.memory.documents[0].positions[0]["name"] == name


def test_the_console_has_words_of_its_own() -> None:
    talk = Talk("p")
    run = talk.simulated.console().run
    helped = run("help")
    assert all(f"\n{word} " in helped for word in ("age", "clock", "sign", "ram", "foreign", "counter", "forget"))
    assert run("age 25") == "no shift is open"
    talk.sale()
    assert run("age 25") == "the shift is 25 h old"
    talk.refused(0x30, "1,0000,1")
    assert run("clock") == "15-07-2026 10:30:00" and run("clock +3600") == "15-07-2026 11:30:00"
    assert run("sign nonsense on").startswith("sign: NAME on|off, NAME one of battery_low")
    assert run("sign fiscal_open on").startswith("sign: ")
    assert "vat_set" in run("sign")
    assert run("foreign 500") == "document 2 is another program's"
    assert talk.memory.rows()[-1]["total_tiyn"] == 50_000
    assert run("counter +3") == "last document 5" and talk.document() == 5
    assert run("journal") == "0000001 15-07-2026 10:30:00 fiscal\n0000002 15-07-2026 11:30:00 fiscal"
    assert run("ram reset") == "RAM is gone" and run("ram") == "ram: only ram reset is known"
    assert "1.2" in talk.ask(0x4A, seq=0x70).bits
    assert run("forget") == "nothing is kept for a repeat"
    assert run("fault status_bits 4A set=2.0 clear=4.1") == "status_bits waits"
    assert "2.0" in talk.ask(0x4A, seq=0x70).bits  # The same SEQ, and yet it is carried out.
    assert run("fault status_bits 4A set=9.9").startswith("fault: fault 'status_bits': set=9.9 will not do")


@PROTOCOLS
def test_the_journal_of_frames_reads_like_a_talk(protocol: str) -> None:
    talk = Talk(protocol)
    talk.machine.faults.add("answer_lost", "38")
    talk.open()
    talk.item()
    talk.pay()
    talk.ask(0x38)
    talk.ask(0x38, seq=talk.seq)
    told = "\n".join(note.text() for note in talk.machine.frames)
    if protocol == "p":
        assert "> 35       01 2D 23 35 09 50 31 30 30 30" in told and "SEQ 23 payment: ·P1000.00" in told
        assert "SEQ 23 R100.00 | 2.3 4.2 4.1 5.4 5.3 5.1" in told
    else:
        assert "SEQ 23 payment: 0·1000.00··" in told
        assert "SEQ 23 0·R·100.00· | 2.3 4.2 4.1 5.4 5.3 5.1" in told
    assert "! answer_lost" in told and "! repeat" in told
