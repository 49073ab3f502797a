"""A database with headquarters' tables, an empty lake, and imports into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from operator_files import LINES, NOW_NS
from sqlalchemy import Engine

import sync.hq.tables  # noqa: F401 - its tables stand in the metadata
from sync.hq.imports.files import import_file
from sync.hq.imports.ledger import Imported, Ledger
from sync.hq.imports.mapping import Mapping
from sync.hq.lake.layout import Lake
from sync.hq.schema import metadata


@pytest.fixture
def hq(sqlite: Engine) -> Engine:
    metadata.create_all(sqlite)
    return sqlite


@pytest.fixture
def either(engine: Engine) -> Engine:
    """The same in SQLite and in PostgreSQL."""
    metadata.create_all(engine)
    return engine


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def ledger(hq: Engine) -> Ledger:
    return Ledger(hq, lambda: NOW_NS)


@pytest.fixture
def bring(hq: Engine, lake: Lake) -> Callable[..., Imported]:
    def bring(path: Path, mapping: Mapping = LINES, **more: Any) -> Imported:
        return import_file(path, mapping, engine=hq, lake=lake, now=lambda: NOW_NS, **more)

    return bring
