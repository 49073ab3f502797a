from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

import pytest
import serial

from scanners.ports import (
    LineSettings,
    PortUnavailable,
    SerialOpener,
    UsbIdentity,
    discover,
    parse_address,
    unavailable,
)
from scanners.scan import Health

SETTINGS = LineSettings(read_timeout_s=0.02)


@dataclass
class Listed:
    """One line of the system's port list."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None


@pytest.mark.parametrize(
    ("netloc", "path", "address"),
    [
        ("", "/dev/ttyACM0", "/dev/ttyACM0"),
        ("COM5", "", "COM5"),
        ("COM5", "/", "COM5"),
        ("usb", "/05e0:1701", UsbIdentity(0x05E0, 0x1701)),
        ("usb", "/0C2E:0b61", UsbIdentity(0x0C2E, 0x0B61)),
    ],
)
def test_an_address_names_a_device_or_an_identity(netloc: str, path: str, address: object) -> None:
    assert parse_address(netloc, path, None, None) == address


@pytest.mark.parametrize(
    ("netloc", "path", "serial_number"),
    [("", "", None), ("", "/", None), ("usb", "/05e0", None), ("dev", "/ttyACM0", None), ("COM5", "", "S1")],
)
def test_an_address_that_names_nothing_is_refused(netloc: str, path: str, serial_number: str | None) -> None:
    with pytest.raises(ValueError, match=r"device|USB|address|serial="):
        parse_address(netloc, path, serial_number, None)


def test_a_usb_scanner_is_found_by_identity_under_any_name(line: Any) -> None:
    line.plug()
    ports = [Listed("/dev/ttyACM0", 0x05E0, 0x1701, "OTHER"), Listed(str(line.path), 0x05E0, 0x1701, "S123")]
    port = SerialOpener(UsbIdentity(0x05E0, 0x1701, "S123"), SETTINGS, lambda: ports)()
    line.send(b"x")
    assert port.read(10) == b"x"
    port.close()


def test_two_equal_scanners_without_serial_number_are_not_guessed_between() -> None:
    ports = [Listed("/dev/ttyACM1", 0x05E0, 0x1701, None, "1-1"), Listed("/dev/ttyACM0", 0x05E0, 0x1701, None, "1-2")]
    with pytest.raises(PortUnavailable, match=r"/dev/ttyACM0, /dev/ttyACM1.*location="):
        SerialOpener(UsbIdentity(0x05E0, 0x1701), SETTINGS, lambda: ports)()


def test_a_scanner_named_by_path_is_found_after_a_replug_under_another_name(line: Any, tmp_path: Any) -> None:
    line.plug()
    old, new = str(line.path), tmp_path / "ttyACM1"
    ports = [Listed(old, 0x05E0, 0x1701, "S123")]
    opener = SerialOpener(old, SETTINGS, lambda: ports)
    opener().close()
    line.unplug()
    line.path = new
    line.plug()
    ports[:] = [Listed(old, 0x0403, 0x6001, "PRINTER"), Listed(str(new), 0x05E0, 0x1701, "S123")]
    port = opener()
    line.send(b"x")
    assert port.read(10) == b"x"
    port.close()


def test_another_device_under_the_old_name_is_not_opened(line: Any) -> None:
    line.plug()
    ports = [Listed(str(line.path), 0x05E0, 0x1701, "S123")]
    opener = SerialOpener(str(line.path), SETTINGS, lambda: ports)
    opener().close()
    ports[:] = [Listed(str(line.path), 0x0403, 0x6001, "PRINTER")]
    with pytest.raises(PortUnavailable, match="another device now"):
        opener()


def test_a_missing_device_is_offline(tmp_path: Any) -> None:
    with pytest.raises(PortUnavailable, match="not plugged in") as refused:
        SerialOpener(str(tmp_path / "ttyACM9"), SETTINGS, list)()
    assert refused.value.health is Health.OFFLINE


def test_a_file_that_is_no_terminal_is_offline_with_its_reason(tmp_path: Any) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    with pytest.raises(PortUnavailable, match=str(plain)) as refused:
        SerialOpener(str(plain), SETTINGS, list)()
    assert refused.value.health is Health.OFFLINE


@pytest.mark.parametrize(
    ("error", "health", "words"),
    [
        (serial.SerialException(errno.EACCES, "could not open port"), Health.DENIED, "/dev/ttyACM0.*dialout"),
        (serial.SerialException(errno.EBUSY, "could not open port"), Health.BUSY, "/dev/ttyACM0.*another program"),
        # Windows gives no number, and the same words for "held by another program".
        (
            serial.SerialException(
                "could not open port 'COM5': PermissionError(13, 'Access is denied.', None, 5)",
            ),
            Health.BUSY,
            "/dev/ttyACM0.*another program",
        ),
        (
            serial.SerialException(
                "could not open port 'COM5': FileNotFoundError(2, 'The system cannot find the file.', None, 2)",
            ),
            Health.OFFLINE,
            "not plugged in",
        ),
        (OSError(errno.EIO, "Input/output error"), Health.OFFLINE, "Input/output"),
    ],
)
def test_an_error_at_opening_says_what_to_do(error: OSError, health: Health, words: str) -> None:
    told = unavailable("/dev/ttyACM0", error)
    assert told.health is health
    with pytest.raises(PortUnavailable, match=words):
        raise told


def test_the_ports_of_this_machine_can_be_listed() -> None:
    assert all(port.device for port in discover())


def test_a_list_that_breaks_because_a_device_is_being_unplugged_is_asked_again(line: Any) -> None:
    line.plug()
    answers: list[Any] = [TypeError("int() argument must be a string"), OSError(5, "Input/output error")]

    def listed() -> list[Listed]:
        # pyserial makes numbers of files that are gone between its look at the folder and its reading.
        if answers:
            raise answers.pop()
        return [Listed(str(line.path), 0x05E0, 0x1701, "S123")]

    opener = SerialOpener(UsbIdentity(0x05E0, 0x1701, "S123"), SETTINGS, listed)
    for _ in range(2):
        with pytest.raises(PortUnavailable, match="list of serial ports") as refused:
            opener()
        assert refused.value.health is Health.OFFLINE
    opener().close()
