"""The agent's own log file in its data folder: one JSON object a line, bounded in size, no secrets and no check parts.

    {"at": "2026-11-30T10:15:00.123Z", "level": "WARNING", "logger": "sync.delivery", "text": "..."}

An exception stands in `exception`, its lines joined by line feeds.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

from pos_agent.clock import NS_PER_S, iso_utc
from pos_agent.redaction import Redactor, redactor

NAME: Final = "agent.log"
BYTES_MAX: Final = 2 * 1024 * 1024  # Of one file; with its predecessors at most 10 MiB.
OLDER_MAX: Final = 4
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class JsonLines(logging.Formatter):
    def __init__(self, clean: Redactor | None = None) -> None:
        super().__init__()
        self._clean = clean or redactor()

    def format(self, record: logging.LogRecord) -> str:
        at = iso_utc(round(record.created * NS_PER_S))
        line: dict[str, Any] = {"at": at, "level": record.levelname, "logger": record.name}
        line["text"] = self._clean(record.getMessage())
        if record.exc_info:
            line["exception"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


PRIORITIES: Final = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}  # Of syslog: man sd-daemon(3).


class PlainLines(logging.Formatter):
    """For standard error. Under systemd each line begins with its priority, so that `journalctl -p` can choose."""

    def __init__(self, environment: Mapping[str, str], clean: Redactor | None = None) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._journal = "JOURNAL_STREAM" in environment
        self._clean = clean or redactor()

    def format(self, record: logging.LogRecord) -> str:
        text = self._clean(super().format(record))
        if not self._journal:
            return text
        priority = PRIORITIES.get(record.levelname, PRIORITIES["INFO"])
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def open_log_file(folder: Path) -> logging.Handler:
    """A handler for the root logger, opened now. Raises OSError where the folder takes no file."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / NAME, maxBytes=BYTES_MAX, backupCount=OLDER_MAX, encoding="utf-8")
    handler.setFormatter(JsonLines())
    return handler


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line as it was read; a line that is no JSON of ours has only its text."""

    at: str
    level: str
    logger: str
    text: str
    exception: str = ""

    def is_at_least(self, level: str) -> bool:
        """A line without a level is always shown: nobody knows how bad it is."""
        return self.level not in LEVELS or LEVELS.index(self.level) >= LEVELS.index(level)


def read_line(line: str) -> LogLine:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return LogLine("", "", "", line.rstrip("\n"))
    return LogLine(*(str(found.get(name, "")) for name in ("at", "level", "logger", "text", "exception")))


def newest(folder: Path, count: int, wanted: Callable[[str], bool] = bool) -> Iterator[str]:
    """The newest lines that are wanted, oldest first, over the file and its predecessors.

    Raises OSError: there is no log to read.
    """
    kept: list[str] = []
    with (folder / NAME).open(encoding="utf-8", errors="replace"):
        pass  # There is one, and it may be read.
    for path in (folder / NAME, *(folder / f"{NAME}.{number}" for number in range(1, OLDER_MAX + 1))):
        if len(kept) >= count or not path.exists():
            break
        with path.open(encoding="utf-8", errors="replace") as file:
            kept = [*deque(filter(wanted, file), count - len(kept)), *kept]
    yield from kept[-count:] if count else ()
