"""Fixtures of the register in software."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ofd_shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path, reports_compared=True)
    yield made
    made.register.close()
