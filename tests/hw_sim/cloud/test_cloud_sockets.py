"""Both simulated registers once on real sockets, through the client a driver uses."""

from __future__ import annotations

import json
import random

import httpx
import pytest
from cloud_sides import Clock, token_in, uuid4

from hw_sim import rekassa, ukassa
from hw_sim.http import serve


@pytest.fixture
def clock():
    return Clock()


def test_a_lost_answer_of_rekassa_is_found_again_over_a_socket(clock, ticket):
    service = rekassa.make(clock, random.Random(1))
    with serve(service) as serving, httpx.Client(base_url=serving.url, timeout=5) as client:
        login = {"number": "RK00000001", "password": "integration"}
        answer = client.post("/partner/api/auth/login?apiKey=sim-partner-key", json=login)
        client.headers["Authorization"] = f"Bearer {answer.text}"
        client.post("/sim/faults", json={"name": "answer_lost_after"})
        path, key = "/partner/api/crs/1042/tickets", {"X-Request-ID": "a"}
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(path, json=ticket(), headers=key)
        again = client.post(path, json=ticket(), headers=key).json()
        listed = client.get("/partner/api/crs/1042/shifts/1/tickets").json()["_embedded"]["tickets"]
        assert [row["id"] for row in listed] == [again["id"]]
        [row] = client.get("/sim/ledger").json()
        assert row["marks"] == ticket()["items"][0]["commodity"]["listExciseStamp"]


def test_a_lost_answer_of_ukassa_is_found_again_over_a_socket(clock, receipt):
    service = ukassa.make(clock, random.Random(1))
    with serve(service) as serving, httpx.Client(base_url=f"{serving.url}/api/", timeout=5) as client:
        login = {"email": "till@example.kz", "password": "integration", "hashline": "UK00000001"}
        token = token_in(client.post("auth/login/", data=login).json())
        client.headers["Authorization"] = f"Token {token}"
        httpx.post(f"{serving.url}/sim/faults", json={"name": "partial_body"})
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("v2/operation/ticket/", json=receipt(), headers={"IDEMPOTENCY-KEY": uuid4("a")})
        again = client.post("v2/operation/ticket/", json=receipt(), headers={"IDEMPOTENCY-KEY": uuid4("a")}).json()
        shift = client.get("kassa/get_shift_list/?kassa=3868").json()[0]["id"]
        rows = client.get(f"kassa/get_shift_operations/?shift={shift}").json()
        assert [row["id"] for row in rows] == [again["data"]["id"]]
        [row] = httpx.get(f"{serving.url}/sim/ledger").json()
        assert row["marks"] == [item["mark_code"] for item in receipt()["items"]]


def test_kazakh_names_and_separators_survive_the_wire_both_ways(clock, receipt):
    mark, name = "0104870000000128213hB?7tR\x1d93aB9+", "Қымыз «Ұлы дала» 0,5 л"
    service = ukassa.make(clock, random.Random(1))
    with serve(service) as serving, httpx.Client(base_url=f"{serving.url}/api/", timeout=5) as client:
        login = {"email": "till@example.kz", "password": "integration", "hashline": "UK00000001"}
        client.headers["Authorization"] = f"Token {token_in(client.post('auth/login/', json=login).json())}"
        body = receipt({"items.0.name": name, "items.0.mark_code": mark})
        data = client.post("v1/ofd/receipt/", content=json.dumps(body).encode()).json()["data"]
        assert (data["transaction_items"][0]["name"], data["transaction_items"][0]["mark_code"]) == (name, mark)
