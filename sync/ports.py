"""What the workers need of the till, stated as shapes: sync never imports the application that satisfies them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from sync.wire import Row


class QueueUnavailable(Exception):
    """The till's memory cannot be written now (a full disk, say). Delivery waits and tries again; nothing is lost."""


class DeliveryQueue(Protocol):
    """The journal as a source of rows, the cursor behind which everything is delivered, and the rows set aside.

    Every change survives a restart before the call returns, and is itself a journal row of kind `delivered`,
    `set_aside` or `released`. Any method that writes may raise QueueUnavailable.
    """

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest row; (0, GENESIS) when there is none."""
        ...

    def rows_after(self, number: int, *, rows_max: int, bytes_max: int) -> Sequence[Row]:
        """Rows in order, at least one when there is any, otherwise within both limits."""
        ...

    def keys(self, row: Row) -> frozenset[str]:
        """Codes a row speaks of. Raises ValueError when the body cannot be read."""
        ...

    def delivered_through(self) -> tuple[int, bytes]: ...

    def set_delivered(self, number: int, digest: bytes) -> None: ...

    def set_aside(self, number: int, reason: str) -> None: ...

    def release(self, number: int) -> None: ...

    def set_aside_rows(self) -> Iterable[tuple[int, str]]:
        """(number, reason) of each row set aside and not released since."""
        ...


class StopSignal(Protocol):
    """A threading.Event, as far as a worker's loop is concerned."""

    def is_set(self) -> bool: ...


class Chance(Protocol):
    """A random.Random, as far as jitter is concerned."""

    def uniform(self, a: float, b: float) -> float: ...
