"""zxing-cpp as the first reader: every symbol it reads, and every place where it saw one and could not read it.

Source: zxing-cpp 3.1, python binding. `.text` loses GS, so only `.bytes` is used; a leading FNC1 is not part of them
and shows as the symbology identifier.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import zxingcpp

from scanners.camera.grid.geometry import Floats, Image
from scanners.camera.reading import Corners, Sorts

_FORMATS: Final = {
    Sorts.DATA_MATRIX: (zxingcpp.BarcodeFormat.DataMatrix,),
    Sorts.QR: (zxingcpp.BarcodeFormat.QRCode,),
    Sorts.EAN: (
        zxingcpp.BarcodeFormat.EAN13, zxingcpp.BarcodeFormat.EAN8, zxingcpp.BarcodeFormat.UPCA,
        zxingcpp.BarcodeFormat.UPCE,
    ),
    Sorts.GS1_128: (zxingcpp.BarcodeFormat.Code128,),
}  # fmt: skip


def formats_of(sorts: Iterable[Sorts]) -> zxingcpp.BarcodeFormats:
    return zxingcpp.BarcodeFormats([each for sort in sorted(sorts) for each in _FORMATS[sort]])


def look(image: Image, formats: zxingcpp.BarcodeFormats) -> tuple[list[zxingcpp.Barcode], list[Floats]]:
    """Read a grey picture: (what is valid, quadrilaterals of what could not be corrected)."""
    found = zxingcpp.read_barcodes(np.ascontiguousarray(image), formats=formats, return_errors=True)
    valid = [one for one in found if one.valid and one.bytes]
    matrix = zxingcpp.BarcodeFormat.DataMatrix
    failed = [corners_of(one) for one in found if not one.valid and one.format == matrix]
    return valid, failed


def corners_of(found: zxingcpp.Barcode) -> Floats:
    at = found.position
    points = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return np.array([(point.x, point.y) for point in points], np.float32)


def as_corners(quad: Floats) -> Corners:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in quad)
