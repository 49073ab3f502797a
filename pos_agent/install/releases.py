"""Versions side by side, and the one that runs: two links, each replaced in one step.

ROOT/releases/0.1.0/       one whole agent with its manifest.json (pos_agent/install/tree.py)
ROOT/current -> releases/0.2.0
ROOT/previous -> releases/0.1.0     what `rollback` goes back to
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pos_agent.install.manifest import MANIFEST, WHEELS, BadBundle, Manifest, Platform, numbers
from pos_agent.install.tree import compile_tree, make_tree
from pos_agent.install.wheels import BadWheel, running_python

RELEASES, CURRENT, PREVIOUS = "releases", "current", "previous"
UDEV = "udev"  # Rules for scanners, in a bundle and in a release.
PARTIAL = ".part-"


class NoReleases(Exception):
    """The running agent is not one of several side by side; the text says how this one is updated."""


@dataclass(frozen=True, slots=True)
class Releases:
    """`root`: the folder that holds them, /opt/pos-agent unless somebody chose another."""

    root: Path

    @classmethod
    def running(cls) -> Releases:
        """Those that the running agent is one of. Raises NoReleases."""
        release = Path(sys.prefix)
        if release.parent.name == RELEASES and (release / MANIFEST).exists():
            return cls(release.parent.parent)
        if release == Path("/usr/lib/pos-agent"):
            raise NoReleases(
                "this agent belongs to Debian's package manager: `apt install ./pos-agent_VERSION_ARCH.deb` updates "
                "it, and the same with the older file goes back"
            )
        raise NoReleases(
            f"this agent runs from {release}, not from a release of its own: update the checkout with git and "
            "script/bootstrap, or install it from a bundle (docs/store-it.md)"
        )

    def release(self, version: str) -> Path:
        return self.root / RELEASES / version

    def version(self, link: str) -> str | None:
        """The version that `current` or `previous` names; None: there is none."""
        try:
            found = (self.root / link).readlink()
        except OSError:
            return None
        return found.name if (self.root / found).is_dir() else None

    def manifest(self, version: str) -> Manifest:
        """Raises BadBundle."""
        try:
            return Manifest.from_json((self.release(version) / MANIFEST).read_bytes())
        except OSError as error:
            raise BadBundle(version, f"its manifest cannot be read: {error.strerror}") from error

    def add(self, folder: Path, manifest: Manifest, interpreter: Path) -> None:
        """Make a release of an unpacked, checked bundle: whole and synced, or not there. Raises BadBundle, OSError.

        One of the very same files that is here already stays as it is: an update was cut before its switch, or taken
        back.
        """
        fits, here = manifest.platform, Platform.here()
        if fits != here:
            raise BadBundle(f"{MANIFEST}: made for {fits}", f"this machine is {here}")
        final = self.release(manifest.version)
        if final.exists():
            if self.manifest(manifest.version).files == manifest.files:
                return
            raise BadBundle(manifest.version, f"this version is here already, of other files: {final}")
        before = os.umask(0o022)  # Root's own may keep the agent's user out.
        try:
            self._make(folder, final, interpreter)
        finally:
            os.umask(before)

    def _make(self, folder: Path, final: Path, interpreter: Path) -> None:
        final.parent.mkdir(parents=True, exist_ok=True)
        with self._partial() as part:
            tree = part / "tree"
            wheels = (folder / WHEELS).glob("*.whl")
            try:
                site = make_tree(tree, final, wheels, interpreter, running_python(), self._current())
            except BadWheel as error:
                raise BadBundle(WHEELS, str(error)) from error
            compile_tree(site)
            shutil.copyfile(folder / MANIFEST, tree / MANIFEST)
            if (folder / UDEV).is_dir():
                shutil.copytree(folder / UDEV, tree / UDEV)
            os.sync()  # Thousands of files: one call, before the name says that they are whole.
            tree.rename(final)
            _sync_folder(final.parent)

    def _current(self) -> Path | None:
        version = self.version(CURRENT)
        return None if version is None else self.release(version)

    @contextmanager
    def _partial(self) -> Iterator[Path]:
        part = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=self.root / RELEASES))
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def switch(self, version: str) -> None:
        """From now on `version` is what the service starts; what was before is `previous`. One step for each link.

        `previous` first: after a power cut between the two the old version still runs.
        """
        before = self.version(CURRENT)
        if before is not None and before != version:
            self._link(PREVIOUS, before)
        self._link(CURRENT, version)

    def take_back(self, version: str, previous: str | None) -> None:
        """Undo a switch: `version` is current again, and `previous` what it was before."""
        self._link(CURRENT, version)
        if previous is not None:
            self._link(PREVIOUS, previous)
        else:
            (self.root / PREVIOUS).unlink(missing_ok=True)
            _sync_folder(self.root)

    def _link(self, link: str, version: str) -> None:
        aside = self.root / f".{link}.new"
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
        aside.symlink_to(Path(RELEASES) / version)
        aside.replace(self.root / link)
        _sync_folder(self.root)

    def tidy(self) -> list[str]:
        """Remove releases that neither link names, and what a broken-off update left; returns what went."""
        kept = {self.version(CURRENT), self.version(PREVIOUS)}
        gone = [path for path in (self.root / RELEASES).iterdir() if path.name not in kept]
        for path in gone:
            shutil.rmtree(path)
        return sorted(path.name for path in gone if not path.name.startswith(PARTIAL))


def is_older(version: str, than: str) -> bool:
    return numbers(version) < numbers(than)


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
