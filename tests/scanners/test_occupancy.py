from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_sysfs import FakeMachine

from scanners.occupancy import Holder, group_of, may_open, occupancy


@pytest.fixture
def terminal() -> Iterator[str]:
    ends = os.openpty()
    yield os.ttyname(ends[1])
    for end in ends:
        os.close(end)


def holding(code: str) -> subprocess.Popen[str]:
    """Another program that says when it has the port."""
    program = f"import os, sys, serial\n{code}\nprint('open', flush=True)\nsys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    return child


@pytest.mark.parametrize("opened", ["serial.Serial({!r}, exclusive=True)", "os.open({!r}, os.O_RDONLY)"])
def test_a_port_another_program_has_is_told_with_its_number_and_free_again_after_it(terminal: str, opened: str) -> None:
    with holding("port = " + opened.format(terminal)) as child:
        (holder,) = occupancy(Path("/"), [terminal]).holders[terminal]
        assert holder.pid == child.pid
        assert holder.name.startswith("python")
        child.communicate()
    assert occupancy(Path("/"), [terminal]).holders == {}


def test_a_port_this_program_has_is_not_held(terminal: str) -> None:
    port = os.open(terminal, os.O_RDWR)
    try:
        assert occupancy(Path("/"), [terminal]).holders == {}
    finally:
        os.close(port)


def test_a_lock_is_seen_where_the_programs_files_are_not(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    device = machine.acm(0, "1-1", "05e0:1701")
    facts = Path(device).stat()
    place = f"{os.major(facts.st_dev):02x}:{os.minor(facts.st_dev):02x}:{facts.st_ino}"
    machine.process(812, "pos-agent")
    (tmp_path / "proc/locks").write_text(
        f"1: POSIX  ADVISORY  WRITE 99 {place} 0 EOF\n2: FLOCK  ADVISORY  WRITE 812 {place} 0 EOF\n"
    )
    assert occupancy(tmp_path, [device]).holders == {device: (Holder(812, "pos-agent"),)}


def test_open_files_and_the_modem_manager_are_seen(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    device = machine.acm(0, "1-1", "05e0:1701")
    machine.process(5, "ModemManager", "/dev/null", device)
    machine.process(6, "bash")
    seen = occupancy(tmp_path, [device])
    assert seen.holders == {device: (Holder(5, "ModemManager"),)}
    assert (seen.complete, seen.modem_manager) == (True, True)


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    seen = occupancy(tmp_path, ["/dev/ttyACM0"])
    assert (seen.holders, seen.complete) == ({}, False)


def test_the_group_of_a_device_is_named_only_where_it_helps(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    device = Path(machine.acm(0, "1-1", "05e0:1701"))
    group = os.getgid() or 20
    os.chown(device, -1, group)
    (tmp_path / "etc/group").write_text(f"root:x:0:\ndialout:x:{group}:pos-agent\n")
    assert group_of(tmp_path, str(device)) == "dialout"
    device.chmod(0o600)
    assert group_of(tmp_path, str(device)) == ""
    assert group_of(tmp_path, "/dev/null") == ""  # Nobody should become a member of root's group.


def test_what_is_no_file_may_be_opened_as_far_as_is_known() -> None:
    assert may_open("COM5")
