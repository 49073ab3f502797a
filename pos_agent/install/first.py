"""The first installation from a bundle's folder: the machine has Python and nothing of ours. Standard library only.

    python3 -I -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); from pos_agent.install.first import main; main()' \\
        wheels/pos_agent-0.1.0-py3-none-any.whl FOLDER ROOT

Whom to trust is the installer's business here (docs/store-it.md: compare the checksum); updates after it are signed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pos_agent.install.manifest import MANIFEST, BadBundle, Manifest, check_files
from pos_agent.install.releases import Releases


def install(folder: Path, root: Path, interpreter: Path) -> str:
    """Make the release and let it be the current one; returns its version. Raises BadBundle, OSError."""
    manifest = Manifest.from_json((folder / MANIFEST).read_bytes())
    check_files(folder, manifest)
    releases = Releases(root)
    if not releases.release(manifest.version).exists():
        releases.add(folder, manifest, interpreter)
    releases.switch(manifest.version)
    return manifest.version


def main() -> None:
    """Exit 0 with the version on standard output, 2 with what is wrong on standard error."""
    folder, root = map(Path, sys.argv[1:3])
    try:
        version = install(folder, root, Path(sys.executable))
    except BadBundle as error:
        sys.exit(_failed(f"{error}; nothing was installed"))
    except OSError as error:
        sys.exit(
            _failed(f"{error.filename or root}: {error.strerror}; run it as root, and free the disk if it is full")
        )
    sys.stdout.write(f"{version}\n")


def _failed(text: str) -> int:
    sys.stderr.write(f"install: {text}\n")
    return 2
