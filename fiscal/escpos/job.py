"""Lines of paper to the bytes of one print job for one printer profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from PIL import Image

from . import commands, datamatrix
from .compose import chunks
from .lines import LINE_DOTS, Align, Cut, DataMatrix, Drawer, Feed, Font, Picture, PrintLine, Qr, Rule, Text
from .pictures import image_of
from .profiles import Profile, QrDialect
from .raster import CELLS, QUIET_ZONE, Typeface, qr_matrix, qr_size, symbol_image
from .text import Method, TextEncoder, clean, nothing_drawable, page

QR_DOTS_MAX = 320  # Symbol with its quiet zone; wider ones do not fit a 58 mm roll.
QR_MODULE_MIN = 3  # Below this phones fail on a worn head; such a QR is still printed, and reported.
DM_MODULE = 4  # Dots, 0.5 mm: hand scanners read it, and 48 modules still fit a 58 mm roll.
DM_QUIET = 3  # Modules; ISO/IEC 16022 asks for one.
_PLAIN = commands.style(Text(""))


@dataclass(frozen=True, slots=True)
class PrintJob:
    """`body` is everything up to the cut, `tail` the cut: between them the printer is asked how it went."""

    body: bytes
    tail: bytes = b""
    substituted: tuple[tuple[str, str], ...] = ()  # (wanted, printed) letters: worth a line in the log.
    missing: tuple[str, ...] = ()  # Characters printed as `?`.
    raster_lines: int = 0
    notes: tuple[str, ...] = ()
    dots: int = 0  # Length of the paper up to the cut, about: how long printing may take.

    @property
    def exact(self) -> bool:
        """Every character is on paper as written."""
        return not self.substituted and not self.missing

    @property
    def losses(self) -> str:
        """What is not on paper as it was written, for the log; empty when nothing."""
        parts = list(self.notes)
        if self.missing:
            parts.insert(0, f"printed as ?: {' '.join(self.missing)}")
        if self.substituted:
            replaced = ", ".join(f"{wanted} by {printed}" for wanted, printed in self.substituted)
            parts.insert(0, f"letters replaced: {replaced}")
        return "; ".join(parts)


def render(lines: Iterable[PrintLine], profile: Profile, typeface: Typeface | None = None) -> PrintJob:
    """Render lines for a printer. Never fails over a character: see `substituted` and `missing`.

    Without a `typeface` no letter can be drawn: those outside the page are substituted. A drawn QR needs no font.
    A line that is longer than the paper is wide goes on in the next one.
    """
    return _Renderer(profile, typeface).render(tuple(lines))


class _Renderer:
    def __init__(self, profile: Profile, typeface: Typeface | None) -> None:
        self._profile = profile
        self._typeface = typeface
        drawn = {Method.GLYPHS, Method.RASTER}
        methods = [method for method in profile.methods if typeface is not None or method not in drawn]
        self._encoder = TextEncoder(page(profile.page), methods, typeface.has if typeface else nothing_drawable)
        self._utf8 = Method.UTF8 in methods
        self._substituted: dict[tuple[str, str], None] = {}
        self._missing: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._raster_lines = 0
        self._dots = 0
        self._style = b""

    def render(self, lines: tuple[PrintLine, ...]) -> PrintJob:
        last_cut = bool(lines) and isinstance(lines[-1], Cut)
        body = b"".join(piece for line in (lines[:-1] if last_cut else lines) for piece in self._line(line))
        tail = self._cut() if last_cut else b""
        start = commands.initialise(self._profile.page_number) + self._glyph_definitions()
        if self._utf8:
            start, body = start + commands.UTF8_ON, body + commands.UTF8_OFF
        return PrintJob(
            start + body,
            tail,
            tuple(self._substituted),
            tuple(self._missing),
            self._raster_lines,
            tuple(self._notes),
            self._dots,
        )

    def _line(self, line: PrintLine) -> Iterator[bytes]:
        match line:
            case Text():
                yield from self._text(line)
            case Rule():
                yield from self._text(Text(line.char * self._profile.paper.columns()))
            case Qr():
                yield from self._qr(line.data)
            case Picture():
                yield from self._picture(image_of(line, self._profile.paper.dots))
            case DataMatrix():
                yield from self._picture(
                    symbol_image(datamatrix.matrix(line.code), DM_MODULE, self._profile.paper.dots, DM_QUIET)
                )
            case Feed():
                self._dots += line.lines * LINE_DOTS
                yield commands.feed(line.lines)
            case Cut():
                yield self._cut()
            case Drawer():
                yield commands.drawer(self._profile.drawer)
            case _:
                assert_never(line)

    def _cut(self) -> bytes:
        return commands.cut(self._profile.cutter)

    def _text(self, line: Text) -> Iterator[bytes]:
        """One line, or as many as it takes: a drawn line would lose what is right of the paper."""
        pieces = chunks(clean(line.text, self._encoder.tenge), self._profile.paper.columns(line.font, wide=line.wide))
        if len(pieces) > 1:
            self._notes["a line is longer than the paper is wide: it was broken"] = None
        for piece in pieces:
            yield from self._one_line(replace(line, text=piece))

    def _one_line(self, line: Text) -> Iterator[bytes]:
        encoded = self._encoder.encode(line.text, line.font)
        self._substituted.update(dict.fromkeys(encoded.substituted))
        self._missing.update(dict.fromkeys(encoded.missing))
        height = CELLS[line.font][1] * (1 + line.tall)
        self._dots += max(height, LINE_DOTS)
        if encoded.method is Method.RASTER and self._typeface is not None:
            self._raster_lines += 1
            paper = self._profile.paper
            drawn = self._typeface.line(replace(line, text=encoded.text), paper.dots, paper.cell(line.font))
            yield from self._image(drawn)
            # A picture has no line spacing of its own: without this drawn lines stand closer than printed ones.
            fed = commands.fed_by(drawn, self._profile.image)
            if fed < LINE_DOTS:
                yield commands.feed_dots(LINE_DOTS - fed)
            return
        style = commands.style(line)
        if style != self._style:
            self._style = style
            yield style
        yield encoded.data + commands.LF

    def _picture(self, image: Image.Image) -> Iterator[bytes]:
        self._dots += image.height
        yield from self._image(image)

    def _image(self, image: Image.Image) -> Iterator[bytes]:
        """A picture spans the paper: centring it again would push it off on some firmware."""
        if self._style != _PLAIN:
            self._style = _PLAIN
            yield _PLAIN
        yield from commands.picture(image, self._profile.image, self._profile.band_rows)

    def _qr(self, data: str) -> Iterator[bytes]:
        modules = qr_size(data)
        if modules is None:
            self._notes["QR text is too long for a symbol; printed as text"] = None
            for piece in chunks(data, self._profile.paper.columns(Font.B)):
                yield from self._text(Text(piece, font=Font.B))
            return
        size = modules + 2 * QUIET_ZONE
        module = max(1, min(self._profile.qr_module_max, QR_DOTS_MAX // size))
        if module < QR_MODULE_MIN:
            self._notes[f"QR of {modules} modules leaves {module} dots a module; phones may not read it"] = None
        # Control characters inside a command could be taken for real-time commands; no receipt address has any.
        if self._profile.qr is QrDialect.RASTER or not data.isprintable():
            yield from self._picture(symbol_image(qr_matrix(data), module, self._profile.paper.dots))
            return
        self._dots += modules * module
        self._style = b""
        yield commands.align(Align.CENTER)
        yield commands.qr(data.encode("utf-8"), self._profile.qr, module, self._profile.qr_level)
        yield commands.align(Align.LEFT)

    def _glyph_definitions(self) -> bytes:
        if self._typeface is None:
            return b""
        glyphs = self._encoder.glyphs.items()
        return b"".join(commands.define_glyph(code, self._typeface.glyph(char)) for char, code in glyphs)
