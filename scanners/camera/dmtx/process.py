"""libdmtx behind a process that is watched: it may abort, hang or be missing, and the caller only waits its deadline.

idle -> starting (hello awaited) -> ready -> asked -> ready
died, or silent beyond the time limit: killed -> back-off 0.5, 1, 2, 5 s -> idle
hello says that the library is missing: never again; `text` tells what to install
"""

from __future__ import annotations

import contextlib
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import IO, Final, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from scanners.camera.dmtx.frames import (
    FrameBroken,
    Request,
    pack_request,
    receive,
    send,
    unpack_answers,
)
from scanners.polling import Reopening

COMMAND: Final = (sys.executable, "-P", "-m", "scanners.camera.dmtx.worker")
SLACK_MS: Final = 150  # libdmtx looks at the clock between two places only.
PIXELS_MAX: Final = 4_000_000  # Larger pictures are thinned out.
SIDE_PX_MIN: Final = 8  # The smallest symbol has 8 modules; below 3 pixels libdmtx aborts.
_START_S_MAX: Final = 15.0  # A till that has just been switched on is slow.
_STOP_S: Final = 1.0
_GONE: Final = None  # In place of an answer.


class RawSymbol(NamedTuple):
    data: bytes  # GS is 1Dh; without leading FNC1.
    symbology: str  # AIM identifier: "]d2" or "]d1".
    corners: NDArray[np.float32]  # (4, 2), x and y in pixels: upper left of the upright symbol, then clockwise.


class _Child:
    """One worker process and the thread that talks to it."""

    def __init__(self, command: Sequence[str], monotonic: Callable[[], float]) -> None:
        """OSError where the process cannot be started."""
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.started_s = monotonic()
        self.pid = self._process.pid
        self._requests: SimpleQueue[bytes | None] = SimpleQueue()
        self._answers: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._talk, name="libdmtx", daemon=True)
        self._thread.start()

    def ask(self, body: bytes) -> None:
        self._requests.put(body)

    def answer(self, wait_s: float) -> bytes | None:
        """The next answer; None: the process has ended. Empty is raised after `wait_s`."""
        return self._answers.get(timeout=max(wait_s, 0.0)) if wait_s > 0 else self._answers.get_nowait()

    def stop(self, *, kill: bool) -> None:
        """End the process and wait until nothing of it is left."""
        if kill:
            self._process.kill()
        self._requests.put(None)
        self._thread.join(_STOP_S)
        if self._thread.is_alive():
            self._process.kill()
            self._thread.join()

    def _talk(self) -> None:
        stdin, stdout = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        # Errors of the pipes mean that the process has ended.
        with self._process, contextlib.suppress(OSError, FrameBroken), stdin, stdout:
            hello = receive(stdout)
            while hello is not None:
                self._answers.put(hello)
                if (request := self._requests.get()) is None:
                    break
                send(stdin, request)
                hello = receive(stdout)
        self._answers.put(_GONE)


class DmtxProcess:
    """Reads pictures with libdmtx. Thread-safe: one picture at a time, others wait within their deadline."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        command: Sequence[str] = COMMAND,
        pixels_max: int = PIXELS_MAX,
        slack_ms: int = SLACK_MS,
    ) -> None:
        """The process starts with the first picture, or with `start`."""
        self._monotonic = monotonic
        self._command = command
        self._pixels_max = pixels_max
        self._slack_s = slack_ms / 1000
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._ready = False
        self._restarting = Reopening(monotonic)
        self._available = True
        self._closed = False
        self._text = "not started"
        self._starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def available(self) -> bool:
        """False once it is known that libdmtx is missing."""
        return self._available

    @property
    def text(self) -> str:
        """What was last heard, for store IT: the version, why it ended, what to install."""
        return self._text

    @property
    def restarts(self) -> int:
        return max(self._starts - 1, 0)

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child else None

    def start(self, wait_s: float = 0.0) -> bool:
        """Start the process and wait so long until it is ready; say whether it is."""
        until_s = self._monotonic() + wait_s
        with self._lock:
            return self._awake(until_s) is not None

    def read(self, gray: NDArray[np.uint8], timeout_ms: int, max_count: int = 1, shrink: int = 1) -> list[RawSymbol]:
        """Read up to `max_count` symbols of a grey picture, looking at every `shrink`th pixel.

        Returns after `timeout_ms` and the slack at the latest, with what was found. Nothing is found where the process
        is still starting, died of the picture or is missing: `text` and `available` tell. ValueError for an array that
        is no grey picture.
        """
        if gray.ndim != 2 or gray.dtype != np.uint8:
            raise ValueError(f"an array of {gray.dtype} with {gray.ndim} dimensions; wanted: uint8 with 2")
        if timeout_ms < 1 or max_count < 1 or shrink < 1:
            raise ValueError(f"timeout_ms {timeout_ms}, max_count {max_count}, shrink {shrink}: at least 1 each")
        until_s = self._monotonic() + timeout_ms / 1000 + self._slack_s
        stride = max(shrink, math.ceil(math.sqrt(gray.size / self._pixels_max)))
        thin = np.ascontiguousarray(gray[::stride, ::stride])
        if min(thin.shape) < SIDE_PX_MIN:
            return []
        height, width = thin.shape
        if not self._lock.acquire(timeout=max(until_s - self._monotonic(), 0.0)):
            return []
        try:
            if (child := self._awake(until_s)) is None:
                return []
            left_ms = round((until_s - self._slack_s - self._monotonic()) * 1000)
            if left_ms < 1:
                return []
            child.ask(pack_request(Request(width, height, left_ms, max_count, thin.tobytes())))
            return [
                RawSymbol(one.data, one.symbology, np.array(one.corners, np.float32).reshape(4, 2) * stride)
                for one in unpack_answers(self._answer(child, until_s))
            ]
        except FrameBroken as error:
            self._lose(f"the worker spoke nonsense: {error}")
            return []
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the process. It does not start again."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.stop(kill=not self._ready)
                self._child = None

    def _awake(self, until_s: float) -> _Child | None:
        """The child, started and ready, or None where it is not by then."""
        if self._closed or not self._available:
            return None
        if self._child is None:
            if not self._restarting.is_due:
                return None
            try:
                self._child = _Child(self._command, self._monotonic)
            except OSError as error:
                self._lose(f"the worker cannot be started: {error}")
                return None
            self._starts += 1
            self._ready = False
        return self._child if self._ready or self._greeted(self._child, until_s) else None

    def _greeted(self, child: _Child, until_s: float) -> bool:
        try:
            hello = child.answer(until_s - self._monotonic())
        except Empty:
            if self._monotonic() - child.started_s > _START_S_MAX:
                self._lose("the worker does not start")
            return False
        if hello is None:
            self._lose("the worker ended before it was ready")
            return False
        self._text = hello[1:].decode("utf-8", "replace")
        self._ready = hello[:1] == b"\1"
        if not self._ready:
            self._available = False
            child.stop(kill=False)
            self._child = None
        return self._ready

    def _answer(self, child: _Child, until_s: float) -> bytes:
        try:
            body = child.answer(until_s - self._monotonic())
        except Empty:
            self._lose("a picture took too long")
            return b""
        if body is None:
            self._lose("a picture ended the worker")
            return b""
        self._restarting.succeeded()
        return body

    def _lose(self, text: str) -> None:
        if self._child is not None:
            self._child.stop(kill=True)
            self._child = None
        self._text = text
        self._restarting.failed()
