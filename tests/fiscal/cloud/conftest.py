"""Tills at simulated cloud registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cloud_shop import Shop


@pytest.fixture
def shop_at() -> Iterator[Callable[..., Shop]]:
    """A shop at a service of its own; see cloud_shop.Shop."""
    opened: list[Shop] = []

    def make(family: str, options: str = "", **more: object) -> Shop:
        opened.append(Shop(family, options, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for shop in opened:
        shop.close()
