"""Users and groups of this machine, from /etc/passwd and /etc/group. Users that only a directory service knows are not
found: the agent's own is made by the installation, and stands there. Source: passwd(5), group(5).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int


def account(root: Path, name: str = "", uid: int | None = None) -> Account | None:
    """The account of this name, or of this number; None: there is none."""
    for row in _rows(root / "etc/passwd"):
        if len(row) > 3 and row[2].isdigit() and row[3].isdigit() and (row[0] == name or row[2] == str(uid)):
            return Account(row[0], int(row[2]), int(row[3]))
    return None


def groups_of(root: Path, name: str, extra: tuple[str, ...] = ()) -> frozenset[int]:
    """Numbers of the groups a user is a member of, and of the groups named in `extra`."""
    rows = [row for row in _rows(root / "etc/group") if len(row) > 3 and row[2].isdigit()]
    return frozenset(int(row[2]) for row in rows if name in row[3].split(",") or row[0] in extra)


def _rows(file: Path) -> list[list[str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return [line.split(":") for line in text.splitlines()]
