"""Virtual time behind an httpx client: delays, timeouts and cuts as the real stack shows them."""

from __future__ import annotations

import random

import httpx
import pytest

from hw_sim.exchange import Cut, SimReply, json_reply
from hw_sim.inprocess import SimTransport


class Scripted:
    """Answers with the replies it was given, in order."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.requests = []

    def handle(self, request):
        self.requests.append(request)
        return self.replies.pop(0)


@pytest.fixture
def client_of(clock):
    opened = []

    def build(servers, **options):
        transport = SimTransport(servers, clock.sleep, **options)
        client = httpx.Client(transport=transport, base_url="https://till.test", timeout=httpx.Timeout(5, connect=2))
        opened.append(client)
        return client, transport

    yield build
    for client in opened:
        client.close()


def seconds(clock, since):
    return (clock() - since) / 1e9


def test_a_request_arrives_whole_and_its_answer_too(client_of):
    server = Scripted(json_reply({"a": 1}, 201, (("X-Extra", "1"),)))
    client, _ = client_of(server)
    answer = client.post("/p?q=1", content=b"\x00\xff", headers={"X-Api-Key": "k"})
    [request] = server.requests
    assert (request.method, request.target, request.path, request.query) == ("POST", "/p?q=1", "/p", {"q": "1"})
    assert (request.headers["x-api-key"], request.body) == ("k", b"\x00\xff")
    assert (answer.status_code, answer.json(), answer.headers["x-extra"]) == (201, {"a": 1}, "1")


def test_a_delay_is_spent_in_virtual_time(client_of, clock):
    client, _ = client_of(Scripted(SimReply(delay_s=4.5)))
    start = clock()
    assert client.get("/").status_code == 200
    assert seconds(clock, start) == 4.5


def test_an_answer_later_than_the_timeout_is_a_read_timeout_at_the_timeout(client_of, clock):
    client, _ = client_of(Scripted(SimReply(delay_s=60)))
    start = clock()
    with pytest.raises(httpx.ReadTimeout):
        client.get("/")
    assert seconds(clock, start) == 5


def test_work_put_off_is_done_only_for_a_client_that_waits(client_of, clock):
    done = []

    def finish():
        done.append(clock())
        return json_reply({"late": True})

    client, _ = client_of(Scripted(SimReply(delay_s=3, finish=finish), SimReply(delay_s=30, finish=finish)))
    assert client.get("/").json() == {"late": True}
    with pytest.raises(httpx.ReadTimeout):
        client.get("/")
    assert len(done) == 1


@pytest.mark.parametrize(
    ("cut", "error"),
    [(Cut.BEFORE, httpx.ReadError), (Cut.AFTER, httpx.RemoteProtocolError), (Cut.MID_BODY, httpx.RemoteProtocolError)],
)
def test_cuts_raise_what_the_real_stack_raises(client_of, cut, error):
    client, _ = client_of(Scripted(SimReply(body=b"0123456789", cut=cut)))
    with pytest.raises(error):
        client.get("/")


def test_a_dead_link_refuses_at_once_and_a_black_hole_after_the_connect_timeout(client_of, clock):
    server = Scripted(SimReply())
    client, transport = client_of(server)
    transport.link_down = True
    start = clock()
    with pytest.raises(httpx.ConnectError):
        client.get("/")
    assert seconds(clock, start) == 0
    transport.link_down, transport.black_hole = False, True
    with pytest.raises(httpx.ConnectTimeout):
        client.get("/")
    assert seconds(clock, start) == 2
    assert server.requests == []
    transport.black_hole = False
    assert client.get("/").status_code == 200


def test_a_link_that_dies_while_the_answer_is_under_way_ends_in_a_read_timeout(clock):
    server = Scripted(SimReply(delay_s=1))

    def sleep(seconds):
        clock.sleep(seconds)
        transport.link_down = True

    transport = SimTransport(server, sleep)
    start = clock()
    with httpx.Client(transport=transport, timeout=5) as client, pytest.raises(httpx.ReadTimeout):
        client.get("http://till.test/")
    assert seconds(clock, start) == 5
    assert len(server.requests) == 1


def test_latency_comes_from_the_seed(client_of, clock):
    start = clock()
    client, _ = client_of(Scripted(SimReply()), rng=random.Random(4), latency_s=(0.01, 0.05))
    client.get("/")
    assert 0.01 <= seconds(clock, start) <= 0.05


def test_hosts_are_told_apart_and_an_unknown_one_does_not_resolve(client_of):
    client, _ = client_of({"a.test": Scripted(json_reply("a")), "b.test:8080": Scripted(json_reply("b"))})
    assert client.get("https://a.test/").json() == "a"
    assert client.get("http://b.test:8080/").json() == "b"
    with pytest.raises(httpx.ConnectError):
        client.get("https://c.test/")
