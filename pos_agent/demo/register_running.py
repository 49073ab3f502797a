"""A simulated cash register on a line of this machine: a TCP port, a pseudo-terminal, or HTTP."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hw_sim.console import plant
from hw_sim.device.hosts import PtyHost, TcpHost
from hw_sim.device.machine import Machine
from hw_sim.families import HTTP, SERIAL, TCP, Family, Played
from hw_sim.http import serve
from hw_sim.journal import Told
from hw_sim.server import Server
from pos_agent.clock import SystemClock

Hold = Callable[[], AbstractContextManager[object]]

TAKEN = (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE))
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - only looked for


class CannotStart(Exception):
    """It does not start: one line for the person who asked."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a register shall stand: a host and a port (0: a free one), or a pseudo-terminal."""

    host: str = "127.0.0.1"
    port: int = 0
    pty: bool = False

    def link(self, family: Family) -> str:
        """The kind of link. CannotStart when the family has none of this kind."""
        if not self.pty:
            return HTTP if HTTP in family.links else TCP
        if SERIAL not in family.links:
            way = "HTTP" if HTTP in family.links else "TCP"
            raise CannotStart(f"{family.name} is reached over {way}, not over a serial line: leave out --pty")
        if sys.platform == "win32":
            raise CannotStart("Windows has no pseudo-terminals: leave out --pty, and use the TCP port")
        if self.port:
            raise CannotStart("a pseudo-terminal has no port: leave out --port, or --pty")
        return SERIAL


@dataclass(frozen=True, slots=True)
class Running:
    """One register that can be reached. `hold` keeps the line still while a hand works."""

    family: Family
    played: Played
    link: str
    place: str
    hold: Hold
    more: Mapping[str, str]

    @property
    def url(self) -> str:
        """For `register.url` of a configuration."""
        return self.played.reach.url(self.link, self.place, self.more)

    def run(self, line: str) -> str:
        """Carry out one line of the console."""
        with self.hold():
            return self.played.console.run(line)


@contextmanager
def running(
    family: Family,
    chosen: Mapping[str, str],
    where: Where,
    *,
    seed: int = 1,
    faults: Iterable[str] = (),
    tell: Callable[[Told], object] | None = None,
) -> Iterator[Running]:
    """Start one; it ends with the context.

    Args:
        chosen: options and their values, as typed.
        faults: what waits to go wrong from the start: `answer_lost`, `answer_late,85,seconds=30`.
        tell: gets each line of the journal as it is written, from the thread of the line.

    Raises:
        CannotStart: the text says what is wrong.
    """
    link = where.link(family)
    rng = random.Random(seed)  # noqa: S311 - of a simulation
    try:
        played = family.start(SystemClock().now_ns, rng, chosen, link)
        for fault in faults:
            plant(played.faults, fault_words(fault))
    except (ValueError, TypeError) as error:
        raise CannotStart(str(error)) from error
    if tell is not None:
        played.listen(tell)
    with ExitStack() as stack:
        place, hold = _on_line(played, where, stack)
        more = _files(played.reach.files, stack)
        if link == HTTP and not is_loopback(where.host):
            more |= played.reach.elsewhere
        yield Running(family, played, link, place, hold, more)


def fault_words(text: str) -> list[str]:
    """`answer_late,85,seconds=30` as the words of a console; a comma inside a value is the value's."""
    words: list[str] = []
    for part in text.split(","):
        if "=" in part or len(words) < 2:
            words.append(part.strip())
        else:
            words[-1] += f",{part.strip()}"
    return words


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _on_line(played: Played, where: Where, stack: ExitStack) -> tuple[str, Hold]:
    """Open the line; where it is, and what holds it still."""
    answers = played.answers
    if where.pty and isinstance(answers, Machine):
        with _told("no pseudo-terminal can be opened"):
            terminal = stack.enter_context(PtyHost(answers))
        return str(terminal.path), terminal.machine
    with _told(f"cannot listen at {where.host or '*'}:{where.port}", where.port):
        if isinstance(answers, Server):
            lock = threading.Lock()
            served = stack.enter_context(serve(answers, where.host, where.port, lock))
            return _address(where.host, served.port), lambda: lock
        host = stack.enter_context(TcpHost(answers, where.host, where.port))
        return _address(where.host, host.port), host.machine


@contextmanager
def _told(what: str, port: int = 0) -> Iterator[None]:
    """A line that cannot be opened, in words."""
    try:
        yield
    except OSError as error:
        if error.errno in TAKEN:
            raise CannotStart(f"port {port} is taken by another program: choose another --port, or 0") from error
        raise CannotStart(f"{what}: {error.strerror or error}") from error
    except UnicodeError as error:
        raise CannotStart(f"{what}: no name of a machine") from error


def _address(host: str, port: int) -> str:
    """What a program on this machine calls."""
    return f"{'127.0.0.1' if host in WILDCARDS else host}:{port}"


def _files(names: Mapping[str, str], stack: ExitStack) -> dict[str, str]:
    """Files the other side keeps for this register: new ones, as the register is; an unused folder goes with it."""
    if not names:
        return {}
    folder = Path(tempfile.mkdtemp(prefix="pos-agent-sim-"))
    stack.callback(_removed, folder)
    return {option: (folder / name).as_posix() for option, name in names.items()}


def _removed(folder: Path) -> None:
    with contextlib.suppress(OSError):  # It has files: they belong to whoever made them.
        folder.rmdir()
