from __future__ import annotations

from typing import Any

import pytest

from scanners.registry import ScannerAddressInvalid, Surroundings, open_scanner
from scanners.scan import Health, HealthChange, Scan, Terminator


@pytest.fixture
def surroundings(clock: Any) -> Surroundings:
    return Surroundings(now=clock.now, monotonic=clock.monotonic, discovery=list, read_timeout_s=0.02)


def test_a_serial_address_opens_reads_and_obeys_its_options(line: Any, surroundings: Surroundings) -> None:
    line.plug()
    url = f"serial://{line.path}?baud=115200&suffix=etx&prefix=%02&duplicate_ms=0"
    scanner = open_scanner("left", url, surroundings)
    (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.ONLINE
    line.send(b"\x02abc\x03\x02abc\x03")
    scans = scanner.poll()
    assert [(scan.data, scan.source) for scan in scans if isinstance(scan, Scan)] == [(b"abc", "left")] * 2
    scanner.close()


def test_suffix_none_ends_codes_by_silence(line: Any, surroundings: Surroundings, clock: Any) -> None:
    line.plug()
    scanner = open_scanner("left", f"serial://{line.path}?suffix=none&gap_ms=40", surroundings)
    scanner.poll()
    line.send(b"abc")
    assert scanner.poll() == []
    clock.pass_ms(41)
    (scan,) = scanner.poll()
    assert isinstance(scan, Scan)
    assert (scan.data, scan.terminator) == (b"abc", Terminator.GAP)
    scanner.close()


def test_a_scanner_that_is_not_there_is_offline_not_an_error(surroundings: Surroundings) -> None:
    scanner = open_scanner("left", "serial://usb/05e0:1701?serial=S123", surroundings)
    (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.OFFLINE
    assert "05e0:1701 serial S123" in change.text


@pytest.mark.parametrize(
    ("url", "place", "words"),
    [
        ("serail:///dev/ttyACM0", "scheme", "did you mean 'serial'"),
        ("/dev/ttyACM0", "scheme", "known: camera.*ssi\\+serial"),
        ("serial://", "address", "no device"),
        ("text:///run/codes%00", "address", "zero byte"),
        ("hidpos:///dev/hidraw\0", "address", "zero byte"),
        ("serial://usb/05e0:17", "address", "four hex digits"),
        ("serial:///dev/ttyACM0?bauds=9600", "bauds", "did you mean 'baud'"),
        ("serial:///dev/ttyACM0?sufix=cr", "sufix", "did you mean 'suffix'"),
        ("serial:///dev/ttyACM0?suffix=crfl", "suffix", "did you mean 'crlf'"),
        ("serial:///dev/ttyACM0?parity=x", "parity", "unknown"),
        ("serial:///dev/ttyACM0?baud=fast", "baud", "whole number"),
        ("serial:///dev/ttyACM0?baud=9600&baud=19200", "baud", "twice"),
        ("serial:///dev/ttyACM0?baud=1200&suffix=none", "gap_ms", "too short at 1200 baud"),
        ("serial:///dev/ttyACM0?gap_ms=5", "gap_ms", "too short at 9600 baud"),
        ("serial:///dev/ttyACM0?gap_ms=0", "gap_ms", "at least 1"),
        ("serial:///dev/ttyACM0?duplicate_ms=100", "duplicate_ms", "200 to 1500"),
        ("serial:///dev/ttyACM0?serial=S1", "address", "serial://usb"),
        ("serial:///dev/ttyACM0?prefix=%E2%82%AC", "prefix", "bytes"),
    ],
)
def test_a_wrong_address_names_the_place_and_the_nearest_word(
    url: str, place: str, words: str, surroundings: Surroundings
) -> None:
    with pytest.raises(ScannerAddressInvalid, match=words) as wrong:
        open_scanner("left", url, surroundings)
    assert wrong.value.place == place
