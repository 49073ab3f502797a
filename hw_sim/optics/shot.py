"""One photograph: what was printed, how it lies before the camera, in which light, through which lens.

A kind of frame is a Shot with some of its fields changed; `taken` turns a Shot into an image and the truth about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hw_sim.optics import backdrop, ink, label, lens, light
from hw_sim.optics.datamatrix import encode
from hw_sim.optics.marks import Mark, any_mark
from hw_sim.optics.surface import SUPERSAMPLING, Surface, camera
from hw_sim.optics.wear import Box, WearFault

_MARGIN_PX = 6.0  # A symbol keeps this far from the edge of the frame.


@dataclass(frozen=True, slots=True)
class Code:
    """One symbol in a frame and where it is.

    `corners` are its outer corners in image pixels (x, y; pixel centres at whole numbers): of its module in the first
    row and column, then clockwise as the symbol is encoded, so the corner of the solid finder is the last. On a
    mirrored symbol they run counter-clockwise in the image.
    """

    data: bytes
    gs1: bool
    corners: NDArray[np.float64]
    modules: NDArray[np.bool_]


@dataclass(slots=True)
class Shot:
    """A clean photograph of one label; faults change fields or append to the lists. Lengths in pixels or modules."""

    module_px: float
    angle: float  # Radians in the plane of the image.
    marks: list[Mark]
    width: int = 640
    height: int = 480
    tilt: tuple[float, float] = (0.0, 0.0)
    shape: Literal["square", "rect"] = "square"
    mode: Literal["ascii", "c40", "text", "auto"] = "ascii"
    ink_tone: int = 30
    paper_tone: int = 230
    inverted: bool = False
    mirrored: bool = False
    dots: tuple[float, float] | None = None  # Radius and jitter in modules.
    quiet: float = 2.0
    lines: int = 4
    bars: int = 0
    others: int = 0
    backdrop: backdrop.Backdrop = backdrop.plain
    ink_faults: list[ink.InkFault] = field(default_factory=list)
    wear_faults: list[WearFault] = field(default_factory=list)
    bends: list[Callable[[Surface, Box, np.random.Generator], None]] = field(default_factory=list)
    lens_faults: list[lens.LensFault] = field(default_factory=list)
    light_faults: list[light.LightFault] = field(default_factory=list)
    soft_px: float = 0.5
    noise: float = 1.5
    salt: float = 0.0
    jpeg: int | None = None


def plain_shot(rng: np.random.Generator) -> Shot:
    """A good camera, a good print, a label that lies nearly straight: what every kind starts from."""
    return Shot(
        module_px=float(rng.uniform(3.2, 5.5)),
        angle=float(rng.uniform(-0.12, 0.12)),
        marks=[any_mark(rng)],
        ink_tone=int(rng.integers(12, 60)),
        paper_tone=int(rng.integers(195, 245)),
        mode=("ascii", "ascii", "auto")[int(rng.integers(0, 3))],
        lines=int(rng.integers(2, 9)),
        bars=int(rng.random() < 0.25),
        backdrop=(*backdrop.PLAIN, backdrop.packaging)[int(rng.integers(0, 3))],
        soft_px=float(rng.uniform(0.4, 0.65)),
        noise=float(rng.uniform(0.8, 2.5)),
        jpeg=int(rng.integers(80, 96)) if rng.random() < 0.25 else None,  # Many webcams send motion JPEG.
    )


def taken(shot: Shot, rng: np.random.Generator) -> tuple[NDArray[np.uint8], tuple[Code, ...]]:
    """The image, and each of its symbols with the corners the optics gave it."""
    symbols = [encode(mark.data, gs1=mark.gs1, shape=shot.shape, mode=shot.mode) for mark in shot.marks]
    tones = (shot.paper_tone, shot.ink_tone) if shot.inverted else (shot.ink_tone, shot.paper_tone)
    print_, boxes = label.laid_out(
        [_inked(shot, symbol, rng) for symbol in symbols],
        rng,
        tones=tones,
        quiet=shot.quiet,
        lines=shot.lines,
        bars=shot.bars,
        others=shot.others,
    )
    for wear in shot.wear_faults:
        for box in boxes:
            wear(print_, box, rng)
    surface, corners = _aimed(shot, boxes, rng)
    image = _photographed(shot, print_, surface, corners, rng)
    codes = tuple(
        Code(mark.data, mark.gs1, quad, symbol) for mark, quad, symbol in zip(shot.marks, corners, symbols, strict=True)
    )
    return image, codes


def _inked(shot: Shot, symbol: NDArray[np.bool_], rng: np.random.Generator) -> ink.Coverage:
    coverage = ink.dotted(symbol, rng, *shot.dots) if shot.dots else ink.printed(symbol)
    for fault in shot.ink_faults:
        coverage = fault(coverage, rng)
    return np.ascontiguousarray(coverage[:, ::-1]) if shot.mirrored else coverage


def _aimed(shot: Shot, boxes: tuple[Box, ...], rng: np.random.Generator) -> tuple[Surface, list[NDArray[np.float64]]]:
    """Point the camera so that all symbols are in the frame, from farther away where they would not fit."""
    quads = [_quad(box, shot.mirrored) for box in boxes]
    every = np.concatenate(quads)
    low, high = every.min(axis=0), every.max(axis=0)
    hull = Box(float(low[0]), float(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    frame = (shot.height, shot.width)
    centre = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
    surface = Surface(np.eye(3))
    for bend in shot.bends:
        bend(surface, hull, rng)
    module_px = shot.module_px
    while True:
        surface.homography = camera(centre, module_px, shot.angle, shot.tilt, frame)
        seen = surface.to_image(every)
        extent = seen.max(axis=0) - seen.min(axis=0)
        room = np.array([shot.width, shot.height]) - 2 * _MARGIN_PX - 1
        if np.all(extent <= room):
            break
        module_px *= 0.98 * float(np.min(room / extent))
    shift = rng.uniform(0.15, 0.85, 2) * (room - extent) + _MARGIN_PX - seen.min(axis=0)
    surface.homography = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]]) @ surface.homography
    return surface, [surface.to_image(quad) for quad in quads]


def _quad(box: Box, mirrored: bool) -> NDArray[np.float64]:
    # The stamp stands on whole print pixels.
    left, top = round(box.x * ink.CELL) / ink.CELL, round(box.y * ink.CELL) / ink.CELL
    near, far = (left + box.columns, left) if mirrored else (left, left + box.columns)
    return np.array([(near, top), (far, top), (far, top + box.rows), (near, top + box.rows)], dtype=np.float64)


def _photographed(
    shot: Shot,
    print_: NDArray[np.uint8],
    surface: Surface,
    corners: list[NDArray[np.float64]],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    every = np.concatenate(corners)
    extent = (*every.min(axis=0), *every.max(axis=0))
    shrink = ink.CELL / (SUPERSAMPLING * shot.module_px)
    if shrink > 1.2:
        print_ = np.asarray(cv2.GaussianBlur(print_, (0, 0), 0.4 * shrink), dtype=np.uint8)
    sight = surface.seen(print_, ink.CELL, (shot.height, shot.width))
    image = shot.backdrop(shot.width, shot.height, rng).astype(np.float32)
    rows, columns = sight.gray.shape
    behind = image[sight.top : sight.top + rows, sight.left : sight.left + columns]
    behind += (sight.gray - behind) * sight.cover
    image = lens.soft(shot.soft_px)(image, rng)
    for fault in shot.lens_faults:
        image = fault(image, rng)
    for lamp in shot.light_faults:
        image = lamp(image, extent, rng)
    pixels = lens.to_bytes(lens.noise(shot.noise, shot.salt)(image, rng))
    return lens.jpeg(pixels, shot.jpeg) if shot.jpeg else pixels
