"""One clean full code: ours against biip, in one run. The ratio counts, not the microseconds."""

from __future__ import annotations

import pytest
from biip.gs1_messages import GS1Message
from pytest_benchmark.fixture import BenchmarkFixture

from marking import parse
from marking.parse import read_any

TEXT = "0104870000000104213kZ7q_W<2hT9m\x1d91KZF1\x1d92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
RAW = TEXT.encode()


@pytest.mark.benchmark(group="one clean full code")
def test_parse(benchmark: BenchmarkFixture) -> None:
    assert benchmark(parse, RAW).template == "FULL44"


@pytest.mark.benchmark(group="one clean full code")
def test_parse_without_the_fast_path(benchmark: BenchmarkFixture) -> None:
    assert benchmark(read_any, RAW).template == "FULL44"


@pytest.mark.benchmark(group="one clean full code")
def test_biip(benchmark: BenchmarkFixture) -> None:
    assert "3kZ7q_W<2hT9m" in str(benchmark(GS1Message.parse, TEXT))
