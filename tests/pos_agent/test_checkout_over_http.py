"""Hostile and unlucky calls: what a route is given must never end as an internal error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pysqlite3
import pytest
from api_server import api_of
from shop_till import ShopTill

from hw_sim.registry import Fate

HALF = "\\ud800"  # As the JSON escape of a lone surrogate.


@pytest.fixture
def till(tmp_path: Path) -> Iterator[ShopTill]:
    built = ShopTill(tmp_path)
    yield built
    built.close()


@pytest.fixture
def http(till: ShopTill) -> Iterator[httpx.Client]:
    with api_of(till.agent) as client:
        yield client


def post(http: httpx.Client, path: str, body: Any = None, key: str = "k") -> httpx.Response:
    content = body if isinstance(body, str) else json.dumps({} if body is None else body)
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return http.post(path, content=content, headers=headers)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/sales", f'{{"cashier": "{HALF}"}}'),
        ("/v1/sales", f'{{"{HALF}": 1}}'),
        ("/v1/returns", f'{{"sale": "{HALF}"}}'),
        ("/v1/codes/check", f'{{"code": "{HALF}"}}'),
        ("/v1/sales", "[" * 50_000),
        ("/v1/cash", '{"direction": "in", "sum_tiyn": 1e400}'),
        ("/v1/cash", '{"direction": "in", "sum_tiyn": NaN}'),
    ],
)
def test_a_body_no_answer_could_carry_is_refused_as_malformed(http: httpx.Client, path: str, body: str) -> None:
    answer = post(http, path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "P-407")


def test_numbers_beyond_any_row_are_no_internal_errors(till: ShopTill, http: httpx.Client) -> None:
    sale, huge = till.open(), 10**30
    why = {"by": "Senior", "why": "x"}
    assert post(http, f"/v1/sales/{sale}/scans/{huge}/approval", why).json()["code"] == "T-109"
    gone = http.delete(f"/v1/sales/{sale}/lines/{huge}", headers={"Idempotency-Key": "d"})
    assert gone.json()["code"] == "T-103"


@pytest.mark.parametrize("last", [b"\xb2", b"9" * 400, b"-1", b"x"])
def test_any_last_event_id_starts_a_stream(till: ShopTill, http: httpx.Client, last: bytes) -> None:
    with http.stream("GET", "/v1/events", headers={"Last-Event-ID": last}) as stream:
        assert stream.status_code == 200
        till.open()
        lines = (line for line in stream.iter_lines() if line.startswith("event:"))
        assert next(lines) == "event: sale_opened"


def test_the_check_part_of_a_code_stays_out_of_the_stream(till: ShopTill, http: httpx.Client) -> None:
    mark = next(one for one in till.sim.shop.codes if one.fate is Fate.SELLABLE and "\x1d" in one.text)
    till.scan(till.open(), mark.text)
    full = till.rows("line_added")[0]["line"]["full"]
    data = []
    with http.stream("GET", "/v1/events", headers={"Last-Event-ID": "0"}) as stream:
        for line in stream.iter_lines():
            data.append(line)
            if line.startswith("data:") and "line_added" in line:
                break
    assert '"ki"' in data[-1]
    for part in full.split("\x1d")[1:]:
        assert part not in "".join(data)


def test_a_cache_that_cannot_be_read_is_a_problem_of_its_own(till: ShopTill, http: httpx.Client) -> None:
    (path,) = [path for path in till.folder.glob("*.sqlite") if "journal" not in path.name]
    other = pysqlite3.connect(str(path), isolation_level=None)
    other.execute("ALTER TABLE code_status RENAME TO lost")
    other.close()
    answer = http.post("/v1/codes/check", json={"code": till.unit().text})
    assert (answer.status_code, answer.json()["code"], answer.json()["retry"]) == (503, "S-304", True)


def test_a_payment_that_finds_its_document_keeps_the_answer_under_its_key(till: ShopTill, http: httpx.Client) -> None:
    sale, _ = till.sold()
    body = {"payments": [{"kind": "card", "sum_tiyn": 1}]}
    first = post(http, f"/v1/sales/{sale}/payment", body, key="late")
    assert first.status_code == 200
    other = {"payments": [{"kind": "card", "sum_tiyn": 2}]}
    assert post(http, f"/v1/sales/{sale}/payment", other, key="late").json()["code"] == "P-404"


def test_settling_by_hand_frees_what_an_interrupted_call_left(till: ShopTill, http: httpx.Client) -> None:
    mark = till.unit()
    body = {
        "items": [{"code": mark.text}],
        "payments": [{"kind": "card", "sum_tiyn": round(mark.product.price * 100)}],
    }
    till.silence(made=False)
    assert post(http, "/v1/receipts", body, key="one").json()["code"] == "R-203"
    till.sim.webkassa.faults.clear()
    assert post(http, "/v1/register/settle").json() == {"undecided": []}
    assert http.get("/v1/sales").json() == {"sales": []}
    assert post(http, "/v1/receipts", body, key="one").status_code == 201
    assert len(till.receipts()) == 1
