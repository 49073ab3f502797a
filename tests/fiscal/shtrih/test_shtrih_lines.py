"""The driver on lines of this machine: a pseudo-terminal and a socket, with the bytes and the waits of real ones."""

from __future__ import annotations

import os
import socket
import threading
import time
import tty
from collections.abc import Callable
from typing import Any

import pytest
from shtrih_machine import Machine
from shtrih_peers import Clock, NumberedPeer, Peer, StandardPeer
from shtrih_shop import sale

from fiscal.register import Done, FiscalDocument
from fiscal.registry import OpenRegister, open_register


def opened(url: str) -> OpenRegister:
    return open_register(
        url, secret=dict[str, str]().__getitem__, transport=None, now=time.time_ns, monotonic=time.monotonic,
        sleep=time.sleep,
    )  # fmt: skip


def served(peer: Peer, read: Callable[[], bytes], write: Callable[[bytes], Any]) -> None:
    """Answer until the line is gone."""
    try:
        while data := read():
            peer.write(data)
            while peer.out:
                write(peer.out.popleft()[1])
    except OSError:
        return


def sold(register: OpenRegister, machine: Machine) -> None:
    prepared, baseline = register.prepare(sale()), register.baseline()
    outcome = register.execute(prepared, baseline)
    assert isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument)
    assert outcome.document.total_tiyn == machine.fds[-1]["sum"] == 205_050
    register.close()


@pytest.mark.parametrize(("layer", "kind"), [("standard", StandardPeer), ("numbered", NumberedPeer)])
def test_a_marked_sale_over_a_serial_line(layer: str, kind: type[Peer]) -> None:
    machine = Machine()
    peer = kind(machine, Clock())
    master, slave = os.openpty()
    tty.setraw(slave)
    thread = threading.Thread(
        target=served, args=(peer, lambda: os.read(master, 4096), lambda data: os.write(master, data))
    )
    thread.start()
    try:
        sold(opened(f"shtrih+serial://{os.ttyname(slave)}?model=fn&layer={layer}&pause_s=0"), machine)
    finally:
        os.close(slave)
        thread.join(5)
        os.close(master)
    assert not thread.is_alive()


@pytest.mark.parametrize(("layer", "kind"), [("standard", StandardPeer), ("numbered", NumberedPeer)])
def test_a_marked_sale_over_tcp(layer: str, kind: type[Peer]) -> None:
    machine = Machine()
    peer = kind(machine, Clock())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                served(peer, lambda: connection.recv(4096), connection.sendall)

        thread = threading.Thread(target=serve)
        thread.start()
        sold(opened(f"shtrih+tcp://127.0.0.1:{port}?model=fn&layer={layer}&pause_s=0"), machine)
        thread.join(5)
    assert not thread.is_alive()
