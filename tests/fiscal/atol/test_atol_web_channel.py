"""Requests to the web server against scripted answers: what each one means, and what is done about it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from atol_host import Clock

from fiscal.atol.web import attempts
from fiscal.atol.web.answers import Entry, State
from fiscal.atol.web.channel import Channel, Refused, UuidKnown
from fiscal.atol.web.evidence import Evidence
from fiscal.atol.web.reader import Identity, Reader
from fiscal.atol.web.settings import parse
from fiscal.device.family import Silence
from fiscal.failures import FailureKind
from fiscal.https.exchange import Exchange, Limits

UUID = "22222222-0000-4000-8000-000000000001"
KNOWN = (409, '{"error":{"code":505}}')
GONE = (404, '{"error":{"code":505}}')
TAKEN = (201, "{}")
FREE = (200, '{"isBlocked":false,"blockedUUID":"","blockReason":""}')
Answer = tuple[int, str] | Exception
LOST: list[Answer] = [httpx.ReadTimeout("late"), (502, "<html>"), (200, ""), (409, "busy"), (400, "<html>")]
SAY_NOTHING = ['{"results":[]}', "{}", '{"results":[{}]}', '{"results":[{"status":"done"}]}', "[", ""]


def results(*states: str, code: int = 0, result: Any = None) -> tuple[int, str]:
    rows = [{"status": state, "error": {"code": code}, "result": result} for state in states]
    return 200, json.dumps({"results": rows})


class Script:
    """A server that gives these answers in turn, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.seen: list[str] = []
        self.clock = Clock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer[0], content=answer[1].encode())

    def channel(self, options: str = "") -> Channel:
        def monotonic() -> float:
            return self.clock.at_ns / 1e9

        exchange = Exchange(
            transport=httpx.MockTransport(self), monotonic=monotonic, headers={}, limits=Limits(connect_s=3.0)
        )
        settings = parse(urlsplit(f"atol-json+http://127.0.0.1?{options}"))
        return Channel(settings, exchange, monotonic=monotonic, sleep=self.clock.sleep)

    def reader(self) -> Reader:
        numbers = random.Random(1)
        settings = parse(urlsplit("atol-json+http://127.0.0.1"))
        return Reader(self.channel(), settings, lambda: str(numbers.random()))


def run(script: Script, timeout_s: float = 20.0) -> list[Entry]:
    return script.channel().run(UUID, '[{"type":"sell"}]', timeout_s)


def silence_of(work: Callable[[], object]) -> Silence:
    with pytest.raises(Silence) as caught:
        work()
    return caught.value


def test_a_request_is_posted_once_and_asked_for_until_it_ends() -> None:
    script = Script(TAKEN, results("wait"), results("inProgress"), results("ready"))
    assert [entry.state for entry in run(script)] == [State.READY]
    assert script.seen == ["POST requests", *[f"GET {UUID}"] * 3]


@pytest.mark.parametrize("lost", LOST)
def test_a_post_without_an_answer_is_made_good_by_asking(lost: Answer) -> None:
    arrived = Script(lost, results("ready"), results("ready"))
    assert run(arrived)[0].state is State.READY and arrived.seen.count("POST requests") == 1
    late = Script(lost, GONE, KNOWN, results("ready"))
    assert run(late)[0].state is State.READY
    never = Script(lost, GONE, TAKEN, results("ready"))
    assert run(never)[0].state is State.READY and never.seen.count("POST requests") == 2


def test_a_post_that_is_never_answered_is_a_doubt_and_one_that_never_left_is_none() -> None:
    assert silence_of(lambda: run(Script(httpx.ReadTimeout("late")))).sent
    assert not silence_of(lambda: run(Script(httpx.ConnectError("refused")))).sent
    assert silence_of(lambda: run(Script(httpx.ReadTimeout("late"), GONE, httpx.ConnectError("refused")))).sent
    assert silence_of(lambda: run(Script(httpx.ReadTimeout("late"), GONE))).sent


def test_a_refusal_behind_a_lost_post_decides_nothing() -> None:
    silence = silence_of(lambda: run(Script(httpx.ReadTimeout("late"), GONE, (401, ""))))
    assert silence.sent and silence.failure.kind is FailureKind.CONFIGURATION


def test_a_known_uuid_is_told_and_a_refusal_of_the_server_too() -> None:
    with pytest.raises(UuidKnown):
        run(Script(KNOWN))
    for status, kind in ((400, FailureKind.INVALID), (401, FailureKind.CONFIGURATION)):
        with pytest.raises(Refused) as caught:
            run(Script((status, '{"error":{"code":505}}')))
        assert caught.value.failure.kind is kind


def test_a_request_the_server_has_forgotten_in_between_is_a_doubt() -> None:
    silence = silence_of(lambda: run(Script(TAKEN, results("inProgress"), GONE)))
    assert silence.sent and silence.failure.code == "gone"


def test_results_that_may_not_be_read_are_a_doubt() -> None:
    silence = silence_of(lambda: run(Script(TAKEN, (401, ""))))
    assert silence.sent and silence.failure.kind is FailureKind.CONFIGURATION


@pytest.mark.parametrize("body", SAY_NOTHING)
def test_results_that_say_nothing_are_asked_for_again_and_then_a_doubt(body: str) -> None:
    assert run(Script(TAKEN, (200, body), results("ready")))[0].state is State.READY
    assert silence_of(lambda: run(Script(TAKEN, (200, body)))).sent


def test_a_request_that_does_not_begin_in_time_is_cancelled_and_one_that_has_begun_is_not() -> None:
    waits = Script(TAKEN, *[results("wait")] * 3, (200, "{}"), results("canceled", code=503))
    assert run(waits, 0.5)[0].state is State.CANCELED and f"DELETE {UUID}" in waits.seen
    begins = Script(TAKEN, results("wait"), results("wait"), (409, '{"error":{"code":505}}'))
    assert silence_of(lambda: run(begins, 0.2)).failure.code == "timeout"
    works = Script(TAKEN, results("inProgress"))
    assert silence_of(lambda: run(works, 0.5)).failure.code == "timeout"
    assert not [one for one in works.seen if one.startswith("DELETE")]


def test_a_request_that_waits_for_paper_is_told_as_such() -> None:
    script = Script(TAKEN, results("blocked"), (200, '{"isBlocked":true,"blockReason":"paperError"}'))
    assert silence_of(lambda: run(script)).failure.kind is FailureKind.PAPER


@pytest.mark.parametrize("answer", [(200, "<html>"), (401, ""), (502, "<html>"), httpx.ConnectError("no line")])
def test_a_queue_that_tells_nothing_leaves_a_request_open_that_was_taken(answer: Answer) -> None:
    assert silence_of(lambda: run(Script(TAKEN, results("blocked"), answer))).sent


def test_a_queue_whose_state_is_not_told_is_a_silence() -> None:
    for answer in ((200, "{}"), (500, FREE[1]), (401, ""), httpx.ReadTimeout("late")):
        assert not silence_of(Script(answer).channel().queue).sent


def test_a_blocked_queue_is_asked_nothing() -> None:
    for reason, kind in (("paperError", FailureKind.PAPER), ("connectionError", FailureKind.UNAVAILABLE)):
        script = Script((200, f'{{"isBlocked":true,"blockedUUID":"x","blockReason":"{reason}"}}'))
        assert silence_of(script.reader().identity).failure.kind is kind
        assert silence_of(lambda script=script: script.reader().look(Identity("1", "2"))).failure.kind is kind
        assert set(script.seen) == {"GET getRequestsQueueStatus"}


def test_a_reading_takes_another_uuid_when_its_own_is_known_and_gives_up_in_the_end() -> None:
    script = Script(KNOWN, TAKEN, results("ready"))
    assert script.reader().run([{"type": "getFnStatus"}])[0].state is State.READY
    silence = silence_of(lambda: Script(KNOWN).reader().run([{"type": "getFnStatus"}]))
    assert silence.failure.kind is FailureKind.CONFIGURATION and not silence.sent


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([TAKEN, results("ready")], FailureKind.NO_ANSWER),  # One result of two tasks.
        ([TAKEN, results("error", "interrupted", code=999)], FailureKind.DEVICE),
        ([TAKEN, results("ready", "ready", result={})], FailureKind.NO_ANSWER),
        ([(400, '{"error":{"code":505}}')], FailureKind.INVALID),
    ],
)
def test_a_reading_that_fails_is_a_silence_of_its_kind(answers: list[Answer], kind: FailureKind) -> None:
    assert silence_of(Script(FREE, *answers).reader().identity).failure.kind is kind


@pytest.mark.parametrize("text", ["", "yesterday", "2026-15-07"])
def test_what_is_no_moment_is_none(text: str) -> None:
    reader = Script(FREE).reader()
    assert reader.moment(text) is None
    assert reader.moment("2026-07-15T10:30:00") == "2026-07-15T10:30:00+05:00"
    assert reader.moment("2026-07-15T10:30:00+03:00") == "2026-07-15T10:30:00+03:00"


def test_an_order_the_server_still_works_on_is_not_decided() -> None:
    script = Script(results("inProgress"))
    silence = silence_of(lambda: attempts.carried_out(script.channel(), "till7-1"))
    assert silence.failure.code == "running" and script.seen == [f"GET {attempts.uuid_of('till7-1', 0)}"]


def test_every_attempt_of_an_order_is_asked_for_until_one_is_not_known() -> None:
    script = Script(results("error"), results("canceled"), results("ready"), GONE)
    assert [entry.state for entry in attempts.carried_out(script.channel(), "till7-1")] == [State.READY]
    assert script.seen == [f"GET {attempts.uuid_of('till7-1', number)}" for number in range(4)]


def test_a_document_found_by_key_that_tells_no_number_is_a_silence() -> None:
    script = Script(results("ready", result={"fiscalParams": {"total": 1}}), GONE)
    evidence = Evidence(script.channel(), script.reader())
    assert silence_of(lambda: evidence.find("till7-1")).failure.code == "answer"


def test_uuids_of_an_order_are_made_of_its_key_and_of_nothing_else() -> None:
    assert attempts.uuid_of("till7-1", 0) == attempts.uuid_of("till7-1", 0)
    made = {attempts.uuid_of(key, number) for key in ("till7-1", "till7-2") for number in range(50)}
    assert len(made) == 100
