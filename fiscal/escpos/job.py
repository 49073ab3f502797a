"""Lines of paper to the bytes of one print job for one printer profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from . import commands
from .compose import chunks
from .lines import Align, Cut, Drawer, Feed, Font, Picture, PrintLine, Qr, Rule, Text
from .pictures import image_of
from .profiles import Profile, QrDialect
from .raster import QUIET_ZONE, Typeface, qr_image, qr_matrix, qr_size
from .text import Method, TextEncoder, nothing_drawable, page

QR_DOTS_MAX = 320  # Symbol with its quiet zone; wider ones do not fit a 58 mm roll.
QR_MODULE_MIN = 3  # Below this phones fail on a worn head; such a QR is still printed, and reported.


@dataclass(frozen=True, slots=True)
class PrintJob:
    """`body` is everything up to the cut, `tail` the cut: between them the printer is asked how it went."""

    body: bytes
    tail: bytes = b""
    substituted: tuple[tuple[str, str], ...] = ()  # (wanted, printed) letters: worth a line in the log.
    missing: tuple[str, ...] = ()  # Characters printed as `?`.
    raster_lines: int = 0
    notes: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Every character is on paper as written."""
        return not self.substituted and not self.missing


def render(lines: Iterable[PrintLine], profile: Profile, typeface: Typeface | None = None) -> PrintJob:
    """Render lines for a printer. Never fails over a character: see `substituted` and `missing`.

    Without a `typeface` no letter can be drawn: those outside the page are substituted. A drawn QR needs no font.
    """
    return _Renderer(profile, typeface).render(tuple(lines))


class _Renderer:
    def __init__(self, profile: Profile, typeface: Typeface | None) -> None:
        self._profile = profile
        self._typeface = typeface
        methods = profile.methods if typeface else (Method.PAGE, Method.SUBSTITUTE)
        self._encoder = TextEncoder(page(profile.page), methods, typeface.has if typeface else nothing_drawable)
        self._substituted: dict[tuple[str, str], None] = {}
        self._missing: dict[str, None] = {}
        self._notes: list[str] = []
        self._raster_lines = 0
        self._style = b""

    def render(self, lines: tuple[PrintLine, ...]) -> PrintJob:
        last_cut = bool(lines) and isinstance(lines[-1], Cut)
        body = b"".join(piece for line in (lines[:-1] if last_cut else lines) for piece in self._line(line))
        tail = self._cut() if last_cut else b""
        start = commands.initialise(self._profile.page_number) + self._glyph_definitions()
        return PrintJob(
            start + body,
            tail,
            tuple(self._substituted),
            tuple(self._missing),
            self._raster_lines,
            tuple(self._notes),
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
                yield from self._left()
                yield from commands.raster(image_of(line, self._profile.paper.dots), self._profile.band_rows)
            case Feed():
                yield commands.feed(line.lines)
            case Cut():
                yield self._cut()
            case Drawer():
                yield commands.drawer(line.pin)
            case _:
                assert_never(line)

    def _cut(self) -> bytes:
        return commands.cut(self._profile.cutter)

    def _text(self, line: Text) -> Iterator[bytes]:
        encoded = self._encoder.encode(line.text, line.font)
        self._substituted.update(dict.fromkeys(encoded.substituted))
        self._missing.update(dict.fromkeys(encoded.missing))
        if encoded.method is Method.RASTER and self._typeface is not None:
            self._raster_lines += 1
            drawn = Text(encoded.text, line.align, line.bold, line.wide, line.tall, line.font)
            yield from self._image_of(drawn)
            return
        style = commands.style(line)
        if style != self._style:
            self._style = style
            yield style
        yield encoded.data + commands.LF

    def _image_of(self, line: Text) -> Iterator[bytes]:
        if self._typeface is not None:
            yield from self._left()
            yield from commands.raster(self._typeface.line(line, self._profile.paper.dots), self._profile.band_rows)

    def _left(self) -> Iterator[bytes]:
        """A picture spans the paper: centring it again would push it off on some firmware."""
        self._style = b""
        yield commands.align(Align.LEFT)

    def _qr(self, data: str) -> Iterator[bytes]:
        modules = qr_size(data)
        if modules is None:
            self._notes.append("QR text is too long for a symbol; printed as text")
            for piece in chunks(data, self._profile.paper.columns(Font.B)):
                yield from self._text(Text(piece, font=Font.B))
            return
        size = modules + 2 * QUIET_ZONE
        module = max(1, min(self._profile.qr_module_max, QR_DOTS_MAX // size))
        if module < QR_MODULE_MIN:
            self._notes.append(f"QR of {modules} modules leaves {module} dots a module; phones may not read it")
        if self._profile.qr is QrDialect.RASTER:
            yield from self._left()
            yield from commands.raster(
                qr_image(qr_matrix(data), module, self._profile.paper.dots), self._profile.band_rows
            )
            return
        self._style = b""
        yield commands.align(Align.CENTER)
        yield commands.qr(data.encode("utf-8"), self._profile.qr, module, self._profile.qr_level)
        yield commands.align(Align.LEFT)

    def _glyph_definitions(self) -> bytes:
        if self._typeface is None:
            return b""
        glyphs = self._encoder.glyphs.items()
        return b"".join(commands.define_glyph(code, self._typeface.glyph(char)) for char, code in glyphs)


def lines_of_test(profile: Profile) -> Iterator[tuple[str, int, bytes]]:
    """Raw lines of the set-up test print: (page, slot, bytes) for each slot worth trying.

    The operator picks the line that reads right; boxes, Greek or hieroglyphs mean a wrong slot.
    """
    sample = "АБВ абв ӘҒҚҢӨҰҮҺІ №"
    for name, numbers in profile.numbers.items():
        encoder = TextEncoder(page(name), (Method.PAGE, Method.SUBSTITUTE))
        for number in numbers:
            text = encoder.encode(f"{name} {number}: {sample}").data
            yield name, number, commands.initialise(number) + text + commands.LF
