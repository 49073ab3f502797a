"""How much the cache holds and how old it is, for a page that asks every few seconds: counting reads the whole file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pos_agent.cache.store import Cache, Counts
from pos_agent.clock import NS_PER_S

RECOUNT_S = 30.0  # At most this often while scans keep writing the registry's answers.


class CacheLook:
    """Counts again only when the file has changed."""

    def __init__(self, cache: Cache, now: Callable[[], int], monotonic: Callable[[], float]) -> None:
        self._cache = cache
        self._now = now
        self._monotonic = monotonic
        self._kept: tuple[float, tuple[int, ...], Counts] | None = None

    def facts(self) -> dict[str, Any]:
        """Numbers of goods and codes, and seconds since the newest of each. Raises CacheError."""
        counts = self._counts()
        return {
            "products": counts.products,
            "codes": counts.statuses,
            "products_age_s": self._age_s(counts.products_newest_ns),
            "codes_age_s": self._age_s(counts.statuses_newest_ns),
        }

    def _counts(self) -> Counts:
        at, stamp = self._monotonic(), self._stamp()
        if self._kept is not None and (stamp == self._kept[1] or at - self._kept[0] < RECOUNT_S):
            return self._kept[2]
        counts = self._cache.counts()
        self._kept = (at, stamp, counts)
        return counts

    def _stamp(self) -> tuple[int, ...]:
        """What differs when somebody has written: times and sizes of the database and of its log."""
        paths = (self._cache.path, Path(f"{self._cache.path}-wal"))
        found = [path.stat() for path in paths if path.exists()]
        return tuple(number for stat in found for number in (stat.st_mtime_ns, stat.st_size))

    def _age_s(self, at_ns: int | None) -> int | None:
        return None if at_ns is None else max(0, self._now() - at_ns) // NS_PER_S
