"""Whether a picture shows something else than another one: both as the means of a few thousand blocks. Pure."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from scanners.camera.picture import Gray

# Means over a block take the noise of a sensor out: of a deviation of 12 grey values, as in poor light,
# 1.5 are left in a block of 8 pixels a side. A module is smaller than a block, a symbol and a finger's move are not.
_BLOCKS: Final = 80  # Along the longer side.
BLOCK_MIN: Final = 10.0  # Grey values by which one block at least must differ; of that noise, the worst of 4800: 8.5.
MEAN_MIN: Final = 3.0  # Or all of them on average: somebody switched the light on. Of that noise: 1.7.


def blocks(gray: Gray) -> Gray:
    """The picture as means of blocks; focus and noise do not show in them, what lies there does."""
    height, width = gray.shape
    side = -(-max(height, width) // _BLOCKS)  # A whole number: OpenCV is several times slower with fractions.
    rows, columns = max(height // side, 1), max(width // side, 1)
    whole = gray[: rows * side, : columns * side]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def differ(one: Gray, other: Gray) -> bool:
    """Whether two pictures, as `blocks` gives them, show different things."""
    if one.shape != other.shape:
        return True
    difference = cv2.absdiff(one, other)
    return int(difference.max()) >= BLOCK_MIN or float(difference.mean()) >= MEAN_MIN
