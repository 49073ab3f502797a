"""SIGTERM and Ctrl+C end a command in good order, wherever it is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STOPS = (signal.SIGTERM, signal.SIGINT)


class _Told(BaseException):
    """SIGTERM or Ctrl+C, in the middle of whatever it is: everything that is open is closed on the way out."""


@contextmanager
def until_told() -> Iterator[None]:
    """Leave what is inside on the first signal, and go on after it.

    uvicorn takes both signals while it serves, ends, and then raises them once more for us.
    """

    def told(_number: int, _frame: object) -> None:
        for sign in STOPS:
            signal.signal(sign, signal.SIG_IGN)  # Once is enough; closing must not be cut short.
        raise _Told

    for sign in STOPS:
        signal.signal(sign, told)
    with suppress(_Told):
        yield
