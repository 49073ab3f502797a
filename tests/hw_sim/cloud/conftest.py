"""Fixtures of the simulated cloud registers."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cloud_sides import RekassaSide, UkassaSide, put, vectors, with_history


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
    """Builds the vectors' sale (or another of their receipts) for reKassa, with changes: a path to a value."""
    return _builder(rekassa_vectors)


@pytest.fixture(scope="session")
def ukassa_vectors() -> dict[str, Any]:
    return vectors("ukassa")


@pytest.fixture
def ukassa() -> UkassaSide:
    return UkassaSide()


@pytest.fixture
def ukassa_day() -> UkassaSide:
    """The till of the vectors at nine in the morning."""
    return with_history(UkassaSide())


@pytest.fixture
def receipt(ukassa_vectors: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """The same for uKassa."""
    return _builder(ukassa_vectors)


def _builder(family: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    def build(changes: dict[str, Any] | None = None, name: str = "sale") -> dict[str, Any]:
        body = next(row["body"] for row in family["request"] if row["name"] == name)
        message: dict[str, Any] = copy.deepcopy(json.loads(body))
        for path, value in (changes or {}).items():
            put(message, path, value)
        return message

    return build
