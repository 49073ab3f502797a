"""Ways to treat a crop before zxing-cpp looks at it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from scanners.camera.grid.fit import evened
from scanners.camera.grid.geometry import Floats, Image

_CROP_PX_MIN: Final = 240
_CROP_PX_MAX: Final = 420
_MARGIN: Final = 0.30
_EVEN_PX: Final = 16.0  # Radius, over which light and shade are taken out.


@dataclass(frozen=True)
class Crop:
    """A region with some ground around, at a comfortable scale."""

    picture: Image
    scale: float
    offset: Floats  # x, y of the crop's corner in the whole picture.

    @cached_property
    def even(self) -> Image:
        return evened(self.picture, _EVEN_PX)

    def inward(self, quad: Floats) -> Floats:
        """From pixels of the whole picture to those of the crop; pixel centres are whole numbers in both."""
        return ((quad - self.offset + 0.5) * self.scale - 0.5).astype(np.float32)

    def outward(self, quad: Floats) -> Floats:
        return ((quad + 0.5) / self.scale - 0.5 + self.offset).astype(np.float32)


def crop_of(image: Image, quad: Floats) -> Crop:
    low, high = quad.min(axis=0), quad.max(axis=0)
    margin = _MARGIN * float((high - low).mean())
    left, top = (int(max(0, v - margin)) for v in low)
    right, bottom = int(min(image.shape[1], high[0] + margin)) + 1, int(min(image.shape[0], high[1] + margin)) + 1
    part = image[top:bottom, left:right]
    offset = np.array([left, top], np.float32)
    longest = max(part.shape)
    if longest < _CROP_PX_MIN:
        scale, how = min(4.0, _CROP_PX_MIN / longest), cv2.INTER_CUBIC
    elif longest > _CROP_PX_MAX:
        scale, how = _CROP_PX_MAX / longest, cv2.INTER_AREA
    else:
        return Crop(np.ascontiguousarray(part), 1.0, offset)
    return Crop(cv2.resize(part, None, fx=scale, fy=scale, interpolation=how), scale, offset)


def _adaptive(image: Image) -> Image:
    return np.asarray(
        cv2.adaptiveThreshold(
            cv2.GaussianBlur(image, (0, 0), 1), 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 41, 4
        )
    )


# Others were measured (unsharp, blur, local contrast, opening, closing) and read nothing the lattice does not.
TREATMENTS: Final[dict[str, Callable[[Image], Image]]] = {"plain": lambda image: image, "adaptive": _adaptive}
