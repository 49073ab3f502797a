"""Shared things of the cache's tests: an open cache, and an import that gives its report and mistakes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from marking.groups import standard
from pos_agent.cache import Cache
from pos_agent.cache.importing import Kind, Report, import_file
from pos_agent.cache.lines import BadRow
from pos_agent.cache.rows import Context

NOW_NS = int(datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()) * 10**9

Import = Callable[..., tuple[Report, list[BadRow]]]


@pytest.fixture
def now_ns() -> int:
    return NOW_NS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.sqlite"


@pytest.fixture
def cache(path: Path) -> Iterator[Cache]:
    with Cache(path) as opened:
        yield opened


@pytest.fixture
def importing(cache: Cache) -> Import:
    def run(
        content: str | bytes, kind: Kind | None = None, encoding: str = "utf-8", at_ns: int | None = None
    ) -> tuple[Report, list[BadRow]]:
        bad: list[BadRow] = []
        source = io.BytesIO(content.encode() if isinstance(content, str) else content)
        context = Context(standard(), NOW_NS, at_ns)
        return import_file(cache, source, context, kind=kind, encoding=encoding, on_bad=bad.append), bad

    return run
