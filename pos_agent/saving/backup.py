"""A copy of a running till: SQLite's own copying of a snapshot, checked row by row, packed, and read back once."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3

from pos_agent import __version__
from pos_agent.clock import NS_PER_S
from pos_agent.config import Config
from pos_agent.journal.database import UNREADABLE, JournalUnusable, reading, schema_of
from pos_agent.journal.verify import verify
from pos_agent.saving.archive import CACHE, CONFIGURATION, JOURNAL, BadCopy, Copied, check, facts_of, pack, room_for
from pos_agent.saving.standing import standing_of


class NotSaved(Exception):
    """No copy was made. The text says why, and what to do."""


def back_up(config: Config, configuration: Path | None, folder: Path, now_ns: int) -> tuple[Path, Copied]:
    """Make a copy below `folder`, also while the agent sells. Raises NotSaved, JournalUnusable, OSError."""
    journal = config.journal_path
    folder.mkdir(parents=True, exist_ok=True)
    # Beside the copy and not in /tmp, which may be memory; the packed file comes on top.
    needed = 2 * sum(path.stat().st_size for path in (journal, config.cache_path) if path.exists())
    if not room_for(folder, needed):
        raise NotSaved(f"{folder}: {needed} bytes free are wanted: name another folder with --to")
    with tempfile.TemporaryDirectory(prefix=".pos-agent-copy-", dir=folder) as aside:
        copies = Path(aside)
        with reading(journal) as db:
            copy_database(db, copies / JOURNAL)
        if config.cache_path.exists():
            _copy_cache(config.cache_path, copies / CACHE)
        if configuration is not None and configuration.exists():
            shutil.copyfile(configuration, copies / CONFIGURATION)
        copied = _described(copies, now_ns)
        moment = dt.datetime.fromtimestamp(now_ns // NS_PER_S, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        target = folder / f"pos-agent-{copied.till}-{moment}-{copied.rows}.tar.gz"
        pack(copies, copied, target)
    try:
        check(target)
    except BadCopy as error:
        target.unlink(missing_ok=True)
        raise NotSaved(f"what was written is not what is read back ({error}): try another disk with --to") from error
    return target, copied


def _copy_cache(path: Path, target: Path) -> None:
    try:
        with closing(pysqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as cache:
            copy_database(cache, target)
    except UNREADABLE as error:
        raise NotSaved(
            f"{path} cannot be copied: {error}. Where it is damaged, stop the agent, move it away, import goods and "
            "statuses again, and make the copy then"
        ) from error


def copy_database(source: Any, target: Path) -> None:
    """One consistent copy of a database, as one file: all pages in one step hold one snapshot, and no writer waits.

    Source: sqlite.org/backup.html; sqlite.org/wal.html (a copy carries the WAL mode, which wants two more files).
    """
    with closing(pysqlite3.connect(str(target), isolation_level=None)) as copy:
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")


def _described(copies: Path, now_ns: int) -> Copied:
    verdict = verify(copies / JOURNAL)
    if not verdict.good:
        raise NotSaved(
            f"the journal is damaged: {verdict.problem}. Stop selling on this till, copy the whole data folder "
            "by hand, and call support"
        )
    standing = standing_of(copies / JOURNAL)
    if standing is None or standing.head.hex() != verdict.head:
        raise JournalUnusable(f"{copies / JOURNAL} changed while it was looked at: try again")
    files: Mapping[str, tuple[str, int]] = {path.name: facts_of(path) for path in sorted(copies.iterdir())}
    moment = dt.datetime.fromtimestamp(now_ns // NS_PER_S, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    schema = schema_of(copies / JOURNAL)
    return Copied(moment, __version__, standing.till, standing.epoch, standing.rows, verdict.head, schema, dict(files))
