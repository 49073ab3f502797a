"""The outside as doctor sees it. The defaults are the real one; tests put their own in its place."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pos_agent.clock import Clock, SystemClock
from sync.secret_reference import read_secret

UNIT: Final = "pos-agent"
_COMMAND_S: Final = 10.0
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised.
_TIMEX_BYTES: Final = 512  # More than struct timex has on any machine; modes 0 asks and sets nothing.


def _run(command: Sequence[str]) -> str | None:
    """Standard output of a command that looks; None: it is not there, failed, or took too long."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            command, capture_output=True, text=True, timeout=_COMMAND_S, check=False, errors="replace"
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _ntp_synchronised() -> bool | None:
    """What the kernel says, whichever program keeps its time; None: it does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        state = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True).adjtimex(
            ctypes.create_string_buffer(_TIMEX_BYTES)
        )
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def _utc_offset_s() -> int:
    return time.localtime().tm_gmtoff


@dataclass(frozen=True, slots=True)
class Edge:
    root: Path = Path("/")  # Where /sys, /dev, /proc and /etc are looked for.
    clock: Clock = field(default_factory=SystemClock)
    rng: random.Random = field(default_factory=random.SystemRandom)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    secret: Callable[[str], str] = read_secret
    run: Callable[[Sequence[str]], str | None] = _run
    ntp_synchronised: Callable[[], bool | None] = _ntp_synchronised
    utc_offset_s: Callable[[], int] = _utc_offset_s
    network_s: float = 5.0  # The longest wait for a server.
    register_s: float = 60.0  # A register that does not answer takes its time to say so.
