"""Puts a copy back: as this till's journal where it lacks nothing, else beside a journal that begins anew.

An older journal is never sold on. A till that lost rows begins a journal with another epoch, so that no key given to a
register comes twice, under another till name, so that headquarters takes its rows: docs/headquarters.md, alarms `fork`,
`epoch` and `behind`. The old rows stay readable in a file of their own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pos_agent.config import Config
from pos_agent.journal.database import JournalUnusable, held, settled
from pos_agent.journal.schema import SCHEMA_VERSION
from pos_agent.journal.verify import verify
from pos_agent.saving.archive import CACHE, CONFIGURATION, JOURNAL, BadCopy, Copied, unpack
from pos_agent.saving.standing import TEXTS, Obstacle, Seen, Standing, obstacle, standing_of

Asked = Callable[[str], Seen | None]  # Till name -> what headquarters holds; None: there is none. Raises Unanswered.

DANGER = (
    "Selling on it would use numbers a second time: sales get names that others already have on paper, and "
    "headquarters refuses their rows as a fork. With --force-older this copy becomes a file to read, and the till "
    "begins a new journal with a new epoch; before that give it a new till.name in agent.toml"
)


class Unanswered(Exception):
    """Headquarters is configured and does not say what it holds."""


class NotRestored(Exception):
    """Nothing was changed. `obstacle`: why, for programs; the text for people, with what to do."""

    def __init__(self, text: str, obstacle: Obstacle | None = None) -> None:
        super().__init__(text)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class Restored:
    """`as_journal` False: the till begins a new journal, and the copy's rows are in `journal` to be read."""

    copied: Copied
    as_journal: bool
    journal: Path
    kept: Path | None  # What was in the data folder before.
    configuration: Path | None  # Written, as there was none.


@dataclass(frozen=True, slots=True)
class Wish:
    """`force_older`: begin anew. `nothing_sold_since`: a person's word where no journal is left to show it."""

    force_older: bool = False
    nothing_sold_since: bool = False


def restore(
    archive: Path, config: Config, configuration: Path, wish: Wish, headquarters: Asked, moment: str
) -> Restored:
    """Raises BadCopy, NotRestored, Unanswered, AlreadyRunning, JournalUnusable, OSError.

    `moment`: names the folder for what was there before, such as 20261130T120000Z.
    """
    data = config.till.data
    data.mkdir(parents=True, exist_ok=True)
    with held(config.journal_path), tempfile.TemporaryDirectory(prefix=".restoring-", dir=data) as aside:
        _own_like(Path(f"{config.journal_path}.lock"), data)  # Perhaps made just now, and the agent must open it.
        copies = Path(aside)
        copied = unpack(archive, copies)
        copy = _sound(copies / JOURNAL, copied)
        present = _present(config.journal_path, wish)
        why = None
        if not wish.force_older:
            if copied.till != config.till.name:
                raise NotRestored(f"the copy is of till {copied.till!r}, the configuration says {config.till.name!r}")
            why = obstacle(copy, present, headquarters(copied.till), nothing_sold_since=wish.nothing_sold_since)
        if why is Obstacle.NO_WITNESS:
            raise NotRestored(f"{TEXTS[why]}; the copy is of {copied.made_at}, {copied.rows} rows", why)
        if why is not None:
            raise NotRestored(f"{TEXTS[why]}; the copy is of {copied.made_at}, {copied.rows} rows. {DANGER}", why)
        if wish.force_older:
            _check_new_name(config.till.name, copied.till, present)
        if present is not None:
            settled(config.journal_path)  # Looking at it has opened a log again.
        kept = _keep(config, data / f"before-restore-{moment}")
        target = config.journal_path
        if wish.force_older:
            target = data / f"journal-of-{copied.till}-{copied.epoch}-{copied.rows}.sqlite"
            _put(copies / JOURNAL, target, data)
            config.journal_path.unlink(missing_ok=True)
        else:
            _put(copies / JOURNAL, target, data)
        if (copies / CACHE).exists():
            _clear_beside(config.cache_path)
            _put(copies / CACHE, config.cache_path, data)
        written = None
        if (copies / CONFIGURATION).exists() and not configuration.exists():
            written = configuration
            configuration.parent.mkdir(parents=True, exist_ok=True)
            _put_elsewhere(copies / CONFIGURATION, configuration)
        _sync_folder(data)
    return Restored(copied, not wish.force_older, target, kept, written)


def _sound(journal: Path, copied: Copied) -> Standing:
    """The copy's journal, every row checked. Raises BadCopy, NotRestored."""
    if copied.journal_schema > SCHEMA_VERSION:
        raise NotRestored(f"the copy was made by agent {copied.agent_version}, which is newer: update this one first")
    verdict = verify(journal)
    standing = standing_of(journal)
    if not verdict.good or standing is None:
        raise BadCopy(f"the journal in the copy is damaged: {verdict.problem}")
    if (standing.till, standing.epoch, standing.rows, standing.head.hex()) != (
        copied.till,
        copied.epoch,
        copied.rows,
        copied.head,
    ):
        raise BadCopy("the journal in the copy is not the one that its manifest names")
    return standing


def _present(path: Path, wish: Wish) -> Standing | None:
    """The journal that is there. One that cannot be read is no witness: a person must decide."""
    try:
        settled(path)
        return standing_of(path)
    except JournalUnusable as error:
        if wish.force_older:
            return None
        raise NotRestored(
            f"the journal that is here cannot be read ({error}), so nothing shows what it holds. Copy the data "
            "folder away; then --force-older begins anew under a new till.name, with the copy's rows to be read"
        ) from error


def _check_new_name(name: str, copied: str, present: Standing | None) -> None:
    if name in {copied, present.till if present is not None else copied}:
        raise NotRestored(
            f"till.name is still {name!r}: first give the till a name that no till ever had, in agent.toml and at "
            "headquarters. Under the old one headquarters would refuse the new journal (alarm `epoch`)"
        )


def _keep(config: Config, folder: Path) -> Path | None:
    """What is there now stays under another name: a second link where possible, so that nothing is ever missing."""
    found = [path for path in (config.journal_path, config.cache_path) if path.exists()]
    beside = _beside(config.journal_path)
    found += [path for path in (*beside, *_beside(config.cache_path)) if path.exists()]
    if not found:
        return None
    folder.mkdir()
    for path in found:
        try:
            os.link(path, folder / path.name)
        except OSError:
            shutil.copy2(path, folder / path.name)
    _own_like(folder, folder.parent)
    _sync_folder(folder)
    for path in beside:  # Of a journal that could not be read: its log must not be taken for the new one's.
        path.unlink(missing_ok=True)
    return folder


def _put(source: Path, target: Path, owner: Path) -> None:
    """In one step, so that the old journal or the new one is there, never none: an agent would begin a new one."""
    source.chmod(0o640)
    _own_like(source, owner)
    source.replace(target)
    _sync_folder(target.parent)


def _put_elsewhere(source: Path, target: Path) -> None:
    """The same into a folder that may lie on another disk: whole and synced, or not there."""
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(target)
    _sync_folder(target.parent)


def _beside(path: Path) -> list[Path]:
    """What SQLite may have left beside a database."""
    return [Path(f"{path}{end}") for end in ("-wal", "-shm")]


def _clear_beside(path: Path) -> None:
    for left in _beside(path):
        left.unlink(missing_ok=True)


def _own_like(path: Path, model: Path) -> None:
    """Restored by root, used by the agent's own user."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        found = model.stat()
        os.chown(path, found.st_uid, found.st_gid)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
