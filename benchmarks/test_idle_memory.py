"""Resident memory of an idle agent: the real command, with cache, journal, API, delivery and IS MPT configured."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

RESIDENT_MB_MAX = 100
START_S = 30.0

CONFIG = """
[till]
name = "idle"
data = "{folder}"
[register]
url = "webkassa+https://devkkm.webkassa.kz?cashbox=SWK00000001&login=till-1"
[register.secrets]
webkassa_password = "env:IDLE_SECRET"
webkassa_api_key = "env:IDLE_SECRET"
[ismpt]
url = "http://127.0.0.1:9"
login = "shop"
password = "env:IDLE_SECRET"
[sync]
url = "http://127.0.0.1:9"
token = "env:IDLE_SECRET"
[api]
port = {port}
[[api.clients]]
name = "till"
token = "env:IDLE_SECRET"
"""


PRINTER = """
[printer]
url = "escpos+tcp://127.0.0.1:9"
"""


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


@pytest.mark.benchmark(group="idle agent")
@pytest.mark.parametrize("printer", ["", PRINTER], ids=["no printer", "receipt printer"])
def test_an_idle_agent_stays_under_100_mb(benchmark: pytest.FixtureRequest, tmp_path: Path, printer: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(folder=tmp_path.as_posix(), port=port) + printer)
    command = [sys.executable, "-c", "from pos_agent.cli import main; main()", "run", "--config", str(config)]
    environment = {**os.environ, "IDLE_SECRET": "secret"}
    agent = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_healthy(port)
        measured = benchmark.pedantic(resident_mb, args=(agent.pid,), rounds=5)  # type: ignore[attr-defined]
        benchmark.extra_info["resident_mb"] = round(measured, 1)  # type: ignore[attr-defined]
        print(f"\nidle agent: {measured:.1f} MB resident")
        assert measured < RESIDENT_MB_MAX
    finally:
        agent.terminate()
        agent.wait(20)


def wait_healthy(port: int) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/-/healthy", timeout=1).json()["healthy"]:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the agent did not become healthy")
