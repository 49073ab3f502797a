"""One copy in one file: a packed tar whose first entry says what the others must be.

manifest.json     format, when, till, epoch, rows and head of the journal, SHA-256 and size of each file
journal.sqlite    the journal, one file, no write-ahead log beside it
cache.sqlite      goods and code statuses; left out where there is none
agent.toml        the configuration: references to secrets, never a secret
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

FORMAT = 1
MANIFEST, JOURNAL, CACHE, CONFIGURATION = "manifest.json", "journal.sqlite", "cache.sqlite", "agent.toml"
KNOWN = (JOURNAL, CACHE, CONFIGURATION)
MANIFEST_BYTES_MAX = 65_536
CONFIGURATION_BYTES_MAX = 1024 * 1024
PACKING = 1  # Level of gzip: a till has better things to compute, and a journal shrinks to a fifth all the same.
CHUNK_BYTES = 1024 * 1024


class BadCopy(Exception):
    """The file is no whole copy of a till. The text names the place."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds. `head`: hash of the last row in hex; `files`: name -> SHA-256 in hex, size in bytes."""

    made_at: str
    agent_version: str
    till: str
    epoch: str
    rows: int
    head: str
    journal_schema: int
    files: Mapping[str, tuple[str, int]]


def pack(folder: Path, copied: Copied, target: Path) -> None:
    """Write the files of `folder` that `copied` names, whole and synced or not at all; only its owner may read it."""
    part = target.with_name(f".{target.name}.part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=PACKING) as archive:
                text = (json.dumps({"format": FORMAT, **asdict(copied)}, ensure_ascii=False) + "\n").encode()
                _add(archive, MANIFEST, io.BytesIO(text), len(text))
                for name, (_, size) in copied.files.items():
                    with (folder / name).open("rb") as source:
                        _add(archive, name, source, size)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _add(archive: tarfile.TarFile, name: str, source: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    archive.addfile(entry, source)


def check(archive: Path) -> Copied:
    """Read a copy to its end, each file against its checksum. Raises BadCopy."""
    return _read(archive, None)


def unpack(archive: Path, folder: Path) -> Copied:
    """The same, and write the files into `folder`. Raises BadCopy, OSError."""
    return _read(archive, folder)


def configuration_in(archive: Path) -> str | None:
    """The configuration of the copied till, not checked yet; None: the copy has none. Raises BadCopy, OSError."""
    try:
        with tarfile.open(archive, mode="r|gz") as opened:
            for entry in opened:
                if entry.name == CONFIGURATION and (source := opened.extractfile(entry)) is not None:
                    return source.read(CONFIGURATION_BYTES_MAX).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise BadCopy(f"{archive}: there is no such file") from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BadCopy(f"{archive}: no whole copy of a till: {error}") from error
    return None


def _read(path: Path, folder: Path | None) -> Copied:
    try:
        with tarfile.open(path, mode="r|gz") as archive:
            entries = iter(archive)
            copied = _manifest(archive, next(entries, None), path)
            seen: set[str] = set()
            for entry in entries:
                if entry.name in seen or entry.name not in copied.files or not entry.isreg():
                    raise BadCopy(f"{path}: {entry.name!r} does not belong there")
                seen.add(entry.name)
                _check(archive, entry, copied, path, folder)
    except FileNotFoundError as error:
        raise BadCopy(f"{path}: there is no such file") from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BadCopy(f"{path}: no whole copy of a till: {error}") from error
    missing = sorted(copied.files.keys() - seen)
    if missing:
        raise BadCopy(f"{path}: {missing[0]} is missing: the file is not whole")
    return copied


def _manifest(archive: tarfile.TarFile, entry: tarfile.TarInfo | None, path: Path) -> Copied:
    source = None if entry is None or entry.name != MANIFEST else archive.extractfile(entry)
    if source is None:
        raise BadCopy(f"{path}: it does not begin with {MANIFEST}: no copy of a till")
    data: dict[str, Any] = json.loads(source.read(MANIFEST_BYTES_MAX))
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        raise BadCopy(f"{path}: {MANIFEST}: format {FORMAT} is known here; a newer agent may read it")
    try:
        files = {name: (str(digest), int(size)) for name, (digest, size) in data.pop("files").items()}
        copied = Copied(**data, files=files)
    except (TypeError, KeyError, AttributeError) as error:
        raise BadCopy(f"{path}: {MANIFEST}: {error}") from error
    if JOURNAL not in files or not set(files) <= set(KNOWN):
        raise BadCopy(f"{path}: {MANIFEST}: files: {JOURNAL} and no others than {', '.join(KNOWN)} are wanted")
    return copied


def _check(archive: tarfile.TarFile, entry: tarfile.TarInfo, copied: Copied, path: Path, folder: Path | None) -> None:
    source = archive.extractfile(entry)
    assert source is not None  # noqa: S101 - a regular file
    digest, size = hashlib.sha256(), 0
    with open(os.devnull if folder is None else folder / entry.name, "wb") as target:  # noqa: PTH123
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
        if folder is not None:
            target.flush()
            os.fsync(target.fileno())
    if (digest.hexdigest(), size) != copied.files[entry.name]:
        raise BadCopy(f"{path}: {entry.name} is not what was copied: damaged, or changed since")


def facts_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hex, and size in bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def room_for(folder: Path, size_bytes: int) -> bool:
    return shutil.disk_usage(folder).free > size_bytes
