"""systemd's part, played: the socket it is told on, and the service started as its unit says."""

from __future__ import annotations

import configparser
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_S = 90


class NotifySocket:
    """What NOTIFY_SOCKET names. `address`: a path, or `@name` in the abstract space."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.heard: list[dict[str, str]] = []

    def wait(self, state: str, among: subprocess.Popen[bytes] | None = None) -> dict[str, str]:
        """The next message that holds `state`; the process that speaks must live."""
        until = time.monotonic() + PATIENCE_S
        self._socket.settimeout(1)
        while time.monotonic() < until:
            try:
                text = self._socket.recv(65_536).decode()
            except TimeoutError:
                assert among is None or among.poll() is None, f"it ended with {among.returncode}; heard: {self.heard}"
                continue
            message = dict(line.split("=", 1) for line in text.split("\n"))
            self.heard.append(message)
            if state in message:
                return message
        raise AssertionError(f"{state} was not told; heard: {self.heard}")

    def close(self) -> None:
        self._socket.close()


def unit(path: Path) -> Mapping[str, str]:
    """Keys of [Service]; of one that comes twice the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path, encoding="utf-8")
    return parser["Service"]


class Service:
    """A started service, its log in a file. Ended by `stop`, as systemd does it: SIGTERM, and a wait."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(command, env=dict(environment), stdout=stream, stderr=stream)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
