"""Any picture becomes grey, or says by name and place why it cannot. Files are made by Pillow, read by OpenCV."""

from __future__ import annotations

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from scanners.camera.picture import PictureFault, PictureInvalid, decode, gray_of, load, read

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def ramp(mode: str) -> Image.Image:
    return Image.fromarray(RAMP).convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("L", "BMP"), ("L", "TIFF"),
        ("RGBA", "TIFF"), ("L", "PPM"), ("L", "GIF"),
    ],
)  # fmt: skip
def test_every_lossless_form_of_the_same_greys_gives_the_same_greys(mode: str, kind: str) -> None:
    picture = decode(encoded(ramp(mode), kind), "ramp")
    assert np.array_equal(picture.gray, RAMP)
    assert picture.gray.dtype == np.uint8


@pytest.mark.parametrize(("mode", "kind"), [("L", "JPEG"), ("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP")])
def test_lossy_and_four_colour_forms_are_close(mode: str, kind: str) -> None:
    gray = decode(encoded(ramp(mode), kind, quality=95), "ramp").gray
    assert int(np.abs(gray.astype(int) - RAMP).max()) < 24


def test_colours_weigh_as_the_eye_sees_them() -> None:
    """ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue."""
    array = np.array([[[0, 0, 255], [0, 255, 0], [255, 0, 0]]], np.uint8)
    assert gray_of(array).tolist() == [[76, 150, 29]]


def test_transparent_places_are_white_and_said_so() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0, 3], pixels[0, 1, 3] = 255, 51  # Black, opaque and one fifth.
    picture = decode(encoded(Image.fromarray(pixels, "RGBA"), "PNG"), "label")
    assert picture.gray.tolist() == [[0, 204], [255, 255]]
    assert picture.notices == ("transparent places are taken as white",)


def test_a_pictures_alpha_of_16_bits_counts_too() -> None:
    pixels = np.zeros((1, 2, 4), np.uint16)
    pixels[0, 0, 3] = 65535
    assert gray_of(pixels).tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 32768, 65535], [0, 128, 255]), ([0, 512, 1023], [0, 128, 255]), ([0, 2048, 4095], [0, 128, 255])],
)
def test_deep_pictures_are_scaled_by_the_depth_that_holds_them(values: list[int], expected: list[int]) -> None:
    deep = np.array([values], np.uint16)
    assert gray_of(deep).tolist() == [expected]
    assert decode(encoded(Image.fromarray(deep), "PNG"), "deep").gray.tolist() == [expected]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [[0, 128, 255]]),
        (np.array([[0.0, 100.0, 255.0]], np.float32), [[0, 100, 255]]),
        (np.array([[True, False]]), [[255, 0]]),
        (np.array([[7, 200]], np.int64), [[7, 200]]),
        (np.array([[[9], [8]]], np.uint8), [[9, 8]]),
    ],
)
def test_arrays_of_other_types_keep_their_meaning(array: Any, expected: list[list[int]]) -> None:
    assert gray_of(array).tolist() == expected


@pytest.mark.parametrize(
    ("array", "kind", "words"),
    [
        (np.array([[0.5, np.nan]]), PictureFault.KIND, "1 of 2 values are not finite"),
        (np.array([[np.inf, -np.inf]], np.float32), PictureFault.KIND, "2 of 2"),
        (np.array([[-0.5, 1.0]]), PictureFault.KIND, "from -0.5 to 1"),
        (np.array([[0.0, 300.0]]), PictureFault.KIND, "to 300"),
        (np.array([[-1, 5]]), PictureFault.KIND, "from -1 to 5"),
        (np.array([[70000]]), PictureFault.KIND, "70000"),
        (np.array([[1j]]), PictureFault.KIND, "complex128"),
        (np.array([["a"]]), PictureFault.KIND, "type <U1"),
        (np.zeros((4,), np.uint8), PictureFault.KIND, "(4,)"),
        (np.zeros((4, 4, 5), np.uint8), PictureFault.KIND, "(4, 4, 5)"),
        (np.zeros((1, 2, 3, 3), np.uint8), PictureFault.KIND, "no picture"),
        (np.zeros((0, 9), np.uint8), PictureFault.EMPTY, "(0, 9)"),
        (np.zeros((100, 101), np.uint8), PictureFault.TOO_LARGE, "101x100"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_place(array: Any, kind: PictureFault, words: str) -> None:
    with pytest.raises(PictureInvalid) as refused:
        gray_of(array, "frame 7", pixels_max=10_000)
    assert refused.value.kind is kind
    assert refused.value.text.startswith("frame 7: ")
    assert words in refused.value.text


def test_one_pixel_is_a_picture() -> None:
    assert decode(encoded(Image.new("L", (1, 1), 9), "PNG"), "dot").gray.tolist() == [[9]]


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_only_the_first_of_several_pages_is_read_and_it_says_so(kind: str) -> None:
    pages = [Image.new("RGB", (8, 8), (grey,) * 3) for grey in (0, 255)]
    data = encoded(
        pages[0], kind, save_all=True, append_images=pages[1:], **({"lossless": True} if kind == "WEBP" else {})
    )
    picture = decode(data, "pages")
    assert int(picture.gray.max()) == 0
    assert "only the first" in picture.notices[0]


def huge_png() -> bytes:
    """A header that promises 100000 x 100000 pixels, and nothing behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", PictureFault.EMPTY),
        (b"not a picture at all", PictureFault.NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n", PictureFault.NO_PICTURE),
        (b"GIF89a", PictureFault.NO_PICTURE),
        (b"\xff\xd8\xff\xe0", PictureFault.NO_PICTURE),
        (b"P5 99999 99999 255\n", PictureFault.TOO_LARGE),
        (huge_png(), PictureFault.TOO_LARGE),
    ],
)
def test_bytes_that_hold_no_usable_picture_are_refused_by_name(data: bytes, kind: PictureFault) -> None:
    with pytest.raises(PictureInvalid) as refused:
        decode(data, "shelf.png")
    assert refused.value.kind is kind
    assert "shelf.png" in refused.value.text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_picture_that_was_cut_short_is_refused(kind: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(PictureInvalid) as refused:
        decode(data[: int(len(data) * share)], "cut")
    assert refused.value.kind in (PictureFault.CORRUPT, PictureFault.NO_PICTURE)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM"])
def test_flipped_bytes_give_a_picture_or_a_refusal_and_nothing_else(kind: str) -> None:
    rng = random.Random(11)
    whole = encoded(ramp("RGB"), kind)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            gray = decode(bytes(data), "damaged", pixels_max=1_000_000).gray
        except PictureInvalid:
            continue
        assert gray.ndim == 2
        assert gray.dtype == np.uint8


def test_a_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "no.png", tmp_path):
        with pytest.raises(PictureInvalid) as refused:
            load(path)
        assert refused.value.kind is PictureFault.UNREADABLE
        assert str(path) in refused.value.text


def test_a_file_in_a_folder_with_kazakh_letters_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "Дүкен суреттері"
    folder.mkdir()
    (folder / "Қант.png").write_bytes(encoded(ramp("L"), "PNG"))
    assert np.array_equal(load(folder / "Қант.png").gray, RAMP)


def test_the_rotation_told_by_exif_is_left_alone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by a quarter.
    data = encoded(Image.new("L", (30, 10), 128), "JPEG", exif=exif)
    assert decode(data, "phone").gray.shape == (10, 30)


def test_an_open_stream_is_read_to_its_end() -> None:
    ok, data = cv2.imencode(".png", RAMP)
    assert ok
    assert np.array_equal(read(io.BytesIO(data.tobytes()), "standard input").gray, RAMP)
