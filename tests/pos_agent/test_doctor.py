"""A till with real faults, and a doctor that names each of them, its fix, and nothing else."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from api_server import TOKEN, api_of
from fake_sysfs import FakeMachine
from shop_till import ShopTill
from typer.testing import CliRunner

from hw_sim.device.hosts import TcpHost
from hw_sim.device.machine import Machine as RegisterMachine
from hw_sim.families import family
from marking.groups import standard
from marking.words import LANGUAGES
from pos_agent.cache.importing import import_file
from pos_agent.cache.rows import Context
from pos_agent.cache.store import Cache
from pos_agent.cli.main import app
from pos_agent.clock import NS_PER_S, SystemClock, VirtualClock
from pos_agent.doctor.checks import CHECKS
from pos_agent.doctor.edge import Edge
from pos_agent.doctor.facts import Facts
from pos_agent.doctor.gather import gather
from pos_agent.doctor.report import told
from pos_agent.doctor.verdict import Line, State, judged, worst
from pos_agent.install.placing import Places, rules_file, unit_text
from pos_agent.journal.journal import Journal
from pos_agent.speech import Language, Words

GOODS = "gtin,name_ru,price,vat,unit\n4870000000104,Вода,250,base,796\n"
DAY_S = 86_400
BAD = (State.WARNING, State.FAILURE)


class Office(BaseHTTPRequestHandler):
    """A headquarters that knows nothing of this till yet; its answers carry the right time."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_args: Any) -> None:
        """Nothing on the terminal."""


@dataclass
class Machine:
    """A till that is well: register, scanner, goods, fresh codes, headquarters. Each test breaks what it wants."""

    folder: Path
    fake: FakeMachine
    register: TcpHost
    office: str
    port: int
    ahead_s: float = 0.0

    @property
    def config(self) -> Path:
        return self.folder / "agent.toml"

    @property
    def secret(self) -> Path:
        return self.folder / "token"

    def write(self, **over: str) -> None:
        sections = {
            "till": f'name = "till-1"\ndata = {json.dumps(str(self.folder / "data"))}',
            "register": f'url = "shtrih+tcp://127.0.0.1:{self.register.port}?model=on-line&marks=field"',
            "[scanners]": 'name = "counter"\nurl = "serial://usb/05e0:1701?serial=S123"',
            "sync": f'url = "{self.office}"\ntoken = "file:{self.secret}"',
            "api": f'port = {self.port}\nclients = [{{ name = "till", token = "file:{self.secret}" }}]',
            **over,
        }
        self.config.write_text("".join(f"[{name}]\n{text}\n" for name, text in sections.items()), encoding="utf-8")

    def begin_journal(self) -> None:
        for path in (self.folder / "data").glob("journal.*"):
            path.unlink()
        Journal(
            self.folder / "data/journal.sqlite",
            till_name="till-1",
            now=lambda: time.time_ns() + round(self.ahead_s * NS_PER_S),
            new_epoch=lambda: "abcdef",
        ).close()

    def import_codes(self, age_s: float) -> None:
        now_ns = time.time_ns()
        codes = "ki,status\n0104870000000104210000000000001,IN_CIRCULATION\n"
        with Cache(self.folder / "data/cache.sqlite") as cache:
            for text in (GOODS, codes):
                context = Context(standard(), now_ns, now_ns - round(age_s) * NS_PER_S)
                import_file(cache, io.BytesIO(text.encode()), context, on_bad=self._no_mistake)

    @staticmethod
    def _no_mistake(mistake: object) -> None:
        raise AssertionError(mistake)

    def look(self) -> Facts:
        clock = VirtualClock(time.time_ns() + round(self.ahead_s * NS_PER_S)) if self.ahead_s else SystemClock()
        edge = Edge(
            root=self.fake.root, clock=clock, environment={}, ntp_synchronised=lambda: True,
            utc_offset_s=lambda: 5 * 3_600, network_s=10.0,
        )  # fmt: skip
        return gather(self.config, edge)

    def findings(self) -> list[Line]:
        return [line for line in judged(CHECKS, self.look()) if line.outcome.state in BAD]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    fake = FakeMachine(tmp_path / "machine")
    fake.acm(0, "1-1", "05e0:1701", "S123", "Symbol Bar Code Scanner")
    (fake.root / "proc/mounts").write_text("/dev/sda1 / ext4 rw,relatime 0 0\n")
    played = family("shtrih").start(time.time_ns, random.Random(1), {"model": "on-line"})
    assert isinstance(played.answers, RegisterMachine)
    with (
        TcpHost(played.answers) as register,
        ThreadingHTTPServer(("127.0.0.1", 0), Office) as office,
        socket.create_server(("127.0.0.1", 0)) as probe,
    ):
        thread = threading.Thread(target=office.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        port = probe.getsockname()[1]
        probe.close()
        made = Machine(tmp_path, fake, register, f"http://127.0.0.1:{office.server_port}", port)
        made.secret.write_text("0123456789abcdef")
        made.secret.chmod(0o600)
        (tmp_path / "data").mkdir(mode=0o750)
        made.begin_journal()
        made.import_codes(age_s=3_600)
        made.write()
        yield made
        office.shutdown()
        thread.join(10)


def test_a_till_that_is_well_has_no_findings(machine: Machine) -> None:
    facts = machine.look()
    lines = judged(CHECKS, facts)
    assert [(line.check.id, dict(line.outcome.values)) for line in lines if line.outcome.state in BAD] == []
    looked_at = {line.check.id for line in lines if line.outcome.state is State.OK}
    assert looked_at >= {
        "D-101",
        "D-104",
        "D-106",
        "D-110",
        "D-119",
        "D-201",
        "D-301",
        "D-303",
        "D-502",
        "D-504",
        "D-602",
    }
    assert worst(lines) == 0


def test_seven_faults_are_named_with_their_fix_and_nothing_else_is(machine: Machine) -> None:
    """A secret open to all, a taken port, a register that is off, a read-only disk, a scanner that is gone, a stale
    code list, and a clock that is two hours ahead."""
    machine.secret.chmod(0o644)
    squatter = subprocess.Popen(
        [sys.executable, "-c", "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
         "print('up', flush=True)\nwhile True: c = s.accept()[0]; c.recv(99); c.close()", str(machine.port)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert squatter.stdout is not None and squatter.stdout.readline() == b"up\n"
        machine.register.close()
        with (machine.fake.root / "proc/mounts").open("a") as mounts:
            mounts.write(f"/dev/sda2 {machine.folder / 'data'} ext4 ro,relatime 0 0\n")
        machine.write(**{"[scanners]": 'name = "counter"\nurl = "serial://usb/0c2e:0b61"'})
        (machine.folder / "data/cache.sqlite").unlink()
        machine.import_codes(age_s=10 * DAY_S)
        machine.ahead_s = 7_200
        machine.begin_journal()
        facts = machine.look()
        found = [line for line in judged(CHECKS, facts) if line.outcome.state in BAD]
    finally:
        squatter.kill()
        squatter.communicate()
    words = Words(Language.EN)
    shown = {line.check.id: told(line, facts, words) for line in found}
    data = machine.folder / "data"
    assert {name: command for name, (_, _, command) in shown.items()} == {
        "D-104": f"sudo chmod 600 {machine.secret}",
        "D-106": f"sudo install -d -o {facts.user.name if facts.user else ''} -m 750 {data}",
        "D-113": "sudo ss -ltnp",
        "D-119": "sudo timedatectl set-ntp true; timedatectl",
        "D-201": "pos-agent devices list",
        "D-301": f"pos-agent doctor --config {machine.config}",
        "D-602": f"pos-agent cache import statuses.csv --database {data}/cache.sqlite",
    }
    assert "mode 0644" in shown["D-104"][0]
    assert f"127.0.0.1:{machine.port}" in shown["D-113"][0]
    assert "+7200 s" in shown["D-119"][0] or "+7199 s" in shown["D-119"][0]
    assert "serial://usb/0c2e:0b61" in shown["D-201"][0]
    assert "242 h" in shown["D-602"][0]


def test_each_repair_takes_its_line_away(machine: Machine) -> None:
    machine.secret.chmod(0o640)
    machine.import_codes(age_s=10 * DAY_S)
    machine.write(till=f'name = "till-2"\ndata = {json.dumps(str(machine.folder / "data"))}')
    assert [line.check.id for line in machine.findings()] == ["D-104", "D-111"]  # Newer statuses stand in the cache.
    machine.write()
    assert [line.check.id for line in machine.findings()] == ["D-104"]
    machine.secret.chmod(0o600)
    assert machine.findings() == []


def test_a_scanner_of_another_group_or_in_other_hands_is_told_with_group_and_program(machine: Machine) -> None:
    port = machine.fake.root / "dev/ttyACM0"
    machine.fake.process(77, "minicom", str(port))
    machine.fake.process(78, "ModemManager")
    facts = machine.look()
    assert [line.check.id for line in judged(CHECKS, facts) if line.outcome.state in BAD] == ["D-203", "D-204"]
    (scanner,) = facts.scanners
    closed = replace(facts, scanners=(replace(scanner, permitted=False, group="dialout", holders=()),))
    line = next(one for one in judged(CHECKS, closed) if one.check.id == "D-202")
    user = facts.user.name if facts.user else ""
    assert told(line, facts, Words(Language.RU))[2] == (
        f"sudo usermod -aG dialout {user} && sudo systemctl restart pos-agent"
    )


def test_a_damaged_journal_is_told_with_its_row(machine: Machine) -> None:
    import pysqlite3

    db = pysqlite3.connect(str(machine.folder / "data/journal.sqlite"), isolation_level=None)
    db.execute("DROP TRIGGER journal_keeps")
    db.execute("UPDATE journal SET body = '{}' WHERE number = 1")
    db.close()
    (line,) = machine.findings()
    assert (line.check.id, "row 1" in line.outcome.values["problem"]) == ("D-110", True)


def test_a_running_agent_is_asked_and_not_disturbed(tmp_path: Path) -> None:
    """Its register stands in its own process: only the agent can tell of it."""
    till = ShopTill(tmp_path / "data")
    secret = tmp_path / "token"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    try:
        with api_of(till.agent) as http:
            config = tmp_path / "agent.toml"
            config.write_text(
                f'[till]\nname = "{till.agent.journal.till}"\ndata = {json.dumps(str(till.folder))}\n'
                '[register]\nurl = "shtrih+tcp://127.0.0.1:9?model=fn"\n'
                f'[api]\nport = {http.base_url.port}\nclients = [{{ name = "till", token = "file:{secret}" }}]\n'
            )
            rows = till.agent.journal.head()[0]
            facts = gather(config, Edge(environment={}, ntp_synchronised=lambda: True, utc_offset_s=lambda: 18_000))
            secret.write_text("another")
            refused = gather(config, Edge(environment={}, ntp_synchronised=lambda: True, utc_offset_s=lambda: 18_000))
        assert facts.agent.running and facts.agent.port == "ours"
        assert facts.register is not None and facts.register.status["reachable"] is True
        assert facts.agent.pid in (None, os.getpid())
        assert till.agent.journal.head()[0] == rows
        found = [line.check.id for line in judged(CHECKS, refused) if line.outcome.state in BAD]
        assert "D-115" in found and "D-301" not in found and "D-112" not in found
    finally:
        till.agent.close()


def test_an_agent_that_is_not_at_its_port_is_told(tmp_path: Path) -> None:
    till = ShopTill(tmp_path / "data")
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        config = tmp_path / "agent.toml"
        config.write_text(f'[till]\nname = "demo-1"\ndata = {json.dumps(str(till.folder))}\n[api]\nport = {port}\n')
        facts = gather(config, Edge(environment={}))
    finally:
        till.agent.close()
    line = next(one for one in judged(CHECKS, facts) if one.check.id == "D-112")
    assert (line.outcome.state, line.outcome.values["port"]) == (State.FAILURE, port)


@contextmanager
def as_nobody(hidden: Path) -> Iterator[None]:
    """As a technician without sudo: root takes another user's rights for a while, anybody else closes the place."""
    mode, is_root = hidden.stat().st_mode, os.geteuid() == 0
    hidden.chmod(0o700 if is_root else 0)
    try:
        if is_root:
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        hidden.chmod(mode)


def test_a_technician_without_rights_is_told_to_use_sudo_and_nothing_else(tmp_path: Path) -> None:
    """What cannot be looked at is neither broken nor empty: nobody may be sent home because of it."""
    open_to_all = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        open_to_all.chmod(0o755)
        hidden = open_to_all / "hidden"
        (hidden / "data").mkdir(parents=True)
        (hidden / "token").write_text("0123456789abcdef")
        Journal(hidden / "data/journal.sqlite", till_name="t", now=time.time_ns, new_epoch=lambda: "abcdef").close()
        config = open_to_all / "agent.toml"
        config.write_text(
            f'[till]\nname = "t"\ndata = "{hidden}/data"\n[register]\nurl = "shtrih+tcp://127.0.0.1:9?model=fn"\n'
            f'[api]\nport = 1\nclients = [{{ name = "x", token = "file:{hidden}/token" }}]\n'
        )
        config.chmod(0o644)
        edge = Edge(environment={}, ntp_synchronised=lambda: None, utc_offset_s=lambda: 18_000)
        with as_nobody(hidden):
            lines = judged(CHECKS, gather(config, edge))
            logs = CliRunner().invoke(app, ["logs", "--config", str(config), "--source", "file", "--lang", "en"])
            tried = CliRunner().invoke(app, ["selftest", "--config", str(config), "--json"])
        assert [line.check.id for line in lines if line.outcome.state in BAD] == ["D-121"]
        assert (logs.exit_code, "sudo" in logs.output) == (2, True)
        assert json.loads(tried.stdout)["steps"][-1]["state"] == "skipped"
    finally:
        shutil.rmtree(open_to_all)


def test_systemd_tells_whether_the_service_is_enabled_and_runs(machine: Machine) -> None:
    (machine.fake.root / "run/systemd/system").mkdir(parents=True)
    told_by: list[str] = []

    def systemctl(command: Any) -> str:
        told_by.append(command[0])
        return "LoadState=loaded\nActiveState=failed\nUnitFileState=disabled\nUser=\nSupplementaryGroups=dialout\n"

    edge = Edge(root=machine.fake.root, environment={}, run=systemctl, ntp_synchronised=lambda: None)
    found = [line.check.id for line in judged(CHECKS, gather(machine.config, edge)) if line.outcome.state in BAD]
    assert told_by == ["systemctl"]
    assert {"D-116", "D-117"} <= set(found)


def test_files_of_another_version_of_the_service_are_told(machine: Machine) -> None:
    places, rules = Places(machine.fake.root), rules_file()
    assert rules is not None
    for path, text in (
        (places.unit, unit_text(Path("/opt/elsewhere/bin/pos-agent"))),
        (places.rules, rules.read_text()),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    edge = Edge(root=machine.fake.root, environment={}, run=lambda _command: "", ntp_synchronised=lambda: None)

    def told() -> list[object]:
        lines = judged(CHECKS, gather(machine.config, edge))
        return [line.outcome.values["path"] for line in lines if line.check.id == "D-122" and line.outcome.state in BAD]

    assert told() == []
    places.unit.write_text(places.unit.read_text().replace("Type=notify", "Type=simple"))
    assert told() == [str(places.unit)]
    places.rules.write_text("# of last year\n")
    assert told() == [str(places.unit), str(places.rules)]
    places.unit.write_text("[Service]\n")
    places.rules.unlink()
    assert told() == [str(places.unit)]
    debians = machine.fake.root / "usr/lib/systemd/system/pos-agent.service"  # Then a unit in /etc is the shop's own.
    debians.parent.mkdir(parents=True)
    debians.write_text("[Service]\n")
    assert told() == []


def test_rights_are_judged_for_the_user_of_the_service_and_not_for_who_asks(machine: Machine) -> None:
    """Nobody is 65534 here, and in the group of the scanner only by the service's own setting."""
    (machine.fake.root / "run/systemd/system").mkdir(parents=True)
    (machine.fake.root / "etc/passwd").write_text("till:x:65534:65534::/:/bin/false\n")
    (machine.fake.root / "etc/group").write_text("dialout:x:20:\nvideo:x:44:till\n")
    edge = Edge(
        root=machine.fake.root, environment={}, ntp_synchronised=lambda: None,
        run=lambda _command: "LoadState=loaded\nActiveState=active\nUser=till\nSupplementaryGroups=dialout\n",
    )  # fmt: skip
    facts = gather(machine.config, edge)
    assert facts.user is not None
    assert (facts.user.name, facts.user.uid, facts.user.groups) == ("till", 65534, frozenset({65534, 20, 44}))
    found = [line.check.id for line in judged(CHECKS, facts) if line.outcome.state in BAD]
    assert {"D-103", "D-106"} <= set(found)  # All of it is another user's.


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_check_has_its_words_and_its_command_can_be_filled_in(machine: Machine, lang: str) -> None:
    words = Words(Language(lang))
    for check in CHECKS:
        assert all(words(f"{check.id}.{part}").strip() for part in ("title", "bad", "fix"))
    assert len({check.id for check in CHECKS}) == len(CHECKS)


def doctor(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def test_the_command_exits_with_the_worst_and_json_says_the_same(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    nothing = doctor("--config", config, "--lang", "en")
    assert (nothing.exit_code, "D-101" in nothing.output, "$ sudo pos-agent init" in nothing.output) == (2, True, True)
    config.write_text('[till]\nnmae = "x"\n')
    answer = doctor("--config", config, "--json", "--lang", "kk")
    facts = json.loads(answer.stdout)
    assert (answer.exit_code, facts["exit"]) == (2, 2)
    (wrong,) = [check for check in facts["checks"] if check["state"] == "failure"]
    assert (wrong["id"], f"{config}:2: till.nmae" in wrong["found"]) == ("D-102", True)
    lines = doctor("--config", config, "--lang", "ru", "--all").output.splitlines()
    assert max(len(line) for line in lines if str(config) not in line) <= 80
