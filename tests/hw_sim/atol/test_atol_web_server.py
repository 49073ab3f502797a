"""The simulated ATOL web server: requests, their uuids and order, what the server itself refuses, its options."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from atol_host import Clock
from atol_web import QUEUE, SHIFT, Client, sell, statuses

from hw_sim.atol import SimulatedWeb


def test_a_request_waits_is_worked_on_and_gets_ready(client: Client, clock: Clock) -> None:
    first, second = client.post(sell(300.0)), client.post(SHIFT)
    assert statuses(client.results(first)) == [("inProgress", 0)]
    assert client.results(second) == [{"error": {"code": 0, "description": "Ошибок нет"}, "status": "wait"}]
    assert client.queue() == {
        "number": 1,
        "ready": 0,
        "canceled": 0,
        "isBlocked": False,
        "blockedUUID": "",
        "blockReason": "",
    }
    clock.sleep(3.0)
    assert statuses(client.results(first)) == [("ready", 0)]
    assert statuses(client.results(second)) == [("ready", 0)]
    assert client.queue()["ready"] == 2


def test_work_is_done_at_its_moment_and_not_when_somebody_looks(client: Client, clock: Clock) -> None:
    client.post(sell(300.0))
    clock.sleep(3600.0)
    assert client.queue()["ready"] == 1
    (sale,) = client.sim.memory.documents
    assert clock.at_ns - sale.at_ns > 3598 * 10**9


def test_requests_are_run_in_the_order_they_came(client: Client) -> None:
    uuids = [client.post(sell(amount)) for amount in (100.0, 200.0, 300.0)]
    client.await_results(uuids[-1])
    assert [document.total for document in client.sim.memory.documents] == [100, 200, 300]


def test_a_known_uuid_is_refused_and_nothing_is_done(client: Client) -> None:
    uuid = client.post(sell(300.0))
    done = client.await_results(uuid)
    reply = client.call("POST", client.path, {"uuid": uuid, "request": [sell(300.0)]})
    assert (reply.status, reply.json()["error"]["code"]) == (409, 505)
    assert client.results(uuid) == done
    assert len(client.sim.memory.documents) == 1


def test_after_an_error_the_rest_of_the_request_is_interrupted_and_the_next_one_runs(client: Client) -> None:
    first = client.post({"type": "closeShift"}, SHIFT, {"type": "getFnStatus"})
    second = client.post(SHIFT)
    assert statuses(client.await_results(first)) == [("error", 73), ("interrupted", 502), ("interrupted", 502)]
    assert statuses(client.await_results(second)) == [("ready", 0)]


def test_only_a_waiting_request_can_be_cancelled(client: Client) -> None:
    running, waiting = client.post(sell(300.0)), client.post(sell(300.0))
    assert client.call("DELETE", f"{client.path}/{running}").status == 409
    assert client.call("DELETE", f"{client.path}/{waiting}").status == 200
    assert statuses(client.results(waiting)) == [("canceled", 503)]
    assert client.call("DELETE", f"{client.path}/{waiting}").status == 409
    client.await_results(running)
    assert len(client.sim.memory.documents) == 1
    assert (client.queue()["ready"], client.queue()["canceled"]) == (1, 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/v2/requests", "", 400),
        ("POST", "/api/v2/requests", "[]", 400),
        ("POST", "/api/v2/requests", "[" * 100_000, 400),
        ("POST", "/api/v2/requests", '{"uuid":"1"}', 400),
        ("POST", "/api/v2/requests", '{"request":[{"type":"sell"}]}', 400),
        ("POST", "/api/v2/requests", '{"uuid":"","request":[{"type":"sell"}]}', 400),
        ("POST", "/api/v2/requests", '{"uuid":5,"request":[{"type":"sell"}]}', 400),
        ("POST", "/api/v2/requests", '{"uuid":"1","request":[]}', 400),
        ("POST", "/api/v2/requests", '{"uuid":"1","request":["sell"]}', 400),
        ("POST", "/api/v2/requests", '{"uuid":"1","request":[{"type":"sell"},{"type":"sellReturn"}]}', 400),
        ("POST", "/api/v2/requests?deviceID=7", '{"uuid":"1","request":[{"type":"sell"}]}', 404),
        ("GET", "/api/v2/requests", "", 405),
        ("PUT", "/api/v2/requests/1", "", 405),
        ("GET", "/api/v2/requests/1", "", 404),
        ("DELETE", "/api/v2/requests/1", "", 404),
        ("POST", "/api/v2/getRequestsQueueStatus", "", 405),
        ("GET", "/requests/1", "", 404),
        ("GET", "/", "", 404),
    ],
)
def test_what_the_server_itself_refuses_carries_code_505(
    client: Client, method: str, path: str, body: str, status: int
) -> None:
    reply = client.call(method, path, body)
    assert (reply.status, reply.json()["error"]["code"]) == (status, 505)
    assert client.queue()["ready"] == 0


def test_a_task_named_like_a_page_is_only_an_unknown_task(client: Client) -> None:
    for name in ("poll", "cancel", "queue_status", "server_info", "requests", ""):
        assert client.code({"type": name}) == 501


@pytest.mark.parametrize("device", ["", "default", "1"])
def test_the_register_may_be_named(client: Client, device: str) -> None:
    client.path = "/api/v2/requests"
    reply = client.call("POST", f"/api/v2/requests?deviceID={device}", {"uuid": "a", "request": SHIFT})
    assert reply.status == 201
    assert reply.json() == {"number": 1, "uuid": "a", "isBlocked": False, "blockedUUID": "", "blockReason": ""}
    assert client.call("GET", f"/api/v2/requests/a?deviceID={device}").status == 200


def test_finished_requests_are_forgotten_after_their_time(client: Client, clock: Clock) -> None:
    uuid = client.post(SHIFT)
    client.await_results(uuid)
    clock.sleep(43_200 * 60 - 10)
    assert client.call("GET", f"{client.path}/{uuid}").status == 200
    clock.sleep(20)
    assert client.call("GET", f"{client.path}/{uuid}").status == 404


def test_a_server_with_users_wants_to_know_who_asks(build_web: Callable[..., SimulatedWeb], clock: Clock) -> None:
    client = Client(build_web(users={"till": "secret:1"}), clock)
    for header in ("", "Bearer x", "Basic !!", "Basic " + base64.b64encode(b"till:wrong").decode()):
        client.headers = {"authorization": header}
        reply = client.call("GET", QUEUE)
        assert reply.status == 401
        assert ("WWW-Authenticate", 'Basic realm="Web Requests"') in reply.headers
    client.headers = {"authorization": "Basic " + base64.b64encode(b"till:secret:1").decode()}
    assert client.queue()["number"] == 0
    client.headers = {}
    info = client.call("GET", "/api/v2/serverInfo").json()
    assert info["currentDateTime"] == "2026-07-15T10:30:00+05:00"


def test_the_old_server_has_other_paths_and_flat_errors(build_web: Callable[..., SimulatedWeb], clock: Clock) -> None:
    client = Client(build_web(api="v1"), clock, path="/requests")
    assert client.call("POST", "/requests", {"uuid": "a", "request": [{"type": "closeShift"}, SHIFT]}).body == b""
    clock.sleep(5.0)
    assert [(entry["status"], entry["errorCode"]) for entry in client.results("a")] == [
        ("error", 73),
        ("interrupted", 502),
    ]
    assert client.call("POST", "/requests", {"uuid": "a", "request": [SHIFT]}).status == 409
    assert client.call("GET", "/stat/requests").json() == {
        "ready_count": 1,
        "not_ready_count": 0,
        "canceled_count": 0,
        "is_blocked": False,
        "block_request_uuid": "",
    }
    assert client.call("GET", "/api/v2/requests/a").status == 404


def test_a_late_cancel_may_have_another_status(build_web: Callable[..., SimulatedWeb], clock: Clock) -> None:
    client = Client(build_web(late_cancel_status=405), clock)
    uuid = client.post(SHIFT)
    client.await_results(uuid)
    assert client.call("DELETE", f"{client.path}/{uuid}").status == 405


def test_http_itself_may_fail_before_and_after_the_request_is_taken(client: Client) -> None:
    client.sim.server.faults.add("answer_lost_before", "sell")
    assert client.call("POST", client.path, {"uuid": "a", "request": [sell(300.0)]}).cut is not None
    assert client.call("GET", f"{client.path}/a").status == 404
    client.sim.server.faults.add("answer_lost_after", "sell")
    assert client.call("POST", client.path, {"uuid": "a", "request": [sell(300.0)]}).cut is not None
    assert statuses(client.await_results("a")) == [("ready", 0)]
    client.sim.server.faults.add("http_500", "poll")
    assert client.call("GET", f"{client.path}/a").status == 500
    client.sim.server.faults.add("late_processing", "getShiftStatus", seconds=30)
    assert client.call("POST", client.path, {"uuid": "b", "request": [SHIFT]}).status == 201
    assert len(client.sim.memory.documents) == 1
