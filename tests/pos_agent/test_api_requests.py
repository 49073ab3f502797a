"""What any request meets before and around its route: strangers, limits, languages, bytes of every kind."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served_till import API_TOKEN, PROBLEM, Served, assert_problem

from pos_agent.journal.verify import verify


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()
    assert verify(tmp_path / "journal.sqlite").good


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer wrong"}, 401, "P-401"),
        ({"Authorization": ""}, 401, "P-401"),
        ({"Host": "shop.example.com"}, 403, "P-402"),
        ({"Origin": "https://evil.example"}, 403, "P-402"),
    ],
)
def test_strangers_are_turned_away(till: Served, headers: dict[str, str], status: int, code: str) -> None:
    assert_problem(till.http.get("/v1/status", headers=headers), status, code)


def test_our_own_page_may_call(till: Served) -> None:
    own = f"http://127.0.0.1:{till.port}"
    assert till.http.get("/v1/status", headers={"Origin": own}).status_code == 200


def test_a_body_over_the_limit_is_refused_whole_or_in_pieces(till: Served) -> None:
    big = b'{"cashier": "' + b"x" * 300_000 + b'"}'
    headers = {"Idempotency-Key": "big", "Content-Type": "application/json"}
    assert_problem(till.http.post("/v1/sales", content=big, headers=headers), 413, "P-405")
    pieces = (big[at : at + 10_000] for at in range(0, len(big), 10_000))
    assert_problem(till.http.post("/v1/sales", content=pieces, headers=headers), 413, "P-405")


@pytest.mark.parametrize(
    ("language", "word"), [("kk-KZ", "Мұндай чек жоқ"), ("ru", "Такого чека нет"), ("en", "There")]
)
def test_a_problem_speaks_the_callers_language(till: Served, language: str, word: str) -> None:
    body = assert_problem(till.http.get("/v1/sales/none", headers={"Accept-Language": language}), 404, "T-101")
    assert body["title"].startswith(word)


def test_a_call_that_was_cut_off_in_its_body_is_not_carried_out_and_its_repeat_is(till: Served) -> None:
    body = b'{"direction": "in", "sum_tiyn": 500}\n'
    head = (
        f"POST /v1/cash HTTP/1.1\r\nHost: 127.0.0.1:{till.port}\r\nAuthorization: Bearer {API_TOKEN}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: cut\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", till.port)) as line:
        line.sendall(head.encode() + body[:-1])
        line.shutdown(socket.SHUT_WR)
        line.settimeout(20)
        line.recv(65_536)  # Until the server has ended it.
    moved = len(till.sim.ledger())
    headers = {"Idempotency-Key": "cut", "Content-Type": "application/json"}
    answer = till.http.post("/v1/cash", content=body, headers=headers)
    assert (moved, answer.status_code, len(till.sim.ledger())) == (0, 201, 1), answer.text


def test_unknown_paths_and_methods_are_problems_too(till: Served) -> None:
    assert_problem(till.http.get("/v1/nothing"), 404, "P-408")
    assert_problem(till.http.put("/v1/sales"), 405, "P-410")


PATHS = (
    "/v1/codes/check", "/v1/sales", "/v1/receipts", "/v1/returns", "/v1/cash", "/v1/shift/open",
    "/v1/doubts/no-such-key/decision", "/v1/register/drawer", "/v1/register/settle",
)  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "code": st.text(max_size=90) | st.integers(),
        "code_base64": st.text(max_size=30),
        "source": st.sampled_from(["scanner", "manual", "api", "x"]),
        "payments": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(["cash", "card"]), "sum_tiyn": st.integers()})
        ),
        "items": st.lists(st.fixed_dictionaries({"code": st.text(max_size=40)}), max_size=3),
        "sale": st.text(max_size=10),
        "direction": st.sampled_from(["in", "out"]),
        "sum_tiyn": st.integers(),
        "cashier": st.text(max_size=130),
        "made": st.booleans(),
        "by": st.text(max_size=20),
        "why": st.text(max_size=20),
        "at": st.text(max_size=45) | st.datetimes().map(str) | st.just("0001-01-01T00:00:00+14:00"),
        "number": st.integers(),
    },
)


def test_any_json_is_answered_and_never_with_an_internal_error(till: Served) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(PATHS), JSON | LIKELY, st.binary(max_size=20))
    def ask(path: str, body: Any, tail: bytes) -> None:
        text = json.dumps(body).encode() + (tail if len(tail) > 15 else b"")
        headers = {"Idempotency-Key": f"fuzz-{hash((path, text))}", "Content-Type": "application/json"}
        answer = till.http.post(path, content=text, headers=headers)
        assert answer.status_code < 500, (path, body, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == PROBLEM

    ask()


def test_any_bytes_as_a_code_get_a_verdict(till: Served) -> None:
    import base64

    sale = till.opened()
    for data in (b"\x00", b"\xff" * 40, b"\x1d" * 90, bytes(range(256)), b"<script>alert(1)</script>"):
        answer = till.post(f"/v1/sales/{sale}/scans", {"code_base64": base64.b64encode(data).decode()})
        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"]["decision"] in ("refuse", "ask")


def test_too_many_calls_are_told_to_wait(till: Served) -> None:
    from pos_agent.api.guard import Bucket

    bucket = Bucket(per_s=2, burst=3, at=0.0)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(0.5) is True
    assert bucket.take(0.5) is False


def test_the_openapi_document_names_every_route_with_its_problem_form(till: Served) -> None:
    schema = till.http.get("/openapi.json", headers={"Authorization": ""}).json()
    assert "/v1/receipts" in schema["paths"]
    names = [operation["operationId"] for operations in schema["paths"].values() for operation in operations.values()]
    assert len(names) == len(set(names))
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            refused = {status: one for status, one in operation["responses"].items() if status >= "400"}
            assert {"403", "413", "429", "500"} <= set(refused), (path, method)
            own = {"503": ["application/json", PROBLEM]} if path == "/-/ready" else {}
            forms = {status: list(one["content"]) for status, one in refused.items()}
            assert forms == {status: [PROBLEM] for status in refused} | own, (path, method)
    assert "examples" in schema["components"]["schemas"]["CodeBody"]["properties"]["code"]
