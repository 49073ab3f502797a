"""Unpacks wheels into one folder, each file checked against the wheel's own RECORD. Standard library only.

pip would do it too, but a till without network has none (Debian keeps it out of python3), and a package must come out
the same each time. Commands and headers of other projects are left out.

Source: packaging.python.org, "Binary distribution format" and "Recording installed projects".
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path, PurePosixPath

FILE_BYTES_MAX = 256 * 1024 * 1024  # Of one file inside; the largest today has 60 MB.
NAME = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(-\d[^-]*)?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")
LEFT_OUT = frozenset({"scripts", "headers", "data"})  # Of a wheel's .data folder: commands and pages of others.


class BadWheel(ValueError):
    """The file is no wheel for this place, or not whole. The text names it and says why."""


@dataclass(frozen=True, slots=True)
class WheelName:
    """What a wheel's file name says. `pythons`, `abis` and `platforms`: any of each will do."""

    name: str
    version: str
    pythons: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]

    @classmethod
    def of(cls, file: str) -> WheelName:
        """Raises BadWheel."""
        found = NAME.fullmatch(file)
        if found is None:
            raise BadWheel(f"{file}: no name of a wheel")
        tags = (tuple(found[part].split(".")) for part in ("python", "abi", "platform"))
        return cls(re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"], *tags)

    @property
    def glibc(self) -> tuple[int, int] | None:
        """The oldest C library it runs with; None: any."""
        return min(((int(a), int(b)) for a, b, _ in self._glibc_tags()), default=None)

    @property
    def machine(self) -> str | None:
        """The processor it was built for; None: any."""
        return next((machine for _, _, machine in self._glibc_tags()), None)

    def _glibc_tags(self) -> Iterator[tuple[str, str, str]]:
        for tag in self.platforms:
            if (found := GLIBC.fullmatch(tag)) is not None:
                yield found[1], found[2], found[3]


def check_python(wheels: Iterable[Path], version: tuple[int, int]) -> None:
    """Whether Python `version` can load every wheel. Raises BadWheel naming the first that it cannot."""
    major, minor = version
    exact = {f"cp{major}{minor}", f"py{major}{minor}", f"py{major}"}
    older = {f"cp{major}{earlier}" for earlier in range(minor)}  # Good enough for the stable ABI.
    for path in wheels:
        wheel = WheelName.of(path.name)
        loads = exact | older if "abi3" in wheel.abis else exact
        if not loads & set(wheel.pythons):
            raise BadWheel(f"{path.name}: not for Python {major}.{minor}")


def unpack(wheel: Path, site: Path, like: Path | None = None) -> None:
    """Put the files of a wheel below `site`. Raises BadWheel; what was written by then is the caller's to remove.

    `like`: the site of another version. A file that is the same there is linked, with its byte code: an update that
    changes our own code alone takes a tenth of the room and the time.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            recorded = _record(archive, wheel.name)
            for entry in sorted(archive.infolist(), key=lambda entry: entry.filename):
                if not entry.is_dir():
                    _place(archive, entry, recorded, wheel.name, (site, like))
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise BadWheel(f"{wheel.name}: damaged: {error}") from error


def _record(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    """Path -> "sha256=..." of every file; those that hold no hash (RECORD itself) are empty."""
    found = [entry for entry in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", entry)]
    if len(found) != 1:
        raise BadWheel(f"{name}: it has {len(found)} files RECORD")
    rows = csv.reader(io.StringIO(archive.read(found[0]).decode("utf-8")))
    return {row[0]: row[1] for row in rows if len(row) >= 2}


def _place(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    recorded: dict[str, str],
    name: str,
    sites: tuple[Path, Path | None],
) -> None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
        raise BadWheel(f"{name}: {entry.filename!r} leads out of its folder")
    if entry.file_size > FILE_BYTES_MAX:
        raise BadWheel(f"{name}: {entry.filename}: more than {FILE_BYTES_MAX} bytes")
    content = archive.read(entry)
    own = path.name in ("RECORD", "RECORD.jws", "RECORD.p7s") and path.parent.name.endswith(".dist-info")
    if not own and recorded.get(entry.filename) != _recorded_form(content):
        raise BadWheel(f"{name}: {entry.filename} is not what its RECORD says")
    target = _target(path)
    if target is None:
        return
    site, like = sites
    place = site / target
    if place.exists():
        raise BadWheel(f"{name}: {target} is there already: two wheels hold the same file")
    place.parent.mkdir(parents=True, exist_ok=True)
    if like is None or not _linked(like / target, place, content):
        place.write_bytes(content)
        place.chmod(0o644)


def _linked(old: Path, new: Path, content: bytes) -> bool:
    """Whether `new` could be made another name of `old`, which holds the same."""
    try:
        if old.read_bytes() != content:
            return False
        os.link(old, new)
        if new.suffix == ".py":
            compiled, its_own = (Path(cache_from_source(str(path))) for path in (old, new))
            if compiled.exists():
                its_own.parent.mkdir(exist_ok=True)
                os.link(compiled, its_own)
    except OSError:  # Not there, or a file system without links: it is written, and compiled later.
        return new.exists()
    return True


def _recorded_form(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"


def _target(path: PurePosixPath) -> PurePosixPath | None:
    """Where a file of a wheel belongs; None: nowhere here."""
    if not path.parts[0].endswith(".data"):
        return path
    kind, *rest = path.parts[1:]
    return None if kind in LEFT_OUT else PurePosixPath(*rest)


def running_python() -> tuple[int, int]:
    return sys.version_info[0], sys.version_info[1]
