"""Addresses of cameras and pictures: what each option does, and what is said of a wrong one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import pytest

from scanners.address import Scanner, ScannerAddressInvalid, Surroundings
from scanners.camera.driver import camera_scanner, image_scanner
from scanners.scan import Health, HealthChange, Scan

PACK = "(01)04870249811936(21)LxPk7Qb(93)dGVz"
PACK_BYTES = b"010487024981193621LxPk7Qb\x1d93dGVz"


@pytest.fixture
def surroundings(clock: Any, tmp_path: Path) -> Surroundings:
    return Surroundings(now=clock.now, monotonic=clock.monotonic, read_timeout_s=0.0, root=tmp_path)


def opened(url: str, surroundings: Surroundings) -> Scanner:
    make = image_scanner if url.startswith("image") else camera_scanner
    return make("cam", urlsplit(url), surroundings)


@pytest.mark.parametrize(
    "url",
    [
        "camera:0",
        "camera:///dev/video0",
        "camera:///dev/v4l/by-id/usb-Counter_Cam-video-index0?backend=v4l2",
        "camera:1?width=1280&height=720&fps=30&fourcc=mjpg&exposure=-6&focus=12.5&roi=10,20,300,200&formats=dm,EAN,qr",
        "camera:0?formats=gs1-128&dmtx=0&budget_ms=50&blur_min=0&duplicate_ms=0&autofocus=1&backend=any",
        "camera:0?keep_failed=/srv/failed&keep_failed_max=7",
        "camera:0?duty=5",
        "camera:0?duty=100",
    ],
)
def test_a_good_address_makes_a_scanner_and_opens_nothing(url: str, surroundings: Surroundings) -> None:
    scanner = opened(url, surroundings)
    assert (scanner.name, scanner.health) == ("cam", None)
    assert scanner.close() == []


@pytest.mark.parametrize(
    ("url", "place", "words"),
    [
        ("camera:", "address", "camera:0 or camera:///dev/video0"),
        ("camera:front", "address", "'front'"),
        ("camera://dev/video0", "address", "camera:///dev/video0"),
        ("camera:0?widht=640", "widht", "did you mean 'width'"),
        ("camera:0?width=640", "height", "belong together"),
        ("camera:0?width=0&height=1", "width", "from 1 to"),
        ("camera:0?formats=dn", "formats", "did you mean 'dm'"),
        ("camera:0?formats=", "formats", "unknown"),
        ("camera:0?backend=dshov", "backend", "did you mean 'dshow'"),
        ("camera:0?roi=1,2,3", "roi", "x,y,width,height"),
        ("camera:0?roi=1,2,0,5", "roi", "x,y,width,height"),
        ("camera:0?exposure=nan", "exposure", "a number from"),
        ("camera:0?exposure=1e3", "exposure", "a number from"),
        ("camera:0?focus=5&autofocus=1", "autofocus", "one of them"),
        ("camera:0?fourcc=mj", "fourcc", "four letters"),
        ("camera:0?budget_ms=1", "budget_ms", "from 5"),
        ("camera:0?duty=0", "duty", "from 5 to 100"),
        ("camera:0?duty=50%25", "duty", "'50%'"),
        ("image:-?duty=50", "duty", "unknown"),
        ("camera:0?blur_min=300", "blur_min", "to 255"),
        ("camera:0?duplicate_ms=100", "duplicate_ms", "200 to 1500"),
        ("camera:0?keep_failed=", "keep_failed", "no folder"),
        ("camera:0?keep_failed_max=3", "keep_failed_max", "belongs to"),
        ("image:", "address", "image:-"),
        ("image://folder/x.png", "address", "image:///folder"),
        ("image:-?roi=1,1,1,1", "roi", "unknown"),
    ],
)
def test_a_wrong_address_names_its_place(url: str, place: str, words: str, surroundings: Surroundings) -> None:
    with pytest.raises(ScannerAddressInvalid) as invalid:
        opened(url, surroundings)
    assert invalid.value.place == place
    assert words in invalid.value.text


def test_a_camera_that_is_not_there_is_offline_not_an_error(surroundings: Surroundings, tmp_path: Path) -> None:
    scanner = opened(f"camera://{tmp_path}/video7", surroundings)
    (change,) = scanner.poll()
    assert isinstance(change, HealthChange)
    assert change.health is Health.OFFLINE
    assert "video7: not plugged in" in change.text
    scanner.close()


def test_pictures_are_read_through_the_whole_cascade(
    symbol: Any, frame_of: Any, surroundings: Surroundings, tmp_path: Path
) -> None:
    folder = tmp_path / "my pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(cv2.imencode(".png", frame_of((symbol(PACK, gs1=True), 200, 150)))[1].tobytes())
    scanner = opened(f"image://{tmp_path}/my%20pictures", surroundings)
    events = [*scanner.poll(), *scanner.poll()]
    assert [event.data for event in events if isinstance(event, Scan)] == [PACK_BYTES]
    scanner.close()


def python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_an_agent_without_a_camera_never_imports_the_extra() -> None:
    loaded = python(
        "import sys, scanners.camera.driver, pos_agent.cli.decode\n"
        "print(sorted({'cv2', 'zxingcpp', 'numpy', 'pylibdmtx', 'PIL'} & set(sys.modules)))"
    )
    assert loaded == "[]"


@pytest.mark.parametrize("module", ["cv2", "zxingcpp", "numpy"])
@pytest.mark.parametrize("url", ["camera:0", "image:-"])
def test_a_missing_extra_is_told_with_the_command_that_installs_it(module: str, url: str) -> None:
    told = python(
        f"import sys, time; sys.modules[{module!r}] = None\n"
        "from urllib.parse import urlsplit\n"
        "from scanners.address import ScannerAddressInvalid, Surroundings\n"
        "from scanners.camera import driver\n"
        f"make = driver.{'camera' if url.startswith('camera') else 'image'}_scanner\n"
        "try: make('cam', urlsplit(" + repr(url) + "), Surroundings(time.time_ns, time.monotonic))\n"
        "except ScannerAddressInvalid as invalid: print(invalid)"
    )
    assert told.startswith("scheme: the camera needs the extra: pip install 'pos-agent[camera]'")
