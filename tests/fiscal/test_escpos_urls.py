"""Printer URLs: what they set, and how a wrong one is refused."""

import time
from pathlib import Path

import pytest
from escpos_machine import opened

from fiscal.escpos.address import PrinterUrlError, parse_url, with_options
from fiscal.escpos.lines import PAPER_58
from fiscal.escpos.links import SerialAddress
from fiscal.escpos.profiles import Cutter, DrawerWiring, ImageForm, Profile, QrDialect, profiles
from fiscal.escpos.raster import FontMissing
from fiscal.escpos.text import Method


def parsed(options: str) -> Profile:
    return parse_url(f"escpos+tcp://host?{options}", time.monotonic, time.sleep).profile


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
        ("escpos+tcp://host?drawer_pin=3", "drawer_pin"),
        ("escpos+tcp://host?drawer_on_ms=0", "drawer_on_ms"),
        ("escpos+tcp://host?drawer_off_ms=511", "drawer_off_ms"),
        ("escpos+tcp://host?drawer_now=soon", "drawer_now"),
        ("escpos+tcp://host?drawer_open=up", "drawer_open"),
        ("escpos+tcp://host?utf8=yes", "utf8"),
        ("escpos+tcp://host?glyphs=some", "glyphs"),
        ("escpos+tcp://host?confirm=perhaps", "confirm"),
        ("escpos+tcp://host?image=lines", "image"),
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


def test_options_say_how_letters_and_pictures_are_printed() -> None:
    def methods(name: str, options: str) -> list[str]:
        return [str(method) for method in parsed(f"profile={name}&{options}").methods]

    assert methods("rongta", "glyphs=no") == ["page", "raster", "substitute"]
    assert methods("clone-58", "glyphs=yes") == ["page", "glyphs", "raster", "substitute"]
    assert methods("xprinter", "utf8=yes") == ["utf8", "raster", "substitute"]
    assert methods("xprinter", "raster=all") == ["raster", "substitute"]
    assert methods("xprinter", "raster=never") == ["page", "glyphs", "substitute"]
    assert parsed("profile=clone-58&image=column").image is ImageForm.COLUMN
    assert parsed("profile=epson-tm-t20").confirms
    assert not parsed("profile=epson-tm-t20&confirm=no").confirms
    assert parsed("profile=xprinter&confirm=yes").confirms


def test_the_drawer_is_wired_as_the_url_says_and_its_switch_is_unknown_before() -> None:
    assert parsed("").drawer == DrawerWiring(2, 100, 100, realtime=False, open_is_high=None)
    learnt = parsed("drawer_pin=5&drawer_on_ms=200&drawer_off_ms=300&drawer_now=yes&drawer_open=low").drawer
    assert learnt == DrawerWiring(5, 200, 300, realtime=True, open_is_high=False)


def test_a_drawn_qr_is_smaller_on_a_line_that_is_slow_for_pictures() -> None:
    assert [
        parse_url(
            f"escpos+serial:///dev/ttyS0?profile=clone-58&baud={baud}", time.monotonic, time.sleep
        ).profile.qr_module_max
        for baud in (9600, 115200)
    ] == [4, 6]


@pytest.mark.parametrize(
    ("url", "changes", "dropped", "expected"),
    [
        ("escpos+tcp://h", {"page": "kz1048"}, (), "escpos+tcp://h?page=kz1048"),
        ("escpos+tcp://h?profile=a&page=b&qr=raster", {"page": "c"}, (), "escpos+tcp://h?profile=a&page=c&qr=raster"),
        ("escpos+tcp://h?utf8=yes&profile=a", {"glyphs": "no"}, ("utf8",), "escpos+tcp://h?profile=a&glyphs=no"),
        ("escpos+serial:///dev/ttyUSB0?font=/a/b%20c.ttf", {}, (), "escpos+serial:///dev/ttyUSB0?font=/a/b%20c.ttf"),
        ("escpos+serial://usb/0416:5011?utf8=no", {}, ("utf8",), "escpos+serial://usb/0416:5011"),
    ],
)
def test_options_of_a_url_are_set_anew_and_the_rest_stays(
    url: str, changes: dict[str, str], dropped: tuple[str, ...], expected: str
) -> None:
    assert with_options(url, changes, dropped) == expected


def test_a_configured_font_that_is_missing_stops_the_set_up(tmp_path: Path) -> None:
    with pytest.raises(FontMissing):
        opened(f"escpos+tcp://host?profile=clone-58&font={tmp_path / 'none.ttf'}")


def test_every_profile_opens() -> None:
    for name in profiles():
        assert opened(f"escpos+tcp://host?profile={name}").profile.name == name
