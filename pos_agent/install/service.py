"""The supervisor of the agent: systemd on Linux, WinSW on Windows. Started, stopped and asked by its own command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SERVICE = "pos-agent"
UNIT = f"{SERVICE}.service"
COMMAND_WAIT_S = 400  # Above TimeoutStartSec= of the unit: systemd has the last word.


class NoSupervisor(Exception):
    """Nothing here starts services; the text says what to do instead."""


class SupervisorFailed(Exception):
    """Its command failed; the text is what it said."""


class Supervisor(Protocol):
    """What both can do, whatever they are called."""

    @property
    def name(self) -> str: ...
    def restart(self) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def state(self) -> str: ...


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - a fixed program, found on the path of the administrator
            list(command), capture_output=True, text=True, errors="replace", timeout=COMMAND_WAIT_S, check=False
        )
    except OSError as error:
        raise SupervisorFailed(f"{command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SupervisorFailed(f"{' '.join(command)}: no answer within {COMMAND_WAIT_S} s") from error


def _do(command: Sequence[str]) -> str:
    done = _run(command)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit {done.returncode}"
        raise SupervisorFailed(f"{' '.join(command)}: {said}")
    return done.stdout.strip()


@dataclass(frozen=True, slots=True)
class Systemd:
    """Type=notify: `start` and `restart` come back once the agent said READY, or fail."""

    name: str = "systemd"

    def restart(self) -> None:
        _do(("systemctl", "restart", UNIT))

    def start(self) -> None:
        _do(("systemctl", "start", UNIT))

    def stop(self) -> None:
        _do(("systemctl", "stop", UNIT))

    def reload(self) -> None:
        _do(("systemctl", "daemon-reload"))

    def enable(self) -> None:
        _do(("systemctl", "enable", UNIT))

    def disable(self) -> None:
        _do(("systemctl", "disable", "--now", UNIT))

    def state(self) -> str:
        """`active`, `inactive`, `failed`, `activating`; `unknown` where there is no such unit."""
        return _run(("systemctl", "is-active", UNIT)).stdout.strip() or "unknown"


@dataclass(frozen=True, slots=True)
class WinSw:
    """`program`: WinSW under the service's own name, its XML beside it (deploy/windows). Never run on Windows yet."""

    program: Path
    name: str = "WinSW"

    def restart(self) -> None:
        _do((str(self.program), "restart"))

    def start(self) -> None:
        _do((str(self.program), "start"))

    def stop(self) -> None:
        _do((str(self.program), "stop"))

    def install(self) -> None:
        _do((str(self.program), "install"))

    def uninstall(self) -> None:
        _do((str(self.program), "uninstall"))

    def state(self) -> str:
        words = {"started": "active", "active (running)": "active", "stopped": "inactive", "inactive": "inactive"}
        said = _run((str(self.program), "status")).stdout.strip().lower()
        return next((state for start, state in words.items() if said.startswith(start)), said or "unknown")


def has_systemd() -> bool:
    """Whether systemd runs this machine: in a container it may be installed and asleep. Source: systemctl(1)."""
    if shutil.which("systemctl") is None:
        return False
    return _run(("systemctl", "is-system-running")).stdout.strip() not in ("", "offline", "unknown")


def supervisor() -> Systemd | WinSw:
    """Raises NoSupervisor."""
    if sys.platform == "win32":
        program = Path(sys.executable).parent / f"{SERVICE}-service.exe"
        if not program.exists():
            raise NoSupervisor(f"{program} is missing: put WinSW there under this name (deploy/windows/README.md)")
        return WinSw(program)
    if not has_systemd():
        raise NoSupervisor(
            "no systemd runs this machine. Let your own supervisor start `pos-agent run` as the user pos-agent, who is "
            "in the groups dialout, input, lp, plugdev and video, and start it again when it ends with another code "
            "than 0"
        )
    return Systemd()
