"""The embedded PostgreSQL: started, shared, killed and found again, refused with a text."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.hq.embedded import EmbeddedPostgres, EmbeddedUnfit
from sync.hq.engine import open_engine


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Not pytest's folder: that one is closed to the user PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="hq-embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def asked(url: str, question: str) -> object:
    engine = open_engine(url)
    try:
        with engine.begin() as db:
            found = db.execute(text(question))
            return found.scalar_one() if question.startswith("SELECT") else None
    finally:
        engine.dispose()


def test_it_starts_keeps_what_it_is_given_and_stops(home: Path) -> None:
    with EmbeddedPostgres(home / "one") as server:
        asked(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
    assert not (home / "one" / "data" / "postmaster.pid").exists()
    with EmbeddedPostgres(home / "one") as server:
        assert asked(server.url, "SELECT n FROM kept") == 7


def test_it_never_listens_on_the_network(home: Path) -> None:
    with EmbeddedPostgres(home / "one") as server:
        assert asked(server.url, "SELECT current_setting('listen_addresses')") == ""
    assert stat.S_IMODE((home / "one" / "socket").stat().st_mode) == 0o700


def test_two_use_it_and_the_last_one_stops_it(home: Path) -> None:
    first, second = EmbeddedPostgres(home / "one"), EmbeddedPostgres(home / "one")
    first.start()
    second.start()
    first.stop()
    assert asked(second.url, "SELECT 1") == 1
    second.stop()
    assert not (home / "one" / "data" / "postmaster.pid").exists()


def test_a_holder_that_is_killed_does_not_keep_it_running(home: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from sync.hq.embedded import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).start(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(home / "one")], check=False)
    assert done.returncode == -signal.SIGKILL
    with EmbeddedPostgres(home / "one") as server:
        assert asked(server.url, "SELECT 1") == 1
    assert not (home / "one" / "data" / "postmaster.pid").exists()


def test_a_server_that_was_killed_recovers(home: Path) -> None:
    server = EmbeddedPostgres(home / "one")
    server.start()
    asked(server.url, "CREATE TABLE IF NOT EXISTS after_kill AS SELECT 8 AS n")
    number = int((home / "one" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    os.kill(number, signal.SIGKILL)
    server.start()
    assert asked(server.url, "SELECT n FROM after_kill") == 8
    server.stop()


def test_a_lock_file_with_the_number_of_another_program_is_no_hindrance(home: Path) -> None:
    with EmbeddedPostgres(home / "one"):
        kept = (home / "one" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    kept[0] = str(os.getpid())  # As after a restart of a container, where numbers are small and come again.
    left = home / "one" / "data" / "postmaster.pid"
    left.write_text("\n".join(kept) + "\n", encoding="utf-8")
    owner = left.parent.stat()
    os.chown(left, owner.st_uid, owner.st_gid)
    with EmbeddedPostgres(home / "one") as server:
        assert asked(server.url, "SELECT 1") == 1


def test_a_long_path_gets_its_socket_elsewhere(home: Path) -> None:
    folder = home / ("long-" * 20) / "pg"
    with EmbeddedPostgres(folder) as server:
        assert "/long-" not in server.url
        assert asked(server.url, "SELECT 1") == 1
        elsewhere = Path(server.url.partition("host=")[2])
    assert not elsewhere.exists()


def test_data_of_another_version_is_refused(home: Path) -> None:
    with EmbeddedPostgres(home / "old"):
        pass
    version = home / "old" / "data" / "PG_VERSION"
    version.write_text("15\n", encoding="ascii")
    with pytest.raises(EmbeddedUnfit, match="made by PostgreSQL 15"):
        EmbeddedPostgres(home / "old").start()


def test_root_in_a_closed_folder_is_told_what_to_do(home: Path) -> None:
    """As an ordinary user the folder is one's own and nothing stands in the way."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "pg")
    if pwd.getpwuid(os.geteuid()).pw_name == "root":
        with pytest.raises(EmbeddedUnfit, match=r"may not enter .*closed: start pos-hq as an ordinary user"):
            server.start()
        assert list(closed.iterdir()) == []
    else:
        server.start()
        server.stop()
