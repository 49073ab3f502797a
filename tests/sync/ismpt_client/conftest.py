"""The registry, a clock, and clients that are closed after the test."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from ismpt_registry import (
    NOW_NS,
    Clock,
    Registry,
)

from sync.ismpt.client import IsMptClient
from sync.ismpt.profile import XTRACE_KZ


@pytest.fixture
def registry():
    server = Registry()
    yield server
    server.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def open_client(registry, clock):
    opened = []

    def make(url=None, **profile):
        client = IsMptClient(
            url or registry.url,
            "shop-user",
            "***",
            now=lambda: NOW_NS,
            monotonic=clock,
            sleep=clock.sleep,
            rng=random.Random(1),
            profile=replace(XTRACE_KZ, **profile),
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client):
    return open_client()
