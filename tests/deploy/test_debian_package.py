"""The Debian package in a root of its own: installed, sold with, removed, and nothing left but what was sold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from debian_root import INSIDE, DebianRoot
from played_systemd import NotifySocket, Service, unit
from sim_command import SimCommand

from pos_agent.demo.live import free_port
from pos_agent.journal.verify import verify

ROOT = Path(__file__).parents[2]
CODE = "04870000000135kR4_vZ8AbCd9xYz"  # A pack of cigarettes.
GOODS = "gtin;name_ru;unit;vat;group;price\n4870000000135;Сигареты;796;base;tobacco_cigarettes;1100\n"
STATUSES = "ki,status,at\n{},INTRODUCED,{}\n"
TOKEN = "token-of-the-till-program"
UNSAFE = "--force-unsafe-io"  # Of dpkg: its thousands of syncs say nothing here.
PURGED = {"etc/group", "etc/passwd", "var/lib/pos-agent"}  # The user stays with what is theirs.
REMOVED = PURGED | {
    "etc/default/pos-agent",
    "etc/pos-agent",
    "etc/systemd/system/multi-user.target.wants",
    "var/lib/systemd/deb-systemd-helper-enabled",
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short name: the path of a socket has room for a hundred letters."""
    made = Path(tempfile.mkdtemp(prefix="deb-"))
    yield made
    shutil.rmtree(made)


def built(output: Path, *options: str) -> Path:
    command = [str(ROOT / "deploy/debian/build"), "--fast", "--output", str(output), *options]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return Path(said.stdout.strip())


def depends(package: Path) -> list[str]:
    said = subprocess.run(["dpkg-deb", "--field", str(package), "Depends"], capture_output=True, text=True, check=True)
    return [re.split(r"[ |(]", one.strip())[0] for one in said.stdout.split(",")]


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Paths that differ, only the uppermost of what is new; what runs only while it runs is not counted."""
    found = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {path for path in found if not any(str(parent) in found for parent in Path(path).parents)}


def configure(root: DebianRoot, register: SimCommand) -> None:
    """As store IT does it by hand; secrets lie where systemd would put them."""
    (root.path / "etc/pos-agent/agent.toml").write_text(
        f"""
        [till]
        name = "package-1"
        [register]
        url = "{register.url}"
        [register.secrets]
        webkassa_password = "credential:password"
        webkassa_api_key = "credential:api-key"
        [api]
        port = {free_port()}
        clients = [{{ name = "till-program", token = "credential:till-program" }}]
        """,
        encoding="utf-8",
    )
    credentials = root.path / "run/credentials/pos-agent.service"
    credentials.mkdir(parents=True)
    secrets = {
        "password": register.variables["SIM_WEBKASSA_PASSWORD"],
        "api-key": register.variables["SIM_WEBKASSA_API_KEY"],
        "till-program": TOKEN,
    }
    owner = int(root.run("id", "-u", "pos-agent"))
    for name, value in secrets.items():
        path = credentials / name
        path.write_text(value, encoding="utf-8")
        path.chmod(0o400)
        os.chown(path, owner, owner)


def stock(root: DebianRoot) -> None:
    goods, statuses = root.path / "run/goods.csv", root.path / "run/statuses.csv"
    goods.write_text(GOODS, encoding="utf-8")
    at = subprocess.run(["date", "--iso-8601=seconds"], capture_output=True, text=True, check=True).stdout.strip()
    statuses.write_text(STATUSES.format(CODE[:21], at), encoding="utf-8")
    for name in ("goods", "statuses"):
        root.run("pos-agent", "cache", "import", f"/run/{name}.csv", user="pos-agent")


def sell(url: str) -> str:
    """One marked unit; returns the sale."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as till:

        def post(path: str, body: dict[str, object], key: str) -> dict[str, object]:
            answer = till.post(path, json=body, headers={"Idempotency-Key": key})
            assert answer.is_success, answer.text
            found: dict[str, object] = answer.json()
            return found

        sale = str(post("/v1/sales", {}, "open")["sale"])
        scan = post(f"/v1/sales/{sale}/scans", {"code": CODE}, "scan")
        assert scan["verdict"]["decision"] == "allow", scan  # type: ignore[index]
        paid = post(f"/v1/sales/{sale}/payment", {"payments": [{"kind": "cash", "sum_tiyn": 110_000}]}, "pay")
        assert paid["document"], paid
        return sale


def test_it_installs_sells_and_leaves_nothing_but_the_journal(folder: Path) -> None:
    package = built(folder)
    root = DebianRoot(folder / "root", depends(package))
    before = root.listing()
    shutil.copy(package, root.path / "run/pos-agent.deb")
    told = root.run("dpkg", UNSAFE, "--install", "/run/pos-agent.deb")
    assert "pos-agent init" in told and "register.url" in told
    assert root.run("stat", "-c", "%U:%G %a", "/etc/pos-agent/agent.toml").strip() == "root:pos-agent 640"
    groups = set(root.run("id", "-nG", "pos-agent").split())
    assert groups == {"pos-agent", "dialout", "input", "lp", "plugdev", "video"}

    stock(root)
    with SimCommand("webkassa") as register:
        configure(root, register)
        service = unit(root.path / "usr/lib/systemd/system/pos-agent.service")
        assert service["Type"] == "notify"
        (root.path / "run/systemd").mkdir(exist_ok=True)
        notify = NotifySocket(str(root.path / "run/systemd/notify"))
        (root.path / "run/systemd/notify").chmod(0o777)
        environment = {
            **INSIDE,
            "NOTIFY_SOCKET": "/run/systemd/notify",
            "WATCHDOG_USEC": "1500000",
            "CREDENTIALS_DIRECTORY": "/run/credentials/pos-agent.service",
        }
        command = root.command(*service["ExecStart"].split(), user=service["User"])
        agent = Service(command, environment, folder / "log")
        try:
            status = notify.wait("READY", agent.process)["STATUS"]
            sell(status.removeprefix("API at "))
            notify.wait("WATCHDOG", agent.process)
            assert agent.stop() == 0, agent.said()
            notify.wait("STOPPING")
        finally:
            agent.end()
            notify.close()
        assert "Traceback" not in agent.said()
        assert CODE[:21] in register.say("document 1")

    assert verify(root.path / "var/lib/pos-agent/journal.sqlite").good
    written = (root.path / "etc/pos-agent/agent.toml").read_bytes()
    root.run("/var/lib/dpkg/info/pos-agent.postinst", "configure", "0.0.1")  # As an update does.
    assert (root.path / "etc/pos-agent/agent.toml").read_bytes() == written
    root.run("dpkg", UNSAFE, "--remove", "pos-agent")
    assert changed(before, root.listing()) == REMOVED
    scripts = folder / "scripts"
    subprocess.run(["dpkg-deb", "--control", str(package), str(scripts)], check=True)
    assert "stays in /var/lib/pos-agent" in root.run("dpkg", "--purge", "pos-agent")
    assert changed(before, root.listing()) == PURGED
    assert (root.path / "var/lib/pos-agent/journal.sqlite").exists()

    # Told in so many words, the same script takes the journal and its user as well.
    shutil.copy(scripts / "postrm", root.path / "run/postrm")
    (root.path / "etc/pos-agent").mkdir()
    (root.path / "etc/pos-agent/purge-data").touch()
    root.run("sh", "/run/postrm", "purge")
    assert changed(before, root.listing()) <= {"etc/group"}  # Only the group of devices that udev had not made.
