"""A signed bundle: a tar with the wheels of one version, a manifest with the SHA-256 of each file, and its signature.

    pos-agent-0.2.0/manifest.json    what is in it and whom it fits: pos_agent/install/manifest.py
    pos-agent-0.2.0/manifest.sig     Base64 of 64 bytes: Ed25519 over PURPOSE and the bytes of manifest.json
    pos-agent-0.2.0/wheels/*.whl
    pos-agent-0.2.0/...              for the first installation: deploy/wheelhouse

Nothing of it is used before the signature and every file were checked. Source: RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import io
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pos_agent.install.manifest import FILES_MAX, MANIFEST, SIGNATURE, BadBundle, Manifest, check_files
from sync.signing import KeyInvalid, Signer, read_public

PURPOSE = b"pos-agent/bundle/1\n"  # A signature for this is good for nothing else, and none of something else for this.
BUNDLE_BYTES_MAX = 2 * 1024**3
KEY_NAME = "update.pub"  # Beside the configuration.


def signature_of(manifest: bytes, signer: Signer) -> bytes:
    return base64.b64encode(signer.sign(PURPOSE + manifest)) + b"\n"


def check_signature(manifest: bytes, signature: bytes, public: bytes) -> None:
    """Raises BadBundle. `public`: 32 raw bytes."""
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(raw, PURPOSE + manifest)
    except (InvalidSignature, binascii.Error, ValueError):
        raise BadBundle(SIGNATURE, "not signed with the key that this till trusts, or changed since") from None


def pinned_key(path: Path) -> bytes:
    """The key bundles must be signed with: one line `ed25519:...`. Raises BadBundle."""
    try:
        return read_public(path.read_text(encoding="utf-8-sig").strip())
    except OSError as error:
        raise BadBundle(
            str(path), f"{error.strerror}; put the line there that `deploy/bundle --public` printed for your publisher"
        ) from error
    except (KeyInvalid, UnicodeDecodeError):
        raise BadBundle(
            str(path), "no public key: one line with ed25519: and 64 hexadecimal digits is wanted"
        ) from None


def unpack(bundle: Path, folder: Path) -> None:
    """Write the files of a bundle below an empty folder, without its first path component. Raises BadBundle, OSError.

    Regular files and folders alone, none outside, within the limits: the bundle is not trusted yet.
    """
    count = size = 0
    try:
        with tarfile.open(bundle, mode="r|*") as archive:
            for entry in archive:
                count, size = count + 1, size + entry.size
                if count > 2 * FILES_MAX or size > BUNDLE_BYTES_MAX:
                    raise BadBundle(bundle.name, f"more than {2 * FILES_MAX} entries or {BUNDLE_BYTES_MAX} bytes")
                _write(archive, entry, folder)
    except (tarfile.TarError, EOFError) as error:
        raise BadBundle(bundle.name, f"no whole tar archive: {error}") from error
    if not count:
        raise BadBundle(bundle.name, "it is empty")


def _write(archive: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    path = PurePosixPath(entry.name)
    if path.is_absolute() or ".." in path.parts or not (entry.isreg() or entry.isdir()):
        raise BadBundle(entry.name, "neither a file nor a folder inside the bundle")
    source = archive.extractfile(entry)
    inside = PurePosixPath(*path.parts[1:])
    if source is None or not inside.parts:
        return
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("xb") as file:
        shutil.copyfileobj(source, file)


def trusted(folder: Path, public: bytes) -> Manifest:
    """The manifest of an unpacked bundle, once signature and files were found good. Raises BadBundle."""
    manifest = _read(folder, MANIFEST)
    check_signature(manifest, _read(folder, SIGNATURE), public)
    found = Manifest.from_json(manifest)
    check_files(folder, found)
    return found


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise BadBundle(name, "it is missing: this is no signed bundle (deploy/bundle makes one)") from None


def pack(folder: Path, target: Path, name: str, made_s: int) -> None:
    """Write every file below `folder` into a tar, below `name/`: the same bytes for the same files and time."""
    with tarfile.open(target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_dir():
                continue
            entry = tarfile.TarInfo(f"{name}/{path.relative_to(folder).as_posix()}")
            content = path.read_bytes()
            entry.size, entry.mtime = len(content), made_s
            entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            archive.addfile(entry, io.BytesIO(content))
