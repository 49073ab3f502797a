"""Who is at the register: one at a time, and nobody queues behind a question.

An order takes seconds, and the next one waits for it. Asking about a lost answer may take minutes, when a service takes
every question and answers none: a cashier must be told at once why the register is not to be had.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Hands the register from one thread to the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._asking = False

    def take(self) -> bool:
        """Wait for the turn. False, and no turn, as soon as the one who has it is asking about a doubt."""
        with self._changed:
            self._changed.wait_for(lambda: self._asking or not self._taken)
            if self._asking:
                return False
            self._taken = True
            return True

    def give_back(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify()

    @contextmanager
    def patient(self) -> Iterator[None]:
        """A turn for which every question is waited for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._taken)
            self._taken = True
        try:
            yield
        finally:
            self.give_back()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While the one whose turn it is asks about a doubt: whoever cannot wait for that is let go."""
        with self._changed:
            self._asking = True
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._asking = False
