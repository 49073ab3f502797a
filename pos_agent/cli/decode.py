"""`pos-agent decode`: the codes in pictures. One JSON object per symbol."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from scanners.camera.picture import Picture
    from scanners.camera.reading import Found, Reader, Symbol

_BUDGET_MS = 2000
_DMTX_WAIT_S = 5.0  # A slow machine starts the process of libdmtx in two.
_STANDARD_INPUT = "-"
_NOTHING = 1  # A picture had no code.
_UNREADABLE = 2  # A file could not be read as a picture, or the command was used wrongly.

_REMEDIES = {  # By scanners.camera.picture.PictureFault, which is not imported before it is needed.
    "unreadable": "check the path and the permission to read it",
    "empty": "the file holds nothing: copy it again",
    "too_large": "cut out the part with the code, or make it smaller",
    "no_picture": "save it as PNG or JPEG",
    "corrupt": "copy it again, or take the picture anew",
    "kind": "save it as PNG or JPEG with 8 bits a channel",
}


def decode_command(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Pictures or folders; - is standard input.")],
    formats: Annotated[str, typer.Option(help="What to read, with commas: dm, qr, ean, gs1-128.")] = "dm",
    budget_ms: Annotated[int, typer.Option(min=5, max=600_000, help="Longest work on one picture.")] = _BUDGET_MS,
    annotate: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write each picture with its symbols drawn to this folder.")
    ] = None,
    all_steps: Annotated[
        bool, typer.Option("--all-steps", help="Add one object per picture: what was tried, where, and how long.")
    ] = False,
) -> None:
    """Read the codes in pictures and print one JSON object each; exit 1 if a picture had none, 2 if one is unusable."""
    from scanners.address import ScannerAddressInvalid
    from scanners.camera.driver import sorts_of
    from scanners.camera.extra import ExtraMissing, require

    try:
        require()
        sorts = sorts_of(formats)
    except (ScannerAddressInvalid, ExtraMissing) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNREADABLE) from error
    from scanners.camera.cascade import Cascade
    from scanners.camera.dmtx.process import DmtxProcess
    from scanners.camera.reading import Sorts

    with DmtxProcess() as dmtx:
        second = dmtx if Sorts.DATA_MATRIX in sorts else None
        if second is not None:
            second.start()
        run = _Run(Cascade(sorts, budget_ms, second, thorough=True), budget_ms, annotate, all_steps)
        status = run.all(images)
        # It is the last reader: where every picture was read, nobody missed it.
        if second is not None and run.without_code and not second.start(_DMTX_WAIT_S):
            _complain(f"one reader of three was missing: {second.text}")
    raise typer.Exit(status)


class _Run:
    """One call of the command over all pictures."""

    def __init__(self, reader: Reader, budget_ms: int, annotate: Path | None, all_steps: bool) -> None:
        self._reader = reader
        self._budget_ms = budget_ms
        self._annotate = annotate
        self._all_steps = all_steps
        self._written: set[str] = set()
        self.without_code = 0  # Pictures.

    def all(self, images: list[str]) -> int:
        """Read them in order and return the exit status; one bad picture does not stop the others."""
        status = 0
        for place in images:
            count = 0
            try:
                for file in _files(place):
                    count += 1
                    status = max(status, self._one(file))
            except OSError as error:
                _complain(f"{place}: {error.strerror or error}")
                status = _UNREADABLE
                continue
            if not count:
                _complain(f"{place}: no picture in this folder")
                status = max(status, _NOTHING)
        return status

    def _one(self, file: Path | None) -> int:
        from scanners.camera.picture import PictureInvalid, load, read

        try:
            picture = load(file) if file else read(sys.stdin.buffer, "standard input")
        except PictureInvalid as invalid:
            _complain(f"{invalid.text}; {_REMEDIES[invalid.kind]}")
            return _UNREADABLE
        for notice in picture.notices:
            _complain(f"{picture.name}: {notice}")
        found = self._reader.read(picture.gray)
        for symbol in found.symbols:
            _print(_described(picture, symbol))
        if self._all_steps:
            _print(_steps(picture, found))
        if self._annotate is not None and not self._draw(self._annotate, picture, found):
            return _UNREADABLE
        if not found.symbols:
            self.without_code += 1
            _complain(f"{picture.name}: {self._why_not(picture, found)}")
            return _NOTHING
        return 0

    def _why_not(self, picture: Picture, found: Found) -> str:
        height, width = picture.gray.shape
        told = f"no code read in {width}x{height} pixels"
        if not found.seen:
            return f"{told}, nothing looks like one: hold the camera closer, at least 3 pixels a module; see --formats"
        told += ", but something looks like one: hold it still, closer and out of reflected light"
        return told if found.ms < self._budget_ms else f"{told}; or raise --budget-ms, all of it was used"

    def _draw(self, folder: Path, picture: Picture, found: Found) -> bool:
        import cv2

        from scanners.camera.annotate import Mark, Shape, annotated, printable

        marks = [Mark(corners, Shape.SEEN) for corners in found.seen]
        for one in found.symbols:
            text = f"{printable(one.data, one.symbology)}  {one.step} {one.ms:.0f} ms"
            marks.append(Mark(one.corners, Shape.READ, text))
        footer = f"{found.ms:.0f} ms: {', '.join(found.steps)}"
        drawn = cv2.imencode(".png", annotated(picture.gray, marks, footer=footer))[1].tobytes()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / self._free_name(picture.name)).write_bytes(drawn)
        except OSError as error:
            _complain(f"{folder}: {error.strerror or error}")
            return False
        return True

    def _free_name(self, name: str) -> str:
        """Pictures of the same name in two folders must not overwrite each other."""
        stem = Path(name).stem.replace(" ", "-")
        free, number = f"{stem}.png", 1
        while free in self._written:
            number += 1
            free = f"{stem}-{number}.png"
        self._written.add(free)
        return free


def _files(place: str) -> Iterator[Path | None]:
    from scanners.camera.files import pictures_in

    if place == _STANDARD_INPUT:
        yield None
    else:
        yield from pictures_in(Path(place))


def _described(picture: Picture, symbol: Symbol) -> dict[str, object]:
    return {
        "file": picture.name,
        "bytes": base64.b64encode(symbol.data).decode("ascii"),
        "text": symbol.data.decode("utf-8", "backslashreplace"),
        "symbology": symbol.symbology,
        "corners": symbol.corners,
        "step": symbol.step,
        "ms": round(symbol.ms, 1),
    }


def _steps(picture: Picture, found: Found) -> dict[str, object]:
    return {
        "file": picture.name,
        "symbols": len(found.symbols),
        "steps": found.steps,
        "seen": found.seen,
        "ms": round(found.ms, 1),
    }


def _print(found: Mapping[str, object]) -> None:
    # Bytes, since a Windows console encoding does not hold every character of a code.
    sys.stdout.buffer.write(json.dumps(found, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


def _complain(text: str) -> None:
    typer.echo(text, err=True)
