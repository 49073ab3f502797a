"""Late, broken and senseless answers: doubt with a place, or the certainty that nothing was sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from webkassa_talk import (
    CHECK,
    LOGIN,
    OK,
    run,
)

from fiscal.register import (
    Baseline,
    Done,
    FailureKind,
    NotSent,
    Receipt,
    Unknown,
)
from fiscal.registry import open_register

RUBBISH: list[dict[str, Any]] = [
    {"cut": "instead"},
    {"body": OK, "cut": "inside"},
    {"body": b""},
    {"body": b"<html>200 all fine</html>"},
    {"body": b'{"Data":{"CheckNumber":"42'},
    {"body": b"x" * (4 * 1024 * 1024 + 1)},
    {"body": {}},
    {"body": {"Data": []}},
    {"body": {"Data": {}}},
    {"body": {"Data": {"CheckNumber": "1"}}},
    {"body": {"Data": {**OK["Data"], "CheckNumber": ""}}},
    {"body": {"Data": {**OK["Data"], "CheckNumber": {"a": 1}}}},
    {"body": {"Data": {**OK["Data"], "DateTime": "yesterday", "DateTimeUTC": ""}}},
    {"body": {"Data": {**OK["Data"], "ShiftNumber": "seven"}}},
    {"body": {"Data": {**OK["Data"], "OfflineMode": "no"}}},
    {"body": {"Data": {**OK["Data"], "Total": "lots"}}},
    {"body": OK, "headers": {"Content-Encoding": "gzip"}},
]


@pytest.mark.parametrize("answer", RUBBISH, ids=range(len(RUBBISH)))
def test_silence_and_rubbish_are_doubt_with_a_place_and_never_an_exception(
    box: Any, register: Any, sale: Receipt, base: Baseline, answer: dict[str, Any]
) -> None:
    box.always(CHECK, **answer)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.place
    assert len(box.asked(CHECK)) == 1


def test_an_answer_that_comes_too_late_is_doubt(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, OK, delay_s=0.25)
    register = open_at(f"http://127.0.0.1:{start_server(box)}", "write_s=0.05")
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "timeout"


class Dripping(httpx.BaseTransport):
    """Every byte comes quickly, the answer never ends; a second passes with each byte."""

    seconds = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.url.path == LOGIN:
            return httpx.Response(200, json={"Data": {"Token": "a" * 32}})
        return httpx.Response(200, content=self._drops())

    def _drops(self) -> Iterator[bytes]:
        for _ in range(1000):
            self.seconds += 1.0
            yield b" "

    def monotonic(self) -> float:
        return self.seconds


def test_an_answer_that_drips_for_ever_is_given_up_at_the_deadline(sale: Receipt, base: Baseline) -> None:
    tap = Dripping()
    register = open_register(
        "webkassa+https://kkm-one.kz?cashbox=SWK00000001&login=a",
        secret=lambda name: name,
        transport=tap,
        now=lambda: 0,
        monotonic=tap.monotonic,
        sleep=lambda _: None,
    )
    assert isinstance(run(register, sale, base), Unknown)
    assert tap.seconds == 26.0  # The deadline of a write is 25 s.
    register.close()


def test_unknown_fields_and_other_cases_of_names_change_nothing(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    data = {name.lower(): value for name, value in OK["Data"].items()} | {"newField": [1, {"x": None}]}
    box.then(CHECK, {"data": data, "errors": None, "traceId": "q"})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.document.fiscal_sign == "4228143550"  # type: ignore[union-attr]


def test_a_refused_connection_is_certainly_not_sent(open_at: Any, sale: Receipt, base: Baseline) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # Bound, not listening: refused.
        register = open_at(f"http://127.0.0.1:{unused.getsockname()[1]}")
        outcome = run(register, sale, base)
        assert isinstance(outcome, NotSent)
        assert outcome.failure.kind is FailureKind.UNAVAILABLE
        status = register.status()
    assert not status.reachable


def test_a_failed_tls_handshake_is_certainly_not_sent(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    register = open_at(f"https://127.0.0.1:{start_server(box)}")  # The server speaks plain HTTP.
    assert isinstance(run(register, sale, base), NotSent)
    assert box.requests == []


def test_an_answer_with_another_sum_is_an_alarm(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    box.then(CHECK, {"Data": {**OK["Data"], "Total": 1799.99}})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.KEY_COLLISION


def test_an_answer_of_another_cashbox_is_not_taken(box: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    cashbox = {"UniqueNumber": "SWK99999999"}
    box.then(CHECK, {"Data": {**OK["Data"], "Cashbox": cashbox}})
    outcome = run(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.HUMAN
