"""Draws docs/receipts/*.png: what the sample receipt looks like from a printer of each family. `--check` only compares.

The driver makes the bytes of a job, the simulated printer of that family (hw_sim) reads them and prints; the pictures
are its paper. Run inside the virtual environment: .venv/bin/python script/draw_receipts.py
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import barcode  # type: ignore[import-untyped]
from PIL import Image

from fiscal.escpos.job import render
from fiscal.escpos.layout import MarkForm
from fiscal.escpos.profiles import profile
from fiscal.escpos.raster import Typeface
from fiscal.escpos.sample import QR, layout_sample
from fiscal.escpos.trial import page_test, qr_test
from hw_sim.printer import Interpreter, model_named, render_png
from hw_sim.printer.fonts import FONT_VARIABLE

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("docs", "receipts")
FONT = Path(barcode.__file__).parent / "fonts" / "DejaVuSansMono.ttf"  # A pinned file: the same dots everywhere.
BYTES_MAX = 40_000


@dataclass(frozen=True, slots=True)
class Drawing:
    profile: str
    model: str
    mark_form: MarkForm = MarkForm.FULL
    set_up: bool = False  # True: what print-test prints, instead of a receipt.


DRAWINGS: Mapping[str, Drawing] = {
    "generic": Drawing("generic", "nt-80"),
    "epson-tm-t20": Drawing("epson-tm-t20", "epson"),
    "epson-tm-t88v": Drawing("epson-tm-t88v", "epson-t88v"),
    "epson-tm-t88iv": Drawing("epson-tm-t88iv", "epson-t88iv"),
    "posiflex": Drawing("posiflex", "posiflex"),
    "rongta": Drawing("rongta", "rongta"),
    "xprinter": Drawing("xprinter", "xprinter"),
    "oa-48": Drawing("oa-48", "oa48"),
    "clone-58": Drawing("clone-58", "pos-5890"),
    "mark-as-symbol": Drawing("epson-tm-t20-58", "epson-58", MarkForm.SYMBOL),
    "print-test": Drawing("xprinter", "xprinter", set_up=True),
}


class Stale(Exception):
    """A picture is not what the code draws now."""


def drawn(drawing: Drawing) -> bytes:
    """The paper as a PNG file of black and white dots."""
    typeface = Typeface(FONT)
    chosen = profile(drawing.profile)
    printer = Interpreter(model_named(drawing.model))
    if drawing.set_up:
        printer.receive(page_test(chosen, typeface) + qr_test(chosen, QR))
    else:
        job = render(layout_sample(chosen.paper, mark_form=drawing.mark_form), chosen, typeface)
        printer.receive(job.body + job.tail)
    os.environ[FONT_VARIABLE] = str(FONT)
    return render_png(printer.paper)


def write(root: Path = ROOT) -> None:
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    for name, drawing in DRAWINGS.items():
        (root / FOLDER / f"{name}.png").write_bytes(drawn(drawing))


def check(root: Path = ROOT) -> None:
    """Raises Stale, naming the first picture whose dots are not those of `write`, or that is too big for a page."""
    for name, drawing in DRAWINGS.items():
        path = root / FOLDER / f"{name}.png"
        if not path.exists() or _dots(path.read_bytes()) != _dots(drawn(drawing)):
            raise Stale(f"{path} is stale: run .venv/bin/python script/draw_receipts.py and look at it")
        if path.stat().st_size > BYTES_MAX:
            raise Stale(f"{path} has more than {BYTES_MAX} bytes")


def _dots(png: bytes) -> tuple[tuple[int, int], bytes]:
    with Image.open(io.BytesIO(png)) as image:
        return image.size, image.convert("1").tobytes()


def main() -> int:
    options = argparse.ArgumentParser(description="Draw the receipts of docs/receipts.")
    options.add_argument("--check", action="store_true", help="write nothing; exit 1 when a picture is stale")
    if not options.parse_args().check:
        write()
        return 0
    try:
        check()
    except Stale as stale:
        sys.stderr.write(f"{stale}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
