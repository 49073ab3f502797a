"""What a bundle holds and whom it fits: manifest.json, the one file that is signed. Standard library only.

{"format": 1, "version": "0.2.0", "made_at": "2026-11-30T12:00:00Z", "system": "linux", "machine": "x86_64",
 "python": "3.11", "journal_schema": 1, "files": {"wheels/click-8.5.1-py3-none-any.whl": "<SHA-256 in hex>", ...}}
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

FORMAT = 1
MANIFEST, SIGNATURE, WHEELS = "manifest.json", "manifest.sig", "wheels"
CHUNK_BYTES = 1024 * 1024
FILES_MAX = 1_000
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){1,3}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class BadBundle(ValueError):
    """A bundle that is not to be installed. `place`: the file or key it is about; the text says why."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place


@dataclass(frozen=True, slots=True)
class Platform:
    """The machine a release fits. `python`: the minor version its machine code was made for."""

    system: str
    machine: str
    python: str

    @classmethod
    def here(cls) -> Platform:
        return cls(sys.platform, platform.machine(), f"{sys.version_info[0]}.{sys.version_info[1]}")

    def __str__(self) -> str:
        return f"{self.system} {self.machine}, Python {self.python}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`journal_schema`: the newest form of the journal this version reads, and the one it writes."""

    version: str
    platform: Platform
    journal_schema: int
    made_at: str
    files: Mapping[str, str] = field(default_factory=dict)  # Path in the bundle -> SHA-256 in hex.

    def to_json(self) -> bytes:
        data = {
            "format": FORMAT,
            "version": self.version,
            "made_at": self.made_at,
            "system": self.platform.system,
            "machine": self.platform.machine,
            "python": self.platform.python,
            "journal_schema": self.journal_schema,
            "files": dict(sorted(self.files.items())),
        }
        return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Raises BadBundle."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise BadBundle(MANIFEST, "it is not JSON") from None
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise BadBundle(f"{MANIFEST}: format", f"{FORMAT} is known here; a newer agent may read it")
        files = data.get("files")
        if not isinstance(files, dict) or not 0 < len(files) <= FILES_MAX:
            raise BadBundle(f"{MANIFEST}: files", f"1 to {FILES_MAX} files with their SHA-256 must be named")
        for path, digest in files.items():
            _check_file(path, digest)
        schema = data.get("journal_schema")
        if type(schema) is not int or schema < 1:
            raise BadBundle(f"{MANIFEST}: journal_schema", "a number from 1 on is wanted")
        fits = Platform(_text(data, "system"), _text(data, "machine"), _text(data, "python"))
        version = _text(data, "version")
        numbers(version)
        return cls(version, fits, schema, _text(data, "made_at"), files)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 100 or not value.isprintable():
        raise BadBundle(f"{MANIFEST}: {name}", "a short text is wanted")
    return value


def _check_file(path: str, digest: object) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or not path.isprintable():
        raise BadBundle(f"{MANIFEST}: files", f"{path!r} leads out of the bundle")
    if path in (MANIFEST, SIGNATURE) or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise BadBundle(f"{MANIFEST}: files: {path}", "64 hexadecimal digits of SHA-256 are wanted")


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, so that 0.10 comes after 0.9. Raises BadBundle."""
    if not _VERSION.fullmatch(version):
        raise BadBundle("version", f"{version!r}: numbers with dots between are wanted, such as 0.2.0")
    return tuple(int(part) for part in version.split("."))


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests_below(folder: Path) -> dict[str, str]:
    """Every file below a folder by its path there, but for manifest and signature."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = ((path.relative_to(folder).as_posix(), path) for path in files)
    return {name: digest_of(path) for name, path in named if name not in (MANIFEST, SIGNATURE)}


def check_files(folder: Path, manifest: Manifest) -> None:
    """Every file is there, none is too many, each is what the manifest says. Raises BadBundle naming the first."""
    found = digests_below(folder)
    for path in sorted(found.keys() | manifest.files.keys()):
        if path not in found:
            raise BadBundle(path, "the manifest names it, and it is missing")
        if path not in manifest.files:
            raise BadBundle(path, "the manifest does not name it")
        if found[path] != manifest.files[path]:
            raise BadBundle(path, "its content is not what the manifest says: damaged, or changed by somebody")
