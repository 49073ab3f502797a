"""reKassa and uKassa: what the driver adds to a receipt of twenty marked lines.

The service is a list of recorded answers that come at once, so only our own time is measured. The yardstick sends the
same requests through a bare httpx client, over the same recorded answers, and reads each answer as JSON: what any
client in Python pays. Prepare, the questions before the order and the order itself are all counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from cloud_shop import SECRETS, URLS, Shop
from pytest_benchmark.fixture import BenchmarkFixture

from fiscal.register import Done, Line, Mark, Operation, Payment, PaymentKind, Receipt
from fiscal.registry import OpenRegister, open_register

LINES = 20
FAMILIES = ("rekassa", "ukassa")
TARGET_MS = 5.0  # Of the driver's own work; told, not asserted.
UNIT = "0104870000000104215{:012d}\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="

ORDER = Receipt(
    "till7-000000123-sale",
    Operation.SALE,
    tuple(
        Line(
            f"Аяқ киім {number}", 75_050, 1_000, 796, 1_600, gtin="04870000000104",
            marks=(Mark(UNIT.format(number), UNIT.format(number)[:34]),),
        )
        for number in range(LINES)
    ),
    (Payment(PaymentKind.CARD, 75_050 * LINES),),
)  # fmt: skip


@dataclass
class Recorder(httpx.BaseTransport):
    """A line that keeps what was asked and answered."""

    line: httpx.BaseTransport
    seen: list[tuple[httpx.Request, int, bytes]] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.line.handle_request(request)
        body = response.read()
        self.seen.append((request, response.status_code, body))
        return httpx.Response(response.status_code, content=body, request=request)


@dataclass
class Player(httpx.BaseTransport):
    """A line that gives what was kept, at once, over and over."""

    answers: list[tuple[int, bytes]]
    at: int = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        status, body = self.answers[self.at % len(self.answers)]
        self.at += 1
        return httpx.Response(status, content=body, request=request)


def opened(family: str, transport: httpx.BaseTransport) -> OpenRegister:
    return open_register(
        URLS[family].format(f"{family}+https://service.kz"),
        secret=SECRETS.__getitem__,
        transport=transport,
        now=lambda: 1_784_088_000_000_000_000,
        monotonic=lambda: 0.0,
        sleep=lambda _: None,
    )


def receipt(register: OpenRegister) -> None:
    prepared = register.prepare(ORDER)
    assert isinstance(register.execute(prepared, register.baseline()), Done)


@dataclass
class Pair:
    """The driver and the bare client over the same recorded answers."""

    register: OpenRegister
    client: httpx.Client
    requests: list[tuple[str, str, bytes, dict[str, str]]]

    def ours(self) -> None:
        receipt(self.register)

    def bare(self) -> None:
        for method, url, content, headers in self.requests:
            assert json.loads(self.client.request(method, url, content=content, headers=headers).content)


@pytest.fixture(params=FAMILIES)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    shop = Shop(request.param)
    recorder = Recorder(shop.line)
    driver = opened(request.param, recorder)
    driver.prepare(ORDER)
    shop.made(shop.sale())  # The shift is open, as at every receipt but the first.
    driver.baseline()  # The login is over.
    before = len(recorder.seen)
    receipt(driver)
    login, kept = recorder.seen[:before], recorder.seen[before:]
    answers = [(status, body) for _, status, body in kept]
    player = Player([(status, body) for _, status, body in login])
    register = opened(request.param, player)
    register.baseline()
    player.answers, player.at = answers, 0
    asked = [(one.method, str(one.url), one.content, dict(one.headers)) for one, _, _ in kept]
    client = httpx.Client(transport=Player(answers))
    yield Pair(register, client, asked)
    register.close()
    client.close()
    driver.close()
    shop.close()


@pytest.mark.benchmark(group="cloud registers: twenty marked lines")
def test_receipt(benchmark: BenchmarkFixture, pair: Pair) -> None:
    benchmark(pair.ours)


@pytest.mark.benchmark(group="cloud registers: twenty marked lines")
def test_the_same_requests_by_a_bare_client(benchmark: BenchmarkFixture, pair: Pair) -> None:
    benchmark(pair.bare)


@pytest.mark.benchmark(group="ratio")
def test_how_many_times_a_bare_client(benchmark: Any, pair: Pair, capsys: pytest.CaptureFixture[str]) -> None:
    """Both in turn, in one run, best of several: the ratio that the noise of the machine leaves alone."""
    best = {"ours": float("inf"), "bare": float("inf")}
    for _ in range(20 if benchmark.enabled else 1):
        best["ours"] = min(best["ours"], seconds(pair.ours))
        best["bare"] = min(best["bare"], seconds(pair.bare))
    ratio = best["ours"] / best["bare"]
    told = {
        "ours_ms": round(best["ours"] * 1e3, 2),
        "bare_ms": round(best["bare"] * 1e3, 2),
        "ratio": round(ratio, 2),
        "requests": len(pair.requests),
        "target_ms": TARGET_MS,
    }
    benchmark.extra_info.update(told)
    with capsys.disabled():
        print(f"\ncloud register, {LINES} marked lines: {told}")
    benchmark.pedantic(pair.ours, rounds=5)


def seconds(work: Callable[[], None], times: int = 5) -> float:
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times
