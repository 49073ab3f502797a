"""Letters drawn by us: whole lines and single user-defined glyphs from a TrueType font, and QR symbols.

Every character is drawn in its own cell, so a drawn line keeps the columns of a printed one whatever the font.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import qrcode  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont
from qrcode.exceptions import DataOverflowError  # type: ignore[import-untyped]

from .lines import Align, Font, Text

CELLS = {Font.A: (12, 24), Font.B: (9, 17)}  # Dots: width, height.
QUIET_ZONE = 4  # Modules of white around a QR symbol (ISO/IEC 18004).
QR_MODULES_BASE, QR_MODULES_STEP = 17, 4  # ISO/IEC 18004: a symbol of version v has 17 + 4v modules a side.
_NOT_A_CHARACTER = "\U0010ffff"  # Drawn as the font's "no such glyph" box.
_INK = 112  # Grey above this is a black dot: keeps thin strokes of small sizes whole.

LINUX_FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf"),
    Path("/usr/share/fonts/truetype/freefont/FreeMono.ttf"),
)
WINDOWS_FONTS = (Path("C:/Windows/Fonts/consola.ttf"), Path("C:/Windows/Fonts/cour.ttf"))


class FontMissing(Exception):
    """No usable raster font; the text names the remedy."""


def known_fonts() -> tuple[Path, ...]:
    """Monospaced fonts with Kazakh letters: those of the system, then the one python-barcode brings along."""
    system = WINDOWS_FONTS if sys.platform == "win32" else LINUX_FONTS
    barcode = find_spec("barcode")  # A dependency of python-escpos.
    places = barcode.submodule_search_locations if barcode else None
    brought = [Path(place, "fonts", "DejaVuSansMono.ttf") for place in places or ()]
    return (*system, *brought)


def find_font(configured: Path | None = None, candidates: Iterable[Path] | None = None) -> Path:
    """The configured font, else the first that exists of `candidates` (`known_fonts`). Raises FontMissing."""
    if configured is not None:
        if configured.is_file():
            return configured
        raise FontMissing(f"printer font {configured} does not exist: correct `font` or leave it out")
    tried = tuple(known_fonts() if candidates is None else candidates)
    for path in tried:
        if path.is_file():
            return path
    raise FontMissing(
        "no font to draw Kazakh letters with: install the package fonts-dejavu-core (Debian) or set `font` to a "
        f"monospaced TrueType font with Kazakh letters; looked for {', '.join(map(str, tried))}"
    )


class Typeface:
    """A TrueType font fitted into the cells of both printer fonts. Raises FontMissing for an unreadable file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._faces = {font: _fit(path, *cell) for font, cell in CELLS.items()}
            bold = _bold_of(path)
            self._bold = {font: _fit(bold, *cell) for font, cell in CELLS.items()} if bold else None
        except OSError as error:
            raise FontMissing(f"printer font {path} cannot be read: {error}") from error
        self._empty = self._mask(_NOT_A_CHARACTER)
        self._known: dict[str, bool] = {}

    def has(self, char: str) -> bool:
        if char not in self._known:
            self._known[char] = self._mask(char) != self._empty
        return self._known[char]

    def line(self, line: Text, dots: int, cell: int = 0) -> Image.Image:
        """Draw one line over the whole paper width; height is the font's, doubled when `tall`.

        `cell` is the width of the printer's own letters, where it is not the usual one.
        """
        width, height = cell or CELLS[line.font][0], CELLS[line.font][1]
        strip = Image.new("L", (max(1, width * len(line.text)), height), 0)
        draw = ImageDraw.Draw(strip)
        for column, char in enumerate(line.text):
            self._cell(draw, char, line.font, column * width, bold=line.bold)
        strip = strip.resize((strip.width * (1 + line.wide), height * (1 + line.tall)), Image.Resampling.NEAREST)
        free = dots - strip.width
        left = {Align.LEFT: 0, Align.CENTER: free // 2, Align.RIGHT: free}[line.align]
        whole = Image.new("L", (dots, strip.height), 0)
        whole.paste(strip, (max(0, left), 0))
        return whole.point([255 if grey < _INK else 0 for grey in range(256)]).convert("1")

    def glyph(self, char: str) -> bytes:
        """A user-defined glyph of font A for `ESC &`: 12 columns of 3 bytes, top dot in the highest bit."""
        width, height = CELLS[Font.A]
        cell = Image.new("L", (width, height), 0)
        self._cell(ImageDraw.Draw(cell), char, Font.A, 0, bold=False)
        # Turned so that each printed column becomes one row of 24 bits.
        columns = cell.point([0 if grey < _INK else 255 for grey in range(256)]).transpose(Image.Transpose.TRANSPOSE)
        return columns.convert("1").tobytes()

    def _cell(self, draw: ImageDraw.ImageDraw, char: str, font: Font, x: int, *, bold: bool) -> None:
        face, baseline = (self._bold if bold and self._bold else self._faces)[font]
        # Without a bold cut each letter is struck twice, one dot apart, as a printer does it.
        for shift in (0, 1) if bold and not self._bold else (0,):
            draw.text((x + shift, baseline), char, fill=255, font=face, anchor="ls")

    def _mask(self, char: str) -> tuple[tuple[int, int], bytes]:
        mask = self._faces[Font.A][0].getmask(char)
        return mask.size, bytes(mask)


def _bold_of(path: Path) -> Path | None:
    """The bold cut beside a font, by the naming of the families we look for."""
    stems = (f"{path.stem.removesuffix('-Regular')}-Bold", f"{path.stem}b", f"{path.stem}bd")
    named = [path.with_name(stem + path.suffix) for stem in stems]
    return next((bold for bold in named if bold.is_file()), None)


def _fit(path: Path, width: int, height: int) -> tuple[ImageFont.FreeTypeFont, int]:
    """The largest size whose advance and height stay inside the cell, and its baseline."""
    for size in range(height, 4, -1):
        face = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
        ascent, descent = face.getmetrics()
        if face.getlength("Ж") < width + 0.5 and ascent + descent <= height + 1:
            return face, min(ascent, height - descent)
    raise FontMissing(f"printer font {path} does not fit a cell of {width}x{height} dots: choose a monospaced font")


def qr_size(data: str) -> int | None:
    """Modules along a side of the smallest level-L symbol that holds `data`; None when none can.

    Asked for every receipt, so nothing is drawn: weighing the eight masks of a symbol takes tens of milliseconds.
    """
    symbol = _symbol(data)
    try:
        version: int = symbol.best_fit()
    except (DataOverflowError, ValueError):
        return None
    return QR_MODULES_BASE + QR_MODULES_STEP * version


def qr_matrix(data: str) -> list[list[bool]]:
    """Modules of that symbol, without quiet zone. `qr_size` has said that it fits."""
    symbol = _symbol(data)
    symbol.make(fit=True)
    return [[bool(module) for module in row] for row in symbol.get_matrix()]


def _symbol(data: str) -> qrcode.QRCode:
    symbol = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_L)
    symbol.add_data(data.encode("utf-8"), optimize=0)
    return symbol


def symbol_image(matrix: list[list[bool]], module: int, dots: int, quiet: int = QUIET_ZONE) -> Image.Image:
    """A symbol, `module` dots a module, in the middle of the paper, with `quiet` modules of white above and below."""
    size = len(matrix)
    symbol = Image.new("1", (size, size), 1)
    symbol.putdata([0 if dark else 255 for row in matrix for dark in row])
    symbol = symbol.resize((size * module, size * module), Image.Resampling.NEAREST)
    whole = Image.new("1", (dots, (size + 2 * quiet) * module), 1)
    whole.paste(symbol, ((dots - symbol.width) // 2, quiet * module))
    return whole
