"""How an opened Linux device node becomes ours alone.

Sources: Linux include/uapi/linux/input.h (EVIOCGRAB, EVIOCSCLOCKID); man flock(2).
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import struct
import sys
from typing import Any, Final

_EVIOCGRAB: Final = 0x40044590
_EVIOCSCLOCKID: Final = 0x400445A0
_CLOCK_MONOTONIC: Final = 1


def lock(fd: int) -> None:
    """Shut out programs that ask, for hidraw knows no exclusive opening. OSError EAGAIN: another one was first."""
    fcntl = _fcntl()
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def grab(fd: int) -> None:
    """Take the keys away from the desktop and everyone else. OSError EBUSY: another program has them."""
    steady_times(fd)
    _fcntl().ioctl(fd, _EVIOCGRAB, 1)


def steady_times(fd: int) -> None:
    """Have key events carry times that nobody sets: otherwise setting the clock would cut a code in two."""
    with contextlib.suppress(OSError):  # Kernels before 3.4, and what stands for a node in a demonstration.
        _fcntl().ioctl(fd, _EVIOCSCLOCKID, struct.pack("i", _CLOCK_MONOTONIC))


def _fcntl() -> Any:
    """The module exists on POSIX only."""
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, "no such devices on Windows")
    return importlib.import_module("fcntl")
