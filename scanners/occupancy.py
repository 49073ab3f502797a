"""Whether a device node is free, from what the system tells; nothing is opened, so nothing is disturbed.

Linux only: /proc/locks shows everyone the lock that the agent (and pyserial with `exclusive`) puts on a serial port;
/proc/PID/fd shows open files, of other users' programs only to root. Source: man proc(5).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_LOCK: Final = re.compile(r"\d+:\s+FLOCK\s.*\s(\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s")
_TEXT_BYTES_MAX: Final = 4096
AGENT: Final = "pos-agent"
MODEM_MANAGER: Final = "ModemManager"


class State(StrEnum):
    FREE = "free"
    HELD = "held"  # Another program has it open or locked.
    DENIED = "denied"  # This user may not open it.
    UNKNOWN = "unknown"  # The system does not tell without opening it.


@dataclass(frozen=True, slots=True)
class Holder:
    pid: int
    name: str  # Short name of the program; empty when it cannot be told.

    def __str__(self) -> str:
        return f"{self.name or 'a program'} (pid {self.pid})" if self.pid else (self.name or "another program")


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Who has which device open, as far as this user may see."""

    holders: dict[str, tuple[Holder, ...]]
    complete: bool  # False: programs of other users may hold more.
    modem_manager: bool = False


def occupancy(root: Path, devices: Iterable[str]) -> Occupancy:
    """Look who has `devices` open. Where there is no /proc everything is unknown and `complete` is False."""
    wanted = set(devices)
    nodes = {node: device for device in sorted(wanted) if (node := _node(device)) is not None}
    found: dict[str, dict[int, Holder]] = {}
    complete, modem_manager = True, False
    processes = _processes(root / "proc")
    for process in processes:
        name = _text(process / "comm")
        modem_manager = modem_manager or name == MODEM_MANAGER
        opened = _opened(process)
        complete = complete and opened is not None
        for device, link in (opened or {}).items():
            if device not in wanted or not _is_same(link, Path(device)):
                continue
            found.setdefault(device, {})[int(process.name)] = Holder(int(process.name), name)
    for node, pid in _locks(root / "proc/locks"):
        if node in nodes:
            holder = Holder(pid, _text(root / "proc" / str(pid) / "comm"))
            found.setdefault(nodes[node], {}).setdefault(pid, holder)
    own = os.getpid()
    holders = {device: tuple(who for pid, who in sorted(by.items()) if pid != own) for device, by in found.items()}
    return Occupancy(
        {device: who for device, who in holders.items() if who}, complete and bool(processes), modem_manager
    )


def may_open(device: str, write: bool = True) -> bool:
    """Whether this user's rights allow opening `device`; also True where the system cannot tell (Windows ports)."""
    path = Path(device)
    return not path.exists() or os.access(path, os.R_OK | (os.W_OK if write else 0))


def group_of(root: Path, device: str) -> str:
    """Name of the group that owns the device node; empty where its group has no rights or there is none."""
    try:
        facts = Path(device).stat()
        lines = (root / "etc/group").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    if facts.st_gid == 0 or not facts.st_mode & stat.S_IRGRP:
        return ""  # Nobody should become a member of group root for a scanner.
    rows = (line.split(":") for line in lines)
    return next((row[0] for row in rows if len(row) > 2 and row[2] == str(facts.st_gid)), "")


def _node(device: str) -> tuple[int, int, int] | None:
    """(major, minor, inode) as /proc/locks names a file."""
    try:
        facts = Path(device).stat()
    except OSError:
        return None
    if not hasattr(os, "major"):
        return None
    return os.major(facts.st_dev), os.minor(facts.st_dev), facts.st_ino


def _locks(file: Path) -> Iterable[tuple[tuple[int, int, int], int]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [
        ((int(major, 16), int(minor, 16), int(inode)), int(pid)) for pid, major, minor, inode in _LOCK.findall(text)
    ]


def _processes(folder: Path) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _is_same(link: Path, device: Path) -> bool:
    """A process in a container may have another device of that name open; where it cannot be told the name counts."""
    try:
        return os.path.samestat(link.stat(), device.stat())
    except OSError:
        return True


def _opened(process: Path) -> dict[str, Path] | None:
    """Files the process has open and the links to them; None: this user may not look."""
    try:
        links = list((process / "fd").iterdir())
    except PermissionError:
        return None
    except OSError:  # It ended meanwhile.
        return {}
    opened = {}
    for link in links:
        try:
            opened[str(link.readlink())] = link
        except OSError:
            continue
    return opened


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_TEXT_BYTES_MAX).decode("utf-8", "replace").strip()
    except OSError:
        return ""
