"""Puts a new configuration and its secrets on the disk: whole or not at all, closed to others from the first byte."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pos_agent.accounts import account
from pos_agent.install.placing import FIRST_CONFIGURATION

USER: Final = "pos-agent"  # Of the service, where the system has it.
TOKEN_BYTES: Final = 32
CONFIG_MODE: Final = 0o640
FOLDER_MODE: Final = 0o750


def is_begun(text: str) -> bool:
    """Whether a configuration says anything else than what an installation leaves; no TOML is somebody's work too."""
    try:
        return tomllib.loads(text) != tomllib.loads(FIRST_CONFIGURATION)
    except tomllib.TOMLDecodeError:
        return True


@dataclass(slots=True)
class Installing:
    """Writes files; `done` lists what was made, in order. Every method raises OSError as the system does."""

    stamp: str  # Of this moment, for names of copies: "20261130T101500".
    owner: tuple[int, int] | None = field(default_factory=lambda: service_user())
    done: list[str] = field(default_factory=list)

    def folder(self, path: Path) -> None:
        if path.is_dir():
            return
        path.mkdir(parents=True, mode=FOLDER_MODE)
        self._give(path)
        self.done.append(str(path))

    def token(self, path: Path) -> None:
        """A random token, unless one is there: the till program may know it already."""
        if not path.exists():
            self.secret(path, secrets.token_urlsafe(TOKEN_BYTES))

    def secret(self, path: Path, value: str) -> None:
        """A secret alone in a file of its own that is not there yet."""
        self.folder(path.parent)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        self._give(path)
        self.done.append(str(path))

    def config(self, path: Path, text: str) -> Path | None:
        """The configuration; what was there before is kept beside it under this moment's name, which is returned."""
        self.folder(path.parent)
        kept = None
        if path.exists():
            kept = path.with_name(f"{path.name}.{self.stamp}")
            shutil.copy2(path, kept)
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, CONFIG_MODE)
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if self.owner is not None:
            _chown(new, 0, self.owner[1])
        new.replace(path)
        self.done.append(str(path))
        return kept

    def _give(self, path: Path) -> None:
        if self.owner is not None:
            _chown(path, *self.owner)


def _chown(path: Path, uid: int, gid: int) -> None:
    if sys.platform != "win32":
        os.chown(path, uid, gid)


def service_user(
    name: str = USER, root: Path = Path("/"), euid: Callable[[], int] | None = None
) -> tuple[int, int] | None:
    """Ids of the service's user, to whom its files are given; None: there is none, or we are not root."""
    if sys.platform == "win32" or (euid or os.geteuid)() != 0:
        return None
    known = account(root, name)
    return None if known is None else (known.uid, known.gid)
