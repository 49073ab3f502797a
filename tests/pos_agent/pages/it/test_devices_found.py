"""What is plugged in and nobody configured, and the lines that configure it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from fake_sysfs import FakeMachine

from pos_agent.config import ScannerSection, from_mapping
from pos_agent.pages.it.devices import means, toml_lines, unconfigured
from scanners.devices import Device, inventory


@pytest.fixture
def devices(tmp_path: Path) -> dict[str, Device]:
    machine = FakeMachine(tmp_path)
    machine.acm(0, "1-1", "05e0:1701", "S123", "Symbol Bar Code Scanner")
    machine.acm(1, "1-2", "1eab:1d06", "N7", "Newland")
    machine.usb_serial(0, "1-3", "0403:6001", "FT1", "FT232R")
    found = [replace(one, port=one.port.removeprefix(str(tmp_path))) for one in inventory(tmp_path).devices]
    return {device.port: device for device in found}


def section(url: str, name: str = "counter") -> ScannerSection:
    return ScannerSection(name=name, url=url)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("serial://usb/05e0:1701?serial=S123&suffix=cr", "/dev/ttyACM0"),
        ("ssi+serial://usb/05E0:1701", "/dev/ttyACM0"),
        ("serial:///dev/ttyACM1?baud=9600", "/dev/ttyACM1"),
        ("serial://usb/0403:6001", "/dev/ttyUSB0"),
    ],
)
def test_an_address_means_its_device_and_no_other(devices: dict[str, Device], url: str, port: str) -> None:
    assert [known for known, device in devices.items() if means(url, device)] == [port]


@pytest.mark.parametrize(
    "url",
    ["serial://usb/05e0:1701?serial=OTHER", "tcp://192.168.1.20:9100", "camera:0", "text:///run/x", "serial://COM5"],
)
def test_an_address_of_something_else_means_none(devices: dict[str, Device], url: str) -> None:
    assert not any(means(url, device) for device in devices.values())


def test_only_what_no_address_means_is_offered(devices: dict[str, Device]) -> None:
    spare = unconfigured(devices.values(), [section("serial://usb/05e0:1701?serial=S123")])
    assert "/dev/ttyACM0" not in {device.port for device in spare}
    assert "/dev/ttyACM1" in {device.port for device in spare}


def test_the_offered_lines_are_a_configuration_with_a_name_that_is_free(devices: dict[str, Device]) -> None:
    known = [section("serial:///dev/ttyS0", "scanner-1"), section("serial:///dev/ttyS1", "scanner-3")]
    data = tomllib.loads(toml_lines(devices["/dev/ttyACM1"], known))
    config = from_mapping(data, "x", {})
    assert config.scanners[0].name == "scanner-2"
    assert means(config.scanners[0].url, devices["/dev/ttyACM1"])
