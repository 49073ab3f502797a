"""Quadrilaterals of a symbol in a picture: projective maps for many of them at once, and grey values under them.

A quadrilateral is four corners in pixels, x before y, in the order of the symbol itself: the end of the left solid
edge, then clockwise (upper left, upper right, lower right, lower left of the upright symbol). Pixel centres are whole
numbers. `(u, v)` is a place in the symbol, 0 to 1 from left to right and from top to bottom.

Source: P. Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3 (square to quadrilateral).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # 32 bit; what numpy and cv2 make of it on the way is theirs to say.
Image = NDArray[Any]

_COLUMNS_MAX = 8192  # cv2.remap takes no longer row.


def homographies(quads: Floats) -> Floats:
    """Maps from the unit square: shape (n, 4, 2) to (n, 8), the ninth coefficient being 1."""
    x, y = quads[..., 0], quads[..., 1]
    dx1, dx2, sx = x[:, 1] - x[:, 2], x[:, 3] - x[:, 2], x[:, 0] - x[:, 1] + x[:, 2] - x[:, 3]
    dy1, dy2, sy = y[:, 1] - y[:, 2], y[:, 3] - y[:, 2], y[:, 0] - y[:, 1] + y[:, 2] - y[:, 3]
    area = dx1 * dy2 - dx2 * dy1
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
    return np.stack(
        (
            x[:, 1] - x[:, 0] + g * x[:, 1], x[:, 3] - x[:, 0] + h * x[:, 3], x[:, 0],
            y[:, 1] - y[:, 0] + g * y[:, 1], y[:, 3] - y[:, 0] + h * y[:, 3], y[:, 0],
            g, h,
        ), axis=1,
    ).astype(np.float32)  # fmt: skip


def mapped(quads: Floats, u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Pixels of the places `(u, v)`, shape (k,), in every quadrilateral: two arrays of shape (n, k)."""
    h = homographies(quads)[:, :, None]
    scale = h[:, 6] * u + h[:, 7] * v + 1
    scale = np.where(np.abs(scale) < 1e-6, 1e-6, scale)
    return (h[:, 0] * u + h[:, 1] * v + h[:, 2]) / scale, (h[:, 3] * u + h[:, 4] * v + h[:, 5]) / scale


def sampled(image: Image, x: Floats, y: Floats) -> Floats:
    """Grey values between pixels, of the shape of `x`; beyond the edge the edge goes on."""
    if x.ndim == 2 and x.shape[1] <= _COLUMNS_MAX:
        xs, ys = np.asarray(x, np.float32), np.asarray(y, np.float32)
        return np.asarray(cv2.remap(image, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    wide = min(x.size, _COLUMNS_MAX)
    filled = -x.size % wide
    xs, ys = (np.pad(one.ravel(), (0, filled)).reshape(-1, wide).astype(np.float32, copy=False) for one in (x, y))
    values = cv2.remap(image, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float32).ravel()[: x.size].reshape(x.shape)


def is_sound(quad: Floats, side_px_min: float = 12.0) -> bool:
    """Convex, turning the right way or mirrored, and no side too short to hold a symbol."""
    edges = np.roll(quad, -1, axis=0) - quad
    after = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]
    sides = np.hypot(edges[:, 0], edges[:, 1])
    return bool((np.all(turns > 0) or np.all(turns < 0)) and sides.min() >= side_px_min and np.isfinite(quad).all())


def turned(quad: Floats, quarters: int) -> Floats:
    """The same quadrilateral read from another corner."""
    return np.roll(quad, -quarters, axis=0)
