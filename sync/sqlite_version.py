"""Which versions of SQLite can lose what they have acknowledged. Pure.

Source: sqlite.org/wal.html, "The WAL-Reset Bug": with two connections a checkpoint can lose a committed transaction.
It came with 3.7.0, is gone since 3.51.3, and its repair was taken over into two older branches.
"""

from __future__ import annotations

FIXED_BRANCHES = ((3, 44, 6), (3, 50, 7))
FIXED_SINCE = (3, 51, 3)


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """Whether a database in WAL mode is unsafe with this version. One older than WAL itself counts as unsafe too."""
    backported = any(version[:2] == fixed[:2] and version >= fixed for fixed in FIXED_BRANCHES)
    return not backported and version < FIXED_SINCE
