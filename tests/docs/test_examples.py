"""docs/examples: run where their runtime is on this machine, and held to the OpenAPI document where it is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from served_till import API_TOKEN, Served

from pos_agent.api.app import create_app

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = DOCS / "examples"
FILES = ("sell.py", "sell.php", "Sell.cs", "sell.bsl")
OF_HTTP = {"Authorization", "Content-Type", "Accept-Language"}
OWN_NAMES = {
    "path",
    "body",
    "key",
    "method",
    "header",
    "content",
    "timeout",
    "ignore_errors",
    "http",
}  # Not of the API.
FIELDS = re.compile(r"""\[["'](\w+)["']\]|["'](\w+)["']\s*(?:=>|:)|Структура\("([\w, ]+)\"""")
HEADER = re.compile(r"""["'{ (]([A-Z][A-Za-z]+(?:-[A-Z][A-Za-z]+)+|Authorization)["':]""")


@dataclass(frozen=True, slots=True)
class Runtime:
    file: str
    command: tuple[str, ...]


def runtimes() -> Iterator[Runtime]:
    """Python surely; PHP with `script/bootstrap --tests`."""
    yield Runtime("sell.py", (sys.executable,))
    if (php := shutil.which("php")) is not None:
        yield Runtime("sell.php", (php,))


class Shop:
    def __init__(self, till: Served, folder: Path, runtime: Runtime) -> None:
        self.till, self.runtime = till, runtime
        self.kept = folder / "payment.json"

    def run(self, *arguments: str, token: str = API_TOKEN) -> subprocess.CompletedProcess[str]:
        address = f"http://127.0.0.1:{self.till.port}"
        environment = {
            **os.environ,
            "POS": address,
            "TOKEN": token,
            "KEPT": str(self.kept),
            "PYTHONIOENCODING": "utf-8",
        }
        command = (*self.runtime.command, str(EXAMPLES / self.runtime.file), *arguments)
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(params=list(runtimes()), ids=lambda runtime: runtime.file)
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    till = Served(tmp_path / "till")
    yield Shop(till, tmp_path, request.param)
    till.down()


def test_an_example_sells_a_unit_reads_a_refusal_and_a_problem_and_repeats_a_payment_it_had_kept(shop: Shop) -> None:
    mark = shop.till.unit()
    sold = shop.run(mark.text)
    (receipt,) = [one for one in shop.till.sim.ledger() if one.operation.is_receipt]
    assert sold.stdout.split() == ["1", receipt.sign], sold.stderr
    refused = shop.run(mark.text)
    assert refused.returncode != 0
    assert re.search(r"M-\d{3}: \S", refused.stderr), refused.stderr
    stranger = shop.run(shop.till.unit().text, token="wrong")
    assert stranger.returncode != 0
    assert "P-401" in stranger.stderr
    assert not shop.kept.exists()
    # The program died after it had kept the key: it is started again, twice, and there is one receipt.
    sale, total, _ = shop.till.with_unit()
    payment = json.dumps({"payments": [{"kind": "cash", "sum_tiyn": total}]})
    kept = json.dumps({"path": f"/v1/sales/{sale}/payment", "body": payment, "key": "kept-1"})
    answers = []
    for _ in range(2):
        shop.kept.write_text(kept, encoding="utf-8")
        answers.append(shop.run().stdout)
        assert not shop.kept.exists()
    assert answers[0] == answers[1] != ""
    assert shop.till.receipts() == 2


def test_an_example_keeps_its_payment_when_a_refusal_says_nothing_of_it(shop: Shop) -> None:
    sale, total, _ = shop.till.with_unit()
    payment = json.dumps({"payments": [{"kind": "cash", "sum_tiyn": total}]})
    path = f"/v1/sales/{sale}/payment"
    headers = {"Idempotency-Key": "kept-1", "Content-Type": "application/json"}
    made = shop.till.http.post(path, content=payment, headers=headers).json()["document"]  # Its answer was lost.
    shop.kept.write_text(json.dumps({"path": path, "body": payment, "key": "kept-1"}), encoding="utf-8")
    assert "P-401" in shop.run(token="wrong").stderr
    assert shop.kept.exists()
    assert shop.run().stdout.split() == [str(made["number"]), made["fiscal_sign"]]
    assert not shop.kept.exists()
    assert shop.till.receipts() == 1


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return create_app(SimpleNamespace()).openapi()  # type: ignore[arg-type]


def paths_of(text: str) -> set[str]:
    """Paths an example calls, whatever its language puts their parts together with."""
    joined = re.sub(r'"\s*\+\s*\w+\s*\+\s*"', "{sale}", text)
    return {re.sub(r"\{\w+\}|\$\w+", "{sale}", path) for path in re.findall(r"""["'](/v1/[^"'\s]*)["']""", joined)}


@pytest.mark.parametrize("name", FILES)
def test_every_path_header_and_field_of_an_example_is_one_of_the_interface(name: str, api: dict[str, Any]) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    paths = paths_of(text)
    assert paths == {"/v1/sales", *(f"/v1/sales/{{sale}}/{end}" for end in ("scans", "payment", "cancellation"))}
    assert paths <= set(api["paths"])
    parameters = {one["name"].lower() for path in paths for one in api["paths"][path]["post"]["parameters"]}
    headers = set(HEADER.findall(text))
    assert {"Authorization", "Idempotency-Key"} <= headers <= {*OF_HTTP, "Idempotency-Key"}
    assert {header.lower() for header in headers - OF_HTTP} <= parameters
    forms = api["components"]["schemas"].values()
    known = {name for form in forms for name in (*form.get("properties", ()), *form.get("enum", ()))}
    used = {field.strip() for groups in FIELDS.findall(text) for part in groups for field in part.split(",") if field}
    assert {"sale", "decision", "messages", "sum_tiyn", "amount_tiyn", "retry", "title"} <= used
    assert {name for name in used - OWN_NAMES if name.islower() and not name.startswith("_")} <= known


def test_the_ten_lines_of_http_sell_a_unit(tmp_path: Path) -> None:
    import socket

    page = (DOCS / "integrate.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```http\n(POST /v1/receipts .*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len([line for line in lines.splitlines() if line]) <= 10
    till = Served(tmp_path)
    mark = till.unit()
    price = till.http.post("/v1/codes/check", json={"code": mark.text}).json()["product"]["price_tiyn"]
    head, _, body = lines.partition("\n\n")
    whole = json.loads(body)
    whole["items"][0]["code"], whole["payments"][0]["sum_tiyn"] = mark.text, price
    content = json.dumps(whole).encode()
    head = head.replace("8765", str(till.port)).replace("TOKEN", API_TOKEN)
    head = re.sub(r"Content-Length: \d+", f"Content-Length: {len(content)}\r\nConnection: close", head)
    with socket.create_connection(("127.0.0.1", till.port), timeout=30) as line:
        line.sendall("\r\n".join(head.splitlines()).encode() + b"\r\n\r\n" + content)
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert till.receipts() == 1
    till.down()


def test_the_page_leads_to_every_example_and_says_what_was_not_run() -> None:
    page = (DOCS / "integrate.md").read_text(encoding="utf-8")
    assert sorted(FILES) == sorted(one.name for one in EXAMPLES.iterdir())
    assert [name for name in FILES if f"(examples/{name})" not in page] == []
