"""Facts of the machine: user, service, clock, data folder, secret files. Looks, and changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pos_agent.accounts import Account, account, groups_of
from pos_agent.config import Config
from pos_agent.config_sources import secret_references
from pos_agent.doctor.edge import UNIT, Edge
from pos_agent.doctor.facts import FolderFacts, MachineFacts, SecretFacts, User
from pos_agent.install.placing import OF_DEBIAN, RULES, Places, rules_file, unit_text
from scanners.occupancy import occupancy
from sync.secret_reference import SecretMissing
from sync.sqlite_version import has_wal_reset_bug

PROPERTIES: Final = ("LoadState", "ActiveState", "UnitFileState", "User", "SupplementaryGroups", "MainPID")
RULE_FOLDERS: Final = ("etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
NETWORK_KINDS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "sshfs", "fuse.sshfs", "9p", "vboxsf", "afs"})


def machine_facts(edge: Edge) -> MachineFacts:
    import pysqlite3

    systemd = (edge.root / "run/systemd/system").is_dir()
    version = tuple(pysqlite3.sqlite_version_info)
    return MachineFacts(
        utc_offset_s=edge.utc_offset_s(),
        ntp_synchronised=edge.ntp_synchronised(),
        sqlite=version,
        sqlite_is_sound=not has_wal_reset_bug(version),
        systemd=systemd,
        unit=_unit(edge) if systemd else {},
        modem_manager=occupancy(edge.root, ()).modem_manager,
        scanner_rule=any((edge.root / folder / RULES).exists() for folder in RULE_FOLDERS),
        other_version=tuple(_of_another_version(edge.root)),
    )


def _of_another_version(root: Path) -> Iterator[str]:
    """An update changes the programs alone, and a hand may have changed the rest. Debian's package keeps its own."""
    if any((root / path.relative_to("/")).exists() for path in OF_DEBIAN):
        return
    places, rules = Places(root), rules_file()
    unit = _text(places.unit)
    command = re.search(r"^ExecStart=(\S+)", unit, re.MULTILINE)
    if unit and (command is None or unit != unit_text(Path(command[1]))):
        yield str(places.unit)
    if rules is not None and _text(places.rules) not in ("", rules.read_text(encoding="utf-8")):
        yield str(places.rules)


def _text(path: Path) -> str:
    """Empty: there is none that could be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _unit(edge: Edge) -> Mapping[str, str]:
    """Properties of the service; empty where there is none of that name."""
    told = edge.run(["systemctl", "show", UNIT, "--property", ",".join(PROPERTIES)]) or ""
    found = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    return found if found.get("LoadState") == "loaded" else {}


def agent_user(edge: Edge, machine: MachineFacts, folder: Path) -> User | None:
    """As whom the agent runs: the service's user, else whose the data folder is, else who asks. None: not told here."""
    if sys.platform == "win32":
        return None
    name = machine.unit.get("User", "")
    extra = tuple(machine.unit.get("SupplementaryGroups", "").split())
    if not name and is_there(folder) and (owner := folder.stat().st_uid) != os.geteuid() and (owner or os.geteuid()):
        return _user(edge.root, account(edge.root, uid=owner) or Account(str(owner), owner, owner), extra)
    if not name:
        return _asking(edge.root)
    known = account(edge.root, name, uid=int(name) if name.isdigit() else None)
    return None if known is None else _user(edge.root, known, extra)


def _asking(root: Path) -> User | None:
    if sys.platform == "win32":
        return None
    uid = os.geteuid()
    known = account(root, uid=uid)
    return User(str(uid) if known is None else known.name, uid, frozenset({os.getegid(), *os.getgroups()}))


def _user(root: Path, known: Account, extra: tuple[str, ...]) -> User:
    return User(known.name, known.uid, groups_of(root, known.name, extra) | {known.gid})


def may(user: User | None, path: Path, *, write: bool = False) -> bool | None:
    """Whether `user` may open an existing file or use a folder, by its rights alone; None: nobody can tell.

    Rights of the folders above are looked at too: a readable file in a closed folder is not readable.
    """
    if user is None:
        return None
    try:
        facts = path.stat()
        above = [folder.stat() for folder in path.resolve().parents]
    except OSError:
        return None
    wanted = 0o6 if write else 0o4
    if stat.S_ISDIR(facts.st_mode):
        wanted |= 0o1
    return _allows(user, facts, wanted) and all(_allows(user, folder, 0o1) for folder in above)


def _allows(user: User, facts: os.stat_result, wanted: int) -> bool:
    if user.is_root:
        return True
    shift = 6 if facts.st_uid == user.uid else 3 if facts.st_gid in user.groups else 0
    return facts.st_mode >> shift & wanted == wanted


def is_there(path: Path) -> bool | None:
    """None: who asks may not look there."""
    try:
        path.stat()
    except PermissionError:
        return None
    except OSError:
        return False
    return True


def may_look_into(folder: Path) -> bool:
    """Whether who asks sees what lies in a folder; also True where there is none."""
    there = is_there(folder)
    return there is not None and (not there or may_open(folder, os.R_OK | os.X_OK))


def may_open(path: Path, mode: int) -> bool:
    """As the user who asks now: under sudo and its like not always who started the program."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def folder_facts(edge: Edge, folder: Path, user: User | None) -> FolderFacts:
    place = next((one for one in (folder, *folder.parents) if is_there(one)), Path("/"))
    try:
        free_bytes: int | None = shutil.disk_usage(place).free
    except OSError:
        free_bytes = None
    kind, options = _mount(edge.root, place)
    exists = is_there(folder) is None or folder.is_dir()
    return FolderFacts(
        str(folder),
        exists,
        may(user, folder, write=True) if exists else None,
        read_only="ro" in options,
        free_bytes=free_bytes,
        network=kind if kind in NETWORK_KINDS else "",
    )


def _mount(root: Path, place: Path) -> tuple[str, list[str]]:
    """Kind and options of the file system a folder lies on: the longest mount point above it, the last if twice."""
    try:
        rows = (root / "proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "", []
    real = place.resolve()
    found = ("", "", "")
    for row in rows:
        cells = row.split()
        if len(cells) > 3 and (point := cells[1].replace("\\040", " ")) and real.is_relative_to(point):
            found = max(found, (point, cells[2], cells[3]), key=lambda one: len(one[0]))
    return found[1], found[2].split(",")


def secret_facts(config: Config, edge: Edge, user: User | None) -> tuple[SecretFacts, ...]:
    """Where each secret lies and whether it can be had. The values are looked at and forgotten."""
    return tuple(_secret(".".join(place), reference, edge, user) for place, reference in secret_references(config))


def _secret(key: str, reference: str, edge: Edge, user: User | None) -> SecretFacts:
    reason = ""
    try:
        edge.secret(reference)
    except SecretMissing as error:
        reason = str(error)
    kind, _, place = reference.partition(":")
    if kind != "file":
        return SecretFacts(key, reference, reason)
    path = Path(place)
    if is_there(path) is None or (is_there(path) and not may_open(path, os.R_OK) and may(user, path)):
        return SecretFacts(key, reference, path=place, unseen=True)
    try:
        mode: int | None = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mode = None
    if sys.platform == "win32":
        return SecretFacts(key, reference, reason, place)
    return SecretFacts(key, reference, reason, place, mode, may(user, path))
