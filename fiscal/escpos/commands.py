"""The ESC/POS commands a receipt needs, as bytes. Constants come from python-escpos where it has them right.

Sources: python-escpos 3.1 (`escpos.constants`, `escpos.image`); Epson ESC/POS command reference; QR dialects and UTF-8
mode: OPOS driver for Webkassa (github VitalyKravtsov2016/OposWebkassa, src/Shared/*Printer*.pas). Vectors:
tests/vectors/escpos.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from escpos import constants
from escpos.image import EscposImage
from PIL import Image, ImageChops

from .lines import Align, Font, Text
from .profiles import Cutter, DrawerWiring, ImageForm, QrDialect

LF = b"\n"
IDENTITY = b"\x1dI\x43"  # GS I 67: the name of the model, "_", text, NUL.
LINES_TO_CUTTER = 6
LINES_TO_TEAR_BAR = 4
_LEAVE_CHINESE = b"\x1c."  # FS . : without it two Cyrillic bytes print as one hieroglyph on many clones.
_ALIGN = {align: constants.TXT_STYLE["align"][align.value] for align in Align}
_FONT = {Font.A: constants.TXT_FONT_A, Font.B: constants.TXT_FONT_B}
_QR = constants.GS + b"(k"
_CUTS = {
    Cutter.FULL: constants.PAPER_FULL_CUT,
    Cutter.PARTIAL: constants.PAPER_PART_CUT,
    Cutter.OLD_FULL: constants.ESC + b"i",
    Cutter.OLD_PARTIAL: constants.ESC + b"m",
}
UTF8_ON, UTF8_OFF = b"\x1f\x1b\x10\x01\x02\x01", b"\x1f\x1b\x10\x01\x02\x00"  # Private; XPrinter and OA-48 (E2).
_COLUMN_ROWS = 24
_DRAWER_UNIT_MS, _DRAWER_NOW_UNIT_MS, _DRAWER_NOW_MAX = 2, 100, 8
# Printers obey these three also where they stand inside a picture or glyph (Citizen CBM1000, Sewoo WTP-100, Posbank A10
# manuals, DLE EOT): an answer nobody asked for, a cleared buffer, an open drawer.
_REALTIME_INSIDE = re.compile(rb"\x10(?=[\x04\x05\x14])")
_FEED_CUTS = {Cutter.FEED_FULL: constants.GS + b"VA\x00", Cutter.FEED_PARTIAL: constants.GS + b"VB\x00"}


def initialise(page_number: int) -> bytes:
    """Reset, leave Chinese mode, pin the code page. Before every job: a power cut loses the page, ESC @ resets it."""
    return bytes(constants.HW_INIT + _LEAVE_CHINESE + constants.CODEPAGE_CHANGE + bytes([page_number]))


def style(line: Text) -> bytes:
    """Font, size, weight and alignment of one line, each stated."""
    size = bytes([(0x10 if line.wide else 0) | (0x01 if line.tall else 0)])
    bold: bytes = constants.TXT_STYLE["bold"][line.bold]
    return bytes(_FONT[line.font] + constants.TXT_SIZE + size + bold + _ALIGN[line.align])


def align(to: Align) -> bytes:
    return bytes(_ALIGN[to])


def feed(lines: int) -> bytes:
    return bytes(constants.ESC + b"d" + bytes([lines]))


def cut(cutter: Cutter) -> bytes:
    """Feed to the cutter and cut; only feed to the tear bar when there is none."""
    if cutter is Cutter.NONE:
        return feed(LINES_TO_TEAR_BAR)
    if cutter in _FEED_CUTS:  # These feed to the cutter by themselves.
        return bytes(_FEED_CUTS[cutter])
    return feed(LINES_TO_CUTTER) + bytes(_CUTS[cutter])


def feed_dots(dots: int) -> bytes:
    return bytes(constants.ESC + b"J" + bytes([dots]))


def drawer(wiring: DrawerWiring) -> bytes:
    """The pulse that opens the drawer, in its turn or at once."""
    pin = 1 if wiring.pin == 5 else 0
    if wiring.realtime:
        times = -(-wiring.on_ms // _DRAWER_NOW_UNIT_MS)
        return b"\x10\x14\x01" + bytes([pin, max(1, min(times, _DRAWER_NOW_MAX))])
    on, off = (max(1, min(ms // _DRAWER_UNIT_MS, 0xFF)) for ms in (wiring.on_ms, wiring.off_ms))
    return bytes(constants.ESC + b"p" + bytes([pin, on, off]))


def confirmation(process: bytes) -> tuple[bytes, bytes]:
    """`GS ( H`: (command, answer) for a process number of four ASCII characters.

    The answer comes when everything sent before the command is printed.
    """
    return b"\x1d(H\x06\x0000" + process, b"7\x22" + process + b"\x00"


def define_glyph(code: int, columns: bytes) -> bytes:
    """One user-defined letter of font A, 12x24 dots, `columns` as `Typeface.glyph` gives it.

    One letter a command: a row of letters in one command fails on some firmware.
    """
    return bytes(constants.ESC + bytes([0x26, 3, code, code, 12]) + _harmless(columns))


def picture(image: Image.Image, form: ImageForm, band_rows: int) -> Iterator[bytes]:
    """A black and white picture in the form the printer takes it, without the white at its right."""
    inked = ImageChops.invert(image).getbbox()
    width = image.width if inked is None else min(image.width, -(-inked[2] // 8) * 8)
    drawn = image.crop((0, 0, width, image.height))
    return raster(drawn, band_rows) if form is ImageForm.RASTER else columns(drawn)


def fed_by(image: Image.Image, form: ImageForm) -> int:
    """How many dots the paper moves while the picture is printed."""
    strips = -(-image.height // _COLUMN_ROWS)
    return image.height if form is ImageForm.RASTER else strips * _COLUMN_ROWS


def raster(image: Image.Image, band_rows: int) -> Iterator[bytes]:
    """`GS v 0` bands, each at most `band_rows` high."""
    for top in range(0, image.height, band_rows):
        band = EscposImage(image.crop((0, top, image.width, min(top + band_rows, image.height))))
        size = band.width_bytes.to_bytes(2, "little") + band.height.to_bytes(2, "little")
        yield bytes(constants.GS + b"v0\x00" + size + _harmless(band.to_raster_format()))


def columns(image: Image.Image) -> Iterator[bytes]:
    """`ESC *` strips of 24 rows; the last one is filled up with white."""
    # A spacing below the strip's height makes each line feed as far as the strip is high: no gap, in any motion unit.
    yield bytes(constants.ESC + b"3\x10")
    for top in range(0, image.height, _COLUMN_ROWS):
        strip = Image.new("1", (image.width, _COLUMN_ROWS), 1)
        strip.paste(image.crop((0, top, image.width, min(top + _COLUMN_ROWS, image.height))), (0, 0))
        for data in EscposImage(strip).to_column_format(high_density_vertical=True):
            yield bytes(constants.ESC + b"*\x21" + image.width.to_bytes(2, "little") + _harmless(data) + LF)
    yield bytes(constants.ESC + b"2")


def _harmless(dots: bytes) -> bytes:
    """One more black dot beside another, wherever dots look like a real-time command."""
    return _REALTIME_INSIDE.sub(b"\x18", dots)


def qr(data: bytes, dialect: QrDialect, module: int, level: int) -> bytes:
    """A QR drawn by the printer: `module` dots a module, `level` error correction as the dialect writes it.

    Raises ValueError for RASTER, which is no command, and for data beyond a length field.
    """
    if len(data) + 3 > 0xFFFF:
        raise ValueError("QR data does not fit the length field")
    bare = len(data).to_bytes(2, "little")
    if dialect is QrDialect.XPRINTER:  # Private form without the usual length of each function.
        setup = _QR + b"0g" + bytes([module]) + _QR + b"0i" + bytes([level])
        return bytes(setup + _QR + b"0\x80" + bare + data + _QR + b"0\x81")
    if dialect is QrDialect.RONGTA:  # GS Z: without it the same command draws a PDF417.
        return bytes(constants.GS + b"Z\x01" + constants.ESC + b"Z" + bytes([0, level, module]) + bare + data)
    if dialect is QrDialect.RASTER:
        raise ValueError("raster is not a QR command")
    size = b"\x04\x001C" + bytes([module, 0]) if dialect is QrDialect.POSIFLEX else b"\x03\x001C" + bytes([module])
    store = (len(data) + 3).to_bytes(2, "little") + b"1P0" + data
    parts = (b"\x04\x001A2\x00", size, b"\x03\x001E" + bytes([level]), store, b"\x03\x001Q0")
    return b"".join(_QR + part for part in parts)
