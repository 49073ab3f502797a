"""What stands outside of the agent's own folder: user, folders, unit, rules for scanners.

For a Linux machine without our Debian package, which brings the same by its own scripts (deploy/debian).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pos_agent
from pos_agent.install.releases import CURRENT, UDEV, NoReleases, Releases
from pos_agent.install.service import UNIT, Systemd

USER = "pos-agent"
GROUPS = ("dialout", "input", "lp", "plugdev", "video")
RULES = "60-pos-agent-scanners.rules"
OF_DEBIAN = (Path("/usr/lib/systemd/system") / UNIT, Path("/lib/systemd/system") / UNIT)

FIRST_CONFIGURATION = """\
# Configuration of this till. Every key, with its default: docs/agent.toml of the project
# (Debian: /usr/share/doc/pos-agent/agent.toml). The agent does not start before register.url is set.

[till]
name = "till-1"    # each till its own, for ever: part of every receipt's key

[register]
url = ""           # docs/registers.md
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things go; `root` is another than / only in tests."""

    root: Path = Path("/")

    @property
    def unit(self) -> Path:
        return self.root / "etc/systemd/system" / UNIT

    @property
    def rules(self) -> Path:
        return self.root / "etc/udev/rules.d" / RULES

    @property
    def configuration(self) -> Path:
        return self.root / "etc/pos-agent/agent.toml"


@dataclass(frozen=True, slots=True)
class Step:
    """`text` says what it does, for a person and for --json."""

    text: str
    do: Callable[[], object]


def launcher() -> Path:
    """The command that the service starts: by the link that an update moves, where there is one."""
    try:
        return Releases.running().root / CURRENT / "bin" / "pos-agent"
    except NoReleases:
        return Path(sys.prefix) / "bin" / "pos-agent"


def unit_text(command: Path) -> str:
    return files("pos_agent.data").joinpath(UNIT).read_text(encoding="utf-8").replace("@POS_AGENT@", str(command))


def rules_file() -> Path | None:
    """The udev rules, from the release or the checkout that runs; None: neither has them."""
    checkout = Path(pos_agent.__file__).parents[1] / "deploy"
    found = (folder / UDEV / RULES for folder in (Path(sys.prefix), checkout))
    return next((path for path in found if path.exists()), None)


def installation(places: Places, systemd: Systemd) -> list[Step]:
    """Everything that makes a service of the agent that runs; each step may be done again."""
    rules = rules_file()
    steps = [
        Step(f"user {USER} in the groups {', '.join(GROUPS)}", make_user),
        Step(f"{places.configuration.parent}, read by {USER} alone", lambda: _configuration(places)),
        Step(f"{places.unit} starts {launcher()}", lambda: _write(places.unit, unit_text(launcher()))),
    ]
    if rules is not None:
        steps.append(Step(f"{places.rules} opens scanners to the agent", lambda: _rules(places.rules, rules)))
    return [
        *steps,
        Step("systemd reads the unit", systemd.reload),
        Step("the service starts with the machine", systemd.enable),
    ]


def removal(places: Places, systemd: Systemd) -> list[Step]:
    """The service goes; the journal, the configuration and the user stay."""
    return [
        Step("the service stops, and starts no more", systemd.disable),
        Step(f"{places.unit} is removed", lambda: places.unit.unlink(missing_ok=True)),
        Step(f"{places.rules} is removed", lambda: places.rules.unlink(missing_ok=True)),
        Step("systemd forgets the unit", systemd.reload),
    ]


def make_user() -> None:
    for group in GROUPS:
        _call("groupadd", "--system", "--force", group)
    # Asked of the program: the module of users is one that Windows lacks, and there this file is only imported.
    known = subprocess.run(["id", "-u", USER], capture_output=True, check=False)  # noqa: S603, S607
    if known.returncode != 0:
        home = "/var/lib/pos-agent"
        _call("useradd", "--system", "--user-group", "--home-dir", home, "--shell", "/usr/sbin/nologin", USER)
    _call("usermod", "--append", "--groups", ",".join(GROUPS), USER)


def _configuration(places: Places) -> None:
    folder = places.configuration.parent
    folder.mkdir(parents=True, exist_ok=True)
    if not places.configuration.exists():
        _write(places.configuration, FIRST_CONFIGURATION)
    for path, mode in ((folder, 0o750), (places.configuration, 0o640)):
        path.chmod(mode)
        shutil.chown(path, group=USER)


def _rules(target: Path, source: Path) -> None:
    _write(target, source.read_text(encoding="utf-8"))
    if shutil.which("udevadm") is not None:
        _call("udevadm", "control", "--reload")
        _call("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=tty", "--subsystem-match=hidraw",
              "--subsystem-match=input")  # fmt: skip


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _call(*command: str) -> None:
    """Raises OSError with what the command said."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode != 0:
        raise OSError(done.returncode, (done.stderr or done.stdout).strip() or "it failed", command[0])
