"""The loop that TCP and USB-serial share: a thread, one printer, a lock, faults at any moment."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from hw_sim.printer.interpreter import Interpreter
from hw_sim.printer.jobs import JobFolder
from hw_sim.printer.model import PrinterModel

TICK_S = 0.02
READ_BYTES = 4096


class Shell(ABC):
    """A printer with a thread of its own. A context manager: leaving it closes everything and saves the last job.

    `with shell.printer() as interpreter:` gives the printer for looking and for faults while the thread stands still.
    """

    def __init__(self, model: PrinterModel, folder: Path | None, *, flow_control: bool) -> None:
        self._interpreter = Interpreter(model, flow_control=flow_control)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.jobs = JobFolder(folder)
        self._thread = threading.Thread(target=self._run, name=f"hw_sim.printer {model.name}", daemon=True)

    @contextmanager
    def printer(self) -> Iterator[Interpreter]:
        """The printer itself, locked; held data go on by themselves afterwards."""
        with self._lock:
            yield self._interpreter
            self._interpreter.settle()

    def close(self) -> None:
        """Stop, save what was printed last. May be called twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.finish_job()

    def finish_job(self) -> Path | None:
        """End the present job and return its picture, if there is a folder and something new on the paper."""
        with self._lock:
            return self.jobs.save(self._interpreter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _run(self) -> None:
        """The thread."""

    def _appetite(self) -> int:
        """How many bytes to take from the line in this tick: what fits, at the speed it has."""
        with self._lock:
            rate = self._interpreter.condition.bytes_per_s
            room = self._interpreter.buffer_free if self._interpreter.flow_control else READ_BYTES
        size = min(READ_BYTES, int(rate * TICK_S)) if rate > 0 else READ_BYTES
        return max(1, min(size, room))

    def _take(self, data: bytes) -> bytes:
        """Feed the printer; returns what it answers, after as long as it takes to answer."""
        with self._lock:
            self.jobs.note(data)
            self._interpreter.receive(data)
            reply = self._interpreter.take_reply()
            condition = self._interpreter.condition
            pause = (TICK_S if condition.bytes_per_s > 0 else 0.0) + (condition.answer_delay_s if reply else 0.0)
        if pause:
            self._stop.wait(pause)
        return reply

    def _unasked(self) -> bytes:
        """Automatic status that is due although the host sent nothing."""
        with self._lock:
            return self._interpreter.take_reply()

    def _powered(self) -> bool:
        with self._lock:
            return self._interpreter.condition.powered

    def _full(self) -> bool:
        """True while the buffer is full: then even a real-time question waits on the line (a closed TCP window)."""
        with self._lock:
            free = self._interpreter.buffer_free
        return self._interpreter.flow_control and free == 0
