"""A foreign program prints: what python-escpos sends must come out as it meant it."""

import random

import pytest
import zxingcpp
from escpos.printer import Dummy
from PIL import Image

from hw_sim.printer import Interpreter, model_named, render

URL = "https://consumer.oofd.kz/?i=2364554545&f=SWK00033444&s=15443.72&t=20190820T133845&x=1"


def printed(library: Dummy) -> Interpreter:
    printer = Interpreter(model_named("epson"))
    printer.receive(library.output)
    return printer


def speckled(width: int, height: int) -> Image.Image:
    rng = random.Random(4)
    picture = Image.new("L", (width, height), 255)
    picture.putdata([rng.choice((0, 255)) for _ in range(width * height)])
    return picture


@pytest.mark.parametrize("way", ["bitImageRaster", "graphics", "bitImageColumn"])
def test_all_three_ways_to_send_a_picture_print_the_same_dots(way):
    picture = speckled(64, 48)
    library = Dummy(profile="TM-T20II")
    library.image(picture, impl=way)
    printer = printed(library)
    paper = render(printer.paper)
    assert paper.crop((32, 32, 32 + 64, 32 + 48)).tobytes() == picture.tobytes()
    assert not printer.unknown


def test_text_sizes_and_alignment_of_the_library_reach_the_paper():
    library = Dummy(profile="TM-T20II")
    library.set(align="center", bold=True, double_width=True)
    library.textln("TOTAL")
    library.set_with_default()
    library.textln("500.00")
    lines = printed(library).paper.lines
    assert [line.strip() for line in lines] == ["TOTAL", "500.00"]
    assert len(lines[0]) - len("TOTAL") == (576 - 5 * 24) // 2 // 12


@pytest.mark.parametrize("native", [True, False])
def test_a_qr_of_the_library_decodes_whether_native_or_a_picture(native):
    library = Dummy(profile="TM-T20II")
    library.qr(URL, native=native, size=4)
    assert [found.text for found in zxingcpp.read_barcodes(render(printed(library).paper))] == [URL]


def test_a_barcode_of_the_library_decodes():
    library = Dummy(profile="TM-T20II")
    library.barcode("4870249811936", "EAN13", 64, 2)
    assert [found.text for found in zxingcpp.read_barcodes(render(printed(library).paper))] == ["4870249811936"]


def test_a_cut_and_a_drawer_kick_of_the_library_are_one_each():
    library = Dummy(profile="TM-T20II")
    library.textln("x")
    library.cut()
    library.cashdraw(2)
    paper = printed(library).paper
    assert (len(paper.cuts), len(paper.kicks)) == (1, 1)
    assert paper.pieces()[0].lines[0] == "x"
