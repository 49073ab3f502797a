"""Pictures that a register service sends for its receipts, such as a logo, made fit for the paper.

They come from outside, so size is told before anything is unpacked, and only formats without scripts or layers count.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from .lines import Paper, Picture

if TYPE_CHECKING:  # Pillow takes 3 MB; most tills never see a picture, and one that does loads it then.
    from PIL import Image

BYTES_MAX = 512 * 1024
SIDE_MAX = 2048  # Pixels, before scaling.
ROWS_MAX = 800  # Dots on paper: 10 cm of a 203 dpi head.
FORMATS = ("PNG", "JPEG", "BMP", "GIF")


class PictureUnusable(ValueError):
    """It cannot be printed; the text says why."""


def picture(data: bytes, paper: Paper) -> Picture:
    """Black and white dots, never wider than the paper. Raises PictureUnusable and nothing else."""
    from PIL import Image

    if len(data) > BYTES_MAX:
        raise PictureUnusable(f"is longer than {BYTES_MAX} bytes")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            grey = _on_white(opened) if max(opened.size) <= SIDE_MAX else None
            width, height = opened.size
    except Exception as error:  # noqa: BLE001 - a decoder of Pillow may raise anything over broken bytes
        raise PictureUnusable(f"cannot be read ({type(error).__name__})") from None
    if grey is None:
        raise PictureUnusable(f"is {width}x{height} pixels")
    scale = min(1.0, paper.dots / width, ROWS_MAX / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    dots = grey.resize(size, Image.Resampling.LANCZOS) if size != grey.size else grey
    # Dithered: a logo may have shades, and a threshold would eat them.
    inverted = dots.convert("1").point([255, 0] * 128, "1")
    return Picture(size[0], size[1], inverted.tobytes())


def _on_white(opened: Image.Image) -> Image.Image:
    """Shades of grey; what is transparent is paper."""
    from PIL import Image

    clear = opened.convert("RGBA")
    white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, clear).convert("L")


def image_of(line: Picture, dots: int) -> Image.Image:
    """The picture in the middle of the paper, black on white."""
    from PIL import Image

    drawn = Image.frombytes("1", (line.width, line.height), line.dots).point([255, 0] * 128, "1")
    whole = Image.new("1", (dots, line.height), 1)
    whole.paste(drawn, (max(0, (dots - line.width) // 2), 0))
    return whole
