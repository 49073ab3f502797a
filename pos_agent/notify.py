"""Tells systemd how the agent is: one datagram to the socket that NOTIFY_SOCKET names. Without it, says nothing.

    READY=1             the API answers, and what the last run left undecided was asked about
    WATCHDOG=1          alive; when it stays away for WatchdogSec=, systemd ends the process and starts a new one
    STOPPING=1          told to stop
    STATUS=...          one line for `systemctl status`

Source: sd_notify(3), sd_watchdog_enabled(3). Our own few lines, as the protocol is one `sendto`.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)

SOCKET, WATCHDOG_US, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
US_PER_S = 1_000_000


class Notifier:
    """`address`: a path, or a name in Linux's abstract space behind `@`; empty: nobody listens."""

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._deaf = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Notifier:
        return cls(environment.get(SOCKET, ""))

    def tell(self, **states: str) -> None:
        """Send the states as one message. A supervisor that cannot be reached stops no till: it is logged once."""
        if not self._address:
            return
        # A line break would begin another state.
        text = "\n".join(f"{name}={' '.join(value.split())}" for name, value in states.items())
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.sendto(text.encode(), self._address)
        except OSError as error:
            if not self._deaf:
                log.warning("%s=%s cannot be told anything: %s", SOCKET, self._address, error)
            self._deaf = True
        else:
            self._deaf = False


def watchdog_s(environment: Mapping[str, str], pid: int | None = None) -> float | None:
    """How long systemd waits for a sign of life, in seconds; None: it does not watch this process."""
    text, owner = environment.get(WATCHDOG_US, ""), environment.get(WATCHDOG_PID, "")
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        return None
    if owner and owner != str(os.getpid() if pid is None else pid):
        return None
    return int(text) / US_PER_S
