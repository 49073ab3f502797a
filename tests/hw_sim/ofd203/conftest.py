"""Fixtures of the simulated operator: a till beside it, and the golden frames."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from ofd203_till import Till, till

VECTORS = Path(__file__).parents[2] / "vectors" / "ofd203.toml"


@pytest.fixture
def shop() -> Till:
    return till()


@pytest.fixture
def frames() -> dict[str, dict[str, Any]]:
    """The golden frames by name."""
    return {row["name"]: row for row in tomllib.loads(VECTORS.read_text("utf-8"))["frame"]}
