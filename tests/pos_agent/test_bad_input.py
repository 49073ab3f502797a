"""Bad input for every call of the interface: no answer is 5xx, every refusal is a problem, and nothing is sold.

Bodies that would be right stand in a table; their fields are replaced by hostile values, one at a time.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_server import api_of
from shop_till import ShopTill

from pos_agent.api.app import create_app
from pos_agent.api.atol.carrying import carry_out

PROBLEM = "application/problem+json"
TOKENS = {"first": "token-1", "second": "token-2"}
HTML = '<img src=x onerror="alert(1)">'
BASIS = {
    "fiscal_sign": "1", "at": "2026-07-15T10:30:00+05:00", "registration_number": "1", "total_tiyn": 1,
    "offline": False,
}  # fmt: skip
CODE = "0104870000000104213kZ7q_W<2hT9m\u001d91KZF1\u001d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
IMC = base64.b64encode(CODE.encode()).decode()
POSITION = {
    "type": "position", "name": HTML, "price": 1.5, "quantity": 1, "amount": 1.5, "tax": {"type": "none", "sum": 0},
    "imcParams": {"imc": IMC, "imcType": "auto", "itemInfoCheckResult": {"imcCheckFlag": True}},
    "productCodes": {"ean13": "4870000000104", "codes": ["04870000000104"]}, "department": 1,
    "measurementUnit": "piece",
}  # fmt: skip
SELL = {
    "type": "sell", "items": [POSITION], "payments": [{"type": "cash", "sum": 1.5}], "total": 1.5,
    "operator": {"name": "A", "vatin": "1"}, "clientInfo": {"vatin": "123456789012"}, "electronically": False,
}  # fmt: skip
PAYMENTS = [{"kind": "cash", "sum_tiyn": 1}]
RIGHT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/v1/codes/check", {"code": "1", "source": "manual", "purpose": "sale"}),
    ("/v1/sales", {"cashier": "A"}),
    ("/v1/sales/{sale}/scans", {"code_base64": "MQ==", "source": "api"}),
    ("/v1/sales/{sale}/scans/1/approval", {"by": "A", "why": "B"}),
    ("/v1/sales/{sale}/goods", {"number": "00000000", "quantity_milli": 1}),
    ("/v1/sales/{sale}/cancellation", {"why": ""}),
    ("/v1/sales/{sale}/payment", {"payments": PAYMENTS, "customer_xin": "123456789012"}),
    ("/v1/sales/{sale}/copy", {}),
    (
        "/v1/receipts",
        {
            "operation": "sale",
            "items": [{"number": "00000000", "quantity_milli": 1, "price_tiyn": 1, "source": "api"}],
            "payments": PAYMENTS, "cashier": "A", "basis": BASIS,
        },
    ),
    ("/v1/returns", {"cashier": "A", "basis": BASIS}),
    ("/v1/shift/open", {"cashier": "A"}),
    ("/v1/pages/codes", {"role": "it", "name": "A"}),
    ("/v1/cash", {"direction": "out", "sum_tiyn": 10**13}),
    (
        "/v1/doubts/none/decision",
        {
            "made": True, "by": "A", "why": "B", "fiscal_sign": "1", "number": 1, "at": "2026-07-15T10:30:00+05:00",
            "shift": 1, "registration_number": "1", "offline": False,
        },
    ),
    ("/api/v2/requests", {"uuid": "u-1", "request": [SELL]}),
    ("/api/v2/requests", {"uuid": "u-2", "request": [{"type": "cashOut", "cashSum": 1}]}),
)  # fmt: skip
HOSTILE: tuple[str, ...] = (  # As they stand in the JSON text.
    "null", "true", "-1", "0", "1.5", "1e999", "-1e999", "NaN", "Infinity", "9" * 5_000, str(10**30), '""', "[]", "{}",
    json.dumps("x" * 50_000), json.dumps(HTML), r'"\u0000"', r'"\ud800"', r'"\udc00\ud800"', r'"\u202e\u0007"',
    "[" * 600 + "]" * 600, '{"a":' * 600 + "1" + "}" * 600, '"2026-13-45T99:99:99+99:99"',
    '"0001-01-01T00:00:00+14:00"',
)  # fmt: skip
WHOLE: tuple[bytes, ...] = (
    b"", b"null", b"[]", b'"text"', b"{", b"\x00", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 50_000, b"x" * 300_000,
    '{"cashier": "A"}'.encode("utf-16"), b"\xef\xbb\xbf{}", b'{"cashier": "\xff"}', b'{"' + b"k" * 100_000 + b'": 1}',
    b'{"\\ud800": 1}', b"9" * 5_000, b"1e999", b"<xml/>", b"a=1&b=2",
)  # fmt: skip
READABLE = (b"", b"\xef\xbb\xbf{}", '{"cashier": "A"}'.encode("utf-16"))  # JSON all the same, where it says no more.
MEDIA = ("application/json", "text/plain", "application/x-www-form-urlencoded")
SHARE = 6  # Each place gets every sixth of the hostile values, its neighbour the next ones.


class Caller:
    """One till behind its API on a socket."""

    def __init__(self, folder: Path) -> None:
        self.till = ShopTill(folder)
        self._keys = itertools.count()
        self._open = ExitStack()
        self.client = self.of(TOKENS)
        self.sale = self.post("/v1/sales", b"{}").json()["sale"]

    def of(self, tokens: dict[str, str]) -> httpx.Client:
        return self._open.enter_context(api_of(self.till.agent, tokens, body_bytes_max=262_144))

    def close(self) -> None:
        self._open.close()
        self.till.close()

    def post(self, path: str, content: bytes, **headers: str) -> Any:
        keyed = {"Idempotency-Key": f"bad-{next(self._keys)}", **headers}
        return self.client.post(path, content=content, headers={"Content-Type": "application/json", **keyed})

    def paths(self) -> Iterator[tuple[str, str]]:
        for path, operations in create_app(self.till.agent).openapi()["paths"].items():
            for method in operations:
                yield method.upper(), path

    def sold(self) -> int:
        rows = self.till.agent.journal.rows_after(0, 1_000_000)
        receipts = [row for row in rows if row.kind == "document_intended" and "sale" in json.loads(row.body)]
        return len(self.till.receipts()) + len(receipts)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    caller = Caller(tmp_path_factory.mktemp("till"))
    yield caller
    while caller.till.agent.requests.state()["number"]:
        caller.till.agent.requests.step(lambda call, task: carry_out(caller.till.agent, call, task), 0)
    assert caller.sold() == 0
    caller.close()


@pytest.fixture
def caller(one: Caller) -> Caller:
    """The one till, with a sale of its own."""
    one.sale = one.post("/v1/sales", b"{}").json()["sale"]
    return one


def assert_answered(answer: Any, *context: object) -> None:
    assert answer.status_code < 500, (*context, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == PROBLEM, (*context, answer.text)
        assert set(answer.json()["messages"]) == {"kk", "ru", "en"}


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a body, the whole of it left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*here, name)
        yield from places(one, (*here, name))


MARK = "\u2063here\u2063"


def with_value(body: Any, place: Sequence[Any], text: str) -> bytes:
    """The body's JSON with one value replaced by a text that may be no JSON at all."""
    changed = copy.deepcopy(body)
    target = changed
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = MARK
    return json.dumps(changed, ensure_ascii=False).replace(json.dumps(MARK, ensure_ascii=False), text).encode()


@pytest.mark.parametrize(("path", "body"), RIGHT, ids=lambda one: one if isinstance(one, str) else "")
def test_no_value_of_any_field_breaks_a_call_or_sells(caller: Caller, path: str, body: dict[str, Any]) -> None:
    path = path.format(sale=caller.sale)
    for number, place in enumerate(places(body)):
        for text in HOSTILE[number % SHARE :: SHARE]:
            assert_answered(caller.post(path, with_value(body, place, text)), path, place, text[:60])
    unknown = caller.post(path, json.dumps({**body, "unknown_field": 1}).encode())
    assert unknown.status_code in (400, 422) or not body, (path, unknown.text)


def test_no_body_as_a_whole_breaks_a_call_or_sells(caller: Caller) -> None:
    for path in {path.format(sale=caller.sale) for path, _ in RIGHT}:
        for content in WHOLE:
            for media in MEDIA if path in ("/v1/sales", "/api/v2/requests") else MEDIA[:1]:
                answer = caller.post(path, content, **{"Content-Type": media})
                assert_answered(answer, path, content[:40], media)
                assert answer.status_code >= 400 or content in READABLE or path.endswith("/copy")


NAMES = (
    "%00",
    "%ff%fe",
    "..%2f..%2fetc",
    "x" * 5_000,
    "%D2%9A%D0%B0%D0%B7",
    "'%20OR%201=1",
    "%3Cscript%3E",
    "-1",
    "1e9",
    "9" * 400,
)


def test_no_name_in_a_path_or_query_breaks_a_call(caller: Caller) -> None:
    for method, path in caller.paths():
        if "{" not in path:
            continue
        for name in NAMES:
            wanted = path
            for part in ("{sale}", "{scan}", "{number}", "{key}", "{uuid}", "{name}"):
                wanted = wanted.replace(part, name)
            answer = caller.client.request(method, wanted, headers={"Idempotency-Key": f"{method}{path}"[:200]})
            assert_answered(answer, method, wanted[:80])
    for query in ("after=-1", "after=x", "after=1e9"):
        assert_answered(caller.client.get(f"/v1/events?{query}"), query)


def test_strangers_get_nothing_from_any_call(caller: Caller) -> None:
    wrong: tuple[tuple[int, dict[str, str]], ...] = (
        (401, {"Authorization": ""}),
        (401, {"Authorization": "Bearer token-3"}),
        (401, {"Authorization": "Basic Zmlyc3Q6dG9rZW4tMw=="}),
        (401, {"Authorization": "Basic !!"}),
        (403, {"Host": "evil.example"}),
        (403, {"Host": "127.0.0.1.evil.example"}),
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
    )
    for method, path in caller.paths():
        for status, headers in wrong:
            if status == 401 and path in ("/-/healthy", "/-/ready"):
                continue
            answer = caller.client.request(method, path, headers={"Idempotency-Key": "k", **headers})
            assert_answered(answer, method, path, headers)
            assert answer.status_code == status, (method, path, headers, answer.text)


def test_a_key_that_cannot_be_one_is_refused(caller: Caller) -> None:
    for key in ("", "x" * 201):
        answer = caller.post("/v1/sales", b"{}", **{"Idempotency-Key": key})
        assert_answered(answer, key)
        assert answer.status_code == 400


def test_a_revoked_token_is_out_and_the_other_client_notices_nothing(caller: Caller) -> None:
    after = caller.of({"second": TOKENS["second"]})
    assert after.get("/v1/status", headers={"Authorization": "Bearer token-1"}).status_code == 401
    other = after.get("/v1/status", headers={"Authorization": "Bearer token-2"})
    assert other.status_code == 200
    basic = base64.b64encode(b"second:token-2").decode()
    assert after.get("/api/v2/serverInfo", headers={"Authorization": f"Basic {basic}"}).status_code == 200
    revoked = base64.b64encode(b"first:token-1").decode()
    assert after.get("/api/v2/serverInfo", headers={"Authorization": f"Basic {revoked}"}).status_code == 401


def test_html_in_a_name_of_goods_stays_text(tmp_path: Path) -> None:
    caller = Caller(tmp_path / "till")
    caller.till.stock(gtin="40123455", name_ru=HTML, name_kk=HTML, unit="796", vat="base", price="250")
    added = caller.post(f"/v1/sales/{caller.sale}/goods", b'{"number": "40123455"}')
    assert (added.status_code, added.json()["line"]["name"]) == (200, HTML), added.text
    assert added.headers["content-type"] == "application/json"
    paid = caller.post(f"/v1/sales/{caller.sale}/payment", b'{"payments": [{"kind": "cash", "sum_tiyn": 25000}]}')
    assert paid.status_code == 200, paid.text
    (line,) = caller.till.agent.till.sale(caller.sale).lines
    assert line["name"] == HTML
    caller.close()


@pytest.mark.parametrize("at", ["2026-02-30T10:30:00+05:00", "2026-07-15T24:30:00+05:00", "2026-07-15T10:30:00+99:00"])
def test_a_return_on_a_receipt_of_a_day_that_never_was_is_not_begun(one: Caller, at: str) -> None:
    answer = one.post("/v1/returns", json.dumps({"cashier": "A", "basis": {**BASIS, "at": at}}).encode())
    assert (answer.status_code, answer.json()["code"]) == (422, "P-407")
    assert "basis.at" in answer.json()["detail"]
