"""The state a stream of commands works on: print modes, the line being filled, the strip, answers to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from hw_sim.printer.bitmap import cropped
from hw_sim.printer.condition import Condition, automatic_answer
from hw_sim.printer.model import PrinterModel
from hw_sim.printer.pages import BOX, page_table
from hw_sim.printer.paper import (
    Bitmap,
    Cell,
    Cut,
    ImageRow,
    Kick,
    Paper,
    Picture,
    Row,
    Style,
    SymbolRow,
    TextRow,
)

TAB_COLUMNS = 8
HIEROGLYPH_FILL = "〓"  # Read for two bytes that are no GBK character.


@dataclass(slots=True)
class QrSettings:
    """What the last QR commands asked for. `level` is L, M, Q or H; `module` is dots per module."""

    module: int = 3
    level: str = "L"
    data: bytes = b""
    chosen: bool = False  # GS Z: before it ESC Z draws a PDF417.


@dataclass(slots=True)
class BarcodeSettings:
    """GS h, GS w, GS H, GS f."""

    height: int = 162
    module: int = 3
    caption: int = 0
    caption_font: str = "A"


@dataclass(slots=True)
class Modes:
    """Everything ESC @ puts back."""

    page_number: int
    line_dots: int
    chinese: bool
    font: str = "A"
    bold: bool = False
    double_strike: bool = False
    underline: int = 0
    inverse: bool = False
    upside_down: bool = False
    width: int = 1
    height: int = 1
    spacing: int = 0
    justify: int = 0
    left_margin: int = 0
    area_width: int = 0
    use_glyphs: bool = False
    utf8: bool = False
    glyphs: dict[tuple[str, int], Bitmap] = field(default_factory=dict)
    downloaded: Bitmap | None = None
    stored: Bitmap | None = None
    tabs: tuple[int, ...] = tuple(range(TAB_COLUMNS, 256, TAB_COLUMNS))
    qr: QrSettings = field(default_factory=QrSettings)
    barcode: BarcodeSettings = field(default_factory=BarcodeSettings)


_style = lru_cache(maxsize=256)(Style)  # Cells by the thousand share a few.


class Machine:
    """Print modes, line buffer and paper of one printer. Knows nothing of byte streams."""

    def __init__(self, model: PrinterModel) -> None:
        self.model = model
        self.condition = Condition()
        self.paper = Paper(model.dots)
        self.default_page = 0
        self.automatic = 0  # GS a: not zero reports every change.
        self.told = b""  # The last automatic status sent.
        self.answers: list[bytes] = []
        self.reset()

    def reset(self) -> None:
        """ESC @ and power-up: modes, glyphs and the unprinted line are gone. Paper and mechanics stay."""
        chinese = self.model.chinese_by_default
        self.modes = Modes(self.default_page, self.model.line_dots, chinese, area_width=self.model.dots)
        self._items: list[Cell | Picture] = []
        self.x = 0
        self._lead = b""

    @property
    def page(self) -> str:
        return "utf-8" if self.modes.utf8 else self.model.pages.get(self.modes.page_number, "cp437")

    @property
    def at_line_start(self) -> bool:
        return not self._items and self.x == 0

    @property
    def area(self) -> int:
        """Dots a line may fill."""
        m = self.modes
        return max(self.model.letters["A"][0], min(m.area_width, self.model.dots - m.left_margin))

    def answer(self, data: bytes) -> None:
        """Say something to the host, unless this printer cannot."""
        c = self.condition
        if c.powered and not c.silent:
            self.answers.append(data if c.garbage is None else c.garbage)

    def report_change(self) -> None:
        """Send the automatic status if the host wants it and it is not what was sent last."""
        if self.automatic:
            now = automatic_answer(self.condition)
            if now != self.told:
                self.told = now
                self.answer(now)

    # The line being filled

    def put_text(self, data: bytes, start: int = 0) -> int:
        """Print bytes of text from `start` until a line is full; returns how many were taken, at least one."""
        rows = len(self.paper.rows)
        for place in range(start, len(data)):
            self.put_byte(data[place])
            if len(self.paper.rows) != rows:
                return place + 1 - start
        return len(data) - start

    def put_byte(self, byte: int) -> None:
        """Print one byte of text under the present page, Chinese mode, glyphs and sizes."""
        m = self.modes
        if m.utf8:
            self._put_utf8(byte)
        elif self._lead:
            lead, self._lead = self._lead, b""
            if byte >= 0x80:
                self._put_hieroglyph(lead + bytes((byte,)))
            else:
                self._put_single(lead[0])
                self._put_single(byte)
        elif m.chinese and byte >= 0x80:
            self._lead = bytes((byte,))
        else:
            self._put_single(byte)

    def end_of_text(self) -> None:
        """A command follows: half a character that was waiting for its other half is printed as it is."""
        lead, self._lead = self._lead, b""
        for byte in lead:
            self._put_single(byte)

    def _put_single(self, byte: int) -> None:
        m = self.modes
        page = self.page if not m.utf8 else "cp437"
        glyph = m.glyphs.get((m.font, byte)) if m.use_glyphs else None
        self._put(page_table(page)[byte], bytes((byte,)), self.model.letters[m.font], page, glyph=glyph)

    def _put_hieroglyph(self, pair: bytes) -> None:
        char = pair.decode("gbk", errors="replace")
        char = char if len(char) == 1 and char.isprintable() else HIEROGLYPH_FILL
        self._put(char, pair, (24, 24), "gbk", hieroglyph=True)

    def _put_utf8(self, byte: int) -> None:
        self._lead += bytes((byte,))
        first = self._lead[0]
        size = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        if len(self._lead) < size:
            return
        raw, self._lead = self._lead, b""
        for char in raw.decode("utf-8", errors="replace"):
            shown = char if char.isprintable() and char != "�" else BOX
            self._put(shown, raw, self.model.letters[self.modes.font], "utf-8")

    def _put(
        self, char: str, raw: bytes, size: tuple[int, int], page: str, *, glyph: Bitmap | None = None,
        hieroglyph: bool = False,
    ) -> None:  # fmt: skip
        m = self.modes
        style = _style(m.font, m.bold or m.double_strike, m.underline, m.inverse, m.upside_down, m.width, m.height)
        width, height = size[0] * m.width, size[1] * m.height
        self._make_room(width)
        self._items.append(Cell(char, self.x, width, height, style, raw, page, glyph, hieroglyph))
        self.x += width + m.spacing * m.width

    def put_picture(self, bitmap: Bitmap) -> None:
        """Put column-order dots into the line (ESC *). What does not fit is lost: images do not wrap."""
        fitting = cropped(bitmap, max(0, self.area - self.x))
        if fitting.width:
            self._items.append(Picture(self.x, fitting))
            self.x += fitting.width

    def tab(self) -> None:
        """Go to the next tab stop of the present font; without one stay."""
        step = self.model.letters[self.modes.font][0] * self.modes.width
        stops = (column * step for column in self.modes.tabs)
        self.x = next((x for x in stops if self.x < x < self.area), self.x)

    def _make_room(self, width: int) -> None:
        if self.x + width > self.area and not self.at_line_start:
            self.print_line()

    # The strip

    def print_line(self, feed: int | None = None) -> None:
        """Print what is in the line, an empty line included, and feed by the line spacing or `feed` dots."""
        m = self.modes
        tall = max((item.height for item in self._items), default=0)
        used = max((item.x + item.width for item in self._items), default=0)
        shift = self._shift(used)
        items = tuple(self._moved(item, shift) if shift else item for item in self._items)
        self._items, self.x = [], 0
        self._add(TextRow(self.paper.length, max(tall, m.line_dots if feed is None else feed), tall, items))

    def _shift(self, used: int) -> int:
        return self.modes.left_margin + max(0, self.area - used) * self.modes.justify // 2

    @staticmethod
    def _moved(item: Cell | Picture, shift: int) -> Cell | Picture:
        if isinstance(item, Picture):
            return Picture(item.x + shift, item.bitmap)
        x = item.x + shift
        return Cell(item.char, x, item.width, item.height, item.style, item.raw, item.page, item.glyph, item.hieroglyph)

    def flush_line(self) -> None:
        """Print the unfinished line, if there is one, before something that starts on a line of its own."""
        if self._items:
            self.print_line()
        self.x = 0

    def put_image(self, bitmap: Bitmap) -> None:
        """Print a raster picture on its own, justified; the part right of the head is lost."""
        self.flush_line()
        fitting = cropped(bitmap, self.area)
        if fitting.width and fitting.height:
            self._add(ImageRow(self.paper.length, self._shift(fitting.width), fitting))

    def put_symbol(self, kind: str, data: bytes, bitmap: Bitmap, above: str = "", below: str = "") -> bool:
        """Print a symbol on its own, justified; False, and nothing printed, when it is wider than the paper."""
        if bitmap.width > self.area:
            return False
        self.flush_line()
        font = self.modes.barcode.caption_font
        self._add(SymbolRow(self.paper.length, self._shift(bitmap.width), kind, data, bitmap, above, below, font))
        return True

    def feed(self, dots: int) -> None:
        """Move the paper on by `dots` after printing what is in the line."""
        if self._items:
            self.print_line(feed=dots)
        elif dots:
            self._add(TextRow(self.paper.length, dots, 0))

    def _add(self, row: Row) -> None:
        self.paper.rows.append(row)
        self.paper.length += row.height
        if self.condition.rows_left is not None:
            self.condition.rows_left = max(0, self.condition.rows_left - 1)

    def cut(self, *, partial: bool) -> str:
        """Let the blade fall where it stands, which is above the print line; says what became of it."""
        if not self.model.cutter:
            return "this model has no cutter: ignored"
        if self.condition.jam_next_cut:
            self.condition.jam_next_cut = False
            self.condition.cutter_jammed = True
            return "the blade is stuck"
        earlier = self.paper.cuts[-1].at if self.paper.cuts else 0
        at = max(earlier, self.paper.length - self.model.head_to_cutter_dots)
        self.paper.cuts.append(Cut(at, partial))
        return f"{'partial' if partial else 'full'} cut"

    def kick(self, pin: int, on_ms: int, off_ms: int) -> None:
        """Pulse the drawer connector: the drawer opens."""
        self.paper.kicks.append(Kick(pin, on_ms, off_ms))
        self.condition.drawer_open = True
