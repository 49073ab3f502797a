"""Fixtures: a clock that moves only when somebody waits, a register of level 3, a host on a line to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from atol_host import Clock, Host
from atol_web import Client

from hw_sim.atol import SimulatedWeb, make, make_json
from hw_sim.device.lines import InProcessLine
from hw_sim.device.simulated import Simulated


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def build(clock: Clock) -> Callable[..., Simulated]:
    """A register of level 3 with options of its own."""

    def built(**options: Any) -> Simulated:
        return make(clock, random.Random(7), **options)

    return built


@pytest.fixture
def connect(clock: Clock) -> Callable[..., Host]:
    """A host that has opened a line to a register."""

    def connected(simulated: Simulated, **options: Any) -> Host:
        line = InProcessLine(simulated.machine, clock.sleep, **options)
        line.open()
        return Host(line)

    return connected


@pytest.fixture
def sim(build: Callable[..., Simulated]) -> Simulated:
    return build()


@pytest.fixture
def host(sim: Simulated, connect: Callable[..., Host]) -> Host:
    """In mode 1, the shift still closed."""
    host = connect(sim)
    host.enter(1)
    return host


@pytest.fixture
def build_web(clock: Clock) -> Callable[..., SimulatedWeb]:
    """A register behind the web server, with options of its own."""

    def built(**options: Any) -> SimulatedWeb:
        return make_json(clock, random.Random(7), **options)

    return built


@pytest.fixture
def web(build_web: Callable[..., SimulatedWeb]) -> SimulatedWeb:
    return build_web()


@pytest.fixture
def client(web: SimulatedWeb, clock: Clock) -> Client:
    """The shift still closed."""
    return Client(web, clock)
