"""Where finished print jobs go: a picture of the paper, the raw bytes, the log of commands."""

from __future__ import annotations

from pathlib import Path

from hw_sim.printer.interpreter import Interpreter
from hw_sim.printer.paper import Paper
from hw_sim.printer.render import render_png


class JobFolder:
    """Files job-0001.png, .bin and .log of one printer. With no folder it only counts.

    A job is whatever the transport calls one: a connection, or the bytes up to a cut.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.saved = 0
        self._received = bytearray()
        self._top = 0
        self._logged = 0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def note(self, data: bytes) -> None:
        """Remember bytes as they came off the line."""
        self._received += data

    def save(self, interpreter: Interpreter) -> Path | None:
        """Close the present job and return its picture, or None when nothing was printed since the last one."""
        paper = interpreter.paper
        new = [row for row in paper.rows if row.top >= self._top]
        if not new:
            return None
        strip = Paper(paper.width, self._top, new, [cut for cut in paper.cuts if cut.at > self._top], [], paper.length)
        self._top = paper.length
        received, self._received = bytes(self._received), bytearray()
        entries = [str(entry) for entry in interpreter.log if entry.offset + len(entry.raw) > self._logged]
        self._logged = interpreter.log[-1].offset + len(interpreter.log[-1].raw)
        self.saved += 1
        if self.folder is None:
            return None
        stem = self.folder / f"job-{self.saved:04d}"
        stem.with_suffix(".bin").write_bytes(received)
        stem.with_suffix(".log").write_text("\n".join(entries) + "\n", encoding="utf-8")
        picture = stem.with_suffix(".png")
        picture.write_bytes(render_png(strip))
        return picture
