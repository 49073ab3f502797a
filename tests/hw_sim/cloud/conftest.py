"""Fixtures of the simulated cloud registers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cloud_sides import RekassaSide, put, vectors, with_history


@pytest.fixture(scope="session")
def rekassa_vectors() -> dict[str, Any]:
    return vectors("rekassa")


@pytest.fixture
def rekassa() -> RekassaSide:
    return RekassaSide()


@pytest.fixture
def rekassa_day() -> RekassaSide:
    """The till of the vectors at nine in the morning."""
    return with_history(RekassaSide())


@pytest.fixture
def ticket(rekassa_vectors: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """The vectors' sale (or another of their receipts) with changes: a path of names and places to a value."""

    def build(changes: dict[str, Any] | None = None, name: str = "sale") -> dict[str, Any]:
        body = next(row["body"] for row in rekassa_vectors["request"] if row["name"] == name)
        message: dict[str, Any] = copy.deepcopy(json.loads(body))
        for path, value in (changes or {}).items():
            put(message, path, value)
        return message

    return build
