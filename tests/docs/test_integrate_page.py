"""The examples of docs/integrate.md, carried out on a real server with a simulated register behind it."""

from __future__ import annotations

import io
import json
import random
import re
import runpy
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from hw_sim.inprocess import SimTransport
from hw_sim.world import WEBKASSA_LOGIN
from hw_sim.world import World as SimWorld
from marking.groups import standard
from pos_agent import problems
from pos_agent.agent import Agent
from pos_agent.api.answers import problem_body
from pos_agent.api.atol.bodies import ITEMS_MAX, TASKS_MAX
from pos_agent.api.atol.carrying import carry_out
from pos_agent.api.atol.queue import WAITING_MAX
from pos_agent.api.atol.results import DRIVER_CODES, OTHER, SERVER
from pos_agent.api.events import PRIVATE
from pos_agent.api.idempotency import KEY_LENGTH_MAX
from pos_agent.cache.importing import import_file
from pos_agent.cache.lines import BadRow
from pos_agent.cache.rows import Context
from pos_agent.config import EVENTS, ApiSection, from_mapping
from pos_agent.demo.shop import CASHBOX, SECRETS
from pos_agent.hooks.events import OF_DOCUMENT, OF_SCAN
from pos_agent.hooks.worker import SIGNATURE_HEADER, TIME_HEADER, HookPace
from pos_agent.journal.projection import PROJECTORS
from pos_agent.runner import server
from pos_agent.wiring import World, build, start
from sync.hook_signature import signature

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "integrate.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8765"
TOKEN = "token-of-the-till-program"
STATUSES = ("wait", "inProgress", "ready", "error", "blocked", "interrupted", "canceled")
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Till:
    agent: Agent
    sim: SimWorld
    http: httpx.Client
    address: str

    def receipts(self) -> list[Any]:
        return [document for document in self.sim.ledger() if document.operation.is_receipt]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = from_mapping(
        {
            "till": {"name": "page", "data": str(tmp_path)},
            "register": {
                "url": f"webkassa+https://devkkm.webkassa.kz?cashbox={CASHBOX}&login={WEBKASSA_LOGIN[0]}",
                "secrets": {
                    "webkassa_password": "env:DEMO_REGISTER_PASSWORD",
                    "webkassa_api_key": "env:DEMO_REGISTER_KEY",
                },
            },
            "api": {"port": port, "clients": [{"name": "till-program", "token": "env:TOKEN"}]},
            # The codes of the pages stand in no registry, and their statuses grow old.
            "policy": {"offline": {"sale_policy": "allow"}},
        }
    )
    sim = SimWorld(time.time_ns, random.Random(5), codes=10)
    secrets = {**SECRETS, "env:TOKEN": TOKEN}
    transport = SimTransport(sim.webkassa, lambda _seconds: None)
    agent = build(config, World(secret=secrets.__getitem__, register_transport=transport))
    start(agent)
    stock(agent)
    api = server(agent, secrets.__getitem__)
    thread = threading.Thread(target=api.run, daemon=True)
    thread.start()
    while not api.started:
        time.sleep(0.01)
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20) as http:
            yield Till(agent, sim, http, address)
    finally:
        api.should_exit = True
        thread.join(10)
        agent.close()


def stock(agent: Agent) -> None:
    """Import the example files of docs/cache-files.md."""
    for text in blocks((DOCS / "cache-files.md").read_text(encoding="utf-8"), "csv"):
        mistakes: list[BadRow] = []
        import_file(agent.cache, io.BytesIO(text.encode()), Context(standard(), time.time_ns()), on_bad=mistakes.append)
        assert mistakes == []


def curl_calls(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """(path, headers, body) of each curl command, variables still in it."""
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] != ["curl"]:
            continue
        headers = dict(words[index + 1].split(": ", 1) for index, word in enumerate(words) if word == "-H")
        body = words[words.index("-d") + 1]
        yield next(word for word in words if word.startswith("$POS")).removeprefix("$POS"), headers, body


def test_the_sale_with_curl_makes_one_receipt_with_its_mark(till: Till) -> None:
    (commands,) = [block for block in blocks(PAGE, "sh") if "curl" in block]
    sale, answers = "", []
    for path, headers, body in curl_calls(commands):
        sent = {name: value.replace("$TOKEN", TOKEN) for name, value in headers.items()}
        answer = till.http.post(path.replace("$SALE", sale), content=body.encode(), headers=sent)
        assert answer.status_code in (200, 201), answer.text
        answers.append(answer.json())
        sale = sale or answers[0]["sale"]
    assert [set(one) >= {"sale"} for one in answers] == [True] * 4
    assert answers[1]["verdict"]["decision"] == "allow"
    (receipt,) = till.receipts()
    assert receipt.sign == answers[3]["document"]["fiscal_sign"]
    assert len(receipt.marks) == 1
    assert answers[3]["document"]["total_tiyn"] == 1_500_050 + 2 * 25_000


def test_the_python_example_sells_a_unit(till: Till, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks(PAGE, "python")
    program = tmp_path / "example.py"
    program.write_text(code.replace(ADDRESS, till.address), encoding="utf-8")
    runpy.run_path(str(program), init_globals={"TOKEN": TOKEN})
    (receipt,) = till.receipts()
    assert receipt.sign in capsys.readouterr().out


def test_the_whole_receipt_and_the_foreign_return_are_accepted(till: Till) -> None:
    bodies = [json.loads(block) for block in blocks(PAGE, "json")]
    (whole,) = [body for body in bodies if "items" in body]
    (foreign,) = [body for body in bodies if "basis" in body]
    made = till.http.post("/v1/receipts", json=whole, headers={"Idempotency-Key": "whole"})
    assert made.status_code == 201, made.text
    assert made.json()["document"]["total_tiyn"] == 1_500_050 + 2 * 24_000
    opened = till.http.post("/v1/returns", json=foreign, headers={"Idempotency-Key": "return"})
    assert opened.status_code == 201, opened.text


def test_the_request_in_atols_words_is_carried_out_and_every_task_and_status_is_told(till: Till) -> None:
    (shown,) = [body for body in map(json.loads, blocks(PAGE, "json")) if "request" in body]
    assert till.http.post("/api/v2/requests", json=shown).status_code == 201
    till.agent.requests.step(partial(carry_out, till.agent), 0)
    (entry,) = till.http.get(f"/api/v2/requests/{shown['uuid']}").json()["results"]
    assert entry["result"]["fiscalParams"]["total"] == 15_500.5
    section = PAGE.partition("## Programs that speak to ATOL")[2].partition("\n## ")[0]
    schemas = till.http.get("/openapi.json").json()["components"]["schemas"]
    tasks = [
        name
        for name in ("Receipt", "ShiftTask", "CashTask", "Look")
        for name in schemas[name]["properties"]["type"]["enum"]
    ]
    assert [name for name in (*tasks, *STATUSES) if f"`{name}`" not in section] == []
    assert f"up to {TASKS_MAX} tasks, a receipt up to {ITEMS_MAX} items,\nand up to {WAITING_MAX} requests" in section
    assert all(str(code) in section for code in {*DRIVER_CODES.values(), OTHER, SERVER})


def test_the_problem_on_the_page_is_the_one_the_agent_sends(till: Till) -> None:
    (shown,) = [body for body in map(json.loads, blocks(PAGE, "json")) if "messages" in body]
    sent = problem_body(problems.Problem(shown["code"], shown["detail"]), "ru")
    assert shown == sent


def test_every_field_of_a_verdict_is_told(till: Till) -> None:
    answer = till.http.post("/v1/codes/check", json={"code": "hello"}).json()
    names = {f"verdict.{name}" for name in answer["verdict"]} | (set(answer) - {"verdict"})
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


def test_every_call_of_the_interface_is_told_and_no_other(till: Till) -> None:
    paths = till.http.get("/openapi.json").json()["paths"]
    true = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    told = set(re.findall(rf"^\| `((?:{'|'.join(METHODS)}) \S+)` \|", PAGE, re.MULTILINE))
    assert told == true


def test_the_calls_that_need_a_key_are_marked(till: Till) -> None:
    paths = till.http.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            needs = any(one["name"].lower() == "idempotency-key" for one in operation.get("parameters", ()))
            (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{method.upper()} {path}` |")]
            assert row.endswith("| yes |") == needs, row


def test_the_webhooks_on_the_page_are_the_true_ones() -> None:
    section = PAGE.partition("## Webhooks\n")[2].partition("\n## ")[0]
    assert [event for event in EVENTS if f"`{event}`" not in section] == []
    assert [name for name in (*OF_DOCUMENT, *OF_SCAN) if f"`{name}`" not in section] == []
    pace = HookPace()
    assert (pace.base_s, pace.cap_s, pace.refused_max, pace.give_up_s) == (1, 300, 8, 72 * 3600)
    (code,) = blocks(section, "py")
    space: dict[str, Any] = {}
    exec(compile(code, "integrate.md", "exec"), space)  # noqa: S102 - the lines of our own page
    now_s = int(time.time())
    headers = {TIME_HEADER: str(now_s), SIGNATURE_HEADER: signature(b"s", now_s, b"{}")}
    assert space["genuine"](b"s", headers, b"{}") and not space["genuine"](b"s", headers, b"{ }")


def test_the_kinds_of_events_and_the_limits_are_the_true_ones() -> None:
    kinds = set(re.findall(r"`(\w+)`", PAGE[PAGE.index("Kinds: ") : PAGE.index("Let kinds you")]))
    assert kinds <= set(PROJECTORS) - PRIVATE
    api = ApiSection()
    assert f"{api.calls_per_s:g} calls a second, {api.burst} at once" in PAGE
    assert f"{api.body_bytes_max:,} bytes".replace(",", " ") in PAGE
    assert f"1 to {KEY_LENGTH_MAX} characters" in PAGE
    assert f"http://{api.host}:{api.port}" == ADDRESS
