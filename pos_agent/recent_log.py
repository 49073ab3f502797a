"""The last warnings and errors of this run, kept in memory for a page, and how many there were of each level."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pos_agent.clock import NS_PER_S
from pos_agent.redaction import Redactor, redactor

KEPT: Final = 50
TEXT_LENGTH_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    at_ns: int  # UTC, of the machine's clock.
    level: str  # "WARNING", "ERROR", "CRITICAL".
    logger: str
    text: str  # Cleaned of secrets and check parts; with the last line of an exception.


class RecentLog(logging.Handler):
    """A handler for the root logger. Safe for threads; nothing it does can fail the thread that logs."""

    def __init__(self, kept: int = KEPT, clean: Redactor | None = None) -> None:
        super().__init__(logging.WARNING)
        self._entries: deque[LogEntry] = deque(maxlen=kept)
        self._counts: Counter[str] = Counter()
        self._clean = clean or redactor()

    def emit(self, record: logging.LogRecord) -> None:
        """Called under the handler's own lock."""
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                text += f": {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            at_ns = round(record.created * NS_PER_S)
            shown = self._clean(text[:TEXT_LENGTH_MAX])
        except Exception:  # noqa: BLE001 - logging's own way: a bad format string must not end a sale
            self.handleError(record)
            return
        self._counts[record.levelname] += 1
        self._entries.append(LogEntry(at_ns, record.levelname, record.name, shown))

    def entries(self) -> tuple[LogEntry, ...]:
        """Newest first."""
        self.acquire()
        try:
            return tuple(reversed(self._entries))
        finally:
            self.release()

    def counts(self) -> Mapping[str, int]:
        """Records since the start, by level."""
        self.acquire()
        try:
            return dict(self._counts)
        finally:
            self.release()

    def attach(self) -> None:
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        logging.getLogger().removeHandler(self)
        self.close()
