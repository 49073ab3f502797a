"""A troubled till behind its API, one for each module that only looks, and a fresh one for tests that change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from it_shop import Desk, ItShop, served

from pos_agent.journal.verify import verify


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Only to be looked at."""
    shop = ItShop(tmp_path_factory.mktemp("troubled"))
    shop.troubled()
    with served(shop) as desk:
        yield desk
    shop.agent.close()


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A till on which nothing has happened; for what must change nothing."""
    shop = ItShop(tmp_path_factory.mktemp("calm"))
    with served(shop) as desk:
        yield desk
    shop.agent.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    shop = ItShop(tmp_path)
    with served(shop) as one:
        yield one
    shop.agent.close()
    assert verify(tmp_path / "journal.sqlite").good


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Desk]:
    """Nothing but a register."""
    shop = ItShop(tmp_path, plain=True)
    with served(shop) as one:
        yield one
    shop.agent.close()
