from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from scanners.address import ScannerAddressInvalid, Surroundings
from scanners.scan import Health, HealthChange, Scan, Signal
from scanners.ssi.driver import SSI_OPTIONS, settings_of, ssi_scanner
from scanners.ssi.protocol import SsiSettings


@pytest.fixture
def surroundings(clock: Any) -> Surroundings:
    return Surroundings(now=clock.now, monotonic=clock.monotonic, discovery=list, read_timeout_s=0.02)


def test_an_address_opens_reads_and_acknowledges(
    line: Any, surroundings: Surroundings, golden: dict[str, bytes], poll_until: Any
) -> None:
    line.plug()
    scanner = ssi_scanner("left", urlsplit(f"ssi+serial://{line.path}?baud=115200&duplicate_ms=0"), surroundings)
    (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.ONLINE
    line.send(golden["full code of 85 bytes, GS1 Data Matrix"])
    (scan,) = poll_until(scanner)
    assert isinstance(scan, Scan)
    assert (scan.symbology, len(scan.data), scan.identified[:5]) == ("]d2", 85, b"]d201")
    scanner.close()


def test_a_scanner_that_is_not_there_is_offline_not_an_error(surroundings: Surroundings) -> None:
    (change,) = ssi_scanner("left", urlsplit("ssi+serial://usb/05e0:1701?serial=S123"), surroundings).poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.OFFLINE
    assert "05e0:1701 serial S123" in change.text


def test_without_options_the_defaults_hold() -> None:
    assert settings_of({}) == SsiSettings()


def test_every_option_is_obeyed() -> None:
    settings = settings_of(
        {
            "suffix": "cr,crlf",
            "response_ms": "500",
            "start": "enable,revision",
            "beep_accepted": "0",
            "beep_refused": "OFF",
            "beep_ask": "26",
            "led": "2",
        }
    )
    assert settings.suffixes == (b"\r", b"\r\n")
    assert settings.response_ms == 500
    assert [command.name for command in settings.start] == ["enable scanning", "tell the revision"]
    assert settings.beeps == {Signal.ACCEPTED: 0, Signal.REFUSED: None, Signal.ASK: 26}
    assert settings.led == 2


@pytest.mark.parametrize(
    ("query", "place", "words"),
    [
        ("beep_refuse=1", "beep_refuse", "did you mean 'beep_refused'"),
        ("beep_refused=27", "beep_refused", "from 0 to 26, or off"),
        ("beep_ask=loud", "beep_ask", "or off"),
        ("led=256", "led", "from 1 to 255"),
        ("led=0", "led", "from 1 to 255"),
        ("start=enabel", "start", "did you mean 'enable'"),
        ("suffix=crfl", "suffix", "did you mean 'crlf'"),
        ("response_ms=20", "response_ms", "from 100 to 9900"),
        ("bits=7", "bits", "unknown"),
        ("gap_ms=50", "gap_ms", "unknown"),
        ("baud=fast", "baud", "whole number"),
        ("duplicate_ms=100", "duplicate_ms", "200 to 1500"),
        ("burst_per_s=999", "burst_per_s", "from 0 to 100"),
        ("serial=S1", "address", "serial://usb"),
    ],
)
def test_a_wrong_address_names_the_place_and_the_nearest_word(
    query: str, place: str, words: str, surroundings: Surroundings
) -> None:
    with pytest.raises(ScannerAddressInvalid, match=words) as wrong:
        ssi_scanner("left", urlsplit(f"ssi+serial:///dev/ttyACM0?{query}"), surroundings)
    assert wrong.value.place == place


def test_every_option_is_explained() -> None:
    assert all(SSI_OPTIONS.values())
    assert {"baud", "serial", "duplicate_ms", "led"} <= SSI_OPTIONS.keys()
