"""Whatever arrives, the simulated uKassa answers and keeps its books: no exception, no half-registered document."""

from __future__ import annotations

import json

import pytest
from cloud_sides import UkassaSide, vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiled_json import JSON, spoiled

from hw_sim.exchange import SimRequest

REQUESTS = [json.loads(row["body"]) for row in vectors("ukassa")["request"]]


@given(spoiled(REQUESTS))
@settings(max_examples=400, deadline=None)
def test_a_spoiled_receipt_is_a_whole_document_or_none(message):
    side = UkassaSide()
    reply = side.sell(json.dumps(message).encode(), "a")
    assert len(side.memory.documents) == (1 if reply.status == 200 else 0)
    assert reply.status == 200 or 400 <= reply.status < 500
    if reply.status == 200:
        [row] = side.get("kassa/get_shift_operations/?shift=6995")
        assert side.get(f"operation/{row['id']}/")["fixed_check"] == row["fixed_check"]
        assert side.shift("get_shift_report").json()["duplicated"]["shift_number"] == 1


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_json_that_is_no_receipt_makes_no_document(content):
    side = UkassaSide()
    body = json.dumps(content).encode()
    for path in (
        "v1/ofd/receipt/",
        "v2/operation/ticket/",
        "operation/cash_operation/",
        "kassa/close_z_shift/",
        "auth/login/",
    ):
        assert 400 <= side.send("POST", path, body).status < 500
    assert side.memory.documents == []


PATHS = st.sampled_from(["v2/operation/ticket/", "operation/1/", "kassa/get_shift_list/?kassa=%00", "", "../..", "?="])


@given(st.sampled_from(["GET", "POST", "PUT", "BREW"]), PATHS | st.text(max_size=20), st.binary(max_size=40), st.text())
@settings(max_examples=300, deadline=None)
def test_any_bytes_on_any_path_get_an_answer_and_make_no_document(method, path, body, word):
    side = UkassaSide()
    form = {"content-type": "application/x-www-form-urlencoded"}
    for headers in (
        {},
        {"authorization": word},
        form,
        {"authorization": f"Token {side.token}", "idempotency-key": word},
    ):
        reply = side.service.handle(SimRequest(method, f"/api/{path}", headers, body))
        assert 200 <= reply.status < 500
    assert side.memory.documents == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 50_000, b"1" * 5000, b'{"operation":NaN}']
)
def test_a_body_that_is_no_json_object_is_refused(ukassa, body):
    for reply in (ukassa.sell(body), ukassa.cash(body)):
        assert (reply.status, ukassa.memory.documents) == (400, [])
