"""The client against a small registry on loopback that plays scripted answers, cuts, and trickles."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
import tomllib
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from marking.statuses import Status
from sync.ismpt.client import IsMptClient
from sync.ismpt.profile import XTRACE_KZ

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "ismpt.toml").read_text(encoding="utf-8"))
SHOE, PACK = VECTORS["shoe"], VECTORS["pack"]
RECORD = VECTORS["public_record"]
LOGIN, REFRESH = "/api/users/authenticate", "/api/users/tokens/refresh"
PUBLIC, PRIVATE = "/public/api/cod/public/codes", "/public/api/cod/private/codes"
WORKS = "A2"
NOW_NS = 1_795_435_200_000_000_000


@dataclass
class Answer:
    body: str = "[]"
    status: int = 200
    headers: dict = field(default_factory=dict)
    trickle: str = ""  # "head" or "body": that part byte by byte.
    cut: bool = False


@dataclass
class Seen:
    path: str
    headers: dict
    body: str


class Registry:
    """Answers per path in the order they were scripted, and the last one put with `always` from then on."""

    def __init__(self):
        self.seen = []
        self.trickled_out = False  # A slow answer was waited for to its end.
        self.queues = defaultdict(deque)
        self.fallback = {LOGIN: Answer(VECTORS["login_answer"]), PUBLIC: Answer(RECORD)}
        self.closing = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self._thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self._thread.start()

    def then(self, path, *answers):
        self.queues[path].extend(answers)

    def paths(self):
        return [seen.path for seen in self.seen]

    def count(self, path):
        return self.paths().count(path)

    def sizes(self):
        return [len(json.loads(seen.body)["codes"]) for seen in self.seen if seen.path == PUBLIC]

    def play(self, seen):
        self.seen.append(seen)
        queue = self.queues[seen.path]
        play = queue.popleft() if queue else self.fallback.get(seen.path, Answer("nothing here", 404))
        return play(seen) if callable(play) else play

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()
        self._thread.join()


def _handler(registry):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def log_message(self, *_args):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = registry.play(Seen(self.path, dict(self.headers), body))
            if answer.cut:
                self.close_connection = True
                return
            content = answer.body.encode()
            head = f"HTTP/1.1 {answer.status} X\r\nContent-Length: {len(content)}\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items()) + "\r\n"
            try:
                self._send(head.encode(), slowly=answer.trickle == "head")
                self._send(content, slowly=answer.trickle == "body")
                registry.trickled_out |= bool(answer.trickle) and not registry.closing.is_set()
            except OSError:
                self.close_connection = True  # The client had enough.

        def _send(self, data, slowly):
            for piece in [data[n : n + 1] for n in range(len(data))] if slowly else [data]:
                self.wfile.write(piece)
                if slowly and registry.closing.wait(0.02):
                    return

    return Handler


class Clock:
    """Real seconds, plus what a test skips."""

    def __init__(self):
        self.ahead = 0.0
        self.slept = []

    def __call__(self):
        return time.monotonic() + self.ahead

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.ahead += seconds


@pytest.fixture
def registry():
    server = Registry()
    yield server
    server.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_client(registry, clock):
    opened = []

    def make(url=None, **profile):
        client = IsMptClient(
            url or registry.url,
            "shop-user",
            "***",
            now=lambda: NOW_NS,
            monotonic=clock,
            sleep=clock.sleep,
            rng=random.Random(1),
            profile=replace(XTRACE_KZ, **profile),
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client):
    return open_client()


def test_a_check_logs_in_and_asks_as_the_description_says(client, registry):
    answer = client.check([SHOE], deadline_s=5)
    assert answer.unavailable is None
    assert (answer.statuses[SHOE].status, answer.statuses[SHOE].at_ns) == (Status.IN_CIRCULATION, NOW_NS)
    login, asked = registry.seen
    assert (login.path, login.body) == (LOGIN, VECTORS["login_request"])
    assert "Authorization" not in login.headers
    assert (asked.path, asked.body) == (PUBLIC, VECTORS["code_request"])
    assert {name: asked.headers[name] for name in ("Authorization", "Accept", "Content-Type")} == {
        "Authorization": "Bearer A1",
        "Accept": "*/*",
        "Content-Type": "application/json",
    }


def test_every_asked_code_is_in_the_answer_and_each_is_asked_once(client, registry):
    answer = client.check([PACK, SHOE, PACK], deadline_s=5)
    assert {ki: status.status for ki, status in answer.statuses.items()} == {
        SHOE: Status.IN_CIRCULATION,
        PACK: Status.NOT_FOUND,
    }
    assert registry.sizes() == [2]
    assert client.check([], deadline_s=5).statuses == {}


@pytest.mark.parametrize("part", ["head", "body"])
@pytest.mark.parametrize("path", [LOGIN, PUBLIC])
def test_a_server_that_trickles_does_not_outlast_the_deadline(client, registry, path, part):
    registry.then(path, replace(registry.fallback[path], trickle=part, headers={"X-Long": "x" * 80}))
    answer = client.check([SHOE], deadline_s=0.3)
    assert answer.statuses == {}
    assert "in time" in answer.unavailable
    assert not registry.trickled_out


def test_a_check_without_time_sends_nothing(client, registry):
    assert "in time" in client.check([SHOE], deadline_s=0).unavailable
    assert registry.seen == []


def test_the_client_works_again_after_a_missed_deadline(client, registry):
    registry.then(PUBLIC, Answer(RECORD, trickle="head"))
    assert client.check([SHOE], deadline_s=0.2).unavailable
    assert client.check([SHOE], deadline_s=5).unavailable is None


def test_a_dead_line_is_an_answer_and_not_an_exception(open_client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = open_client(f"http://127.0.0.1:{unused.getsockname()[1]}")
        answer = client.check([SHOE], deadline_s=2)
    assert answer.statuses == {}
    assert answer.unavailable.startswith("Connect")


@pytest.fixture
def names(monkeypatch):
    """The system's resolver, in hand: the addresses it gives, or none while `silent`."""

    class Names:
        addresses = ("127.0.0.1",)
        silent = False
        released = threading.Event()

        def look_up(self, _host, port, **_more):
            if self.silent:
                self.released.wait(10)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]

    found, real = Names(), socket.getaddrinfo

    def getaddrinfo(host, port, *more, **named):
        return found.look_up(host, port) if host == "registry.test" else real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield found
    found.released.set()


def by_name(registry):
    return registry.url.replace("127.0.0.1", "registry.test")


def test_a_name_that_does_not_resolve_does_not_outlast_the_deadline(open_client, registry, names):
    names.silent = True
    assert "not resolved in time" in open_client(by_name(registry)).check([SHOE], deadline_s=0.1).unavailable


def test_an_address_that_worked_is_used_while_the_resolver_is_silent(open_client, registry, names):
    for path in (LOGIN, PUBLIC):
        registry.fallback[path].headers["Connection"] = "close"
    client = open_client(by_name(registry))
    assert client.check([SHOE], deadline_s=5).unavailable is None
    names.silent = True
    assert client.check([SHOE], deadline_s=5).unavailable is None


def test_the_second_address_is_tried_when_the_first_is_dead(open_client, registry, names):
    names.addresses = ("127.0.0.2", "127.0.0.1")
    assert open_client(by_name(registry)).check([SHOE], deadline_s=5).unavailable is None


@pytest.mark.parametrize("url", ["", "prod.markirovka.kz", "ftp://x", "http://"])
def test_a_base_url_that_is_none_is_refused_at_once(open_client, url):
    with pytest.raises(ValueError, match="address"):
        IsMptClient(url, "a", "b", now=lambda: 0, monotonic=time.monotonic, sleep=time.sleep, rng=random.Random(1))


@pytest.mark.parametrize(
    "answer",
    [
        Answer("", 500),
        Answer("<html>bad gateway</html>", 502),
        Answer("[]", 503),
        Answer("[]", 429),
        Answer(cut=True),
    ],
    ids=["500", "502", "503", "429", "cut"],
)
def test_an_interactive_check_asks_once_and_a_background_one_three_times(client, registry, clock, answer):
    registry.fallback[PUBLIC] = answer
    assert client.check([SHOE], deadline_s=5).unavailable
    assert (registry.count(PUBLIC), clock.slept) == (1, [])
    assert client.check_background([SHOE]).unavailable
    assert registry.count(PUBLIC) == 4
    first, second = clock.slept
    assert 0.1 <= first <= 0.2 <= second <= 0.4


def test_a_background_check_waits_as_long_as_the_server_asks(client, registry, clock):
    registry.then(PUBLIC, Answer("", 429, {"Retry-After": "7"}))
    assert client.check_background([SHOE]).unavailable is None
    assert 7.0 <= clock.slept[0] <= 7.1
    registry.then(PUBLIC, Answer("", 503, {"Retry-After": "3600"}))
    assert client.check_background([SHOE]).unavailable == "HTTP 503"
    assert len(clock.slept) == 1


@pytest.mark.parametrize("status", [301, 403, 404, 405, 406])
def test_a_refusal_that_will_not_change_is_not_repeated(client, registry, status):
    registry.fallback[PUBLIC] = Answer("denied", status)
    assert client.check_background([SHOE]).unavailable == f"HTTP {status}: denied"
    assert registry.count(PUBLIC) == 1


def test_a_page_with_status_200_is_no_answer(client, registry):
    registry.fallback[PUBLIC] = Answer("<html>pay for your internet</html>")
    assert client.check([SHOE], deadline_s=5).statuses == {}


def renewing(registry):
    registry.fallback[REFRESH] = Answer(VECTORS["login_answer"].replace("A1", WORKS).replace("R1", "R2"))


@pytest.mark.parametrize(
    "refusal", [Answer("", 401), Answer(VECTORS["inactive_token"], 403), Answer(VECTORS["inactive_token"])]
)
def test_a_refused_token_is_refreshed_once_and_the_call_repeated(client, registry, refusal):
    renewing(registry)
    registry.then(PUBLIC, refusal)
    assert client.check([SHOE], deadline_s=5).unavailable is None
    assert registry.paths() == [LOGIN, PUBLIC, REFRESH, PUBLIC]
    refresh, repeated = registry.seen[2:]
    assert (refresh.body, refresh.headers["Content-Type"]) == (
        VECTORS["refresh_request"],
        "application/x-www-form-urlencoded",
    )
    assert repeated.headers["Authorization"] == f"Bearer {WORKS}"


def test_a_session_that_is_over_is_replaced_by_one_login(client, registry):
    client.check([SHOE], deadline_s=5)
    registry.seen.clear()
    registry.fallback[REFRESH] = Answer("", 401)
    registry.then(PUBLIC, Answer("", 401))
    assert client.check([SHOE], deadline_s=5).unavailable is None
    assert registry.paths() == [PUBLIC, REFRESH, LOGIN, PUBLIC]


def test_a_registry_that_refuses_every_token_is_left_alone_for_a_minute(client, registry, clock):
    client.check([SHOE], deadline_s=5)
    renewing(registry)
    registry.fallback[PUBLIC] = Answer("", 401)
    registry.seen.clear()
    assert client.check([SHOE], deadline_s=5).unavailable.startswith("configuration")
    assert registry.paths() == [PUBLIC, REFRESH, PUBLIC, LOGIN, PUBLIC]
    assert client.check_background([SHOE]).unavailable.startswith("configuration")
    assert len(registry.seen) == 5
    clock.ahead += 61
    registry.fallback[PUBLIC] = Answer(RECORD)
    assert client.check([SHOE], deadline_s=5).unavailable is None


def test_a_wrong_password_is_tried_once_a_minute_and_never_quoted(open_client, registry, clock):
    client = open_client()
    registry.fallback[LOGIN] = Answer(VECTORS["wrong_password"].replace("{}", '{"you sent":"***!"}'), 400)
    for _ in range(5):
        assert "user-incorrect-login-or-password" in client.check([SHOE], deadline_s=5).unavailable
    assert registry.paths() == [LOGIN]
    clock.ahead += 61
    client.check([SHOE], deadline_s=5)
    assert registry.count(LOGIN) == 2


def test_a_login_that_fails_for_a_moment_is_tried_again(client, registry):
    registry.then(LOGIN, Answer("", 503))
    assert client.check_background([SHOE]).unavailable is None
    assert registry.paths() == [LOGIN, LOGIN, PUBLIC]


@pytest.mark.parametrize("token", ["", "with space", "line\\nbreak", "токен"])
def test_a_token_that_cannot_stand_in_a_header_is_no_token(client, registry, token):
    registry.fallback[LOGIN] = Answer(VECTORS["login_answer"].replace("A1", token))
    assert client.check([SHOE], deadline_s=5).unavailable == "login: the answer has no token"


def test_a_token_is_renewed_at_four_fifths_of_its_life(client, registry, clock):
    renewing(registry)
    client.check([SHOE], deadline_s=5)
    clock.ahead = 1435
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 0
    clock.ahead = 1445
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 1
    assert registry.seen[-1].headers["Authorization"] == f"Bearer {WORKS}"


@pytest.mark.parametrize("life", ['"soon"', "null", '"NaN"', "-1", "true", "1800000", "[]"])
def test_a_life_that_is_not_told_is_half_an_hour(client, registry, clock, life):
    registry.fallback[LOGIN] = Answer(VECTORS["login_answer"].replace('"1800000"', life))
    renewing(registry)
    client.check([SHOE], deadline_s=5)
    clock.ahead = 1435
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 0
    clock.ahead = 1445
    client.check([SHOE], deadline_s=5)
    assert registry.count(REFRESH) == 1


def test_while_the_old_token_works_a_failed_renewal_costs_no_answer(client, registry, clock):
    client.check([SHOE], deadline_s=5)
    registry.fallback[REFRESH] = Answer(cut=True)
    clock.ahead = 1500
    for _ in range(3):
        assert client.check([SHOE], deadline_s=5).unavailable is None
    assert (registry.count(REFRESH), registry.count(LOGIN)) == (1, 1)


def test_threads_that_start_together_log_in_once(client, registry):
    start = threading.Barrier(4)
    answers = []

    def ask():
        start.wait()
        answers.append(client.check([SHOE], deadline_s=5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.unavailable for answer in answers] == [None] * 4
    assert (registry.count(LOGIN), registry.count(PUBLIC)) == (1, 4)


def capped(most, bad=()):
    def play(seen):
        codes = json.loads(seen.body)["codes"]
        if len(codes) > most or set(codes) & set(bad):
            return Answer('[{"code":"invalid-input-parameter"}]', 400)
        return Answer(json.dumps([{"code": code, "status": "APPLIED"} for code in codes]))

    return play


def test_a_refused_batch_is_halved_and_the_size_remembered(client, registry):
    registry.fallback[PUBLIC] = capped(30)
    kis = [f"0104870000000104213serial{n:05}" for n in range(100)]
    answer = client.check_background(kis)
    assert answer.unavailable is None
    assert list(answer.statuses) == kis
    assert registry.sizes() == [100, 50, 25, 25, 25, 25]
    client.check_background(kis)
    assert registry.sizes()[6:] == [25, 25, 25, 25]


def test_one_code_the_registry_refuses_does_not_take_the_others_with_it(client, registry):
    registry.fallback[PUBLIC] = capped(100, bad=["bad"])
    kis = [f"0104870000000104213serial{n:05}" for n in range(9)]
    answer = client.check_background([*kis[:3], "bad", *kis[3:]])
    assert answer.unavailable is None
    assert {answer.statuses[ki].status for ki in kis} == {Status.APPLIED}
    assert (answer.statuses["bad"].status, answer.statuses["bad"].raw_status) == (Status.UNKNOWN, "HTTP 400")
    assert registry.sizes() == [10, 5, 2, 2, 1, 1, 2, 2, 2]
    registry.seen.clear()
    client.check_background(kis)
    assert registry.sizes() == [9]


def test_a_registry_that_refuses_every_question_is_unavailable(client, registry):
    registry.fallback[PUBLIC] = capped(0)
    answer = client.check_background([SHOE, PACK])
    assert (answer.statuses, answer.unavailable[:8]) == ({}, "HTTP 400")
    assert client.check([SHOE], deadline_s=5).statuses == {}


def test_what_was_learnt_before_the_line_broke_is_kept(open_client, registry):
    client = open_client(batch_max=1)
    registry.then(PUBLIC, Answer(RECORD))
    registry.fallback[PUBLIC] = Answer("", 500)
    answer = client.check_background([SHOE, PACK])
    assert (list(answer.statuses), answer.unavailable) == ([SHOE], "HTTP 500")


def test_a_login_without_the_right_to_full_records_is_led_to_the_short_ones(open_client, registry):
    client = open_client(private=True)
    registry.fallback[PRIVATE] = Answer("", 307, {"Location": PUBLIC})
    for _ in range(2):
        assert client.check([SHOE], deadline_s=5).statuses[SHOE].status is Status.IN_CIRCULATION
    assert registry.paths() == [LOGIN, PRIVATE, PUBLIC, PUBLIC]
    led = registry.seen[2]
    assert (led.body, led.headers["Authorization"]) == (VECTORS["code_request"], "Bearer A1")


def test_the_full_look_up_names_the_owner_and_403_falls_back(open_client, registry):
    client = open_client(private=True)
    registry.then(PRIVATE, Answer(VECTORS["private_answer"]), Answer("", 403))
    assert client.check([PACK], deadline_s=5).statuses[PACK].owner_tin == "000000000000"
    assert client.check([SHOE], deadline_s=5).unavailable is None
    assert registry.paths() == [LOGIN, PRIVATE, PRIVATE, PUBLIC]


def test_the_token_is_not_shown_to_another_host(client, registry):
    elsewhere = Registry()
    try:
        registry.fallback[PUBLIC] = Answer("", 307, {"Location": elsewhere.url + PUBLIC})
        assert client.check([SHOE], deadline_s=5).statuses[SHOE].status is Status.IN_CIRCULATION
        assert "Authorization" not in elsewhere.seen[0].headers
        assert elsewhere.seen[0].body == VECTORS["code_request"]
        elsewhere.fallback[PUBLIC] = Answer("", 401)
        assert client.check([SHOE], deadline_s=5).unavailable == "HTTP 401"
        assert registry.count(LOGIN) == 1
    finally:
        client.close()
        elsewhere.close()


@pytest.mark.parametrize("location", [PUBLIC, "ftp://127.0.0.1/", "javascript:1", "https://", ""])
def test_a_redirect_is_followed_once_at_most(client, registry, location):
    registry.fallback[PUBLIC] = Answer("", 307, {"Location": location})
    assert client.check([SHOE], deadline_s=5).unavailable
    assert registry.count(PUBLIC) == (2 if location == PUBLIC else 1)


def test_the_password_is_not_led_anywhere(client, registry):
    registry.fallback[LOGIN] = Answer("", 307, {"Location": PUBLIC})
    assert "HTTP 307" in client.check([SHOE], deadline_s=5).unavailable
    assert registry.paths() == [LOGIN]


def test_an_error_text_that_quotes_us_does_not_carry_the_token_on(client, registry):
    token = "b7f3c1d9e5"
    registry.fallback[LOGIN] = Answer(VECTORS["login_answer"].replace("A1", token))
    registry.fallback[PUBLIC] = Answer(f"rejected {token} with {SHOE}\x1d91KZF1", 403)
    assert client.check([SHOE], deadline_s=5).unavailable == f"HTTP 403: rejected *** with {SHOE}***"


def test_a_closed_client_answers_that_it_is_closed(client):
    client.close()
    assert client.check([SHOE], deadline_s=5).unavailable == "the client is closed"
