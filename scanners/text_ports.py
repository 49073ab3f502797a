"""Standard input, a FIFO and a plain file as ports of a scanner. Reading never holds up a poll, on Windows neither."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import selectors
import stat
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from scanners import claims
from scanners.ports import READ_BYTES_MAX, LineClosed, Port, PortUnavailable
from scanners.scan import Health

END_OF_FILE: Final = "end of file"
_LOOK_S: Final = 0.02  # Between looks at an input that does not wait.
_CHUNKS_MAX: Final = 16  # Read ahead; then the writer waits.
_LINE_END: Final = b"\n"  # A last line without an end is a line.
_NON_BLOCKING: Final[int] = getattr(os, "O_NONBLOCK", 0)  # Windows has neither the flag nor a FIFO to use it on.
_SELECTOR: Final = getattr(selectors, "PollSelector", selectors.SelectSelector)  # epoll refuses some devices.
_DRIVE: Final = re.compile("/[A-Za-z]:")


class RawInput(Protocol):
    """An unbuffered stream, such as `sys.stdin.buffer.raw`."""

    def read(self, size: int, /) -> bytes | None: ...


def standard_input() -> RawInput | None:
    """The process's own input, or None for a service, which has none.

    Unbuffered: a buffered stream keeps its lock while it waits, and the interpreter could not end before the next line.
    """
    buffer = getattr(sys.stdin, "buffer", None)
    raw: RawInput | None = getattr(buffer, "raw", None)
    return raw


class InputPort:
    """A stream that can only be waited for. A thread does the waiting, for Windows has no other way."""

    def __init__(self, stream: RawInput, released: Callable[[], None], timeout_s: float) -> None:
        """`released` is called when nobody reads the stream any more, which may be long after `close`."""
        self._stream = stream
        self._released = released
        self._timeout_s = timeout_s
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS_MAX)
        self._ended = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._wait, name="standard input", daemon=True)
        self._thread.start()

    def read(self, max_bytes: int) -> bytes:
        """Raises LineClosed at the end of the input."""
        if self._ended:
            raise LineClosed(END_OF_FILE)
        try:
            chunk = self._chunks.get(timeout=self._timeout_s) if self._timeout_s else self._chunks.get_nowait()
        except queue.Empty:
            return b""
        if chunk:
            return chunk
        self._ended = True
        return _LINE_END

    def write(self, data: bytes) -> None:
        """Nobody listens at the other end."""

    def close(self) -> None:
        """The thread ends with the input, or with the next line; nothing can be done about its wait."""
        self._closed.set()
        with contextlib.suppress(queue.Empty):  # Room for what it may be about to hand over.
            while True:
                self._chunks.get_nowait()
        if self._ended:
            self._thread.join()

    def _wait(self) -> None:
        try:
            while not self._closed.is_set():
                try:
                    chunk = self._stream.read(READ_BYTES_MAX)
                except (OSError, ValueError):  # The terminal was closed, or the stream by someone in this process.
                    chunk = b""
                if chunk is None:  # Nothing yet: a parent process made the input non-blocking.
                    self._closed.wait(_LOOK_S)
                    continue
                self._chunks.put(chunk)
                if not chunk:
                    return
        finally:
            self._released()


class StandardInputOpener:
    """Opens the standard input, once at a time: two readers would share the lines between them."""

    _taken = threading.Lock()

    def __init__(self, timeout_s: float, stream: Callable[[], RawInput | None] = standard_input) -> None:
        self._timeout_s = timeout_s
        self._stream = stream
        self._port: InputPort | None = None

    def __call__(self) -> Port:
        """Open. Raises PortUnavailable; for ever after the end of the input."""
        if self._port is not None:
            raise PortUnavailable(Health.OFFLINE, END_OF_FILE)
        stream = self._stream()
        if stream is None:
            raise PortUnavailable(Health.OFFLINE, "this process has no standard input")
        if not self._taken.acquire(blocking=False):
            raise PortUnavailable(Health.BUSY, "standard input is read by another scanner of this agent")
        self._port = InputPort(stream, self._taken.release, self._timeout_s)
        return self._port


class FilePort:
    """A plain file, read once from its beginning to its end."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._ended = False

    def read(self, max_bytes: int) -> bytes:
        """Raises LineClosed at the end of the file."""
        if self._ended:
            raise LineClosed(END_OF_FILE)
        data = os.read(self._fd, max_bytes)
        self._ended = not data
        return data or _LINE_END

    def write(self, data: bytes) -> None:
        """A file is only read."""

    def close(self) -> None:
        os.close(self._fd)


class FifoPort:
    """A FIFO, or a terminal: bytes come when a writer sends some, for ever."""

    def __init__(self, path: str, fd: int, keeper: int | None, timeout_s: float) -> None:
        """`keeper` is a writing end of our own: without it every writer that leaves would end the file."""
        self._path = path
        self._fd = fd
        self._keeper = keeper
        self._timeout_s = timeout_s
        self._selector: selectors.BaseSelector = _SELECTOR()
        self._selector.register(fd, selectors.EVENT_READ)

    def read(self, max_bytes: int) -> bytes:
        """Raises LineClosed where the FIFO was removed or another one took its place: nobody can write to ours."""
        if not self._selector.select(self._timeout_s):
            if not self._in_place():
                raise LineClosed(f"{self._path} was removed")
            return b""
        try:
            data = os.read(self._fd, max_bytes)
        except BlockingIOError:  # Another reader was faster.
            return b""
        if not data:
            raise LineClosed(f"{self._path} was closed")
        return data

    def write(self, data: bytes) -> None:
        """A FIFO goes one way."""

    def close(self) -> None:
        self._selector.close()
        os.close(self._fd)
        if self._keeper is not None:
            os.close(self._keeper)

    def _in_place(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._fd))  # noqa: PTH116 - beside fstat
        except OSError:
            return False


@dataclass(slots=True)
class FileOpener:
    """Opens a file by its path: what it is decides how it is read."""

    path: str
    timeout_s: float
    _is_read: bool = False

    def __call__(self) -> Port:
        """Open. Raises PortUnavailable; for ever after a plain file was read."""
        if self._is_read:
            raise PortUnavailable(Health.OFFLINE, END_OF_FILE)
        try:
            return self._open()
        except FileNotFoundError as error:
            raise PortUnavailable(Health.OFFLINE, f"{self.path}: there is no such file") from error
        except PermissionError as error:
            text = f"no permission for {self.path}: the agent must be able to read it, and to write a FIFO too"
            raise PortUnavailable(Health.DENIED, text) from error
        except BlockingIOError as error:
            text = f"{self.path} is read by another program or scanner: each needs a FIFO of its own"
            raise PortUnavailable(Health.BUSY, text) from error
        except OSError as error:
            raise PortUnavailable(Health.OFFLINE, f"{self.path}: {error.strerror or error}") from error

    def _open(self) -> Port:
        fd = os.open(self.path, os.O_RDONLY | _NON_BLOCKING | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0))
        try:
            return self._port(fd)
        except OSError:
            os.close(fd)
            raise

    def _port(self, fd: int) -> Port:
        mode = os.fstat(fd).st_mode
        if stat.S_ISREG(mode):
            self._is_read = True
            return FilePort(fd)
        if stat.S_ISFIFO(mode):
            if _NON_BLOCKING:
                claims.lock(fd)  # Two readers would share the lines between them, and cut them.
            return FifoPort(self.path, fd, os.open(self.path, os.O_WRONLY | _NON_BLOCKING), self.timeout_s)
        if stat.S_ISCHR(mode):
            return FifoPort(self.path, fd, None, self.timeout_s)
        raise OSError("neither a file nor a FIFO")


def path_of(path: str) -> str:
    """Take the slash from in front of a Windows drive, which only the address needs."""
    return path[1:] if _DRIVE.match(path) else path
