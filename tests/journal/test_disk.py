"""A disk that is full, and a disk that fails: real errors of SQLite and of the system, none of them imitated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pos_agent.journal.ballast import Ballast
from pos_agent.journal.database import DiskFull, JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.verify import verify

Open = Callable[..., Journal]
BIG = Event("scan_judged", {"data": "x" * 100_000})  # Two dozen pages.
SMALL = Event("scan_judged", {"data": "x"})


class Disk:
    """How far the journal's file may grow: SQLite's own SQLITE_FULL, without filling anybody's disk."""

    def __init__(self, journal: Journal) -> None:
        self._db = journal.database.connection

    def leave(self, pages: int) -> None:
        used = self._db.execute("PRAGMA page_count").fetchone()[0]
        self._db.execute(f"PRAGMA max_page_count={used + pages}")


class Reserve(Ballast):
    """A ballast whose giving up makes room on that disk, and which finds none to come back until told."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.disk: Disk | None = None
        self.there = True
        self.room = False
        self.released = 0

    def fill(self) -> bool:
        self.there = self.there or self.room
        return self.there

    def release(self) -> bool:
        if not self.there:
            return False
        assert self.disk is not None
        self.disk.leave(60)
        self.there = False
        self.released += 1
        return True


def test_a_full_disk_keeps_nothing_of_the_append_and_the_next_one_works_when_there_is_room(open_journal: Open) -> None:
    journal = open_journal()
    disk, head = Disk(journal), journal.head()
    disk.leave(3)
    for _ in range(3):
        with pytest.raises(DiskFull, match="nothing was sent"):
            journal.append(SMALL, BIG)
        assert journal.head() == head
        assert journal.rows_after(1, 10) == ()
        assert not journal.is_broken
    journal.append(SMALL)  # A little one still finds a place.
    disk.leave(1_000)
    rows = journal.append(SMALL, BIG)
    assert [row.number for row in rows] == [3, 4]
    assert verify(journal.database.path).good


def test_a_full_disk_stays_survivable_over_a_restart(open_journal: Open) -> None:
    journal = open_journal()
    Disk(journal).leave(2)
    with pytest.raises(DiskFull):
        journal.append(BIG)
    journal.close()
    again = open_journal()
    again.append(BIG)
    assert verify(again.database.path).good


def test_an_outcome_takes_the_reserve_and_anything_new_leaves_it_alone(open_journal: Open) -> None:
    reserve = Reserve()
    journal = open_journal(ballast=reserve)
    reserve.disk = Disk(journal)
    reserve.disk.leave(3)
    with pytest.raises(DiskFull):
        journal.append(BIG)
    assert reserve.released == 0
    (row,) = journal.append(BIG, last_space=True)
    assert (row.number, reserve.released) == (2, 1)


def test_once_the_reserve_is_in_use_only_outcomes_are_written_until_it_is_back(open_journal: Open) -> None:
    reserve = Reserve()
    journal = open_journal(ballast=reserve)
    reserve.disk = Disk(journal)
    reserve.disk.leave(3)
    journal.append(BIG, last_space=True)
    with pytest.raises(DiskFull, match="the reserve is in use"):
        journal.append(SMALL)  # It would fit, but into the space that the next outcome may need.
    journal.append(SMALL, last_space=True)
    reserve.room = True
    journal.append(SMALL)
    assert reserve.there
    assert not journal.is_broken


def test_a_reserve_that_is_not_enough_still_keeps_nothing_half(open_journal: Open) -> None:
    reserve = Reserve()
    journal = open_journal(ballast=reserve)
    reserve.disk = Disk(journal)
    reserve.disk.leave(3)
    head = journal.head()
    with pytest.raises(DiskFull):
        journal.append(BIG, BIG, BIG, last_space=True)
    assert (journal.head(), reserve.released, journal.is_broken) == (head, 1, False)
    with pytest.raises(DiskFull):  # Nothing is left to give up.
        journal.append(BIG, BIG, BIG, last_space=True)
    assert reserve.released == 1


def test_a_disk_that_fails_while_the_reserve_is_given_up_is_final_too(open_journal: Open) -> None:
    class Dying(Reserve):
        def release(self) -> bool:
            journal.database.path.rename(journal.database.path.with_name("gone"))
            return super().release()

    reserve = Dying()
    journal = open_journal(ballast=reserve)
    reserve.disk = Disk(journal)
    reserve.disk.leave(3)
    with pytest.raises(JournalUnusable, match="moved or replaced"):
        journal.append(BIG, last_space=True)
    assert journal.is_broken
    with pytest.raises(JournalUnusable, match="moved or replaced"):
        journal.append(SMALL, last_space=True)


def test_the_ballast_is_real_bytes_given_up_once_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "ballast"
    ballast = Ballast(path, size_bytes=300_000)
    assert ballast.fill()
    assert path.stat().st_size == 300_000
    blocks = getattr(path.stat(), "st_blocks", None)  # Windows does not tell.
    assert blocks is None or blocks * 512 >= 300_000
    assert ballast.release()
    assert not path.exists()
    assert not ballast.release()
    assert ballast.fill()
    assert ballast.fill()  # Once is enough.
    path.write_bytes(b"cut short")
    assert ballast.fill()
    assert path.stat().st_size == 300_000


def test_a_ballast_without_a_place_says_so_and_leaves_no_half(tmp_path: Path) -> None:
    assert not Ballast(tmp_path / "no such folder" / "ballast").fill()
    assert list(tmp_path.iterdir()) == []


# A limit on the size of files makes the system refuse the write in the middle of a commit: SQLITE_IOERR, as from a
# failing disk. It holds for a whole process, so one is started for it.
FAILING = """
import json, resource, signal, sys
from pathlib import Path
from pos_agent.journal.ballast import Ballast
from pos_agent.journal.database import DiskFull, JournalUnusable
from pos_agent.journal.journal import Event, Journal

folder = Path(sys.argv[1])
ballast = Ballast(folder / "ballast", size_bytes=50_000)
journal = Journal(
    folder / "journal.sqlite", till_name="till-1", now=lambda: 5, new_epoch=lambda: "k3x9aw", ballast=ballast
)
ballast.fill()
journal.append(Event("scan_judged", {"n": 1}))
head = journal.head()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
written = (folder / "journal.sqlite-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (written + 10_000, resource.RLIM_INFINITY))
said = []
for attempt in range(3):
    if attempt == 1:  # The disk works again: too late to know what it kept.
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        journal.append(Event("scan_judged", {"data": "x" * 100_000}), last_space=sys.argv[2] == "outcome")
        said.append("written")
    except DiskFull:
        said.append("full")
    except JournalUnusable as error:
        said.append(str(error))
facts = {"said": said, "same_head": journal.head() == head, "broken": journal.is_broken,
         "readable": len(journal.rows_after(0, 10)), "ballast": (folder / "ballast").exists()}
journal.close()
print(json.dumps(facts))
"""


@pytest.mark.parametrize("what", ["outcome", "something new"])
def test_a_failed_write_is_final_until_a_restart_reads_what_is_really_there(
    tmp_path: Path, open_journal: Open, what: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING, str(tmp_path), what], check=True, capture_output=True, text=True, timeout=60
    )
    facts: dict[str, Any] = json.loads(done.stdout)
    assert "IOERR" in facts["said"][0]
    assert facts["said"] == [facts["said"][0]] * 3  # Every later append is told the same.
    assert (facts["same_head"], facts["broken"], facts["readable"]) == (True, True, 2)
    assert facts["ballast"]  # It helps against a full disk, not against a failing one.
    again = open_journal()
    assert again.head()[0] in (2, 3)  # A failed write says nothing about what the disk has.
    assert verify(again.database.path).good
    again.append(SMALL)
    assert not again.is_broken


def test_a_file_that_turns_unreadable_under_a_running_agent_is_told_as_such(open_journal: Open) -> None:
    journal = open_journal()
    for number in range(300):
        journal.append(Event("scan_judged", {"n": number, "data": "x" * 2_000}))
    path = journal.database.path
    journal.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.database.connection.execute("PRAGMA shrink_memory")
    whole = path.read_bytes()
    with path.open("r+b") as file:  # What a dying disk gives back.
        file.seek(4_096)
        file.write(b"\xff" * (len(whole) - 4_096))
    with pytest.raises(JournalUnusable, match="journal verify"):
        journal.rows_after(0, 1_000)
    with pytest.raises(JournalUnusable, match="journal verify"):
        journal.append(SMALL)
    assert journal.is_broken
    with path.open("r+b") as file:
        file.write(whole)
