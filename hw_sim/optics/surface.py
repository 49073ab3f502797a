"""The label in space: its plane seen through a camera, bent round a bottle or crumpled.

Label units are modules. Image points have pixel centres at whole numbers, x right and y down, as OpenCV counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from hw_sim.optics.wear import Box

Floats = NDArray[np.float32]
Map = Callable[[Floats, Floats], tuple[Floats, Floats]]  # Points, x and y in modules.
Shade = Callable[[Floats, Floats], Floats]  # Points of the flat plane to a factor of brightness.

SUPERSAMPLING = 2
_COARSE = 4  # Bends and shades are computed on every fourth pixel.
_UNFOLDING_STEPS = 40
_HALF = np.float32(0.5)


@dataclass(frozen=True, slots=True)
class Bend:
    """A label that does not lie flat: which point of its print each point of the flat plane shows, and the reverse."""

    shows: Map
    shown_at: Map
    shade: Shade


@dataclass(slots=True)
class Surface:
    """Flat plane to image by `homography` (3x3), after the bends, which act in label units."""

    homography: NDArray[np.float64]
    bends: list[Bend] = field(default_factory=list)

    def to_image(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of the print, n x 2 in modules, are seen."""
        x, y = points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)
        for bend in reversed(self.bends):
            x, y = bend.shown_at(x, y)
        image = np.column_stack([x, y, np.ones_like(x)]).astype(np.float64) @ self.homography.T
        return np.asarray(image[:, :2] / image[:, 2:])

    def to_print(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Which points of the print, in modules, are seen at these points of the image: the reverse of `to_image`."""
        x, y = self._bend(*self._plane(points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)))
        return np.column_stack([x, y]).astype(np.float64)

    def _bend(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        for bend in self.bends:
            x, y = bend.shows(x, y)
        return x, y

    def seen(self, print_: NDArray[np.uint8], scale: int, shape: tuple[int, int]) -> Sight:
        """The print (`scale` pixels a module) as the image of this height and width sees it."""
        view = self._view((print_.shape[1] / scale, print_.shape[0] / scale), shape)
        top, left, height, width = view.top, view.left, view.height, view.width
        blank = np.full(print_.shape[:2], 255, np.uint8)
        if self.bends:
            x, y = view.refined(view.x * scale - 0.5, SUPERSAMPLING), view.refined(view.y * scale - 0.5, SUPERSAMPLING)
            seen = cv2.remap(print_, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            cover = cv2.remap(blank, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        else:
            centre = (SUPERSAMPLING - 1) / 2
            to_big = np.array(
                [
                    [SUPERSAMPLING, 0, centre - SUPERSAMPLING * left],
                    [0, SUPERSAMPLING, centre - SUPERSAMPLING * top],
                    [0, 0, 1],
                ]
            )
            from_print = np.array([[1 / scale, 0, 0.5 / scale], [0, 1 / scale, 0.5 / scale], [0, 0, 1.0]])
            matrix = to_big @ self.homography @ from_print
            big = (width * SUPERSAMPLING, height * SUPERSAMPLING)
            seen = cv2.warpPerspective(print_, matrix, big, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            cover = cv2.warpPerspective(blank, matrix, big, flags=cv2.INTER_LINEAR)
        gray = cv2.resize(seen, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        share = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
        if self.bends:
            gray *= view.refined(view.shade, 1)
        return Sight(top, left, gray, share)

    def _view(self, size: tuple[float, float], shape: tuple[int, int]) -> _View:
        """The part of the image the print covers, with the print's coordinates on a coarse raster over it."""
        height, width = shape
        # One coarse cell more on each side, so that refining never extrapolates.
        rows = np.arange(-_COARSE, height + _COARSE, _COARSE, dtype=np.float32) + (_COARSE - 1) / 2
        columns = np.arange(-_COARSE, width + _COARSE, _COARSE, dtype=np.float32) + (_COARSE - 1) / 2
        plane_x, plane_y = self._plane(*np.meshgrid(columns, rows))
        x, y = self._bend(plane_x, plane_y)
        inside = (x > -1) & (x < size[0] + 1) & (y > -1) & (y < size[1] + 1)
        down, across = _span(np.asarray(inside.any(axis=1))), _span(np.asarray(inside.any(axis=0)))
        shade = np.ones_like(x[down, across])
        for bend in self.bends:
            shade *= bend.shade(plane_x[down, across], plane_y[down, across])
        return _View(
            top=down.start * _COARSE,
            left=across.start * _COARSE,
            height=min(height, (down.stop - 2) * _COARSE) - down.start * _COARSE,
            width=min(width, (across.stop - 2) * _COARSE) - across.start * _COARSE,
            x=x[down, across],
            y=y[down, across],
            shade=shade,
        )

    def _plane(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        back = np.linalg.inv(self.homography).astype(np.float32)
        depth = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        return (
            (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / depth,
            (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / depth,
        )


@dataclass(frozen=True, slots=True)
class Sight:
    """Part of an image: its place, the gray values of the print there and how far it covers each pixel, 0 to 1."""

    top: int
    left: int
    gray: Floats
    cover: Floats


@dataclass(frozen=True, slots=True)
class _View:
    """The covered part of the image in pixels; x, y and shade on a raster of _COARSE pixels, one cell wider."""

    top: int
    left: int
    height: int
    width: int
    x: Floats
    y: Floats
    shade: Floats

    def refined(self, coarse: Floats, factor: int) -> Floats:
        """A coarse raster on every pixel, or on `factor` points a pixel."""
        rows, columns = coarse.shape
        cell = _COARSE * factor
        fine = cv2.resize(coarse, (columns * cell, rows * cell), interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(fine[cell : cell + self.height * factor, cell : cell + self.width * factor])


def _span(hits: NDArray[np.bool_]) -> slice:
    """From one coarse cell before the first hit to one after the last; the raster's own ends when nothing is hit."""
    found = np.flatnonzero(hits)
    if not len(found):
        return slice(0, 3)
    # At least three cells: one of image between two that are only there to refine from.
    start = int(np.clip(found[0] - 1, 0, len(hits) - 3))
    return slice(start, max(start + 3, min(int(found[-1]) + 2, len(hits))))


def camera(
    centre: tuple[float, float], module_px: float, angle: float, tilt: tuple[float, float], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Homography of a plane turned by `angle` in itself and `tilt` out of itself, radians; `centre` in mid-image."""
    height, width = shape
    focal = 1.4 * width
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    about_x, about_y = tilt
    lean_x = np.array([[1, 0, 0], [0, np.cos(about_x), -np.sin(about_x)], [0, np.sin(about_x), np.cos(about_x)]])
    lean_y = np.array([[np.cos(about_y), 0, np.sin(about_y)], [0, 1, 0], [-np.sin(about_y), 0, np.cos(about_y)]])
    rotation = lean_x @ lean_y @ turn
    distance = focal / module_px  # In modules: a module in mid-image is then module_px wide.
    to_centre = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1.0]])
    plane = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]])
    lens = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    return np.asarray(lens @ plane @ to_centre)


def cylinder(centre: float, radius: float, vertical_axis: bool, light: float) -> Bend:
    """A label round a bottle of `radius` modules, lit from the side by `light` (-1 to 1)."""

    def sine(x: Floats, y: Floats) -> Floats:
        return np.asarray(np.clip(((x if vertical_axis else y) - centre) / radius, -0.97, 0.97), dtype=np.float32)

    def shows(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        along = np.asarray(centre + radius * np.arcsin(sine(x, y)), dtype=np.float32)
        return (along, y) if vertical_axis else (x, along)

    def shown_at(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        turned = ((x if vertical_axis else y) - centre) / radius
        along = np.asarray(centre + radius * np.sin(turned), dtype=np.float32)
        return (along, y) if vertical_axis else (x, along)

    def shade(x: Floats, y: Floats) -> Floats:
        angle = np.arcsin(sine(x, y)) - light
        return np.asarray(0.35 + 0.65 * np.maximum(np.cos(angle), 0), dtype=np.float32)

    return Bend(shows, shown_at, shade)


def _over_folds(values: Floats, weights: Floats) -> Floats:
    """Sum over the last axis. Not `@`: some builds of OpenBLAS raise a false "invalid value" over stray memory."""
    return np.asarray(np.einsum("...f,f->...", values, weights), dtype=np.float32)


def crumple(rng: np.random.Generator, box: Box, folds: int, depth: float) -> Bend:
    """Sharp folds across the symbol: each facet is squeezed along its slope and lit by it. `depth` is the slope."""
    width, height = box.columns, box.rows
    angles = rng.uniform(0, np.pi, folds)
    normals = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    through = rng.uniform(0.1, 0.9, (folds, 2)) * (width, height) + (box.x, box.y)
    offsets = np.sum(normals * through, axis=1).astype(np.float32)
    slopes = (rng.choice([-1, 1], folds) * rng.uniform(0.4, 1, folds) * depth).astype(np.float32)
    reach = (rng.uniform(0.12, 0.4, folds) * max(width, height)).astype(np.float32)
    light = rng.uniform(0.6, 1.6)

    def aside(x: Floats, y: Floats) -> Floats:
        """Distance from every fold, folds last."""
        along = np.multiply.outer(x, normals[:, 0]) + np.multiply.outer(y, normals[:, 1])
        return np.asarray(along - offsets, dtype=np.float32)

    def push(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        along = slopes * np.maximum(reach - np.abs(aside(x, y)), 0)
        return _over_folds(along, normals[:, 0]), _over_folds(along, normals[:, 1])

    def shows(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        across, down = push(x, y)
        return x + across, y + down

    def shown_at(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        # The fixed point of x = print - push(x); halved steps settle even where several folds cross.
        at_x, at_y = x, y
        for _ in range(_UNFOLDING_STEPS):
            across, down = push(at_x, at_y)
            at_x, at_y = (at_x + x - across) * _HALF, (at_y + y - down) * _HALF
        return at_x, at_y

    def shade(x: Floats, y: Floats) -> Floats:
        away = aside(x, y)
        slope = np.tanh(away * 1.5) * np.maximum(1 - np.abs(away) / reach, 0)
        return np.asarray(np.clip(1 + light * _over_folds(slope, slopes), 0.25, 1.6), dtype=np.float32)

    return Bend(shows, shown_at, shade)
