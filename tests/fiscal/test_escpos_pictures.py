"""Pictures from outside made fit for paper: dots, sizes, and everything that is no picture."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PIL import Image

from fiscal.escpos.job import render
from fiscal.escpos.lines import PAPER_58, PAPER_80, Picture
from fiscal.escpos.pictures import BYTES_MAX, ROWS_MAX, SIDE_MAX, PictureUnusable, image_of, picture
from fiscal.escpos.preview import MARGIN_DOTS, preview
from fiscal.escpos.profiles import profile
from fiscal.escpos.raster import Typeface, find_font


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    out = BytesIO()
    image.save(out, form)
    return out.getvalue()


def test_black_is_printed_and_white_is_not() -> None:
    image = Image.new("L", (10, 2), 255)
    image.putpixel((0, 0), 0)
    image.putpixel((9, 1), 0)
    # Two rows of ten dots in two bytes each: the first dot above, the tenth below.
    assert picture(encoded(image), PAPER_58) == Picture(10, 2, b"\x80\x00\x00\x40")


@pytest.mark.parametrize("form", ["PNG", "BMP", "GIF", "JPEG"])
def test_the_formats_of_logos_are_read(form: str) -> None:
    assert picture(encoded(Image.new("L", (8, 1), 0), form), PAPER_58) == Picture(8, 1, b"\xff")


def test_what_is_transparent_is_paper() -> None:
    assert picture(encoded(Image.new("RGBA", (8, 1), (0, 0, 0, 0))), PAPER_58).dots == b"\x00"


def test_a_picture_is_never_wider_than_the_paper_nor_longer_than_a_hand() -> None:
    wide = picture(encoded(Image.new("L", (1152, 100), 0)), PAPER_80)
    assert (wide.width, wide.height) == (576, 50)
    long = picture(encoded(Image.new("L", (100, 1600), 0)), PAPER_80)
    assert (long.width, long.height) == (50, ROWS_MAX)
    hair = picture(encoded(Image.new("L", (2000, 1), 0)), PAPER_58)
    assert (hair.width, hair.height) == (384, 1)


def _claiming(width: int, height: int) -> bytes:
    """A PNG whose header names a size that its few bytes do not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\x00")), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        _claiming(8, 8)[:-30],
        _claiming(SIDE_MAX + 1, 1),
        _claiming(60_000, 60_000),
        _claiming(0, 5),
        b"\x00" * (BYTES_MAX + 1),
    ],
    ids=["nothing", "text", "svg", "postscript", "cut", "wide", "bomb", "empty", "long"],
)
def test_what_is_no_picture_of_a_logo_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(PictureUnusable, match=r".+"):
        picture(data, PAPER_58)


PNG = encoded(Image.new("L", (40, 9), 100))


@examples(deadline=None)
@given(st.binary(max_size=60) | st.tuples(st.integers(0, len(PNG) - 1), st.integers(0, 255)))
def test_any_bytes_and_any_damage_give_dots_or_a_refusal(damage: bytes | tuple[int, int]) -> None:
    data = damage if isinstance(damage, bytes) else PNG[: damage[0]] + bytes([damage[1]]) + PNG[damage[0] + 1 :]
    try:
        made = picture(data, PAPER_58)
    except PictureUnusable:
        return
    assert 0 < made.width <= PAPER_58.dots
    assert len(made.dots) == (made.width + 7) // 8 * made.height


def test_a_picture_stands_in_the_middle_of_the_paper() -> None:
    job = render([Picture(8, 1, b"\x81")], profile("generic-58"))
    # 384 dots are 48 bytes; the picture begins at dot 188: its two dots are 188 and 195.
    row = bytes(23) + b"\x08\x10" + bytes(23)
    assert b"\x1dv0\x00\x30\x00\x01\x00" + row in job.body


def test_a_preview_shows_it_black_on_white() -> None:
    seen = preview([Picture(8, 1, b"\x81")], PAPER_58, Typeface(find_font())).convert("L")
    dark = [x for x in range(seen.width) if seen.getpixel((x, MARGIN_DOTS)) == 0]
    assert dark == [MARGIN_DOTS + 188, MARGIN_DOTS + 195]


def test_dots_and_image_are_the_same_picture() -> None:
    made = Picture(10, 2, b"\x80\x00\x00\x40")
    image = image_of(made, 10)
    black = [(x, y) for x in range(10) for y in range(2) if image.getpixel((x, y)) == 0]
    assert black == [(0, 0), (9, 1)]
