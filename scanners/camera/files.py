"""Pictures as a scanner, for tests and support: a file, a folder in the order of names, or standard input.

A folder is looked at again when all of it is read, so that pictures dropped into it are read too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from scanners.camera.acceptance import Acceptance, Judgement
from scanners.camera.picture import Picture, PictureInvalid, load, read
from scanners.camera.reading import Reader
from scanners.duplicates import DuplicateFilter
from scanners.polling import run_polls
from scanners.scan import Health, HealthChange, Scan, ScannerEvent, Signal, Terminator

SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".dib", ".gif", ".tif", ".tiff", ".webp", ".avif", ".jp2"}
    | {".pbm", ".pgm", ".ppm", ".pnm"}
)
LOOK_AGAIN_S: Final = 0.5

_Version = tuple[Path, int, int]  # Changed when the file was written to.


def pictures_in(path: Path) -> Iterator[Path]:
    """The file itself, or the picture files of a folder by name. OSError where it cannot be looked at."""
    if path.is_dir():
        yield from sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    else:
        yield path


class ImageScanner:
    """Reads each picture once. `poll`, `run` and `close` belong to one thread."""

    def __init__(
        self,
        name: str,
        source: Path | IO[bytes],
        reader: Reader,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        acceptance: Acceptance | None = None,
        duplicates: DuplicateFilter | None = None,
        resources: Sequence[Callable[[], None]] = (),
    ) -> None:
        """A `source` that is no path is one picture, read to its end and left open."""
        self._name = name
        self._source: Path | IO[bytes] | None = source
        self._reader = reader
        self._now = now
        self._monotonic = monotonic
        self._acceptance = acceptance or Acceptance(sightings=1)
        self._duplicates = duplicates or DuplicateFilter(0)
        self._resources = tuple(resources)
        self._waiting: deque[_Version] = deque()
        self._read: frozenset[_Version] = frozenset()
        self._due_s = float("-inf")
        self._health: Health | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def health(self) -> Health | None:
        return self._health

    def signal(self, signal: Signal) -> None:
        """A file has nothing to beep with."""

    def poll(self) -> list[ScannerEvent]:
        """Read the next picture. What is wrong with it is told as a notice."""
        events: list[ScannerEvent] = []
        if self._source is None:
            return events
        try:
            if isinstance(self._source, Path):
                picture = self._next(self._source, events)
            else:
                stream, self._source = self._source, None
                self._tell(Health.ONLINE, "", events)
                picture = read(stream, "standard input")
        except PictureInvalid as invalid:
            self._tell(Health.ONLINE, invalid.text, events, again=True)
            return events
        if picture is not None:
            events += self._scans(picture)
        return events

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        run_polls(self, stop, sink, lambda: 0.0 if self._waiting else LOOK_AGAIN_S)

    def close(self) -> list[ScannerEvent]:
        self._source = None
        self._waiting.clear()
        for close in self._resources:
            close()
        return []

    def _next(self, source: Path, events: list[ScannerEvent]) -> Picture | None:
        if not self._waiting:
            if self._monotonic() < self._due_s:
                return None
            self._look(source, events)
        return load(self._waiting.popleft()[0]) if self._waiting else None

    def _look(self, source: Path, events: list[ScannerEvent]) -> None:
        self._due_s = self._monotonic() + LOOK_AGAIN_S
        try:
            there = [(file, at.st_mtime_ns, at.st_size) for file in pictures_in(source) for at in (file.stat(),)]
        except FileNotFoundError:
            self._tell(Health.OFFLINE, f"{source}: no such file or folder", events)
            return
        except OSError as error:
            self._tell(Health.DENIED, f"{source}: {error.strerror or error}", events)
            return
        self._tell(Health.ONLINE, "", events)
        self._waiting.extend(version for version in there if version not in self._read)
        self._read = frozenset(there)

    def _scans(self, picture: Picture) -> list[ScannerEvent]:
        events: list[ScannerEvent] = []
        for one in self._acceptance.judge(self._reader.read(picture.gray).symbols):
            if one.judgement is not Judgement.ACCEPTED:
                text = f"{picture.name}: {one.symbol.symbology} refused: {one.judgement}"
                self._tell(Health.ONLINE, text, events, again=True)
                continue
            scan = Scan(
                data=one.symbol.data,
                symbology=one.symbol.symbology,
                source=self._name,
                at_ns=self._now(),
                terminator=Terminator.LENGTH,
                step=one.symbol.step,
            )
            events.append(self._duplicates.judge(scan))
        return events

    def _tell(self, health: Health, text: str, events: list[ScannerEvent], *, again: bool = False) -> None:
        if again or health is not self._health:
            self._health = health
            events.append(HealthChange(self._name, health, self._now(), text))
