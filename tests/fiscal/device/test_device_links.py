"""Lines of this machine, on a real pseudo-terminal and a real socket, and the addresses that name them."""

from __future__ import annotations

import os
import socket
import threading
import tty
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from fiscal.device.links import LineAddress, SerialLink, TcpLink, _device_of, open_link
from fiscal.device.settings import DEVICE_OPTIONS, DeviceSettings, device_settings
from fiscal.options import Options, RegisterUrlError, split


def settings(url: str) -> DeviceSettings:
    parts = split(url)
    return device_settings(parts, Options.parse(parts.query, DEVICE_OPTIONS), tcp_port=7778)


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


def test_a_serial_line_carries_bytes_both_ways_and_waits_no_longer_than_told(terminal: tuple[int, str]) -> None:
    master, name = terminal
    link = SerialLink(LineAddress(name, port=name))
    link.open()
    link.write(b"\x05")
    assert os.read(master, 10) == b"\x05"
    assert link.read(0.01) == b""
    os.write(master, b"\x15\x06")
    assert link.read(5) == b"\x15\x06"
    link.close()
    link.close()


def test_a_serial_line_is_ours_alone(terminal: tuple[int, str]) -> None:
    _, name = terminal
    first, second = (SerialLink(LineAddress(name, port=name)) for _ in range(2))
    first.open()
    with pytest.raises(OSError):
        second.open()
    first.close()
    second.open()
    second.close()


def test_a_line_that_is_not_there_or_not_open_is_an_os_error() -> None:
    with pytest.raises(OSError):
        SerialLink(LineAddress("x", port="/dev/no-such-port")).open()
    with pytest.raises(OSError):
        SerialLink(LineAddress("x", port="usb/ffff:fffe")).open()
    for link in (SerialLink(LineAddress("x", port="x")), TcpLink(LineAddress("x", host="x"))):
        with pytest.raises(ConnectionError, match="x is not open"):
            link.write(b"1")
        with pytest.raises(ConnectionError, match="x is not open"):
            link.read(0)


def test_a_terminal_that_dies_is_an_os_error() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    name = os.ttyname(slave)
    link = SerialLink(LineAddress(name, port=name))
    link.open()
    os.close(master)
    os.close(slave)
    with pytest.raises(OSError):
        link.read(1)
    link.close()


def test_a_tcp_line_carries_bytes_and_tells_a_hang_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        link = open_link(LineAddress("x", host="127.0.0.1", tcp_port=port))
        link.open()
        peer, _ = listener.accept()
        with peer:
            link.write(b"abc")
            assert peer.recv(10) == b"abc"
            assert link.read(0) == b""
            threading.Timer(0.05, peer.sendall, (b"xyz",)).start()
            assert link.read(5) == b"xyz"
        with pytest.raises(ConnectionResetError):
            link.read(5)
        link.close()
        link.open()
        link.close()
    with pytest.raises(OSError):
        link.open()


def test_a_usb_port_is_found_by_what_it_is() -> None:
    ports = [
        SimpleNamespace(vid=None, pid=None, device="/dev/ttyS0", serial_number=None),
        SimpleNamespace(vid=0x1FC9, pid=0x0089, device="/dev/ttyACM3", serial_number="A1"),
        SimpleNamespace(vid=0x1FC9, pid=0x0089, device="/dev/ttyACM4", serial_number="B2"),
    ]
    assert _device_of("usb/1fc9:0089", ports) == "/dev/ttyACM3"
    assert _device_of("usb/1FC9:0089/B2", ports) == "/dev/ttyACM4"
    assert _device_of("/dev/ttyS0", ports) == "/dev/ttyS0"
    with pytest.raises(FileNotFoundError, match="usb/1fc9:0090"):
        _device_of("usb/1fc9:0090", ports)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("shtrih+serial:///dev/ttyACM0?baud=4800", LineAddress("/dev/ttyACM0", port="/dev/ttyACM0", baud=4800)),
        ("shtrih+serial:///COM3", LineAddress("COM3", port="COM3")),
        ("shtrih+serial://COM3", LineAddress("COM3", port="COM3")),
        ("shtrih+serial://usb/1fc9:0089", LineAddress("usb/1fc9:0089", port="usb/1fc9:0089")),
        ("shtrih+tcp://10.0.0.7", LineAddress("10.0.0.7:7778", host="10.0.0.7", tcp_port=7778)),
        (
            "shtrih+tcp://till.lan:9?connect_s=1.5",
            LineAddress("till.lan:9", host="till.lan", tcp_port=9, connect_s=1.5),
        ),
    ],
)
def test_a_url_names_a_line(url: str, address: LineAddress) -> None:
    assert settings(url).address == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("shtrih+tcp:///x", "host: is missing"),
        ("shtrih+tcp://h/x", "host: must not be followed by a path"),
        ("shtrih+tcp://h?baud=9600", "option baud: is for serial lines"),
        ("shtrih+serial://", "path: names no port"),
        ("shtrih+serial://usb/1fc9", "usb/VVVV:PPPP"),
        ("shtrih+serial:///dev/x?baud=9601", "option baud: must be one of 1200"),
        ("shtrih+serial:///dev/x?printing_s=0", "option printing_s: must be above 0"),
        ("shtrih+serial:///dev/x?utc_offset=5", "option utc_offset: must look like"),
        ("shtrih+serial:///dev/x?bauds=9600", 'did you mean "baud"'),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url: str, words: str) -> None:
    with pytest.raises(RegisterUrlError, match=words.replace("+", r"\+")):
        settings(url)
