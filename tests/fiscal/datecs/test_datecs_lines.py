"""The driver by its URL on a real socket and a real pseudo-terminal, the printer answering in small pieces."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from datecs_printer import TOTAL_TIYN, Printer, sale

from fiscal.register import Done, FiscalDocument
from fiscal.registry import OpenRegister, open_register

PIECE_BYTES = 7


def opened(url: str) -> OpenRegister:
    return open_register(
        url,
        secret={"datecs_password": "0000"}.__getitem__,
        transport=None,
        now=time.time_ns,
        monotonic=time.monotonic,
        sleep=time.sleep,
        rng=random.Random(5),
    )


def answer(printer: Printer, receive: Callable[[], bytes], send: Callable[[bytes], object]) -> None:
    """Until the line ends."""
    try:
        while data := receive():
            printer.write(data)
            while printer._out:
                whole = printer._out.pop(0)
                for at in range(0, len(whole), PIECE_BYTES):
                    send(whole[at : at + PIECE_BYTES])
    except OSError:
        return  # The terminal is closed.


@contextmanager
def on_a_socket(printer: Printer) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                answer(printer, lambda: client.recv(4096), client.sendall)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


@contextmanager
def on_a_terminal(printer: Printer) -> Iterator[str]:
    master, slave = os.openpty()
    tty.setraw(slave)
    thread = threading.Thread(
        target=answer, args=(printer, lambda: os.read(master, 4096), lambda data: os.write(master, data)), daemon=True
    )
    thread.start()
    yield f"serial://{os.ttyname(slave)}"
    os.close(slave)
    thread.join()
    os.close(master)


@pytest.mark.parametrize("line", [on_a_socket, on_a_terminal])
@pytest.mark.parametrize("protocol", ["p", "x"])
def test_a_sale_on_a_real_line(line: Callable[[Printer], object], protocol: str) -> None:
    printer = Printer(protocol.upper(), password="0000", syn=2)
    with line(printer) as address:
        register = opened(f"datecs-{protocol}+{address}?password_secret=datecs_password")
        assert register.capabilities.family == f"datecs-{protocol}"
        outcome = register.execute(register.prepare(sale()), register.baseline())
        register.close()
    assert isinstance(outcome, Done) and isinstance(outcome.document, FiscalDocument)
    assert outcome.document.total_tiyn == TOTAL_TIYN
    assert [one.kind for one in printer.documents] == ["sale"]
