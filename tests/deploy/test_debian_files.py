"""What stands in the Debian package beside the program, and that it comes out the same each time. Small wheels."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from small_wheel import wheel
from typer.main import get_command

from pos_agent.cli.main import app

ROOT = Path(__file__).parents[2]
GLIBC = "cp{0}{1}-cp{0}{1}-manylinux2014_x86_64.manylinux_2_17_x86_64".format(*sys.version_info)


@pytest.fixture(scope="module")
def building() -> ModuleType:
    places = [str(ROOT / "deploy"), str(ROOT / "deploy/debian")]
    sys.path[:0] = places
    try:
        import build_package
    finally:
        for place in places:
            sys.path.remove(place)
    return build_package


def package(building: ModuleType, folder: Path, *, camera: bool = False) -> Path:
    (folder / "wheels").mkdir(parents=True)
    wheels = [
        wheel(folder / "wheels", "pos_agent", "7.8.9", __init__="__version__ = '7.8.9'\n"),
        wheel(folder / "wheels", "helper", "1.0", GLIBC, __init__="WORD = 1\n"),
    ]
    built: Path = building.build(wheels, folder, camera=camera, fast=True)
    return built


@pytest.fixture(scope="module")
def unpacked(building: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "--raw-extract", str(package(building, folder)), str(folder / "root")], check=True)
    return folder / "root"


def test_the_same_wheels_give_the_same_bytes_whoever_builds(
    building: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    first = package(building, tmp_path / "a")
    before = os.umask(0o077)
    try:
        second = package(building, tmp_path / "b")
    finally:
        os.umask(before)
    assert first.read_bytes() == second.read_bytes()
    said = subprocess.run(
        ["dpkg-deb", "--contents", str(first)],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.split()[3] for line in said.stdout.splitlines()} == {"2027-01-15"}
    assert {line.split()[1] for line in said.stdout.splitlines()} == {"root/root"}


def test_it_belongs_to_one_minor_version_of_python_and_to_the_c_library_of_its_wheels(unpacked: Path) -> None:
    control = (unpacked / "DEBIAN/control").read_text(encoding="utf-8")
    major, minor = sys.version_info[:2]
    assert "Version: 7.8.9\n" in control
    assert f"Depends: python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1}), libc6 (>= 2.17), " in control
    assert "libdmtx" not in control


def test_with_the_camera_it_needs_the_second_readers_library(building: ModuleType, tmp_path: Path) -> None:
    said = subprocess.run(
        ["dpkg-deb", "--field", str(package(building, tmp_path, camera=True)), "Depends"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "libdmtx0t64 | libdmtx0b" in said.stdout


def test_every_command_stands_on_the_manual_page(unpacked: Path) -> None:
    page = gzip.decompress((unpacked / "usr/share/man/man1/pos-agent.1.gz").read_bytes()).decode()
    told = set(re.findall(r"^\.B ([a-z\\-]+)$", page, re.MULTILINE))
    assert {name.replace("-", r"\-") for name in getattr(get_command(app), "commands", {})} <= told
    assert "@" not in page


def test_nothing_is_left_to_fill_in_and_every_licence_is_told(unpacked: Path) -> None:
    for path in (unpacked / "DEBIAN").iterdir():
        assert re.search(r"@[A-Z]+@", path.read_text(encoding="utf-8")) is None
    assert "@POS_AGENT@" not in (unpacked / "usr/lib/systemd/system/pos-agent.service").read_text(encoding="utf-8")
    assert " helper 1.0: MIT\n" in (unpacked / "usr/share/doc/pos-agent/copyright").read_text(encoding="utf-8")


def test_completion_is_read_by_bash_and_the_program_answers_it(unpacked: Path) -> None:
    path = unpacked / "usr/share/bash-completion/completions/pos-agent"
    script = f'source {path}; COMP_WORDS=(pos-agent rollb); COMP_CWORD=1; _pos_agent_completion "$1"; echo "$COMPREPLY"'
    command = str(Path(sys.executable).with_name("pos-agent"))
    said = subprocess.run(["bash", "-c", script, "bash", command], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "rollback"


def test_the_kiosk_opens_the_tills_own_page_with_sounds(unpacked: Path) -> None:
    entry = (unpacked / "usr/share/applications/pos-agent-till.desktop").read_text(encoding="utf-8")
    assert re.search(r"^Exec=chromium --kiosk .*--autoplay-policy=no-user-gesture-required http://127.0.0.1:8765/till$",
                     entry, re.MULTILINE)  # fmt: skip
    assert {"Name[ru]", "Name[kk]"} <= {line.partition("=")[0] for line in entry.splitlines()}
