"""Whatever arrives, the simulated reKassa answers and keeps its books: no exception, no half-registered document."""

from __future__ import annotations

import json

import pytest
from cloud_sides import RekassaSide, vectors
from hypothesis import given, settings
from hypothesis import strategies as st
from spoiled_json import JSON, spoiled

from hw_sim.exchange import SimRequest

REQUESTS = [json.loads(row["body"]) for row in vectors("rekassa")["request"]]


@given(spoiled(REQUESTS))
@settings(max_examples=400, deadline=None)
def test_a_spoiled_ticket_is_a_whole_document_or_none(message):
    side = RekassaSide()
    reply = side.sell(json.dumps(message).encode(), "a")
    assert len(side.memory.documents) == (1 if reply.status == 200 else 0)
    assert reply.status == 200 or reply.json()["code"]
    if reply.status == 200:
        assert side.get("/shifts/1/tickets")["_embedded"]["tickets"][0]["externalId"] == "a"
        assert side.get("/shifts/1/reports/x")["data"]["shiftNumber"] == 1


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_json_that_is_no_ticket_makes_no_document(content):
    side = RekassaSide()
    body = json.dumps(content).encode()
    for reply in (
        side.sell(body),
        side.cash(body),
        side.service.handle(SimRequest("POST", "/api/auth/login", {}, body)),
    ):
        assert 400 <= reply.status < 500
    assert side.memory.documents == []


PATHS = st.sampled_from(
    ["/tickets", "/cash", "/shifts/1/close", "/shifts/1/tickets?page=-1&size=x", "", "/../..", "/%00?="]
)


@given(st.sampled_from(["GET", "POST", "PUT", "BREW"]), PATHS | st.text(max_size=20), st.binary(max_size=40), st.text())
@settings(max_examples=300, deadline=None)
def test_any_bytes_on_any_path_get_an_answer_and_make_no_document(method, path, body, token):
    side = RekassaSide()
    for headers in ({}, {"authorization": token}, {"authorization": f"Bearer {side.token}", "x-request-id": token}):
        assert 200 <= side.service.handle(SimRequest(method, side.ROOT + path, headers, body)).status < 500
    assert side.memory.documents == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 50_000, b"1" * 5000, b'{"operation":NaN}']
)
def test_a_body_that_is_no_json_object_is_a_protocol_error(rekassa, body):
    for reply in (rekassa.sell(body), rekassa.cash(body)):
        assert (reply.status, reply.json()["code"]) == (400, "PROTOCOL_ERROR")
