"""Reads a symbol whose grid is known: grey of every module, dark or light, Reed-Solomon with doubtful words erased.

The content itself is left to zxing-cpp, which gets the corrected symbol painted clean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import cv2
import numpy as np
import zxingcpp

from scanners.camera.grid.ecc200 import Grid, Size, codewords, painted, pattern, places
from scanners.camera.grid.fit import Fit
from scanners.camera.grid.geometry import Floats, Image, mapped, sampled
from scanners.camera.grid.mesh import bent, shifted
from scanners.camera.grid.reed_solomon import correct

_MATRIX: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix])
_SPREAD: Final = (-0.18, 0.18)  # Where in a module grey is looked at, from its centre.
_RING: Final = 2  # Modules around the symbol that are looked at too.
_RIDGE: Final = 0.0005  # Holds the filter back from explaining noise.
_PATTERN_MIN: Final = 0.72  # Share of the fixed modules that must be right.
_FLAT_TRIES: Final = 5
_BENT_TRIES: Final = 2
# Shares of the fixed modules: between these the grid may be bent; above the second it lies well and print is missing.
_BENDS_FROM: Final = 0.75
_BENDS_TO: Final = 0.985
_ERASES_FROM: Final = 0.93
_ERASED: Final = (0.3, 0.6)  # Parts of the check words spent on the least certain words.
_SPARE_WORDS: Final = 4  # Check words that must agree although nothing needed them: a chance read is 1 in 2^32.


@dataclass(frozen=True, slots=True)
class Read:
    data: bytes
    symbology: str


def grey_of(image: Image, quad: Floats, size: Size, bend: Floats | None = None, ring: int = _RING) -> Floats:
    """Mean grey of every module and of a ring around, shape (rows + 2 ring, cols + 2 ring)."""
    rows, cols = np.arange(-ring, size.rows + ring), np.arange(-ring, size.cols + ring)
    v = (rows[:, None, None, None] + 0.5 + np.array(_SPREAD)[None, None, :, None]) / size.rows
    u = (cols[None, :, None, None] + 0.5 + np.array(_SPREAD)[None, None, None, :]) / size.cols
    u, v = np.broadcast_arrays(u, v)
    x, y = mapped(quad[None], u.ravel().astype(np.float32), v.ravel().astype(np.float32))
    if bend is not None:
        dx, dy = shifted(bend, u.ravel(), v.ravel())
        x, y = x + dx, y + dy
    return np.asarray(sampled(image, x, y).reshape(len(rows), len(cols), -1).mean(axis=2), np.float32)


def likelihoods(grey: Floats, even: Floats, size: Size) -> Iterator[Floats]:
    """Ways to tell dark from light, the best first: each gives darkness of every module, positive for dark.

    Its size is the certainty. `grey`, and `even` without light and shade, have a ring of two modules around.
    """
    yield from _equalised(grey, size, ((_ALL, 2),))
    yield from _equalised(even, size, ((_NEAR, 0),))
    yield from _equalised(grey, size, ((_NEAR, 0),))
    yield from _equalised(even, size, ((_NEAR, 2),))
    yield _local(grey, 7)[_RING:-_RING, _RING:-_RING]


def _local(grey: Floats, window: int) -> Floats:
    """Against the middle between the darkest and the lightest nearby, both smoothed."""
    kernel = np.ones((window, window), np.uint8)
    low = cv2.blur(cv2.erode(grey, kernel), (window, window))
    high = cv2.blur(cv2.dilate(grey, kernel), (window, window))
    return np.asarray(((low + high) / 2 - grey) / np.maximum(high - low, 8.0), np.float32)


def _ring_kernel(*offsets: tuple[int, int]) -> Floats:
    kernel = np.zeros((5, 5), np.float32)
    for down, right in offsets:
        kernel[2 + down, 2 + right] = 1 / len(offsets)
    return kernel


# Neighbours of a module, in pairs that lie opposite: what a lens or a moving hand spreads goes both ways alike. The
# few kernels for rings learn more surely, the many for directions undo more.
_NEAR: Final = (
    _ring_kernel((-1, 0), (1, 0), (0, -1), (0, 1)),
    _ring_kernel((-1, -1), (-1, 1), (1, -1), (1, 1)),
)
_ALL: Final = tuple(
    _ring_kernel(*pairs)
    for pairs in (
        ((-1, 0), (1, 0)), ((0, -1), (0, 1)), ((-1, -1), (1, 1)), ((-1, 1), (1, -1)),
        ((-2, 0), (2, 0)), ((0, -2), (0, 2)),
        ((-2, -1), (2, 1), (-1, -2), (1, 2)), ((-2, 1), (2, -1), (-1, 2), (1, -2)),
    )
)  # fmt: skip


def _equalised(grey: Floats, size: Size, plans: tuple[tuple[tuple[Floats, ...], int], ...]) -> Iterator[Floats]:
    """Undo blur and print growth: the linear filter over a module and its neighbours that best tells dark from light.

    Learned on the fixed patterns by least squares, then `rounds` times on its own answer for the whole symbol.
    """
    known = pattern(size).ravel().astype(np.float64)
    at = known != 0
    inner = (slice(_RING, -_RING), slice(_RING, -_RING))
    centred = grey - grey.mean()
    unit = max(float(centred.std()), 1.0)
    rows, cols = np.indices((size.rows, size.cols))
    slopes = [2 * cols / size.cols - 1, 2 * rows / size.rows - 1, np.ones((size.rows, size.cols))]
    for kernels, rounds in plans:
        rings = [cv2.filter2D(centred, -1, kernel)[inner] / unit for kernel in kernels]
        features = (
            np.stack([centred[inner] / unit, *rings, *slopes], axis=-1).reshape(known.size, -1).astype(np.float64)
        )
        ridge = np.eye(features.shape[1]) * _RIDGE
        some = features[at]
        weights = np.linalg.solve(some.T @ some + ridge * len(some), some.T @ known[at])
        darkness = features @ weights
        square = features.T @ features + ridge * known.size / 4
        for _ in range(rounds):
            wanted = np.where(at, known, np.clip(2 * darkness, -1, 1))
            darkness = features @ np.linalg.solve(square, features.T @ wanted)
        yield darkness.reshape(size.rows, size.cols).astype(np.float32)


def read_grid(image: Image, even: Image, found: Fit) -> Read | None:
    """Read the symbol whose grid was found, flat first, then bent; None where nothing corrects."""
    if found.inverted:
        image, even = (np.asarray(cv2.bitwise_not(one)) for one in (image, even))
    flat, agreed = _read(image, even, found, None, _FLAT_TRIES)
    if flat is not None or not _BENDS_FROM < agreed < _BENDS_TO:
        return flat
    return _read(image, even, found, bent(even, found.quad, found.size), _BENT_TRIES)[0]


def _read(image: Image, even: Image, found: Fit, bend: Floats | None, tries: int) -> tuple[Read | None, float]:
    """What is read, and the share of the fixed modules that came out right."""
    size = found.size
    grey, plain = (grey_of(one, found.quad, size, bend) for one in (image, even))
    known = pattern(size)
    at = known != 0
    agreed = 0.0
    best: list[Floats] = []
    for darkness in islice(likelihoods(grey, plain, size), tries):
        if not best:
            agreed = float(((darkness > 0) == (known > 0))[at].mean())
            if agreed < _PATTERN_MIN:
                return None, agreed  # Not even what every symbol shows comes out.
        best.append(darkness)
        read = decoded(darkness, size)
        if read is not None:
            return read, agreed
    if agreed >= _ERASES_FROM:
        for darkness in best[:2]:
            read = decoded(darkness, size, _ERASED)
            if read is not None:
                return read, agreed
    return None, agreed


def decoded(darkness: Floats, size: Size, erase: tuple[float, ...] = (0.0,)) -> Read | None:
    """Correct and read one likelihood; `erase` are the parts of the check words spent on the least certain words."""
    bits = darkness.ravel()[places(size)]
    words = codewords(darkness > 0, size)
    certain = np.abs(bits).min(axis=1)
    for part in erase:
        fixed = _corrected(words, certain, size, part)
        if fixed is not None:
            return content(painted(fixed, size))
    return None


def _corrected(words: np.ndarray, certain: Floats, size: Size, part: float) -> np.ndarray | None:
    check = size.check // size.blocks
    fixed = words.copy()
    for block in range(size.blocks):
        mine, sure = words[block :: size.blocks], certain[block :: size.blocks]
        erased = tuple(int(place) for place in np.argsort(sure)[: int(check * part)])
        found = correct(mine, check, erased)
        if found is None or (erased and len(erased) + 2 * found[1] > check - _SPARE_WORDS):
            return None
        fixed[block :: size.blocks] = found[0]
    return fixed


def content(grid: Grid) -> Read | None:
    """What a clean symbol says."""
    picture = np.where(np.pad(grid, 1), 0, 255).astype(np.uint8)
    found = zxingcpp.read_barcode(
        np.ascontiguousarray(picture), formats=_MATRIX,
        is_pure=True, try_rotate=False, try_downscale=False, try_invert=False,
    )  # fmt: skip
    if found is None or not found.valid:
        return None
    return Read(bytes(found.bytes), found.symbology_identifier)
