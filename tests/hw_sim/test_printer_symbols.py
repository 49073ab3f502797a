"""QR symbols, barcodes and pictures: decoded from the rendered paper by an independent reader."""

import io
import tomllib
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from hw_sim.printer import ImageRow, Interpreter, Picture, TextRow, model_named, render, render_png

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "printer_sim.toml").read_text(encoding="utf-8"))
QR = {name: bytes.fromhex(sent) for name, sent in VECTORS["qr"].items()}
URL = "https://consumer.oofd.kz/?i=2364554545&f=SWK00033444&s=15443.72&t=20190820T133845&x=1"
EPSON_QR = QR["model"] + QR["size"] + QR["level"] + QR["store"] + URL.encode() + QR["print"]
PRIVATE_QR = QR["private_size"] + QR["private_level"] + QR["private_store"] + URL.encode() + QR["private_print"]
RONGTA_QR = QR["rongta"] + URL.encode()
RASTERS = VECTORS["raster"]


def printed(model: str, data: bytes) -> Interpreter:
    printer = Interpreter(model_named(model))
    printer.receive(data)
    return printer


def read_back(printer: Interpreter) -> list[tuple[str, str]]:
    picture = Image.open(io.BytesIO(render_png(printer.paper))).convert("L")
    return [(str(found.format), found.text) for found in zxingcpp.read_barcodes(picture)]


def test_the_url_of_the_vectors_has_the_length_its_headers_say():
    assert len(URL) == 85


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("epson", EPSON_QR),
        ("epson-58", EPSON_QR),
        ("posiflex", EPSON_QR.replace(QR["size"], QR["posiflex_size"])),
        ("sunmi-v2", EPSON_QR),
        ("xprinter", PRIVATE_QR),
        ("oa48", PRIVATE_QR),
        ("rongta", RONGTA_QR),
    ],
)
def test_a_qr_in_the_dialect_of_the_firmware_is_a_true_qr(model, sent):
    printer = printed(model, b"\x1b@\x1ba\x01" + sent)
    assert read_back(printer) == [("QR Code", URL)]
    assert printer.paper.lines == []


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("epson", RONGTA_QR),
        ("xprinter", EPSON_QR),
        ("rongta", EPSON_QR),
        ("rongta", PRIVATE_QR),
        ("pos-5890", EPSON_QR),
    ],
)
def test_a_qr_in_a_foreign_dialect_prints_the_url_as_rubbish_text(model, sent):
    printer = printed(model, b"\x1b@\x1c." + sent + b"\n")
    assert printer.paper.symbols == []
    assert "consumer.oofd.kz" in "".join(printer.paper.lines)
    assert printer.unknown


def test_a_rongta_that_was_not_told_to_draw_a_qr_draws_none():
    printer = printed("rongta", RONGTA_QR.removeprefix(b"\x1dZ\x01"))
    assert (printer.paper.symbols, printer.paper.lines) == ([], [])
    assert "PDF417" in printer.log[-1].meaning


def test_a_firmware_without_the_raster_command_prints_a_picture_as_rubbish():
    printer = printed("th230", b"\x1dv0\x00\x02\x00\x01\x00ABafter\n")
    assert printer.paper.images == []
    assert printer.unknown


def test_private_lengths_at_an_epson_swallow_what_follows():
    """30 67 read as pL pH asks for 26 416 bytes: until they have come nothing is printed."""
    printer = printed("epson", PRIVATE_QR + b"text\n")
    assert printer.paper.rows == []


@pytest.mark.parametrize("level", list("0123"))
@pytest.mark.parametrize("text", ["1", "ҚҰНЫ 500 тг", "x" * 400])
def test_every_level_and_length_decodes(level, text):
    data = text.encode()
    size = (len(data) + 3).to_bytes(2, "little")
    sent = b"\x1d(k\x03\x001C\x04\x1d(k\x03\x001E" + level.encode() + b"\x1d(k" + size + b"1P0" + data + QR["print"]
    assert read_back(printed("epson", sent)) == [("QR Code", text)]


def test_a_qr_too_wide_for_the_paper_or_too_long_for_a_symbol_is_not_printed():
    wide = printed("epson-58", QR["size"].replace(b"\x06", b"\x10") + QR["store"] + URL.encode() + QR["print"])
    long = printed("epson", b"\x1d(k" + (3003).to_bytes(2, "little") + b"1P0" + b"x" * 3000 + QR["print"])
    for printer in (wide, long):
        assert printer.paper.rows == []
        assert "nothing printed" in printer.log[-1].meaning


def test_a_centred_qr_stands_in_the_middle():
    (symbol,) = printed("epson", b"\x1ba\x01" + EPSON_QR).paper.symbols
    assert symbol.x == (576 - symbol.bitmap.width) // 2


@pytest.mark.parametrize(
    ("sent", "kind", "text"),
    [
        (b"\x1dkC\x0d4870249811936", "EAN-13", "4870249811936"),
        (b"\x1dkC\x0c487024981193", "EAN-13", "4870249811936"),
        (b"\x1dk\x024870249811936\x00", "EAN-13", "4870249811936"),
        (b"\x1dkD\x0840123455", "EAN-8", "40123455"),
        (b"\x1dkI\x0a{BNo-12345"[:3] + b"\x0a{BNo-12345", "Code 128", "No-12345"),
        (b"\x1dkI\x06{C\x0c\x22\x38\x4e", "Code 128", "12345678"),
        (b"\x1dkE\x07ABC-123", "Code 39", "ABC-123"),
        (b"\x1dkF\x0e04870249811936", "ITF", "04870249811936"),
    ],
)
def test_a_barcode_decodes_to_what_was_sent(sent, kind, text):
    found = read_back(printed("epson", b"\x1dw\x02\x1dh\x50" + sent))
    assert [read for _, read in found] == [text]
    assert kind.replace("-", "").replace(" ", "") in found[0][0].replace("-", "").replace(" ", "")


def test_an_ean_with_a_wrong_check_digit_is_printed_as_text():
    printer = printed("epson", b"\x1dkC\x0d4870249811930\n")
    assert (printer.paper.symbols, printer.paper.lines) == ([], ["4870249811930"])


def test_the_caption_stands_where_it_was_asked_for():
    (symbol,) = printed("epson", b"\x1dH\x02\x1dh\x50\x1dkC\x0d4870249811936").paper.symbols
    assert (symbol.caption_above, symbol.caption_below, symbol.height) == ("", "4870249811936", 80 + 24)


@pytest.mark.parametrize("case", RASTERS, ids=lambda case: case["model"])
def test_a_raster_header_of_the_table_takes_exactly_its_rows(case):
    header = bytes.fromhex(case["header"])
    size = case["width"] // 8 * case["height"]
    printer = printed(case["model"], header + b"\xff" * size + b"after\n")
    image, line = printer.paper.rows
    assert isinstance(image, ImageRow)
    assert (image.bitmap.width, image.bitmap.height, image.bitmap.rows) == (
        case["width"],
        case["height"],
        b"\xff" * size,
    )
    assert isinstance(line, TextRow)
    assert line.text == "after"


def test_a_raster_is_drawn_dot_for_dot_and_cut_at_the_last_dot_of_the_head():
    printer = printed("epson-58", bytes.fromhex("1D 76 30 00 31 00 02 00") + (b"\x80" + b"\0" * 47 + b"\xff") * 2)
    picture = render(printer.paper)
    black = {(x, y) for x in range(picture.width) for y in range(picture.height) if not picture.getpixel((x, y))}
    assert black == {(32, 32), (32, 33)}


@pytest.mark.parametrize(("mode", "size"), [(0, (8, 2)), (1, (16, 2)), (2, (8, 4)), (51, (16, 4))])
def test_raster_modes_double_width_and_height(mode, size):
    printer = printed("epson", b"\x1dv0" + bytes((mode, 1, 0, 2, 0)) + b"\xaa\x55")
    (image,) = printer.paper.images
    assert (image.bitmap.width, image.bitmap.height) == size


def test_a_column_image_is_drawn_column_by_column():
    printer = printed("epson", b"\x1b*\x21\x02\x00" + b"\x80\x00\x00" + b"\x00\x00\x01" + b"\n")
    (row,) = printer.paper.rows
    assert isinstance(row, TextRow)
    (picture,) = row.items
    assert isinstance(picture, Picture)
    rows = [picture.bitmap.rows[y] >> 6 for y in range(24)]
    assert rows == [0b10] + [0] * 22 + [0b01]


def test_stored_graphics_are_printed_when_asked_for_and_only_once():
    store = b"\x1d(L\x0c\x000p0\x01\x011\x08\x00\x02\x00\xaa\x55"
    printer = printed("epson", store + b"\x1d(L\x02\x0002" * 2)
    (image,) = printer.paper.images
    assert image.bitmap.rows == b"\xaa\x55"
    assert printer.log[-1].meaning == "print graphics: nothing stored"
