"""`pos-hq serve` as a process: a till delivers, the rest of the commands look on, SIGTERM ends it cleanly."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sync.batch import Batch, encode
from sync.hq.demo.delivery import ROWS
from sync.hq.demo.show import make_world
from sync.wire import Row

TOKEN = "till's own"
WAIT_S = 120.0
NOW = 1_790_000_000


class Service:
    """One data folder with a configuration; `pos-hq` commands on it."""

    def __init__(self, folder: Path, till: str) -> None:
        self.folder = folder
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        (folder / "tills.toml").write_text(f'[tills]\n"{till}" = "{digest}"\n', encoding="utf-8")
        place = f'till = "{till}"\nshop = "s-1"\nshop_name = "One"\nregion = "R"\n'
        head = f'[hq]\ndata = "{folder / "data"}"\n[tills]\ncredentials = "{folder / "tills.toml"}"\n'
        self.config = folder / "hq.toml"
        text = f"{head}[reconcile]\nlook_back_days = 9000\non_arrival_min = 0.01\n[[places]]\n{place}"
        self.config.write_text(text, encoding="utf-8")
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str, told: str = "") -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "sync.hq.cli", *words, "--config", str(self.config)]
        return subprocess.run(call, capture_output=True, text=True, input=told, check=False, timeout=WAIT_S)

    def start(self) -> str:
        """The address."""
        call = [sys.executable, "-m", "sync.hq.cli", "serve", "--port", "0", "--config", str(self.config)]
        with self.log.open("ab") as log:
            # A group of its own: workers of a service that is killed end with it.
            self.process = subprocess.Popen(call, stdout=log, stderr=log, start_new_session=True)
        return f"http://127.0.0.1:{self.said(r'listening on port ([0-9]+)')}"

    def said(self, pattern: str) -> str:
        """What the log says, waited for."""
        until = time.monotonic() + WAIT_S
        while True:
            text = self.log.read_text(encoding="utf-8", errors="replace")
            found = re.search(pattern, text)
            if found:
                return found[1]
            assert self.process is not None
            assert self.process.poll() is None, text
            assert time.monotonic() < until, text
            time.sleep(0.05)

    def end(self, sign: signal.Signals) -> int:
        assert self.process is not None
        os.kill(self.process.pid, sign)
        status = self.process.wait(WAIT_S)
        self.process = None
        return status


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """A day of a till of the demo."""
    return make_world(4, 3, NOW).journals[0].rows


@pytest.fixture
def service(rows: list[Row]) -> Iterator[Service]:
    folder = Path(tempfile.mkdtemp(prefix="hq-serve-"))
    folder.chmod(0o755)
    found = Service(folder, rows[0].till)
    yield found
    if found.process is not None:
        os.killpg(found.process.pid, signal.SIGKILL)
        found.process.wait()
        found.command("status")  # The last one who holds the database stops it.
    shutil.rmtree(folder, ignore_errors=True)


def deliver(url: str, rows: list[Row]) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "content-encoding": "gzip"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        for start in range(0, len(rows), ROWS):
            body = encode(Batch(rows[0].till, tuple(rows[start : start + ROWS])))
            answer = client.post("/v1/batches", content=body)
            assert answer.status_code == 200, answer.text


def test_a_till_delivers_the_service_lands_and_compares_and_ends_when_told(service: Service, rows: list[Row]) -> None:
    url = service.start()
    deliver(url, rows)
    service.said(r"(landed \d+ rows)")
    assert int(service.said(r"compared .*: (\d+) cases")) > 0
    page = httpx.get(f"{url}/fleet", trust_env=False)
    assert page.status_code in (200, 303)
    facts = json.loads(service.command("status", "--json").stdout)
    assert facts["rows"] == len(rows)
    assert facts["waiting_rows"] == 0
    assert facts["open_cases"] > 0
    assert facts["last_run"]["engine"] == "duckdb"
    assert service.end(signal.SIGTERM) == 0
    assert "stopped" in service.log.read_text(encoding="utf-8")
    assert not (service.folder / "data" / "postgres" / "data" / "postmaster.pid").exists()


def test_killed_it_comes_back_with_every_row(service: Service, rows: list[Row]) -> None:
    url = service.start()
    deliver(url, rows[:100])
    service.end(signal.SIGKILL)
    service.log.write_bytes(b"")
    deliver(service.start(), rows)  # From the first again: what is known is recognised.
    service.said(r"(landed \d+ rows)")
    assert json.loads(service.command("status", "--json").stdout)["rows"] == len(rows)
    assert service.end(signal.SIGTERM) == 0


def test_a_second_service_on_the_same_data_is_refused(service: Service) -> None:
    service.start()
    second = service.command("serve", "--port", "0")
    assert second.returncode == 2
    assert "another pos-hq serves from" in second.stderr


def test_accounts_are_made_listed_and_closed_from_the_command_line(service: Service) -> None:
    made = service.command("user", "add", "asel", "--role", "administrator", told="long enough\n")
    assert (made.returncode, made.stdout) == (0, "asel: administrator\n")
    service.command("user", "add", "vera", told="long enough\n")
    assert service.command("user", "disable", "vera").returncode == 0
    listed = json.loads(service.command("user", "list", "--json").stdout)
    assert {one["name"]: one["active"] for one in listed} == {"asel": True, "vera": False}
    assert "10 to 200" in service.command("user", "add", "nur", told="short\n").stderr
    last = service.command("user", "disable", "asel")
    assert (last.returncode, last.stderr) == (2, "the last administrator cannot be shut out\n")


def test_without_credentials_it_says_what_is_missing(service: Service) -> None:
    (service.folder / "tills.toml").unlink()
    done = service.command("serve")
    assert done.returncode == 2
    assert "tills.credentials" in done.stderr
