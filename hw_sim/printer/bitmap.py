"""Dots in and out of the shapes the commands send them in."""

from __future__ import annotations

from PIL import Image

from hw_sim.printer.paper import Bitmap


def from_rows(width_bytes: int, height: int, data: bytes) -> Bitmap:
    """Raster order: row after row, most significant bit left (GS v 0, GS ( L)."""
    return Bitmap(width_bytes * 8, height, data)


def from_columns(data: bytes, bytes_per_column: int) -> Bitmap:
    """Column order: column after column, most significant bit on top (ESC *, ESC &, GS *)."""
    columns = len(data) // bytes_per_column
    if not columns:
        return Bitmap(0, bytes_per_column * 8, b"")
    lying = Image.frombytes("1", (bytes_per_column * 8, columns), data)
    return from_image(lying.transpose(Image.Transpose.TRANSPOSE))


def from_modules(modules: list[list[bool]]) -> Bitmap:
    """A square or rectangle of modules, one dot each."""
    width = len(modules[0])
    size = (width + 7) // 8
    padded = (int("".join("01"[module] for module in row).ljust(size * 8, "0"), 2) for row in modules)
    return Bitmap(width, len(modules), b"".join(row.to_bytes(size, "big") for row in padded))


def from_image(image: Image.Image) -> Bitmap:
    """A mode "1" picture whose set dots are black ink."""
    return Bitmap(image.width, image.height, image.tobytes())


def to_image(bitmap: Bitmap) -> Image.Image:
    """A mode "1" picture whose set dots are black ink."""
    if not bitmap.width or not bitmap.height:
        return Image.new("1", (bitmap.width, bitmap.height))
    return Image.frombytes("1", (bitmap.width, bitmap.height), bitmap.rows)


def scaled(bitmap: Bitmap, across: int, down: int) -> Bitmap:
    """Every dot made `across` times wider and `down` times taller."""
    if (across, down) == (1, 1) or not bitmap.width or not bitmap.height:
        return bitmap
    size = (bitmap.width * across, bitmap.height * down)
    return from_image(to_image(bitmap).resize(size, Image.Resampling.NEAREST))


def cropped(bitmap: Bitmap, width: int) -> Bitmap:
    """What fits on `width` dots: the head has no dots to the right of its last one."""
    if bitmap.width <= width:
        return bitmap
    return from_image(to_image(bitmap).crop((0, 0, width, bitmap.height)))
