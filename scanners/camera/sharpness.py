"""How sharp a picture is, cheaply: the slope of its steepest edges in a small copy.

Variance over the whole picture tells noise from its absence and little else: a symbol covers some thousandths of it.
So the steepest thousandth counts (Tenengrad: J. M. Tenenbaum, "Accommodation in Computer Vision", 1970).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from scanners.camera.picture import Gray

SHARP_MIN: Final = 4.0  # Half of what the faintest symbol had that any reader read.
_SIDE_PX: Final = 480  # Of the small copy, at most.
_STEEPEST: Final = 0.001  # Part of the pixels.


def sharpness(gray: Gray) -> float:
    """Grey values per pixel of a copy of at most 480 pixels a side, that the steepest 0.1 % exceed: 0 to 255."""
    height, width = gray.shape
    thin = -(-max(height, width) // _SIDE_PX)  # A whole number: OpenCV is several times slower with fractions.
    height, width = height // thin, width // thin
    if min(height, width) < 3:
        return 0.0
    small = cv2.resize(gray[: height * thin, : width * thin], (width, height), interpolation=cv2.INTER_AREA)
    # One eighth: the weights of a Sobel filter on each side of the edge sum to 4, over two pixels.
    across, down = (cv2.convertScaleAbs(way, alpha=1 / 8) for way in cv2.spatialGradient(small))
    counts = cv2.calcHist([cv2.add(across, down)], [0], None, [256], [0, 256]).ravel()
    steeper = np.cumsum(counts[::-1])[::-1]  # Pixels at least so steep.
    return float(np.flatnonzero(steeper > small.size * _STEEPEST).max(initial=0))
