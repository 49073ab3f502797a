"""`pos-agent selftest` tries a sale's way on a real disk, with a register that answers and one that does not."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fiscal.registry import open_register
from hw_sim.device.hosts import TcpHost
from hw_sim.device.machine import Machine
from hw_sim.families import family
from marking.groups import standard
from pos_agent.cache.importing import import_file
from pos_agent.cache.rows import Context
from pos_agent.cache.store import Cache
from pos_agent.cli.main import app

GOODS = "gtin,name_ru,price,vat,unit\n4870000000104,Вода,250,base,796\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["selftest", *map(str, arguments)])


def steps(answer: Result) -> dict[str, Any]:
    return {step["step"]: step for step in json.loads(answer.stdout)["steps"]}


@pytest.fixture
def register() -> Iterator[tuple[TcpHost, Machine]]:
    played = family("shtrih").start(time.time_ns, random.Random(1), {"model": "on-line"})
    assert isinstance(played.answers, Machine)
    with TcpHost(played.answers) as host:
        yield host, played.answers


@pytest.fixture
def config(tmp_path: Path, register: tuple[TcpHost, Machine]) -> Path:
    (tmp_path / "data").mkdir()
    with Cache(tmp_path / "data/cache.sqlite") as cache:
        import_file(cache, io.BytesIO(GOODS.encode()), Context(standard(), time.time_ns()), on_bad=lambda _bad: None)
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[till]\nname = "t"\ndata = {json.dumps(str(tmp_path / "data"))}\n'
        f'[register]\nurl = "shtrih+tcp://127.0.0.1:{register[0].port}?model=on-line&marks=field"\n'
    )
    return path


def test_a_till_that_works_passes_with_timings_and_leaves_nothing_behind(
    config: Path, register: tuple[TcpHost, Machine]
) -> None:
    answer = run("--config", config, "--json")
    found = steps(answer)
    assert (answer.exit_code, [step["state"] for step in found.values()]) in [
        (0, ["ok"] * 5),
        (1, ["ok", "ok", "warning", "ok", "ok"]),  # A disk under load may take longer than a till should wait.
    ]
    assert list(found) == ["codes", "verdict", "disk", "receipt", "register"]
    assert all(step["ms"] > 0 for step in found.values())
    assert found["verdict"]["reason"].startswith("M-")
    assert found["disk"]["rows"] == 21
    assert sorted(path.name for path in (config.parent / "data").iterdir() if "cache" not in path.name) == []
    asked = open_register(
        f"shtrih+tcp://127.0.0.1:{register[0].port}?model=on-line", secret=str, transport=None, now=time.time_ns,
        monotonic=time.monotonic, sleep=time.sleep,
    )  # fmt: skip
    baseline = asked.baseline()
    asked.close()
    assert (baseline.shift_open, baseline.document_count) in [(False, 0), (False, None)]


def test_what_does_not_work_is_told_and_does_not_stop_the_rest(config: Path, register: tuple[TcpHost, Machine]) -> None:
    register[0].close()
    (config.parent / "data/cache.sqlite").unlink()
    text = config.read_text() + '[sync]\nurl = "http://127.0.0.1:9"\ntoken = "env:POS_TEST_NO_TOKEN"\n'
    config.write_text(text)
    answer = run("--config", config, "--json")
    found = steps(answer)
    assert answer.exit_code == 2
    failed = [name for name, step in found.items() if step["state"] == "failure"]
    assert failed == ["verdict", "register", "server"]
    plain = run("--config", config, "--lang", "kk").output
    assert "sudo pos-agent doctor" in plain
    assert max(len(line) for line in plain.splitlines() if str(config.parent) not in line) <= 80


def test_a_folder_that_takes_no_file_fails_the_disk_step(config: Path) -> None:
    nowhere = config.parent / "file"
    nowhere.write_text("")
    config.write_text(config.read_text().replace(str(config.parent / "data"), str(nowhere)))
    assert steps(run("--config", config, "--json"))["disk"]["state"] == "failure"
