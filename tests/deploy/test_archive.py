"""One till's life without network and without a package manager: installed, updated, a broken version taken back."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from debian_root import DebianRoot
from sim_command import SimCommand

from pos_agent import __version__
from pos_agent.demo.live import free_port
from pos_agent.journal.verify import verify

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"
NEEDED = ["python3", "passwd", "ca-certificates", "fonts-dejavu-core", "tzdata", "libgcc-s1", "libstdc++6", "zlib1g"]
OPT = "opt/pos-agent"
SECOND, BROKEN = "1000.2.0", "1000.3.0"  # Above whatever this checkout is.


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tar-"))
    yield made
    shutil.rmtree(made)


class Publisher:
    """Builds and signs versions of this checkout."""

    def __init__(self, folder: Path, building: ModuleType, bundling: ModuleType) -> None:
        self.folder, self._building, self._bundling = folder, building, bundling
        self.signer = bundling.new_key(folder / "release.pem")
        self._others = building.runtime_wheels(camera=False)
        self._source = folder / "checkout"
        for name in building.PACKAGES:
            shutil.copytree(ROOT / name, self._source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in building.BUILT_FROM:
            shutil.copy(ROOT / name, self._source / name)

    def this_checkout(self) -> Path:
        """By the command, as a publisher does it."""
        command = [
            str(ROOT / "deploy/bundle"),
            "--sign",
            str(self.folder / "release.pem"),
            "--output",
            str(self.folder),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.strip())

    def version(self, version: str, **patched: str) -> Path:
        """A signed archive of this version; `patched`: module of pos_agent -> what it is now."""
        for name in ("pyproject.toml", "pos_agent/__init__.py"):
            path = self._source / name
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(r'(version(?:__)? = )"[\d.]+"', rf'\1"{version}"', text, count=1), encoding="utf-8")
        for module, text in patched.items():
            (self._source / "pos_agent" / f"{module}.py").write_text(text, encoding="utf-8")
        place = self.folder / f"wheel-{version}"
        place.mkdir()
        wheels = [*self._others, self._building.project_wheel(place, self._source)]
        built: Path = self._bundling.build(wheels, self.folder, self.signer)
        return built


@pytest.fixture(scope="module")
def tools() -> tuple[ModuleType, ModuleType]:
    """deploy/ is no package: its two modules, as its commands load them."""
    sys.path.insert(0, str(ROOT / "deploy"))
    try:
        import build_bundle
        import building
    finally:
        sys.path.remove(str(ROOT / "deploy"))
    return building, build_bundle


class Machine:
    """A Debian with Python and nothing else, and systemd's part played."""

    def __init__(self, folder: Path) -> None:
        self.root = DebianRoot(folder / "root", NEEDED)
        self.port = free_port()

    def give_systemd(self) -> None:
        shutil.copy(SUPPORT / "played_systemctl.py", self.root.path / "usr/local/bin/systemctl")
        (self.root.path / "usr/local/bin/systemctl").chmod(0o755)

    def install(self, archive: Path) -> subprocess.CompletedProcess[str]:
        subprocess.run(["tar", "-xf", str(archive), "-C", str(self.root.path / "root")], check=True)
        name = next((self.root.path / "root").iterdir()).name
        return self.call(f"/root/{name}/install")

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            self.root.command(*command), env=environment, capture_output=True, text=True, check=False
        )  # fmt: skip

    def agent(self, *command: str) -> tuple[int, dict[str, Any]]:
        done = self.call("pos-agent", *command, "--json")
        assert done.stdout.startswith("{"), f"{command}: {done.stdout}{done.stderr}"
        return done.returncode, json.loads(done.stdout)

    def configure(self, register: SimCommand, public: str) -> None:
        etc = self.root.path / "etc/pos-agent"
        (etc / "agent.toml").write_text(
            f"""
            [till]
            name = "archive-1"
            [register]
            url = "{register.url}"
            secrets = {{ webkassa_password = "credential:password", webkassa_api_key = "credential:key" }}
            [api]
            port = {self.port}
            """,
            encoding="utf-8",
        )
        (etc / "update.pub").write_text(f"{public}\n", encoding="utf-8")
        credentials = self.root.path / "run/credentials/pos-agent.service"
        credentials.mkdir(parents=True)
        (credentials / "password").write_text(register.variables["SIM_WEBKASSA_PASSWORD"], encoding="utf-8")
        (credentials / "key").write_text(register.variables["SIM_WEBKASSA_API_KEY"], encoding="utf-8")

    def place(self, archive: Path) -> str:
        shutil.copy(archive, self.root.path / "root" / archive.name)
        return f"/root/{archive.name}"

    def runs(self) -> str:
        """Version that answers."""
        said = httpx.get(f"http://127.0.0.1:{self.port}/-/healthy", timeout=30, trust_env=False).json()
        assert said["healthy"] is True
        return str(said["version"])

    def end(self) -> None:
        try:
            os.kill(int((self.root.path / "run/played/pid").read_text(encoding="utf-8")), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            return


def test_a_till_without_network_is_installed_updated_and_gets_its_old_version_back(
    folder: Path, tools: tuple[ModuleType, ModuleType]
) -> None:
    publisher = Publisher(folder, *tools)
    machine = Machine(folder)
    first = publisher.this_checkout()

    # Without systemd: the agent stands, and what is left to do is said.
    before = machine.root.listing()
    done = machine.install(first)
    assert done.returncode == 1, done.stderr
    assert "no systemd runs this machine" in done.stderr
    assert {path.split("/")[0] for path in set(machine.root.listing()) - set(before)} == {"opt", "root", "usr"}
    assert (machine.root.path / "usr/local/bin/pos-agent").readlink() == Path("/opt/pos-agent/current/bin/pos-agent")

    machine.give_systemd()
    code, said = machine.agent("service", "install")
    assert (code, said["installed"]) == (0, True), said
    assert "/etc/systemd/system/pos-agent.service starts /opt/pos-agent/current/bin/pos-agent" in said["steps"]
    assert (machine.root.path / "etc/udev/rules.d/60-pos-agent-scanners.rules").exists()
    try:
        with SimCommand("webkassa") as register:
            machine.configure(register, publisher.signer.public_text())
            machine.root.run("install", "-d", "-o", "pos-agent", "/var/lib/pos-agent")
            machine.root.run("chown", "-R", "pos-agent", "/run/credentials")
            life(machine, publisher)
    finally:
        machine.end()


def life(machine: Machine, publisher: Publisher) -> None:
    assert machine.agent("service", "start")[0] == 0
    assert machine.runs() == __version__
    code, said = machine.agent("service", "status")
    assert (code, said["state"], said["well"]) == (0, "active", True)

    second = machine.place(publisher.version(SECOND))
    code, said = machine.agent("update", second)
    assert (code, said["version"], said["before"]) == (0, SECOND, __version__), said
    assert machine.runs() == SECOND

    broken = machine.place(publisher.version(BROKEN, runner="raise SystemExit('a mistake of the publisher')\n"))
    code, said = machine.agent("update", broken)
    assert (code, said["version"], said["before"]) == (2, SECOND, BROKEN), said
    assert "failed" in said["failed"]
    assert machine.runs() == SECOND
    assert sorted(path.name for path in (machine.root.path / OPT / "releases").iterdir()) == [__version__, SECOND]

    code, said = machine.agent("rollback")
    assert (code, said["version"], said["before"]) == (0, __version__, SECOND), said
    assert machine.runs() == __version__
    assert verify(machine.root.path / "var/lib/pos-agent/journal.sqlite").good
    assert machine.agent("service", "uninstall")[0] == 0
    assert not (machine.root.path / "etc/systemd/system/pos-agent.service").exists()
    assert (machine.root.path / "var/lib/pos-agent/journal.sqlite").exists()
