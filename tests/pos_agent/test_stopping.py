"""`pos-agent run` from its start to a signal: the API has its port, and the end comes in order."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from shop_till import ShopTill

from pos_agent.demo.shop import SECRETS
from pos_agent.journal.journal import Journal
from pos_agent.journal.verify import verify
from pos_agent.runner import (
    STOP_SIGNALS,
    ApiUnavailable,
    Told,
    listening,
    run_until_told,
    serve_until_told,
    stop_signals,
)

WAIT_S = 60
TOKEN = "of-a-test"
WHOLE = b"0104870000000128213hB?7tR\x1d93aB9+"
HEAD = b"0104870000000104213kZ7q_W<2hT9m"  # What FULL44 looks like before its first separator.


def waited_for(found: Callable[[], object]) -> object:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if (value := found()) is not None:
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come")


class Process:
    """`pos-agent run` with a scanner on a pseudo-terminal, its log in a file."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        self._hand, self._line = os.openpty()
        tty.setraw(self._line)
        config = folder / "agent.toml"
        config.write_text(
            f"""
            [till]
            name = "demo-1"
            data = {json.dumps(str(folder / "data"))}
            [register]
            url = "webkassa+https://devkkm.webkassa.kz?cashbox=SWK00000001&login=a@b.kz"
            secrets = {{ webkassa_password = "env:POS_TEST_TOKEN", webkassa_api_key = "env:POS_TEST_TOKEN" }}
            [[scanners]]
            name = "counter"
            url = "serial://{os.ttyname(self._line)}"
            [api]
            port = 0
            clients = [{{ name = "test", token = "env:POS_TEST_TOKEN" }}]
            [scan]
            join_ms = 600_000
            """,
            encoding="utf-8",
        )
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from pos_agent.cli import main; main()", "run", "--config", str(config)],
                stdout=log,
                stderr=log,
                env={**os.environ, "POS_TEST_TOKEN": TOKEN},
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def says(self, pattern: str) -> str:
        def seen() -> str | None:
            assert self._process.poll() is None, self.log
            found = re.search(pattern, self.log)
            return found and found.group(1)

        return str(waited_for(seen))

    def scan(self, data: bytes) -> None:
        assert os.write(self._hand, data) == len(data)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def status(self) -> int:
        return self._process.wait(WAIT_S)

    def end(self) -> None:
        self._process.kill()
        self._process.wait(WAIT_S)
        os.close(self._hand)
        os.close(self._line)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path)
    yield started
    started.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_agent_in_order(tmp_path: Path, process: Process, number: signal.Signals) -> None:
    api = process.says(r"API at (http://\S+)")
    process.says("scanner (counter) is online")
    process.scan(WHOLE + b"\r" + HEAD + b"\r")
    with httpx.Client(base_url=api, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        waited_for(lambda: client.get("/v1/status").raise_for_status().json()["open_sales"] or None)
    process.signal(number)
    process.signal(number)  # A supervisor and a terminal may both say it: still no reason to drop anything.
    assert process.status() == 0, process.log
    told, stopped = process.log.find(f"{number.name}: stopping"), process.log.find("stopped: the scanners")
    assert 0 < told < stopped
    assert "Traceback" not in process.log
    kept = [json.loads(line) for line in (tmp_path / "data/agent.log").read_text(encoding="utf-8").splitlines()]
    assert [line["level"] for line in kept if line["text"] == f"{number.name}: stopping"] == ["INFO"]

    path = tmp_path / "data" / "journal.sqlite"
    assert verify(path).good
    journal = Journal(path, till_name="demo-1", now=time.time_ns, new_epoch=lambda: "never")
    bodies = [json.loads(row.body) for row in journal.rows_after(0, 100) if row.kind == "scan_judged"]
    journal.close()
    assert [base64.b64decode(body["data"]) for body in bodies] == [WHOLE, HEAD]


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    for reference, value in SECRETS.items():
        monkeypatch.setenv(reference.removeprefix("env:"), value)
    yield built
    built.close()


def test_a_signal_while_the_agent_starts_ends_it_all_the_same(tmp_path: Path, till: ShopTill) -> None:
    told = Told()
    told.by = signal.SIGTERM
    api = till.agent.config.api.model_copy(update={"port": 0})
    agent = replace(till.agent, config=till.agent.config.model_copy(update={"api": api}))
    run_until_told(agent, told)
    journal = Journal(tmp_path / "journal.sqlite", till_name="demo-1", now=time.time_ns, new_epoch=lambda: "never")
    starts = [row.kind for row in journal.rows_after(0, 100)].count("agent_started")
    journal.close()
    assert starts == 2  # The till's own, and this one.


def test_an_api_that_ends_by_itself_is_an_error() -> None:
    api = uvicorn.Server(uvicorn.Config(lambda: None, log_level="critical", lifespan="off"))
    api.should_exit = True
    with listening("127.0.0.1", 0) as sockets, pytest.raises(ApiUnavailable, match="by itself"):
        serve_until_told(api, sockets, Told())


def test_signals_are_noted_and_afterwards_as_they_were() -> None:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with stop_signals() as told:
        assert told.by is None
        signal.raise_signal(signal.SIGTERM)
        assert told.by is signal.SIGTERM
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_off_the_main_thread_signals_are_left_alone() -> None:
    seen: list[object] = []

    def look() -> None:
        with stop_signals():
            seen.extend(signal.getsignal(number) for number in STOP_SIGNALS)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(10)
    assert seen == [signal.getsignal(number) for number in STOP_SIGNALS]


@contextmanager
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_told_with_its_place_and_remedy() -> None:
    with taken() as port, pytest.raises(ApiUnavailable) as told, listening("127.0.0.1", port):
        pass
    assert f"127.0.0.1:{port}" in str(told.value)
    assert "api.port" in str(told.value)


def test_an_address_of_another_machine_is_told_with_its_key() -> None:
    with pytest.raises(ApiUnavailable, match=r"192\.0\.2\.1:0.*api\.host"), listening("192.0.2.1", 0):  # TEST-NET-1.
        pass


def test_every_address_of_a_name_gets_the_same_port_and_is_given_back() -> None:
    with listening("localhost", 0) as sockets:
        ports = {one.getsockname()[1] for one in sockets}
        assert len(ports) == 1
        for one in sockets:
            socket.create_connection(one.getsockname()[:2], timeout=5).close()
    with listening("localhost", ports.pop()):
        pass


def test_half_of_a_name_taken_leaves_nothing_open() -> None:
    with taken() as port, pytest.raises(ApiUnavailable), listening("localhost", port):
        pass
