"""Printer URLs: what they set, and how a wrong one is refused."""

import time
from pathlib import Path

import pytest
from escpos_machine import opened

from fiscal.escpos.address import PrinterUrlError, parse_url
from fiscal.escpos.lines import PAPER_58
from fiscal.escpos.links import SerialAddress
from fiscal.escpos.profiles import Cutter, QrDialect, profiles
from fiscal.escpos.raster import FontMissing
from fiscal.escpos.text import Method


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
