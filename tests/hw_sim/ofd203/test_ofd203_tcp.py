"""The operator behind a real TCP socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from ofd203_till import INFO, SYSTEM, TICKET, Answer, Till, answers_of, ticket, till

from hw_sim.device.hosts import TcpHost
from hw_sim.ofd203.frames import HEADER


@pytest.fixture
def served() -> Iterator[tuple[Till, TcpHost]]:
    shop = till()
    with TcpHost(shop.simulated.machine) as host:
        yield shop, host


def said(client: socket.socket) -> bytes:
    """One whole answer, by SIZE."""
    data = b""
    while len(data) < HEADER.size or len(data) < HEADER.unpack_from(data)[2]:
        piece = client.recv(4096)
        if not piece:
            return data
        data += piece
    return data


def exchanged(shop: Till, host: TcpHost, command: int, part: dict[str, Any] | None = None) -> Answer:
    """One request on a connection of its own, closed by the client."""
    shop.reqnum += 1
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        client.sendall(shop.frame(command, part))
        (answer,) = answers_of(said(client))
    shop.token = answer.header.token
    return answer


def test_one_request_per_connection(served: tuple[Till, TcpHost]) -> None:
    shop, host = served
    assert exchanged(shop, host, INFO).code == 0
    assert exchanged(shop, host, TICKET, ticket()).code == 0
    assert exchanged(shop, host, TICKET, ticket()).code == 0
    with host.machine():
        assert shop.documents() == ["sale 900", "sale 900"]


def test_several_requests_on_one_connection_in_pieces(served: tuple[Till, TcpHost]) -> None:
    shop, host = served
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            shop.reqnum += 1
            frame = shop.frame(TICKET, ticket())
            for at in range(0, len(frame), 50):
                client.sendall(frame[at : at + 50])
            (answer,) = answers_of(said(client))
            assert answer.code == 0
            shop.token = answer.header.token
    with host.machine():
        assert shop.documents() == ["sale 900", "sale 900"]


def test_a_lost_answer_is_had_over_a_new_connection(served: tuple[Till, TcpHost]) -> None:
    shop, host = served
    with host.machine() as machine:
        machine.faults.add("hang_up_after", "TICKET")
    shop.reqnum += 1
    frame = shop.frame(TICKET, ticket())
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        client.sendall(frame)
        assert said(client) == b""
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        client.sendall(frame)
        (answer,) = answers_of(said(client))
    assert answer.code == 0
    with host.machine():
        assert shop.documents() == ["sale 900"]


def everything(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    data = b""
    while piece := client.recv(4096):
        data += piece
    return data


def test_what_is_not_the_protocol_is_answered_once_and_cut(served: tuple[Till, TcpHost]) -> None:
    _, host = served
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: ofd\r\n\r\n")
        (answer,) = answers_of(everything(client))
    assert answer.code == 3


def test_an_answer_that_breaks_off_ends_with_its_connection(served: tuple[Till, TcpHost]) -> None:
    shop, host = served
    with host.machine() as machine:
        machine.faults.add("answer_short_size", keep=20)
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        client.sendall(shop.frame(SYSTEM))
        came = everything(client)
    assert (len(came), HEADER.unpack_from(came)[2]) == (20, 24)


def test_a_server_without_power_closes_at_once(served: tuple[Till, TcpHost]) -> None:
    shop, host = served
    with host.machine() as machine:
        machine.power_off()
    with socket.create_connection((host.host, host.port), timeout=5) as client:
        assert client.recv(1) == b""
    assert shop.documents() == []
