"""One transaction on the cache's file."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError

from pos_agent.cache.schema import unusable


class Transaction:
    """BEGIN ... COMMIT with driver errors explained; holds the writers' lock when it writes."""

    def __init__(self, engine: Engine, path: Path, lock: threading.Lock | None) -> None:
        self._engine = engine
        self._path = path
        self._lock = lock

    def __enter__(self) -> Connection:
        if self._lock is not None:
            self._lock.acquire()
        try:
            self._scope = self._engine.begin()
            return self._scope.__enter__()
        except DatabaseError as error:
            self._release()
            raise unusable(self._path, error.orig or error) from error

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: Any) -> None:
        try:
            self._scope.__exit__(kind, value, trace)
        except DatabaseError as error:
            raise unusable(self._path, error.orig or error) from error
        finally:
            self._release()
        if isinstance(value, DatabaseError):
            raise unusable(self._path, value.orig or value) from value

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
