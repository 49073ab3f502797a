"""The same servers on real sockets, and the same answers both ways."""

from __future__ import annotations

import json
import random
import threading

import httpx
import pytest

from hw_sim.exchange import Cut, SimReply, SimRequest, json_reply
from hw_sim.http import serve
from hw_sim.inprocess import SimTransport
from hw_sim.world import ISMPT_LOGIN, WEBKASSA_LOGIN, World

HEADERS = {"x-api-key": "sim-api-key"}


class Echo:
    """Answers what the path orders."""

    def handle(self, request):
        return {
            "/echo": json_reply({"method": request.method, "query": request.query, "body": request.body.hex()}),
            "/slow": SimReply(delay_s=20),
            "/brief": SimReply(delay_s=0.05, finish=lambda: json_reply("done")),
            "/before": SimReply(cut=Cut.BEFORE),
            "/after": SimReply(cut=Cut.AFTER),
            "/half": SimReply(body=b"0123456789", cut=Cut.MID_BODY),
        }[request.path]


@pytest.fixture
def echo():
    with serve(Echo()) as service, httpx.Client(base_url=service.url, timeout=5) as client:
        yield client


def test_a_request_travels_over_a_real_socket_and_the_connection_is_kept(echo):
    for body in (b"\x00\xff", b"", b"x" * 100_000):
        assert echo.post("/echo?a=1", content=body).json() == {
            "method": "POST",
            "query": {"a": "1"},
            "body": body.hex(),
        }
    assert echo.get("/echo").json()["method"] == "GET"


@pytest.mark.parametrize(
    ("path", "error"),
    [("/before", httpx.ReadError), ("/after", httpx.RemoteProtocolError), ("/half", httpx.RemoteProtocolError)],
)
def test_cuts_are_real(echo, path, error):
    with pytest.raises(error):
        echo.get(path)
    assert echo.get("/echo").status_code == 200, "the server goes on"


def test_a_slow_answer_outlives_the_patience_of_the_client(echo):
    with pytest.raises(httpx.ReadTimeout):
        echo.get("/slow", timeout=0.05)
    assert echo.get("/brief").json() == "done"


def test_closing_wakes_a_waiting_handler_and_frees_the_port():
    service = serve(Echo())
    failures = []

    def ask():
        try:
            httpx.get(service.url + "/slow", timeout=10)
        except httpx.TransportError as error:
            failures.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    with httpx.Client(base_url=service.url) as client:
        client.get("/echo")
        service.close()
        service.close()
    waiting.join(5)
    assert len(failures) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(service.url + "/echo")


def test_a_port_just_left_can_be_listened_at_again_and_a_taken_one_cannot():
    with serve(Echo()) as service, httpx.Client(base_url=service.url) as client:
        client.get("/echo")
        service.close()  # The server hangs up first: its port is the one that lingers.
        with serve(Echo(), port=service.port) as again:
            assert httpx.get(again.url + "/echo").status_code == 200
            with pytest.raises(OSError, match="in use"):
                serve(Echo(), port=service.port)


def conversation(client: httpx.Client, ismpt: httpx.Client, codes: list[str]) -> list[object]:
    """A till's morning with refusals, faults and recovery; returns every answer or the name of the error."""
    seen: list[object] = []

    def ask(who, path, body, **headers):
        try:
            answer = who.post(path, json=body, headers={**HEADERS, **headers})
        except httpx.TransportError as error:
            seen.append(type(error).__name__)
            return None
        seen.append((answer.status_code, answer.headers.get("content-type"), answer.content))
        return answer

    login, password = WEBKASSA_LOGIN
    token = ask(client, "/api/v4/Authorize", {"Login": login, "Password": password}).json()["Data"]["Token"]
    common = {"Token": token, "CashboxUniqueNumber": "SWK00000001"}
    row = {"Count": 1, "Price": 900, "TaxType": 100, "TaxPercent": 16, "Tax": 124.14, "PositionName": "Темекі"}
    sale = {
        **common,
        "OperationType": 2,
        "Positions": [{**row, "UnitCode": 796, "Mark": codes[0]}],
        "Payments": [{"Sum": 900, "PaymentType": 0}],
        "RoundType": 0,
    }
    faults = ["answer_lost_after_fiscalising", "answer_lost_before", "partial_body", "truncated_json", "http_502"]
    faults += ["mixed_case_fields", "unsorted", "html_page", "extra_unknown_fields", "offline", "http_505"]
    for number, name in enumerate(faults):
        client.post("/sim/faults", json={"name": name})
        body = {**sale, "ExternalCheckNumber": f"sale-{number}"}
        ask(client, "/api/v4/check", body)
        ask(client, "/api/v4/check", body)
    ask(client, "/api-history/v4/Ticket/GetTicketByExternalCheckNumber", {**common, "ExternalCheckNumber": "sale-0"})
    ask(client, "/api/v4/check", {**sale, "ExternalCheckNumber": "bad", "Change": 1})
    ask(client, "/api/v4/ZReport", common)
    login, password = ISMPT_LOGIN
    session = ask(ismpt, "/api/users/authenticate", {"login": login, "password": password}).json()
    bearer = {"Authorization": f"Bearer {session['accessToken']}"}
    kis = [code.split("\x1d")[0][:31] for code in codes]
    ask(ismpt, "/public/api/cod/public/codes", {"codes": kis}, **bearer)
    ask(ismpt, "/public/api/cod/public/codes", {"codes": kis}, **bearer, Accept="application/json")
    seen.append(client.get("/sim/ledger").json())
    return seen


def test_the_same_requests_get_the_same_answers_on_sockets_and_in_process(clock):
    def world():
        built = World(clock, random.Random(11), codes=200, mark_delay_s=(0, 0))
        return built, [mark.text for mark in built.shop.codes[:5]]

    first, codes = world()
    webkassa, ismpt = first.serve()
    with webkassa, ismpt, httpx.Client(base_url=webkassa.url) as one, httpx.Client(base_url=ismpt.url) as two:
        over_sockets = conversation(one, two, codes)
    second, codes = world()
    with (
        httpx.Client(transport=SimTransport(second.webkassa, clock.sleep), base_url="http://kkm.test") as one,
        httpx.Client(transport=SimTransport(second.ismpt, clock.sleep), base_url="http://mpt.test") as two,
    ):
        in_process = conversation(one, two, codes)
    assert over_sockets == in_process
    assert {"ReadError", "RemoteProtocolError"} <= {item for item in over_sockets if isinstance(item, str)}
    assert len(over_sockets[-1]) == 11, "one receipt per sale, whatever happened to the answers"


def test_faults_can_be_set_from_outside_while_the_server_runs(clock):
    world = World(clock, random.Random(1), codes=10)
    webkassa, ismpt = world.serve()
    with webkassa, ismpt, httpx.Client(base_url=webkassa.url) as client:
        assert client.post("/sim/faults", json={"name": "slow", "seconds": 30}).status_code == 200
        assert client.get("/sim/faults").json()["waiting"][0]["name"] == "slow"
        assert (
            client.post("/sim/faults", json={"name": "sloww"}).json()["error"]
            == "no fault 'sloww' here, did you mean 'slow'?"
        )
        assert client.delete("/sim/faults").json()["waiting"] == []
        assert client.get("/sim/witness").json()["receipts"] == 0
        assert json.loads(httpx.get(ismpt.url + "/sim/codes").content)[0]["packageType"] in ("UNIT", "GROUP")


def test_a_target_no_address_could_be_is_a_path_like_any_other():
    request = SimRequest("GET", "//[?a=1&b=")
    assert (request.path, request.query) == ("//[", {"a": "1", "b": ""})
