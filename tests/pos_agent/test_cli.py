"""The command line as store IT meets it: clear words, the right exit status, no traceback."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from api_server import TOKEN, api_of
from shop_till import ShopTill
from typer.testing import CliRunner, Result

from fiscal.register import Payment, PaymentKind
from pos_agent.cli.main import app
from pos_agent.problems import Problem


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path / "data")
    yield built
    built.agent.close()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def journal_of(till: ShopTill) -> Path:
    return till.folder / "journal.sqlite"


def tamper(till: ShopTill, statement: str) -> None:
    """Change a journal behind the agent's back, its guards removed first."""
    till.agent.close()
    db = pysqlite3.connect(str(journal_of(till)), isolation_level=None)
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    db.execute(statement)
    db.close()


def test_verify_says_good_with_rows_and_head(till: ShopTill) -> None:
    till.sold()
    head, digest = till.agent.journal.head()
    plain = run("journal", "verify", "--database", journal_of(till))
    assert (plain.exit_code, str(head) in plain.output, digest.hex() in plain.output) == (0, True, True)
    facts = json.loads(run("journal", "verify", "--database", journal_of(till), "--json").stdout)
    assert (facts["good"], facts["rows"], facts["row"]) == (True, head, None)


@pytest.mark.parametrize("as_json", [True, False])
def test_verify_names_the_first_bad_row_and_exits_2(till: ShopTill, as_json: bool) -> None:
    till.sold(2)
    tamper(till, "UPDATE journal SET body = replace(body, '\"sale\"', '\"sole\"') WHERE number = 4")
    answer = run("journal", "verify", "--database", journal_of(till), *(["--json"] if as_json else []))
    assert answer.exit_code == 2
    if as_json:
        facts = json.loads(answer.stdout)
        assert (facts["good"], facts["row"]) == (False, 4)
    else:
        assert "row 4" in answer.output


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_verify_and_export_of_what_is_no_journal_say_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "journal.sqlite"
    if content is not None:
        path.write_bytes(content)
    for command in ("verify", "export"):
        answer = run("journal", command, "--database", path)
        assert answer.exit_code == 2
        assert isinstance(answer.exception, SystemExit)
        assert answer.output.strip()


def test_export_writes_every_row_as_a_line_of_json(till: ShopTill, tmp_path: Path) -> None:
    till.sold()
    head, digest = till.agent.journal.head()
    lines = [json.loads(line) for line in run("journal", "export", "--database", journal_of(till)).stdout.splitlines()]
    assert [line["number"] for line in lines] == list(range(1, head + 1))
    assert lines[-1]["hash"] == digest.hex()
    assert all(after["previous"] == before["hash"] for before, after in itertools.pairwise(lines))
    assert "Айгүл" in json.dumps(lines, ensure_ascii=False)
    out = tmp_path / "rows.jsonl"
    answer = run("journal", "export", "--database", journal_of(till), "--after", head - 1, "-o", out)
    assert answer.exit_code == 0
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == lines[-1:]


def test_export_to_a_place_that_is_not_there_and_of_a_row_without_json(till: ShopTill, tmp_path: Path) -> None:
    answer = run("journal", "export", "--database", journal_of(till), "-o", tmp_path / "none" / "rows.jsonl")
    assert (answer.exit_code, "rows.jsonl" in answer.output) == (2, True)
    tamper(till, "UPDATE journal SET body = '{' WHERE number = 2")
    answer = run("journal", "export", "--database", journal_of(till))
    assert (answer.exit_code, "row 2" in answer.output) == (2, True)


def configured(folder: Path, **over: str) -> Path:
    """A configuration of one page; `over`: section -> its lines instead of ours."""
    sections = {
        "till": f'name = "demo-1"\ndata = {json.dumps(str(folder / "data"))}',
        "register": 'url = "webkassa+https://devkkm.webkassa.kz?cashbox=SWK00000001&login=a@b.kz"\n'
        'secrets = { webkassa_password = "env:POS_TEST_PASSWORD", webkassa_api_key = "env:POS_TEST_KEY" }',
        "api": "port = 1",
        **over,
    }
    path = folder / "agent.toml"
    path.write_text("".join(f"[{name}]\n{lines}\n" for name, lines in sections.items()), encoding="utf-8")
    return path


def client_at(port: int, token: str = "env:POS_TEST_TOKEN") -> str:  # noqa: S107 - a reference
    return f'port = {port}\nclients = [{{ name = "status", token = "{token}" }}]'


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PASSWORD", "KEY"):
        monkeypatch.setenv(f"POS_TEST_{name}", "x")
    monkeypatch.setenv("POS_TEST_TOKEN", TOKEN)
    # A proxy of the environment must not be asked about our own machine.
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("secrets")
def test_status_of_a_running_agent_tells_what_waits(till: ShopTill, tmp_path: Path) -> None:
    with api_of(till.agent) as http:
        config = configured(tmp_path, api=client_at(http.base_url.port or 0))
        well = run("status", "--config", config, "--json")
        assert (well.exit_code, json.loads(well.stdout)["till"]) == (0, "demo-1")
        sale, _ = till.with_units()
        till.silence(made=True)
        with pytest.raises(Problem):
            till.agent.closing.pay(sale, [Payment(PaymentKind.CASH, till.total(sale))])
        waits = run("status", "--config", config)
        assert (waits.exit_code, "undecided" in waits.output) == (1, True)
        till.sim.webkassa.faults.clear()
        till.agent.closing.settle()
        assert run("status", "--config", config).exit_code == 0


@pytest.mark.usefixtures("secrets")
def test_status_without_an_agent_a_client_or_a_secret_says_what_is_missing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = run("status", "--config", configured(tmp_path, api=client_at(taken.getsockname()[1])))
    assert (dead.exit_code, "does not answer" in dead.output) == (2, True)
    nobody = run("status", "--config", configured(tmp_path))
    assert (nobody.exit_code, "api.clients" in nobody.output) == (2, True)
    secret = run("status", "--config", configured(tmp_path, api=client_at(1, "env:POS_TEST_NONE")))
    assert (secret.exit_code, "POS_TEST_NONE" in secret.output) == (2, True)


class Stranger(BaseHTTPRequestHandler):
    """Something else that listens where the agent should."""

    answers = iter([b"<html>", b"[]", b'{"undecided": []}', b"null"])

    def do_GET(self) -> None:
        body = next(self.answers)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing on the terminal."""


@pytest.mark.usefixtures("secrets")
def test_status_of_something_that_is_no_agent_says_so(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        config = configured(tmp_path, api=client_at(server.server_port))
        answers = [run("status", "--config", config) for _ in range(4)]
        server.shutdown()
        thread.join(10)
    assert {(answer.exit_code, "is no agent" in answer.output) for answer in answers} == {(2, True)}


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("over", "word"),
    [
        ({"till": 'nmae = "x"'}, "name"),
        ({"register": 'url = ""'}, "register.url"),
        ({"register": 'url = "webkasa+https://x?cashbox=A&login=b"'}, "register.url"),
        ({"scanners": ""}, "scanners"),
        ({"printer": 'url = "smoke://signal"'}, "printer.url"),
        ({"api": client_at(1, "env:POS_TEST_NONE")}, "POS_TEST_NONE"),
    ],
)
def test_run_refuses_a_wrong_configuration_with_its_place(tmp_path: Path, over: dict[str, str], word: str) -> None:
    answer = run("run", "--config", configured(tmp_path, **over))
    assert isinstance(answer.exception, SystemExit), answer.exception
    assert (answer.exit_code, word in answer.output) == (2, True)


@pytest.mark.usefixtures("secrets")
def test_run_on_a_taken_port_says_so_and_leaves_the_journal_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = configured(tmp_path, api=client_at(taken.getsockname()[1]))
        for _ in range(2):  # The second time the journal of the first must not be held.
            answer = run("run", "--config", config)
            assert (answer.exit_code, "api.port" in answer.output) == (2, True)


def test_the_console_script_runs_a_small_day_and_prints_one_object(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("pos-agent")
    environment = {**os.environ, "PYTHONIOENCODING": "cp1251"}
    arguments = ["demo", "--headless", "--sales", "6", "--seed", "3", "--json", "--folder", str(tmp_path)]
    done = subprocess.run([str(script), *arguments], capture_output=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    totals = json.loads(done.stdout)
    assert (totals["lost"], totals["duplicates"], totals["in_doubt"]) == (0, 0, 0)
    rows = run("journal", "export", "--database", tmp_path / "journal.sqlite").stdout.splitlines()
    assert len(rows) == totals["journal_rows"]
    again = run("demo", "--headless", "--sales", "6", "--json", "--folder", tmp_path)
    assert (again.exit_code, "journal" in again.output) == (2, True)


@pytest.mark.parametrize("key", ["lost", "duplicates", "in_doubt"])
def test_the_demo_fails_when_its_audit_found_something(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    import pos_agent.demo.headless as headless

    totals = {"lost": 0, "duplicates": 0, "in_doubt": 0, key: 1}
    monkeypatch.setattr(headless, "run_headless", lambda *_arguments: totals)
    answer = run("demo", "--headless", "--sales", 1, "--json")
    assert (answer.exit_code, json.loads(answer.stdout)[key]) == (2, 1)
