"""A person, or a script, at a simulated register: lines in, answers and the journal of frames out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hw_sim.families import Family, family
from hw_sim.journal import SCREEN_BYTES, Told
from hw_sim.listing import printable
from pos_agent.demo.register_running import CannotStart, Running, Where, running
from pos_agent.demo.register_words import greeting, warning

ENDS = ("quit", "exit")
PROMPT = "> "


class Screen:
    """One output for two threads: the answers of the console, and the journal as the line writes it."""

    def __init__(self, out: TextIO, *, prompts: bool) -> None:
        self._out = out
        self._prompt = PROMPT if prompts else ""
        self._asking = False
        self._gone = False  # Nobody reads any more; the register goes on.
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Lines of their own; a prompt that stands there is set anew below them."""
        with self._lock:
            self._write(("\n" if self._asking else "") + text + "\n" + (self._prompt if self._asking else ""))

    def ask(self) -> None:
        """Show that a line can be typed."""
        with self._lock:
            self._asking = bool(self._prompt)
            self._write(self._prompt)

    def heard(self) -> None:
        """A line has been typed, and its end with it."""
        with self._lock:
            self._asking = False

    def _write(self, text: str) -> None:
        if self._gone or not text:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            self._gone = True
            # What is left in the buffer would fail once more when the program ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._out.fileno())


class Log:
    """The journal in a file, if there is one. The first failure ends it, and is said."""

    def __init__(self, file: TextIO, screen: Screen) -> None:
        self._file: TextIO | None = file
        self._screen = screen

    def write(self, text: str) -> None:
        if self._file is None:
            return
        try:
            self._file.write(text + "\n")
            self._file.flush()
        except OSError as error:
            self._file = None
            self._screen.say(f"The log ends here: {error.strerror}")


@contextmanager
def log_file(path: Path, screen: Screen) -> Iterator[Log]:
    """Open the file at its end. CannotStart when it cannot be written."""
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise CannotStart(f"--log {path}: {error.strerror}") from error
    try:
        yield Log(file, screen)
    finally:
        with suppress(OSError):  # What could not be written has been told.
            file.close()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants to be told while a register runs, and with what it begins."""

    options: Sequence[str] = ()  # NAME=VALUE.
    faults: Sequence[str] = ()
    seed: int = 1
    frames: bool = False  # The journal on the screen.
    log: Path | None = None  # The journal at the end of this file.


def known_family(name: str) -> Family:
    """CannotStart when there is none of this name."""
    try:
        return family(name)
    except ValueError as error:
        raise CannotStart(str(error)) from error


def chosen(options: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` as names and values. CannotStart for what is none, or comes twice."""
    found: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise CannotStart(f"--option {option}: NAME=VALUE is wanted")
        if name in found:
            raise CannotStart(f"--option {name} is given twice")
        found[name] = value
    return found


def play(kind: Family, where: Where, wishes: Wishes, screen: Screen, lines: Iterable[str] | None) -> None:
    """Run a register while lines come; None: until somebody interrupts. CannotStart says why it does not."""
    with ExitStack() as stack:
        tellers: list[Callable[[Told], None]] = []
        if wishes.frames:
            tellers.append(lambda told: screen.say(printable(told.page(SCREEN_BYTES))))
        if wishes.log is not None:
            log = stack.enter_context(log_file(wishes.log, screen))
            tellers.append(lambda told: log.write(printable(told.page())))

        def tell(told: Told) -> None:
            for teller in tellers:
                teller(told)

        names = chosen(wishes.options)
        register = stack.enter_context(
            running(kind, names, where, seed=wishes.seed, faults=wishes.faults, tell=tell if tellers else None)
        )
        screen.say(greeting(register))
        if lines is None:
            screen.say("Ctrl+C ends it.")
            threading.Event().wait()
        else:
            screen.say("help: what can be done by hand. quit, the end of input or Ctrl+C ends it.")
            converse(lines, register, screen)


def converse(lines: Iterable[str], register: Running, screen: Screen) -> None:
    """Carry out lines until one ends it, or no more come."""
    screen.ask()
    for line in lines:
        screen.heard()
        words = line.strip()
        if words in ENDS:
            return
        if words:
            screen.say(register.run(words))
        screen.ask()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Ctrl+C and SIGTERM end what is inside, and nothing else."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if main else ()
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def caution(kind: Family, where: Where) -> str:
    """What to say before a register is started that others can reach; "" otherwise."""
    return "" if where.pty else warning(where.host, where.link(kind))
