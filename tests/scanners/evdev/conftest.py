from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import played
import pytest

from scanners.line_protocol import LineEvent

VECTORS = Path(__file__).parents[2] / "vectors" / "evdev.toml"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    return tomllib.loads(VECTORS.read_text(encoding="utf-8"))


@pytest.fixture
def play() -> Callable[..., list[LineEvent]]:
    return played.play
