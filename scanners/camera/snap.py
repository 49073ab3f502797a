"""Pulls the sides of a rough quadrilateral to where print begins: light outside, dark inside, along a straight line.

For a region no reader found anything in. The solid edges of a symbol give a strong line, its timing edges half as much.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scanners.camera.geometry import Floats, Image, mapped, sampled

_SIDE_PX: Final = 96  # The rough quadrilateral, brought to a square.
_OUT: Final = 0.30  # How far outside and inside of a rough side the true one is looked for, as a part of the square.
_IN: Final = 0.22
_COLUMNS: Final = 48
_SLOPE: Final = 14  # Most that the two ends of a side may differ, in pixels of the square.
_OUTER_GAIN: Final = 0.004  # A line further out wins over an equal one within: data has edges too.


def snapped(image: Image, quad: Floats, most: int = 2) -> list[Floats]:
    """Quadrilaterals with the sides moved to the strongest lines, best first. `image` is evened."""
    out, inside = round(_OUT * _SIDE_PX), round(_IN * _SIDE_PX)
    along = (np.arange(_COLUMNS, dtype=np.float32) + 0.5) / _COLUMNS
    across = (np.arange(-out, inside, dtype=np.float32)) / _SIDE_PX
    lines = []
    for side in range(4):
        turned = np.roll(quad, -side, axis=0)
        u, v = np.meshgrid(along, across)
        x, y = mapped(turned[None], u.ravel(), v.ravel())
        grey = sampled(image, x, y).reshape(u.shape)
        lines.append(_lines(grey, out))
    found = []
    for choice in range(most):
        ends = [line[min(choice, len(line) - 1)] for line in lines]
        found.append(_crossed(quad, ends))
    return found


def _lines(grey: Floats, out: int) -> list[tuple[float, float]]:
    """The best straight steps from light to dark going inwards: offsets of left and right end, as parts of the side."""
    blurred = np.cumsum(np.pad(grey, ((3, 3), (0, 0)), mode="edge"), axis=0)
    before, after = blurred[3:-3] - blurred[:-6], blurred[6:] - blurred[3:-3]
    step = (before - after)[: len(grey)] / 3  # Light above, dark below.
    depth, columns = step.shape
    start = np.arange(0, depth, 2)
    left, right = np.meshgrid(start, start, indexing="ij")
    near = np.abs(left - right) <= _SLOPE
    left, right = left[near], right[near]
    share = (np.arange(columns) + 0.5) / columns
    rows = np.rint(left[:, None] * (1 - share) + right[:, None] * share).astype(np.intp)
    scores = step[rows, np.arange(columns)].mean(axis=1) * (1 + _OUTER_GAIN * (depth - (left + right) / 2))
    found: list[tuple[float, float]] = []
    for at in np.argsort(-scores):
        a, b = (float(left[at]) + 0.5 - out) / _SIDE_PX, (float(right[at]) + 0.5 - out) / _SIDE_PX
        if all(abs(a - c) + abs(b - d) > 0.1 for c, d in found):
            found.append((a, b))
        if len(found) == 3:
            break
    return found


def _crossed(quad: Floats, ends: list[tuple[float, float]]) -> Floats:
    """Corners where the four moved sides meet, back in pixels."""
    (ta, tb), (ra, rb), (ba, bb), (la, lb) = ends
    # Each side as two points in the unit square, in its own direction of travel.
    sides = [
        ((0.0, ta), (1.0, tb)),
        ((1 - ra, 0.0), (1 - rb, 1.0)),
        ((1.0, 1 - ba), (0.0, 1 - bb)),
        ((la, 1.0), (lb, 0.0)),
    ]
    corners = [_meet(sides[index - 1], sides[index]) for index in range(4)]
    u, v = np.array(corners, np.float32).T
    x, y = mapped(quad[None], u, v)
    return np.stack((x[0], y[0]), axis=1).astype(np.float32)


Point = tuple[float, float]


def _meet(first: tuple[Point, Point], second: tuple[Point, Point]) -> Point:
    (x1, y1), (x2, y2) = first
    (x3, y3), (x4, y4) = second
    area = (x1 - x2) * (y3 - y4) - (y1 - y2) * (x3 - x4)
    if abs(area) < 1e-6:
        return x2, y2
    a, b = x1 * y2 - y1 * x2, x3 * y4 - y3 * x4
    return (a * (x3 - x4) - (x1 - x2) * b) / area, (a * (y3 - y4) - (y1 - y2) * b) / area
