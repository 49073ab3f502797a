"""Names and addresses: a resolver that is silent, an address that is dead."""

from __future__ import annotations

import socket
import threading

import pytest
from ismpt_registry import (
    LOGIN,
    PUBLIC,
    SHOE,
)


@pytest.fixture
def names(monkeypatch):
    """The system's resolver, in hand: the addresses it gives, or none while `silent`."""

    class Names:
        addresses = ("127.0.0.1",)
        silent = False
        released = threading.Event()

        def look_up(self, _host, port, **_more):
            if self.silent:
                self.released.wait(10)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.addresses]

    found, real = Names(), socket.getaddrinfo

    def getaddrinfo(host, port, *more, **named):
        return found.look_up(host, port) if host == "registry.test" else real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield found
    found.released.set()


def by_name(registry):
    return registry.url.replace("127.0.0.1", "registry.test")


def test_a_name_that_does_not_resolve_does_not_outlast_the_deadline(open_client, registry, names):
    names.silent = True
    assert "not resolved in time" in open_client(by_name(registry)).check([SHOE], deadline_s=0.1).unavailable


def test_an_address_that_worked_is_used_while_the_resolver_is_silent(open_client, registry, names):
    for path in (LOGIN, PUBLIC):
        registry.fallback[path].headers["Connection"] = "close"
    client = open_client(by_name(registry))
    assert client.check([SHOE], deadline_s=5).unavailable is None
    names.silent = True
    assert client.check([SHOE], deadline_s=5).unavailable is None


def test_the_second_address_is_tried_when_the_first_is_dead(open_client, registry, names):
    names.addresses = ("127.0.0.2", "127.0.0.1")
    assert open_client(by_name(registry)).check([SHOE], deadline_s=5).unavailable is None
