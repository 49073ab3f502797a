"""The seam between a picture and what reads it: a grey picture in, symbols out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Corners = tuple[tuple[float, float], ...]  # Four points in image pixels, x then y.


class Sorts(StrEnum):
    """Sorts of symbols a camera can be asked to read."""

    DATA_MATRIX = "dm"
    QR = "qr"
    EAN = "ean"
    GS1_128 = "gs1-128"


@dataclass(frozen=True, slots=True)
class Symbol:
    data: bytes  # GS is 1Dh; a leading FNC1 is not part of it, the symbology tells.
    symbology: str  # AIM identifier, "]d2".
    corners: Corners
    step: str  # The reader or step that succeeded: "zxing", "grid", "unsharp+grid", "libdmtx".
    ms: float  # Milliseconds from the start of the frame until it was read.


@dataclass(frozen=True, slots=True)
class Found:
    symbols: tuple[Symbol, ...]
    seen: tuple[Corners, ...] = ()  # Quadrilaterals looked at without success, for the picture.
    ms: float = 0.0
    steps: tuple[str, ...] = ()  # What was tried.


class Reader(Protocol):
    def read(self, gray: NDArray[np.uint8]) -> Found:
        """Read every symbol of a picture: two dimensions, 8 bit, any size."""
        ...
