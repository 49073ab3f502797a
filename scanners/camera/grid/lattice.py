"""Finds a symbol by its modules: edges both ways, evenly spaced, whatever stands around it or covers its border.

    direction   where edges point: two directions, about a right angle apart; the picture is turned to them
    spacing     in blocks: the spectrum of edges along each axis; blocks of a symbol agree on one spacing in both
    lattice     phase differences from block to block give spacing and skew to a fraction of a percent
    border      grey at every lattice cell, compared with the fixed patterns of every size at every place and turn

Source: the shift theorem of the Fourier transform for the phases; the rest is arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanners.camera.grid.border import best
from scanners.camera.grid.ecc200 import Size
from scanners.camera.grid.geometry import Floats, Image, sampled

_BLOCK: Final = 64
_STRIDE: Final = 32
_PITCH_MIN: Final = 2.3
_PITCH_MAX: Final = 13.0
_BINS: Final = np.arange(int(_BLOCK / _PITCH_MAX), int(_BLOCK / _PITCH_MIN) + 1)
_LEAN_MAX: Final = 0.36  # Of the logarithm of the two spacings' ratio.
_LEAN_COST: Final = 0.5
_SECOND: Final = 0.45  # Of the best spacing's strength, for another to be tried.
_AROUND: Final = 0.5
_CELLS_MAX: Final = 96
_AGREES: Final = 0.12  # Of the strongest block.
_MARGIN: Final = 24.0  # Pixels around the blocks that agree: a block on the border sees half a symbol.
SCORE_SURE: Final = 10.0  # Standard errors of likeness: over all places and sizes chance reaches nine.

Complex = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """A symbol found on a lattice."""

    quad: Floats
    size: Size
    score: float  # Likeness in standard errors.
    inverted: bool


@dataclass(frozen=True, slots=True)
class Glasses:
    """How a crop is looked at."""

    soft_px: float  # Smoothing all around; noise goes, and fine print with it.
    along_px: int  # Smoothing along each edge, an odd number of pixels.
    fine: float  # Power of the frequency by which fine spacings are favoured: pictures have most power in long waves.


# What finds most first; each finds what the ones before it miss.
GLASSES: Final = (Glasses(0.7, 3, 2.0), Glasses(1.6, 5, 2.0), Glasses(0.0, 1, 1.0))


def placed(image: Image, glasses: Glasses = GLASSES[0], most: int = 2) -> list[Placed]:
    """The likeliest symbols of a crop, best first. `image` is evened."""
    if glasses.soft_px:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), glasses.soft_px))
    turn = _turn(np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0)))
    if turn is None:
        return []
    edge = cv2.BORDER_REPLICATE
    straight = np.asarray(cv2.warpAffine(image, turn[0], turn[1], flags=cv2.INTER_LINEAR, borderMode=edge))
    found: list[Placed] = []
    for lattice, box in _lattices(straight, glasses):
        found += _on_lattice(straight, lattice, box, turn[0], most)
        if found and max(one.score for one in found) > SCORE_SURE:
            break
    return sorted(found, key=lambda one: -one.score)[:most]


def _turn(image: Image) -> tuple[Floats, tuple[int, int]] | None:
    """The affine map that lays the two edge directions along the axes, and the size of the picture then."""
    # Directions do not need every pixel, and a whole turn of 360 folds into half a turn.
    gx, gy = (cv2.Sobel(image, cv2.CV_32F, 1 - way, way)[::2, ::2] for way in (0, 1))
    strength, angle = cv2.cartToPolar(np.ascontiguousarray(gx), np.ascontiguousarray(gy), angleInDegrees=True)
    around = np.bincount(angle.ravel().astype(np.uint16), strength.ravel() ** 2, 361)
    bins = around[:180] + around[180:360]
    smooth = np.convolve(np.concatenate((bins[-4:], bins, bins[:4])), np.hanning(9), "valid")
    both = smooth[:90] * smooth[90:]
    if not both.max() > 0:
        return None
    first = int(both.argmax())
    one = np.deg2rad(_peak(smooth, first))
    other = np.deg2rad(_peak(smooth, first + 90))
    rows = np.array([[np.cos(one), np.sin(one)], [np.cos(other), np.sin(other)]])
    if abs(np.linalg.det(rows)) < 0.5:
        return None
    height, width = image.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ rows.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    matrix = np.column_stack((rows, -low)).astype(np.float32)
    size = np.ceil(high - low).astype(int)
    return matrix, (int(size[0]), int(size[1]))


def _peak(smooth: Floats, near: int) -> float:
    """The strongest direction within ten degrees of `near`, between the bins."""
    at = np.arange(near - 10, near + 11)
    top = int(at[smooth[at % 180].argmax()])
    left, middle, right = (float(smooth[(top + d) % 180]) for d in (-1, 0, 1))
    bend = left - 2 * middle + right
    return top + (0.5 * (left - right) / bend if bend < 0 else 0.0) + 0.5


Box = tuple[float, float, float, float]


def _lattices(straight: Image, glasses: Glasses) -> list[tuple[Floats, Box]]:
    """Lattices, best spacing first, and the box (left, top, right, bottom) where each was seen.

    Two rows (kx, ky, c): u = kx x + ky y + c counts module edges across, and the same for v downwards.
    """
    height, width = straight.shape
    if min(height, width) < _BLOCK + _STRIDE:
        pad = max(0, _BLOCK + _STRIDE - height), max(0, _BLOCK + _STRIDE - width)
        straight = np.pad(straight, ((0, pad[0]), (0, pad[1])), mode="edge")
    # Smoothed along an edge noise goes; smoothed across it fine modules would go first.
    along = glasses.along_px
    across = cv2.Sobel(cv2.blur(straight, (1, along)), cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(cv2.blur(straight, (along, 1)), cv2.CV_32F, 0, 1, ksize=1).T
    fx, fy = _blocks(np.abs(across)), _blocks(np.abs(down)).transpose(1, 0, 2)
    across_shares, down_shares = _shares(fx, glasses.fine), _shares(fy, glasses.fine)
    energy = _energy(fx, fy) ** 2
    # Spacings across (rows) with spacings down (columns): a label that leans has two.
    pairs = np.tensordot(across_shares * energy[..., None], down_shares, axes=((0, 1), (0, 1))) * _leaning()
    smooth = pairs.copy()
    smooth[1:-1, 1:-1] += 0.25 * (pairs[:-2, 1:-1] + pairs[2:, 1:-1] + pairs[1:-1, :-2] + pairs[1:-1, 2:])
    first = float(smooth.max())
    found: list[tuple[Floats, Box]] = []
    for _ in range(2):
        i, j = divmod(int(smooth.argmax()), smooth.shape[1])
        if smooth[i, j] <= _SECOND * first:
            break
        weight = across_shares[..., i] * down_shares[..., j] * energy
        waves = [
            _wave(f[..., k], weight, float(_BINS[k]) / _BLOCK, axis) for axis, (f, k) in enumerate(((fx, i), (fy, j)))
        ]
        found.append((np.stack(waves), _box(weight)))
        smooth[max(0, i - 2) : i + 3, max(0, j - 2) : j + 3] = 0
    return found


@cache
def _leaning() -> Floats:
    """How much each pair of spacings is trusted: alike fully, more than a third apart not at all."""
    apart = np.abs(np.log(_BINS[:, None] / _BINS[None]))
    return np.asarray(np.where(apart < _LEAN_MAX, 1 - _LEAN_COST * apart / _LEAN_MAX, 0.0))


def _blocks(edges: Floats) -> Complex:
    """Spectrum of edges along x in every block, phases counted from the picture's corner: (rows, columns, bins)."""
    height, width = edges.shape
    tops, lefts = range(0, height - _BLOCK + 1, _STRIDE), range(0, width - _BLOCK + 1, _STRIDE)
    sums = np.stack([edges[top : top + _BLOCK].sum(axis=0) for top in tops])
    lines = np.stack([sums[:, left : left + _BLOCK] for left in lefts], axis=1)
    lines = (lines - lines.mean(axis=2, keepdims=True)) * np.hanning(_BLOCK)
    return np.asarray(lines @ _waves() * np.exp(-2j * np.pi * np.array(lefts)[:, None] * _BINS / _BLOCK)[None])


@cache
def _waves() -> Complex:
    return np.asarray(np.exp(-2j * np.pi * np.arange(_BLOCK)[:, None] * _BINS / _BLOCK))


def _shares(spectrum: Complex, fine: float) -> Floats:
    """How much of the edges each spacing explains beyond the spacings around it."""
    power = np.abs(spectrum) ** 2 * (_BINS / _BINS[-1]) ** fine
    padded = np.pad(power, ((0, 0), (0, 0), (4, 4)), mode="reflect")
    bins = power.shape[2]
    at = [padded[..., place : place + bins] for place in range(9)]
    near, around = at[3] + at[4] + at[5], at[0] + at[1] + at[7] + at[8]
    return np.asarray(np.maximum(near - _AROUND * around, 0) / np.maximum(power.sum(axis=2, keepdims=True), 1.0))


def _energy(fx: Complex, fy: Complex) -> Floats:
    """How strong a block's edges are in the weaker direction, against the strongest block."""
    weaker = np.minimum(*((np.abs(f) ** 2).sum(axis=2) for f in (fx, fy))) ** 0.25
    return np.asarray(weaker / max(float(weaker.max()), 1e-6))


def _box(weight: Floats) -> Box:
    """Pixels of the blocks that agree, with one block of margin."""
    rows, columns = np.nonzero(weight > _AGREES * weight.max())
    left, top = (float(one.min() * _STRIDE - _MARGIN) for one in (columns, rows))
    return left, top, float(columns.max() * _STRIDE + _BLOCK + _MARGIN), float(rows.max() * _STRIDE + _BLOCK + _MARGIN)


def _wave(phases: Complex, weight: Floats, frequency: float, axis: int) -> Floats:
    """Wave vector and offset of one axis from the phases of the blocks."""
    unit = phases / np.maximum(np.abs(phases), 1e-9)
    pairs_x = (unit[:, 1:] * unit[:, :-1].conj() * weight[:, 1:] * weight[:, :-1]).sum()
    pairs_y = (unit[1:] * unit[:-1].conj() * weight[1:] * weight[:-1]).sum()
    slope = np.array([np.angle(pairs_x), np.angle(pairs_y)]) / (2 * np.pi * _STRIDE)
    rows, columns = np.indices(phases.shape)
    x, y = columns * _STRIDE + _BLOCK / 2 - 0.5, rows * _STRIDE + _BLOCK / 2 - 0.5
    flat = unit * np.exp(-2j * np.pi * (slope[0] * x + slope[1] * y)) * weight
    slope[axis] += frequency
    return np.array([slope[0], slope[1], np.angle(flat.sum()) / (2 * np.pi)])


def _on_lattice(straight: Image, lattice: Floats, box: Box, turn: Floats, most: int) -> list[Placed]:
    height, width = straight.shape
    left, top, right, bottom = max(box[0], 0.0), max(box[1], 0.0), min(box[2], width), min(box[3], height)
    matrix = lattice[:, :2]
    if abs(np.linalg.det(matrix)) < 1e-4:
        return []
    back = np.linalg.inv(matrix)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ matrix.T + lattice[:, 2]
    low = np.floor(corners.min(axis=0)).astype(int)
    count = np.minimum(np.ceil(corners.max(axis=0)).astype(int) - low, _CELLS_MAX)
    u, v = np.meshgrid(low[0] + np.arange(count[0]) + 0.5, low[1] + np.arange(count[1]) + 0.5)
    places = (np.stack((u.ravel(), v.ravel()), axis=1) - lattice[:, 2]) @ back.T
    cells = sampled(straight, places[:, 0].reshape(u.shape), places[:, 1].reshape(u.shape)) - 128.0
    undo = np.linalg.inv(np.vstack((turn, [0, 0, 1])))
    found = []
    for one in best(cells, most):
        high, wide = (one.size.rows, one.size.cols) if one.quarters % 2 == 0 else (one.size.cols, one.size.rows)
        corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]]) + low + (one.column, one.row)
        flat = (corners - lattice[:, 2]) @ back.T
        quad = np.column_stack((flat, np.ones(4))) @ undo[:2].T
        # The corners clockwise from the upper left of the upright symbol.
        turned = np.roll(quad, -one.quarters, axis=0).astype(np.float32)
        found.append(Placed(turned, one.size, one.score, one.inverted))
    return found
