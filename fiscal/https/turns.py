"""Turns at a register reached over HTTP: one request at a time, across the driver instances of this process."""

from __future__ import annotations

import threading

_locks: dict[str, threading.RLock] = {}
_locks_guard = threading.Lock()


def lock_of(family: str, register: str) -> threading.RLock:
    """The lock of one register; its number is compared without regard to case."""
    with _locks_guard:
        return _locks.setdefault(f"{family} {register.upper()}", threading.RLock())
