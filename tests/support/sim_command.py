"""`pos-agent sim fiscal` in a process of its own: what it greets with, what its console answers."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import threading
import tomllib
from types import TracebackType
from typing import IO, Self

from pos_agent.config import Config, from_mapping

PATIENCE_S = 90  # A command that hangs fails its test instead of holding the whole run.
QUESTION, MARKER = "document 999999999", "there is no document 999999999"  # Asked behind a line, to see its end.
COMMAND = (sys.executable, "-c", "from pos_agent.cli import main; main()", "sim", "fiscal")


class SimCommand:
    """Started, and greeted, when the constructor returns. A context manager: leaving it ends the process."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            (*COMMAND, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._watchdog = threading.Timer(PATIENCE_S, self.process.kill)
        self._watchdog.start()
        self.greeting = self._until("help: what can be done" if "--no-console" not in arguments else "Ctrl+C ends")

    @property
    def out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def url(self) -> str:
        """What stands below "Register URL:"."""
        lines = iter(self.greeting.splitlines())
        assert "Register URL:" in lines
        return next(line.strip() for line in lines if line)

    @property
    def place(self) -> str:
        """Host and port, or the path of the terminal."""
        return self.url.partition("://")[2].partition("?")[0]

    @property
    def port(self) -> int:
        return int(self.place.rpartition(":")[2])

    @property
    def block(self) -> str:
        """The configuration to paste."""
        lines = self.greeting.splitlines()
        begin = lines.index("[register]")
        end = next(
            number
            for number, line in enumerate(lines[begin:], begin)
            if line and not (line.startswith("[") or " = " in line)
        )
        return "\n".join(lines[begin:end])

    @property
    def config(self) -> Config:
        return from_mapping(tomllib.loads(self.block), "pasted", {})

    @property
    def variables(self) -> dict[str, str]:
        """What the lines with `export` set."""
        exports = (line.strip() for line in self.greeting.splitlines() if line.startswith("  export "))
        pairs = (shlex.split(line)[1].partition("=") for line in exports)
        return {name: value for name, _, value in pairs}

    def say(self, line: str) -> str:
        """Type a line; the answer."""
        self.type(f"{line}\n{QUESTION}\n")
        return self._until(MARKER).removesuffix(f"{MARKER}\n").rstrip("\n")

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        """End of input; the exit status and what it said on standard error."""
        _, errors = self.process.communicate()
        return self.process.returncode, errors

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """A signal instead, the input still open."""
        self.process.send_signal(number)
        status = self.process.wait()
        assert self.process.stderr is not None
        return status, self.process.stderr.read()

    def _until(self, start: str) -> str:
        lines: list[str] = []
        for line in self.out:
            lines.append(line)
            if line.startswith(start):
                return "".join(lines)
        assert self.process.stderr is not None
        raise AssertionError(f"it ended before {start!r}: {''.join(lines)}{self.process.stderr.read()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.cancel()
        self.process.kill()
        self.process.communicate()
