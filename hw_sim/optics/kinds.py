"""The kinds of frames that hold codes, as one table: what each does to a shot, and between which severities.

A severity runs from 0 (one must look twice) to 1 (hopeless for most readers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from hw_sim.optics import backdrop, ink, lens, light, surface, wear
from hw_sim.optics.marks import any_mark, mark
from hw_sim.optics.shot import Shot
from hw_sim.optics.surface import Surface
from hw_sim.optics.wear import Box

Rng = np.random.Generator
Fault = Callable[[Shot, Rng, float], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes a frame of this kind, and the range its severity is drawn from."""

    fault: Fault
    low: float = 0.0
    high: float = 1.0


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _far(severity: float) -> float:
    """Pixels a module at the distance at which packs are held before a camera."""
    return _between(3.4, 1.9, severity)


def _sign(rng: Rng) -> int:
    return 1 if rng.random() < 0.5 else -1


def _clean(shot: Shot, rng: Rng, severity: float) -> None:
    """Nothing is wrong."""


def _small(shot: Shot, rng: Rng, severity: float) -> None:
    shot.module_px = _between(2.1, 1.7, severity)
    shot.soft_px = 0.4


def _rotated(shot: Shot, rng: Rng, severity: float) -> None:
    shot.angle = float(rng.uniform(0, 2 * np.pi))
    shot.module_px = _far(severity)


def _perspective(shot: Shot, rng: Rng, severity: float) -> None:
    lean, turn = _between(0.3, 1.0, severity), rng.uniform(0, 2 * np.pi)
    shot.tilt = (lean * float(np.cos(turn)), lean * float(np.sin(turn)))
    shot.angle = float(rng.uniform(-0.5, 0.5))


def _curved(shot: Shot, rng: Rng, severity: float) -> None:
    def bend(where: Surface, box: Box, rng: Rng) -> None:
        upright = bool(rng.random() < 0.7)
        side, start = (box.columns, box.x) if upright else (box.rows, box.y)
        radius = side * _between(1.1, 0.51, severity)
        axis, light_from = start + side * rng.uniform(0.4, 0.6), rng.uniform(-0.6, 0.6)
        where.bends.append(surface.cylinder(axis, radius, upright, light_from))

    shot.bends.append(bend)
    shot.tilt = (float(rng.uniform(-0.3, 0.3)), float(rng.uniform(-0.3, 0.3)))


def _crumpled(shot: Shot, rng: Rng, severity: float) -> None:
    def bend(where: Surface, box: Box, rng: Rng) -> None:
        folds = round(_between(4, 9, severity))
        where.bends.append(surface.crumple(rng, box, folds, _between(0.10, 0.3, severity)))

    shot.bends.append(bend)


def _blur(shot: Shot, rng: Rng, severity: float) -> None:
    shot.lens_faults.append(lens.defocus(shot.module_px * _between(0.45, 1.15, severity)))


def _motion(shot: Shot, rng: Rng, severity: float) -> None:
    shot.lens_faults.append(lens.motion(shot.module_px * _between(0.7, 2.6, severity), float(rng.uniform(0, np.pi))))


def _glare(shot: Shot, rng: Rng, severity: float) -> None:
    spots = int(rng.integers(1, 3))
    shot.light_faults.append(light.glare(spots, _between(0.15, 0.65, severity), _between(120, 330, severity)))


def _low_contrast(shot: Shot, rng: Rng, severity: float) -> None:
    shot.light_faults.append(light.faded(_between(0.28, 0.035, severity), float(rng.uniform(70, 190))))


def _uneven_light(shot: Shot, rng: Rng, severity: float) -> None:
    shot.light_faults.append(light.uneven(_between(0.7, 1.28, severity), float(rng.uniform(0, 1))))


def _noise(shot: Shot, rng: Rng, severity: float) -> None:
    shot.noise = _between(15, 75, severity)
    shot.salt = float(rng.uniform(0, 0.05)) * severity


def _jpeg(shot: Shot, rng: Rng, severity: float) -> None:
    shot.jpeg = round(_between(25, 3, severity))
    shot.module_px = float(rng.uniform(2.6, 4.0))


def _print_growth(shot: Shot, rng: Rng, severity: float) -> None:
    shot.ink_faults.append(ink.grown(_sign(rng) * _between(0.2, 0.46, severity)))


def _dots(shot: Shot, rng: Rng, severity: float) -> None:
    shot.dots = (_between(0.5, 0.27, severity), _between(0.02, 0.16, severity))
    shot.module_px = float(rng.uniform(4, 7))


def _missing_module_rows(shot: Shot, rng: Rng, severity: float) -> None:
    count, thickness, faded = round(_between(1, 4, severity)), _between(0.15, 1.2, severity), rng.uniform(0, 0.6)
    fault = ink.lost_lines(count, thickness, bool(rng.random() < 0.5), float(faded))
    shot.ink_faults.append(fault)


def _damaged(shot: Shot, rng: Rng, severity: float) -> None:
    shot.wear_faults.append(wear.blots(round(_between(1, 3, severity)), _between(0.08, 0.22, severity)))
    shot.wear_faults.append(
        wear.scratches(round(_between(1, 4, severity)), _between(0.2, 1.0, severity), bool(rng.random() < 0.5))
    )


def _occluded_edge(shot: Shot, rng: Rng, severity: float) -> None:
    edges = 1 if severity < 0.7 else 2
    shot.wear_faults.append(wear.covered_edge(_between(0.3, 1.6, severity), _between(0.08, 0.55, severity), edges))


def _no_quiet_zone(shot: Shot, rng: Rng, severity: float) -> None:
    gap, sides = float(rng.uniform(0, _between(2.0, 0.5, severity))), round(_between(0.6, 3.4, severity))
    shot.quiet = gap
    shot.wear_faults.append(wear.crowded(gap, sides))


def _inverted(shot: Shot, rng: Rng, severity: float) -> None:
    shot.inverted = True
    shot.module_px = _far(severity)


def _mirrored(shot: Shot, rng: Rng, severity: float) -> None:
    shot.mirrored = True
    shot.module_px = _far(severity)


def _rectangular(shot: Shot, rng: Rng, severity: float) -> None:
    shot.shape = "rect"
    shot.marks = [mark(("short6", "short7", "short8", "pack29")[int(rng.integers(0, 4))], rng)]
    shot.module_px = _between(4.5, 2.0, severity)


def _clutter(shot: Shot, rng: Rng, severity: float) -> None:
    shot.lines = round(_between(10, 25, severity))
    shot.bars = int(rng.integers(1, 4))
    shot.others = round(_between(1, 4, severity))
    shot.backdrop = backdrop.packaging
    shot.module_px = _far(severity)


def _several(shot: Shot, rng: Rng, severity: float) -> None:
    shot.marks = [any_mark(rng, short=True) for _ in range(round(_between(2, 4, severity)))]
    shot.module_px = _between(4.5, 2.2, severity)


def _big_frame(shot: Shot, rng: Rng, severity: float) -> None:
    shot.width, shot.height = 1280, 720
    shot.module_px = _between(5.0, 1.8, severity)


def _textured_background(shot: Shot, rng: Rng, severity: float) -> None:
    shot.backdrop = backdrop.TEXTURES[int(rng.integers(0, len(backdrop.TEXTURES)))]
    shot.angle = float(rng.uniform(-0.6, 0.6))
    shot.module_px = _far(severity)


_SINGLE: dict[str, Kind] = {
    "clean": Kind(_clean),
    "small": Kind(_small),
    "rotated": Kind(_rotated),
    "perspective": Kind(_perspective),
    "curved": Kind(_curved),
    "crumpled": Kind(_crumpled, 0.13, 0.42),
    "blur": Kind(_blur, 0.33, 0.68),
    "motion": Kind(_motion, 0.1, 0.95),
    "glare": Kind(_glare, 0.12, 0.68),
    "low_contrast": Kind(_low_contrast, 0.2, 1),
    "uneven_light": Kind(_uneven_light),
    "noise": Kind(_noise, 0.02, 0.8),
    "jpeg": Kind(_jpeg),
    "print_growth": Kind(_print_growth, 0.17, 0.76),
    "dots": Kind(_dots, 0.03, 0.7),
    "missing_module_rows": Kind(_missing_module_rows, 0, 0.5),
    "damaged": Kind(_damaged, 0, 0.65),
    "occluded_edge": Kind(_occluded_edge, 0, 0.6),
    "no_quiet_zone": Kind(_no_quiet_zone),
    "inverted": Kind(_inverted),
    "mirrored": Kind(_mirrored),
    "rectangular": Kind(_rectangular),
    "clutter": Kind(_clutter),
    "several": Kind(_several),
    "big_frame": Kind(_big_frame),
    "textured_background": Kind(_textured_background),
}

# Faults that come together on a shop shelf, each with a weight and the range of severity it has there.
_ON_THE_SHELF: tuple[tuple[str, float, float, float], ...] = (
    ("perspective", 2, 0.1, 0.8),
    ("rotated", 2, 0.0, 1.0),
    ("curved", 1, 0.0, 0.4),
    ("blur", 2, 0.1, 0.38),
    ("motion", 1, 0.05, 0.35),
    ("glare", 2, 0.0, 0.35),
    ("low_contrast", 3, 0.2, 0.75),
    ("uneven_light", 3, 0.1, 0.7),
    ("noise", 3, 0.05, 0.35),
    ("jpeg", 1, 0.0, 0.6),
    ("print_growth", 3, 0.05, 0.45),
    ("missing_module_rows", 1, 0.0, 0.3),
    ("damaged", 2, 0.0, 0.25),
    ("occluded_edge", 1, 0.0, 0.4),
    ("no_quiet_zone", 2, 0.0, 0.6),
    ("textured_background", 2, 0.0, 1.0),
)


def _shelf(shot: Shot, rng: Rng, severity: float) -> None:
    """Three or four faults, each of them mild."""
    weights = np.array([weight for _, weight, _, _ in _ON_THE_SHELF])
    count = 3 + int(severity > 0.5)
    for place in sorted(rng.choice(len(_ON_THE_SHELF), count, replace=False, p=weights / weights.sum())):
        name, _, low, high = _ON_THE_SHELF[place]
        _SINGLE[name].fault(shot, rng, float(rng.uniform(low, high)))


CODE_KINDS: Mapping[str, Kind] = MappingProxyType({**_SINGLE, "shelf": Kind(_shelf)})
