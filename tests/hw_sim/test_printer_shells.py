"""The printer behind TCP, behind a pseudo-terminal and behind calls; the picture of a whole receipt."""

import io
import os
import socket
import sys
import time
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image

from hw_sim.printer import FontMissing, Interpreter, fonts, model_named, render
from hw_sim.printer.inprocess import InProcessPrinter
from hw_sim.printer.tcp import PrinterServer

LINES = """\
        ФИСКАЛДЫ ЧЕК
Ауысым 154          Чек №28
1. Етік / Обувь
1 дана x 500,00
Құны                      500,00
БАРЛЫҒЫ                   500,00
соның ішінде ҚҚС 16%       68,97
Фискалдық белгі: 367645207
14.09.2026 16:55:37""".splitlines()
KZ1048 = {  # Written out: the test must not lean on the codec the simulator leans on.
    **{chr(0x410 + n): 0xC0 + n for n in range(64)},
    **dict(zip("ӘәҒғҚқҢңӨөҰұҮүҺһІі№", bytes.fromhex("A3BCAABA8D9DBDBEA5B4A1A2AFBF8E9EB2B3B9"), strict=True)),
}
URL = b"https://consumer.oofd.kz/?i=2364554545"


def kz1048(text: str) -> bytes:
    return bytes(KZ1048.get(char, ord(char) % 128) for char in text)


RECEIPT = (
    b"\x1b@\x1c.\x1bt\x35"
    + b"".join(kz1048(line) + b"\n" for line in LINES)
    + b"\x1ba\x01\x1d(k\x03\x001C\x05\x1d(k\x29\x001P0" + URL + b"\x1d(k\x03\x001Q0\x1dVB\x00"
)  # fmt: skip


class VirtualTime:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait_for(condition, limit_s=5.0):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.005)


def held(server: PrinterServer) -> int:
    with server.printer() as printer:
        return printer.held_bytes


def connect(server: PrinterServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=5.0)


def test_a_kazakh_receipt_reads_as_sent_and_its_letters_are_ink_on_the_picture():
    printer = Interpreter(model_named("epson-58"))
    printer.receive(RECEIPT)
    assert printer.paper.lines[: len(LINES)] == LINES
    picture = render(printer.paper)
    for line in range(len(LINES)):
        band = picture.crop((32, 32 + line * 30, 32 + 384, 32 + line * 30 + 24))
        assert band.getextrema() == (0, 255)
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [URL.decode()]


def test_letters_that_differ_only_in_their_kazakh_stroke_are_drawn_differently():
    def drawn(text: str) -> bytes:
        printer = Interpreter(model_named("epson-58"))
        printer.receive(b"\x1bt\x35" + kz1048(text) + b"\n")
        return render(printer.paper).tobytes()

    for russian, kazakh in ("КҚ", "ГҒ", "НҢ", "ОӨ", "УҰ", "УҮ", "ҰҮ", "ХҺ", "кқ", "гғ", "нң", "оө", "ұү"):
        assert drawn(russian) != drawn(kazakh)


def test_a_machine_without_fonts_gets_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "CANDIDATES", (tmp_path / "none.ttf",))
    monkeypatch.delenv(fonts.FONT_VARIABLE, raising=False)
    with pytest.raises(FontMissing, match=r"none\.ttf"):
        fonts.find_font()


def test_a_network_printer_saves_picture_bytes_and_log_of_a_job(tmp_path):
    with PrinterServer(model_named("epson-58"), folder=tmp_path / "jobs") as server:
        with connect(server) as client:
            client.sendall(RECEIPT + b"\x10\x04\x01")
            assert client.recv(16) == b"\x12"
        wait_for(lambda: server.jobs.saved == 1)
        with connect(server) as client:
            client.sendall(b"second\n")
        wait_for(lambda: server.jobs.saved == 2)
    assert (tmp_path / "jobs" / "job-0001.bin").read_bytes() == RECEIPT + b"\x10\x04\x01"
    assert "kz1048: БАРЛЫҒЫ" in (tmp_path / "jobs" / "job-0001.log").read_text(encoding="utf-8")
    picture = Image.open(io.BytesIO((tmp_path / "jobs" / "job-0001.png").read_bytes()))
    assert [found.text for found in zxingcpp.read_barcodes(picture.convert("L"))] == [URL.decode()]
    assert (tmp_path / "jobs" / "job-0002.bin").read_bytes() == b"second\n"
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir())[-1] == "job-0002.png"


def test_a_fault_set_while_the_line_is_open_reaches_the_next_question():
    with PrinterServer(model_named("epson")) as server, connect(server) as client:
        with server.printer() as printer:
            printer.condition.cover_open = True
        client.sendall(b"a\n\x10\x04\x02")
        assert client.recv(16) == b"\x16"
        with server.printer() as printer:
            assert printer.paper.lines == []
            printer.condition.cover_open = False
        with server.printer() as printer:
            assert printer.paper.lines == ["a"]


def test_automatic_status_arrives_although_the_host_sent_nothing():
    with PrinterServer(model_named("epson")) as server, connect(server) as client:
        client.sendall(b"\x1da\xff")
        assert client.recv(4) == b"\x10\x00\x00\x00"
        with server.printer() as printer:
            printer.condition.near_end = True
        assert client.recv(4) == b"\x10\x00\x03\x00"


def test_a_second_client_waits_until_the_first_has_gone():
    with PrinterServer(model_named("epson")) as server, connect(server) as first, connect(server) as second:
        first.sendall(b"\x10\x04\x01")
        assert first.recv(1) == b"\x12"
        second.sendall(b"\x10\x04\x01")
        second.settimeout(0.1)
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.close()
        second.settimeout(5.0)
        assert second.recv(1) == b"\x12"


def test_a_refusing_or_unpowered_printer_hangs_up():
    with PrinterServer(model_named("epson")) as server:
        server.refuse = True
        with connect(server) as client:
            assert client.recv(1) == b""
        server.refuse = False
        with connect(server) as client:
            client.sendall(b"\x10\x04\x01")
            assert client.recv(1) == b"\x12"
            with server.printer() as printer:
                printer.power_off()
            assert client.recv(1) == b""


def test_a_full_buffer_keeps_bytes_on_the_line_and_loses_nothing():
    small = replace(model_named("epson"), buffer_bytes=50)
    with PrinterServer(small) as server, connect(server) as client:
        with server.printer() as printer:
            printer.condition.busy = True
        client.sendall(b"0123456789\n" * 200)
        wait_for(lambda: held(server) == 50)
        with server.printer() as printer:
            printer.condition.busy = False
        client.close()
        wait_for(lambda: server.jobs.saved == 1)
        with server.printer() as printer:
            assert printer.paper.lines == ["0123456789"] * 200


def test_in_virtual_time_a_slow_printer_spends_seconds_and_a_late_answer_misses_its_deadline():
    clock = VirtualTime()
    line = InProcessPrinter(Interpreter(model_named("epson")), clock, clock.sleep)
    line.interpreter.condition.bytes_per_s = 960.0
    line.write(b"x" * 95 + b"\n")
    assert clock.now == pytest.approx(0.1)
    line.interpreter.condition.bytes_per_s = 0.0
    line.interpreter.condition.answer_delay_s = 0.5
    line.write(b"\x10\x04\x01")
    assert line.read(16, 0.3) == b""
    assert clock.now == pytest.approx(0.4)
    assert line.read(16, 0.3) == b"\x12"
    assert clock.now == pytest.approx(0.6)


def test_in_virtual_time_a_printer_without_power_resets_the_connection():
    clock = VirtualTime()
    line = InProcessPrinter(Interpreter(model_named("epson")), clock, clock.sleep)
    line.interpreter.power_off()
    with pytest.raises(ConnectionError):
        line.write(b"x")
    assert line.read(1, 0.3) == b""


if sys.platform != "win32":
    from hw_sim.printer.pty import PtyPrinter

    def test_a_usb_serial_printer_prints_answers_and_saves_at_the_cut(tmp_path):
        link = tmp_path / "printer"
        with PtyPrinter(model_named("epson-58"), tmp_path / "jobs", link) as device:
            host = os.open(link, os.O_RDWR | os.O_NOCTTY)
            try:
                os.write(host, RECEIPT + b"\x10\x04\x04")
                assert os.read(host, 16) == b"\x12"
                wait_for(lambda: device.jobs.saved == 1)
            finally:
                os.close(host)
        assert not link.is_symlink()
        assert (tmp_path / "jobs" / "job-0001.bin").read_bytes().startswith(RECEIPT[:-4])
