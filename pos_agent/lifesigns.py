"""When the agent may call itself alive: what a supervisor's watchdog is fed with.

A hung till is worse than one that restarts, since a restart settles whatever was on its way (docs/durability.md). What
a restart cannot mend is no reason for one: a register that is silent, a full disk, a network that is away.
"""

from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pos_agent.agent import Agent
from pos_agent.notify import Notifier

log = logging.getLogger(__name__)

FEEDS = 3  # In each term of the watchdog: one may be late, and one lost.
INTAKE_LATE_S = (
    30.0  # It ticks 50 times a second, but may wait for a verdict, the disk, or another program on the file.
)
API_WAIT_S = 10.0


@dataclass(slots=True)
class Beat:
    """When a loop last came round. One writer, any reader."""

    monotonic: Callable[[], float]
    last_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.last_s = self.monotonic()

    def __call__(self) -> None:
        self.last_s = self.monotonic()

    @property
    def age_s(self) -> float:
        return self.monotonic() - self.last_s


def ailment(
    agent: Agent, threads: Iterable[threading.Thread], intake: Beat, api_answers: Callable[[], bool]
) -> str | None:
    """Why the watchdog must not be fed, in words; None: all is alive."""
    if agent.journal.is_broken:
        return "the journal cannot be written"
    ended = [thread.name for thread in threads if not thread.is_alive()]
    if ended:
        return f"ended by itself: {', '.join(ended)}"
    if intake.age_s > INTAKE_LATE_S:
        return f"scans have not been looked at for {intake.age_s:.0f} s"
    return None if api_answers() else "the API does not answer"


def answers(host: str, port: int) -> bool:
    """Whether the API says that it is healthy, asked as its callers ask: through the socket."""
    line = http.client.HTTPConnection(host, port, timeout=API_WAIT_S)
    try:
        line.request("GET", "/-/healthy")
        reply = line.getresponse()
        reply.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return reply.status == http.client.OK


class Watchdog:
    """Tells the supervisor three times in each of its terms that the agent lives, for as long as it does.

    `term_s`: systemd's WatchdogSec. `well`: the status line of a healthy agent. A context manager: it looks meanwhile.
    """

    def __init__(self, notifier: Notifier, ailment: Callable[[], str | None], term_s: float, well: str) -> None:
        self._notifier = notifier
        self._ailment = ailment
        self._pause_s = term_s / FEEDS
        self._well = well
        self._stop = threading.Event()
        self._ill: str | None = None
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Watchdog:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            self.look()

    def look(self) -> None:
        """One look: feed, or say why not."""
        ill = self._ailment()
        if ill is None:
            self._notifier.tell(WATCHDOG="1", STATUS=self._well)
        elif ill != self._ill:
            log.error("the watchdog is not fed: %s", ill)
            self._notifier.tell(STATUS=f"Not well: {ill}")
        self._ill = ill
