"""Finds the module grid of a symbol whose place is roughly known: how many modules, and its corners exactly.

What every symbol shows whatever it says is compared with the picture: two solid edges, two timing edges, the patterns
between regions and the quiet zone. The corners move, ever less, to where the likeness is greatest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np

from scanners.camera.grid.border import LOOKED_FOR
from scanners.camera.grid.ecc200 import Size, pattern
from scanners.camera.grid.geometry import Floats, Image, is_sound, mapped, sampled, turned

_QUIET_WEIGHT: Final = 0.5  # Print comes close more often than the patterns themselves are spoiled.
_STEP_FIRST: Final = 0.8  # Of a module.
_STEP_ROUGH: Final = 0.35
_STEP_LAST: Final = 0.06
_INVERTED_LEAD: Final = 0.1  # Light on dark is rare: it must be clearly the better reading.
_RIVAL: Final = 0.08  # Sizes this close to the best are fitted to the end too.
LIKENESS_ROUGH: Final = 0.3
LIKENESS_MIN: Final = 0.4
_MOVES_MAX: Final = 40
_RECTIFIED_PX: Final = 208  # Four pixels a module for the largest size.
_PERIODS_MAX: Final = max(size.cols for size in LOOKED_FOR) // 2 + 2
_BAND: Final = 0.07  # How far from the edge, as a part of the side, a timing pattern is looked for.


@dataclass(frozen=True, slots=True)
class Fit:
    quad: Floats
    size: Size
    likeness: float  # Correlation with the fixed patterns, -1 to 1.
    inverted: bool = False  # Light on dark.


@cache
def _known(size: Size) -> tuple[Floats, Floats, Floats, Floats]:
    """Places u, v, expected brightness and weight of everything fixed."""
    dark = np.pad(pattern(size), 1, constant_values=-1)
    rows, cols = np.nonzero(dark)
    weight = np.ones(len(rows), np.float32)
    quiet = (rows == 0) | (cols == 0) | (rows == size.rows + 1) | (cols == size.cols + 1)
    weight[quiet] = _QUIET_WEIGHT
    # Every second place of the quiet zone says as much as all of them.
    kept = ~quiet | ((rows + cols) % 2 == 0)
    rows, cols, weight = rows[kept], cols[kept], weight[kept]
    u, v = (cols - 0.5) / size.cols, (rows - 0.5) / size.rows
    return u.astype(np.float32), v.astype(np.float32), -dark[rows, cols].astype(np.float32), weight / weight.sum()


def likeness(image: Image, quads: Floats, size: Size) -> Floats:
    """Correlation of the picture with the fixed patterns, for each quadrilateral."""
    u, v, bright, weight = _known(size)
    x, y = mapped(quads, u, v)
    grey = sampled(image, x, y)
    grey = grey - (grey @ weight)[:, None]
    wanted = bright - bright @ weight
    spread = np.sqrt((grey * grey) @ weight * float((wanted * wanted) @ weight))
    return np.asarray((grey @ (wanted * weight)) / np.maximum(spread, 1e-3), np.float32)


def evened(image: Image, radius_px: float) -> Image:
    """Take out light and shade: grey relative to the surroundings' mean and spread, as 8 bit around 128."""
    grey = image.astype(np.float32)
    window = (2 * max(2, round(radius_px)) + 1,) * 2
    mean = np.asarray(cv2.blur(grey, window))
    spread = np.sqrt(np.maximum(cv2.blur(grey * grey, window) - mean * mean, 16.0))
    return np.clip((grey - mean) * (50.0 / spread) + 128.0, 0, 255).astype(np.uint8)


def _moves() -> Floats:
    """Ways the four corners may move by one step, shape (n, 4, 2): each alone, each side, all together."""
    around = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    straight = [way for way in around if 0 in way]
    ways = []
    for corners, directions in (
        *(((corner,), around) for corner in range(4)),
        *(((corner, (corner + 1) % 4), straight) for corner in range(4)),
        ((0, 1, 2, 3), around),
    ):
        for way in directions:
            move = np.zeros((4, 2), np.float32)
            move[list(corners)] = way
            ways.append(move)
    return np.stack(ways)


_MOVES: Final = _moves()


def fit(
    image: Image,
    quad: Floats,
    size: Size,
    first: float = _STEP_FIRST,
    last: float = _STEP_LAST,
    *,
    inverted: bool = False,
) -> Fit:
    """Move the corners to the greatest likeness, by steps of `first` to `last` modules. `image` is evened."""
    module_px = float(np.mean(np.hypot(*(np.roll(quad, -1, axis=0) - quad).T))) / ((size.rows + size.cols) / 2)
    best, score = quad, float(likeness(image, quad[None], size)[0])
    step = first
    for _ in range(_MOVES_MAX):
        if step < last:
            break
        tries = best[None] + _MOVES * (step * module_px)
        scores = likeness(image, tries, size)
        top = int(scores.argmax())
        if scores[top] > score + 2e-3:
            best, score = tries[top], float(scores[top])
        else:
            step /= 2
    return Fit(best, size, score, inverted)


def sizes_of(image: Image, quad: Floats) -> list[tuple[float, Size, int]]:
    """Sizes the timing edges speak for, best first: (strength, size, quarter turns that bring the solid edges home)."""
    side, margin = _RECTIFIED_PX, round(_RECTIFIED_PX * _BAND)
    at = (np.arange(side + 2 * margin, dtype=np.float32) - margin + 0.5) / side
    u, v = np.meshgrid(at, at)
    x, y = mapped(quad[None], u.ravel(), v.ravel())
    flat = sampled(image, x, y).reshape(u.shape)
    inner = slice(margin, margin + side)
    band = 2 * margin
    tops = [
        flat[:band, inner],
        flat[inner, -band:].T,
        flat[-band:, inner],
        flat[inner, :band].T,
    ]  # Clockwise from the top; each row runs along its edge.
    strengths = [_timing(lines) for lines in tops]
    found = [
        (float(strengths[quarters][size.cols // 2] * strengths[(quarters + 1) % 4][size.rows // 2]), size, quarters)
        for quarters in range(4)
        for size in LOOKED_FOR
    ]
    return sorted(found, key=lambda one: -one[0])


def _timing(lines: Floats) -> Floats:
    """By number of periods: how much of a line near this edge is one even alternation."""
    steps = np.diff(lines, axis=1)  # Steps instead of grey: slow changes of light must not look like few, long periods.
    steps *= np.hanning(steps.shape[1]).astype(np.float32)
    power = np.abs(np.fft.rfft(steps, axis=1)[:, : _PERIODS_MAX + 2]) ** 2
    share = power / np.maximum(power.sum(axis=1, keepdims=True), 1.0)
    near = share[:, :-2] + share[:, 1:-1] + share[:, 2:]
    return np.asarray(np.pad(near.max(axis=0), (1, 1)), np.float32)


def locate(image: Image, quad: Floats, tries: int = 3) -> list[Fit]:
    """Fits of this quadrilateral with the sizes its timing edges speak for, the best likeness first."""
    rough = [
        fit(printed(image, sign < 0), turned(quad, quarters), size, last=_STEP_ROUGH, inverted=sign < 0)
        for size, quarters, sign in _starts(image, quad, tries)
    ]
    top = max(one.likeness for one in rough)
    if top < LIKENESS_ROUGH:
        return []
    near = [one for one in rough if one.likeness > top - _RIVAL]
    fits = [
        fit(printed(image, one.inverted), one.quad, one.size, _STEP_ROUGH / 2, inverted=one.inverted) for one in near
    ]
    good = [one for one in fits if one.likeness >= LIKENESS_MIN and is_sound(one.quad)]
    return sorted(good, key=lambda one: -one.likeness)


def _starts(image: Image, quad: Floats, tries: int) -> list[tuple[Size, int, int]]:
    """Sizes with turn and polarity: 1 dark on light, -1 light on dark, whichever the first steps favour."""
    starts = []
    module_steps = _MOVES * 0.02 * float(np.hypot(*(quad[1] - quad[0])))
    for _, size, quarters in sizes_of(image, quad)[:tries]:
        scores = likeness(image, turned(quad, quarters)[None] + module_steps, size)
        starts.append((size, quarters, 1 if scores.max() > -scores.min() - _INVERTED_LEAD else -1))
    return starts


def printed(image: Image, inverted: bool) -> Image:
    """Dark on light, whichever it was."""
    return image if not inverted else np.asarray(cv2.bitwise_not(image))
