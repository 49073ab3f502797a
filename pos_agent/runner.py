"""Runs an agent: one thread a scanner, one for each worker, the API in front. Every loop is a shell around a step that
tests call by hand; a step that fails is logged and tried again, and never takes another down with it.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final, Protocol

import uvicorn

from pos_agent.agent import Agent
from pos_agent.api.app import guarded
from pos_agent.api.atol.carrying import carry_out
from pos_agent.api.guard import rules_for
from pos_agent.cache.store import CacheError
from pos_agent.checkout import Scanned
from pos_agent.journal.database import JournalUnusable
from pos_agent.lifesigns import Beat, Watchdog, ailment, answers
from pos_agent.notify import Notifier, watchdog_s
from pos_agent.problems import Problem
from pos_agent.wiring import start
from scanners.registry import Scanner
from scanners.scan import ScannerEvent
from sync.secret_reference import read_secret

log = logging.getLogger(__name__)

TICK_S = 0.02  # A waiting half of a scan is judged at most this late.
STOP_WAIT_S = 5.0
EXPECTED = (JournalUnusable, Problem, CacheError, OSError)

RETRY_S = 5.0
PACE_MIN_S = 0.05
SIGNAL_LOOK_S = 0.2  # Windows does not break off a wait for Ctrl+C, so the main thread looks now and then.
STOP_SIGNALS: Final = tuple(getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, n))

_REMEDIES: Final = {
    errno.EADDRINUSE: "another program listens there: end it, or give api.port another number",
    errno.EACCES: "the system does not allow this port: give api.port another number, 1024 or above",
    errno.EADDRNOTAVAIL: "this machine has no such address: correct api.host",
}
_NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class ApiUnavailable(Exception):
    """The API cannot be served, or ended without being told to. The text says where, and what to do."""


class Paced(Protocol):
    """What a worker's step says of its next one."""

    @property
    def next_in_s(self) -> float: ...


Sink = Callable[[Scanned], None]


class Runner:
    """Owns the threads of one agent."""

    def __init__(self, agent: Agent, *, sink: Sink = lambda _scanned: None) -> None:
        self.agent = agent
        self._sink = sink
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._intake = Beat(agent.clock.monotonic)

    def start(self) -> None:
        """Settle what is undecided, then start every loop."""
        agent = self.agent
        start(agent)
        for scanner in agent.scanners:
            self._spawn(f"scanner-{scanner.name}", partial(self._scan, scanner))
        self._spawn("intake", lambda: self._every(TICK_S, self._tick))
        self._spawn("settle", lambda: self._every(agent.config.register_.settle_every_s, agent.closing.settle))
        self._spawn("requests", partial(self._work, partial(agent.requests.step, partial(carry_out, agent))))
        if agent.register_watch.every_s > 0:
            self._spawn("register", lambda: self._every(agent.register_watch.every_s, agent.register_watch.look))
        if agent.delivery is not None:
            self._spawn("delivery", partial(self._work, agent.delivery.step))
        if agent.heartbeat is not None:
            self._spawn("heartbeat", partial(self._work, agent.heartbeat.step))
        for hook in agent.hooks:
            self._spawn(f"webhook-{hook.name}", partial(self._work, hook.step))
        if agent.recheck is not None:
            self._spawn("recheck", partial(self._work, agent.recheck.step))

    def ailment(self, api_answers: Callable[[], bool]) -> str | None:
        """Why this agent is not to be called alive; None: it is."""
        return ailment(self.agent, self._threads, self._intake, api_answers)

    def stop(self) -> None:
        """End every loop, judge what still waited for its other half, and close the agent."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_WAIT_S)
            if thread.is_alive():
                log.warning("%s has not ended within %g s and is left behind", thread.name, STOP_WAIT_S)
        self._guarded(self._finish)
        try:
            self.agent.close()
        except EXPECTED as error:  # Everything else is closed by now, and nothing more can be done for it.
            log.error("stopped, but not everything closed well: %s", error)  # noqa: TRY400 - see _guarded
            return
        log.info("stopped: the scanners and the journal are closed")

    def _finish(self) -> None:
        for scanned in self.agent.intake.finish():
            self._sink(scanned)

    def _spawn(self, name: str, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _scan(self, scanner: Scanner) -> None:
        """Read one scanner. After a mistake of the driver's it is opened again: no till goes blind without a word."""
        while not self._stop.is_set():
            try:
                scanner.run(self._stop, self._take)
            except Exception:
                log.exception("%s: a fault of the agent", threading.current_thread().name)
                self._stop.wait(RETRY_S)

    def _work(self, step: Callable[[], Paced]) -> None:
        """A worker at its own pace. What its memory cannot keep now (a full disk) is tried again, not given up."""
        pause_s = 0.0
        while not self._stop.wait(pause_s):
            pause_s = RETRY_S
            try:
                pause_s = max(step().next_in_s, PACE_MIN_S)
            except EXPECTED as error:
                log.error("%s: %s", threading.current_thread().name, error)  # noqa: TRY400 - expected, see _guarded
            except Exception:
                log.exception("%s: a fault of the agent", threading.current_thread().name)

    def _every(self, seconds: float, step: Callable[[], object]) -> None:
        while not self._stop.wait(seconds):
            self._guarded(step)

    def _tick(self) -> None:
        self._intake()
        for scanned in self.agent.intake.tick(self.agent.clock.now_ns()):
            self._sink(scanned)

    def _take(self, event: ScannerEvent) -> None:
        def step() -> None:
            for scanned in self.agent.intake.feed(event):
                self._sink(scanned)

        self._guarded(step)

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except EXPECTED as error:
            # The scanner reads on and the next step may succeed; the cashier sees the state in the status strip.
            log.error("%s: %s", threading.current_thread().name, error)  # noqa: TRY400 - expected, the text says it all
        except Exception:
            # A scanner's thread that dies of our mistake would leave the till blind without a word.
            log.exception("%s: a fault of the agent", threading.current_thread().name)


def server(agent: Agent, secret: Callable[[str], str] = read_secret, *, port: int | None = None) -> uvicorn.Server:
    """The API server, not yet started. `port`: what `listening` really got. Raises SecretMissing."""
    api = agent.config.api
    rules = rules_for(
        {client.name: secret(client.token) for client in api.clients},
        api.host,
        api.port if port is None else port,
        origins=api.origins,
        body_bytes_max=api.body_bytes_max,
        calls_per_s=api.calls_per_s,
        burst=api.burst,
    )
    settings = uvicorn.Config(
        guarded(agent, rules),
        host=api.host,
        port=api.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    return uvicorn.Server(settings)


class Told:
    """Which signal asked for the end, if one did. A plain value: a handler that takes a lock may wait for itself."""

    by: signal.Signals | None = None


@contextmanager
def stop_signals() -> Iterator[Told]:
    """While it lasts, SIGINT and SIGTERM are only noted, however often they come. Off the main thread: no change."""
    told = Told()

    def note(number: int, _frame: object) -> None:
        told.by = signal.Signals(number)

    with ExitStack() as stack:
        if threading.current_thread() is threading.main_thread():
            for number in STOP_SIGNALS:
                before = signal.signal(number, note)
                stack.callback(signal.signal, number, signal.SIG_DFL if before is None else before)
        yield told


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets of the API, one for each address of `host`; `port` 0 takes a free one. Raises ApiUnavailable.

    Ours and not uvicorn's: it answers a taken port with the end of the thread it runs on.
    """
    with ExitStack() as stack:
        opened: list[socket.socket] = []
        missing: OSError | None = None
        try:
            found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            for family, address in dict.fromkeys((family, address[0]) for family, _, _, _, address in found):
                number = opened[0].getsockname()[1] if opened else port
                try:
                    opened.append(stack.enter_context(socket.create_server((address, number), family=family)))
                except OSError as error:
                    if error.errno not in _NO_SUCH_ADDRESS:
                        raise
                    missing = error  # A name may mean an IPv6 address on a machine without IPv6.
            if missing is not None and not opened:
                raise missing
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror}: correct api.host or api.port")
            raise ApiUnavailable(f"the API cannot be served at {host}:{port}: {remedy}") from error
        yield opened


def serve_until_told(
    api: uvicorn.Server, sockets: list[socket.socket], told: Told, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until a signal came, then return, so that the caller can stop in order. `ready`: called once it answers.

    uvicorn raises a signal again once it has shut down, which would end the process before anything else is closed;
    on a thread of its own it leaves signals alone.
    """
    thread = threading.Thread(target=api.run, args=(sockets,), name="api", daemon=True)
    thread.start()
    said_ready = False
    while thread.is_alive() and told.by is None:
        thread.join(SIGNAL_LOOK_S)
        if api.started and not said_ready:
            ready()
            said_ready = True
    if told.by is None:
        raise ApiUnavailable("the API ended by itself; the lines above say why")
    log.info("%s: stopping", told.by.name)
    api.should_exit = True
    thread.join(STOP_WAIT_S)


def run_until_told(agent: Agent, told: Told, environment: Mapping[str, str] = os.environ) -> None:
    """Run the whole agent and close it, whatever happens. Raises ApiUnavailable, SecretMissing, JournalUnusable."""
    runner = Runner(agent)
    api = agent.config.api
    notifier, term_s = Notifier.of(environment), watchdog_s(environment)
    try:
        with ExitStack() as running:
            sockets = running.enter_context(listening(api.host, api.port))
            host, port = sockets[0].getsockname()[:2]
            served = server(agent, port=port)
            notifier.tell(STATUS="Asking the register about what the last run left undecided")
            runner.start()
            place = f"http://{f'[{api.host}]' if ':' in api.host else api.host}:{port}"
            log.info("API at %s", place)
            well = f"API at {place}"
            if term_s is not None:
                look = partial(runner.ailment, partial(answers, host, port))
                running.enter_context(Watchdog(notifier, look, term_s, well))
            serve_until_told(served, sockets, told, partial(notifier.tell, READY="1", STATUS=well))
    finally:
        notifier.tell(STOPPING="1")
        runner.stop()
